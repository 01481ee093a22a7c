/* sampler.c: see sampler.h. Owns nothing but each thread's random state; the sums live in the segment.
 *
 * -ln(u): u = m · 2^e with m in [√½, √2); ln m by the series of artanh((m-1)/(m+1)), whose argument stays
 * below 0.18: seven terms leave an error under 1e-11. 1 - e^-x: e^-x = (e^-(x/2^k))^(2^k) with a Taylor
 * polynomial for the small argument (and directly for x < 2^-4, where 1 - e^-x would cancel).
 */
#include "runtime/sampler.h"

#include "runtime/clock.h"
#include "runtime/config.h"
#include "runtime/counters.h"
#include "runtime/sums.h"
#include "runtime/stacks.h"

static uint64_t next_random(void)
{
    uint64_t x = thread_hot.random;
    if (x == 0)
        x = (clock_ticks() ^ (uintptr_t)&thread_hot) * 0x9E3779B97F4A7C15ull | 1;
    x ^= x << 13, x ^= x >> 7, x ^= x << 17; /* xorshift64, Marsaglia 2003 */
    return thread_hot.random = x;
}

double sampler_minus_log(double u)
{
    union {
        double value;
        uint64_t bits;
    } split = {u};
    int exponent = (int)(split.bits >> 52) - 1023;
    split.bits = (split.bits & 0xfffffffffffffull) | 1023ull << 52;
    if (split.value > 1.41421356237309505) { /* so that the series' argument stays small */
        split.value /= 2;
        exponent++;
    }
    double t = (split.value - 1) / (split.value + 1), square = t * t;
    double series = 1.0 / 13;
    for (int odd = 11; odd >= 1; odd -= 2)
        series = series * square + 1.0 / odd;
    return -(2 * t * series + exponent * 0.69314718055994530942);
}

double sampler_one_minus_exp(double x)
{
    if (x > 40)
        return 1;
    unsigned halvings = 0;
    while (x > 0.0625)
        x /= 2, halvings++;
    double small = x * (1 - x / 2 * (1 - x / 3 * (1 - x / 4 * (1 - x / 5 * (1 - x / 6)))));
    while (halvings--)
        small = small * (2 - small); /* 1-e^-2y from 1-e^-y */
    return small;
}

int64_t sampler_gap(uint64_t period)
{
    double u = (double)((next_random() >> 11) + 1) * 0x1p-53;
    double gap = sampler_minus_log(u) * (double)period;
    if (gap > 0x1p62)
        return INT64_MAX / 2;
    return gap < 1 ? 1 : (int64_t)gap;
}

int64_t sampler_event_gap(void)
{
    static uint64_t reach; /* 2 · mean - 1; the same whoever computes it */
    uint64_t most = __atomic_load_n(&reach, __ATOMIC_RELAXED);
    if (strong_unlikely(most == 0)) {
        most = config.sample_rate > 0x1p-30 ? (uint64_t)(2 / config.sample_rate - 0.5) : UINT64_MAX;
        __atomic_store_n(&reach, most, __ATOMIC_RELAXED);
    }
    if (most == UINT64_MAX)
        return INT64_MAX;
    return 1 + (int64_t)(((next_random() >> 32) * most) >> 32);
}

double sampler_weight(uint64_t size, uint64_t period)
{
    if (size == 0 || period == 0)
        return (double)size;
    double x = (double)size / (double)period;
    return (double)size / sampler_one_minus_exp(x);
}

void sampler_add(enum sample_cost cost, unsigned hook, uint32_t target, uint32_t stack, double weight,
                 double variance, uint64_t objects_q8)
{
    counters_add(COUNTER_samples_taken, 1);
    if (!sums_add(sample_key(cost, hook, target, stack), weight, variance, objects_q8))
        counters_add(COUNTER_samples_dropped, 1);
}

uint32_t sampler_record(enum sample_cost cost, unsigned hook, uint32_t target, double weight, uint64_t objects_q8,
                        const void *context)
{
    uint64_t start = clock_ticks();
    uint32_t stack = stacks_take(context);
    sampler_add(cost, hook, target, stack, weight, weight * weight, objects_q8);
    counters_add(COUNTER_self_ticks, clock_ticks() - start);
    return stack;
}
