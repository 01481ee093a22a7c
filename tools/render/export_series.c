/* export_series.c: the rows of a process as series: bounded, and no two with the same labels. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "render/export_families.h"
#include "render/text_blocks.h"

static int longer_first(const void *left, const void *right)
{
    const struct model_target *a = *(const struct model_target *const *)left;
    const struct model_target *b = *(const struct model_target *const *)right;
    if (a->ns != b->ns)
        return a->ns < b->ns ? 1 : -1;
    return a < b ? -1 : a > b;
}

static uint64_t key_of(const struct families_member *member, const struct model_target *target)
{
    const uint64_t process[] = {(uint64_t)member->process->pid, member->process->start_boottime_ns,
                                (uint64_t)target->kind};
    uint64_t key = lookup_hash(LOOKUP_SEED, process, sizeof(process));
    for (int i = 0; i < 2; i++)
        if (target->has_site[i])
            key = lookup_hash(key, &target->site[i].address, sizeof(target->site[i].address));
    return lookup_hash(key, target->text, strlen(target->text));
}

/* Marks the targets that have their own name: those named before, then the longest while there is room. */
static int choose(struct families_member *member, struct families_named *named, bool *is_named)
{
    const struct model *model = member->model;
    size_t count = 0;
    const struct model_target **order = calloc(model->target_count + 1, sizeof(const struct model_target *));
    if (!order)
        return -ENOMEM;
    for (size_t i = 1; i < model->target_count; i++) {
        order[i - 1] = &model->targets[i];
        is_named[i] = named && lookup_find(&named->names, key_of(member, &model->targets[i])) != LOOKUP_NONE;
        count += is_named[i];
    }
    qsort(order, model->target_count - 1, sizeof(const struct model_target *), longer_first);
    int error = 0;
    for (size_t i = 0; i + 1 < model->target_count && count < FAMILIES_TARGETS && !error; i++) {
        size_t target = (size_t)(order[i] - model->targets);
        if (is_named[target] || order[i]->calls == 0)
            continue;
        is_named[target] = true;
        count++;
        if (named)
            error = lookup_add(&named->names, key_of(member, order[i]), 0);
    }
    free(order);
    return error;
}

static bool is_custom(unsigned hook)
{
    return hook == HOOK_operation || hook == HOOK_count;
}

static int by_labels(const void *left, const void *right)
{
    const struct families_series *a = left, *b = right;
    if (a->hook != b->hook)
        return a->hook < b->hook ? -1 : 1;
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    return strcmp(a->target, b->target);
}

/* Two targets may have one name: a lock site at two addresses of one line. */
static int join_equal(struct families_member *member)
{
    size_t kept = 0;
    qsort(member->series, member->series_count, sizeof(*member->series), by_labels);
    for (size_t i = 0; i < member->series_count; i++) {
        const struct families_series *from = &member->series[i];
        struct families_series *into = kept ? &member->series[kept - 1] : NULL;
        if (!into || by_labels(into, from) != 0) {
            struct latency latency = {0};
            if (latency_merge(&latency, &member->arena, &from->latency) != 0)
                return -ENOMEM;
            member->series[kept] = *from;
            member->series[kept++].latency = latency; /* a copy: the model's own is not to be added to */
            continue;
        }
        into->calls += from->calls;
        into->errors += from->errors;
        into->bytes += from->bytes;
        into->ns += from->ns;
        if (latency_merge(&into->latency, &member->arena, &from->latency) != 0)
            return -ENOMEM;
    }
    member->series_count = kept;
    return 0;
}

int export_series_make(struct families_member *member, struct families_named *named)
{
    const struct model *model = member->model;
    bool *is_named = calloc(model->target_count + 1, sizeof(*is_named));
    int error = is_named ? choose(member, named, is_named) : -ENOMEM;
    if (!error)
        member->series = arena_array(&member->arena, model->row_count + 1, sizeof(*member->series));
    for (size_t i = 0; !error && member->series && i < model->row_count; i++) {
        const struct model_row *row = &model->rows[i];
        enum target_kind kind = row->target == 0 ? TARGET_OTHER : model->targets[row->target].kind;
        if (hook_kinds[row->hook] == HOOK_KIND_PSEUDO && !is_custom(row->hook))
            continue;
        bool own_name = row->target != 0 && (is_named[row->target] || is_custom(row->hook));
        member->series[member->series_count++] = (struct families_series){
            row->hook, model_class(row->hook, kind),
            own_name ? text_blocks_target(member->analysis, row->target) : "(other)",
            row->calls, row->errors, row->bytes, row->ns, row->latency};
    }
    free(is_named);
    if (!error)
        error = member->series ? join_equal(member) : -ENOMEM;
    return error;
}
