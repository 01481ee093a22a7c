/* hook.h: how a hook is written.
 *
 *   HOOK(ssize_t, read, (int fd, void *buf, size_t n), (fd, buf, n),
 *        .fd = fd, .bytes = MOVED(ret), .way = HOOK_READS)
 *
 * defines and exports `read`: a span around next.read, checked by the compiler against libc's own
 * prototype. The designated initialisers are struct hook_facts; they are evaluated before the call
 * (ret == 0; only fd and target are used then) and after it. Variadic, void and noreturn functions,
 * and those that change what a descriptor means, are written out with span_begin / hook_end.
 *
 * Rules for every hook: no libc call that is itself interposed (use next.*); no lock, no malloc; errno
 * as libc left it; frames ≤ 1 KiB; nothing that needs undoing may be held across next.* (the call can be
 * cancelled or jumped out of); bad pointers are libc's to refuse: never read through them before the
 * call unless libc's function itself does so in user space.
 */
#ifndef STRONG_HOOKS_HOOK_H
#define STRONG_HOOKS_HOOK_H

#include <errno.h>

#include "runtime/fdtable.h"
#include "runtime/libc.h"
#include "runtime/span.h"
#include "runtime/targets.h"

#define STRONG_EXPORT __attribute__((visibility("default")))

enum hook_way { HOOK_NEITHER, HOOK_READS, HOOK_WRITES };

struct hook_facts {
    int fd;          /* descriptor whose target the call touches, -1: none */
    uint32_t target; /* used where fd is -1 */
    int64_t bytes;   /* moved, >= 0 */
    int error;       /* errno value, 0: success. Default: errno where ret is -1 */
    enum hook_way way;
};

#define MOVED(ret) ((ret) > 0 ? (int64_t)(ret) : 0)
#define HOOK_ERRNO_IF(failed) ((failed) ? errno : 0)
#define HOOK_ERROR(ret) HOOK_ERRNO_IF((intptr_t)(ret) == -1)

static inline uint32_t hook_target(const struct hook_facts *facts)
{
    return facts->fd >= 0 ? fdtable_target(facts->fd) : facts->target;
}

/* Ends the span and tells the descriptor table what moved: the clock is read once for both. */
static inline void hook_end(struct span *span, const struct hook_facts *facts)
{
    uint64_t now = 0;
    if (facts->way != HOOK_NEITHER && facts->bytes > 0 && (unsigned)facts->fd < FDTABLE_PAGE &&
        strong_unlikely(fdtable_first[facts->fd].flags & (FD_OUTBOUND | FD_STREAM)) && thread_hot.state != THREAD_OFF) {
        now = clock_ticks();
        if (facts->way == HOOK_WRITES)
            fdtable_wrote(facts->fd, (uint64_t)facts->bytes, now);
        else
            fdtable_read_done(facts->fd, now);
    }
    span_end_at(span, now, (uint64_t)facts->bytes, facts->error);
}

#define HOOK(type, name, parameters, arguments, ...)                                               \
    STRONG_EXPORT type name parameters                                                             \
    {                                                                                              \
        struct span span;                                                                          \
        type ret = (type)0;                                                                        \
        struct hook_facts facts = {.fd = -1, __VA_ARGS__};                                         \
        span_begin(&span, HOOK_##name, hook_target(&facts));                                       \
        ret = next.name arguments;                                                                 \
        facts = (struct hook_facts){.fd = -1, .error = HOOK_ERROR(ret), __VA_ARGS__};              \
        hook_end(&span, &facts);                                                                   \
        return ret;                                                                                \
    }

#endif
