/* lookup.h: a hash table from 64-bit keys to array indices.
 *
 * For keys that are exact use lookup_place once. For keys that are hashes of something larger, compare
 * the thing found and ask again with key + 1 when it is another one. Single-threaded.
 */
#ifndef STRONG_READ_LOOKUP_H
#define STRONG_READ_LOOKUP_H

#include <stddef.h>
#include <stdint.h>

#define LOOKUP_NONE UINT32_MAX

struct lookup_slot {
    uint64_t key;
    uint32_t value; /* index + 1; 0: free */
};

struct lookup {
    struct lookup_slot *slots;
    size_t size, used;
};

/* The index stored under key, or LOOKUP_NONE. */
uint32_t lookup_find(const struct lookup *lookup, uint64_t key);
/* Stores index (< LOOKUP_NONE) under a key that is not in yet. 0 or -ENOMEM. */
int lookup_add(struct lookup *lookup, uint64_t key, uint32_t index);
void lookup_done(struct lookup *lookup);

/* FNV-1a, for building keys; start with LOOKUP_SEED. */
#define LOOKUP_SEED 0xcbf29ce484222325ull
uint64_t lookup_hash(uint64_t seed, const void *bytes, size_t len);

#endif
