/* resolver_table.h: slots for entries that threads and processes read and write without ever waiting.
 *
 *   slot   lock: 64 bits  ┌ claimed at, ms (32) ┬ number (32): odd while somebody writes ┐
 *          entry: 1,016 bytes
 *
 * A key belongs to one set of RESOLVER_WAYS slots. Reading copies the entry out and looks whether the lock still
 * is what it was; then the entry itself is checked. Writing takes the lock from even to odd by a compare-and-swap;
 * a slot that somebody else is writing is left alone. A writer can die: a lock that has been odd for
 * RESOLVER_STUCK_MS is taken over. Should the former owner only have slept, two write at once, and the
 * checksum tells (resolver_entry.h): a torn entry is no entry. Any thread, any process that maps it.
 *
 * A process's own table has tags besides, 32 bits of the hash for each slot, so that a question it does not know costs no
 * page of slots: reading and then writing a fresh page takes 3 µs (measured), most of a lookup.
 */
#ifndef STRONG_OPTIMIZE_RESOLVER_TABLE_H
#define STRONG_OPTIMIZE_RESOLVER_TABLE_H

#include "optimize/resolver_entry.h"

enum { RESOLVER_WAYS = 4, RESOLVER_STUCK_MS = 500 };

struct resolver_slot {
    uint64_t lock;
    uint64_t words[RESOLVER_ENTRY_MOST / 8];
};
_Static_assert(sizeof(struct resolver_slot) == RESOLVER_SLOT_BYTES, "the format of the shared file");

struct resolver_table {
    struct resolver_slot *slots;
    uint32_t count; /* a multiple of RESOLVER_WAYS */
    uint32_t *tags; /* one a slot: 0 for an empty one; NULL: none */
};

static inline uint32_t resolver_table_count(uint64_t wanted)
{
    return (uint32_t)((wanted + RESOLVER_WAYS - 1) / RESOLVER_WAYS * RESOLVER_WAYS);
}

/* Copies the entry that answers the key under the terms. */
bool resolver_table_find(const struct resolver_table *table, const struct resolver_key *key,
                         const struct resolver_terms *terms, struct resolver_entry *ret_entry);
/* Puts a sealed entry into its set: over an older one of the same key, else over one that is over, else over the one
 * that was stored first. false: somebody was writing there. */
bool resolver_table_store(const struct resolver_table *table, const struct resolver_entry *entry, uint64_t now_ns);
/* Whether storing costs no fresh page; says so, too, from the second time on that it is asked about a set. With tags. */
bool resolver_table_warm(const struct resolver_table *table, uint64_t hash);

#endif
