/* histogram.h: the latency histogram's bucket layout, shared by writer and reader.
 *
 * Log-linear: 40 octaves of 8 buckets. Octave 0 holds [0, 32) in steps of 4; octave o >= 1 holds
 * [2^(o+4), 2^(o+5)) in steps of 2^(o+1). A value is reported as the middle of its bucket, so the
 * relative error is at most (step/2)/low = 1/16 from 32 ticks up (below, at most 2 ticks).
 * The unit is the segment's clock tick: a conversion to ns is linear and keeps the relative error.
 * The top bucket takes everything above 2^44 ticks (an hour and a half at 3 GHz).
 *
 * Same maths as HdrHistogram with 3 significant bits (bucket = exponent, sub-bucket = mantissa).
 * Pure functions; any context.
 */
#ifndef STRONG_ABI_HISTOGRAM_H
#define STRONG_ABI_HISTOGRAM_H

#include <stdint.h>

enum {
    HISTOGRAM_OCTAVES = 40,
    HISTOGRAM_STEPS = 8,
    HISTOGRAM_BUCKETS = HISTOGRAM_OCTAVES * HISTOGRAM_STEPS,
};

/* Bucket of a value: octave * 8 + step. */
static inline unsigned histogram_bucket(uint64_t ticks)
{
    if (ticks < 32)
        return (unsigned)(ticks >> 2);
    unsigned top = 63u - (unsigned)__builtin_clzll(ticks); /* >= 5 */
    unsigned octave = top - 4;
    if (octave >= HISTOGRAM_OCTAVES)
        return HISTOGRAM_BUCKETS - 1;
    return octave * HISTOGRAM_STEPS + (unsigned)((ticks >> (top - 3)) & 7);
}

/* Lowest value of a bucket, and its width. */
static inline uint64_t histogram_low(unsigned bucket)
{
    unsigned octave = bucket / HISTOGRAM_STEPS, step = bucket % HISTOGRAM_STEPS;
    return octave == 0 ? (uint64_t)step * 4 : (uint64_t)(8 + step) << (octave + 1);
}

static inline uint64_t histogram_width(unsigned bucket)
{
    unsigned octave = bucket / HISTOGRAM_STEPS;
    return octave == 0 ? 4 : (uint64_t)1 << (octave + 1);
}

/* The value a bucket stands for: its middle. */
static inline uint64_t histogram_middle(unsigned bucket)
{
    return histogram_low(bucket) + histogram_width(bucket) / 2;
}

#endif
