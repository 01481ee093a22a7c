/* live.c: see live.h.
 *
 *   slots[hash of ptr + 0, 1, …]  16 bits each ──▶ entries[1 …]  taken from the front, given back to a list
 *
 * So what is touched grows with the number of sampled blocks alive, and not with the table.
 * An entry is filled before its number is stored in a slot (release); exactly one free gets it, by
 * swapping the number for GONE. Both may be reused at once; who finds that the entry is another's by then
 * puts the number back. Counting filter: 8-bit counters; one that has reached 255 stays there.
 * In a forked child the table starts empty (wiped) while the filter keeps the parent's counts: that costs
 * a look-up, never a wrong number.
 */
#include "runtime/live.h"

#include <errno.h>

#include "runtime/arena.h"
#include "runtime/counters.h"

enum { LIVE_SLOTS = 65536, LIVE_ENTRIES = 32768, LIVE_PROBES = 32, EMPTY = 0, GONE = UINT16_MAX };

struct live_place {
    uintptr_t ptr;
    uint32_t next; /* on the list of free ones: the next one's number. Read by who may be too late */
    struct live_entry entry;
};

struct live_table {
    uint64_t free;  /* first free entry that was in use, 0: none; upper half: changes, against A-B-A */
    uint32_t taken; /* entries ever in use */
    uint16_t slots[LIVE_SLOTS];
    struct live_place places[LIVE_ENTRIES]; /* 0 is not used */
};

uint8_t live_filter[LIVE_FILTER_BYTES];
static struct live_table *table;

int live_init(void)
{
    table = arena_take_wiped(sizeof *table);
    return table ? 0 : -ENOMEM;
}

static unsigned first_slot(const void *ptr)
{
    return (unsigned)(((uintptr_t)ptr >> 4) * 0xD6E8FEB86659FD93ull >> 48);
}
_Static_assert(LIVE_SLOTS == 1 << 16, "first_slot");

/* ---- the filter ---- */

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

/* ---- entries ---- */

static uint32_t take_place(void)
{
    uint64_t head = __atomic_load_n(&table->free, __ATOMIC_ACQUIRE); /* pairs with give_place */
    while ((uint32_t)head) {
        uint32_t number = (uint32_t)head;
        uint64_t next = __atomic_load_n(&table->places[number].next, __ATOMIC_RELAXED);
        next |= ((head >> 32) + 1) << 32;
        if (__atomic_compare_exchange_n(&table->free, &head, next, false, __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE))
            return number;
    }
    uint32_t taken = __atomic_load_n(&table->taken, __ATOMIC_RELAXED);
    do {
        if (taken + 1 >= LIVE_ENTRIES)
            return 0;
    } while (!__atomic_compare_exchange_n(&table->taken, &taken, taken + 1, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
    return taken + 1;
}

static void give_place(uint32_t number)
{
    struct live_place *place = &table->places[number];
    uint64_t head = __atomic_load_n(&table->free, __ATOMIC_RELAXED), mine;
    __atomic_store_n(&place->ptr, 0, __ATOMIC_RELAXED);
    do {
        __atomic_store_n(&place->next, (uint32_t)head, __ATOMIC_RELAXED);
        mine = number | ((head >> 32) + 1) << 32;
    } while (!__atomic_compare_exchange_n(&table->free, &head, mine, true, __ATOMIC_RELEASE, /* pairs with take_place */
                                          __ATOMIC_RELAXED));
}

bool live_add(const void *ptr, const struct live_entry *entry)
{
    uint32_t number = table ? take_place() : 0;
    if (number) {
        struct live_place *place = &table->places[number];
        place->entry = *entry;
        __atomic_store_n(&place->ptr, (uintptr_t)ptr, __ATOMIC_RELAXED);
        for (unsigned i = 0, first = first_slot(ptr); i < LIVE_PROBES; i++) {
            uint16_t *slot = &table->slots[(first + i) % LIVE_SLOTS], old = __atomic_load_n(slot, __ATOMIC_RELAXED);
            if (old != EMPTY && old != GONE)
                continue;
            filter_add(ptr);
            if (__atomic_compare_exchange_n(slot, &old, (uint16_t)number, false, __ATOMIC_RELEASE,
                                            __ATOMIC_RELAXED)) /* pairs with live_take */
                return true;
            filter_remove(ptr);
        }
        give_place(number);
    }
    counters_add(COUNTER_live_table_full, 1);
    return false;
}

bool live_take(const void *ptr, struct live_entry *ret)
{
    for (unsigned i = 0, first = first_slot(ptr); table && i < LIVE_PROBES; i++) {
        uint16_t *slot = &table->slots[(first + i) % LIVE_SLOTS];
        uint16_t number = __atomic_load_n(slot, __ATOMIC_ACQUIRE); /* pairs with live_add */
        if (number == EMPTY)
            return false;
        struct live_place *place = &table->places[number % LIVE_ENTRIES];
        if (number == GONE || __atomic_load_n(&place->ptr, __ATOMIC_RELAXED) != (uintptr_t)ptr ||
            !__atomic_compare_exchange_n(slot, &number, GONE, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
            continue;
        if (__atomic_load_n(&place->ptr, __ATOMIC_RELAXED) != (uintptr_t)ptr) { /* a double free lost the race */
            __atomic_store_n(slot, number, __ATOMIC_RELEASE);
            continue;
        }
        *ret = place->entry;
        give_place(number);
        filter_remove(ptr);
        return true;
    }
    return false;
}

uint64_t live_bytes(const void *ptr)
{
    for (unsigned i = 0, first = first_slot(ptr); table && i < LIVE_PROBES; i++) {
        uint16_t number = __atomic_load_n(&table->slots[(first + i) % LIVE_SLOTS], __ATOMIC_ACQUIRE); /* live_add */
        if (number == EMPTY)
            return 0;
        const struct live_place *place = &table->places[number % LIVE_ENTRIES];
        if (number != GONE && __atomic_load_n(&place->ptr, __ATOMIC_RELAXED) == (uintptr_t)ptr)
            return place->entry.bytes;
    }
    return 0;
}
