/* export_folded.c: one cost as folded stacks, a line each: "main;parse;read_row 1234". What flamegraph.pl, inferno,
 * speedscope and many others read. Weights are whole ns or bytes and sum up to the tree's total.
 *
 * The format has no escapes: ';' parts frames and the last blank parts the weight. In names ';' becomes ':' and a blank
 * '_', so that a line can be cut at any blank; clean text has no other character that could matter.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "render/export.h"

static void print_name(FILE *out, const char *name)
{
    for (; *name != '\0'; name++)
        putc(*name == ';' ? ':' : *name == ' ' ? '_' : *name, out);
}

static void print_stack(FILE *out, const struct calltree *tree, uint32_t node, uint32_t *path)
{
    size_t depth = 0;
    for (uint32_t at = node; at != 0; at = tree->nodes[at].parent)
        path[depth++] = at;
    if (depth == 0) /* weight of nothing at all */
        print_name(out, tree->nodes[0].name);
    while (depth-- > 0) {
        print_name(out, tree->nodes[path[depth]].name);
        if (depth > 0)
            putc(';', out);
    }
    fprintf(out, " %" PRIu64 "\n", tree->nodes[node].self);
}

int export_folded(FILE *out, const struct export_source *source)
{
    struct calltree tree;
    int error = calltree_make(source->analysis->model, source->analysis->symbols, source->cost,
                              CALLTREE_ROOT_FIRST, &tree);
    if (error != 0)
        return error;
    uint32_t *path = calloc(tree.count, sizeof(*path));
    for (size_t i = 0; path != NULL && i < tree.count; i++)
        if (tree.nodes[i].self > 0)
            print_stack(out, &tree, (uint32_t)i, path);
    error = path != NULL ? 0 : -ENOMEM;
    free(path);
    calltree_done(&tree);
    return error;
}
