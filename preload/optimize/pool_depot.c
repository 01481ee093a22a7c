/* pool_depot.c: see pool_depot.h. A stack of pointers for each class.
 *
 * Put copies the pointers, then raises count; take copies them out, then lowers it. So at any instant the
 * state is consistent: a child forked in between finds a batch that was being put missing (its blocks are
 * lost to the child), and one that was being taken still there (the taker does not exist in the child).
 */
#include "optimize/pool_depot.h"

#include <stdbool.h>
#include <string.h>

enum { DEPOT_MOST = 512, DEPOT_LEAST = 16, DEPOT_BYTES = 128 << 10 };

static struct depot {
    uint32_t busy;
    uint32_t count;
    void *slots[DEPOT_MOST];
} __attribute__((aligned(64))) depots[POOL_CLASSES];

static unsigned room_of(unsigned class_number)
{
    unsigned room = DEPOT_BYTES / pool_class_bytes[class_number];
    return room > DEPOT_MOST ? DEPOT_MOST : room < DEPOT_LEAST ? DEPOT_LEAST : room;
}

static bool enter(struct depot *depot)
{
    return __atomic_load_n(&depot->busy, __ATOMIC_RELAXED) == 0 &&
           __atomic_exchange_n(&depot->busy, 1, __ATOMIC_ACQUIRE) == 0; /* pairs with leave */
}

static void leave(struct depot *depot)
{
    __atomic_store_n(&depot->busy, 0, __ATOMIC_RELEASE); /* pairs with enter */
}

unsigned pool_depot_put(unsigned class_number, void *const *ptrs, unsigned count)
{
    struct depot *depot = &depots[class_number];
    if (!enter(depot))
        return 0;
    unsigned have = depot->count, room = room_of(class_number) - have;
    if (count > room)
        count = room;
    memcpy(depot->slots + have, ptrs, count * sizeof *ptrs);
    __atomic_store_n(&depot->count, have + count, __ATOMIC_RELEASE); /* for a forked child: see above */
    leave(depot);
    return count;
}

unsigned pool_depot_take(unsigned class_number, void **ret_ptrs, unsigned count)
{
    struct depot *depot = &depots[class_number];
    if (__atomic_load_n(&depot->count, __ATOMIC_RELAXED) == 0 || !enter(depot))
        return 0;
    unsigned have = depot->count;
    if (count > have)
        count = have;
    memcpy(ret_ptrs, depot->slots + have - count, count * sizeof *ret_ptrs);
    __atomic_store_n(&depot->count, have - count, __ATOMIC_RELEASE);
    leave(depot);
    return count;
}

size_t pool_depot_bytes(void)
{
    size_t bytes = 0;
    for (unsigned i = 1; i < POOL_CLASSES; i++)
        bytes += (size_t)__atomic_load_n(&depots[i].count, __ATOMIC_RELAXED) * pool_class_bytes[i];
    return bytes;
}

void pool_depot_fork_child(void)
{
    for (unsigned i = 0; i < POOL_CLASSES; i++)
        depots[i].busy = 0;
}
