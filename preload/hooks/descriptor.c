/* descriptor.c: hooks that change what a descriptor number means: close, dup, fcntl, and the makers of
 * pipes and other descriptors without a path.
 *
 * Invariant: the table forgets a number before the kernel frees it, because another thread may be given
 * the same number the moment close returns. dup2 and dup3 never free the number they replace, so there
 * the table follows the call, and a failed one changes nothing. Async-signal-safe; any thread.
 */
#include "hooks/hook.h"

static uint32_t target_of(int fd)
{
    return fd >= 0 ? fdtable_target(fd) : 0;
}

/* ---- close ---- */

/* Only what is known already: programs close thousands of numbers that were never open. */
static uint32_t known_target(int fd)
{
    const struct fd_entry *entry = fdtable_entry(fd, false);
    return entry && entry->flags & FD_KNOWN ? entry->target : 0;
}

#define CLOSE_HOOK(name)                                                                           \
    STRONG_EXPORT int name(int fd)                                                                 \
    {                                                                                              \
        struct span span;                                                                          \
        span_begin(&span, HOOK_##name, known_target(fd));                                          \
        if (span.mode != SPAN_OFF)                                                                 \
            fdtable_closing(fd);                                                                   \
        int ret = next.name(fd);                                                                   \
        span_end(&span, 0, HOOK_ERROR(ret));                                                       \
        return ret;                                                                                \
    }

CLOSE_HOOK(close)
CLOSE_HOOK(__close)

STRONG_EXPORT int close_range(unsigned first, unsigned last, int flags)
{
    struct span span;
    span_begin(&span, HOOK_close_range, 0);
    /* with CLOSE_RANGE_CLOEXEC, or flags the kernel will refuse, nothing is closed */
    if (span.mode != SPAN_OFF && first <= last && !(flags & ~(int)CLOSE_RANGE_UNSHARE))
        fdtable_closing_range(first, last);
    int ret = next.close_range(first, last, flags);
    span_end(&span, 0, HOOK_ERROR(ret));
    return ret;
}

STRONG_EXPORT void closefrom(int first)
{
    struct span span;
    span_begin(&span, HOOK_closefrom, 0);
    if (span.mode != SPAN_OFF)
        fdtable_closing_range(first > 0 ? (unsigned)first : 0, ~0u);
    next.closefrom(first);
    span_end(&span, 0, 0);
}

/* ---- dup and fcntl ---- */

static int duplicated(struct span *span, int from, int ret)
{
    if (ret >= 0 && ret != from && span->mode != SPAN_OFF) {
        fdtable_closing(ret); /* what dup2 and dup3 replaced */
        fdtable_duplicated(from, ret);
    }
    span_end(span, 0, HOOK_ERROR(ret));
    return ret;
}

#define DUP_HOOK(name, parameters, arguments)                                                      \
    STRONG_EXPORT int name parameters                                                              \
    {                                                                                              \
        struct span span;                                                                          \
        span_begin(&span, HOOK_##name, target_of(from));                                           \
        if (span.mode != SPAN_OFF)                                                                 \
            fdtable_duplicating(from);                                                             \
        return duplicated(&span, from, next.name arguments);                                       \
    }

DUP_HOOK(dup, (int from), (from))
DUP_HOOK(dup2, (int from, int to), (from, to))
DUP_HOOK(__dup2, (int from, int to), (from, to))
DUP_HOOK(dup3, (int from, int to, int flags), (from, to, flags))

/* One argument of pointer size, whatever the command makes of it, as libc passes it. F_SETLKW is what
 * waits; the rest is counted and timed like it. */
#define FCNTL_HOOK(name)                                                                           \
    STRONG_EXPORT int name(int fd, int command, ...)                                               \
    {                                                                                              \
        va_list rest;                                                                              \
        va_start(rest, command);                                                                   \
        void *argument = va_arg(rest, void *);                                                     \
        va_end(rest);                                                                              \
        struct span span;                                                                          \
        span_begin(&span, HOOK_##name, target_of(fd));                                             \
        if ((command == F_DUPFD || command == F_DUPFD_CLOEXEC) && span.mode != SPAN_OFF)           \
            fdtable_duplicating(fd);                                                               \
        int ret = next.name(fd, command, argument);                                                \
        if (command == F_DUPFD || command == F_DUPFD_CLOEXEC)                                      \
            return duplicated(&span, fd, ret);                                                     \
        span_end(&span, 0, HOOK_ERROR(ret));                                                       \
        return ret;                                                                                \
    }

FCNTL_HOOK(fcntl)
FCNTL_HOOK(fcntl64)
FCNTL_HOOK(__fcntl)

/* ---- descriptors without a path ---- */

static int made(struct span *span, int ret, const char *what)
{
    if (ret >= 0 && span->mode != SPAN_OFF)
        fdtable_special(ret, what);
    span_end(span, 0, HOOK_ERROR(ret));
    return ret;
}

#define MAKER_HOOK(name, parameters, arguments, what)                                              \
    STRONG_EXPORT int name parameters                                                              \
    {                                                                                              \
        struct span span;                                                                          \
        span_begin(&span, HOOK_##name, 0);                                                         \
        return made(&span, next.name arguments, what);                                             \
    }

MAKER_HOOK(eventfd, (unsigned count, int flags), (count, flags), "eventfd")
MAKER_HOOK(timerfd_create, (clockid_t clock, int flags), (clock, flags), "timerfd")
MAKER_HOOK(inotify_init, (void), (), "inotify")
MAKER_HOOK(inotify_init1, (int flags), (flags), "inotify")
MAKER_HOOK(epoll_create, (int size), (size), "epoll")
MAKER_HOOK(epoll_create1, (int flags), (flags), "epoll")

/* fds is read after success only: the kernel wrote it. */
static int made_pipe(struct span *span, int ret, const int *fds)
{
    if (ret == 0 && span->mode != SPAN_OFF) {
        fdtable_special(fds[0], "pipe");
        fdtable_special(fds[1], "pipe");
    }
    span_end(span, 0, HOOK_ERROR(ret));
    return ret;
}

#define PIPE_HOOK(name, parameters, arguments)                                                     \
    STRONG_EXPORT int name parameters                                                              \
    {                                                                                              \
        struct span span;                                                                          \
        span_begin(&span, HOOK_##name, 0);                                                         \
        return made_pipe(&span, next.name arguments, fds);                                         \
    }

PIPE_HOOK(pipe, (int fds[2]), (fds))
PIPE_HOOK(__pipe, (int fds[2]), (fds))
PIPE_HOOK(pipe2, (int fds[2], int flags), (fds, flags))
