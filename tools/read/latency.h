/* latency.h: a latency histogram in private memory, and its percentiles.
 *
 * A span of consecutive buckets of abi/histogram.h, [first, first + len), kept in clock ticks together
 * with the length of a tick; so adding is exact, and one conversion at the end gives ns. The counts
 * belong to an arena and are never freed one by one. Adding histograms of clocks that differ moves
 * each bucket's middle to the bucket it falls into. Single-threaded.
 *
 * Percentile definition: the value of the bucket that holds the call of rank ceil(share * total),
 * at least 1, in ascending order; a bucket's value is its middle (relative error <= 1/16 from 32
 * ticks up), or the longest call's duration where that is less. `total` may be less than the number of calls: some are counted without a bucket.
 */
#ifndef STRONG_READ_LATENCY_H
#define STRONG_READ_LATENCY_H

#include <stdint.h>

#include "abi/histogram.h"

struct arena;

struct latency {
    uint64_t *counts;
    double ns_per_tick; /* 0: nothing was added yet */
    uint64_t total;     /* calls in all buckets */
    uint64_t max_ns;    /* no call was longer; 0: not known */
    uint16_t first;
    uint16_t len;
};

/* Both return 0, or -ENOMEM with the histogram unchanged. Sums saturate. */
int latency_add(struct latency *latency, struct arena *arena, double ns_per_tick, unsigned bucket,
                uint64_t count);
int latency_merge(struct latency *latency, struct arena *arena, const struct latency *other);

/* The value, in ns, that `share` (0..1) of the calls do not exceed. 0 when the histogram is empty. */
uint64_t latency_percentile_ns(const struct latency *latency, double share);

/* Calls whose bucket's middle lies in [low_ns, high_ns). */
uint64_t latency_between(const struct latency *latency, uint64_t low_ns, uint64_t high_ns);

#endif
