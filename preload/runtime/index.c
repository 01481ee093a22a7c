/* index.c: see index.h.
 *
 * Three tables in one, each eight times the one before; a key goes to the first in which one of PROBES slots from its
 * place on is free. So a process with few rows touches a page or two, and not one for every row. Slots are
 * never emptied: a search that meets an empty slot has found that the key is in no table.
 */
#include "runtime/index.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "runtime/arena.h"
#include "runtime/system.h"

enum { PROBES = 32, LEVEL_SHIFT = 3 };

/* Where the search for a hash looks next. */
static inline uint32_t place(const struct index *index, uint64_t hash, uint32_t step)
{
    uint32_t level = step / PROBES;
    return index->level[level].first + ((uint32_t)(hash + step % PROBES) & index->level[level].mask);
}

int index_init(struct index *index, uint32_t slots)
{
    uint32_t all = 0;
    for (int level = INDEX_LEVELS - 1; level >= 0; level--) { /* the largest lies first */
        index->level[level].first = all;
        index->level[level].mask = slots - 1;
        all += slots;
        slots >>= LEVEL_SHIFT;
    }
    index->slots = arena_take_wiped(all * sizeof(uint64_t));
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
    while (*cursor < PROBES * INDEX_LEVELS) {
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
    for (uint32_t i = 0; i < PROBES * INDEX_LEVELS; i++) {
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

/* A word at a time: both halves of its product with an odd constant (the golden ratio's), so that every bit of the
 * word reaches every part of the hash before the next word comes. The length goes in with the seed. */
static uint64_t mixed_in(uint64_t hash, uint64_t word)
{
    unsigned __int128 product = (unsigned __int128)(hash ^ word) * 0x9E3779B97F4A7C15ull;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

uint64_t index_hash(uint64_t seed, const void *bytes, unsigned len)
{
    const char *at = bytes, *end = at + len;
    uint64_t hash = index_mix(seed + (len + 1) * 0x9E3779B97F4A7C15ull), word; /* 0 stays 0 in the mix */
    for (; end - at >= (ptrdiff_t)sizeof word; at += sizeof word) {
        memcpy(&word, at, sizeof word);
        hash = mixed_in(hash, word);
    }
    if (at < end && len > sizeof word) { /* the last word again, from the end */
        memcpy(&word, end - sizeof word, sizeof word);
        hash = mixed_in(hash, word);
    } else if (at < end) {
        for (word = 0; at < end; at++)
            word = word << 8 | (unsigned char)*at;
        hash = mixed_in(hash, word);
    }
    hash = index_mix(hash);
    return hash ? hash : 1;
}
