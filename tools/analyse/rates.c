/* rates.c: see rates.h. Owns the subtraction; invariant: nothing in `before` or `after` is written to. */
#include "analyse/rates.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyse/rates_match.h"

/* What is at work while one difference is made. */
struct difference {
    struct rates *rates;
    const struct model *before; /* NULL: nothing to subtract */
    const struct model *after;
    uint32_t *targets, *stacks; /* rates_match.h; NULL where before is */
    struct lookup rows;         /* of rates->model.rows, by cell_key */
    size_t row_room;
};

static uint64_t grown(uint64_t before, uint64_t after)
{
    return after > before ? after - before : 0;
}

static uint64_t sum(uint64_t a, uint64_t b)
{
    return a + b < INT64_MAX ? a + b : INT64_MAX;
}

bool rates_same_image(const struct model *before, const struct model *after)
{
    const struct model_process *a = &before->processes[0], *b = &after->processes[0];
    return a->pid == b->pid && a->start_boottime_ns == b->start_boottime_ns &&
           strcmp(a->executable, b->executable) == 0;
}

/* ---- histograms ---- */

static int subtract_latency(struct arena *arena, const struct latency *before,
                            struct latency *latency)
{
    if (before->len == 0 || latency->len == 0)
        return 0;
    uint64_t *counts = arena_array(arena, latency->len, sizeof(*counts));
    if (!counts)
        return -ENOMEM;
    latency->total = 0;
    for (unsigned i = 0; i < latency->len; i++) {
        unsigned bucket = latency->first + i;
        bool had = bucket >= before->first && bucket - before->first < before->len;
        counts[i] = grown(had ? before->counts[bucket - before->first] : 0, latency->counts[i]);
        latency->total = sum(latency->total, counts[i]);
    }
    latency->counts = counts;
    return 0;
}

/* The longest call is known only where it is longer than any before. */
static uint64_t longest(uint64_t before, uint64_t after)
{
    return after > before ? after : 0;
}

/* ---- hooks, classes, counters ---- */

static int subtract_hooks(struct difference *work)
{
    struct model *model = &work->rates->model;
    for (unsigned i = 0; i < HOOK_COUNT; i++) {
        const struct model_hook *before = &work->before->hooks[i];
        struct model_hook *hook = &model->hooks[i];
        hook->calls = grown(before->calls, hook->calls);
        hook->timed = grown(before->timed, hook->timed);
        hook->errors = grown(before->errors, hook->errors);
        hook->bytes = grown(before->bytes, hook->bytes);
        hook->max_ns = longest(before->max_ns, hook->max_ns);
        if (subtract_latency(&work->rates->arena, &before->latency, &hook->latency) != 0)
            return -ENOMEM;
    }
    return 0;
}

static void subtract_sums(struct difference *work)
{
    struct model *model = &work->rates->model;
    const struct model *before = work->before;
    for (unsigned i = 0; i < COUNTER_COUNT; i++)
        model->counters[i] = grown(before->counters[i], model->counters[i]);
    for (unsigned i = 0; i <= CLASS_COUNT; i++)
        model->cpu_ns[i] = grown(before->cpu_ns[i], model->cpu_ns[i]);
    for (unsigned i = 0; i < HEAP_TIMED_COUNT; i++) {
        model->heap.timed_calls[i] =
            grown(before->heap.timed_calls[i], model->heap.timed_calls[i]);
        model->heap.timed_ns[i] = grown(before->heap.timed_ns[i], model->heap.timed_ns[i]);
    }
    model->thread_ns = grown(before->thread_ns, model->thread_ns);
    model->events_overwritten = grown(before->events_overwritten, model->events_overwritten);
}

/* Time with the calls in progress at both looks. */
static void time_hooks(struct difference *work)
{
    struct model *model = &work->rates->model;
    uint64_t earlier[HOOK_COUNT] = {0}, later[HOOK_COUNT] = {0};
    for (size_t i = 0; i < work->after->thread_count; i++) {
        const struct model_thread *thread = &work->after->threads[i];
        later[thread->now_hook] = sum(later[thread->now_hook], thread->now_ns);
    }
    for (size_t i = 0; work->before && i < work->before->thread_count; i++) {
        const struct model_thread *thread = &work->before->threads[i];
        earlier[thread->now_hook] = sum(earlier[thread->now_hook], thread->now_ns);
    }
    for (unsigned i = 1; i < HOOK_COUNT; i++) {
        uint64_t had = work->before ? sum(work->before->hooks[i].ns, earlier[i]) : 0;
        model->hooks[i].ns = grown(had, sum(work->after->hooks[i].ns, later[i]));
    }
    for (unsigned i = 0; i < CLASS_COUNT; i++) {
        struct model_class *class = &model->classes[i];
        const struct model_class *before = work->before ? &work->before->classes[i] : NULL;
        uint64_t had = before ? sum(before->ns, before->unfinished_ns) : 0;
        class->ns = grown(had, sum(class->ns, class->unfinished_ns));
        class->unfinished_ns = 0; /* it is in ns */
        class->cpu_ns = model->cpu_ns[i];
    }
}

/* ---- rows and targets ---- */

static struct model_row *row_at(struct difference *work, unsigned hook, uint32_t target)
{
    uint32_t found = lookup_find(&work->rows, cell_key(hook, target));
    return found == LOOKUP_NONE ? NULL : &work->rates->model.rows[found];
}

/* The rows of after, and one for each call in progress that never ended before. */
static int copy_rows(struct difference *work)
{
    struct model *model = &work->rates->model;
    const struct model *after = work->after;
    work->row_room = after->row_count + after->thread_count;
    struct model_row *rows =
        arena_array(&work->rates->arena, work->row_room + 1, sizeof(*rows));
    if (!rows)
        return -ENOMEM;
    memcpy(rows, after->rows, after->row_count * sizeof(*rows));
    model->rows = rows;
    for (size_t i = 0; i < after->row_count; i++)
        if (lookup_add(&work->rows, cell_key(rows[i].hook, rows[i].target), (uint32_t)i) != 0)
            return -ENOMEM;
    for (size_t i = 0; i < after->thread_count; i++) {
        const struct model_thread *thread = &after->threads[i];
        if (thread->now_hook == HOOK_NONE)
            continue;
        struct model_row *row = row_at(work, thread->now_hook, thread->now_target);
        if (!row) {
            row = &rows[model->row_count];
            row->hook = thread->now_hook;
            row->target = thread->now_target;
            if (lookup_add(&work->rows, cell_key(row->hook, row->target),
                           (uint32_t)model->row_count++) != 0)
                return -ENOMEM;
        }
        row->ns = sum(row->ns, thread->now_ns);
    }
    return 0;
}

static int subtract_rows(struct difference *work)
{
    const struct model *before = work->before;
    for (size_t i = 0; i < before->row_count; i++) {
        const struct model_row *had = &before->rows[i];
        uint32_t target = work->targets[had->target];
        struct model_row *row = target == LOOKUP_NONE ? NULL : row_at(work, had->hook, target);
        if (!row)
            continue;
        row->calls = grown(had->calls, row->calls);
        row->errors = grown(had->errors, row->errors);
        row->bytes = grown(had->bytes, row->bytes);
        row->ns = grown(had->ns, row->ns);
        row->max_ns = longest(had->max_ns, row->max_ns);
        if (subtract_latency(&work->rates->arena, &had->latency, &row->latency) != 0)
            return -ENOMEM;
    }
    for (size_t i = 0; i < before->thread_count; i++) {
        const struct model_thread *thread = &before->threads[i];
        uint32_t target = work->targets[thread->now_target];
        struct model_row *row = thread->now_hook == HOOK_NONE || target == LOOKUP_NONE
                                    ? NULL
                                    : row_at(work, thread->now_hook, target);
        if (row)
            row->ns = grown(thread->now_ns, row->ns);
    }
    return 0;
}

static int longest_row_first(const void *left, const void *right)
{
    const struct model_row *a = left, *b = right;
    if (a->ns != b->ns)
        return a->ns < b->ns ? 1 : -1;
    if (a->calls != b->calls)
        return a->calls < b->calls ? 1 : -1;
    uint64_t x = cell_key(a->hook, a->target), y = cell_key(b->hook, b->target);
    return x < y ? -1 : x > y;
}

static int total_targets(struct difference *work)
{
    struct model *model = &work->rates->model;
    struct model_target *targets =
        arena_array(&work->rates->arena, model->target_count + 1, sizeof(*targets));
    if (!targets)
        return -ENOMEM;
    for (size_t i = 0; i < model->target_count; i++) {
        targets[i] = work->after->targets[i];
        targets[i].calls = targets[i].errors = targets[i].bytes = targets[i].ns = 0;
        targets[i].max_ns = 0;
        memset(targets[i].class_ns, 0, sizeof(targets[i].class_ns));
    }
    for (size_t i = 0; i < model->row_count; i++) {
        const struct model_row *row = &model->rows[i];
        struct model_target *target = &targets[row->target];
        if (model_is_derived(row->hook)) /* as in model_total_targets */
            continue;
        target->calls = sum(target->calls, row->calls);
        target->errors = sum(target->errors, row->errors);
        target->bytes = sum(target->bytes, row->bytes);
        target->ns = sum(target->ns, row->ns);
        if (row->max_ns > target->max_ns)
            target->max_ns = row->max_ns;
        uint64_t *class_ns = &target->class_ns[model_class(row->hook, target->kind)];
        *class_ns = sum(*class_ns, row->ns);
    }
    model->targets = targets;
    return 0;
}

/* ---- threads ---- */

/* Waits by class, the call in progress included. */
static uint64_t waited(const struct model *model, const struct model_thread *thread, int class)
{
    bool inside = thread->now_hook != HOOK_NONE &&
                  model_class(thread->now_hook, model->targets[thread->now_target].kind) ==
                      (enum hook_class)class;
    return sum(thread->class_ns[class], inside ? thread->now_ns : 0);
}

static int subtract_thread_calls(struct arena *arena, const struct model_thread *before,
                                 struct model_thread *thread)
{
    struct model_call *calls = arena_array(arena, thread->call_count + 1, sizeof(*calls));
    if (!calls)
        return -ENOMEM;
    for (size_t i = 0; i < thread->call_count; i++) {
        calls[i] = thread->calls[i];
        for (size_t j = 0; j < before->call_count; j++) {
            const struct model_call *had = &before->calls[j];
            if (had->hook != calls[i].hook || had->kind != calls[i].kind)
                continue;
            calls[i].calls = grown(had->calls, calls[i].calls);
            calls[i].ns = grown(had->ns, calls[i].ns);
        }
    }
    thread->calls = calls;
    return 0;
}

static int subtract_threads(struct difference *work)
{
    struct model *model = &work->rates->model;
    struct model_thread *threads =
        arena_array(&work->rates->arena, model->thread_count + 1, sizeof(*threads));
    if (!threads)
        return -ENOMEM;
    for (size_t i = 0; i < model->thread_count; i++) {
        const struct model_thread *was =
            work->before ? rates_match_thread(work->before, work->after, i) : NULL;
        const struct model_thread *is = &work->after->threads[i];
        threads[i] = *is;
        threads[i].life_ns = grown(was ? was->life_ns : 0, is->life_ns);
        for (int c = 0; c < CLASS_COUNT; c++)
            threads[i].class_ns[c] =
                grown(was ? waited(work->before, was, c) : 0, waited(work->after, is, c));
        for (int c = 0; c <= CLASS_COUNT; c++)
            threads[i].class_cpu_ns[c] =
                grown(was ? was->class_cpu_ns[c] : 0, is->class_cpu_ns[c]);
        if (was && subtract_thread_calls(&work->rates->arena, was, &threads[i]) != 0)
            return -ENOMEM;
    }
    model->threads = threads;
    return 0;
}

/* ---- samples ---- */

static int heaviest_first(const void *left, const void *right)
{
    const struct model_sample *a = left, *b = right;
    if (a->weight != b->weight)
        return a->weight < b->weight ? 1 : -1;
    if (a->stack != b->stack)
        return a->stack < b->stack ? -1 : 1;
    uint64_t x = cell_key(a->hook, a->target), y = cell_key(b->hook, b->target);
    return x < y ? -1 : x > y;
}

static void subtract_sample(const struct model_sample *had, struct model_sample *sample)
{
    sample->count = grown(had->count, sample->count);
    sample->weight = grown(had->weight, sample->weight);
    sample->variance = sample->variance > had->variance ? sample->variance - had->variance : 0;
    sample->objects = sample->objects > had->objects ? sample->objects - had->objects : 0;
}

static int subtract_samples(struct difference *work, enum sample_cost cost)
{
    const struct model_samples *before = &work->before->samples[cost];
    struct model_samples *samples = &work->rates->model.samples[cost];
    struct model_sample *items =
        arena_array(&work->rates->arena, samples->count + 1, sizeof(*items));
    struct lookup index = {0};
    int error = items ? 0 : -ENOMEM;
    for (size_t i = 0; i < samples->count && !error; i++) {
        items[i] = samples->items[i];
        error = lookup_add(&index,
                           sample_key(cost, items[i].hook, items[i].target, items[i].stack),
                           (uint32_t)i);
    }
    for (size_t i = 0; i < before->count && !error; i++) {
        const struct model_sample *had = &before->items[i];
        uint32_t target = work->targets[had->target], stack = work->stacks[had->stack];
        if (target == LOOKUP_NONE || stack == LOOKUP_NONE)
            continue;
        uint32_t found = lookup_find(&index, sample_key(cost, had->hook, target, stack));
        if (found != LOOKUP_NONE)
            subtract_sample(had, &items[found]);
    }
    lookup_done(&index);
    if (error)
        return error;
    size_t kept = 0;
    samples->weight = samples->samples = 0;
    samples->variance = 0;
    for (size_t i = 0; i < samples->count; i++) {
        if (items[i].count == 0 && items[i].weight == 0)
            continue;
        items[kept++] = items[i];
        samples->weight = sum(samples->weight, items[i].weight);
        samples->samples = sum(samples->samples, items[i].count);
        samples->variance += items[i].variance;
    }
    samples->items = items;
    samples->count = kept;
    qsort(items, kept, sizeof(*items), heaviest_first);
    return 0;
}

/* ---- resources ---- */

static uint64_t used(uint64_t before, uint64_t after)
{
    return before == MODEL_UNKNOWN || after == MODEL_UNKNOWN || after < before ? MODEL_UNKNOWN
                                                                                : after - before;
}

/* Between the last readings of both looks. A process that has just ended may have none that is later. */
static void subtract_usage(struct difference *work)
{
    struct model_usage *usage = &work->rates->model.usage;
    const struct model *before = work->before, *after = work->after;
    memset(usage, 0xff, sizeof(*usage)); /* MODEL_UNKNOWN */
    if (before->resource_count == 0 || after->resource_count == 0)
        return;
    const struct model_resource *a = &before->resources[before->resource_count - 1];
    const struct model_resource *b = &after->resources[after->resource_count - 1];
    if (b->at_ns <= a->at_ns)
        return;
    usage->window_ns = b->at_ns - a->at_ns;
#define USED(name) usage->name = used(a->name, b->name)
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
    usage->peak_rss_bytes = b->peak_rss_bytes;
    usage->rss_bytes = b->rss_bytes;
    usage->threads = b->threads;
    usage->descriptors = b->descriptors;
}

/* ---- all of it ---- */

static int subtract(struct difference *work)
{
    struct rates *rates = work->rates;
    work->targets = rates_match_targets(&rates->arena, work->before, work->after);
    work->stacks = rates_match_stacks(&rates->arena, work->before, work->after);
    if (!work->targets || !work->stacks)
        return -ENOMEM;
    subtract_sums(work);
    subtract_usage(work);
    int error = subtract_hooks(work);
    if (!error)
        error = subtract_rows(work);
    for (unsigned cost = SAMPLE_ALLOCATED; cost < MODEL_COSTS && !error; cost++)
        error = subtract_samples(work, (enum sample_cost)cost);
    return error;
}

int rates_new(const struct model *before, const struct model *after, struct rates **ret_rates)
{
    struct rates *rates = calloc(1, sizeof(*rates));
    if (!rates)
        return -ENOMEM;
    rates->model = *after;
    rates->model.arena = (struct arena){0};
    if (before && !rates_same_image(before, after))
        before = NULL;
    rates->whole = before == NULL;
    rates->interval_ns = grown(before ? before->duration_ns : 0, after->duration_ns);
    rates->model.duration_ns = rates->interval_ns;
    struct difference work = {.rates = rates, .before = before, .after = after};
    int error = copy_rows(&work);
    if (!error && before)
        error = subtract(&work);
    if (!error)
        error = subtract_threads(&work);
    if (!error) {
        time_hooks(&work);
        qsort(rates->model.rows, rates->model.row_count, sizeof(*rates->model.rows),
              longest_row_first);
        error = total_targets(&work);
    }
    lookup_done(&work.rows);
    if (error)
        rates_free(rates);
    else
        *ret_rates = rates;
    return error;
}

void rates_free(struct rates *rates)
{
    if (!rates)
        return;
    arena_done(&rates->arena);
    free(rates);
}

double rates_per_second(const struct rates *rates, double count)
{
    return rates->interval_ns ? count * 1e9 / (double)rates->interval_ns : 0;
}

double rates_share(const struct rates *rates, uint64_t ns)
{
    return rates->interval_ns ? (double)ns / (double)rates->interval_ns : 0;
}

double rates_cpu(const struct rates *rates)
{
    const struct model_usage *usage = &rates->model.usage;
    if (usage->cpu_user_ns == MODEL_UNKNOWN || usage->cpu_system_ns == MODEL_UNKNOWN ||
        usage->window_ns == MODEL_UNKNOWN || usage->window_ns == 0)
        return -1;
    return ((double)usage->cpu_user_ns + (double)usage->cpu_system_ns) / (double)usage->window_ns;
}

uint64_t rates_calls(const struct rates *rates)
{
    uint64_t calls = 0;
    for (unsigned i = 1; i < HOOK_COUNT; i++)
        if (hook_kinds[i] != HOOK_KIND_PSEUDO)
            calls = sum(calls, rates->model.hooks[i].calls);
    return calls;
}
