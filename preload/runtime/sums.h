/* sums.h: the segment's table of sample sums. Any thread, any context; lock-free. */
#ifndef STRONG_RUNTIME_SUMS_H
#define STRONG_RUNTIME_SUMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

int sums_init(void);
/* Adds one sample to the row of `key` (sample_key); variance: an unbiased estimate of its weight's. False
 * when there was no room. */
bool sums_add(uint64_t key, double weight, double variance, uint64_t objects_q8);
/* Adds to a number that other threads add to as well. */
void sums_add_double(double *place, double amount);

#endif
