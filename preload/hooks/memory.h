/* memory.h: what the hooks of the malloc family share: the slow way of a call.
 *
 *   struct memory_call call;
 *   if (memory_begin(&call, size) == MEMORY_EARLY) …early_memory…
 *   memory_start(&call);
 *   ptr = next.memalign(…);
 *   memory_end(&call, HOOK_memalign, ptr, size);
 *
 * Any thread, any context. errno is the allocator's.
 */
#ifndef STRONG_HOOKS_MEMORY_H
#define STRONG_HOOKS_MEMORY_H

#include "runtime/clock.h"
#include "runtime/thread.h"

/* What a slow call has to do besides calling next.*. */
enum memory_way {
    MEMORY_EARLY,   /* libc's allocator is not known yet */
    MEMORY_FORWARD, /* write nothing */
    MEMORY_CROWD,   /* no block: count in the crowd rows */
    MEMORY_COUNT,
    MEMORY_SAMPLE,
};

enum memory_kind { MEMORY_ALLOCATES, MEMORY_FREES }; /* index of thread_hot.memory_countdown_calls */

struct memory_call {
    enum memory_way way;
    bool timed;
    uint64_t start_ticks, end_ticks;
};

/* Decides, and takes size off the countdown. */
enum memory_way memory_begin(struct memory_call *call, size_t size);
/* Counts, times, samples what came of it. ptr NULL: it failed (or size was 0). */
void memory_end(struct memory_call *call, unsigned hook, const void *ptr, size_t size);
/* Whether this call is one of those to be timed. Only with a block. */
bool memory_times(enum memory_kind kind);

/* Right before and right after the call of next.*. */
static inline void memory_start(struct memory_call *call)
{
    if (strong_unlikely(call->timed))
        call->start_ticks = clock_ticks();
}
static inline void memory_stop(struct memory_call *call)
{
    if (strong_unlikely(call->timed))
        call->end_ticks = clock_ticks();
}

static inline void memory_count(struct thread_block *block, unsigned hook, size_t bytes)
{
    system_add(&block->counted[hook].calls, 1);
    system_add(&block->counted[hook].bytes, bytes);
}

#endif
