/* vector.h: an array that grows, until it is sealed into an arena. Single-threaded. */
#ifndef STRONG_READ_VECTOR_H
#define STRONG_READ_VECTOR_H

#include <stddef.h>

struct arena;

struct vector {
    void *items;
    size_t count, capacity;
    size_t bytes; /* of one item; set before the first use */
};

/* A zeroed new item, or NULL when memory is exhausted. Earlier items may move. */
void *vector_push(struct vector *vector);
/* Copies the items into the arena (NULL when memory is exhausted) and empties the vector. */
void *vector_seal(struct vector *vector, struct arena *arena);
void vector_done(struct vector *vector);

#endif
