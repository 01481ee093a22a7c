/* live_code.c: the views that name code: CPU time by function, waits for locks, the heap by place.
 *
 * They come from the same parts of an analysis as the report's, made of the interval's model. */
#include <stdlib.h>
#include <string.h>

#include "analyse/accounting.h"
#include "analyse/locks.h"
#include "analyse/units.h"
#include "render/live.h"

/* An analysis of which only some parts will be made. NULL without symbols or memory. */
static struct analysis *part_of(const struct live_input *input)
{
    struct analysis *analysis = input->symbols ? calloc(1, sizeof(*analysis)) : NULL;
    if (!analysis)
        return NULL;
    analysis->model = &input->rates->model;
    analysis->symbols = input->symbols;
    return analysis;
}

/* ---- functions ---- */

void live_functions_view(const struct live_input *input, struct live_table *table)
{
    static const struct live_column columns[] = {
        {"SELF%", "SELF", 7, false, 0},
        {"TOTAL%", "TOTAL", 7, false, 0},
        {"SAMPLES", NULL, 7, false, 2},
        {"MODULE", NULL, 18, true, 1},
        {"FUNCTION", NULL, 0, true, 0},
    };
    table->columns = columns;
    table->column_count = sizeof(columns) / sizeof(columns[0]);
    struct analysis *analysis = part_of(input);
    const struct model *model = &input->rates->model;
    table->nothing = model->processes[0].cpu_period_ns
                         ? "no CPU sample in this interval: t shows those since the start"
                         : "CPU time was not sampled (STRONG_CPU_HZ=0)";
    if (analysis && profile_make(model, input->symbols, &analysis->arena, &analysis->profile) == 0) {
        const struct profile *profile = &analysis->profile;
        double whole = profile->cpu_ns ? (double)profile->cpu_ns : 1;
        if (profile->cpu_samples)
            live_fact(table, STYLE_DIM, "%s of CPU time in %s; a figure of n samples means n ± 2 sqrt(n)",
                      units_duration(profile->cpu_ns).text,
                      units_plural(profile->cpu_samples, "sample").text);
        for (size_t i = 0; i < profile->count; i++) {
            const struct profile_function *function = &profile->functions[i];
            if (function->cpu_ns == 0)
                continue;
            struct live_row *row = live_table_add(table, i);
            live_share(table, row, 0, (double)function->cpu_self_ns / whole);
            live_share(table, row, 1, (double)function->cpu_ns / whole);
            live_count(table, row, 2, (double)function->cpu_samples, true);
            live_text(table, row, 3, function->module);
            live_text(table, row, 4, function->name);
        }
    }
    analysis_free(analysis);
}

/* ---- locks ---- */

/* Those that were free when they were asked for are only counted. */
static void count_locks(const struct live_input *input, struct live_table *table)
{
    const struct model *model = &input->rates->model;
    double taken = 0, waited = 0;
    for (unsigned i = 1; i < HOOK_COUNT; i++) {
        if (hook_classes[i] != CLASS_LOCK)
            continue;
        taken += (double)model->hooks[i].calls;
        waited += (double)model->hooks[i].timed;
    }
    if (!input->totals) {
        taken = rates_per_second(input->rates, taken);
        waited = rates_per_second(input->rates, waited);
    }
    const char *each = input->totals ? "" : "/s";
    live_fact(table, STYLE_DIM, "%s%s lock calls, of which %s%s had to wait",
              live_count_text(taken, input->totals).text, each,
              live_count_text(waited, input->totals).text, each);
}

void live_locks_view(const struct live_input *input, struct live_table *table)
{
    static const struct live_column columns[] = {
        {"WAITS/s", "WAITS", 8, false, 0}, {"TIME%", "TIME", 8, false, 0},
        {"P50", NULL, 7, false, 0},        {"P99", NULL, 7, false, 0},
        {"HELD BY", NULL, 22, true, 1},    {"WAITER", NULL, 0, true, 0},
    };
    table->columns = columns;
    table->column_count = sizeof(columns) / sizeof(columns[0]);
    table->nothing = "nobody waited for a lock in this interval";
    count_locks(input, table);
    struct analysis *analysis = part_of(input);
    if (analysis && locks_make(analysis) == 0) {
        for (size_t i = 0; i < analysis->lock_count; i++) {
            const struct analysis_lock *lock = &analysis->locks[i];
            struct live_row *row = live_table_add(table, i);
            double waits = (double)lock->waits;
            live_count(table, row, 0,
                       input->totals ? waits : rates_per_second(input->rates, waits),
                       input->totals);
            if (input->totals)
                live_time(table, row, 1, lock->ns);
            else
                live_share(table, row, 1, rates_share(input->rates, lock->ns));
            if (lock->latency.total) {
                live_time(table, row, 2, latency_percentile_ns(&lock->latency, 0.5));
                live_time(table, row, 3, latency_percentile_ns(&lock->latency, 0.99));
            }
            if (lock->holder[0])
                live_text(table, row, 4, lock->holder);
            if (lock->waiter[0])
                live_text(table, row, 5, lock->waiter);
        }
    }
    analysis_free(analysis);
}

/* ---- the heap ---- */

static const char *or_none(uint64_t bytes, struct units_text *buf)
{
    if (bytes == MODEL_UNKNOWN)
        return "-";
    *buf = live_short(units_bytes(bytes));
    return buf->text;
}

/* The allocator's own account, as far as there is one. */
static void put_account(struct live_table *table, const struct model *model)
{
    struct units_text text[4];
    for (size_t i = model->resource_count; i-- > 0;) {
        const struct model_resource *reading = &model->resources[i];
        if (reading->heap_allocated_bytes == MODEL_UNKNOWN)
            continue;
        live_fact(table, STYLE_PLAIN, "allocator  in use %s  active %s  resident %s  retained %s",
                  or_none(reading->heap_allocated_bytes, &text[0]),
                  or_none(reading->heap_active_bytes, &text[1]),
                  or_none(reading->heap_resident_bytes, &text[2]),
                  or_none(reading->heap_retained_bytes, &text[3]));
        return;
    }
}

static void put_heap_rates(const struct live_input *input, struct live_table *table,
                           const struct heap *heap)
{
    const struct rates *rates = input->rates;
    bool whole = input->totals;
    const char *each = whole ? "" : "/s";
    double calls = (double)heap->calls, bytes = (double)heap->bytes;
    double frees = (double)heap->free_calls;
    live_fact(table, STYLE_PLAIN, "allocated  %s%s in %s%s calls  freed in %s%s calls",
              units_bytes(units_whole(whole ? bytes : rates_per_second(rates, bytes))).text, each,
              live_count_text(whole ? calls : rates_per_second(rates, calls), whole).text, each,
              live_count_text(whole ? frees : rates_per_second(rates, frees), whole).text, each);
    if (heap->measured)
        live_fact(table, STYLE_PLAIN, "live       %s, at the peak %s (estimated from samples, as the rows)",
                  units_bytes(rates->model.heap.live_bytes).text,
                  units_bytes(rates->model.heap.peak_bytes).text);
}

void live_memory_view(const struct live_input *input, struct live_table *table)
{
    static const struct live_column columns[] = {
        {"ALLOC/s", "ALLOC", 8, false, 0}, {"CALLS/s", "CALLS", 8, false, 2},
        {"LIVE", NULL, 8, false, 0},       {"PEAK", NULL, 8, false, 1},
        {"PLACE", NULL, 0, true, 0},
    };
    table->columns = columns;
    table->column_count = sizeof(columns) / sizeof(columns[0]);
    table->nothing = "nothing was sampled that is allocated, or lives";
    put_account(table, &input->rates->model);
    struct analysis *analysis = part_of(input);
    if (!analysis)
        return;
    const struct model *model = &input->rates->model;
    accounting_make(model, &analysis->time);
    if (profile_make(model, input->symbols, &analysis->arena, &analysis->profile) == 0 &&
        heap_make(analysis) == 0) {
        const struct heap *heap = &analysis->heap;
        if (!heap->measured)
            table->nothing = "allocations were not sampled (STRONG_ALLOC_PERIOD=0)";
        put_heap_rates(input, table, heap);
        for (size_t i = 0; i < heap->site_count; i++) {
            const struct heap_site *site = &heap->sites[i];
            if (site->allocated.bytes == 0 && site->live.bytes == 0)
                continue;
            struct live_row *row = live_table_add(table, i);
            double bytes = (double)site->allocated.bytes, calls = site->allocated.objects;
            live_bytes(table, row, 0,
                       input->totals ? bytes : rates_per_second(input->rates, bytes));
            live_count(table, row, 1,
                       input->totals ? calls : rates_per_second(input->rates, calls),
                       input->totals);
            live_bytes(table, row, 2, (double)site->live.bytes);
            live_bytes(table, row, 3, (double)site->peak.bytes);
            live_text(table, row, 4, heap_site_name(analysis, site));
        }
    }
    analysis_free(analysis);
}
