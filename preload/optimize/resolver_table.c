/* resolver_table.c: see resolver_table.h.
 *
 * Words are read and written one by one as atomics: the entry is data that somebody else may be writing. Acquire on each
 * word read keeps the second look at the lock behind it; release on each word written keeps it behind the claim.
 * On x86-64 both are plain moves.
 */
#include "optimize/resolver_table.h"

#include <stddef.h>
#include <string.h>

enum { WORDS = RESOLVER_ENTRY_MOST / 8 };
#define WORD(field) (offsetof(struct resolver_entry, field) / 8)

typedef uint64_t __attribute__((may_alias)) entry_word;

enum { TAG_SEEN = 2 }; /* of an empty slot: asked about once */

static uint32_t set_of(const struct resolver_table *table, uint64_t hash)
{
    uint64_t sets = table->count / RESOLVER_WAYS;
    return (uint32_t)((hash >> 32) * sets >> 32) * RESOLVER_WAYS;
}

static uint32_t tag_of(uint64_t hash)
{
    return (uint32_t)hash | 1;
}

/* A tag is a hint: it may be missing or belong to what was there before. */
static bool may_hold(const struct resolver_table *table, uint32_t slot, uint64_t hash)
{
    return !table->tags || __atomic_load_n(&table->tags[slot], __ATOMIC_RELAXED) == tag_of(hash);
}

bool resolver_table_warm(const struct resolver_table *table, uint64_t hash)
{
    uint32_t *tags = table->tags + set_of(table, hash);
    for (unsigned i = 0; i < RESOLVER_WAYS; i++)
        if (__atomic_load_n(&tags[i], __ATOMIC_RELAXED))
            return true;
    __atomic_store_n(&tags[0], TAG_SEEN, __ATOMIC_RELAXED);
    return false;
}

static uint64_t word(const struct resolver_slot *slot, size_t number)
{
    return __atomic_load_n(&slot->words[number], __ATOMIC_RELAXED);
}

/* As far as it is known yet, it may be anything. */
static size_t used_words(const struct resolver_entry *entry)
{
    return entry->used_bytes / 8 < WORDS ? entry->used_bytes / 8 : WORDS;
}

/* false: somebody is writing, or has meanwhile. */
static bool copy_out(const struct resolver_slot *slot, struct resolver_entry *ret_entry)
{
    entry_word *to = (void *)ret_entry;
    uint64_t lock = __atomic_load_n(&slot->lock, __ATOMIC_ACQUIRE); /* pairs with the publishing exchange */
    if (lock & 1)
        return false;
    size_t words = WORD(bytes);
    for (size_t i = 0; i < words; i++)
        to[i] = __atomic_load_n(&slot->words[i], __ATOMIC_ACQUIRE); /* pairs with the release in write_words */
    words = used_words(ret_entry);
    for (size_t i = WORD(bytes); i < words; i++)
        to[i] = __atomic_load_n(&slot->words[i], __ATOMIC_ACQUIRE); /* the same */
    return __atomic_load_n(&slot->lock, __ATOMIC_RELAXED) == lock;
}

bool resolver_table_find(const struct resolver_table *table, const struct resolver_key *key,
                         const struct resolver_terms *terms, struct resolver_entry *ret_entry)
{
    uint32_t first = set_of(table, key->hash);
    for (uint32_t i = first; i < first + RESOLVER_WAYS; i++) {
        const struct resolver_slot *slot = &table->slots[i];
        if (may_hold(table, i, key->hash) && word(slot, WORD(hash)) == key->hash &&
            word(slot, WORD(expires_ns)) > terms->now_ns && copy_out(slot, ret_entry) &&
            resolver_entry_valid(ret_entry, key, terms))
            return true;
    }
    return false;
}

/* ---- store ---- */

static struct resolver_slot *choose(struct resolver_slot *set, const struct resolver_entry *entry, uint64_t now_ns)
{
    struct resolver_slot *oldest = set;
    uint64_t oldest_ns = UINT64_MAX;
    for (unsigned i = 0; i < RESOLVER_WAYS; i++) {
        if (word(&set[i], WORD(hash)) == entry->hash)
            return &set[i];
        uint64_t stored_ns = word(&set[i], WORD(expires_ns)) > now_ns ? word(&set[i], WORD(stored_ns)) : 0;
        if (stored_ns > now_ns) /* nobody stores in the future: it would never be the oldest */
            stored_ns = 0;
        if (stored_ns < oldest_ns) {
            oldest_ns = stored_ns;
            oldest = &set[i];
        }
    }
    return oldest;
}

/* The lock as this writer holds it, 0: another one does. */
static uint64_t claim(struct resolver_slot *slot, uint64_t now_ns)
{
    uint64_t lock = __atomic_load_n(&slot->lock, __ATOMIC_RELAXED);
    uint32_t now_ms = (uint32_t)(now_ns / 1000000), number = (uint32_t)lock;
    if (number & 1 && now_ms - (uint32_t)(lock >> 32) < RESOLVER_STUCK_MS)
        return 0;
    number += number & 1 ? 2 : 1;
    uint64_t held = (uint64_t)now_ms << 32 | number;
    return __atomic_compare_exchange_n(&slot->lock, &lock, held, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED) ? held : 0;
}

static void write_words(struct resolver_slot *slot, const struct resolver_entry *entry)
{
    const entry_word *from = (const void *)entry;
    for (size_t i = 0, words = entry->used_bytes / 8; i < words; i++)
        __atomic_store_n(&slot->words[i], from[i], __ATOMIC_RELEASE); /* pairs with the acquire in copy_out */
}

bool resolver_table_store(const struct resolver_table *table, const struct resolver_entry *entry, uint64_t now_ns)
{
    uint32_t first = set_of(table, entry->hash);
    __atomic_fetch_add(&table->slots[first].lock, 0, __ATOMIC_RELAXED); /* written first, a fresh page costs one fault */
    struct resolver_slot *slot = choose(&table->slots[first], entry, now_ns);
    uint64_t held = claim(slot, now_ns);
    if (!held)
        return false;
    write_words(slot, entry);
    /* Not a store: who slept for too long does not own it any more. Pairs with the first load of copy_out. */
    if (!__atomic_compare_exchange_n(&slot->lock, &held, (uint32_t)held + 1u, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
        return false;
    if (table->tags)
        __atomic_store_n(&table->tags[slot - table->slots], tag_of(entry->hash), __ATOMIC_RELAXED);
    return true;
}
