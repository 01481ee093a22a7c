/* memory.c: malloc, calloc and free: counted, sampled, and passed on to next.*.
 *
 * The hottest code of the library. malloc's fast path takes the size off the thread's countdown, the call off
 * another, adds twice and jumps to next.malloc: 11 instructions. free's looks at the filter of sampled
 * pointers, takes one off its countdown, adds once and jumps: 12. All else is in slow paths (memory_call.c),
 * which the countdowns lead to: they are at most 0 wherever the thread has no block (COLD, CROWD, OFF), so a
 * new thread's first call is slow by itself. What a fast path took before it found out is put back first.
 *
 * A pointer leaves live.h's table before the allocator gets it back, because another thread may be
 * handed the same address a moment later. Any thread; no recursion: the runtime never allocates by
 * malloc, except in boot, where early_memory.h serves. errno is the allocator's. Blocks with an alignment:
 * memory_aligned.c; realloc: memory_realloc.c; questions and settings: memory_state.c.
 */
#include "hooks/memory.h"

#include "hooks/early_memory.h"
#include "hooks/hook.h"
#include "runtime/boot.h"
#include "runtime/heap.h"
#include "runtime/live.h"

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

/* A large block where nothing else is due: drawn for by what can be used of it, which the allocator's map tells. */
static __attribute__((noinline)) void *malloc_large(size_t size)
{
    struct thread_hot *hot = &thread_hot;
    if (strong_unlikely(hot->memory_countdown_calls[MEMORY_ALLOCATES] <= 0))
        return malloc_slow(size);
    void *ptr = next.malloc(size);
    memory_large_end(hot, HOOK_malloc, ptr, size);
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

/* ---- the hooks ---- */

STRONG_EXPORT void *malloc(size_t size)
{
    struct thread_hot *hot = &thread_hot;
    if (size > MEMORY_LARGE_REQUEST)
        return malloc_large(size);
    if (strong_unlikely(!memory_passes(hot, size)))
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
    if (strong_unlikely(!memory_passes(hot, bytes)))
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
