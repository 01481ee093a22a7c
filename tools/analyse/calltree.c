/* calltree.c: see calltree.h. Owns what a function is here, and the way from a sample to its path. Invariant: each
 * sample is the self of exactly one node; totals are summed up once, at the end, from the leaves.
 *
 * Frames, hooks and targets are turned into numbers of functions once; a child is then found under (parent, function)
 * by one look into a hash table, however many children there are.
 */
#include "analyse/calltree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyse/profile.h"
#include "read/lookup.h"
#include "read/vector.h"

/* No sum in a model is above this, and none here. */
#define WEIGHT_MOST (1ull << 62)

struct function {
    const char *name, *module;
    enum calltree_kind kind;
};

struct step {
    uint32_t function;
    const struct model_frame *frame; /* NULL: none */
};

struct builder {
    const struct model *model;
    struct symbols *symbols;
    struct calltree *tree;
    struct vector functions, nodes;
    struct vector heaviest; /* by node: the weight at its frame */
    struct lookup by_name, by_parent;
    uint32_t *of_frame, *of_target; /* function + 1; 0: not looked at yet */
    uint32_t of_hook[HOOK_COUNT];
    struct step *path; /* innermost first */
    size_t depth;
};

/* What there is to add under one stack. */
struct portion {
    uint32_t stack, hook, target; /* hook HOOK_NONE: not a wait */
    uint64_t weight, samples;
    double variance;
};

/* ---- functions ---- */

/* The number of a function, or CALLTREE_NONE when memory is exhausted. */
static uint32_t intern(struct builder *builder, enum calltree_kind kind, const char *name,
                       const char *module)
{
    uint64_t key = lookup_hash(LOOKUP_SEED + kind, name, strlen(name) + 1);
    key = lookup_hash(key, module, strlen(module));
    for (uint32_t found; (found = lookup_find(&builder->by_name, key)) != LOOKUP_NONE; key++) {
        const struct function *known = (struct function *)builder->functions.items + found;
        if (known->kind == kind && strcmp(known->name, name) == 0 &&
            strcmp(known->module, module) == 0)
            return found;
    }
    struct function *function = vector_push(&builder->functions);
    uint32_t index = (uint32_t)builder->functions.count - 1;
    if (function == NULL || lookup_add(&builder->by_name, key, index) != 0)
        return CALLTREE_NONE;
    *function = (struct function){name, module, kind};
    return index;
}

static bool push(struct builder *builder, uint32_t function, const struct model_frame *frame)
{
    builder->path[builder->depth++] = (struct step){function, frame};
    return function != CALLTREE_NONE;
}

static bool push_frame(struct builder *builder, const struct model_frame *frame)
{
    uint32_t *known = &builder->of_frame[frame - builder->model->frames];
    if (*known == 0) {
        const struct symbol *symbol = symbols_function(builder->symbols, frame);
        const char *name = symbol->named
                               ? symbol->function
                               : profile_unnamed(&builder->tree->arena, symbol->module);
        *known = intern(builder, CALLTREE_FUNCTION, name, symbol->module) + 1;
    }
    return push(builder, *known - 1, frame);
}

/* "held by queue_put": of a lock only its holder is worth a line; the waiter is the function above. */
static const char *target_name(struct builder *builder, const struct model_target *target)
{
    if (target->kind != TARGET_LOCK || !target->has_site[1])
        return target->text;
    const struct symbol *holder = symbols_function(builder->symbols, &target->site[1]);
    size_t len = strlen(holder->function);
    char *name = arena_take(&builder->tree->arena, len + 9);
    if (name == NULL)
        return NULL;
    memcpy(name, "held by ", 8);
    memcpy(name + 8, holder->function, len);
    return name;
}

/* What was waited for is named only where it says more than the hook does. */
static bool push_target(struct builder *builder, uint32_t target)
{
    uint32_t *known = &builder->of_target[target];
    if (target == 0)
        return true;
    if (*known == 0) {
        const char *name = target_name(builder, &builder->model->targets[target]);
        if (name == NULL)
            return false;
        *known = intern(builder, CALLTREE_TARGET, name, "") + 1;
    }
    if (*known == 0) /* CALLTREE_NONE + 1 */
        return false;
    const struct function *function = (struct function *)builder->functions.items + (*known - 1);
    return function->name[0] == '\0' || push(builder, *known - 1, NULL);
}

static bool push_hook(struct builder *builder, uint32_t hook)
{
    uint32_t *known = &builder->of_hook[hook];
    if (*known == 0)
        *known = intern(builder, CALLTREE_HOOK, hook_names[hook], "") + 1;
    return push(builder, *known - 1, NULL);
}

/* ---- paths ---- */

static bool make_path(struct builder *builder, const struct portion *portion)
{
    const struct model *model = builder->model;
    const struct model_stack *stack = &model->stacks[portion->stack];
    builder->depth = 0;
    if (portion->hook != HOOK_NONE &&
        (!push_target(builder, portion->target) || !push_hook(builder, portion->hook)))
        return false;
    const struct model_frame *pool =
        builder->tree->cost == CALLTREE_CPU
            ? profile_pool_frame(model, builder->symbols, portion->stack)
            : NULL;
    if (pool != NULL && !push_frame(builder, pool))
        return false;
    for (uint32_t i = stack->skip; i < stack->depth; i++) {
        const struct model_frame *frame = &model->frames[stack->frame + i];
        bool ours = frame->module != MODEL_NO_MODULE && model->modules[frame->module].is_libstrong;
        if (!ours && !push_frame(builder, frame))
            return false;
    }
    const char *end = stack->depth == 0              ? "(no stack)"
                      : stack->end != STACK_COMPLETE ? "(cut)"
                      : builder->depth == 0          ? "(libstrong)"
                                                     : NULL;
    return end == NULL || push(builder, intern(builder, CALLTREE_OTHER, end, ""), NULL);
}

static struct calltree_node *node_at(struct builder *builder, uint32_t index)
{
    return (struct calltree_node *)builder->nodes.items + index;
}

/* The child of that function, made where there is none yet; CALLTREE_NONE when memory is exhausted. */
static uint32_t child_of(struct builder *builder, uint32_t parent, uint32_t function)
{
    uint64_t key = (uint64_t)parent << 32 | function;
    uint32_t found = lookup_find(&builder->by_parent, key);
    if (found != LOOKUP_NONE)
        return found;
    struct calltree_node *node = vector_push(&builder->nodes);
    uint32_t index = (uint32_t)builder->nodes.count - 1;
    if (node == NULL || vector_push(&builder->heaviest) == NULL ||
        lookup_add(&builder->by_parent, key, index) != 0)
        return CALLTREE_NONE;
    const struct function *of = (struct function *)builder->functions.items + function;
    *node = (struct calltree_node){
        .name = of->name,
        .module = of->module,
        .kind = of->kind,
        .parent = parent,
        .first_child = CALLTREE_NONE,
        .next_sibling = CALLTREE_NONE,
        .frame = {.module = MODEL_NO_MODULE},
    };
    return index;
}

static bool add(struct builder *builder, const struct portion *portion)
{
    if (portion->weight == 0 && portion->samples == 0)
        return true;
    if (!make_path(builder, portion))
        return false;
    struct calltree_node *root = node_at(builder, 0);
    uint64_t room = WEIGHT_MOST - root->total;
    uint64_t weight = portion->weight < room ? portion->weight : room;
    root->total += weight;
    uint32_t at = 0;
    for (size_t i = 0; i < builder->depth; i++) {
        bool inverted = builder->tree->order == CALLTREE_LEAF_FIRST;
        const struct step *step = &builder->path[inverted ? i : builder->depth - 1 - i];
        at = child_of(builder, at, step->function);
        if (at == CALLTREE_NONE)
            return false;
        uint64_t *heaviest = (uint64_t *)builder->heaviest.items + at;
        if (step->frame != NULL && (weight > *heaviest || *heaviest == 0)) {
            *heaviest = weight;
            node_at(builder, at)->frame = *step->frame;
        }
    }
    struct calltree_node *last = node_at(builder, at);
    last->self += weight;
    last->samples += portion->samples;
    last->variance += portion->variance;
    return true;
}

static bool add_samples(struct builder *builder, enum sample_cost cost)
{
    const struct model_samples *samples = &builder->model->samples[cost];
    bool waits = cost == SAMPLE_BLOCKED || cost == SAMPLE_LOCK_WAIT;
    for (size_t i = 0; i < samples->count; i++) {
        const struct model_sample *one = &samples->items[i];
        struct portion portion = {
            .stack = one->stack,
            .hook = waits ? one->hook : HOOK_NONE,
            .target = one->target,
            .weight = one->weight,
            .samples = one->count,
            .variance = one->variance,
        };
        if (!add(builder, &portion))
            return false;
    }
    return true;
}

static bool add_heap(struct builder *builder, bool peak)
{
    const struct model_heap *heap = &builder->model->heap;
    for (size_t i = 0; i < heap->row_count; i++) {
        const struct model_heap_row *row = &heap->rows[i];
        struct portion portion = {
            .stack = row->stack,
            .hook = HOOK_NONE,
            .weight = peak ? row->peak_bytes : row->live_bytes,
            .variance = peak ? row->peak_variance : row->live_variance,
        };
        if (!add(builder, &portion))
            return false;
    }
    return true;
}

/* ---- the tree ---- */

static int smaller_first(const void *left, const void *right, void *nodes)
{
    const struct calltree_node *a = (struct calltree_node *)nodes + *(const uint32_t *)left;
    const struct calltree_node *b = (struct calltree_node *)nodes + *(const uint32_t *)right;
    if (a->total != b->total)
        return a->total < b->total ? -1 : 1;
    return strcmp(b->name, a->name);
}

/* Totals from the leaves up (a child is behind its parent), then the children's order. */
static bool finish(struct builder *builder)
{
    struct calltree *tree = builder->tree;
    struct calltree_node *nodes = builder->nodes.items;
    size_t count = builder->nodes.count;
    uint32_t *order = calloc(count, sizeof(*order));
    if (order == NULL)
        return false;
    nodes[0].total = 0;
    for (size_t i = count; i-- > 0;) {
        nodes[i].total += nodes[i].self;
        order[i] = (uint32_t)i;
        if (i == 0)
            break;
        struct calltree_node *parent = &nodes[nodes[i].parent];
        parent->total += nodes[i].total;
        parent->samples += nodes[i].samples;
        parent->variance += nodes[i].variance;
    }
    qsort_r(order, count, sizeof(*order), smaller_first, nodes);
    for (size_t i = 0; i < count; i++) {
        struct calltree_node *node = &nodes[order[i]];
        if (order[i] == 0)
            continue;
        node->next_sibling = nodes[node->parent].first_child;
        nodes[node->parent].first_child = order[i];
    }
    free(order);
    tree->nodes = nodes;
    tree->count = count;
    tree->samples = nodes[0].samples;
    builder->nodes.items = NULL;
    return true;
}

static bool start(struct builder *builder)
{
    const struct model *model = builder->model;
    size_t deepest = 0;
    for (size_t i = 0; i < model->stack_count; i++)
        if (model->stacks[i].depth > deepest)
            deepest = model->stacks[i].depth;
    builder->of_frame = calloc(model->frame_count + 1, sizeof(*builder->of_frame));
    builder->of_target = calloc(model->target_count + 1, sizeof(*builder->of_target));
    builder->path = calloc(deepest + 4, sizeof(*builder->path)); /* a target, a hook, the pool, the end */
    struct calltree_node *root = vector_push(&builder->nodes);
    if (root == NULL || vector_push(&builder->heaviest) == NULL)
        return false;
    *root = (struct calltree_node){
        .name = "all",
        .module = "",
        .kind = CALLTREE_OTHER,
        .parent = CALLTREE_NONE,
        .first_child = CALLTREE_NONE,
        .next_sibling = CALLTREE_NONE,
        .frame = {.module = MODEL_NO_MODULE},
    };
    return builder->of_frame != NULL && builder->of_target != NULL && builder->path != NULL;
}

static bool add_cost(struct builder *builder)
{
    static const enum sample_cost sampled[CALLTREE_COSTS] = {
        [CALLTREE_CPU] = SAMPLE_CPU,
        [CALLTREE_BLOCKED] = SAMPLE_BLOCKED,
        [CALLTREE_LOCK] = SAMPLE_LOCK_WAIT,
        [CALLTREE_ALLOCATED] = SAMPLE_ALLOCATED,
        [CALLTREE_TEMPORARY] = SAMPLE_TEMPORARY,
    };
    enum calltree_cost cost = builder->tree->cost;
    if (cost == CALLTREE_LIVE || cost == CALLTREE_PEAK)
        return add_heap(builder, cost == CALLTREE_PEAK);
    return add_samples(builder, sampled[cost]);
}

int calltree_make(const struct model *model, struct symbols *symbols, enum calltree_cost cost,
                  enum calltree_order order, struct calltree *ret_tree)
{
    struct calltree tree = {.cost = cost, .order = order};
    struct builder builder = {
        .model = model,
        .symbols = symbols,
        .tree = &tree,
        .functions = {.bytes = sizeof(struct function)},
        .nodes = {.bytes = sizeof(struct calltree_node)},
        .heaviest = {.bytes = sizeof(uint64_t)},
    };
    bool done = start(&builder) && add_cost(&builder) && finish(&builder);
    vector_done(&builder.functions);
    vector_done(&builder.nodes);
    vector_done(&builder.heaviest);
    lookup_done(&builder.by_name);
    lookup_done(&builder.by_parent);
    free(builder.of_frame);
    free(builder.of_target);
    free(builder.path);
    if (!done) {
        calltree_done(&tree);
        return -ENOMEM;
    }
    *ret_tree = tree;
    return 0;
}

void calltree_done(struct calltree *tree)
{
    free(tree->nodes);
    arena_done(&tree->arena);
    *tree = (struct calltree){0};
}
