/* live.c: see live.h.
 *
 * A slot of the table is claimed by a compare-and-swap of its pointer from EMPTY or GONE to CLAIMED, filled,
 * and published by storing the pointer (release); removal swaps the pointer for CLAIMED, so exactly one
 * free gets it, then stores GONE. Counting filter: 8-bit counters; one that has reached 255 stays there.
 * In a forked child the table starts empty (wiped) while the filter keeps the parent's counts: that costs
 * a look-up, never a wrong number.
 */
#include "runtime/live.h"

#include "runtime/arena.h"
#include "runtime/counters.h"
#include "runtime/sampler.h"

enum { LIVE_SLOTS = 32768, LIVE_PROBES = 32 };

struct live_slot {
    uintptr_t ptr; /* EMPTY, GONE, CLAIMED or a sampled pointer */
    double weight;
    uint64_t objects_q8;
    uint32_t stack;
    uint32_t reserved;
};
#define EMPTY ((uintptr_t)0)
#define GONE ((uintptr_t)1)
#define CLAIMED ((uintptr_t)2)

uint8_t live_filter[1 << LIVE_FILTER_BITS];
static struct live_slot *slots;

int live_init(void)
{
    slots = arena_take_wiped(LIVE_SLOTS * sizeof *slots);
    return 0;
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

void live_add(const void *ptr, uint32_t stack, double weight, uint64_t objects_q8)
{
    for (unsigned i = 0, first = first_slot(ptr); slots && i < LIVE_PROBES; i++) {
        struct live_slot *slot = &slots[(first + i) % LIVE_SLOTS];
        uintptr_t old = __atomic_load_n(&slot->ptr, __ATOMIC_RELAXED);
        if (old > GONE || !__atomic_compare_exchange_n(&slot->ptr, &old, CLAIMED, false, __ATOMIC_ACQUIRE,
                                                       __ATOMIC_RELAXED)) /* pairs with live_take */
            continue;
        slot->weight = weight;
        slot->objects_q8 = objects_q8;
        slot->stack = stack;
        __atomic_store_n(&slot->ptr, (uintptr_t)ptr, __ATOMIC_RELEASE); /* pairs with live_take */
        filter_add(ptr);
        return;
    }
    counters_add(COUNTER_live_table_full, 1);
}

bool live_take(const void *ptr, struct live_entry *ret)
{
    for (unsigned i = 0, first = first_slot(ptr); slots && i < LIVE_PROBES; i++) {
        struct live_slot *slot = &slots[(first + i) % LIVE_SLOTS];
        uintptr_t found = __atomic_load_n(&slot->ptr, __ATOMIC_ACQUIRE); /* pairs with live_add */
        if (found == EMPTY)
            return false;
        if (found != (uintptr_t)ptr ||
            !__atomic_compare_exchange_n(&slot->ptr, &found, CLAIMED, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
            continue;
        *ret = (struct live_entry){slot->stack, slot->weight, slot->objects_q8};
        __atomic_store_n(&slot->ptr, GONE, __ATOMIC_RELEASE); /* pairs with live_add */
        filter_remove(ptr);
        return true;
    }
    return false;
}

void live_freed(const struct live_entry *entry)
{
    sampler_add(SAMPLE_FREED, 0, 0, entry->stack, entry->weight, entry->objects_q8);
}

void live_remove(const void *ptr)
{
    struct live_entry entry;
    if (live_take(ptr, &entry))
        live_freed(&entry);
}
