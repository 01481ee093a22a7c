/* sampler.h: one Poisson sampler for every cost.
 *
 * A per-thread countdown per cost loses each event's size; when it falls below zero the event is
 * sampled and the next gap is drawn from the exponential distribution with the period as its mean.
 * An event of size x is then sampled with probability 1 - exp(-x/period), independently of the past,
 * so the unbiased weight of a sample is x / (1 - exp(-x/period)) (the estimator of tcmalloc's and
 * jemalloc's heap profilers; Horvitz–Thompson). Weights are fixed here, at capture: reports only add.
 *
 * Any thread, any context: no libm, no lock, no system call.
 */
#ifndef STRONG_RUNTIME_SAMPLER_H
#define STRONG_RUNTIME_SAMPLER_H

#include "abi/segment.h"
#include "runtime/thread.h"

/* Next gap of the calling thread, >= 1. period > 0. */
int64_t sampler_gap(uint64_t period);
/* Calls until the next event record: uniform with the mean 1 / STRONG_SAMPLE_RATE. Event records carry no
 * weight, so a gap ten times cheaper than the exponential one will do. */
int64_t sampler_event_gap(void);
/* Samples of waits grow rarer in a thread that has taken many: after so many of a kind the period doubles, and again with
 * each doubling of their number, up to eightfold. The error of a share falls with the root of the number of
 * samples, their cost grows with the number: a thread that waits in short calls all day would pay 1 to 2 % for
 * digits nobody reads. The doublings of the period, for a thread with so many samples: */
enum { SAMPLER_DENSE = 1024, SAMPLER_DOUBLINGS = 3 };
static inline unsigned sampler_doublings(uint32_t samples)
{
    unsigned doublings = 0;
    while (doublings < SAMPLER_DOUBLINGS && samples >= (uint32_t)SAMPLER_DENSE << doublings)
        doublings++;
    return doublings;
}
/* Unbiased weight of a sampled event; period 0 means everything is taken. */
double sampler_weight(uint64_t size, uint64_t period);
/* Unbiased estimate of the variance that a sample of that weight brings into a sum: w²(1-p) = w(w-size)
 * (Horvitz–Thompson for independent draws). An event that was bound to be sampled brings none. */
static inline double sampler_variance(double weight, double size) { return weight * (weight - size); }
/* One call in this many, at random, of malloc and its family and of free is timed. */
enum { SAMPLER_TIMED_CALLS = 1024 };
/* Pieces, for tests: 1 - exp(-x) and -ln(u) with u in (0, 1]. */
double sampler_one_minus_exp(double x);
double sampler_minus_log(double u);

/* Adds a sample of time to the segment's sums, with the stack of the caller (or stack index 0); its
 * square stands for its variance. Returns the stack's index. context: the ucontext of the interrupted code in a signal handler, else NULL. */
uint32_t sampler_record(enum sample_cost cost, unsigned hook, uint32_t target, double weight,
                        uint64_t objects_q8, const void *context);
/* The same with a stack known already. */
void sampler_add(enum sample_cost cost, unsigned hook, uint32_t target, uint32_t stack,
                 double weight, double variance, uint64_t objects_q8);

#endif
