/* poll.c: hooks on waiting for descriptors: poll, select and epoll.
 *
 * The kernel never restarts these after a signal handler, so an interruption by our own CPU signal is
 * hidden by calling again with the time that is left. What the first call left behind is harmless:
 * poll wrote revents of 0, which the second call writes again; select writes its sets only on success
 * and keeps its timeval up to date by itself; libc copies the timespec of the others. Signals of the
 * program come through as EINTR. Async-signal-safe where libc's are; any thread.
 *
 * Target: the epoll descriptor; for poll of a single descriptor that one (a client that waits for its
 * answer); else none.
 */
#include "hooks/arguments.h"
#include "hooks/hook.h"
#include "hooks/restart.h"
#include "runtime/fdstate.h"

enum { NS_PER_MS = 1000000, NS_PER_SECOND = 1000000000 };

/* ---- the time that is left ---- */

static uint64_t left_ns(const struct span *span, uint64_t whole_ns)
{
    uint64_t passed_ns = clock_ticks_to_ns(span_elapsed_ticks(span));
    return passed_ns < whole_ns ? whole_ns - passed_ns : 0;
}

/* Milliseconds, rounded up; negative is for ever. */
static int left_ms(const struct span *span, int whole_ms)
{
    if (whole_ms <= 0)
        return whole_ms;
    return (int)((left_ns(span, (uint64_t)whole_ms * NS_PER_MS) + NS_PER_MS - 1) / NS_PER_MS);
}

/* NULL is for ever. libc has read *whole before it waited. A timeout too long to count in nanoseconds
 * starts again: nobody lives to see it end. */
static const struct timespec *left_time(const struct span *span, const struct timespec *whole,
                                        struct timespec *room)
{
    if (!whole || whole->tv_sec > INT32_MAX)
        return whole;
    uint64_t ns = left_ns(span, (uint64_t)whole->tv_sec * NS_PER_SECOND + (uint64_t)whole->tv_nsec);
    *room = (struct timespec){(time_t)(ns / NS_PER_SECOND), (long)(ns % NS_PER_SECOND)};
    return room;
}

/* ---- poll ---- */

/* The array goes by number here: libc's prototype calls it write-only, and the compiler would warn. */
static uint32_t only_target(uintptr_t fds)
{
    int fd = ((const struct pollfd *)readable_plain((const void *)fds))->fd;
    return fd >= 0 ? fdtable_target(fd) : 0;
}

/* Before the call where the array is on the caller's stack, as it mostly is. */
static uint32_t target_before(uintptr_t fds, nfds_t count)
{
    bool known = count == 1 && readable_on_stack((const void *)fds, sizeof(struct pollfd));
    return known ? only_target(fds) : 0;
}

static int polled(struct span *span, uintptr_t fds, nfds_t count, int ret)
{
    int error = HOOK_ERROR(ret);
    if (count == 1 && !span->target && (ret >= 0 || error == EINTR) && span->mode != SPAN_OFF)
        span_retarget(span, only_target(fds));
    span_end(span, 0, error);
    return ret;
}

#define POLL_HOOK(name, parameters, arguments)                                                     \
    STRONG_EXPORT int name parameters                                                              \
    {                                                                                              \
        struct span span;                                                                          \
        int whole_ms = timeout_ms;                                                                 \
        span_begin(&span, HOOK_##name, target_before((uintptr_t)fds, count));                      \
        interrupt_begin();                                                                         \
        int ret = next.name arguments;                                                             \
        while (restart_due(ret < 0)) {                                                             \
            timeout_ms = left_ms(&span, whole_ms);                                                 \
            interrupt_begin();                                                                     \
            ret = next.name arguments;                                                             \
        }                                                                                          \
        return polled(&span, (uintptr_t)fds, count, ret);                                          \
    }

POLL_HOOK(poll, (struct pollfd *fds, nfds_t count, int timeout_ms), (fds, count, timeout_ms))
POLL_HOOK(__poll, (struct pollfd *fds, nfds_t count, int timeout_ms), (fds, count, timeout_ms))
POLL_HOOK(__poll_chk, (struct pollfd *fds, nfds_t count, int timeout_ms, size_t fds_len),
          (fds, count, timeout_ms, fds_len))

#define PPOLL_HOOK(name, parameters, arguments)                                                    \
    STRONG_EXPORT int name parameters                                                              \
    {                                                                                              \
        struct span span;                                                                          \
        struct timespec room;                                                                      \
        const struct timespec *whole = timeout;                                                    \
        span_begin(&span, HOOK_##name, target_before((uintptr_t)fds, count));                      \
        interrupt_begin();                                                                         \
        int ret = next.name arguments;                                                             \
        while (restart_due(ret < 0)) {                                                             \
            timeout = left_time(&span, whole, &room);                                              \
            interrupt_begin();                                                                     \
            ret = next.name arguments;                                                             \
        }                                                                                          \
        return polled(&span, (uintptr_t)fds, count, ret);                                          \
    }

PPOLL_HOOK(ppoll,
           (struct pollfd *fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask),
           (fds, count, timeout, mask))
PPOLL_HOOK(__ppoll_chk,
           (struct pollfd *fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask,
            size_t fds_len),
           (fds, count, timeout, mask, fds_len))

/* ---- select ---- */

#define SELECT_HOOK(name)                                                                          \
    STRONG_EXPORT int name(int count, fd_set *reads, fd_set *writes, fd_set *exceptions,           \
                           struct timeval *timeout)                                                \
    {                                                                                              \
        struct span span;                                                                          \
        int ret;                                                                                   \
        span_begin(&span, HOOK_##name, 0);                                                         \
        do {                                                                                       \
            interrupt_begin();                                                                     \
            ret = next.name(count, reads, writes, exceptions, timeout);                            \
        } while (restart_due(ret < 0));                                                            \
        span_end(&span, 0, HOOK_ERROR(ret));                                                       \
        return ret;                                                                                \
    }

SELECT_HOOK(select)
SELECT_HOOK(__select)

STRONG_EXPORT int pselect(int count, fd_set *reads, fd_set *writes, fd_set *exceptions,
                          const struct timespec *timeout, const sigset_t *mask)
{
    struct span span;
    struct timespec room;
    const struct timespec *left = timeout;
    span_begin(&span, HOOK_pselect, 0);
    interrupt_begin();
    int ret = next.pselect(count, reads, writes, exceptions, left, mask);
    while (restart_due(ret < 0)) {
        left = left_time(&span, timeout, &room);
        interrupt_begin();
        ret = next.pselect(count, reads, writes, exceptions, left, mask);
    }
    span_end(&span, 0, HOOK_ERROR(ret));
    return ret;
}

/* ---- epoll ---- */

/* The kernel has read the event where the call succeeded. */
STRONG_EXPORT int epoll_ctl(int fd, int operation, int subject, struct epoll_event *event)
{
    struct span span;
    span_begin(&span, HOOK_epoll_ctl, fd >= 0 ? fdtable_target(fd) : 0);
    int ret = next.epoll_ctl(fd, operation, subject, event);
    if (ret == 0 && span.mode != SPAN_OFF && fdstate_tracked(subject))
        fdstate_epoll(fd, operation, subject, event);
    span_end(&span, 0, HOOK_ERROR(ret));
    return ret;
}

#define EPOLL_HOOK(name, parameters, arguments)                                                    \
    STRONG_EXPORT int name parameters                                                              \
    {                                                                                              \
        struct span span;                                                                          \
        int whole_ms = timeout_ms;                                                                 \
        span_begin(&span, HOOK_##name, fd >= 0 ? fdtable_target(fd) : 0);                          \
        interrupt_begin();                                                                         \
        int ret = next.name arguments;                                                             \
        while (restart_due(ret < 0)) {                                                             \
            timeout_ms = left_ms(&span, whole_ms);                                                 \
            interrupt_begin();                                                                     \
            ret = next.name arguments;                                                             \
        }                                                                                          \
        span_end(&span, 0, HOOK_ERROR(ret));                                                       \
        return ret;                                                                                \
    }

EPOLL_HOOK(epoll_wait, (int fd, struct epoll_event *events, int most, int timeout_ms),
           (fd, events, most, timeout_ms))
EPOLL_HOOK(epoll_pwait,
           (int fd, struct epoll_event *events, int most, int timeout_ms, const sigset_t *mask),
           (fd, events, most, timeout_ms, mask))

STRONG_EXPORT int epoll_pwait2(int fd, struct epoll_event *events, int most,
                               const struct timespec *timeout, const sigset_t *mask)
{
    struct span span;
    struct timespec room;
    const struct timespec *left = timeout;
    span_begin(&span, HOOK_epoll_pwait2, fd >= 0 ? fdtable_target(fd) : 0);
    interrupt_begin();
    int ret = next.epoll_pwait2(fd, events, most, left, mask);
    while (restart_due(ret < 0)) {
        left = left_time(&span, timeout, &room);
        interrupt_begin();
        ret = next.epoll_pwait2(fd, events, most, left, mask);
    }
    span_end(&span, 0, HOOK_ERROR(ret));
    return ret;
}
