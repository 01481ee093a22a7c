/* stacks.h: takes and interns call stacks.
 *
 * stacks_take walks the calling thread's stack (unwind.h) and returns the index of its record in the
 * segment's stack table, the same for the same frames: 0 when there is no room. Lock-free, no malloc, no
 * system call except committing segment memory; any thread, any context. Cost ≈ 1 µs for 30 frames.
 */
#ifndef STRONG_RUNTIME_STACKS_H
#define STRONG_RUNTIME_STACKS_H

#include <stdbool.h>

#include "abi/segment.h"

int stacks_init(void);
/* context: a ucontext to start from, or NULL for here. */
uint32_t stacks_take(const void *context);
/* Whether the calling thread's stack was walked to its end and no part of it is a signal handler. */
bool stacks_plain(void);
uint32_t stacks_intern(const uintptr_t *pcs, unsigned depth, enum stack_end end);

#endif
