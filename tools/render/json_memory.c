/* json_memory.c: see json_memory.h. Estimates are objects {bytes, objects, margin_bytes}: the interval of 95 %
 * is bytes ± margin_bytes. What was not measured is null as a whole.
 */
#include "render/json_memory.h"

#include "analyse/units.h"
#include "render/json_values.h"

enum { SITES_LOCATED = 100 }; /* the others have no file and line: reading those costs time */

static json_t *estimate_of(const struct heap_estimate *estimate, bool has_margin)
{
    json_t *object = json_object();
    set(object, "bytes", number(estimate->bytes));
    set(object, "objects", number(units_whole(estimate->objects)));
    set(object, "margin_bytes", has_margin ? number(heap_margin(estimate)) : json_null());
    return object;
}

static json_t *lifetimes_of(const double *lifetimes)
{
    json_t *array = json_array();
    for (unsigned i = 0; i < HEAP_LIFETIMES; i++) {
        uint64_t limit = heap_lifetime_limit_ns(i);
        json_t *row = json_object();
        set(row, "below_ns", limit == UINT64_MAX ? json_null() : number(limit));
        set(row, "objects", number(units_whole(lifetimes[i])));
        append(array, row);
    }
    return array;
}

static void set_estimates(json_t *object, const struct heap_site *site)
{
    set(object, "allocated", estimate_of(&site->allocated, true));
    set(object, "freed", estimate_of(&site->freed, true));
    set(object, "live", estimate_of(&site->live, true));
    set(object, "peak", estimate_of(&site->peak, true));
    set(object, "temporary", estimate_of(&site->temporary, true));
    set(object, "remote", estimate_of(&site->remote, true));
    set(object, "grown", estimate_of(&site->grown, true));
    set(object, "largest_bytes", number(site->largest_bytes));
    set(object, "lifetimes", lifetimes_of(site->lifetimes));
}

/* Places read DWARF and live in the symbols, which their reader does not otherwise change. */
static json_t *sites_of(const struct analysis *analysis, json_t *truncated)
{
    const struct heap *heap = &analysis->heap;
    json_t *array = json_array();
    size_t count = heap->site_count < LIST_MOST ? heap->site_count : LIST_MOST;
    for (size_t i = 0; i < count; i++) {
        const struct heap_site *site = &heap->sites[i];
        const struct symbol *symbol =
            site->frame != NULL ? symbols_function(analysis->symbols, site->frame) : NULL;
        json_t *row = json_object();
        set(row, "function", symbol != NULL ? text(symbol->function) : json_null());
        set(row, "module", symbol != NULL ? text(symbol->module) : json_null());
        set(row, "place",
            site->frame != NULL && i < SITES_LOCATED
                ? text(symbols_place(analysis->symbols, site->frame))
                : json_null());
        set(row, "runtime", json_boolean(site->runtime));
        set_estimates(row, site);
        append(array, row);
    }
    set(truncated, "memory_sites", number(heap->site_count - count));
    return array;
}

static void set_sum(json_t *row, const struct model_heap_sum *sum)
{
    set(row, "allocated_bytes", number(sum->allocated_bytes));
    set(row, "allocated_objects", number(units_whole(sum->allocated_objects)));
    set(row, "freed_bytes", number(sum->freed_bytes));
    set(row, "freed_objects", number(units_whole(sum->freed_objects)));
    set(row, "temporary_bytes", number(sum->temporary_bytes));
    set(row, "temporary_objects", number(units_whole(sum->temporary_objects)));
    set(row, "remote_bytes", number(sum->remote_bytes));
    set(row, "remote_objects", number(units_whole(sum->remote_objects)));
}

static json_t *sizes_of(const struct model_heap *heap)
{
    json_t *array = json_array();
    for (unsigned i = 0; i < HEAP_SIZES; i++) {
        uint64_t limit = heap_size_limit(i);
        if (heap->sizes[i].allocated_bytes == 0)
            continue;
        json_t *row = json_object();
        set(row, "up_to_bytes", limit == UINT64_MAX ? json_null() : number(limit));
        set_sum(row, &heap->sizes[i]);
        append(array, row);
    }
    return array;
}

static json_t *threads_of(const struct model *model, json_t *truncated)
{
    const struct model_heap *heap = &model->heap;
    json_t *array = json_array();
    size_t count = heap->owner_count < LIST_MOST ? heap->owner_count : LIST_MOST;
    for (size_t i = 0; i < count; i++) {
        const struct model_heap_owner *owner = &heap->owners[i];
        json_t *row = json_object();
        set(row, "tid", number((uint64_t)(owner->tid > 0 ? owner->tid : 0)));
        set(row, "pid", number((uint64_t)model->processes[owner->process].pid));
        set(row, "name", text(owner->name));
        set(row, "threads", number(owner->owners));
        set_sum(row, &owner->sum);
        append(array, row);
    }
    set(truncated, "memory_threads", number(heap->owner_count - count));
    return array;
}

static json_t *cost_of(const struct heap_cost *cost)
{
    json_t *object = json_object();
    set(object, "share", cost->known ? real(cost->share) : json_null());
    set(object, "ns", cost->known ? number(cost->ns) : json_null());
    set(object, "timed_low", cost->timed ? real(cost->timed_low) : json_null());
    set(object, "timed_share", cost->timed ? real(cost->timed_share) : json_null());
    set(object, "timed_calls", number(cost->timed_calls));
    set(object, "malloc_each_ns", cost->timed ? real(cost->allocate_each_ns) : json_null());
    set(object, "free_each_ns", cost->timed ? real(cost->free_each_ns) : json_null());
    set(object, "sampled_share", cost->sampled ? real(cost->sampled_share) : json_null());
    set(object, "sampled_margin", cost->sampled ? real(cost->sampled_margin) : json_null());
    set(object, "agree", json_boolean(cost->agree));
    return object;
}

static json_t *trend_of(const struct heap_trend *trend)
{
    if (!trend->known)
        return json_null();
    json_t *object = json_object();
    set(object, "bytes_per_second", real(trend->per_second));
    set(object, "margin", real(trend->margin));
    set(object, "seconds", real(trend->seconds));
    set(object, "readings", number(trend->readings));
    return object;
}

json_t *json_memory_new(const struct analysis *analysis, json_t *truncated)
{
    const struct heap *heap = &analysis->heap;
    const struct model *model = analysis->model;
    json_t *object = json_object(), *sampled = json_null();
    set(object, "calls", number(heap->calls));
    set(object, "bytes", number(heap->bytes));
    set(object, "frees", number(heap->free_calls));
    set(object, "cost", cost_of(&heap->cost));
    set(object, "trend", trend_of(&heap->trend));
    if (heap->measured) {
        sampled = json_object();
        set(sampled, "period_bytes", number(model->processes[0].alloc_period_bytes));
        set(sampled, "ended", json_boolean(heap->ended));
        set(sampled, "peak_at_ns",
            model->heap.peak_at_ns > 0 ? number(model->heap.peak_at_ns) : json_null());
        set_estimates(sampled, &heap->total);
        set(sampled, "sites", sites_of(analysis, truncated));
        set(sampled, "sizes", sizes_of(&model->heap));
        set(sampled, "threads", threads_of(model, truncated));
    }
    set(object, "sampled", sampled);
    return object;
}
