/* pool_realloc.c: see pool_realloc.h.
 *
 * jemalloc takes a growing buffer through each of its four size classes per doubling, copying every time. Here:
 *   shrinking  stays in place while at least half of the block remains in use, and in one that has just grown (it
 *              has room to grow on); large blocks give back pages
 *   growing    a block that is the result of an earlier growth is likely to grow on: it gets half as much
 *              again (up to twice as much above 4 KiB, nothing above 64 MiB), so a chain of n growths copies O(log n)
 *              times; above 32 KiB it moves where it need not move again (pool_room.h), and above 16 KiB if it doubles: it
 *              will be there soon, and there are not so many such places. A block's first growth gets just what was
 *              asked for: most blocks grow once.
 * A block of libc's stays with libc's realloc.
 * Which blocks have grown is remembered for the thread's latest POOL_GROWN results only. What was added is
 * never touched here, so beyond a page it costs address space, not memory, unless the pages were in use before.
 */
#include "optimize/pool_realloc.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "optimize/embedded_jemalloc.h"
#include "optimize/memory_pool.h"
#include "optimize/pool_cache.h"
#include "optimize/pool_room.h"
#include "runtime/libc.h"
#include "runtime/system.h"

enum { CHAIN_SMALL = 4 << 10, CHAIN_DOUBLES = 32 << 10, CHAIN_LARGEST = 64 << 20 };

static unsigned grown_slot(const void *ptr)
{
    return (unsigned)((uintptr_t)ptr >> 4 ^ (uintptr_t)ptr >> 12) % POOL_GROWN;
}

static size_t with_room(size_t size)
{
    if (size > CHAIN_LARGEST)
        return size;
    if (size <= CHAIN_SMALL)
        return size + size / 2;
    /* At most twice as much: one byte later more than half of it is in use, and realloc has nothing to do
     * (allocator_map). */
    return pool_class_bytes[pool_large_class(size * 2 + 1) - 1];
}

static bool remembered(const void *ptr)
{
    return pool_cache_current->grown[grown_slot(ptr)] == ptr;
}

static void remember(const void *ptr)
{
    struct pool_cache *cache = pool_cache_current;
    if (cache->bins[1].share) /* not one of the empty ones, which all threads see */
        cache->grown[grown_slot(ptr)] = ptr;
}

static void *move(void *old, size_t had, size_t size, size_t room)
{
    void *ptr = pool_malloc(room);
    if (!ptr && room > size)
        ptr = pool_malloc(size);
    if (!ptr)
        return NULL;
    memcpy(ptr, old, had < size ? had : size);
    pool_free(old);
    return ptr;
}

/* Where there is no memory for the smaller block the larger one still does. */
static void *shrink(void *old, size_t had, size_t size)
{
    int saved_errno = errno;
    void *ptr = move(old, had, size, size);
    if (ptr)
        return ptr;
    errno = saved_errno;
    return old;
}

static void *resize_small(void *old, size_t had, size_t size)
{
    if (size <= had)
        return size > had / 2 || had <= 64 || remembered(old) ? old : shrink(old, had, size);
    void *ptr = move(old, had, size, remembered(old) ? with_room(size) : size);
    if (ptr)
        remember(ptr);
    return ptr;
}

static void *shrink_large(void *old, size_t had, size_t size)
{
    if (size > had / 2 || remembered(old))
        return old;
    if (size <= POOL_LARGEST)
        return shrink(old, had, size);
    pool_room_gone(old);
    size_t left = strong_je_xallocx(old, size, 0, 0);
    pool_range_set(old, pool_large_class(left), 0); /* where it could not be made smaller: what it is with its room */
    return left < had ? old : shrink(old, left, size);
}

/* A block without room: in place, or into another. */
static void *grow_without_room(void *old, size_t had, size_t size, size_t room)
{
    pool_room_gone(old);
    strong_je_xallocx(old, size, room - size, 0);
    /* 5.3.0 says "as it was" where it made a block larger, but not by all of `extra`. */
    size_t got = strong_je_sallocx(old, 0);
    pool_range_set(old, pool_large_class(got), 0);
    return got >= size ? old : move(old, had, size, room);
}

static void *grow_large(void *old, size_t had, size_t size)
{
    bool again = remembered(old);
    int saved_errno = errno;
    void *ptr = old;
    if (!pool_room_use(old, had, size)) {
        ptr = again && (size > CHAIN_DOUBLES || size / 2 >= had) ? pool_room_new(size) : NULL;
        if (ptr) {
            memcpy(ptr, old, had);
            pool_free(old);
        } else {
            ptr = grow_without_room(old, had, size, again ? with_room(size) : size);
        }
    }
    if (ptr) {
        errno = saved_errno;
        remember(ptr);
    }
    return ptr;
}

static void *resize_large(void *old, size_t had, size_t size)
{
    return size <= had ? shrink_large(old, had, size) : grow_large(old, had, size);
}

void *pool_realloc(void *old, size_t size)
{
    if (!old)
        return pool_malloc(size);
    if (!pool_range_holds(old))
        return real.realloc(old, size);
    if (size == 0) {
        pool_free(old);
        return NULL;
    }
    size_t had = pool_class_bytes[pool_range_class(old)];
    if (strong_unlikely(!had))
        had = strong_je_sallocx(old, 0);
    return had <= POOL_LARGEST ? resize_small(old, had, size) : resize_large(old, had, size);
}
