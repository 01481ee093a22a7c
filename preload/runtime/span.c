/* span.c: what happens at the end of a measured call. See span.h.
 *
 * span_end_at is the hot path of every timed hook: about 100 instructions and one rdtsc when nothing is
 * due. Its thread is BUSY meanwhile, so that a hook in a signal handler uses the crowd rows instead of
 * half-changed cells. Rare things (samples, events, errors, the once-a-second tick) are in cold
 * functions that preserve errno.
 */
#include "runtime/span.h"

#include <errno.h>

#include "runtime/config.h"
#include "runtime/counters.h"
#include "runtime/process.h"
#include "runtime/ring.h"
#include "runtime/sampler.h"
#include "runtime/segment.h"
#include "runtime/boot.h"
#include "runtime/targets.h"

uint32_t span_attention;
void (*span_attend)(unsigned hook);

void span_begin_slow(struct span *span, unsigned hook, uint32_t target)
{
    struct thread_hot *hot = &thread_hot;
    if (hot->state == THREAD_COLD)
        thread_attach();
    if (span_attention && hot->state != THREAD_OFF)
        span_attend(hook);
    if (hot->state == THREAD_READY) {
        span_begin_full(span, hook, target);
        return;
    }
    span->cookie = 0;
    span->hook = (uint16_t)hook;
    span->target = target;
    span->outer = NULL;
    span->mode = hot->state == THREAD_OFF || !boot_done ? SPAN_OFF : SPAN_CROWD;
    span->start_ticks = span->mode == SPAN_CROWD ? clock_ticks() : 0;
}

void span_begin_brief(struct span *span, unsigned hook, uint32_t target)
{
    if (span_attention && thread_hot.state != THREAD_OFF)
        span_attend(HOOK_NONE);
    if (thread_hot.state == THREAD_READY)
        span_begin_full(span, hook, target);
    else
        span_begin_slow(span, hook, target);
}

unsigned span_class(unsigned hook, uint32_t target)
{
    unsigned class = hook_classes[hook];
    if (class == CLASS_FILE && target) {
        enum target_kind kind = targets_kind(target);
        if (kind >= TARGET_TCP_OUT && kind <= TARGET_UNIX_IN)
            return CLASS_NETWORK;
    } else if (class == CLASS_WAIT && target) {
        enum target_kind kind = targets_kind(target);
        if (kind == TARGET_TCP_OUT || kind == TARGET_UNIX_OUT || kind == TARGET_UDP)
            return CLASS_NETWORK;
    }
    return class;
}

static __attribute__((noinline, cold)) void end_crowd(struct span *span, uint64_t bytes, int error)
{
    if (span->mode == SPAN_OFF || thread_hot.state == THREAD_OFF)
        return; /* the second: switched off inside the call, and the clock may be gone (strict seccomp) */
    if (thread_hot.state == THREAD_BUSY)
        counters_add(COUNTER_nested_calls, 1);
    thread_crowd_add(span->hook, bytes, clock_ticks() - span->start_ticks, error != 0);
}

/* A sample with the stack of the call that just ended. Its weight is by the period from which the gap before it was
 * drawn, the next gap by that of a thread with one sample more. */
static __attribute__((noinline, cold)) uint32_t sample(struct span *span, uint64_t ticks, bool is_lock, int64_t *countdown)
{
    uint64_t period = segment->block_period_ticks;
    if (!period) {
        *countdown = INT64_MAX;
        return 0;
    }
    int saved_errno = errno;
    struct thread *self = thread_hot.self;
    double weight = sampler_weight(ticks, period << self->waits[is_lock].doublings);
    self->waits[is_lock].doublings = sampler_doublings(++self->waits[is_lock].samples);
    *countdown = sampler_gap(period << self->waits[is_lock].doublings);
    uint32_t stack =
        sampler_record(is_lock ? SAMPLE_LOCK_WAIT : SAMPLE_BLOCKED, span->hook, span->target, weight, 0, NULL);
    errno = saved_errno;
    return stack;
}

__attribute__((noinline, cold)) void span_event(const struct span *span, uint64_t ticks, uint64_t bytes, int error,
                                                uint32_t stack)
{
    struct thread_hot *hot = &thread_hot;
    if (hot->event_countdown_calls <= 0)
        hot->event_countdown_calls = sampler_event_gap();
    ring_push(hot->block, &(struct event_record){.start_ticks = span->start_ticks,
                                                 .duration_ticks = ticks,
                                                 .hook = span->hook,
                                                 .error = (uint16_t)error,
                                                 .target = span->target,
                                                 .bytes = bytes > UINT32_MAX ? UINT32_MAX : (uint32_t)bytes,
                                                 .stack = stack});
}

__attribute__((noinline, cold)) void span_due(uint64_t now_ticks)
{
    int saved_errno = errno;
    process_due(now_ticks);
    errno = saved_errno;
}

/* The enclosing span, unless it was left by longjmp or cancellation and its memory reused. */
static inline struct span *live_outer(const struct span *span)
{
    struct span *outer = span->outer;
    if (strong_likely(!outer))
        return NULL;
    return outer != span && outer->cookie == ((uintptr_t)outer ^ SPAN_COOKIE) ? outer : NULL;
}

void span_end_at(struct span *span, uint64_t now_ticks, uint64_t bytes, int error)
{
    if (strong_unlikely(span->mode != SPAN_FULL)) {
        end_crowd(span, bytes, error);
        return;
    }
    struct thread_hot *hot = &thread_hot;
    if (strong_unlikely(hot->state != THREAD_READY)) { /* detached or switched off inside the call */
        span->mode = SPAN_CROWD;
        end_crowd(span, bytes, error);
        return;
    }
    uint64_t now = now_ticks ? now_ticks : clock_ticks(), ticks = now - span->start_ticks;
    if (strong_unlikely((int64_t)ticks < 0))
        ticks = 0;
    struct thread *self = hot->self;
    hot->state = THREAD_BUSY;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    struct thread_block *block = self->block;
    struct stat_cell *cell = thread_cell(self, cell_key(span->hook, span->target));
    unsigned class = CLASS_PROCESS;
    if (strong_likely(cell != NULL)) {
        thread_cell_add(self, cell, ticks, bytes);
        class = cell->class_id;
        if (strong_unlikely(error)) {
            cell->errors++;
            thread_error(span->hook, error);
        }
    } else {
        class = span_class(span->hook, span->target);
        thread_crowd_add(span->hook, bytes, ticks, error != 0);
    }
    struct span *outer = live_outer(span);
    if (strong_likely(!outer)) {
        block->class_ticks[class] += ticks;
        block->now_hook = 0;
    } else {
        block->now_target = outer->target;
        block->now_ticks = outer->start_ticks;
        block->now_hook = outer->hook;
    }
    hot->outer = outer;
    span->cookie = 0;
    uint32_t stack = 0;
    bool is_lock = class == CLASS_LOCK;
    int64_t *countdown = is_lock ? &hot->lock_countdown_ticks : &hot->blocked_countdown_ticks;
    if (strong_unlikely((*countdown -= (int64_t)ticks) < 0))
        stack = sample(span, ticks, is_lock, countdown);
    if (strong_unlikely(--hot->event_countdown_calls <= 0 || ticks >= ring_slow_ticks))
        span_event(span, ticks, bytes, error, stack);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    hot->state = THREAD_READY;
    if (strong_unlikely(now >= process_next_tick))
        span_due(now);
}

void span_abandon(struct span *span)
{
    struct thread_hot *hot = &thread_hot;
    if (span->mode != SPAN_FULL || hot->outer != span || !hot->block)
        return;
    struct span *outer = live_outer(span);
    hot->outer = outer;
    hot->block->now_hook = outer ? outer->hook : 0;
    span->cookie = 0;
    span->mode = SPAN_OFF;
}
