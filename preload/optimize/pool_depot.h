/* pool_depot.h: blocks on their way from threads that free to threads that allocate.
 *
 * Where one thread allocates and another frees, jemalloc takes each block back to the slab it came from and
 * the allocating thread gets new ones. Here a full cache puts half a bin into the depot, and an empty one
 * looks there first: one lock for a batch, and blocks that are still warm. Bounded: at most 128 KiB a
 * class. The lock is only ever tried: who finds it taken goes to jemalloc, so nobody waits, and a child
 * forked meanwhile can start it anew.
 */
#ifndef STRONG_OPTIMIZE_POOL_DEPOT_H
#define STRONG_OPTIMIZE_POOL_DEPOT_H

#include <stddef.h>

#include "optimize/pool_classes.h"

/* Each returns how many it moved: 0..count. */
unsigned pool_depot_put(unsigned class_number, void *const *ptrs, unsigned count);
unsigned pool_depot_take(unsigned class_number, void **ret_ptrs, unsigned count);

size_t pool_depot_bytes(void);
void pool_depot_fork_child(void);

#endif
