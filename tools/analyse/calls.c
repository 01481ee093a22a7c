/* calls.c: see calls.h. Pseudo hooks are no calls: nothing here counts them. */
#include "analyse/calls.h"

#include <stdlib.h>
#include <string.h>

void calls_add_row(struct calls *sum, struct arena *arena, const struct model_row *row)
{
    sum->calls += row->calls;
    sum->timed += row->calls;
    sum->errors += row->errors;
    sum->bytes += row->bytes;
    sum->ns += row->ns;
    if (row->max_ns > sum->max_ns)
        sum->max_ns = row->max_ns;
    (void)latency_merge(&sum->latency, arena, &row->latency);
}

void calls_add_hook(struct calls *sum, struct arena *arena, const struct model_hook *hook)
{
    sum->calls += hook->calls;
    sum->timed += hook->timed;
    sum->errors += hook->errors;
    sum->bytes += hook->bytes;
    sum->ns += hook->ns;
    if (hook->max_ns > sum->max_ns)
        sum->max_ns = hook->max_ns;
    (void)latency_merge(&sum->latency, arena, &hook->latency);
}

static int longest_first(const void *left, const void *right)
{
    const struct calls *a = left, *b = right;
    if (a->ns != b->ns)
        return a->ns < b->ns ? 1 : -1;
    if (a->calls != b->calls)
        return a->calls < b->calls ? 1 : -1;
    int order = strcmp(a->name, b->name);
    return order != 0 ? order : strcmp(a->detail, b->detail);
}

void calls_sort(struct calls *items, size_t count)
{
    if (count > 1)
        qsort(items, count, sizeof(*items), longest_first);
}

enum target_kind calls_kind(const struct model *model, const struct model_row *row)
{
    return row->target == 0 ? TARGET_OTHER : model->targets[row->target].kind;
}

const char *calls_target_name(const struct analysis *analysis, uint32_t target)
{
    const struct model_target *found = &analysis->model->targets[target];
    if (target == 0)
        return "(other)";
    if (found->text[0] != '\0')
        return found->text;
    return found->has_site[0] ? symbols_place(analysis->symbols, &found->site[0]) : "(unknown)";
}

static bool wanted(const struct model *model, const struct model_row *row, calls_filter *filter)
{
    return row->hook != HOOK_NONE && row->hook < HOOK_COUNT && row->calls > 0 &&
           hook_kinds[row->hook] != HOOK_KIND_PSEUDO && filter(model, row);
}

struct calls *calls_of_hooks(const struct analysis *analysis, struct arena *arena,
                             calls_filter *filter, size_t *ret_count)
{
    const struct model *model = analysis->model;
    struct calls *items = arena_array(arena, HOOK_COUNT, sizeof(*items));
    size_t count = 0;
    if (items == NULL)
        return NULL;
    for (size_t i = 0; i < model->row_count; i++)
        if (wanted(model, &model->rows[i], filter))
            calls_add_row(&items[model->rows[i].hook], arena, &model->rows[i]);
    for (unsigned hook = 0; hook < HOOK_COUNT; hook++) {
        if (items[hook].calls == 0)
            continue;
        items[hook].name = hook_names[hook];
        items[hook].detail = "";
        items[count++] = items[hook];
    }
    calls_sort(items, count);
    *ret_count = count;
    return items;
}

struct calls *calls_of_rows(const struct analysis *analysis, struct arena *arena,
                            calls_filter *filter, size_t *ret_count)
{
    const struct model *model = analysis->model;
    struct calls *items = arena_array(arena, model->row_count + 1, sizeof(*items));
    size_t count = 0;
    for (size_t i = 0; items != NULL && i < model->row_count; i++) {
        const struct model_row *row = &model->rows[i];
        if (!wanted(model, row, filter))
            continue;
        struct calls *one = &items[count++];
        one->name = hook_names[row->hook];
        one->detail = row->target != 0 ? calls_target_name(analysis, row->target) : "";
        /* The row's own histogram will do: nothing is added to it. */
        struct latency latency = row->latency;
        one->calls = one->timed = row->calls;
        one->errors = row->errors;
        one->bytes = row->bytes;
        one->ns = row->ns;
        one->max_ns = row->max_ns;
        one->latency = latency;
    }
    if (items != NULL)
        calls_sort(items, count);
    *ret_count = count;
    return items;
}

struct calls *calls_of_targets(const struct analysis *analysis, struct arena *arena,
                               calls_filter *filter, size_t *ret_count)
{
    const struct model *model = analysis->model;
    struct calls *items = arena_array(arena, model->target_count + HOOK_COUNT, sizeof(*items));
    size_t count = 0;
    if (items == NULL)
        return NULL;
    for (size_t i = 0; i < model->row_count; i++) {
        const struct model_row *row = &model->rows[i];
        if (wanted(model, row, filter))
            calls_add_row(&items[row->target != 0 ? HOOK_COUNT + row->target - 1 : row->hook],
                          arena, row);
    }
    for (size_t i = 0; i < model->target_count + HOOK_COUNT - 1; i++) {
        if (items[i].calls == 0)
            continue;
        items[i].name = i < HOOK_COUNT
                            ? hook_names[i]
                            : calls_target_name(analysis, (uint32_t)(i - HOOK_COUNT + 1));
        items[i].detail = "";
        items[count++] = items[i];
    }
    calls_sort(items, count);
    *ret_count = count;
    return items;
}
