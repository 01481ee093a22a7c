/* arena.h: libstrong's own private memory: whole pages from mmap, never freed, never malloc.
 *
 * arena_take: bump allocation, any thread, any context (a compare-and-swap; mmap when a chunk is used
 * up). After fork the child inherits contents, except arena_take_wiped memory, which the kernel hands
 * to the child as zeros (MADV_WIPEONFORK): for indexes into the segment, which starts anew there.
 * NULL when memory is refused; callers do without.
 */
#ifndef STRONG_RUNTIME_ARENA_H
#define STRONG_RUNTIME_ARENA_H

#include <stdbool.h>
#include <stddef.h>

void *arena_take(size_t bytes);
void *arena_take_wiped(size_t bytes); /* page granular; boot only */

#endif
