/* connection_wait.c: waits and sleeps wake up, inside libstrong, when a kept connection's time is up.
 *
 * libstrong has no thread that could close it. So a wait for readiness or a sleep that is longer goes in two steps: to
 * that moment, then on with what is left. The program sees one wait: timeouts, EINTR, signal masks, the sets of
 * select and the time left are those of the whole. Without kept connections these are libc's calls. Any thread, any
 * context.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <time.h>

#include "optimize/connection_park.h"
#include "optimize/connection_pool.h"
#include "optimize/connection_transfer.h"
#include "optimize/connection_reuse.h"
#include "optimize/connection_waiters.h"
#include "runtime/clock.h"
#include "runtime/readable.h"

#define below connection_pool_below

enum { NS_PER_MS = 1000000, NS_PER_SECOND = 1000000000 };
#define FOR_EVER INT64_MAX

/* ---- how long ---- */

/* Nanoseconds until something must be closed; what is due already is closed. FOR_EVER: nothing is kept. */
static int64_t until_due(void)
{
    uint64_t deadline = __atomic_load_n(&connection_park_deadline, __ATOMIC_RELAXED);
    if (strong_likely(deadline == UINT64_MAX) || thread_hot.state == THREAD_OFF)
        return FOR_EVER;
    uint64_t now = clock_ticks();
    if (now >= deadline) {
        int error = errno;
        connection_park_expire(now);
        errno = error;
        deadline = __atomic_load_n(&connection_park_deadline, __ATOMIC_RELAXED);
        if (deadline == UINT64_MAX)
            return FOR_EVER;
    }
    return deadline > now ? (int64_t)clock_ticks_to_ns(deadline - now) + NS_PER_MS : NS_PER_MS;
}

static struct timespec timespec_of(int64_t ns)
{
    return (struct timespec){(time_t)(ns / NS_PER_SECOND), (long)(ns % NS_PER_SECOND)};
}
static int64_t ns_of(const struct timespec *time)
{
    if (!time || time->tv_sec > INT32_MAX)
        return FOR_EVER;
    return time->tv_sec * (int64_t)NS_PER_SECOND + time->tv_nsec;
}
static bool is_sound(const struct timespec *time)
{
    return !time || (readable_bytes(time, sizeof *time) && time->tv_sec >= 0 && time->tv_nsec >= 0 &&
                     time->tv_nsec < NS_PER_SECOND);
}

static int64_t now_ns(void)
{
    return (int64_t)clock_monotonic_ns();
}
static int64_t end_of(int64_t whole_ns)
{
    return whole_ns == FOR_EVER ? FOR_EVER : now_ns() + whole_ns;
}
static int64_t left_of(int64_t end_ns)
{
    int64_t left = end_ns == FOR_EVER ? FOR_EVER : end_ns - now_ns();
    return left > 0 ? left : 0;
}

/* ---- in milliseconds: poll, epoll ---- */

static int ms_of(int64_t ns)
{
    return ns == FOR_EVER || ns / NS_PER_MS >= INT32_MAX ? -1 : (int)((ns + NS_PER_MS - 1) / NS_PER_MS);
}

#define IN_MS(name, parameters, arguments)                                                                             \
    static int wait_##name parameters                                                                                  \
    {                                                                                                                  \
        int64_t due_ns = until_due();                                                                                  \
        int64_t whole_ns = timeout_ms < 0 ? FOR_EVER : timeout_ms * (int64_t)NS_PER_MS;                                \
        if (strong_likely(due_ns >= whole_ns))                                                                         \
            return below.name arguments;                                                                               \
        int64_t end_ns = end_of(whole_ns), left_ns = whole_ns;                                                         \
        int ret;                                                                                                       \
        do {                                                                                                           \
            timeout_ms = ms_of(due_ns < left_ns ? due_ns : left_ns);                                                   \
            ret = below.name arguments;                                                                                \
            if (ret != 0)                                                                                              \
                return ret;                                                                                            \
            due_ns = until_due();                                                                                      \
            left_ns = left_of(end_ns);                                                                                 \
        } while (left_ns > 0);                                                                                         \
        return ret;                                                                                                    \
    }

IN_MS(poll, (struct pollfd * fds, nfds_t count, int timeout_ms), (fds, count, timeout_ms))
IN_MS(__poll, (struct pollfd * fds, nfds_t count, int timeout_ms), (fds, count, timeout_ms))
IN_MS(__poll_chk, (struct pollfd * fds, nfds_t count, int timeout_ms, size_t len), (fds, count, timeout_ms, len))
IN_MS(epoll_wait, (int set, struct epoll_event *events, int most, int timeout_ms), (set, events, most, timeout_ms))
IN_MS(epoll_pwait, (int set, struct epoll_event *events, int most, int timeout_ms, const sigset_t *mask),
      (set, events, most, timeout_ms, mask))

/* ---- with a timespec that is only read: ppoll, epoll_pwait2 ---- */

#define IN_TIMESPEC(name, parameters, arguments)                                                                       \
    static int wait_##name parameters                                                                                  \
    {                                                                                                                  \
        int64_t due_ns = until_due();                                                                                  \
        if (strong_likely(due_ns == FOR_EVER) || !is_sound(timeout) || due_ns >= ns_of(timeout))                       \
            return below.name arguments;                                                                               \
        int64_t left_ns = ns_of(timeout), end_ns = end_of(left_ns);                                                    \
        struct timespec step;                                                                                          \
        int ret;                                                                                                       \
        do {                                                                                                           \
            step = timespec_of(due_ns < left_ns ? due_ns : left_ns);                                                   \
            timeout = due_ns == FOR_EVER && left_ns == FOR_EVER ? NULL : &step;                                        \
            ret = below.name arguments;                                                                                \
            if (ret != 0)                                                                                              \
                return ret;                                                                                            \
            due_ns = until_due();                                                                                      \
            left_ns = left_of(end_ns);                                                                                 \
        } while (left_ns > 0);                                                                                         \
        return ret;                                                                                                    \
    }

IN_TIMESPEC(ppoll, (struct pollfd * fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask),
            (fds, count, timeout, mask))
IN_TIMESPEC(__ppoll_chk,
            (struct pollfd * fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask, size_t len),
            (fds, count, timeout, mask, len))
IN_TIMESPEC(epoll_pwait2,
            (int set, struct epoll_event *events, int most, const struct timespec *timeout, const sigset_t *mask),
            (set, events, most, timeout, mask))

/* ---- poll, before it tells the program that a connection it was given has just broken ---- */

static bool revived(const struct pollfd *fds, nfds_t count)
{
    bool any = false;
    for (nfds_t i = 0; i < count; i++)
        if (strong_unlikely(fds[i].revents & (POLLERR | POLLHUP)) && fdstate_tracked(fds[i].fd))
            any |= connection_transfer_asked(fds[i].fd);
    return any;
}

/* The wait begins anew, which makes it longer at most. */
#define REVIVING(name, parameters, arguments)                                                                          \
    static int revive_##name parameters                                                                                \
    {                                                                                                                  \
        int ret;                                                                                                       \
        do {                                                                                                           \
            struct waiter waiter;                                                                                      \
            waiter_begin_poll(&waiter, fds, count);                                                                    \
            ret = wait_##name arguments;                                                                               \
            waiter_end(&waiter);                                                                                       \
        } while (ret > 0 && revived(fds, count));                                                                      \
        return ret;                                                                                                    \
    }

REVIVING(poll, (struct pollfd * fds, nfds_t count, int timeout_ms), (fds, count, timeout_ms))
REVIVING(__poll, (struct pollfd * fds, nfds_t count, int timeout_ms), (fds, count, timeout_ms))
REVIVING(__poll_chk, (struct pollfd * fds, nfds_t count, int timeout_ms, size_t len), (fds, count, timeout_ms, len))
REVIVING(ppoll, (struct pollfd * fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask),
         (fds, count, timeout, mask))
REVIVING(__ppoll_chk,
         (struct pollfd * fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask, size_t len),
         (fds, count, timeout, mask, len))

/* ---- select: a timeout empties the sets, so a step needs copies ---- */

struct select_sets {
    fd_set *program[3];
    fd_set copy[3];
};

/* False: the sets are not there, or larger than libc's. */
static bool save_sets(struct select_sets *sets, int count, fd_set *reads, fd_set *writes, fd_set *exceptions)
{
    fd_set *program[3] = {reads, writes, exceptions};
    if (count < 0 || count > FD_SETSIZE)
        return false;
    for (int i = 0; i < 3; i++) {
        sets->program[i] = program[i];
        size_t bytes = ((size_t)count + 63) / 64 * 8;
        if (program[i] && bytes && !readable_bytes(program[i], bytes))
            return false;
        if (program[i] && bytes)
            memcpy(&sets->copy[i], program[i], bytes);
    }
    return true;
}

static void restore_sets(const struct select_sets *sets, int count)
{
    for (int i = 0; i < 3; i++)
        if (sets->program[i])
            memcpy(sets->program[i], &sets->copy[i], ((size_t)count + 63) / 64 * 8);
}

static int64_t ns_of_timeval(const struct timeval *time)
{
    if (!time || time->tv_sec > INT32_MAX)
        return FOR_EVER;
    return time->tv_sec * (int64_t)NS_PER_SECOND + time->tv_usec * 1000;
}

static int select_in_steps(__typeof__(&select) call, int count, fd_set *reads, fd_set *writes, fd_set *exceptions,
                           struct timeval *timeout, int64_t due_ns)
{
    struct select_sets sets;
    int64_t left_ns = ns_of_timeval(timeout), end_ns = end_of(left_ns);
    if (!save_sets(&sets, count, reads, writes, exceptions))
        return call(count, reads, writes, exceptions, timeout);
    for (;;) {
        int64_t step_ns = due_ns < left_ns ? due_ns : left_ns;
        struct timeval step = {(time_t)(step_ns / NS_PER_SECOND), (suseconds_t)(step_ns % NS_PER_SECOND / 1000)};
        int ret = call(count, reads, writes, exceptions, step_ns == FOR_EVER ? NULL : &step);
        left_ns = left_of(end_ns);
        if (ret != 0 || left_ns == 0) {
            if (timeout) /* as the kernel does: what is left of the whole */
                *timeout = (struct timeval){(time_t)(left_ns / NS_PER_SECOND),
                                            (suseconds_t)(left_ns % NS_PER_SECOND / 1000)};
            return ret;
        }
        restore_sets(&sets, count);
        due_ns = until_due();
    }
}

#define SELECT(name)                                                                                                   \
    static int step_##name(int count, fd_set *reads, fd_set *writes, fd_set *exceptions, struct timeval *timeout)      \
    {                                                                                                                  \
        int64_t due_ns = until_due();                                                                                  \
        bool plain = due_ns == FOR_EVER ||                                                                             \
                     (timeout && (!readable_bytes(timeout, sizeof *timeout) || timeout->tv_sec < 0 ||                  \
                                  timeout->tv_usec < 0 || due_ns >= ns_of_timeval(timeout)));                          \
        if (strong_likely(plain))                                                                                      \
            return below.name(count, reads, writes, exceptions, timeout);                                              \
        return select_in_steps(below.name, count, reads, writes, exceptions, timeout, due_ns);                         \
    }

SELECT(select)
SELECT(__select)

static int step_pselect(int count, fd_set *reads, fd_set *writes, fd_set *exceptions, const struct timespec *timeout,
                        const sigset_t *mask)
{
    struct select_sets sets;
    int64_t due_ns = until_due();
    if (strong_likely(due_ns == FOR_EVER) || !is_sound(timeout) || due_ns >= ns_of(timeout) ||
        !save_sets(&sets, count, reads, writes, exceptions))
        return below.pselect(count, reads, writes, exceptions, timeout, mask);
    int64_t left_ns = ns_of(timeout), end_ns = end_of(left_ns);
    for (;;) {
        int64_t step_ns = due_ns < left_ns ? due_ns : left_ns;
        struct timespec step = timespec_of(step_ns);
        int ret = below.pselect(count, reads, writes, exceptions, step_ns == FOR_EVER ? NULL : &step, mask);
        left_ns = left_of(end_ns);
        if (ret != 0 || left_ns == 0)
            return ret;
        restore_sets(&sets, count);
        due_ns = until_due();
    }
}

#define WAITING(name, parameters, arguments)                                                                           \
    static int wait_##name parameters                                                                                  \
    {                                                                                                                  \
        struct waiter waiter;                                                                                          \
        waiter_begin_select(&waiter, count, (const fd_set *const[]){reads, writes, exceptions});                       \
        int ret = step_##name arguments;                                                                               \
        waiter_end(&waiter);                                                                                           \
        return ret;                                                                                                    \
    }

WAITING(select, (int count, fd_set *reads, fd_set *writes, fd_set *exceptions, struct timeval *timeout),
        (count, reads, writes, exceptions, timeout))
WAITING(__select, (int count, fd_set *reads, fd_set *writes, fd_set *exceptions, struct timeval *timeout),
        (count, reads, writes, exceptions, timeout))
WAITING(pselect,
        (int count, fd_set *reads, fd_set *writes, fd_set *exceptions, const struct timespec *timeout,
         const sigset_t *mask),
        (count, reads, writes, exceptions, timeout, mask))

/* ---- sleeps ---- */

/* Sleeps up to the moment something is due, again and again. True: *left_ns is what is left, shorter than the next
 * moment, for libc; false: interrupted, errno is EINTR. */
static bool sleep_in_steps(int64_t *left_ns)
{
    int64_t end_ns = end_of(*left_ns), due_ns;
    while ((due_ns = until_due()) < (*left_ns = left_of(end_ns))) {
        struct timespec step = timespec_of(due_ns);
        if (below.nanosleep(&step, NULL) != 0) {
            *left_ns = left_of(end_ns);
            return false;
        }
    }
    return true;
}

static unsigned wait_sleep(unsigned seconds)
{
    int64_t left_ns = seconds * (int64_t)NS_PER_SECOND;
    int error = errno;
    if (strong_likely(until_due() >= left_ns))
        return below.sleep(seconds);
    if (sleep_in_steps(&left_ns)) {
        struct timespec rest = timespec_of(left_ns);
        if (below.nanosleep(&rest, &rest) == 0) {
            errno = error;
            return 0;
        }
        left_ns = ns_of(&rest);
    }
    return (unsigned)(left_ns / NS_PER_SECOND);
}

static int wait_usleep(useconds_t us)
{
    int64_t left_ns = us * 1000ll;
    if (strong_likely(until_due() >= left_ns))
        return below.usleep(us);
    if (!sleep_in_steps(&left_ns))
        return -1;
    struct timespec rest = timespec_of(left_ns);
    return below.nanosleep(&rest, NULL);
}

static int wait_nanosleep(const struct timespec *time, struct timespec *left)
{
    int64_t due_ns = until_due();
    if (strong_likely(due_ns == FOR_EVER) || !time || !is_sound(time) || due_ns >= ns_of(time))
        return below.nanosleep(time, left);
    int64_t left_ns = ns_of(time);
    if (sleep_in_steps(&left_ns)) {
        struct timespec rest = timespec_of(left_ns);
        return below.nanosleep(&rest, left);
    }
    if (left && readable_bytes(left, sizeof *left))
        *left = timespec_of(left_ns);
    return -1;
}

/* The deadline is of the program's clock, which a library stacked with ours may have moved. */
static int64_t left_by_its_clock(const struct timespec *deadline)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t left_ns = ns_of(deadline) - ns_of(&now);
    return left_ns > 0 ? left_ns : 0;
}

static int wait_clock_nanosleep(clockid_t clock, int flags, const struct timespec *time, struct timespec *left)
{
    int64_t due_ns = until_due();
    bool until = flags == TIMER_ABSTIME && clock == CLOCK_MONOTONIC;
    bool known = until || (flags == 0 && (clock == CLOCK_MONOTONIC || clock == CLOCK_REALTIME));
    if (strong_likely(due_ns == FOR_EVER) || !known || !time || !is_sound(time))
        return below.clock_nanosleep(clock, flags, time, left);
    int64_t left_ns = until ? left_by_its_clock(time) : ns_of(time);
    int error = errno;
    if (due_ns >= left_ns || sleep_in_steps(&left_ns)) {
        struct timespec rest = timespec_of(left_ns);
        return below.clock_nanosleep(clock, flags, until ? time : &rest, left);
    }
    errno = error; /* clock_nanosleep returns its error */
    if (!until && left && readable_bytes(left, sizeof *left))
        *left = timespec_of(left_ns);
    return EINTR;
}

void connection_wait_install(void)
{
#define INSTALL(form, name)                                                                                            \
    if (next.name)                                                                                                     \
    next.name = form##_##name
    INSTALL(revive, poll);
    INSTALL(revive, __poll);
    INSTALL(revive, __poll_chk);
    INSTALL(revive, ppoll);
    INSTALL(revive, __ppoll_chk);
    INSTALL(wait, select);
    INSTALL(wait, __select);
    INSTALL(wait, pselect);
    INSTALL(wait, epoll_wait);
    INSTALL(wait, epoll_pwait);
    INSTALL(wait, epoll_pwait2);
    INSTALL(wait, sleep);
    INSTALL(wait, usleep);
    INSTALL(wait, nanosleep);
    INSTALL(wait, clock_nanosleep);
#undef INSTALL
}
