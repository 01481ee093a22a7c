/* model_order.c: the orders that model.h promises, and sums that follow from other parts of a model. */
#include <stdlib.h>
#include <string.h>

#include "read/decode.h"

static int descending(uint64_t a, uint64_t b)
{
    return a > b ? -1 : a < b;
}

static int ascending(uint64_t a, uint64_t b)
{
    return a < b ? -1 : a > b;
}

static int compare_rows(const void *a, const void *b)
{
    const struct model_row *left = a, *right = b;
    int order = descending(left->ns, right->ns);
    if (!order)
        order = descending(left->calls, right->calls);
    return order ? order : ascending(cell_key(left->hook, left->target),
                                     cell_key(right->hook, right->target));
}

static int compare_errors(const void *a, const void *b)
{
    const struct model_error *left = a, *right = b;
    int order = descending(left->count, right->count);
    return order ? order : ascending((uint64_t)left->hook << 32 | (uint32_t)left->error,
                                     (uint64_t)right->hook << 32 | (uint32_t)right->error);
}

static int compare_events(const void *a, const void *b)
{
    const struct model_event *left = a, *right = b;
    int order = ascending(left->start_ns, right->start_ns);
    return order ? order : ascending((uint64_t)left->tid, (uint64_t)right->tid);
}

static int compare_threads(const void *a, const void *b)
{
    const struct model_thread *left = a, *right = b;
    int order = ascending(left->process, right->process);
    return order ? order : ascending((uint64_t)left->tid, (uint64_t)right->tid);
}

static int compare_samples(const void *a, const void *b)
{
    const struct model_sample *left = a, *right = b;
    int order = descending(left->weight, right->weight);
    if (!order)
        order = ascending(left->stack, right->stack);
    return order ? order : ascending(cell_key(left->hook, left->target),
                                     cell_key(right->hook, right->target));
}

static int compare_heap_rows(const void *a, const void *b)
{
    const struct model_heap_row *left = a, *right = b;
    int order = descending(left->peak_bytes, right->peak_bytes);
    return order ? order : ascending(left->stack, right->stack);
}

static int compare_heap_owners(const void *a, const void *b)
{
    const struct model_heap_owner *left = a, *right = b;
    int order = descending(left->sum.allocated_bytes, right->sum.allocated_bytes);
    return order ? order : ascending((uint64_t)left->tid, (uint64_t)right->tid);
}

static const struct model *names_of; /* of the gauges being sorted: qsort passes nothing on */

static int compare_gauges(const void *a, const void *b)
{
    const struct model_gauge *left = a, *right = b;
    int order = strcmp(names_of->targets[left->target].text, names_of->targets[right->target].text);
    return order ? order : ascending(left->target, right->target);
}

static void sort(void *items, size_t count, size_t bytes, int (*compare)(const void *, const void *))
{
    if (count > 1)
        qsort(items, count, bytes, compare);
}

/* The main thread's tid is the pid; with a reused pid space its number may be any. */
static void main_threads_first(struct model *model)
{
    for (size_t i = 0; i < model->thread_count; i++) {
        struct model_thread thread = model->threads[i];
        if (thread.tid != model->processes[thread.process].pid)
            continue;
        size_t first = i;
        while (first > 0 && model->threads[first - 1].process == thread.process)
            first--;
        memmove(&model->threads[first + 1], &model->threads[first],
                (i - first) * sizeof(thread));
        model->threads[first] = thread;
    }
}

void model_order(struct model *model)
{
    sort(model->rows, model->row_count, sizeof(*model->rows), compare_rows);
    sort(model->errors, model->error_count, sizeof(*model->errors), compare_errors);
    sort(model->events, model->event_count, sizeof(*model->events), compare_events);
    sort(model->threads, model->thread_count, sizeof(*model->threads), compare_threads);
    main_threads_first(model);
    names_of = model;
    sort(model->gauges, model->gauge_count, sizeof(*model->gauges), compare_gauges);
    sort(model->heap.rows, model->heap.row_count, sizeof(*model->heap.rows), compare_heap_rows);
    sort(model->heap.owners, model->heap.owner_count, sizeof(*model->heap.owners),
         compare_heap_owners);
    for (int cost = 0; cost < MODEL_COSTS; cost++)
        sort(model->samples[cost].items, model->samples[cost].count,
             sizeof(struct model_sample), compare_samples);
}

bool model_is_derived(unsigned hook)
{
    return hook_kinds[hook] == HOOK_KIND_PSEUDO && hook != HOOK_operation;
}

void model_total_targets(struct model *model)
{
    for (size_t i = 0; i < model->row_count; i++) {
        const struct model_row *row = &model->rows[i];
        if (model_is_derived(row->hook))
            continue;
        struct model_target *target = &model->targets[row->target];
        target->calls = decode_sum(target->calls, row->calls);
        target->errors = decode_sum(target->errors, row->errors);
        target->bytes = decode_sum(target->bytes, row->bytes);
        target->ns = decode_sum(target->ns, row->ns);
        target->max_ns = row->max_ns > target->max_ns ? row->max_ns : target->max_ns;
        uint64_t *class_ns = &target->class_ns[model_class(row->hook, target->kind)];
        *class_ns = decode_sum(*class_ns, row->ns);
    }
}

/* Last minus first of the readings that have the field; MODEL_UNKNOWN without two of them. */
static uint64_t difference(const struct model_resource *records, size_t count, size_t field)
{
    uint64_t first = MODEL_UNKNOWN, last = MODEL_UNKNOWN;
    size_t readings = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t value = *(const uint64_t *)((const char *)&records[i] + field);
        if (value == MODEL_UNKNOWN)
            continue;
        if (readings++ == 0)
            first = value;
        last = value;
    }
    return readings < 2 || last < first ? MODEL_UNKNOWN : last - first;
}

static uint64_t highest(const struct model_resource *records, size_t count, size_t field)
{
    uint64_t found = MODEL_UNKNOWN;
    for (size_t i = 0; i < count; i++) {
        uint64_t value = *(const uint64_t *)((const char *)&records[i] + field);
        if (value != MODEL_UNKNOWN && (found == MODEL_UNKNOWN || value > found))
            found = value;
    }
    return found;
}

void model_use(struct model_usage *usage, const struct model_resource *records, size_t count)
{
#define USED(name) usage->name = difference(records, count, offsetof(struct model_resource, name))
    USED(cpu_user_ns);
    USED(cpu_system_ns);
    USED(minor_faults);
    USED(major_faults);
    USED(voluntary_switches);
    USED(involuntary_switches);
    USED(run_delay_ns);
    USED(read_bytes);
    USED(written_bytes);
    USED(allocated_bytes);
#undef USED
#define HIGHEST(name) usage->name = highest(records, count, offsetof(struct model_resource, name))
    HIGHEST(peak_rss_bytes);
    HIGHEST(rss_bytes);
    HIGHEST(threads);
    HIGHEST(descriptors);
#undef HIGHEST
    usage->window_ns = count < 2 ? MODEL_UNKNOWN : records[count - 1].at_ns - records[0].at_ns;
}
