/* socket.c: hooks on sockets: making, connecting, accepting, sending, receiving.
 *
 * Addresses, messages and ancillary data are never touched: the kernel reads and writes them, and
 * bytes come from the return value. EAGAIN on a non-blocking socket is an error row (that is how a
 * storm of them is seen); EINPROGRESS of connect is not. Any thread, any context.
 */
#include "hooks/arguments.h"
#include "hooks/hook.h"
#include "hooks/restart.h"

/* ---- making and naming ---- */

STRONG_EXPORT int socket(int domain, int type, int protocol)
{
    struct span span;
    span_begin(&span, HOOK_socket, 0);
    int ret = next.socket(domain, type, protocol);
    if (ret >= 0 && span.mode != SPAN_OFF)
        fdtable_socket(ret, domain, type, protocol);
    span_end(&span, 0, HOOK_ERROR(ret));
    return ret;
}

STRONG_EXPORT int socketpair(int domain, int type, int protocol, int fds[2])
{
    struct span span;
    span_begin(&span, HOOK_socketpair, 0);
    int ret = next.socketpair(domain, type, protocol, fds);
    if (ret == 0 && span.mode != SPAN_OFF) {
        fdtable_special(fds[0], "socketpair");
        fdtable_special(fds[1], "socketpair");
    }
    span_end(&span, 0, HOOK_ERROR(ret));
    return ret;
}

/* The name of a bound socket is asked for after the call. */
static int named(struct span *span, int fd, int ret)
{
    if (ret == 0 && span->mode != SPAN_OFF) {
        fdtable_bound(fd);
        span_retarget(span, fdtable_target(fd));
    }
    span_end(span, 0, HOOK_ERROR(ret));
    return ret;
}

STRONG_EXPORT int bind(int fd, __CONST_SOCKADDR_ARG address, socklen_t len)
{
    struct span span;
    span_begin(&span, HOOK_bind, fd >= 0 ? fdtable_target(fd) : 0);
    return named(&span, fd, next.bind(fd, address, len));
}

STRONG_EXPORT int listen(int fd, int backlog)
{
    struct span span;
    span_begin(&span, HOOK_listen, fd >= 0 ? fdtable_target(fd) : 0);
    return named(&span, fd, next.listen(fd, backlog));
}

STRONG_EXPORT int setsockopt(int fd, int level, int option, const void *value, socklen_t len)
{
    struct span span;
    span_begin(&span, HOOK_setsockopt, fd >= 0 ? fdtable_target(fd) : 0);
    int ret = next.setsockopt(fd, level, option, value, len);
    if (ret == 0 && span.mode != SPAN_OFF)
        fdtable_option(fd, level, option);
    span_end(&span, 0, HOOK_ERROR(ret));
    return ret;
}

HOOK(int, getsockopt, (int fd, int level, int option, void *value, socklen_t *len), (fd, level, option, value, len),
     .fd = fd)
HOOK(int, shutdown, (int fd, int how), (fd, how), .fd = fd)

/* ---- connect ---- */

/* Errors that connect gives before, or instead of, copying the address. */
static bool address_was_read(int error)
{
    return error != EFAULT && error != EBADF && error != ENOTSOCK && error != EINVAL &&
           error != ENOMEM && error != ENOSYS && error != EPERM;
}

/* The peer is wanted before the call, so that a thread hanging in connect shows where to; where that
 * cannot be known to be safe it is added afterwards. */
static void connect_begin(struct span *span, unsigned hook, int fd, const struct sockaddr *address,
                          socklen_t len)
{
    span_begin(span, hook, 0);
    if (span->mode != SPAN_OFF && len <= sizeof(struct sockaddr_storage) &&
        readable_bytes(address, len))
        argument_publish(span, fdtable_peer(fd, readable_plain(address), len));
}

/* A connect with SO_SNDTIMEO that our signal broke goes on in the kernel; calling it again waits for
 * the same connection (inet_stream_connect, SS_CONNECTING). Only when that second wait runs into the
 * timeout does it say EALREADY where an unbroken one says EINPROGRESS. */
static int connect_end(struct span *span, int fd, const struct sockaddr *address, socklen_t len,
                       int ret, bool repeated)
{
    if (repeated && ret < 0 && errno == EALREADY)
        errno = EINPROGRESS;
    int error = HOOK_ERROR(ret);
    if (span->mode != SPAN_OFF) {
        if (!span->target && address_was_read(error))
            span_retarget(span, fdtable_peer(fd, readable_plain(address), len));
        if (ret == 0 || error == EINPROGRESS)
            fdtable_connected(fd, span->target, error == EINPROGRESS);
    }
    span_end(span, 0, error == EINPROGRESS ? 0 : error);
    return ret;
}

#define CONNECT_HOOK(name, type, plain)                                                            \
    STRONG_EXPORT int name(int fd, type address, socklen_t len)                                    \
    {                                                                                              \
        struct span span;                                                                          \
        connect_begin(&span, HOOK_##name, fd, plain, len);                                         \
        interrupt_begin();                                                                         \
        int ret = next.name(fd, address, len);                                                     \
        bool repeated = false;                                                                     \
        while (restart_due(ret < 0)) {                                                             \
            repeated = true;                                                                       \
            interrupt_begin();                                                                     \
            ret = next.name(fd, address, len);                                                     \
        }                                                                                          \
        return connect_end(&span, fd, plain, len, ret, repeated);                                  \
    }

CONNECT_HOOK(connect, __CONST_SOCKADDR_ARG, address.__sockaddr__)
CONNECT_HOOK(__connect, const struct sockaddr *, address)

/* ---- accept ---- */

static int accepted(struct span *span, int listener, int ret)
{
    if (ret >= 0 && span->mode != SPAN_OFF)
        fdtable_accepted(ret, listener);
    span_end(span, 0, HOOK_ERROR(ret));
    return ret;
}

#define ACCEPT_HOOK(name, parameters, arguments)                                                   \
    STRONG_EXPORT int name parameters                                                              \
    {                                                                                              \
        struct span span;                                                                          \
        int ret;                                                                                   \
        span_begin(&span, HOOK_##name, fd >= 0 ? fdtable_target(fd) : 0);                          \
        do {                                                                                       \
            interrupt_begin();                                                                     \
            ret = next.name arguments;                                                             \
        } while (restart_due(ret < 0));                                                            \
        return accepted(&span, fd, ret);                                                           \
    }

ACCEPT_HOOK(accept, (int fd, __SOCKADDR_ARG address, socklen_t *len), (fd, address, len))
ACCEPT_HOOK(accept4, (int fd, __SOCKADDR_ARG address, socklen_t *len, int flags),
            (fd, address, len, flags))

/* ---- sending ---- */

HOOK_RESTARTED(ssize_t, send, (int fd, const void *buf, size_t n, int flags), (fd, buf, n, flags),
               .fd = fd, .bytes = MOVED(ret), .way = HOOK_WRITES)
HOOK_RESTARTED(ssize_t, __send, (int fd, const void *buf, size_t n, int flags), (fd, buf, n, flags),
               .fd = fd, .bytes = MOVED(ret), .way = HOOK_WRITES)
/* The row of a datagram socket is the socket's own: a row for every peer of a server would fill the
 * target table with its clients. */
HOOK_RESTARTED(ssize_t, sendto,
               (int fd, const void *buf, size_t n, int flags, __CONST_SOCKADDR_ARG address,
                socklen_t len),
               (fd, buf, n, flags, address, len), .fd = fd, .bytes = MOVED(ret), .way = HOOK_WRITES)
/* The kernel has read the message and its control data where the call succeeded. */
static int64_t sent(const struct msghdr *message, ssize_t ret)
{
    if (ret > 0 && strong_unlikely(message->msg_controllen > 0))
        fdtable_passed(message);
    return MOVED(ret);
}

HOOK_RESTARTED(ssize_t, sendmsg, (int fd, const struct msghdr *message, int flags),
               (fd, message, flags), .fd = fd, .bytes = sent(message, ret), .way = HOOK_WRITES)

/* ---- receiving ---- */

/* What comes from the error queue is no data of the connection. */
#define RECEIVES(flags) ((flags) & MSG_ERRQUEUE ? HOOK_NEITHER : HOOK_READS)

HOOK_RESTARTED(ssize_t, recv, (int fd, void *buf, size_t n, int flags), (fd, buf, n, flags),
               .fd = fd, .bytes = MOVED(ret), .way = RECEIVES(flags))
HOOK_RESTARTED(ssize_t, __recv_chk, (int fd, void *buf, size_t n, size_t buf_len, int flags),
               (fd, buf, n, buf_len, flags), .fd = fd, .bytes = MOVED(ret), .way = RECEIVES(flags))
HOOK_RESTARTED(ssize_t, recvfrom,
               (int fd, void *buf, size_t n, int flags, __SOCKADDR_ARG address, socklen_t *len),
               (fd, buf, n, flags, address, len), .fd = fd, .bytes = MOVED(ret),
               .way = RECEIVES(flags))
HOOK_RESTARTED(ssize_t, __recvfrom_chk,
               (int fd, void *buf, size_t n, size_t buf_len, int flags, struct sockaddr *address,
                socklen_t *len),
               (fd, buf, n, buf_len, flags, address, len), .fd = fd, .bytes = MOVED(ret),
               .way = RECEIVES(flags))
HOOK_RESTARTED(ssize_t, recvmsg, (int fd, struct msghdr *message, int flags), (fd, message, flags),
               .fd = fd, .bytes = MOVED(ret), .way = RECEIVES(flags))

/* ---- many messages ---- */

/* The kernel has written the length of each of the first `count` messages. */
static int64_t total_bytes(const struct mmsghdr *messages, int count)
{
    int64_t bytes = 0;
    for (int i = 0; i < count; i++)
        bytes += messages[i].msg_len;
    return bytes;
}

static int64_t total_sent(const struct mmsghdr *messages, int count)
{
    for (int i = 0; i < count; i++)
        sent(&messages[i].msg_hdr, 1);
    return total_bytes(messages, count);
}

HOOK_RESTARTED(int, sendmmsg, (int fd, struct mmsghdr *messages, unsigned count, int flags),
               (fd, messages, count, flags), .fd = fd, .bytes = total_sent(messages, ret),
               .way = HOOK_WRITES)
HOOK_RESTARTED(int, recvmmsg,
               (int fd, struct mmsghdr *messages, unsigned count, int flags,
                struct timespec *timeout),
               (fd, messages, count, flags, timeout), .fd = fd,
               .bytes = total_bytes(messages, ret), .way = RECEIVES(flags))
