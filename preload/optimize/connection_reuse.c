/* connection_reuse.c: see connection_reuse.h. Raw system calls throughout; errno untouched. */
#include "optimize/connection_reuse.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>

#include "optimize/connection_options.h"
#include "optimize/connection_park.h"
#include "optimize/connection_unused.h"
#include "runtime/arena.h"
#include "runtime/counters.h"

/* A program with non-blocking sockets waits for nothing; the rare renewal takes this long at most, far above a
 * connect on a local network. */
#define RENEW_WAIT_NS 50000000

static long close_own(long fd)
{
    return fd >= 0 ? system_call1(SYS_close, fd) : 0;
}

/* A close that came while fd was reserved. Nothing follows the number any more when it becomes free. */
static void close_belatedly(int fd)
{
    fdstate_drop(fd, COUNTER_COUNT);
    close_own(fd);
}

/* ---- epoll ---- */

bool connection_reuse_leave_sets(const struct fdstate *record)
{
    if (record->set_count > FDSTATE_SETS)
        return false;
    for (uint32_t i = 0; i < record->set_count; i++) {
        struct epoll_event event = {0, {0}};
        if (system_call4(SYS_epoll_ctl, record->sets[i].set, EPOLL_CTL_DEL, record->fd, &event) < 0)
            return false;
    }
    return true;
}

static void join_sets(const struct fdstate_set *sets, uint32_t count, int fd)
{
    for (uint32_t i = 0; i < count; i++) {
        struct epoll_event event = {.events = sets[i].events, .data.u64 = sets[i].data};
        system_call4(SYS_epoll_ctl, sets[i].set, EPOLL_CTL_ADD, fd, &event);
    }
}

/* fd, in the sets of `record`, becomes another file. */
static bool replace(const struct fdstate *record, int fd, int by)
{
    long close_on_exec = system_call3(SYS_fcntl, fd, F_GETFD, 0);
    if (close_on_exec < 0 || !connection_reuse_leave_sets(record))
        return false;
    bool done = system_call3(SYS_dup3, by, fd, close_on_exec & FD_CLOEXEC ? O_CLOEXEC : 0) == fd;
    join_sets(record->sets, record->set_count, fd);
    return done;
}

/* ---- handing on ---- */

static void discard(int kept)
{
    int fd = fdstate_records[kept].fd;
    fdstate_drop(fd, COUNTER_COUNT);
    close_own(fd);
    fdstate_leave(kept);
}

/* The kept connection begins a new life under the program's number. */
static enum reuse_outcome begin_life(int fresh, int kept)
{
    const struct fdstate *before = &fdstate_records[fresh];
    struct fdstate *record = &fdstate_records[kept];
    struct watch *watch = connection_watch_at(kept);
    int fd = before->fd, own = record->fd;
    bool closed = false;
    record->forks = before->forks;
    record->set_count = before->set_count;
    memcpy(record->sets, before->sets, sizeof record->sets);
    watch->stage = WATCH_TRIAL;
    watch->after_count = 0;
    watch->kept_len = 0;
    exchange_begin(&watch->exchange);
    bool alone = fdstate_pass(kept, fresh, &closed);
    close_own(own);
    if (closed)
        close_belatedly(fd);
    return alone ? REUSE_DONE : REUSE_LOST;
}

enum reuse_outcome connection_reuse_hand_on(int fresh, int kept)
{
    const struct fdstate *to = &fdstate_records[fresh];
    struct watch *watch = connection_watch_at(kept);
    int fd = to->fd, own = fdstate_records[kept].fd;
    if (!watch->kept)
        watch->kept = arena_take(WATCH_KEPT);
    if (!fdstate_move(fresh, FDSTATE_OPEN, FDSTATE_RESERVED)) {
        discard(kept);
        return REUSE_NOT;
    }
    if (connection_options_hand_on(watch, own, connection_watch_at(fresh), fd) == 0) {
        int unused = connection_unused_hold(fresh, own);
        if (replace(to, fd, own)) {
            enum reuse_outcome outcome = begin_life(fresh, kept);
            connection_unused_settle(unused, outcome == REUSE_DONE);
            return outcome;
        }
        connection_unused_settle(unused, false);
    }
    discard(kept);
    if (!fdstate_release(fresh))
        return REUSE_NOT;
    close_belatedly(fd);
    return REUSE_CLOSED;
}

/* ---- renewing ---- */

static bool wait_connected(int fd, bool for_ever)
{
    struct pollfd one = {.fd = fd, .events = POLLOUT};
    struct timespec most = {0, RENEW_WAIT_NS};
    long ready;
    do
        ready = system_call6(SYS_ppoll, &one, 1, for_ever ? NULL : &most, NULL, 0, 0);
    while (ready == -EINTR);
    int error = EINPROGRESS;
    socklen_t len = sizeof error;
    if (ready > 0)
        system_call6(SYS_getsockopt, fd, SOL_SOCKET, SO_ERROR, &error, &len, 0);
    return error == 0;
}

/* A new socket like the program's, connected to where it is connected; negative errno. */
static long connect_again(const struct fdstate *record, const struct watch *watch, long flags)
{
    socklen_t len;
    const struct sockaddr *address = connection_park_address(watch->destination, &len);
    long fd = system_call3(SYS_socket, record->made.domain, record->made.type | SOCK_CLOEXEC | SOCK_NONBLOCK,
                           record->made.protocol);
    if (fd < 0)
        return fd;
    bool done = connection_options_repeat(watch, record->fd, (int)fd) == 0;
    if (done) {
        long failed = system_call3(SYS_connect, fd, address, len);
        done = failed == 0 || (failed == -EINPROGRESS && wait_connected((int)fd, !(flags & O_NONBLOCK)));
    }
    if (done && system_call3(SYS_fcntl, fd, F_SETFL, flags) == 0)
        return fd;
    close_own(fd);
    return -ECONNREFUSED;
}

static bool send_again(int fd, const struct watch *watch)
{
    uint32_t sent = 0;
    while (sent < watch->kept_len) {
        long ret = system_call6(SYS_sendto, fd, watch->kept + sent, watch->kept_len - sent, MSG_NOSIGNAL, 0, 0);
        if (ret < 0 && ret != -EINTR)
            return false;
        sent += ret > 0 ? (uint32_t)ret : 0;
    }
    return true;
}

bool connection_reuse_renew(int index)
{
    struct fdstate *record = &fdstate_records[index];
    struct watch *watch = connection_watch_at(index);
    int fd = record->fd;
    long flags = system_call3(SYS_fcntl, fd, F_GETFL, 0);
    long fresh = flags < 0 ? flags : connect_again(record, watch, flags);
    if (fresh < 0)
        return false;
    bool done = send_again((int)fresh, watch) && fdstate_move(index, FDSTATE_OPEN, FDSTATE_RESERVED);
    if (done) {
        done = replace(record, fd, (int)fresh);
        if (fdstate_release(index)) {
            close_belatedly(fd);
            done = false;
        }
    }
    close_own(fresh);
    if (!done)
        return false;
    counters_add(COUNTER_connections_renewed, 1);
    watch->stage = WATCH_LIVE;
    watch->flags_known = false;
    watch->sent_bytes = watch->kept_len;
    watch->received_bytes = 0;
    watch->kept_len = 0;
    connection_park_waits(watch);
    return true;
}
