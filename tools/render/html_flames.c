/* html_flames.c: see html_flames.h. Owns the flat form of a tree, which html/tree.js reads: nodes parent first, each a
 * few numbers; what is left out below a node is a number of that node, so that sums stay what they are.
 */
#include "render/html_flames.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "render/html_prune.h"
#include "render/json_values.h"

struct html_node {
    const char *name, *module;
    enum calltree_kind kind;
    uint32_t first_child, next_sibling, parent;
    uint64_t self[2], total[2];
    double share;    /* of the root: on the side where it is more */
    double extra[2]; /* samples and margin in thousandths, or judgement and half of the interval; NAN: not known */
};

/* ---- from the trees of analyse/ ---- */

static bool take(struct html_tree *tree, size_t count)
{
    *tree = (struct html_tree){.nodes = calloc(count, sizeof(*tree->nodes)),
                               .sorted = calloc(count, sizeof(*tree->sorted)), .count = count};
    if (tree->nodes != NULL && tree->sorted != NULL)
        return true;
    html_tree_done(tree);
    return false;
}

static double share_of(const struct html_node *node, const struct html_node *root)
{
    double share = 0;
    for (unsigned side = 0; side < 2; side++)
        if (root->total[side] > 0)
            share = fmax(share, (double)node->total[side] / (double)root->total[side]);
    return share;
}

static void sort_shares(struct html_tree *tree)
{
    for (size_t i = 0; i < tree->count; i++)
        tree->sorted[i] = tree->nodes[i].share = share_of(&tree->nodes[i], &tree->nodes[0]);
    tree->wanted = html_prune_wanted(tree->sorted, tree->count);
}

int html_tree_of(const struct calltree *tree, struct html_tree *ret_tree)
{
    static const double z_95 = 1.959964;
    if (!take(ret_tree, tree->count))
        return -ENOMEM;
    for (size_t i = 0; i < tree->count; i++) {
        const struct calltree_node *from = &tree->nodes[i];
        bool known = from->total > 0 && from->variance > 0;
        ret_tree->nodes[i] = (struct html_node){
            from->name, from->module, from->kind, from->first_child, from->next_sibling, from->parent,
            .self = {from->self}, .total = {from->total},
            .extra = {(double)from->samples,
                      known ? round(z_95 * sqrt(from->variance) / (double)from->total * 1000) : NAN}};
    }
    sort_shares(ret_tree);
    return 0;
}

int html_tree_of_pair(const struct calltree_pair *pair, struct html_tree *ret_tree)
{
    if (!take(ret_tree, pair->count))
        return -ENOMEM;
    for (size_t i = 0; i < pair->count; i++) {
        const struct calltree_pair_node *from = &pair->nodes[i];
        ret_tree->nodes[i] = (struct html_node){
            from->name, from->module, from->kind, from->first_child, from->next_sibling, from->parent,
            .self = {from->self[0], from->self[1]}, .total = {from->total[0], from->total[1]},
            .extra = {from->figure.judgement, (from->figure.high - from->figure.low) / 2}};
    }
    sort_shares(ret_tree);
    return 0;
}

void html_tree_done(struct html_tree *tree)
{
    free(tree->nodes);
    free(tree->sorted);
    *tree = (struct html_tree){0};
}

/* ---- to JSON ---- */

struct writer {
    struct html_document *document;
    const struct html_tree *tree;
    struct html_prune prune;
    unsigned sides;
    json_t *flat;
    size_t kept;
    uint64_t left_out[2];
};

static bool keeps(const struct writer *writer, uint32_t index, unsigned depth)
{
    return depth <= HTML_PRUNE_DEPTH && html_prune_keeps(&writer->prune, writer->tree->nodes[index].share);
}

static void write_node(struct writer *writer, const struct html_node *node, unsigned depth)
{
    uint64_t small[2] = {0, 0};
    for (uint32_t child = node->first_child; child != CALLTREE_NONE; child = writer->tree->nodes[child].next_sibling)
        for (unsigned side = 0; side < 2 && !keeps(writer, child, depth + 1); side++)
            small[side] += writer->tree->nodes[child].total[side];
    append(writer->flat, number(depth));
    append(writer->flat, number(html_symbol(writer->document, node->name, node->module, node->kind)));
    for (unsigned side = 0; side < writer->sides; side++)
        append(writer->flat, number(node->self[side]));
    for (unsigned side = 0; side < writer->sides; side++) {
        append(writer->flat, number(small[side]));
        writer->left_out[side] += small[side];
    }
    append(writer->flat, number((uint64_t)node->extra[0]));
    append(writer->flat, isnan(node->extra[1]) ? json_null() : writer->sides == 1 ? number((uint64_t)node->extra[1])
                                                                                   : real(node->extra[1]));
    writer->kept++;
}

/* Parent first, without recursion: a segment decides how deep a tree is. */
static void write_nodes(struct writer *writer)
{
    const struct html_node *nodes = writer->tree->nodes;
    unsigned depth = 0;
    uint32_t at = 0;
    write_node(writer, &nodes[0], 0);
    for (;;) {
        uint32_t next = nodes[at].first_child;
        depth++;
        while (next == CALLTREE_NONE || !keeps(writer, next, depth)) {
            if (next != CALLTREE_NONE) {
                next = nodes[next].next_sibling;
                continue;
            }
            if (at == 0)
                return;
            next = nodes[at].next_sibling;
            at = nodes[at].parent;
            depth--;
        }
        write_node(writer, &nodes[next], depth);
        at = next;
    }
}

static json_t *order_of(struct html_document *document, const struct html_tree *tree, size_t budget, unsigned sides)
{
    json_t *object = json_object(), *weight = json_array();
    struct writer writer = {.document = document, .tree = tree, .sides = sides, .flat = json_array(),
                            .prune = html_prune_to(tree->sorted, tree->wanted, budget)};
    if (tree->count > 0)
        write_nodes(&writer);
    set(object, "nodes", writer.flat);
    set(object, "pruned", number(tree->count - writer.kept));
    for (unsigned side = 0; side < sides; side++)
        append(weight, number(writer.left_out[side]));
    set(object, "pruned_weight", weight);
    set(object, "below", real(html_prune_below(&writer.prune)));
    return object;
}

static json_t *flame_of(struct html_document *document, const struct html_flame *flame, size_t budget, unsigned sides)
{
    json_t *object = json_object(), *orders = json_array(), *total = json_array(), *units = json_array();
    set(object, "id", text(flame->id));
    set(object, "title", text(flame->title));
    set(object, "unit", text(flame->bytes ? "bytes" : "ns"));
    set(object, "measured", json_boolean(flame->measured));
    set(object, "samples", number(flame->samples));
    set(object, "per", text(flame->per != NULL ? flame->per : ""));
    for (unsigned side = 0; side < 2; side++) {
        append(total, number(flame->order[0].count > 0 ? flame->order[0].nodes[0].total[side] : 0));
        append(units, real(sides == 2 ? flame->units[side] : 1));
    }
    set(object, "total", total);
    set(object, "units", units);
    for (unsigned order = 0; order < 2; order++)
        append(orders, order_of(document, &flame->order[order], budget, sides));
    set(object, "orders", orders);
    return object;
}

void html_flames_add(struct html_document *document, const struct html_flame *flames, size_t count, unsigned sides)
{
    size_t wanted[CALLTREE_COSTS * 2] = {0};
    json_t *array = json_array();
    for (size_t i = 0; i < count * 2; i++)
        wanted[i] = flames[i / 2].order[i % 2].wanted;
    size_t budget = html_prune_budget(wanted, count * 2, document->limits.nodes);
    for (size_t i = 0; i < count; i++)
        append(array, flame_of(document, &flames[i], budget, sides));
    set(document->root, "flames", array);
}
