/* operation.c: operations of the program, timed as calls are and yet no spans (abi/segment.h, CUSTOM).
 *
 * Nothing is known of an operation until it ends: the token holds all there is of it. So it can end in another
 * thread, in a forked child, or never. operation_end is span_end without what makes a call a call: the thread's
 * class times, where it stands, and the samples of blocked time stay with the calls inside.
 */
#include "api/api.h"
#include "runtime/boot.h"
#include "runtime/clock.h"
#include "runtime/counters.h"
#include "runtime/process.h"
#include "runtime/ring.h"
#include "runtime/span.h"

/* Before boot there is no clock yet, and after strict seccomp none any more. */
static __attribute__((noinline, cold)) struct strong_token begin_slow(uint32_t number)
{
    if (thread_hot.state == THREAD_COLD)
        thread_attach();
    if (thread_hot.state == THREAD_OFF || !boot_done)
        return (struct strong_token){0, 0, 0};
    return (struct strong_token){clock_ticks(), number, 0};
}

struct strong_token operation_begin(uint32_t number)
{
    if (strong_unlikely(thread_hot.state != THREAD_READY))
        return begin_slow(number);
    return (struct strong_token){clock_ticks(), number, 0};
}

static __attribute__((noinline, cold)) void end_crowd(uint64_t ticks, uint64_t bytes, int error)
{
    if (thread_hot.state == THREAD_BUSY)
        counters_add(COUNTER_nested_calls, 1);
    thread_crowd_add(HOOK_operation, bytes, ticks, error != 0);
}

static __attribute__((noinline, cold)) void event(uint32_t target, uint64_t start, uint64_t ticks, uint64_t bytes,
                                                  int error)
{
    struct span span = {.hook = HOOK_operation, .target = target, .start_ticks = start};
    span_event(&span, ticks, bytes, error, 0);
}

void operation_end(struct strong_token token, uint64_t bytes, int error)
{
    struct thread_hot *hot = &thread_hot;
    if (strong_unlikely(hot->state == THREAD_COLD))
        thread_attach();
    if (strong_unlikely(token.start == 0 || hot->state == THREAD_OFF))
        return;
    uint64_t now = clock_ticks(), ticks = now - token.start;
    if (strong_unlikely((int64_t)ticks < 0))
        ticks = 0;
    uint32_t target = name_target(token.name);
    if (strong_unlikely(target == 0))
        counters_add(COUNTER_custom_names_full, 1);
    if (strong_unlikely(hot->state != THREAD_READY)) {
        end_crowd(ticks, bytes, error);
        return;
    }
    struct thread *self = hot->self;
    hot->state = THREAD_BUSY;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    struct stat_cell *cell = thread_cell(self, cell_key(HOOK_operation, target));
    if (strong_likely(cell != NULL)) {
        thread_cell_add(self, cell, ticks, bytes);
        if (strong_unlikely(error)) {
            cell->errors++;
            thread_error(HOOK_operation, error);
        }
    } else {
        thread_crowd_add(HOOK_operation, bytes, ticks, error != 0);
    }
    if (strong_unlikely(--hot->event_countdown_calls <= 0 || ticks >= ring_slow_ticks))
        event(target, token.start, ticks, bytes, error);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    hot->state = THREAD_READY;
    if (strong_unlikely(now >= process_next_tick))
        span_due(now);
}
