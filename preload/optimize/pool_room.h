/* pool_room.h: room that growing buffers are given in advance, where it costs addresses and no memory.
 *
 *   │ what the program may use (class_of tells) │ room: never touched, so never in memory │
 *   └───────────────────────── one block of jemalloc's ──────────────────────────────────┘
 *
 * A buffer that has grown more than once, and now to above POOL_ROOM_FROM, is moved, once, to a block of POOL_ROOM_BYTES
 * (which of them: pool_realloc.c). From then on growing changes one byte of class_of, where moving through the sizes
 * would copy the buffer each time. glibc gets the same from being the last on its heap, or from mremap. A quarter more
 * than asked for becomes usable at a time: a step costs little here, and what is usable counts as the program's.
 *
 * POOL_ROOM_BYTES is the largest class of jemalloc's below its oversize_threshold: from there on it gives freed
 * memory back at once, and each buffer would pay for its pages anew. All room together is bounded by
 * POOL_ROOM_MOST, because the pool's stretch of addresses is, and because a kernel told not to overcommit charges
 * for it. Any thread; not in signal handlers.
 */
#ifndef STRONG_OPTIMIZE_POOL_ROOM_H
#define STRONG_OPTIMIZE_POOL_ROOM_H

#include <stdbool.h>
#include <stddef.h>

#define POOL_ROOM_FROM ((size_t)16 << 10)
#define POOL_ROOM_BYTES ((size_t)7 << 20)
#define POOL_ROOM_MOST ((size_t)256 << 20)

/* Makes at least `size` bytes of a large block usable. False: it has not enough room. had: its usable
 * size. */
bool pool_room_use(void *ptr, size_t had, size_t size);
/* A block with room whose usable size is at least `size`, or NULL (errno unchanged): not wanted, or not to be had. */
void *pool_room_new(size_t size);
/* ptr, a large block of the pool, is about to be given back or resized by jemalloc: what room it has is no more. */
void pool_room_gone(const void *ptr);
/* Bytes jemalloc has handed out as room. */
size_t pool_room_bytes(void);

#endif
