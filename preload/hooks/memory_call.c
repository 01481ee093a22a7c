/* memory_call.c: the slow way of an allocating call: new threads, samples, timed calls. See memory.h.
 *
 * A call of `size` bytes is sampled when it is larger than the bytes left in the countdown, an exponential
 * gap rounded down: with probability 1 - exp(-size/period), whatever went before. Large blocks are drawn for by
 * what can be used of them (memory.h). Calls for 0 bytes have no weight and are never sampled. The thread is BUSY while a sample is taken, so that a signal handler that
 * allocates meanwhile only counts.
 */
#include "hooks/memory.h"

#include "runtime/allocator.h"
#include "runtime/boot.h"
#include "runtime/config.h"
#include "runtime/heap.h"
#include "runtime/sampler.h"

bool memory_times(enum memory_kind kind)
{
    struct thread_hot *hot = &thread_hot;
    if (--hot->memory_countdown_calls[kind] >= 0)
        return false;
    if (hot->state != THREAD_READY)
        return false; /* the next one, then */
    hot->memory_countdown_calls[kind] = (int32_t)sampler_gap(SAMPLER_TIMED_CALLS);
    return true;
}

enum memory_way memory_begin(struct memory_call *call, size_t size)
{
    struct thread_hot *hot = &thread_hot;
    call->timed = call->large = false;
    if (hot->state == THREAD_COLD)
        thread_attach();
    if (!boot_done)
        return call->way = MEMORY_EARLY;
    if (hot->state == THREAD_OFF)
        return call->way = MEMORY_FORWARD;
    if (!hot->block)
        return call->way = MEMORY_CROWD;
    call->timed = memory_times(MEMORY_ALLOCATES);
    call->large = size > MEMORY_LARGE_REQUEST;
    call->way = !call->large && memory_draw(size) ? MEMORY_SAMPLE : MEMORY_COUNT;
    return call->way;
}

bool memory_draw(size_t bytes)
{
    struct thread_hot *hot = &thread_hot;
    uint64_t left = (uint64_t)hot->alloc_countdown_bytes, period = config.alloc_period_bytes;
    if (strong_likely(bytes <= left)) {
        hot->alloc_countdown_bytes = (int64_t)(left - bytes);
        return false;
    }
    if (hot->state != THREAD_READY)
        return false; /* the next one, then */
    hot->alloc_countdown_bytes = period ? sampler_gap(period) : INT64_MAX;
    return period != 0;
}

__attribute__((noinline)) void memory_sample(unsigned hook, const void *ptr, size_t size, size_t drawn)
{
    struct thread_hot *hot = &thread_hot;
    hot->state = THREAD_BUSY;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    heap_allocated(hook, ptr, size, drawn);
    allocator_look(clock_ticks());
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    hot->state = THREAD_READY;
}

size_t memory_end(struct memory_call *call, unsigned hook, const void *ptr, size_t size)
{
    struct thread_block *block = thread_hot.block;
    size_t bytes = ptr ? size : 0, drawn = size;
    if (call->way == MEMORY_CROWD)
        thread_crowd_add(hook, bytes, 0, !ptr && size);
    if (call->way < MEMORY_COUNT || !block)
        return 0;
    memory_count(block, hook, bytes);
    if (strong_unlikely(call->timed))
        heap_timed(block, MEMORY_ALLOCATES, call->end_ticks - call->start_ticks);
    if (call->large && ptr) {
        size_t usable = memory_usable((void *)(uintptr_t)ptr);
        drawn = usable >= MEMORY_LARGE ? usable : size;
        if (memory_draw(drawn))
            call->way = MEMORY_SAMPLE;
    }
    if (strong_likely(call->way != MEMORY_SAMPLE) || !bytes)
        return 0;
    memory_sample(hook, ptr, size, drawn);
    return drawn;
}
