/* memory.c: malloc, calloc, realloc and free: counted, sampled, and passed on to next.*.
 *
 * The hottest code of the library. malloc's fast path takes the size off the thread's countdown, the call off
 * another, adds twice and jumps to next.malloc: 9 instructions. free's looks at the filter of sampled
 * pointers, takes one off its countdown, adds once and jumps: 12. All else is in slow paths (memory_call.c),
 * which the countdowns lead to: they are at most 0 wherever the thread has no block (COLD, CROWD, OFF), so a
 * new thread's first call is slow by itself. What a fast path took before it found out is put back first.
 *
 * A pointer leaves live.h's table before the allocator gets it back, because another thread may be
 * handed the same address a moment later. Any thread; no recursion: the runtime never allocates by
 * malloc, except in boot, where early_memory.h serves. errno is the allocator's. Blocks with an alignment:
 * memory_aligned.c; questions and settings: memory_state.c.
 */
#include "hooks/memory.h"

#include <string.h>

#include "hooks/early_memory.h"
#include "hooks/hook.h"
#include "runtime/boot.h"
#include "runtime/heap.h"
#include "runtime/live.h"

/* Takes an allocating call off both countdowns; false, and nothing taken: the slow way. */
static inline bool passes(struct thread_hot *hot, size_t size)
{
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

/* ---- slow paths ---- */

static __attribute__((noinline)) void *malloc_slow(size_t size)
{
    struct memory_call call;
    if (memory_begin(&call, size) == MEMORY_EARLY)
        return early_memory_take(size, 0);
    memory_start(&call);
    void *ptr = next.malloc(size);
    memory_stop(&call);
    memory_end(&call, HOOK_malloc, ptr, size);
    return ptr;
}

static __attribute__((noinline)) void *calloc_slow(size_t count, size_t size, size_t bytes)
{
    struct memory_call call;
    if (memory_begin(&call, bytes) == MEMORY_EARLY)
        return early_memory_take(bytes, 0);
    memory_start(&call);
    void *ptr = next.calloc(count, size);
    memory_stop(&call);
    memory_end(&call, HOOK_calloc, ptr, bytes);
    return ptr;
}

/* Takes a pointer that may be sampled out of the table. False: the allocator must not see it. */
static bool release(void *ptr)
{
    struct live_entry entry;
    if (early_memory_holds(ptr))
        return false;
    if (thread_hot.state != THREAD_OFF && live_take(ptr, &entry))
        heap_freed(&entry, true);
    return true;
}

static __attribute__((noinline)) void free_slow(void *ptr)
{
    struct thread_hot *hot = &thread_hot;
    if (hot->state == THREAD_COLD)
        thread_attach();
    if (live_may_hold(ptr) && !release(ptr))
        return;
    if (!boot_done)
        return; /* nothing but early memory has been handed out */
    struct thread_block *block = hot->state == THREAD_OFF ? NULL : hot->block;
    if (block)
        system_add(&block->counted[HOOK_free].calls, 1);
    else if (hot->state != THREAD_OFF)
        thread_crowd_add(HOOK_free, 0, 0, false);
    struct memory_call call = {.timed = block && memory_times(MEMORY_FREES)};
    memory_start(&call);
    next.free(ptr);
    memory_stop(&call);
    if (strong_unlikely(call.timed))
        heap_timed(block, MEMORY_FREES, call.end_ticks - call.start_ticks);
}

/* An early block moves to the allocator proper (or grows, still before boot). */
static void *realloc_early(enum memory_way way, void *old, size_t size)
{
    if (size == 0)
        return NULL;
    void *ptr = way == MEMORY_EARLY ? early_memory_take(size, 0) : next.malloc(size);
    size_t had = early_memory_holds(old) ? early_memory_size(old) : 0;
    if (ptr && had)
        memcpy(ptr, old, had < size ? had : size);
    return ptr;
}

/* The call itself, with what it means for a sampled block. */
static void *realloc_block(struct memory_call *call, void *old, size_t count, size_t size, size_t bytes)
{
    struct live_entry entry;
    bool taken = call->way != MEMORY_FORWARD && live_may_hold(old) && live_take(old, &entry);
    memory_start(call);
    void *ptr = count ? next.reallocarray(old, count, size) : next.realloc(old, size);
    memory_stop(call);
    if (!taken)
        return ptr;
    if (ptr || bytes == 0 || !live_add(old, &entry)) {
        int error = errno;
        heap_freed(&entry, false);
        errno = error;
    }
    return ptr;
}

/* count is 0 for realloc itself, else size is that of one element (reallocarray). */
static __attribute__((noinline)) void *realloc_slow(unsigned hook, void *old, size_t count, size_t size,
                                                    size_t bytes)
{
    struct memory_call call;
    memory_begin(&call, bytes);
    void *ptr;
    size_t had = 0;
    if (early_memory_holds(old) || call.way == MEMORY_EARLY) {
        call.timed = false;
        ptr = realloc_early(call.way, old, bytes);
    } else {
        if (call.way == MEMORY_SAMPLE && old && next.malloc_usable_size)
            had = next.malloc_usable_size(old);
        ptr = realloc_block(&call, old, count, size, bytes);
    }
    if (ptr && had && bytes > had)
        heap_grown(hook, had, bytes);
    memory_end(&call, hook, ptr, bytes);
    return ptr;
}

/* ---- the hooks ---- */

STRONG_EXPORT void *malloc(size_t size)
{
    struct thread_hot *hot = &thread_hot;
    if (strong_unlikely(!passes(hot, size)))
        return malloc_slow(size);
    memory_count(hot->block, HOOK_malloc, size);
    return next.malloc(size);
}

STRONG_EXPORT void *calloc(size_t number, size_t size)
{
    struct thread_hot *hot = &thread_hot;
    size_t bytes;
    if (strong_unlikely(__builtin_mul_overflow(number, size, &bytes)))
        bytes = SIZE_MAX; /* libc refuses it */
    if (strong_unlikely(!passes(hot, bytes)))
        return calloc_slow(number, size, bytes);
    memory_count(hot->block, HOOK_calloc, bytes);
    return next.calloc(number, size);
}

STRONG_EXPORT void free(void *ptr)
{
    struct thread_hot *hot = &thread_hot;
    int32_t *calls = &hot->memory_countdown_calls[MEMORY_FREES];
    if (live_may_hold(ptr)) {
        free_slow(ptr);
        return;
    }
    if (strong_unlikely(system_count_down(calls))) {
        system_count_up(calls);
        free_slow(ptr);
        return;
    }
    system_add(&hot->block->counted[HOOK_free].calls, 1);
    next.free(ptr);
}

/* free's name before C89, kept by libc for binaries that were linked to it. */
STRONG_EXPORT void cfree(void *ptr) __THROW __attribute__((alias("free")));

STRONG_EXPORT void *realloc(void *old, size_t size)
{
    struct thread_hot *hot = &thread_hot;
    if (live_may_hold(old) || strong_unlikely(!passes(hot, size)))
        return realloc_slow(HOOK_realloc, old, 0, size, size);
    memory_count(hot->block, HOOK_realloc, size);
    return next.realloc(old, size);
}

STRONG_EXPORT void *reallocarray(void *old, size_t number, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(number, size, &bytes))
        bytes = SIZE_MAX;
    /* 0 elements: the same call to libc, told apart from realloc by hand. */
    return number ? realloc_slow(HOOK_reallocarray, old, number, size, bytes)
                  : realloc_slow(HOOK_reallocarray, old, 0, 0, 0);
}
