/* memory_pool.h: the pool's own malloc family, as memory_pool.c installs it into `next`. The parts of the
 * pool call these; nobody else. Contracts are libc's. */
#ifndef STRONG_OPTIMIZE_MEMORY_POOL_H
#define STRONG_OPTIMIZE_MEMORY_POOL_H

#include <stddef.h>

void *pool_malloc(size_t size);
void pool_free(void *ptr);
size_t pool_usable_size(void *ptr);

#endif
