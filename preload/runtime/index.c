/* index.c: see index.h.
 *
 * Three tables in one, each eight times the one before; a key goes to the first in which one of PROBES slots from its
 * place on is free. So a process with few rows touches a page or two, and not one for every row. Slots are
 * never emptied: a search that meets an empty slot has found that the key is in no table.
 */
#include "runtime/index.h"

#include <errno.h>

#include "runtime/arena.h"
#include "runtime/system.h"

enum { PROBES = 32, LEVELS = 3, LEVEL_SHIFT = 3 };

/* Where the search for a hash looks next; mask is that of the last and largest table, which comes first. */
static uint32_t place(const struct index *index, uint64_t hash, uint32_t step)
{
    uint32_t shift = LEVEL_SHIFT * (LEVELS - 1 - step / PROBES), offset = 0;
    for (uint32_t larger = 0; larger < shift; larger += LEVEL_SHIFT)
        offset += (index->mask + 1) >> larger;
    return offset + ((uint32_t)(hash + step % PROBES) & (index->mask >> shift));
}

int index_init(struct index *index, uint32_t slots)
{
    size_t all = 0;
    for (uint32_t level = 0; level < LEVELS; level++)
        all += slots >> LEVEL_SHIFT * level;
    index->slots = arena_take_wiped(all * sizeof(uint64_t));
    index->mask = slots - 1;
    return index->slots ? 0 : -ENOMEM;
}

static uint64_t slot_tag(uint64_t hash)
{
    return hash & 0xffffffff00000000ull;
}

uint32_t index_next(const struct index *index, uint64_t hash, uint32_t *cursor)
{
    if (!index->slots)
        return 0;
    while (*cursor < PROBES * LEVELS) {
        uint64_t slot = __atomic_load_n(&index->slots[place(index, hash, *cursor)],
                                        __ATOMIC_ACQUIRE); /* pairs with index_put */
        ++*cursor;
        if (slot == 0)
            return 0;
        if ((slot & 0xffffffff00000000ull) == slot_tag(hash))
            return (uint32_t)slot;
    }
    return 0;
}

bool index_put(struct index *index, uint64_t hash, uint32_t row)
{
    if (!index->slots)
        return false;
    for (uint32_t i = 0; i < PROBES * LEVELS; i++) {
        uint64_t *slot = &index->slots[place(index, hash, i)];
        uint64_t empty = 0;
        if (__atomic_load_n(slot, __ATOMIC_RELAXED) == 0 &&
            __atomic_compare_exchange_n(slot, &empty, slot_tag(hash) | row, false, __ATOMIC_RELEASE,
                                        __ATOMIC_RELAXED)) /* pairs with index_next */
            return true;
    }
    return false;
}

uint64_t index_mix(uint64_t value)
{
    value ^= value >> 33, value *= 0xff51afd7ed558ccdull; /* MurmurHash3 fmix64, Appleby */
    value ^= value >> 33, value *= 0xc4ceb9fe1a85ec53ull;
    return value ^ value >> 33;
}

uint64_t index_hash(uint64_t seed, const void *bytes, unsigned len)
{
    const unsigned char *at = bytes;
    /* The seed is mixed first: as it is, it could cancel against the first byte. */
    uint64_t hash = 0xcbf29ce484222325ull ^ index_mix(seed + 0x9E3779B97F4A7C15ull);
    for (unsigned i = 0; i < len; i++)
        hash = (hash ^ at[i]) * 0x100000001b3ull;
    hash = index_mix(hash);
    return hash ? hash : 1;
}
