/* model_heap.h: the part of a model that is about the heap: what was allocated, lives, lived at the peak.
 *
 * Every figure but the timed calls is an estimate from sampled allocations, unbiased, with the standard error
 * sqrt(variance). Bytes are those the program asked for. Live figures are taken as 0 where a record
 * caught in the middle of a change, or a child that frees what its parent allocated, made them negative.
 * All is 0 and `measured` false where allocations were not sampled. Built by decode_heap and model_merge.
 */
#ifndef STRONG_READ_MODEL_HEAP_H
#define STRONG_READ_MODEL_HEAP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "abi/segment.h"

/* What the objects that were allocated under one stack are doing. Sums over their whole life (allocated,
 * freed, temporary, …) are in model.samples[], under the same stack. */
struct model_heap_row {
    uint32_t stack; /* index into stacks; 0: none was taken */
    uint64_t live_bytes, peak_bytes;
    double live_objects, peak_objects;
    double live_variance, peak_variance;
    double lifetimes[HEAP_LIFETIMES]; /* freed objects by age, see heap_lifetime_limit_ns */
    uint64_t largest_bytes;           /* the largest sampled request */
};

/* Sums over objects of one size class, or of one thread. */
struct model_heap_sum {
    uint64_t allocated_bytes, freed_bytes, temporary_bytes, remote_bytes;
    double allocated_objects, freed_objects, temporary_objects, remote_objects;
    double lifetimes[HEAP_LIFETIMES];
};

/* Of a thread, or of several that had the same place one after another. */
struct model_heap_owner {
    pid_t tid; /* of the present or last one */
    uint32_t process;
    const char *name;
    uint64_t owners; /* how many threads these are */
    struct model_heap_sum sum;
};

enum model_heap_timed { HEAP_TIMED_ALLOCATE, HEAP_TIMED_FREE, HEAP_TIMED_COUNT };

struct model_heap {
    bool measured;
    uint64_t live_bytes, peak_bytes; /* a merged model: sums; the peaks need not have been at the same time */
    uint64_t peak_at_ns;             /* since the start (of the earliest process); 0: not known */
    double live_variance, peak_variance;
    struct model_heap_row *rows; /* by peak bytes, most first */
    size_t row_count;
    struct model_heap_sum sizes[HEAP_SIZES];
    struct model_heap_owner *owners; /* by allocated bytes, most first */
    size_t owner_count;
    uint64_t timed_calls[HEAP_TIMED_COUNT], timed_ns[HEAP_TIMED_COUNT];
};

/* Upper end of a class of ages; UINT64_MAX for the last. */
static inline uint64_t heap_lifetime_limit_ns(unsigned index)
{
    uint64_t limit = 1000;
    for (unsigned i = 0; i < index; i++)
        limit *= 10;
    return index >= HEAP_LIFETIMES - 1 ? UINT64_MAX : limit;
}

#endif
