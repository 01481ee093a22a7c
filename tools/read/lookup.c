/* lookup.c: open addressing, linear probing, at most half full. */
#include "read/lookup.h"

#include <errno.h>
#include <stdlib.h>

static size_t slot_of(const struct lookup *lookup, uint64_t key)
{
    key = (key ^ key >> 32) * 0x9E3779B97F4A7C15ull;
    return (size_t)(key ^ key >> 29) & (lookup->size - 1);
}

static struct lookup_slot *probe(const struct lookup *lookup, uint64_t key)
{
    size_t at = slot_of(lookup, key);
    while (lookup->slots[at].value && lookup->slots[at].key != key)
        at = (at + 1) & (lookup->size - 1);
    return &lookup->slots[at];
}

uint32_t lookup_find(const struct lookup *lookup, uint64_t key)
{
    return lookup->size ? probe(lookup, key)->value - 1 : LOOKUP_NONE; /* 0 - 1 is LOOKUP_NONE */
}

static int grow(struct lookup *lookup)
{
    struct lookup larger = {.size = lookup->size ? lookup->size * 2 : 256, .used = lookup->used};
    larger.slots = calloc(larger.size, sizeof(*larger.slots));
    if (!larger.slots)
        return -ENOMEM;
    for (size_t i = 0; i < lookup->size; i++)
        if (lookup->slots[i].value)
            *probe(&larger, lookup->slots[i].key) = lookup->slots[i];
    free(lookup->slots);
    *lookup = larger;
    return 0;
}

int lookup_add(struct lookup *lookup, uint64_t key, uint32_t index)
{
    if (lookup->used >= lookup->size / 2) {
        int error = grow(lookup);
        if (error)
            return error;
    }
    *probe(lookup, key) = (struct lookup_slot){.key = key, .value = index + 1};
    lookup->used++;
    return 0;
}

void lookup_done(struct lookup *lookup)
{
    free(lookup->slots);
    lookup->slots = NULL;
    lookup->size = lookup->used = 0;
}

uint64_t lookup_hash(uint64_t seed, const void *bytes, size_t len)
{
    const unsigned char *at = bytes;
    for (size_t i = 0; i < len; i++)
        seed = (seed ^ at[i]) * 0x100000001b3ull;
    return seed;
}
