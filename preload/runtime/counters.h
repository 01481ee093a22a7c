/* counters.h: libstrong's counters about itself (abi/counters.def), in the segment.
 *
 * Process-wide, so added to atomically; for rare paths only. Any thread, any context. Before the
 * segment exists they go to a page of private memory that is copied into it.
 */
#ifndef STRONG_RUNTIME_COUNTERS_H
#define STRONG_RUNTIME_COUNTERS_H

#include "abi/segment.h"

extern uint64_t *counters; /* COUNTER_COUNT of them, never NULL */

static inline void counters_add(enum counter_id id, uint64_t amount)
{
    __atomic_fetch_add(&counters[id], amount, __ATOMIC_RELAXED);
}
static inline void counters_set(enum counter_id id, uint64_t value)
{
    __atomic_store_n(&counters[id], value, __ATOMIC_RELAXED);
}

#endif
