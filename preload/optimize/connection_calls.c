/* connection_calls.c: the calls of `next` that move bytes on a descriptor, for the optimizer "connections".
 *
 * Each asks one thing first: is the descriptor followed? If not, it is libc's call and nothing else. Where the
 * order of bytes cannot be known (several messages at once, copies inside the kernel) the connection is dropped.
 * Any thread, any context; cancellation and signals are those of the call below.
 */
#include "optimize/connection_pool.h"
#include "optimize/connection_transfer.h"
#include "runtime/counters.h"
#include "runtime/readable.h"

#define below connection_pool_below

#define TRANSFER_READS(name, parameters, arguments, parts, count, flags)                                               \
    static __attribute__((noinline)) ssize_t followed_##name parameters                                                \
    {                                                                                                                  \
        const struct iovec *all = parts; /* for as long as the call takes */                                           \
        struct transfer transfer;                                                                                      \
        ssize_t ret;                                                                                                   \
        if (!connection_transfer_read(&transfer, fd, all, count, flags))                                               \
            return below.name arguments;                                                                               \
        do                                                                                                             \
            ret = below.name arguments;                                                                                \
        while (connection_transfer_got(&transfer, &ret));                                                              \
        return ret;                                                                                                    \
    }                                                                                                                  \
    static ssize_t calls_##name parameters                                                                             \
    {                                                                                                                  \
        return strong_likely(!fdstate_tracked(fd)) ? below.name arguments : followed_##name arguments;                 \
    }
#define TRANSFER_WRITES(name, parameters, arguments, parts, count, flags, bytes)                                       \
    static __attribute__((noinline)) ssize_t followed_##name parameters                                                \
    {                                                                                                                  \
        const struct iovec *all = parts;                                                                               \
        struct transfer transfer;                                                                                      \
        ssize_t ret;                                                                                                   \
        if (!connection_transfer_write(&transfer, fd, all, count, flags))                                              \
            return below.name arguments;                                                                               \
        do                                                                                                             \
            ret = transfer.trial ? connection_transfer_send(&transfer) : below.name arguments;                         \
        while (connection_transfer_wrote(&transfer, ret));                                                             \
        return ret;                                                                                                    \
    }                                                                                                                  \
    static ssize_t calls_##name parameters                                                                             \
    {                                                                                                                  \
        return strong_likely(!fdstate_tracked(fd)) ? below.name arguments : followed_##name arguments;                 \
    }
#include "optimize/transfer_calls.def"
#undef TRANSFER_READS
#undef TRANSFER_WRITES

static ssize_t calls_sendto(int fd, const void *buf, size_t n, int flags, __CONST_SOCKADDR_ARG address, socklen_t len)
{
    if (strong_likely(!fdstate_tracked(fd)))
        return below.sendto(fd, buf, n, flags, address, len);
    if (address.__sockaddr__) { /* it may connect: MSG_FASTOPEN */
        fdstate_drop(fd, COUNTER_connections_refused_unseen);
        return below.sendto(fd, buf, n, flags, address, len);
    }
    return calls_send(fd, buf, n, flags);
}

/* ---- messages: their vector is read before the call only where it is known to be there ---- */

static ssize_t calls_sendmsg(int fd, const struct msghdr *message, int flags)
{
    struct transfer transfer;
    ssize_t ret;
    if (strong_likely(!fdstate_tracked(fd)))
        return below.sendmsg(fd, message, flags);
    if (!readable_bytes(message, sizeof *message) || message->msg_name || message->msg_controllen ||
        message->msg_iovlen > 64) {
        fdstate_drop(fd, COUNTER_connections_refused_unseen);
        return below.sendmsg(fd, message, flags);
    }
    if (!connection_transfer_write(&transfer, fd, message->msg_iov, (int)message->msg_iovlen, flags))
        return below.sendmsg(fd, message, flags);
    do
        ret = transfer.trial ? connection_transfer_send(&transfer) : below.sendmsg(fd, message, flags);
    while (connection_transfer_wrote(&transfer, ret));
    return ret;
}

static ssize_t calls_recvmsg(int fd, struct msghdr *message, int flags)
{
    struct transfer transfer;
    ssize_t ret;
    if (strong_likely(!fdstate_tracked(fd)))
        return below.recvmsg(fd, message, flags);
    if (!readable_bytes(message, sizeof *message) || message->msg_iovlen > 64) {
        fdstate_drop(fd, COUNTER_connections_refused_unseen);
        return below.recvmsg(fd, message, flags);
    }
    if (!connection_transfer_read(&transfer, fd, message->msg_iov, (int)message->msg_iovlen, flags))
        return below.recvmsg(fd, message, flags);
    do
        ret = below.recvmsg(fd, message, flags);
    while (connection_transfer_got(&transfer, &ret));
    return ret;
}

/* ---- what cannot be followed ---- */

#define UNSEEN(type, name, parameters, arguments, first, second)                                                       \
    static type calls_##name parameters                                                                                \
    {                                                                                                                  \
        if (strong_unlikely(fdstate_tracked(first)))                                                                   \
            fdstate_drop(first, COUNTER_connections_refused_unseen);                                                   \
        if (strong_unlikely(fdstate_tracked(second)))                                                                  \
            fdstate_drop(second, COUNTER_connections_refused_unseen);                                                  \
        return below.name arguments;                                                                                   \
    }

UNSEEN(int, sendmmsg, (int fd, struct mmsghdr *messages, unsigned count, int flags), (fd, messages, count, flags), fd,
       -1)
UNSEEN(int, recvmmsg, (int fd, struct mmsghdr *messages, unsigned count, int flags, struct timespec *timeout),
       (fd, messages, count, flags, timeout), fd, -1)
UNSEEN(ssize_t, preadv2, (int fd, const struct iovec *parts, int count, off_t offset, int flags),
       (fd, parts, count, offset, flags), fd, -1)
UNSEEN(ssize_t, preadv64v2, (int fd, const struct iovec *parts, int count, off64_t offset, int flags),
       (fd, parts, count, offset, flags), fd, -1)
UNSEEN(ssize_t, pwritev2, (int fd, const struct iovec *parts, int count, off_t offset, int flags),
       (fd, parts, count, offset, flags), fd, -1)
UNSEEN(ssize_t, pwritev64v2, (int fd, const struct iovec *parts, int count, off64_t offset, int flags),
       (fd, parts, count, offset, flags), fd, -1)
UNSEEN(ssize_t, sendfile, (int to, int from, off_t *offset, size_t n), (to, from, offset, n), to, from)
UNSEEN(ssize_t, sendfile64, (int to, int from, off64_t *offset, size_t n), (to, from, offset, n), to, from)
UNSEEN(ssize_t, splice, (int from, off64_t *from_offset, int to, off64_t *to_offset, size_t n, unsigned flags),
       (from, from_offset, to, to_offset, n, flags), from, to)

void connection_calls_install(void)
{
#define INSTALL(name)                                                                                                  \
    if (next.name)                                                                                                     \
    next.name = calls_##name
#define TRANSFER_READS(name, parameters, arguments, parts, count, flags) INSTALL(name);
#define TRANSFER_WRITES(name, parameters, arguments, parts, count, flags, bytes) INSTALL(name);
#include "optimize/transfer_calls.def"
#undef TRANSFER_READS
#undef TRANSFER_WRITES
    INSTALL(sendto);
    INSTALL(recvmsg);
    INSTALL(sendmsg);
    INSTALL(sendmmsg);
    INSTALL(recvmmsg);
    INSTALL(preadv2);
    INSTALL(preadv64v2);
    INSTALL(pwritev2);
    INSTALL(pwritev64v2);
    INSTALL(sendfile);
    INSTALL(sendfile64);
    INSTALL(splice);
#undef INSTALL
}
