/* pool_cache.h: each thread's cache of free blocks, in front of spans and jemalloc.
 *
 *   struct pool_cache      one a thread at a time; passes with its contents to the next thread
 *     bins[class]          top ──▶ one past the newest pointer; low = its first slot; high: full at it
 *     slots[]              the pointers themselves, a fixed stretch for each class
 *
 *   bin:   low            top          high        slots end
 *           │ p p p p p p p │ . . . . . . │ . . . . . . │
 *
 * An allocation takes top[-1], a free stores at top: a load, a compare and two stores; jemalloc's own cache
 * looks a freed block's size up in a tree first. Free blocks themselves are not written to, so
 * a program that writes after free or beyond a block meets what it would have met with jemalloc alone.
 *
 * `high` starts low and doubles each time the bin overflows, up to the class's share (pool_cache_share), so a
 * thread that frees little keeps little. At most about 2 MiB a thread in all; every 64th slow call of a thread
 * gives back half of each bin that was not short since (pool_cache_tidy).
 *
 * A freed block that came from another thread's span is not kept in a bin if it may lie wholly in a cache line with that
 * thread's blocks (64 bytes and less): handed out again here, the two would write to one line for good. It waits in
 * away[class], from where batches go to the depot, or to the spans. The same for larger blocks, of which only
 * the ends share a line, costs more than it gives: larson 1.05 of jemalloc's time where it is 0.9, mstress 1.30 of its
 * memory where it is 1.15.
 *
 * The larger blocks, up to 32 KiB, are kept here too, instead of by jemalloc's own cache (tcache:false in
 * STRONG_MEMORY_CONF): that one takes memory in every thread, and when the last thread that used an arena ends
 * jemalloc gives all the arena's free pages back, so that a program of short threads pays for each page anew.
 *
 * pool_cache_current is never NULL: a thread without a cache has one of two empty ones, in which every bin is
 * both empty and full, so that the fast paths need no test for it.
 */
#ifndef STRONG_OPTIMIZE_POOL_CACHE_H
#define STRONG_OPTIMIZE_POOL_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "optimize/pool_classes.h"
#include "optimize/pool_range.h"

struct pool_bin {
    void **top, **low, **high;
    uint16_t share;   /* most pointers it may keep */
    uint16_t fill;    /* how many the next refill brings: doubles up to share / 2 */
    uint32_t refills; /* since the last tidying */
};

/* Blocks of other threads' spans, on their way back. */
struct pool_away {
    void **top, **low, **end;
};

enum { POOL_GROWN = 4 };

struct pool_cache {
    struct pool_bin bins[POOL_KEPT];
    const void *grown[POOL_GROWN]; /* latest results of growing reallocs: see pool_realloc.c */
    uint32_t slow_calls;
    uint32_t foreign; /* mask of pool_range.class_of: all owners but this cache, and the class */
    struct pool_away away[POOL_CLASSES];
    void *slots[];
};

extern __thread struct pool_cache *pool_cache_current __attribute__((tls_model("initial-exec")));

/* Boot: 0 or -errno. From then on threads get caches on their first slow call. */
int pool_cache_init(void);
/* Child of fork: the caches of threads that are not there any more serve the next ones. */
void pool_cache_fork_child(void);

/* An empty bin: gets blocks and returns one of them, or NULL (errno ENOMEM). */
__attribute__((noinline)) void *pool_cache_refill(unsigned class_number);
/* A full bin (or no cache): makes room and keeps ptr. */
__attribute__((noinline)) void pool_cache_overflow(void *ptr, unsigned class_number);
/* A block that pool_cache_give refused, of a class below POOL_KEPT: another thread is its owner, or it is large, or
 * there is no cache yet. */
__attribute__((noinline)) void pool_cache_give_other(void *ptr, unsigned entry);
/* Gives back all the calling thread keeps. */
void pool_cache_empty(void);
/* Bytes that lie free in caches, depot and spans: an estimate, other threads go on. */
size_t pool_cache_bytes(void);
/* More than one thread has a cache. */
bool pool_cache_shared(void);

static inline void *pool_cache_take(size_t class_number)
{
    struct pool_bin *bin = &pool_cache_current->bins[class_number];
    void **top = bin->top;
    if (__builtin_expect(top == bin->low, 0))
        return pool_cache_refill((unsigned)class_number);
    bin->top = top - 1;
    return top[-1];
}

static inline void pool_cache_keep(struct pool_cache *cache, void *ptr, size_t class_number)
{
    struct pool_bin *bin = &cache->bins[class_number];
    void **top = bin->top;
    if (__builtin_expect(top == bin->high, 0)) {
        pool_cache_overflow(ptr, (unsigned)class_number);
        return;
    }
    *top = ptr;
    /* A fork between the two stores must not show the child a pointer that is not there yet. */
    __atomic_store_n(&bin->top, top + 1, __ATOMIC_RELEASE); /* pairs with pool_cache_fork_child: same memory image */
}

/* ptr: held by pool_range. False: it is none of the calling thread's small blocks, and nothing was done. */
static inline bool pool_cache_give(void *ptr, unsigned entry)
{
    struct pool_cache *cache = pool_cache_current;
    size_t class_number = entry & cache->foreign; /* more than 255 where another thread is the owner */
    if (__builtin_expect(class_number - 1 >= POOL_CLASSES - 1, 0))
        return false;
    pool_cache_keep(cache, ptr, class_number);
    return true;
}

#endif
