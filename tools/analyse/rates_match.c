/* rates_match.c: see rates_match.h. */
#include "analyse/rates_match.h"

#include <string.h>

/* ---- targets: by kind, text and places ---- */

static bool same_site(const struct model_target *a, const struct model_target *b, int i)
{
    return a->has_site[i] == b->has_site[i] &&
           (!a->has_site[i] || a->site[i].address == b->site[i].address);
}

static bool same_target(const struct model_target *a, const struct model_target *b)
{
    return a->kind == b->kind && same_site(a, b, 0) && same_site(a, b, 1) &&
           strcmp(a->text, b->text) == 0;
}

static uint64_t target_key(const struct model_target *target)
{
    uint64_t facts[3] = {target->kind, target->has_site[0] ? target->site[0].address : 0,
                         target->has_site[1] ? target->site[1].address : 0};
    uint64_t key = lookup_hash(LOOKUP_SEED, facts, sizeof(facts));
    return lookup_hash(key, target->text, strlen(target->text));
}

/* ---- stacks: by their frames ---- */

static bool same_stack(const struct model *before, const struct model_stack *a,
                       const struct model *after, const struct model_stack *b)
{
    if (a->depth != b->depth || a->skip != b->skip)
        return false;
    for (uint32_t i = 0; i < a->depth; i++)
        if (before->frames[a->frame + i].address != after->frames[b->frame + i].address)
            return false;
    return true;
}

static uint64_t stack_key(const struct model *model, const struct model_stack *stack)
{
    uint64_t key = lookup_hash(LOOKUP_SEED, &stack->depth, sizeof(stack->depth));
    for (uint32_t i = 0; i < stack->depth; i++)
        key = lookup_hash(key, &model->frames[stack->frame + i].address, sizeof(uint64_t));
    return key;
}

/* ---- both ---- */

struct kind {
    size_t (*count)(const struct model *model);
    uint64_t (*key)(const struct model *model, size_t index);
    bool (*same)(const struct model *before, size_t i, const struct model *after, size_t j);
};

static size_t targets_count(const struct model *model)
{
    return model->target_count;
}

static uint64_t targets_key(const struct model *model, size_t index)
{
    return target_key(&model->targets[index]);
}

static bool targets_same(const struct model *before, size_t i, const struct model *after, size_t j)
{
    return same_target(&before->targets[i], &after->targets[j]);
}

static size_t stacks_count(const struct model *model)
{
    return model->stack_count;
}

static uint64_t stacks_key(const struct model *model, size_t index)
{
    return stack_key(model, &model->stacks[index]);
}

static bool stacks_same(const struct model *before, size_t i, const struct model *after, size_t j)
{
    return same_stack(before, &before->stacks[i], after, &after->stacks[j]);
}

static int index_all(struct lookup *index, const struct kind *kind, const struct model *model)
{
    int error = 0;
    for (size_t i = 0; i < kind->count(model) && !error; i++) {
        uint64_t key = kind->key(model, i);
        while (lookup_find(index, key) != LOOKUP_NONE)
            key++;
        error = lookup_add(index, key, (uint32_t)i);
    }
    return error;
}

static uint32_t find(const struct lookup *index, const struct kind *kind,
                     const struct model *before, size_t i, const struct model *after)
{
    uint64_t key = kind->key(before, i);
    for (uint32_t found; (found = lookup_find(index, key)) != LOOKUP_NONE; key++)
        if (kind->same(before, i, after, found))
            return found;
    return LOOKUP_NONE;
}

static uint32_t *match(struct arena *arena, const struct kind *kind, const struct model *before,
                       const struct model *after)
{
    size_t count = kind->count(before), later = kind->count(after);
    uint32_t *map = arena_array(arena, count + 1, sizeof(*map));
    struct lookup index = {0};
    int error = 0;
    for (size_t i = 0; map && i < count && !error; i++) {
        if (i < later && kind->same(before, i, after, i)) {
            map[i] = (uint32_t)i;
            continue;
        }
        if (index.size == 0) /* only where something moved at all */
            error = index_all(&index, kind, after);
        map[i] = error ? LOOKUP_NONE : find(&index, kind, before, i, after);
    }
    lookup_done(&index);
    return error ? NULL : map;
}

uint32_t *rates_match_targets(struct arena *arena, const struct model *before,
                              const struct model *after)
{
    static const struct kind kind = {targets_count, targets_key, targets_same};
    return match(arena, &kind, before, after);
}

uint32_t *rates_match_stacks(struct arena *arena, const struct model *before,
                             const struct model *after)
{
    static const struct kind kind = {stacks_count, stacks_key, stacks_same};
    return match(arena, &kind, before, after);
}

const struct model_thread *rates_match_thread(const struct model *before, const struct model *after,
                                              size_t index)
{
    const struct model_thread *thread = &after->threads[index];
    /* a number that came free and was given to another thread, which began after the earlier look */
    if (thread->start_ns > before->duration_ns)
        return NULL;
    /* both are sorted by tid behind the main thread: the same place, or a few before it */
    size_t at = index < before->thread_count ? index : before->thread_count;
    for (size_t i = at; i < before->thread_count; i++)
        if (before->threads[i].tid == thread->tid)
            return &before->threads[i];
    for (size_t i = at; i-- > 0;)
        if (before->threads[i].tid == thread->tid)
            return &before->threads[i];
    return NULL;
}
