/* early_memory.h: memory for allocations made before libc's allocator has been found.
 *
 * Resolving symbols allocates (dlsym's error text), and some loaders allocate before any constructor
 * runs. 64 KiB of zeroed static memory serves them; it is never given back. Any thread, any context.
 */
#ifndef STRONG_HOOKS_EARLY_MEMORY_H
#define STRONG_HOOKS_EARLY_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* Zeroed memory, or NULL with errno ENOMEM. The pointer is marked in live.h's filter. alignment: a
 * power of two, at least 16 is given. */
void *early_memory_take(size_t bytes, size_t alignment);
bool early_memory_holds(const void *ptr);
/* Size of a block that early_memory_holds. */
size_t early_memory_size(const void *ptr);

#endif
