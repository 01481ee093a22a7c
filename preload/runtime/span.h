/* span.h: one measured call, from entry to return. The fast path of every timed hook.
 *
 *   struct span span;
 *   span_begin(&span, HOOK_read, fdtable_target(fd));
 *   ssize_t ret = next.read(fd, buf, n);
 *   span_end(&span, ret > 0 ? (uint64_t)ret : 0, ret < 0 ? errno : 0);
 *
 * span_begin publishes where the thread stands; span_end adds the call to its cell and histogram, takes
 * samples and events that are due, and preserves errno. A span that never ends (longjmp, cancellation)
 * does no harm: it is recognised by its cookie and forgotten. Any thread, any context, before boot:
 * the state decides what is recorded. Stack use: 48 bytes.
 */
#ifndef STRONG_RUNTIME_SPAN_H
#define STRONG_RUNTIME_SPAN_H

#include "runtime/clock.h"
#include "runtime/thread.h"

#define SPAN_COOKIE 0x5354524f4e475350ull

struct span {
    uint64_t cookie; /* address ^ SPAN_COOKIE while open */
    uint64_t start_ticks;
    struct span *outer;
    uint32_t target;
    uint16_t hook;
    uint16_t mode; /* enum span_mode */
};
enum span_mode { SPAN_OFF, SPAN_FULL, SPAN_CROWD };

void span_begin_slow(struct span *span, unsigned hook, uint32_t target);

/* While it is not 0, span_attend is called at the start of every timed call: something was put off that the program
 * must not wait for. HOOK_NONE: from a CPU sample, or a call that ends by itself in a moment (SPAN_BRIEF_NS): nothing
 * but what has been put off for long. Set at boot by whoever puts off. Any thread, any context. */
extern uint32_t span_attention;
extern void (*span_attend)(unsigned hook);
enum { SPAN_BRIEF_NS = 20000000 };
/* now_ticks: what the clock has just said, 0: it is not known. */
void span_end_at(struct span *span, uint64_t now_ticks, uint64_t bytes, int error);
static inline void span_end(struct span *span, uint64_t bytes, int error) { span_end_at(span, 0, bytes, error); }
/* Changes the target of an open span (it is known only after the call: accept, getaddrinfo). */
static inline void span_retarget(struct span *span, uint32_t target) { span->target = target; }

/* READY threads. */
static inline __attribute__((always_inline)) void span_begin_full(struct span *span, unsigned hook, uint32_t target)
{
    struct thread_hot *hot = &thread_hot;
    span->cookie = (uintptr_t)span ^ SPAN_COOKIE;
    span->outer = hot->outer;
    span->target = target;
    span->hook = (uint16_t)hook;
    span->mode = SPAN_FULL;
    hot->outer = span;
    struct thread_block *block = hot->block;
    block->now_target = target;
    block->now_hook = hook;
    span->start_ticks = clock_ticks();
    block->now_ticks = span->start_ticks;
}

static inline __attribute__((always_inline)) void span_begin(struct span *span, unsigned hook, uint32_t target)
{
    if (strong_unlikely(thread_hot.state != THREAD_READY || span_attention))
        span_begin_slow(span, hook, target);
    else
        span_begin_full(span, hook, target);
}

/* The same for a call that ends by itself within SPAN_BRIEF_NS. */
void span_begin_brief(struct span *span, unsigned hook, uint32_t target);

/* Pieces of span_end, for api/operation.c, whose operations end as calls do but are no spans: leaves an event record
 * of span's hook, target and start (BUSY only); does what is due since `now_ticks`, preserving errno (READY). */
void span_event(const struct span *span, uint64_t ticks, uint64_t bytes, int error, uint32_t stack);
void span_due(uint64_t now_ticks);

/* Class a call counts under: a file hook on a socket is network, waiting for one outbound peer too. */
unsigned span_class(unsigned hook, uint32_t target);

/* For exec and _exit: forgets the open span, because the call does not come back. */
void span_abandon(struct span *span);

/* Time the open span has taken so far. */
static inline uint64_t span_elapsed_ticks(const struct span *span)
{
    return clock_ticks() - span->start_ticks;
}

#endif
