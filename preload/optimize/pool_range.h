/* pool_range.h: the one stretch of address space that the pool's memory comes from, and what lies where.
 *
 * free() has to know at once whether a pointer is one of the small blocks a thread's cache may take, and of
 * which class. All of jemalloc's memory is taken, upwards, from one reserved stretch, so `ptr - base < size`
 * tells whether it is ours, and one byte for each page tells the class (0: not a small block, ask
 * jemalloc). A page of a slab holds blocks of one size only, so a page has one class; whoever gets
 * a block from jemalloc sets the byte (pool_range_set), and it stays right as long as the block lives.
 *
 * The stretch is reserved without access (it counts in VSZ, not in RSS, not against overcommit, and
 * mlockall leaves it alone) and made usable piece by piece. Where it cannot be had (RLIMIT_AS) size is 0: every
 * pointer is then jemalloc's, as without a cache.
 */
#ifndef STRONG_OPTIMIZE_POOL_RANGE_H
#define STRONG_OPTIMIZE_POOL_RANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { POOL_PAGE_SHIFT = 12 };

struct pool_range {
    uintptr_t base;
    size_t size;        /* 0: no stretch */
    uint8_t *class_of;  /* by page number counted from address 0 */
};
extern struct pool_range pool_range;

/* Boot, single-threaded. */
void pool_range_init(void);

static inline bool pool_range_holds(const void *ptr)
{
    return __builtin_expect((uintptr_t)ptr - pool_range.base < pool_range.size, 1);
}
/* ptr: held. */
static inline size_t pool_range_class(const void *ptr)
{
    return pool_range.class_of[(uintptr_t)ptr >> POOL_PAGE_SHIFT];
}
/* Marks the page a block begins in. Written only when it changes: the map is read by all threads. */
static inline void pool_range_set(const void *ptr, unsigned class_number)
{
    uint8_t *place = &pool_range.class_of[(uintptr_t)ptr >> POOL_PAGE_SHIFT];
    if (__atomic_load_n(place, __ATOMIC_RELAXED) != class_number)
        __atomic_store_n(place, (uint8_t)class_number, __ATOMIC_RELAXED);
}

/* jemalloc's mmap and munmap. */
void *pool_range_map(void *address, size_t bytes, int protection, int flags, int fd, long offset);
int pool_range_unmap(void *address, size_t bytes);

/* Gives back the part never used: the program has lowered its RLIMIT_AS, which counts it. */
void pool_range_shrink(void);

#endif
