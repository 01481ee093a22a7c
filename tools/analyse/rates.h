/* rates.h: what one process did between two looks at it, or since its start.
 *
 * rates->model is `after` with every sum replaced by what was added since `before`: calls, errors, bytes,
 * time, histograms, samples, counters, CPU time of hooks, targets, rows, classes and threads. What is a state and
 * no sum stays as `after` has it: names, where threads stand, live bytes, resources. So whatever reads a
 * model reads an interval as well.
 *
 *   time         counts as far as it fell into the interval: a call in progress counts up to the look, and
 *                what it had counted at the look before is not counted again when it ends. So no thread is
 *                waiting for more than the interval.
 *   backwards    a figure below what it was (a record caught half-written) is 0, never a huge number
 *   threads      those alive at `after`; one that began in between has its whole life in the interval
 *   percentiles  of the calls that ended in the interval; max_ns is known only where it grew in it, else 0
 *   usage        between the last reading of both; MODEL_UNKNOWN where one of them has none
 *
 * The targets, rows, stacks and threads of both looks are matched by what they are, not by their place:
 * a record that was half-written at one look shifts those behind it. Orders promised by model.h are kept, those of
 * targets and stacks being `after`'s. Pure; both models must outlive the rates. Single-threaded.
 */
#ifndef STRONG_ANALYSE_RATES_H
#define STRONG_ANALYSE_RATES_H

#include <stdbool.h>
#include <stdint.h>

#include "read/model.h"

struct rates {
    struct arena arena;
    struct model model; /* borrows from `after` and from the arena: never model_free it */
    bool whole;         /* nothing was subtracted: since the start */
    uint64_t interval_ns;
};

/* before NULL, or another image or process than after: since the start. 0 or -ENOMEM. */
int rates_new(const struct model *before, const struct model *after, struct rates **ret_rates);
void rates_free(struct rates *rates);

/* Two looks at the same image of the same process? Not after exec, nor where the pid is used again. */
bool rates_same_image(const struct model *before, const struct model *after);

/* count a second; 0 for an empty interval. */
double rates_per_second(const struct rates *rates, double count);

/* Share of the interval, 1.0 for one thread all the time. */
double rates_share(const struct rates *rates, uint64_t ns);

/* CPU time over the interval, 1.0 for one CPU; below 0 where it was not measured. */
double rates_cpu(const struct rates *rates);

/* Calls of all hooks that are symbols. */
uint64_t rates_calls(const struct rates *rates);

#endif
