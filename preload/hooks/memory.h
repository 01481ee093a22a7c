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

#include "runtime/allocator.h"
#include "runtime/clock.h"
#include "runtime/libc.h"
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

/* What is drawn for when a block is sampled: the bytes asked for, or from MEMORY_LARGE on the bytes that can be used.
 * Those can be asked for at any time, so that a realloc need draw only for what a large block grew by: at every
 * moment it is sampled with the probability of its present usable size. Requests up to
 * MEMORY_LARGE_REQUEST have less than MEMORY_LARGE usable bytes in allocators with eight classes a doubling or four. */
enum { MEMORY_LARGE = 4096, MEMORY_LARGE_REQUEST = 3584 };

struct memory_call {
    enum memory_way way;
    bool timed;
    bool large; /* drawn for in memory_end */
    uint64_t start_ticks, end_ticks;
};

/* Decides, and takes size off the countdown unless the request is a large one. */
enum memory_way memory_begin(struct memory_call *call, size_t size);
/* Counts, times, samples what came of it. ptr NULL: it failed (or size was 0). Returns the bytes it was drawn
 * for where it was sampled, else 0. */
size_t memory_end(struct memory_call *call, unsigned hook, const void *ptr, size_t size);
/* Takes bytes off the countdown; true: they are sampled, and a new gap has begun. Only with a block. */
bool memory_draw(size_t bytes);
/* Takes the sample: ptr was handed out for a request of size > 0 bytes and drawn for `drawn`. READY. */
void memory_sample(unsigned hook, const void *ptr, size_t size, size_t drawn);
/* 0: not known. */
static inline size_t memory_usable(void *ptr)
{
    size_t room = allocator_room(ptr);
    if (strong_likely(room))
        return room;
    return next.malloc_usable_size ? next.malloc_usable_size(ptr) : 0;
}
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

/* Takes an allocating call off both countdowns; false, and nothing taken: the slow way. */
static inline bool memory_passes(struct thread_hot *hot, size_t size)
{
    if (strong_unlikely(size > MEMORY_LARGE_REQUEST))
        return false;
    if (strong_unlikely(system_take(&hot->alloc_countdown_bytes, size))) {
        system_take(&hot->alloc_countdown_bytes, -size);
        return false;
    }
    int32_t *calls = &hot->memory_countdown_calls[MEMORY_ALLOCATES];
    if (strong_unlikely(system_count_down(calls))) {
        system_count_up(calls);
        system_take(&hot->alloc_countdown_bytes, -size);
        return false;
    }
    return true;
}

static inline void memory_count(struct thread_block *block, unsigned hook, size_t bytes)
{
    system_add(&block->counted[hook].calls, 1);
    system_add(&block->counted[hook].bytes, bytes);
}

/* After a call for a large block, of a thread with a block, where no timing was due: drawn for by what can be used of
 * it, which the allocator's map tells. */
static inline void memory_large_end(struct thread_hot *hot, unsigned hook, const void *ptr, size_t size)
{
    size_t room = allocator_room((void *)(uintptr_t)ptr);
    uint64_t left = (uint64_t)hot->alloc_countdown_bytes;
    hot->memory_countdown_calls[MEMORY_ALLOCATES]--;
    if (strong_unlikely(room < MEMORY_LARGE || room > left)) {
        struct memory_call call = {.way = MEMORY_COUNT, .large = true};
        memory_end(&call, hook, ptr, size);
        return;
    }
    hot->alloc_countdown_bytes = (int64_t)(left - room);
    memory_count(hot->block, hook, size);
}

#endif
