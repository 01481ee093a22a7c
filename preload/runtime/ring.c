/* ring.c: see ring.h. */
#include "runtime/ring.h"

#include "runtime/clock.h"
#include "runtime/config.h"

uint64_t ring_slow_ticks = UINT64_MAX;

int ring_init(void)
{
    ring_slow_ticks = clock_ns_to_ticks(config.slow_ns);
    return 0;
}

void ring_push(struct thread_block *block, const struct event_record *event)
{
    struct event_record *place = &block->events[block->events_written % BLOCK_EVENTS];
    __atomic_store_n(&place->start_ticks, 0, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_RELEASE); /* the 0 is seen before the new contents */
    __atomic_store_n(&place->duration_ticks, event->duration_ticks, __ATOMIC_RELAXED);
    __atomic_store_n(&place->hook, event->hook, __ATOMIC_RELAXED);
    __atomic_store_n(&place->error, event->error, __ATOMIC_RELAXED);
    __atomic_store_n(&place->target, event->target, __ATOMIC_RELAXED);
    __atomic_store_n(&place->bytes, event->bytes, __ATOMIC_RELAXED);
    __atomic_store_n(&place->stack, event->stack, __ATOMIC_RELAXED);
    __atomic_store_n(&place->start_ticks, event->start_ticks, __ATOMIC_RELEASE); /* reader: ABI step 3 */
    __atomic_store_n(&block->events_written, block->events_written + 1, __ATOMIC_RELAXED);
}
