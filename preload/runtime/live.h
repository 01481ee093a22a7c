/* live.h: follows sampled allocations to their free.
 *
 * free() asks live_may_hold for every pointer: one load from an 16 KiB counting filter (≈1 ns), true for
 * sampled pointers, for those of the pre-boot arena, and rarely by chance. live_add / live_remove keep
 * pointer → (stack, weight) in a fixed lock-free table. Any thread, any context.
 */
#ifndef STRONG_RUNTIME_LIVE_H
#define STRONG_RUNTIME_LIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LIVE_FILTER_BITS = 14 };
extern uint8_t live_filter[1 << LIVE_FILTER_BITS];

static inline unsigned live_slot(const void *ptr)
{
    return (unsigned)(((uintptr_t)ptr >> 4) * 0x9E3779B97F4A7C15ull >> (64 - LIVE_FILTER_BITS));
}
static inline bool live_may_hold(const void *ptr)
{
    return __builtin_expect(__atomic_load_n(&live_filter[live_slot(ptr)], __ATOMIC_RELAXED) != 0, 0);
}

int live_init(void);
/* A sampled allocation was handed out. */
void live_add(const void *ptr, uint32_t stack, double weight, uint64_t objects_q8);
/* Takes a sampled pointer out without saying it was freed: for realloc, which must do so before the
 * real call and may have to put it back. False: it was not sampled. */
struct live_entry {
    uint32_t stack;
    double weight;
    uint64_t objects_q8;
};
bool live_take(const void *ptr, struct live_entry *ret);
/* Adds the SAMPLE_FREED weight of what was taken. */
void live_freed(const struct live_entry *entry);
/* The pointer is about to be freed: both of the above. */
void live_remove(const void *ptr);
/* Marks a pointer so that live_may_hold is true for it for ever (the pre-boot arena's). */
void live_mark(const void *ptr);

#endif
