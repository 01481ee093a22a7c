/* pool_range.h: the one stretch of address space that the pool's memory comes from, and what lies where.
 *
 * free() has to know at once whether a pointer is one of the small blocks a thread's cache may take, and of
 * which class. All of jemalloc's memory is taken, upwards, from one reserved stretch, so `ptr - base < size`
 * tells whether it is ours (else it is libc's), and two bytes for each page tell the rest:
 *
 *   class_of[page]:  │ owner (high) │ class (low) │
 *
 * class 0: no block begins there that the pool knows; it is jemalloc's own. Owner: one bit of eight for the caches whose
 * threads take blocks from there (pool_cache.h); 0: any, as with all blocks above 64 bytes. A span holds blocks of one class only, and pool_span.c sets its pages
 * when it gets it and clears them when it returns it. Beside it lies what pool_span.c knows about each span.
 *
 * The stretch is reserved without access (it counts in VSZ, not in RSS, not against overcommit, and
 * mlockall leaves it alone) and made usable piece by piece. Where it cannot be had (RLIMIT_AS, RLIMIT_DATA) size is 0,
 * and the pool steps aside.
 */
#ifndef STRONG_OPTIMIZE_POOL_RANGE_H
#define STRONG_OPTIMIZE_POOL_RANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "optimize/pool_span.h"

enum { POOL_PAGE_SHIFT = 12 };

struct pool_range {
    uintptr_t base;
    size_t size;       /* 0: no stretch */
    uint16_t *class_of; /* by page number counted from address 0; allocator_map shows it to the hooks */
    struct pool_span *spans; /* by 64 KiB counted from base; usable as far as memory was handed out */
};
extern struct pool_range pool_range;

/* Boot, single-threaded. Leaves size 0 where pool_range_limited. */
void pool_range_init(void);
/* The process has a limit on address space or data: what is reserved or made usable would count against it. */
bool pool_range_limited(void);

static inline bool pool_range_holds(const void *ptr)
{
    return __builtin_expect((uintptr_t)ptr - pool_range.base < pool_range.size, 1);
}
/* ptr: held. Another thread may be changing the owner. */
static inline unsigned pool_range_entry(const void *ptr)
{
    return __atomic_load_n(&pool_range.class_of[(uintptr_t)ptr >> POOL_PAGE_SHIFT], __ATOMIC_RELAXED);
}
static inline size_t pool_range_class(const void *ptr)
{
    return (uint8_t)pool_range_entry(ptr);
}
static inline void pool_range_set(const void *ptr, unsigned class_number, unsigned owner)
{
    __atomic_store_n(&pool_range.class_of[(uintptr_t)ptr >> POOL_PAGE_SHIFT], (uint16_t)(owner << 8 | class_number),
                     __ATOMIC_RELAXED);
}
/* What is known of the span that starts at ptr (held). */
static inline struct pool_span *pool_range_span(const void *ptr)
{
    return &pool_range.spans[((uintptr_t)ptr - pool_range.base) >> POOL_SPAN_SHIFT];
}

/* jemalloc's mmap and munmap. */
void *pool_range_map(void *address, size_t bytes, int protection, int flags, int fd, long offset);
int pool_range_unmap(void *address, size_t bytes);

void pool_range_fork_child(void);

/* Gives back the part never used, and what was kept ready to describe it: the program has set a limit that
 * counts both. From then on the stretch ends there. Any thread. */
void pool_range_shrink(void);

#endif
