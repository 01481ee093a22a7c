/* live.c: see live.h.
 *
 * A slot of the table is claimed by a compare-and-swap of its pointer from EMPTY or GONE to CLAIMED, filled,
 * and published by storing the pointer (release); removal swaps the pointer for CLAIMED, so exactly one
 * free gets it, then stores GONE. Counting filter: 8-bit counters; one that has reached 255 stays there.
 * In a forked child the table starts empty (wiped) while the filter keeps the parent's counts: that costs
 * a look-up, never a wrong number.
 */
#include "runtime/live.h"

#include <errno.h>

#include "runtime/arena.h"
#include "runtime/counters.h"

enum { LIVE_SLOTS = 32768, LIVE_PROBES = 32 };

/* Pointers apart from the rest: a look-up that finds nothing reads four lines at most. */
struct live_table {
    uintptr_t ptr[LIVE_SLOTS]; /* EMPTY, GONE, CLAIMED or a sampled pointer */
    struct live_entry entry[LIVE_SLOTS];
};
#define EMPTY ((uintptr_t)0)
#define GONE ((uintptr_t)1)
#define CLAIMED ((uintptr_t)2)

uint8_t live_filter[LIVE_FILTER_BYTES];
static struct live_table *table;

int live_init(void)
{
    table = arena_take_wiped(sizeof *table);
    return table ? 0 : -ENOMEM;
}

static unsigned first_slot(const void *ptr)
{
    return (unsigned)(((uintptr_t)ptr >> 4) * 0xD6E8FEB86659FD93ull >> 49);
}
_Static_assert(LIVE_SLOTS == 1 << 15, "first_slot");

static void filter_add(const void *ptr)
{
    uint8_t *count = &live_filter[live_slot(ptr)], old = __atomic_load_n(count, __ATOMIC_RELAXED);
    while (old != UINT8_MAX && !__atomic_compare_exchange_n(count, &old, (uint8_t)(old + 1), true,
                                                            __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        ;
}

static void filter_remove(const void *ptr)
{
    uint8_t *count = &live_filter[live_slot(ptr)], old = __atomic_load_n(count, __ATOMIC_RELAXED);
    while (old != UINT8_MAX && old != 0 &&
           !__atomic_compare_exchange_n(count, &old, (uint8_t)(old - 1), true, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        ;
}

void live_mark(const void *ptr)
{
    __atomic_store_n(&live_filter[live_slot(ptr)], UINT8_MAX, __ATOMIC_RELAXED);
}

bool live_add(const void *ptr, const struct live_entry *entry)
{
    for (unsigned i = 0, first = first_slot(ptr); table && i < LIVE_PROBES; i++) {
        unsigned at = (first + i) % LIVE_SLOTS;
        uintptr_t *place = &table->ptr[at], old = __atomic_load_n(place, __ATOMIC_RELAXED);
        if (old > GONE || !__atomic_compare_exchange_n(place, &old, CLAIMED, false, __ATOMIC_ACQUIRE,
                                                       __ATOMIC_RELAXED)) /* pairs with live_take */
            continue;
        table->entry[at] = *entry;
        filter_add(ptr);
        __atomic_store_n(place, (uintptr_t)ptr, __ATOMIC_RELEASE); /* pairs with live_take */
        return true;
    }
    counters_add(COUNTER_live_table_full, 1);
    return false;
}

bool live_take(const void *ptr, struct live_entry *ret)
{
    for (unsigned i = 0, first = first_slot(ptr); table && i < LIVE_PROBES; i++) {
        unsigned at = (first + i) % LIVE_SLOTS;
        uintptr_t *place = &table->ptr[at];
        uintptr_t found = __atomic_load_n(place, __ATOMIC_ACQUIRE); /* pairs with live_add */
        if (found == EMPTY)
            return false;
        if (found != (uintptr_t)ptr ||
            !__atomic_compare_exchange_n(place, &found, CLAIMED, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
            continue;
        *ret = table->entry[at];
        __atomic_store_n(place, GONE, __ATOMIC_RELEASE); /* pairs with live_add */
        filter_remove(ptr);
        return true;
    }
    return false;
}
