/* arena.h: memory that is freed all at once.
 *
 * A model and a symbol cache are thousands of small pieces with one lifetime; an arena hands them
 * out of large chunks and frees the lot. Memory is zeroed. All functions return NULL when memory is
 * exhausted. Single-threaded.
 */
#ifndef STRONG_READ_ARENA_H
#define STRONG_READ_ARENA_H

#include <stddef.h>

struct arena_chunk;

struct arena {
    struct arena_chunk *chunks; /* newest first */
};

void arena_done(struct arena *arena);

/* Zeroed, aligned for any type. A size of 0 gives a valid pointer. */
void *arena_take(struct arena *arena, size_t bytes);

/* count * bytes with the product checked. */
void *arena_array(struct arena *arena, size_t count, size_t bytes);

/* A copy of len bytes with a NUL behind. */
char *arena_text(struct arena *arena, const char *text, size_t len);

#endif
