/* noise.h: is the difference of two measured figures more than chance?
 *
 * Every figure comes with an interval of b - a at 99 % confidence. It is called less or more only where the
 * interval leaves 0 out and the difference exceeds NOISE_FLOOR of the larger figure; else it is within noise.
 * Of a hundred figures that did not change about one still lies outside its interval. The formulas:
 *
 *   mean of n calls   Welch's interval for unequal variances (Welch 1947, Biometrika 34), degrees of freedom by
 *                     Welch and Satterthwaite, Student's quantile by its expansion in 1/degrees (Abramowitz and
 *                     Stegun 26.7.5). The mean is exact; the variance is the histogram's, the width of its
 *                     buckets included (width²/12: uniform within a bucket).
 *   quantile          binomial interval of the order statistics' ranks, n q ± z sqrt(n q (1 - q)) (Conover 1999,
 *                     3.2), widened to the edges of the buckets that hold those ranks. Two quantiles differ where
 *                     their intervals are apart.
 *   count             both Poisson: the score interval with one common rate (Przyborowski and Wilenski 1940),
 *                     continuity-corrected.
 *   time in calls     per second, request or run: a compound Poisson sum, variance = sum of the squared durations.
 *
 *   runs              where a side has several, the variance of a ratio of sums between them (Cochran 1977, Sampling
 *                     Techniques, 6.3), with Student's quantile; a side with one run is taken to vary as much.
 *
 * All but the last take calls as independent of each other, and know nothing of what differs from run to run (other
 * load, other placement in memory); NOISE_FLOOR stands for that: times on a virtual machine vary by a tenth from
 * run to run (README.md). Pure functions.
 */
#ifndef STRONG_ANALYSE_NOISE_H
#define STRONG_ANALYSE_NOISE_H

#include <stdint.h>

#include "read/latency.h"

#define NOISE_CONFIDENCE 0.99
#define NOISE_FLOOR 0.10

enum { NOISE_CALLS_LEAST = 5 }; /* fewer on a side tell nothing about their spread */

enum noise_judgement {
    NOISE_WITHIN,
    NOISE_LESS,    /* b is less than a */
    NOISE_MORE,
    NOISE_UNKNOWN, /* too few calls, or not measured */
};

/* b - a lies in [low, high]. NAN: not known. */
struct noise_figure {
    double a, b;
    double low, high;
    enum noise_judgement judgement;
};

/* Calls of one side: how many, their time, and how it is spread. */
struct noise_calls {
    double count;
    double sum_ns;
    double variance;   /* of one call's duration; NAN: no histogram */
    double squares_ns2; /* sum of the squared durations */
};

struct noise_calls noise_spread(uint64_t count, uint64_t sum_ns, const struct latency *latency);

struct noise_figure noise_mean(const struct noise_calls *a, const struct noise_calls *b);
/* Time for each of a_units and b_units (seconds, requests, runs). */
struct noise_figure noise_time(const struct noise_calls *a, double a_units,
                               const struct noise_calls *b, double b_units);
struct noise_figure noise_rate(uint64_t a, double a_units, uint64_t b, double b_units);
struct noise_figure noise_quantile(const struct latency *a, const struct latency *b, double share);
/* Of figures whose standard errors are known otherwise (0: exact). */
struct noise_figure noise_between(double a, double a_error, double b, double b_error);
/* Of a figure that one side, or both, does not have. */
struct noise_figure noise_unknown(double a, double b);

/* Of one run: the time, or count, and the units it is for. */
struct noise_run {
    double sum, units;
};

/* Widens the interval to what the runs of each side differ by, where either side has two or more with units, and
 * judges again. */
void noise_widen(struct noise_figure *figure, const struct noise_run *a, unsigned a_count,
                 const struct noise_run *b, unsigned b_count);

/* (b - a) / a; NAN where that means nothing. */
double noise_change(const struct noise_figure *figure);

/* within_noise, less, more, unknown: as JSON spells it. */
const char *noise_judgement_name(enum noise_judgement judgement);

#endif
