/* export_speedscope.c: every cost that was sampled as a profile of one file, by speedscope's own schema
 * (https://www.speedscope.app/file-format-schema.json). Frames are shared: one function of one module is one frame in
 * all profiles. Stacks are root first; weights are ns and bytes.
 *
 * Written as it goes along: the profiles first, the frames that they turned out to need behind them. The trees live
 * until then, for the frames' names are theirs.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "read/lookup.h"
#include "read/vector.h"
#include "render/export.h"
#include "render/json_stream.h"

struct frame {
    const char *name, *module;
};

struct frames {
    struct vector items;
    struct lookup by_name;
};

/* The number of a frame, or LOOKUP_NONE when memory is exhausted. */
static uint32_t frame_of(struct frames *frames, const struct calltree_node *node)
{
    uint64_t key = lookup_hash(LOOKUP_SEED, node->name, strlen(node->name) + 1);
    key = lookup_hash(key, node->module, strlen(node->module));
    for (uint32_t found; (found = lookup_find(&frames->by_name, key)) != LOOKUP_NONE; key++) {
        const struct frame *known = (struct frame *)frames->items.items + found;
        if (strcmp(known->name, node->name) == 0 && strcmp(known->module, node->module) == 0)
            return found;
    }
    struct frame *frame = vector_push(&frames->items);
    uint32_t index = (uint32_t)frames->items.count - 1;
    if (frame == NULL || lookup_add(&frames->by_name, key, index) != 0)
        return LOOKUP_NONE;
    *frame = (struct frame){node->name, node->module};
    return index;
}

static void print_frames(FILE *out, const struct frames *frames)
{
    fprintf(out, "\"shared\":{\"frames\":[");
    for (size_t i = 0; i < frames->items.count; i++) {
        const struct frame *frame = (struct frame *)frames->items.items + i;
        fprintf(out, "%s{\"name\":", i > 0 ? ",\n" : "\n");
        json_stream_text(out, frame->name);
        if (frame->module[0] != '\0') {
            fprintf(out, ",\"file\":");
            json_stream_text(out, frame->module);
        }
        putc('}', out);
    }
    fprintf(out, "]}");
}

static void print_stack(FILE *out, const struct calltree *tree, const uint32_t *numbers,
                        uint32_t node, uint32_t *path)
{
    size_t depth = 0;
    for (uint32_t at = node; at != 0; at = tree->nodes[at].parent)
        path[depth++] = numbers[at];
    putc('[', out);
    while (depth-- > 0)
        fprintf(out, "%" PRIu32 "%s", path[depth], depth > 0 ? "," : "");
    putc(']', out);
}

static void print_profile(FILE *out, const struct model *model, const struct calltree *tree,
                          const uint32_t *numbers, uint32_t *path)
{
    const char *before = "";
    fprintf(out, "{\"type\":\"sampled\",\"name\":");
    json_stream_text(out, calltree_cost_title(model, tree->cost));
    fprintf(out, ",\"unit\":\"%s\",\"startValue\":0,\"endValue\":%" PRIu64 ",\n\"samples\":[",
            calltree_cost_is_bytes(tree->cost) ? "bytes" : "nanoseconds", tree->nodes[0].total);
    for (size_t i = 0; i < tree->count; i++) {
        if (tree->nodes[i].self == 0)
            continue;
        fputs(before, out);
        print_stack(out, tree, numbers, (uint32_t)i, path);
        before = ",";
    }
    fprintf(out, "],\n\"weights\":[");
    before = "";
    for (size_t i = 0; i < tree->count; i++) {
        if (tree->nodes[i].self == 0)
            continue;
        fprintf(out, "%s%" PRIu64, before, tree->nodes[i].self);
        before = ",";
    }
    fprintf(out, "]}");
}

static int add_profile(FILE *out, const struct export_source *source, struct calltree *tree,
                       struct frames *frames)
{
    uint32_t *numbers = calloc(tree->count, sizeof(*numbers));
    uint32_t *path = calloc(tree->count, sizeof(*path));
    bool done = numbers != NULL && path != NULL;
    for (size_t i = 1; i < tree->count && done; i++) {
        numbers[i] = frame_of(frames, &tree->nodes[i]);
        done = numbers[i] != LOOKUP_NONE;
    }
    if (done)
        print_profile(out, source->analysis->model, tree, numbers, path);
    free(numbers);
    free(path);
    return done ? 0 : -ENOMEM;
}

int export_speedscope(FILE *out, const struct export_source *source)
{
    const struct analysis *analysis = source->analysis;
    struct frames frames = {.items = {.bytes = sizeof(struct frame)}};
    struct calltree trees[CALLTREE_COSTS];
    size_t count = 0;
    int error = 0;
    fprintf(out, "{\"$schema\":\"https://www.speedscope.app/file-format-schema.json\",\n\"name\":");
    json_stream_text(out, analysis->model->processes[0].command);
    fprintf(out, ",\"exporter\":\"strong-report %s\",\"activeProfileIndex\":0,\n\"profiles\":[",
            STRONG_VERSION);
    for (int i = 0; i < CALLTREE_COSTS && error == 0; i++) {
        enum calltree_cost cost = (enum calltree_cost)i;
        if (!calltree_measured(analysis->model, cost) ||
            (source->cost_given && cost != source->cost))
            continue;
        error = calltree_make(analysis->model, analysis->symbols, cost, CALLTREE_ROOT_FIRST,
                              &trees[count]);
        if (error != 0)
            break;
        fputs(count++ > 0 ? ",\n" : "\n", out);
        error = add_profile(out, source, &trees[count - 1], &frames);
    }
    fprintf(out, "],\n");
    print_frames(out, &frames);
    fprintf(out, "}\n");
    while (count-- > 0)
        calltree_done(&trees[count]);
    vector_done(&frames.items);
    lookup_done(&frames.by_name);
    return error;
}
