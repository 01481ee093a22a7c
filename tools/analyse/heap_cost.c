/* heap_cost.c: what allocating costs, and whether the heap grows.
 *
 * Two estimates of the allocator's share of the CPU time, with unlike weaknesses. Timed calls take a slow path
 * through cold code, which adds up to TIMING_NS to a call of a few ns, and a call in which another thread had
 * the CPU counts for up to 100 us: so they give a range. CPU samples see what runs, but must know the
 * allocator's functions by name. The share to go by is the samples', kept within the range; where the two
 * contradict each other, the smaller; where there are no samples, the lower end.
 */
#include "analyse/heap_cost.h"

#include <math.h>

#include "analyse/units.h"

enum { TIMING_NS = 20, TIMED_LEAST = 200, SAMPLES_LEAST = 50, TREND_READINGS = 4 };
#define TREND_SECONDS 2.5

static double mean_ns(const struct model_heap *heap, enum model_heap_timed which)
{
    uint64_t calls = heap->timed_calls[which];
    return calls > 0 ? (double)heap->timed_ns[which] / (double)calls : 0;
}

static double sure_ns(double each_ns)
{
    return each_ns > TIMING_NS ? each_ns - TIMING_NS : 0;
}

static void cost_from_calls(struct analysis *analysis, double cpu_ns)
{
    const struct model_heap *from = &analysis->model->heap;
    struct heap *heap = &analysis->heap;
    struct heap_cost *cost = &heap->cost;
    cost->timed_calls = from->timed_calls[HEAP_TIMED_ALLOCATE] + from->timed_calls[HEAP_TIMED_FREE];
    cost->timed = cost->timed_calls >= TIMED_LEAST;
    cost->allocate_each_ns = mean_ns(from, HEAP_TIMED_ALLOCATE);
    cost->free_each_ns = mean_ns(from, HEAP_TIMED_FREE);
    cost->allocate_ns = units_whole(cost->allocate_each_ns * (double)heap->calls);
    cost->free_ns = units_whole(cost->free_each_ns * (double)heap->free_calls);
    cost->timed_ns = cost->allocate_ns + cost->free_ns;
    cost->timed_share = cpu_ns > 0 ? (double)cost->timed_ns / cpu_ns : 0;
    double low = sure_ns(cost->allocate_each_ns) * (double)heap->calls +
                 sure_ns(cost->free_each_ns) * (double)heap->free_calls;
    cost->timed_low = cpu_ns > 0 ? low / cpu_ns : 0;
    cost->timed_low = cost->timed_low > 1 ? 1 : cost->timed_low;
    cost->timed_share = cost->timed_share > 1 ? 1 : cost->timed_share;
}

static void cost_from_samples(struct analysis *analysis)
{
    const struct profile *profile = &analysis->profile;
    struct heap_cost *cost = &analysis->heap.cost;
    cost->sampled = profile->cpu_samples >= SAMPLES_LEAST && profile->cpu_ns > 0;
    if (!cost->sampled)
        return;
    double share = (double)profile->allocator_ns / (double)profile->cpu_ns;
    cost->sampled_share = share;
    cost->sampled_most = share + (double)profile->libstrong_ns / (double)profile->cpu_ns;
    cost->sampled_margin = 1.96 * sqrt(share * (1 - share) / (double)profile->cpu_samples);
}

static double within(double value, double low, double high)
{
    return value < low ? low : value > high ? high : value;
}

void heap_cost_make(struct analysis *analysis)
{
    struct heap *heap = &analysis->heap;
    struct heap_cost *cost = &heap->cost;
    double cpu_ns = (double)analysis->time.runnable_ns;
    cost_from_calls(analysis, cpu_ns);
    cost_from_samples(analysis);
    cost->known = cpu_ns > 0 && (cost->timed || cost->sampled);
    cost->agree = true;
    if (cost->timed && cost->sampled) {
        double least = cost->sampled_share - cost->sampled_margin;
        double most = cost->sampled_most + cost->sampled_margin;
        cost->agree = most >= cost->timed_low * 0.8 && least <= cost->timed_share * 1.25;
        cost->share = within(cost->sampled_share, cost->timed_low, cost->timed_share);
        if (cost->share > most) /* the timed calls met an outlier, or the functions have no names */
            cost->share = cost->agree ? most : cost->sampled_most;
    } else if (cost->known) {
        cost->share = cost->timed ? cost->timed_low : cost->sampled_share;
    }
    cost->ns = units_whole(cost->share * cpu_ns);
    const struct model *model = analysis->model;
    uint64_t half = model->resource_count > 0
                        ? (model->resources[0].at_ns +
                           model->resources[model->resource_count - 1].at_ns) / 2
                        : 0;
    heap->trend = heap_trend_of(model, offsetof(struct model_resource, heap_allocated_bytes), half);
}

/* ---- the line ---- */

struct line {
    double n, sum_x, sum_y, sum_xx, sum_xy;
};

static uint64_t field_of(const struct model_resource *reading, size_t offset)
{
    return *(const uint64_t *)(const void *)((const char *)reading + offset);
}

/* Standard error of the slope. Readings that follow one another are not independent: what the line leaves
 * is correlated from one to the next, and the error grows by sqrt((1 + r) / (1 - r)). */
static double slope_error(const struct model *model, size_t field, size_t first, size_t end,
                          double slope, double intercept, double spread, double n)
{
    double squares = 0, products = 0, before = 0;
    bool has_before = false;
    for (size_t i = first; i < end; i++) {
        const struct model_resource *one = &model->resources[i];
        if (field_of(one, field) == MODEL_UNKNOWN)
            continue;
        double left = (double)field_of(one, field) - intercept - slope * (double)one->at_ns / 1e9;
        squares += left * left;
        products += has_before ? left * before : 0;
        before = left;
        has_before = true;
    }
    double correlation = squares > 0 ? products / squares : 0;
    correlation = correlation < 0 ? 0 : correlation > 0.95 ? 0.95 : correlation;
    return sqrt(squares / (n - 2) / spread * (1 + correlation) / (1 - correlation));
}

struct heap_trend heap_trend_of(const struct model *model, size_t field, uint64_t from_ns)
{
    struct heap_trend trend = {0};
    struct line line = {0};
    size_t end = model->resource_count, first = end;
    const struct model_resource *last = NULL;
    if (end > 0 && model->processes[0].state == PROCESS_EXITED)
        end--;
    for (size_t i = 0; i < end; i++) {
        const struct model_resource *one = &model->resources[i];
        uint64_t value = field_of(one, field);
        if (one->at_ns < from_ns || value == MODEL_UNKNOWN)
            continue;
        if (last == NULL) {
            first = i;
            trend.first_bytes = value;
        }
        last = one;
        double x = (double)one->at_ns / 1e9, y = (double)value;
        line = (struct line){line.n + 1, line.sum_x + x, line.sum_y + y, line.sum_xx + x * x,
                             line.sum_xy + x * y};
    }
    if (last == NULL || line.n < TREND_READINGS)
        return trend;
    trend.readings = units_whole(line.n);
    trend.last_bytes = field_of(last, field);
    trend.seconds = (double)(last->at_ns - model->resources[first].at_ns) / 1e9;
    double spread = line.sum_xx - line.sum_x * line.sum_x / line.n;
    if (trend.seconds < TREND_SECONDS || spread <= 0)
        return trend;
    trend.per_second = (line.sum_xy - line.sum_x * line.sum_y / line.n) / spread;
    double intercept = (line.sum_y - trend.per_second * line.sum_x) / line.n;
    double freedom = line.n - 2;
    double factor = 1.96 + 2.4 / freedom + 4.5 / (freedom * freedom); /* Student's t for 95 %, within 3 % */
    trend.margin = factor * slope_error(model, field, first, end, trend.per_second, intercept,
                                        spread, line.n);
    trend.known = true;
    return trend;
}
