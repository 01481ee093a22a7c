/* heap.h: the heap profile: what sampled allocations and their frees add to the segment's tables.
 *
 *   heap_allocated ─▶ stack, SAMPLE_ALLOCATED, live.h's table ─┐
 *                                                             ├─▶ rows live (by stack), sizes, owners; the peak
 *   heap_freed     ─▶ SAMPLE_FREED, TEMPORARY, REMOTE ─────────┘
 *
 * Everything is weighted when it is sampled, and the free takes off exactly what the allocation put on. Any
 * thread, any context, no lock; what finds no room is counted. Format: abi/segment.h, HEAP.
 */
#ifndef STRONG_RUNTIME_HEAP_H
#define STRONG_RUNTIME_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/live.h"

struct thread_block;

int heap_init(void);

/* The calling thread's call of `hook` was handed size > 0 bytes at ptr, and is sampled: drawn for `drawn` bytes
 * (size, or what can be used of the block). READY or BUSY. */
void heap_allocated(unsigned hook, const void *ptr, uint64_t size, uint64_t drawn);
/* A sampled block, out of live.h's table, lives on at ptr with size bytes and is now sampled with the probability
 * of `drawn`. What it gained counts as allocated under its own stack, what it lost as freed. Changes of less than
 * 1/64 wait for the next. */
void heap_resized(const void *ptr, struct live_entry *entry, uint64_t size, uint64_t drawn);
/* What live_take took is freed. by_free: by a call of free, else a realloc let go of it. */
void heap_freed(const struct live_entry *entry, bool by_free);
/* A buffer that grows by a few bytes at a time would spend more on its rows than on itself. */
static inline bool heap_negligible(uint64_t from, uint64_t to)
{
    uint64_t difference = from < to ? to - from : from - to;
    return difference < from / 64;
}
/* A realloc that was drawn for `drawn` bytes, and hit, made a block of had_bytes larger. */
void heap_grown(unsigned hook, uint64_t had_bytes, uint64_t drawn);

/* ---- timing ---- */

/* What two readings of the clock cost by themselves; taken off every timed call. */
extern uint64_t heap_clock_cost_ticks;
/* Adds a timed call to block.timed_*: kind 0 one that allocates, 1 free. The calling thread's own block. */
void heap_timed(struct thread_block *block, unsigned kind, uint64_t ticks);

#endif
