/* live.h: follows sampled allocations to their free.
 *
 * free() asks live_may_hold for every pointer: six instructions and one load from a counting filter, true for
 * sampled pointers, for those of the pre-boot arena, and rarely by chance. live_add / live_take keep
 * pointer → entry in a fixed lock-free table. Any thread, any context.
 *
 *   filter:  one byte for each 16 bytes of address space, modulo 1 MiB: neighbours in memory are neighbours
 *            in the filter, so it takes a sixteenth of the cache that the blocks take that are being freed
 */
#ifndef STRONG_RUNTIME_LIVE_H
#define STRONG_RUNTIME_LIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LIVE_FILTER_BYTES = 65536 };
extern uint8_t live_filter[LIVE_FILTER_BYTES];

static inline unsigned live_slot(const void *ptr)
{
    return (uint16_t)((uintptr_t)ptr >> 4);
}
_Static_assert(LIVE_FILTER_BYTES == 1 << 16, "live_slot");

static inline bool live_may_hold(const void *ptr)
{
#if defined(__SANITIZE_THREAD__)
    uint8_t count = __atomic_load_n(&live_filter[live_slot(ptr)], __ATOMIC_RELAXED);
#else /* gcc folds a plain load of a byte into the comparison, and an atomic one not */
    uint8_t count = live_filter[live_slot(ptr)];
#endif
    return __builtin_expect(count != 0, 0);
}

/* A sampled allocation. */
struct live_entry {
    uint64_t bytes;  /* asked for */
    uint64_t weight; /* bytes it stands for */
    uint64_t ticks;  /* when it was made */
    uint64_t owner;  /* thread_hot.owner of who made it */
    uint32_t calls;  /* how many allocating calls that thread had made then, modulo 2^32 */
    uint32_t stack;
};

int live_init(void);
/* A sampled allocation was handed out. False: there is no room for it (counted). */
bool live_add(const void *ptr, const struct live_entry *entry);
/* Takes a sampled pointer out, before the allocator gets it back. False: it was not sampled. */
bool live_take(const void *ptr, struct live_entry *ret);
/* The bytes of its entry; 0: it is not sampled. */
uint64_t live_bytes(const void *ptr);
/* Marks a pointer so that live_may_hold is true for it for ever (the pre-boot arena's). */
void live_mark(const void *ptr);

#endif
