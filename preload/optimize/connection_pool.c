/* connection_pool.c: optimizer "connections": a finished connection is kept at close() and given to the next
 * connect() to the same place. In `safe`.
 *
 * CHANGES  close() of an outbound stream socket keeps the connection (at a high number of libstrong's own); a connect()
 *          that agrees in address, network namespace, user and options gets it by dup3. Neither server nor bytes
 *          change; getsockname() may repeat a port.
 * SAFE     because a connection is kept only when everything about it is known: this process connected it, no
 *          other descriptor, process or thread can use it, every byte was seen and made whole exchanges of HTTP/1.1,
 *          RESP or memcached that leave nothing behind at the server (protocol/exchange.h), the kernel counts the
 *          same bytes, the peer is not this process itself (connection_listeners.h), and has not closed. It is looked
 *          at again at the hand-over, before the first byte is sent. The socket it leaves unused is given to the next socket() call (connection_unused.h).
 *          A request that cannot be repeated goes over a fresh connection
 *          (unless STRONG_POOL_ALL_REQUESTS); one that can is repeated, once, if the server closed at that moment.
 * ASIDE    whenever in doubt, for good: the connection is then the program's own until its real close. After the program
 *          entered seccomp. Where the program needs the descriptors (connection_park.c). Counted by reason.
 * COUNTS   connections_*.
 *
 * A kept connection is closed when its time is up by whichever call notices: connects, closes, and waits (which
 * wake up for it, connection_wait.c). A process whose threads all block in other calls keeps it until one
 * returns. Any thread, any context. fork: the child closes its copies; exec: all are close-on-exec.
 */
#include "optimize/connection_pool.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <sys/ioctl.h>

#include "optimize/connection_check.h"
#include "optimize/connection_listeners.h"
#include "optimize/connection_options.h"
#include "optimize/connection_park.h"
#include "optimize/connection_reuse.h"
#include "optimize/connection_shutdown.h"
#include "optimize/connection_transfer.h"
#include "optimize/connection_unused.h"
#include "optimize/connection_waiters.h"
#include "optimize/connection_watch.h"
#include "runtime/clock.h"
#include "runtime/config.h"
#include "runtime/counters.h"
#include "runtime/fdstate.h"
#include "runtime/process.h"
#include "runtime/readable.h"
#include "runtime/seccomp.h"

struct libc connection_pool_below;
#define below connection_pool_below

int connection_pool_enter(int fd)
{
    if (strong_unlikely(seccomp_entered)) {
        if (thread_hot.state != THREAD_OFF)
            fdstate_drop(fd, COUNTER_COUNT);
        return -1;
    }
    return thread_hot.state == THREAD_OFF ? -1 : fdstate_enter(fd);
}

static void expire(void)
{
    uint64_t deadline = __atomic_load_n(&connection_park_deadline, __ATOMIC_RELAXED);
    if (strong_unlikely(deadline != UINT64_MAX || connection_unused_count)) {
        uint64_t now = clock_ticks();
        connection_unused_overdue(now);
        if (now >= deadline)
            connection_park_expire(now);
    }
}

/* ---- socket ---- */

static int pool_socket(int domain, int type, int protocol)
{
    int fd = strong_unlikely(connection_unused_count) ? connection_unused_lend(domain, type, protocol) : -1;
    return fd >= 0 ? fd : below.socket(domain, type, protocol);
}

/* ---- connect ---- */

/* The connection the program would get, if there is one to be had. */
static enum reuse_outcome try_reuse(int fresh, const struct watch *watch, uint64_t start_ticks, bool *ret_in_progress)
{
    int kept;
    bool local = fdstate_records[fresh].made.domain == AF_UNIX;
    if (connection_park_measures(watch->destination))
        return REUSE_NOT;
    while ((kept = connection_park_take(watch)) >= 0) {
        struct watch *other = connection_watch_at(kept);
        int own = fdstate_records[kept].fd;
        enum connection_state state = connection_check(own, local, other);
        if (state != CONNECTION_QUIET) {
            connection_park_broken(other, state);
            fdstate_drop(own, COUNTER_COUNT);
            system_call1(SYS_close, own);
            fdstate_leave(kept);
            continue;
        }
        other->looked_ticks = clock_ticks();
        enum reuse_outcome outcome = connection_reuse_hand_on(fresh, kept);
        if (outcome == REUSE_NOT || outcome == REUSE_CLOSED)
            return outcome;
        other->shown_in_progress = *ret_in_progress = !local && other->flags & O_NONBLOCK;
        uint64_t took = clock_ticks() - start_ticks, cost = connection_park_cost(other->destination);
        counters_add(COUNTER_connections_reused, 1);
        if (cost > took)
            counters_add(COUNTER_connections_saved_ns, clock_ticks_to_ns(cost - took));
        if (outcome == REUSE_DONE)
            fdstate_leave(kept);
        return outcome;
    }
    return REUSE_NOT;
}

/* A first connect on a followed socket: 0 or -1 with errno, where it was answered; 1: go on with libc's. */
static int answer(int index, const struct sockaddr *address, socklen_t len)
{
    struct watch *watch = connection_watch_at(index);
    struct fdstate *record = &fdstate_records[index];
    uint64_t start_ticks = clock_ticks();
    bool in_progress = false;
    if (record->forks != fdstate_forks) { /* another process may connect it, or have done so */
        fdstate_drop(record->fd, COUNTER_connections_refused_shared);
        return 1;
    }
    if (len > 0 && len <= sizeof(struct sockaddr_storage) && readable_bytes(address, len))
        watch->destination = connection_park_destination(&record->made, address, len);
    bool known = __atomic_load_n(&watch->unused_slot, __ATOMIC_RELAXED); /* of a socket lent */
    if (!watch->destination ||
        !(known || connection_check_identity(record->fd, &record->made, address, &watch->identity))) {
        fdstate_drop(record->fd, COUNTER_COUNT);
        return 1;
    }
    switch (try_reuse(index, watch, start_ticks, &in_progress)) {
    case REUSE_NOT:
        return 1;
    case REUSE_CLOSED: /* the number may be another file's by now */
        fdstate_leave(index);
        errno = EBADF;
        return -1;
    default:
        if (!in_progress)
            return 0;
        errno = EINPROGRESS;
        return -1;
    }
}

static void connected(int fd, uint32_t generation, bool in_progress, uint64_t ticks)
{
    int error = errno, index = connection_pool_enter(fd);
    if (index < 0)
        return;
    struct watch *watch = connection_watch_at(index);
    if (fdstate_generation(index) == generation && watch->stage == WATCH_UNCONNECTED) {
        watch->stage = WATCH_LIVE;
        exchange_begin(&watch->exchange);
        connection_park_waits(watch);
        if (!in_progress)
            connection_park_took(watch->destination, ticks);
        counters_add(COUNTER_connections_watched, 1);
    }
    fdstate_leave(index);
    errno = error;
}

/* connect() once more, on a socket that is connected or on its way. */
static bool ask_again(struct watch *watch)
{
    bool first = watch->shown_in_progress; /* the outcome of an EINPROGRESS is given once, then EISCONN */
    watch->shown_in_progress = false;
    return first;
}

/* A socket whose connect failed can be connected elsewhere; one that is connected can be disconnected (AF_UNSPEC). */
static bool leads_to(int index, const struct watch *watch, const struct sockaddr *address, socklen_t len)
{
    return len > 0 && len <= sizeof(struct sockaddr_storage) && readable_bytes(address, len) &&
           connection_park_destination(&fdstate_records[index].made, address, len) == watch->destination;
}

static int connect_followed(__typeof__(&__connect) call, int fd, const struct sockaddr *address, socklen_t len)
{
    int error = errno, index = connection_pool_enter(fd);
    if (index < 0)
        return call(fd, address, len);
    struct watch *watch = connection_watch_at(index);
    if (watch->stage != WATCH_UNCONNECTED) {
        bool answered = ask_again(watch);
        if (!answered && !leads_to(index, watch, address, len))
            fdstate_drop(fd, COUNTER_connections_refused_unseen);
        fdstate_leave(index);
        return answered ? 0 : call(fd, address, len);
    }
    expire();
    errno = error;
    int ret = answer(index, address, len);
    if (ret <= 0)
        return ret;
    uint32_t generation = fdstate_generation(index);
    watch->tried = true;
    connection_unused_release(watch);
    fdstate_leave(index);
    errno = error;
    uint64_t start_ticks = clock_ticks();
    ret = call(fd, address, len);
    if (ret == 0 || errno == EINPROGRESS)
        connected(fd, generation, ret != 0, clock_ticks() - start_ticks);
    return ret;
}

static int pool_connect(int fd, __CONST_SOCKADDR_ARG address, socklen_t len)
{
    if (strong_likely(!fdstate_tracked(fd)))
        return below.connect(fd, address, len);
    return connect_followed(below.__connect, fd, address.__sockaddr__, len);
}

static int pool___connect(int fd, const struct sockaddr *address, socklen_t len)
{
    return fdstate_tracked(fd) ? connect_followed(below.__connect, fd, address, len) : below.__connect(fd, address, len);
}

/* ---- close ---- */

/* COUNTER_COUNT: it may be kept. */
enum counter_id connection_pool_refusal(int index)
{
    struct watch *watch = connection_watch_at(index);
    const struct fdstate *record = &fdstate_records[index];
    if (record->forks != fdstate_forks || record->set_count > FDSTATE_SETS)
        return COUNTER_connections_refused_shared;
    bool unused = watch->stage == WATCH_TRIAL && watch->kept_len == 0;
    if (!unused && !exchange_parkable(&watch->exchange))
        return connection_watch_reason(watch->exchange.refusal);
    if (!unused && !watch->exchange.repeatable && !config.pool_all_requests)
        return COUNTER_connections_unrepeatable;
    socklen_t len;
    const struct sockaddr *address = connection_park_address(watch->destination, &len);
    if (connection_listeners_serve(record->fd, address, len))
        return COUNTER_connections_refused_shared;
    enum connection_state state = connection_check(record->fd, record->made.domain == AF_UNIX, watch);
    if (state != CONNECTION_QUIET && !fdstate_alone(index)) /* the other one may have ended it */
        return COUNTER_connections_refused_shared;
    switch (state) {
    case CONNECTION_QUIET:
        return COUNTER_COUNT;
    case CONNECTION_SPOKE:
        connection_park_distrust(watch);
        return COUNTER_connections_refused_peer;
    case CONNECTION_ENDED:
        if (watch->stage != WATCH_TRIAL)
            connection_park_distrust(watch); /* said it would stay open, and did not, or spoke unasked */
        return COUNTER_connections_refused_peer;
    default:
        return COUNTER_connections_refused_unseen;
    }
}

/* True: it is kept, or was to be, and the program's number is closed. False: the number is the program's to close. */
static bool keep_or_drop(int fd, int index)
{
    bool closed = false;
    struct watch *watch = connection_watch_at(index);
    bool is_client = watch->stage != WATCH_UNCONNECTED;
    connection_shutdown_forget(index);
    connection_park_settled(watch);
    enum counter_id reason = is_client ? connection_pool_refusal(index) : COUNTER_connections_refused_unfinished;
    if (reason == COUNTER_COUNT && !fdstate_move(index, FDSTATE_OPEN, FDSTATE_CLOSING))
        reason = COUNTER_connections_refused_shared;
    else if (reason == COUNTER_COUNT && !connection_reuse_leave_sets(&fdstate_records[index]))
        reason = COUNTER_connections_refused_shared;
    else if (reason == COUNTER_COUNT && (reason = connection_park_put(index, &closed)) == COUNTER_COUNT) {
        counters_add(COUNTER_connections_parked, 1);
        return true;
    }
    if (closed) { /* the number may be another file's by now */
        counters_add(reason, 1);
        fdstate_free(index);
    } else {
        fdstate_drop(fd, is_client ? reason : COUNTER_COUNT);
    }
    fdstate_leave(index);
    return closed;
}

enum closing { CLOSING_BY_LIBC, CLOSING_DONE, CLOSING_NOT_OPEN };

static enum closing before_close(int fd)
{
    int error = errno;
    enum closing closing = CLOSING_DONE;
    if (thread_hot.state == THREAD_OFF)
        return CLOSING_BY_LIBC;
    if (fdstate_kept(fd) >= 0)
        closing = CLOSING_NOT_OPEN; /* libstrong's number; to the program there is nothing */
    else if (!fdstate_close_later(fd)) {
        int index = connection_pool_enter(fd);
        /* The number may have been reserved in between: who could not enter asks again. Later than that it
         * cannot be: the record says that two were in it (tests/models/descriptor_reuse.pml). */
        if (index < 0 ? !fdstate_close_later(fd) : !keep_or_drop(fd, index)) {
            fdstate_drop(fd, COUNTER_COUNT);
            closing = CLOSING_BY_LIBC;
        }
    }
    expire();
    errno = closing == CLOSING_NOT_OPEN ? EBADF : error;
    return closing;
}

static int pool_close(int fd)
{
    enum closing closing = strong_unlikely(fdstate_tracked(fd)) ? before_close(fd) : CLOSING_BY_LIBC;
    return strong_likely(closing == CLOSING_BY_LIBC) ? below.close(fd) : closing == CLOSING_DONE ? 0 : -1;
}

static int pool___close(int fd)
{
    enum closing closing = strong_unlikely(fdstate_tracked(fd)) ? before_close(fd) : CLOSING_BY_LIBC;
    return strong_likely(closing == CLOSING_BY_LIBC) ? below.__close(fd) : closing == CLOSING_DONE ? 0 : -1;
}

/* Numbers that go all at once: nothing of them is kept, and ours among them are given up first. */
static void before_range(unsigned first, unsigned last)
{
    if (thread_hot.state == THREAD_OFF || first > last)
        return;
    connection_park_yield(first, last);
    for (int i = 0; fdstate_records && i < FDSTATE_MOST; i++)
        if ((unsigned)fdstate_records[i].fd >= first && (unsigned)fdstate_records[i].fd <= last)
            fdstate_drop(fdstate_records[i].fd, COUNTER_COUNT);
}

static int pool_close_range(unsigned first, unsigned last, int flags)
{
    if (!(flags & ~(int)CLOSE_RANGE_UNSHARE))
        before_range(first, last);
    return below.close_range(first, last, flags);
}

static void pool_closefrom(int first)
{
    before_range(first > 0 ? (unsigned)first : 0, ~0u);
    below.closefrom(first);
}

/* ---- numbers the program puts files at ---- */

static void before_replaced(int from, int to)
{
    if (thread_hot.state == THREAD_OFF || from == to || to < 0)
        return;
    if (fdstate_kept(to) >= 0)
        connection_park_yield((unsigned)to, (unsigned)to);
    fdstate_drop(to, COUNTER_COUNT);
}

static int pool_dup2(int from, int to)
{
    if (strong_unlikely(fdstate_tracked(to)))
        before_replaced(from, to);
    return below.dup2(from, to);
}
static int pool___dup2(int from, int to)
{
    if (strong_unlikely(fdstate_tracked(to)))
        before_replaced(from, to);
    return below.__dup2(from, to);
}
static int pool_dup3(int from, int to, int flags)
{
    if (strong_unlikely(fdstate_tracked(to)))
        before_replaced(from, to);
    return below.dup3(from, to, flags);
}

/* ---- options ---- */

static int pool_setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
    int ret = below.setsockopt(fd, level, name, value, len);
    if (strong_likely(ret != 0 || !fdstate_tracked(fd)))
        return ret;
    int error = errno, index = connection_pool_enter(fd);
    if (index >= 0) {
        if (!connection_options_set(connection_watch_at(index), level, name, value, len))
            fdstate_drop(fd, COUNTER_connections_refused_option);
        fdstate_leave(index);
    }
    errno = error;
    return ret;
}

static int pool_getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
    int ret = below.getsockopt(fd, level, name, value, len);
    bool asked = strong_unlikely(fdstate_tracked(fd)) && level == SOL_SOCKET && name == SO_ERROR && ret == 0;
    if (asked && *len == sizeof(int) && *(int *)value != 0 && connection_transfer_asked(fd))
        *(int *)value = 0; /* of the connection it has now */
    return ret;
}

/* An fcntl or ioctl about to be made on a followed descriptor. */
static void before_control(int fd, bool harmless, bool sets_flags)
{
    int index = harmless && sets_flags ? connection_pool_enter(fd) : -1;
    if (index >= 0) {
        connection_watch_at(index)->flags_known = false;
        fdstate_leave(index);
    } else if (!harmless && thread_hot.state != THREAD_OFF) {
        fdstate_drop(fd, COUNTER_connections_refused_option);
    }
}

#define POOL_FCNTL(name)                                                                                               \
    static int pool_##name(int fd, int command, ...)                                                                   \
    {                                                                                                                  \
        va_list rest;                                                                                                  \
        va_start(rest, command);                                                                                       \
        void *argument = va_arg(rest, void *);                                                                         \
        va_end(rest);                                                                                                  \
        if (strong_unlikely(fdstate_tracked(fd))) {                                                                    \
            if (fdstate_kept(fd) >= 0) {                                                                               \
                errno = EBADF; /* to the program there is nothing */                                                   \
                return -1;                                                                                             \
            }                                                                                                          \
            before_control(fd, connection_options_harmless_fcntl(command, (long)argument), command == F_SETFL);        \
        }                                                                                                              \
        return below.name(fd, command, argument);                                                                      \
    }
POOL_FCNTL(fcntl)
POOL_FCNTL(fcntl64)
POOL_FCNTL(__fcntl)

static int pool_ioctl(int fd, unsigned long request, ...)
{
    va_list rest;
    va_start(rest, request);
    void *argument = va_arg(rest, void *);
    va_end(rest);
    if (strong_unlikely(fdstate_tracked(fd)))
        before_control(fd, connection_options_harmless_ioctl(request), request == FIONBIO);
    return below.ioctl(fd, request, argument);
}

/* ---- boot ---- */

static void in_child(void)
{
    connection_park_fork_child();
    connection_listeners_fork_child();
    connection_shutdown_fork_child();
    waiters_fork_child();
    connection_unused_fork_child();
}

int connection_pool_init(void)
{
    if (!config_optimizer_selected("connections", true))
        return 0;
    int failed = connection_watch_init();
    if (!failed)
        failed = connection_park_init();
    if (failed)
        return failed;
    below = next;
    next.socket = pool_socket;
    next.connect = pool_connect;
    next.__connect = pool___connect;
    next.close = pool_close;
    next.__close = pool___close;
    next.close_range = next.close_range ? pool_close_range : NULL;
    next.closefrom = next.closefrom ? pool_closefrom : NULL;
    next.dup2 = pool_dup2;
    next.__dup2 = pool___dup2;
    next.dup3 = pool_dup3;
    next.setsockopt = pool_setsockopt;
    next.getsockopt = pool_getsockopt;
    next.fcntl = pool_fcntl;
    next.fcntl64 = pool_fcntl64;
    next.__fcntl = pool___fcntl;
    next.ioctl = pool_ioctl;
    connection_calls_install();
    connection_listeners_install();
    connection_shutdown_install();
    connection_wait_install();
    process_on_fork_child(in_child);
    fdstate_wanted = true;
    return 0;
}
