/* vector.c: doubling growth. */
#include "read/vector.h"

#include <stdlib.h>
#include <string.h>

#include "read/arena.h"

void *vector_push(struct vector *vector)
{
    if (vector->count == vector->capacity) {
        size_t capacity = vector->capacity ? vector->capacity * 2 : 64;
        void *items = reallocarray(vector->items, capacity, vector->bytes);
        if (!items)
            return NULL;
        vector->items = items;
        vector->capacity = capacity;
    }
    char *item = (char *)vector->items + vector->count++ * vector->bytes;
    return memset(item, 0, vector->bytes);
}

void *vector_seal(struct vector *vector, struct arena *arena)
{
    void *sealed = arena_array(arena, vector->count, vector->bytes);
    if (sealed && vector->count)
        memcpy(sealed, vector->items, vector->count * vector->bytes);
    vector_done(vector);
    return sealed;
}

void vector_done(struct vector *vector)
{
    free(vector->items);
    vector->items = NULL;
    vector->count = vector->capacity = 0;
}
