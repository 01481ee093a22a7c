/* connection_transfer.c: see connection_transfer.h. */
#include "optimize/connection_transfer.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#include "optimize/connection_check.h"
#include "optimize/connection_park.h"
#include "optimize/connection_pool.h"
#include "optimize/connection_reuse.h"
#include "runtime/clock.h"
#include "runtime/config.h"
#include "runtime/counters.h"
#include "runtime/libc.h"
#include "runtime/readable.h"

/* Bytes that do not belong to the stream, or are lost to us. */
#define LOOK_NS 10000
enum { SEND_UNKNOWN = MSG_OOB | MSG_FASTOPEN | MSG_ZEROCOPY, RECEIVE_UNKNOWN = MSG_OOB | MSG_TRUNC };

static bool begin(struct transfer *transfer, int fd, const struct iovec *parts, int count, int flags, int unknown)
{
    if (flags & unknown) {
        fdstate_drop(fd, COUNTER_connections_refused_unseen);
        return false;
    }
    int index = connection_pool_enter(fd);
    if (index < 0)
        return false;
    struct watch *watch = connection_watch_at(index);
    if (watch->stage == WATCH_UNCONNECTED) { /* connect() failed, or there was none: libc has the answer */
        fdstate_leave(index);
        return false;
    }
    *transfer = (struct transfer){fd, index, watch, parts, count, flags, watch->stage == WATCH_TRIAL};
    return true;
}

/* ---- sending ---- */

static size_t total(const struct iovec *parts, int count)
{
    size_t len = 0;
    for (int i = 0; i < count; i++)
        if (__builtin_add_overflow(len, parts[i].iov_len, &len))
            return SIZE_MAX;
    return len;
}

/* Whether all that is to be sent can be kept for a second time. Reads the parts. */
static bool can_keep(const struct transfer *transfer)
{
    const struct iovec *parts = transfer->parts;
    if (!transfer->watch->kept || transfer->count < 0 || transfer->count > 64 ||
        !readable_bytes(parts, sizeof *parts * (size_t)transfer->count))
        return false;
    size_t len = total(parts, transfer->count);
    if (len > WATCH_KEPT - transfer->watch->kept_len)
        return false;
    for (int i = 0; i < transfer->count; i++)
        if (parts[i].iov_len && !readable_bytes(parts[i].iov_base, parts[i].iov_len))
            return false;
    return true;
}

/* Whether the request, with what is to be sent now, is still one that may be sent twice. */
static bool stays_repeatable(const struct transfer *transfer)
{
    struct exchange ahead = transfer->watch->exchange;
    for (int i = 0; i < transfer->count; i++)
        exchange_sent(&ahead, transfer->parts[i].iov_base, transfer->parts[i].iov_len);
    return ahead.refusal == EXCHANGE_FINE && exchange_may_become_repeatable(&ahead);
}

static bool is_local(const struct transfer *transfer)
{
    return fdstate_records[transfer->index].made.domain == AF_UNIX;
}

/* A fresh connection has no stalls: both sides acknowledge its first segments at once (tcp(7), quick acks). One that has
 * carried exchanges delays them, so a request in several small writes would wait for the peer's (Nagle), and a peer
 * that splits its answer for ours. Left alone where the owner chose. */
static void make_prompt(const struct transfer *transfer, int option)
{
    const struct fd_entry *entry = fdtable_entry(transfer->fd, false);
    int on = 1;
    if (!is_local(transfer) && entry && !(entry->flags & FD_NODELAY_SET))
        system_call6(SYS_setsockopt, transfer->fd, IPPROTO_TCP, option, &on, sizeof on, 0);
}

/* Before anything of this call is sent: a connection that shows any life of its own is replaced, and so is
 * one for a request that could not be repeated. */
static void prepare(struct transfer *transfer)
{
    struct watch *watch = transfer->watch;
    /* a first byte that follows the hand-over at once needs no second look */
    bool look = watch->kept_len == 0 && clock_ticks() - watch->looked_ticks > clock_ns_to_ticks(LOOK_NS);
    enum connection_state state = look ? connection_check(transfer->fd, is_local(transfer), watch) : CONNECTION_QUIET;
    if (state != CONNECTION_QUIET) {
        connection_park_broken(watch, state);
        connection_reuse_renew(transfer->index);
    } else if (!config.pool_all_requests && !(can_keep(transfer) && stays_repeatable(transfer))) {
        counters_add(COUNTER_connections_unrepeatable, 1);
        connection_reuse_renew(transfer->index);
    }
    transfer->trial = watch->stage == WATCH_TRIAL;
    if (transfer->trial && watch->kept_len > 0)
        make_prompt(transfer, TCP_NODELAY);
}

bool connection_transfer_write(struct transfer *transfer, int fd, const struct iovec *parts, int count, int flags)
{
    if (!begin(transfer, fd, parts, count, flags, SEND_UNKNOWN))
        return false;
    if (transfer->trial)
        prepare(transfer);
    return true;
}

ssize_t connection_transfer_send(struct transfer *transfer)
{
    struct msghdr message = {.msg_iov = (struct iovec *)transfer->parts, .msg_iovlen = (size_t)transfer->count};
    return connection_pool_below.sendmsg(transfer->fd, &message, transfer->flags | MSG_NOSIGNAL);
}

static void keep(struct watch *watch, const struct iovec *parts, size_t len)
{
    if (!watch->kept || len > WATCH_KEPT - watch->kept_len) {
        watch->kept_len = WATCH_KEPT; /* more than fits: never again */
        return;
    }
    for (; len > 0; parts++) {
        size_t here = parts->iov_len < len ? parts->iov_len : len;
        memcpy(watch->kept + watch->kept_len, parts->iov_base, here);
        watch->kept_len += (uint32_t)here;
        len -= here;
    }
}

static bool may_repeat(const struct watch *watch)
{
    return watch->kept_len < WATCH_KEPT && (watch->kept_len == 0 || exchange_may_repeat(&watch->exchange));
}

/* A fresh connection in place of one that turned out to be closed or to have bytes of its own. */
static bool renew(struct transfer *transfer)
{
    counters_add(COUNTER_connections_dead, 1);
    connection_park_shorten(transfer->watch);
    bool done = connection_reuse_renew(transfer->index);
    transfer->trial = false;
    return done;
}

static bool is_ended(ssize_t ret)
{
    return ret < 0 && (errno == EPIPE || errno == ECONNRESET || errno == ENOTCONN);
}

/* In the trial: true: the call is to be made again. */
static bool wrote_in_trial(struct transfer *transfer, ssize_t ret)
{
    struct watch *watch = transfer->watch;
    if (is_ended(ret)) {
        int error = errno;
        /* what went before is only a part of this request, or can be repeated */
        bool whole = watch->kept_len < WATCH_KEPT && exchange_may_become_repeatable(&watch->exchange);
        bool again = (whole && renew(transfer)) || error == EPIPE; /* or for its signal */
        transfer->trial = false;
        errno = error;
        return again;
    }
    if (ret <= 0)
        return false;
    if (watch->kept_len == 0)
        make_prompt(transfer, TCP_QUICKACK);
    keep(watch, transfer->parts, (size_t)ret);
    connection_watch_sent(transfer->fd, watch, transfer->parts, transfer->count, (size_t)ret);
    return false;
}

bool connection_transfer_wrote(struct transfer *transfer, ssize_t ret)
{
    int error = errno;
    if (transfer->trial) {
        if (wrote_in_trial(transfer, ret))
            return true;
    } else if (ret > 0) {
        connection_watch_sent(transfer->fd, transfer->watch, transfer->parts, transfer->count, (size_t)ret);
    }
    fdstate_leave(transfer->index);
    errno = error;
    return false;
}

bool connection_transfer_asked(int fd)
{
    bool renewed = false;
    int error = errno, index = connection_pool_enter(fd);
    if (index >= 0) {
        struct watch *watch = connection_watch_at(index);
        bool unused = watch->stage == WATCH_TRIAL && watch->kept_len == 0, local = fdstate_records[index].made.domain == AF_UNIX;
        enum connection_state state = unused ? connection_check(fd, local, watch) : CONNECTION_QUIET;
        if (state != CONNECTION_QUIET) {
            connection_park_broken(watch, state);
            renewed = connection_reuse_renew(index);
        }
        fdstate_leave(index);
    }
    errno = error;
    return renewed;
}

/* ---- receiving ---- */

bool connection_transfer_read(struct transfer *transfer, int fd, const struct iovec *parts, int count, int flags)
{
    return begin(transfer, fd, parts, count, flags, RECEIVE_UNKNOWN);
}

/* What came is no answer: bytes of some former exchange. */
static bool is_foreign(const struct transfer *transfer, size_t len)
{
    struct exchange ahead = transfer->watch->exchange;
    for (int i = 0; i < transfer->count && len > 0; i++) {
        size_t here = transfer->parts[i].iov_len < len ? transfer->parts[i].iov_len : len;
        exchange_received(&ahead, transfer->parts[i].iov_base, here);
        len -= here;
    }
    return ahead.refusal == EXCHANGE_REFUSED_MISMATCH;
}

static bool got_in_trial(struct transfer *transfer, ssize_t *in_out_ret)
{
    struct watch *watch = transfer->watch;
    ssize_t ret = *in_out_ret;
    int error = errno;
    bool ended = is_ended(ret) || (ret == 0 && total(transfer->parts, transfer->count) > 0);
    if (ended || (ret > 0 && is_foreign(transfer, (size_t)ret))) {
        if (!ended)
            connection_park_distrust(watch);
        if (may_repeat(watch) && renew(transfer))
            return true;
        if (!ended) { /* bytes of another exchange are nobody's */
            *in_out_ret = ret = -1;
            error = ECONNRESET;
            system_call2(SYS_shutdown, transfer->fd, SHUT_RDWR);
        }
    }
    if (ret > 0 && !(transfer->flags & MSG_PEEK)) {
        watch->stage = WATCH_LIVE;
        watch->kept_len = 0;
    }
    errno = error;
    return false;
}

bool connection_transfer_got(struct transfer *transfer, ssize_t *in_out_ret)
{
    int error = errno;
    if (transfer->trial && got_in_trial(transfer, in_out_ret)) {
        errno = error;
        return true;
    }
    ssize_t ret = *in_out_ret;
    if (ret < 0)
        error = errno;
    if (ret > 0 && !(transfer->flags & MSG_PEEK))
        connection_watch_received(transfer->fd, transfer->watch, transfer->parts, transfer->count, (size_t)ret);
    fdstate_leave(transfer->index);
    errno = error;
    return false;
}
