/* memory.c: malloc and its family: counted, sampled, and passed on to next.*.
 *
 * The hottest code of the library. malloc's fast path is one subtraction from the thread's countdown,
 * one compare, two additions and a jump to next.malloc; free's is one look at the filter of sampled
 * pointers, one addition and a jump. All else is in slow paths, which the countdown leads to: it is 0
 * wherever the thread has no block (COLD, CROWD, OFF), so a new thread's first call is slow by itself.
 *
 * Sampling: a call of `size` bytes is sampled when size >= countdown; the countdown is 1 + floor of an
 * exponential gap, so that happens with probability 1 - exp(-size/period). The compare is unsigned: no
 * size can overflow it. Calls for 0 bytes have no weight and are never sampled.
 *
 * A pointer leaves live.h's table before the allocator gets it back, because another thread may be
 * handed the same address a moment later. Any thread; no recursion: the runtime never allocates by
 * malloc, except in boot, where early_memory.h serves. errno is the allocator's.
 */
#include <string.h>

#include "hooks/early_memory.h"
#include "hooks/hook.h"
#include "runtime/boot.h"
#include "runtime/config.h"
#include "runtime/live.h"
#include "runtime/sampler.h"

/* What a slow call has to do besides calling next.*. */
enum memory_way {
    MEMORY_EARLY,   /* libc's allocator is not known yet */
    MEMORY_FORWARD, /* write nothing */
    MEMORY_CROWD,   /* no block: count in the crowd rows */
    MEMORY_COUNT,
    MEMORY_SAMPLE,
};

static inline void count(struct thread_block *block, unsigned hook, size_t bytes)
{
    system_add(&block->counted[hook].calls, 1);
    system_add(&block->counted[hook].bytes, bytes);
}

/* Takes size off the countdown; true: the call is an ordinary one. */
static inline bool memory_passes(struct thread_hot *hot, size_t size)
{
    uint64_t left = (uint64_t)hot->alloc_countdown_bytes;
    if (strong_unlikely(size >= left))
        return false;
    hot->alloc_countdown_bytes = (int64_t)(left - size);
    return true;
}

/* ---- slow paths ---- */

static enum memory_way memory_begin(size_t size)
{
    struct thread_hot *hot = &thread_hot;
    if (hot->state == THREAD_COLD)
        thread_attach();
    if (!boot_done)
        return MEMORY_EARLY;
    if (hot->state == THREAD_OFF)
        return MEMORY_FORWARD;
    if (!hot->block)
        return MEMORY_CROWD;
    if (memory_passes(hot, size) || hot->state != THREAD_READY)
        return MEMORY_COUNT;
    return MEMORY_SAMPLE;
}

static __attribute__((noinline)) void memory_sample(unsigned hook, const void *ptr, size_t size)
{
    struct thread_hot *hot = &thread_hot;
    uint64_t period = config.alloc_period_bytes;
    if (!period) {
        hot->alloc_countdown_bytes = INT64_MAX;
        return;
    }
    hot->alloc_countdown_bytes = sampler_gap(period) + 1;
    if (!ptr || !size)
        return;
    hot->state = THREAD_BUSY;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    double weight = sampler_weight(size, period);
    uint64_t objects_q8 = (uint64_t)(weight / (double)size * 256);
    uint32_t stack = sampler_record(SAMPLE_ALLOCATED, hook, 0, weight, objects_q8, NULL);
    live_add(ptr, stack, weight, objects_q8);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    hot->state = THREAD_READY;
}

static void memory_end(enum memory_way way, unsigned hook, const void *ptr, size_t size)
{
    size_t bytes = ptr ? size : 0;
    if (way == MEMORY_CROWD)
        thread_crowd_add(hook, bytes, 0, !ptr && size);
    if (way >= MEMORY_COUNT)
        count(thread_hot.block, hook, bytes);
    if (way == MEMORY_SAMPLE)
        memory_sample(hook, ptr, size);
}

static __attribute__((noinline)) void *malloc_slow(size_t size)
{
    enum memory_way way = memory_begin(size);
    if (way == MEMORY_EARLY)
        return early_memory_take(size, 0);
    void *ptr = next.malloc(size);
    memory_end(way, HOOK_malloc, ptr, size);
    return ptr;
}

static __attribute__((noinline)) void *calloc_slow(size_t count, size_t size, size_t bytes)
{
    enum memory_way way = memory_begin(bytes);
    if (way == MEMORY_EARLY)
        return early_memory_take(bytes, 0);
    void *ptr = next.calloc(count, size);
    memory_end(way, HOOK_calloc, ptr, bytes);
    return ptr;
}

static __attribute__((noinline)) void free_slow(void *ptr)
{
    if (live_may_hold(ptr)) {
        if (early_memory_holds(ptr))
            return;
        live_remove(ptr);
    }
    struct thread_hot *hot = &thread_hot;
    if (hot->state == THREAD_COLD)
        thread_attach();
    if (!boot_done)
        return; /* nothing but early memory has been handed out */
    if (hot->state != THREAD_OFF) {
        if (hot->block)
            system_add(&hot->block->counted[HOOK_free].calls, 1);
        else
            thread_crowd_add(HOOK_free, 0, 0, false);
    }
    next.free(ptr);
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

/* count is 0 for realloc itself, else size is that of one element (reallocarray). */
static __attribute__((noinline)) void *realloc_slow(unsigned hook, void *old, size_t count, size_t size,
                                                    size_t bytes)
{
    enum memory_way way = memory_begin(bytes);
    void *ptr;
    struct live_entry entry;
    if (early_memory_holds(old) || way == MEMORY_EARLY) {
        ptr = realloc_early(way, old, bytes);
    } else {
        bool taken = live_may_hold(old) && live_take(old, &entry);
        ptr = count ? next.reallocarray(old, count, size) : next.realloc(old, size);
        if (taken && (ptr || bytes == 0))
            live_freed(&entry);
        else if (taken)
            live_add(old, entry.stack, entry.weight, entry.objects_q8);
    }
    memory_end(way, hook, ptr, bytes);
    return ptr;
}

/* ---- the hooks ---- */

STRONG_EXPORT void *malloc(size_t size)
{
    struct thread_hot *hot = &thread_hot;
    if (strong_unlikely(!memory_passes(hot, size)))
        return malloc_slow(size);
    count(hot->block, HOOK_malloc, size);
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
    count(hot->block, HOOK_calloc, bytes);
    return next.calloc(number, size);
}

STRONG_EXPORT void free(void *ptr)
{
    struct thread_block *block = thread_hot.block;
    if (strong_unlikely(!block) || live_may_hold(ptr)) {
        free_slow(ptr);
        return;
    }
    system_add(&block->counted[HOOK_free].calls, 1);
    next.free(ptr);
}

/* free's name before C89, kept by libc for binaries that were linked to it. */
STRONG_EXPORT void cfree(void *ptr) __THROW __attribute__((alias("free")));

STRONG_EXPORT void *realloc(void *old, size_t size)
{
    struct thread_hot *hot = &thread_hot;
    if (live_may_hold(old) || strong_unlikely(!memory_passes(hot, size)))
        return realloc_slow(HOOK_realloc, old, 0, size, size);
    count(hot->block, HOOK_realloc, size);
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

/* ---- aligned: rare, always by the slow path ---- */

STRONG_EXPORT void *memalign(size_t alignment, size_t size)
{
    enum memory_way way = memory_begin(size);
    if (way == MEMORY_EARLY)
        return early_memory_take(size, alignment);
    void *ptr = next.memalign(alignment, size);
    memory_end(way, HOOK_memalign, ptr, size);
    return ptr;
}

STRONG_EXPORT void *aligned_alloc(size_t alignment, size_t size)
{
    enum memory_way way = memory_begin(size);
    if (way == MEMORY_EARLY)
        return early_memory_take(size, alignment);
    void *ptr = next.aligned_alloc(alignment, size);
    memory_end(way, HOOK_aligned_alloc, ptr, size);
    return ptr;
}

STRONG_EXPORT int posix_memalign(void **ret_ptr, size_t alignment, size_t size)
{
    enum memory_way way = memory_begin(size);
    if (way == MEMORY_EARLY) {
        void *ptr = early_memory_take(size, alignment);
        if (ptr)
            *ret_ptr = ptr;
        return ptr ? 0 : ENOMEM;
    }
    int error = next.posix_memalign(ret_ptr, alignment, size);
    memory_end(way, HOOK_posix_memalign, error ? NULL : *ret_ptr, size);
    return error;
}

enum { EARLY_PAGE = 4096 };

STRONG_EXPORT void *valloc(size_t size)
{
    enum memory_way way = memory_begin(size);
    if (way == MEMORY_EARLY)
        return early_memory_take(size, EARLY_PAGE);
    void *ptr = next.valloc(size);
    memory_end(way, HOOK_valloc, ptr, size);
    return ptr;
}

STRONG_EXPORT void *pvalloc(size_t size)
{
    enum memory_way way = memory_begin(size);
    if (way == MEMORY_EARLY)
        return early_memory_take(size, EARLY_PAGE);
    void *ptr = next.pvalloc(size);
    memory_end(way, HOOK_pvalloc, ptr, size);
    return ptr;
}
