/* index.h: a lock-free hash index from a 64-bit hash to a row of a dense segment table.
 *
 * Slots hold (hash's upper half, row); a lookup compares the upper half and lets the caller compare the
 * row itself. Kept in memory that a forked child receives as zeros, because its segment starts empty.
 * Slots are only ever filled, never emptied. Two threads may append the same row at once: the one that comes first in
 * a search is found from then on; the other stays for readers to merge, or gives way (targets). Any thread, any
 * context.
 */
#ifndef STRONG_RUNTIME_INDEX_H
#define STRONG_RUNTIME_INDEX_H

#include <stdbool.h>
#include <stdint.h>

enum { INDEX_LEVELS = 3 };

struct index {
    uint64_t *slots; /* NULL: no memory, nothing is found: then append no rows either */
    struct {
        uint32_t first, mask; /* its place in slots, its size less one */
    } level[INDEX_LEVELS]; /* the smallest comes first */
};

int index_init(struct index *index, uint32_t slots); /* a power of two */

/* Iterates over the rows that may have this hash: starts with *cursor = 0; 0: no more. */
uint32_t index_next(const struct index *index, uint64_t hash, uint32_t *cursor);
/* Publishes a row; false when the neighbourhood is full (the row is then simply not found again). */
bool index_put(struct index *index, uint64_t hash, uint32_t row);

/* 64-bit hash of bytes, eight at a time; never 0. Not for the outside: it depends on the machine's byte order. */
uint64_t index_hash(uint64_t seed, const void *bytes, unsigned len);
uint64_t index_mix(uint64_t value);

#endif
