/* pool_room.c: see pool_room.h. Owns the sum of all room; a block's own follows from what jemalloc says of its size
 * less what class_of says. A block has one owner at a time, so the two agree whenever they are looked at. */
#include "optimize/pool_room.h"

#include <errno.h>

#include "optimize/embedded_jemalloc.h"
#include "optimize/pool_classes.h"
#include "optimize/pool_range.h"

static size_t all_room;

static size_t usable(const void *ptr) { return pool_class_bytes[pool_range_class(ptr)]; }

/* The class that a block is given of its whole size when `size` bytes of it are needed. */
static unsigned class_for(size_t size, size_t whole)
{
    size_t wanted = size + size / 4;
    return pool_large_class(wanted < whole ? wanted : whole);
}

static bool wanted(size_t size)
{
    return size > POOL_ROOM_FROM && size <= POOL_ROOM_BYTES / 2 && pool_room_bytes() < POOL_ROOM_MOST;
}

bool pool_room_use(void *ptr, size_t had, size_t size)
{
    if (had <= POOL_ROOM_FROM || size > POOL_ROOM_BYTES || pool_room_bytes() == 0)
        return false;
    size_t whole = strong_je_sallocx(ptr, 0);
    if (whole < size)
        return false;
    unsigned class_number = class_for(size, whole);
    pool_range_set(ptr, class_number, 0);
    __atomic_sub_fetch(&all_room, pool_class_bytes[class_number] - had, __ATOMIC_RELAXED);
    return true;
}

void *pool_room_new(size_t size)
{
    int saved_errno = errno;
    void *ptr = wanted(size) ? strong_je_malloc(POOL_ROOM_BYTES) : NULL;
    errno = saved_errno;
    if (ptr) {
        unsigned class_number = class_for(size, POOL_ROOM_BYTES);
        pool_range_set(ptr, class_number, 0);
        __atomic_add_fetch(&all_room, POOL_ROOM_BYTES - pool_class_bytes[class_number], __ATOMIC_RELAXED);
    }
    return ptr;
}

void pool_room_gone(const void *ptr)
{
    if (pool_room_bytes() == 0 || usable(ptr) <= POOL_ROOM_FROM || usable(ptr) >= POOL_ROOM_BYTES)
        return;
    __atomic_sub_fetch(&all_room, strong_je_sallocx(ptr, 0) - usable(ptr), __ATOMIC_RELAXED);
}

size_t pool_room_bytes(void)
{
    return __atomic_load_n(&all_room, __ATOMIC_RELAXED);
}
