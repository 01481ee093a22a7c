/* latency.c: spans of histogram buckets that grow towards the values they meet. */
#include "read/latency.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "read/arena.h"

/* Clocks within this share of each other are one clock: its calibration is refined while it runs. */
static const double SAME_CLOCK = 0.01;

static uint64_t add_saturating(uint64_t a, uint64_t b)
{
    uint64_t sum;
    return __builtin_add_overflow(a, b, &sum) || sum > INT64_MAX ? INT64_MAX : sum;
}

static uint64_t to_ns(double ns)
{
    return ns >= 0x1p62 ? 1ull << 62 : (uint64_t)(ns + 0.5);
}

/* Makes buckets low .. high part of the span. */
static int span_cover(struct latency *latency, struct arena *arena, unsigned low, unsigned high)
{
    unsigned first = latency->first, end = latency->first + latency->len;
    if (latency->len == 0) {
        first = low;
        end = high + 1;
    } else if (low >= first && high < end) {
        return 0;
    }
    if (low < first)
        first = low;
    if (high >= end)
        end = high + 1;
    /* whole octaves, so that a span is moved a few times at most */
    first -= first % HISTOGRAM_STEPS;
    end += (HISTOGRAM_STEPS - end % HISTOGRAM_STEPS) % HISTOGRAM_STEPS;
    uint64_t *counts = arena_array(arena, end - first, sizeof(*counts));
    if (!counts)
        return -ENOMEM;
    if (latency->len)
        memcpy(counts + (latency->first - first), latency->counts,
               latency->len * sizeof(*counts));
    latency->counts = counts;
    latency->first = (uint16_t)first;
    latency->len = (uint16_t)(end - first);
    return 0;
}

static bool same_clock(const struct latency *latency, double ns_per_tick)
{
    return latency->ns_per_tick == 0 ||
           fabs(latency->ns_per_tick - ns_per_tick) <= SAME_CLOCK * latency->ns_per_tick;
}

static unsigned other_bucket(const struct latency *latency, double ns_per_tick, unsigned bucket)
{
    if (same_clock(latency, ns_per_tick))
        return bucket;
    double ticks = (double)histogram_middle(bucket) * ns_per_tick / latency->ns_per_tick;
    return histogram_bucket(to_ns(ticks));
}

int latency_add(struct latency *latency, struct arena *arena, double ns_per_tick, unsigned bucket,
                uint64_t count)
{
    if (count == 0 || !(ns_per_tick > 0))
        return 0;
    if (bucket >= HISTOGRAM_BUCKETS)
        bucket = HISTOGRAM_BUCKETS - 1;
    bucket = other_bucket(latency, ns_per_tick, bucket);
    int error = span_cover(latency, arena, bucket, bucket);
    if (error)
        return error;
    if (latency->ns_per_tick == 0)
        latency->ns_per_tick = ns_per_tick;
    uint64_t *place = &latency->counts[bucket - latency->first];
    *place = add_saturating(*place, count);
    latency->total = add_saturating(latency->total, count);
    return 0;
}

int latency_merge(struct latency *latency, struct arena *arena, const struct latency *other)
{
    if (other->len == 0)
        return 0;
    /* one whose longest call is not known makes the sum's unknown too */
    bool known = other->max_ns && (latency->max_ns || latency->len == 0);
    uint64_t max_ns = other->max_ns > latency->max_ns ? other->max_ns : latency->max_ns;
    latency->max_ns = known ? max_ns : 0;
    unsigned low = other_bucket(latency, other->ns_per_tick, other->first);
    unsigned high = other_bucket(latency, other->ns_per_tick, other->first + other->len - 1u);
    int error = span_cover(latency, arena, low, high);
    for (unsigned i = 0; !error && i < other->len; i++)
        error = latency_add(latency, arena, other->ns_per_tick, other->first + i,
                            other->counts[i]);
    return error;
}

uint64_t latency_percentile_ns(const struct latency *latency, double share)
{
    if (latency->total == 0)
        return 0;
    double wanted = ceil(share * (double)latency->total);
    uint64_t rank = wanted < 1 ? 1 : wanted >= (double)latency->total ? latency->total
                                                                     : (uint64_t)wanted;
    uint64_t seen = 0;
    unsigned last = 0;
    for (unsigned i = 0; i < latency->len; i++) {
        if (latency->counts[i] == 0)
            continue;
        last = i;
        seen = add_saturating(seen, latency->counts[i]);
        if (seen >= rank)
            break;
    }
    uint64_t ns = to_ns((double)histogram_middle(latency->first + last) * latency->ns_per_tick);
    return latency->max_ns && ns > latency->max_ns ? latency->max_ns : ns;
}

uint64_t latency_between(const struct latency *latency, uint64_t low_ns, uint64_t high_ns)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < latency->len; i++) {
        uint64_t ns = to_ns((double)histogram_middle(latency->first + i) * latency->ns_per_tick);
        if (ns >= low_ns && ns < high_ns)
            sum = add_saturating(sum, latency->counts[i]);
    }
    return sum;
}
