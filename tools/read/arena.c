/* arena.c: chunks of 64 KiB in a list; a request larger than a quarter of that gets one of its own. */
#include "read/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_BYTES = 64 * 1024, ALIGNMENT = 16 };

struct arena_chunk {
    struct arena_chunk *next;
    size_t used, size;
    _Alignas(ALIGNMENT) unsigned char bytes[];
};

void arena_done(struct arena *arena)
{
    for (struct arena_chunk *chunk = arena->chunks; chunk;) {
        struct arena_chunk *next = chunk->next;
        free(chunk);
        chunk = next;
    }
    arena->chunks = NULL;
}

static struct arena_chunk *chunk_new(size_t size)
{
    struct arena_chunk *chunk = calloc(1, sizeof(*chunk) + size);
    if (chunk)
        chunk->size = size;
    return chunk;
}

void *arena_take(struct arena *arena, size_t bytes)
{
    if (bytes > SIZE_MAX / 2)
        return NULL;
    bytes = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    struct arena_chunk *first = arena->chunks;
    if (first && first->size - first->used >= bytes) {
        void *place = first->bytes + first->used;
        first->used += bytes;
        return place;
    }
    int large = bytes > CHUNK_BYTES / 4;
    struct arena_chunk *chunk = chunk_new(large ? bytes : CHUNK_BYTES);
    if (!chunk)
        return NULL;
    chunk->used = bytes;
    if (large && first) { /* behind the first, which still has room for small pieces */
        chunk->next = first->next;
        first->next = chunk;
    } else {
        chunk->next = first;
        arena->chunks = chunk;
    }
    return chunk->bytes;
}

void *arena_array(struct arena *arena, size_t count, size_t bytes)
{
    size_t total;
    if (__builtin_mul_overflow(count, bytes, &total))
        return NULL;
    return arena_take(arena, total);
}

char *arena_text(struct arena *arena, const char *text, size_t len)
{
    char *copy = arena_take(arena, len + 1);
    if (copy)
        memcpy(copy, text, len);
    return copy;
}
