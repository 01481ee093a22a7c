/* tcp_tuning.c: optimizer "tcp": ends the stalls of Nagle's algorithm against delayed acknowledgements. In `safe`.
 *
 * A program that sends a request in two small writes and then reads stalls: the second write waits for the
 * acknowledgement of the first (Nagle, RFC 896), which the peer delays (RFC 1122 4.2.3.2; 40 ms on Linux). A peer that
 * splits its answer stalls the same way on our acknowledgement.
 *
 * CHANGES  once such a stall was measured on a destination: TCP_NODELAY is set on its connections before the second write
 *          in a row; after a stall between two parts of an answer, TCP_QUICKACK is armed after each short read.
 * SAFE     because both only send earlier what would be sent anyway: no byte is held, joined or split.
 * ASIDE    on sockets whose owner set TCP_NODELAY or TCP_CORK; where many small writes follow one another (a stream
 *          is given back to Nagle for good); where arming did not help; after seccomp. Never anything but TCP.
 * COUNTS   tcp_*. What was saved is the stall measured on the destination less what the exchange took.
 *
 * State: one byte of the descriptor's entry, a stall for each destination. Plain words: a race can cost a stall or a
 * system call, nothing else. Any thread, any context; errno as the call left it.
 */
#include "optimize/tcp_tuning.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <sys/uio.h>

#include "runtime/clock.h"
#include "runtime/config.h"
#include "runtime/counters.h"
#include "runtime/fdtable.h"
#include "runtime/libc.h"
#include "runtime/seccomp.h"
#include "runtime/thread.h"

enum tuning {
    TUNING_NODELAY = 1, /* set by us */
    TUNING_STREAM = 2,  /* small writes in a row without end: Nagle's for good */
    TUNING_QUICKACK = 4,
    TUNING_ARMED = 8,   /* after the last read */
    TUNING_USELESS = 16, /* one more count of stalls in spite of it; three bits */
};
enum {
    USELESS_MOST = 7,
    STREAM_WRITES = 8,
    DESTINATIONS = 256, /* direct-mapped by target: two that collide measure anew */
};

static struct destination {
    uint32_t target;
    bool answers_split;
    uint64_t write_stall_ticks, read_stall_ticks; /* last one measured, 0: none */
} destinations[DESTINATIONS];

static bool any_split; /* one of them has split its answers */
static struct libc below;
static uint64_t stall_least_ticks, stall_most_ticks;

/* ---- what a call may touch ---- */

/* A TCP connection whose owner left the choice to the kernel. */
static inline struct fd_entry *tunable(int fd)
{
    struct fd_entry *entry = (unsigned)fd < FDTABLE_PAGE ? &fdtable_first[fd] : fdtable_entry(fd, false);
    return entry && (entry->flags & (FD_STREAM | FD_NODELAY_SET)) == FD_STREAM ? entry : NULL;
}

/* QUICKACK does not depend on Nagle: the owner's TCP_NODELAY says nothing about acknowledgements, but "never a socket
 * whose owner set them" is the promise. */
static bool set_option(int fd, int option, int value)
{
    return !seccomp_entered && thread_hot.state != THREAD_OFF &&
           system_call6(SYS_setsockopt, fd, IPPROTO_TCP, option, &value, sizeof value, 0) == 0;
}

static struct destination *destination_of(const struct fd_entry *entry)
{
    struct destination *found = &destinations[entry->target % DESTINATIONS];
    return found->target == entry->target ? found : NULL;
}

static struct destination *destination_make(const struct fd_entry *entry)
{
    struct destination *found = &destinations[entry->target % DESTINATIONS];
    if (found->target != entry->target)
        *found = (struct destination){.target = entry->target};
    return found;
}

/* ---- before a write ---- */

static __attribute__((noinline)) void set_nodelay(int fd, struct fd_entry *entry)
{
    const struct destination *to = destination_of(entry);
    if (to && to->write_stall_ticks && set_option(fd, TCP_NODELAY, 1)) {
        entry->tuning |= TUNING_NODELAY;
        counters_add(COUNTER_tcp_nodelay_set, 1);
    }
}

static __attribute__((noinline)) void give_back(int fd, struct fd_entry *entry)
{
    if (set_option(fd, TCP_NODELAY, 0)) {
        entry->tuning = (uint8_t)((entry->tuning & ~TUNING_NODELAY) | TUNING_STREAM);
        counters_add(COUNTER_tcp_nodelay_returned, 1);
    }
}

/* bytes 0: not known. entry->small_writes counts what went before, since the last read. */
static inline void before_write(int fd, size_t bytes)
{
    struct fd_entry *entry = tunable(fd);
    if (strong_likely(!entry || !(entry->flags & FD_WROTE) || entry->tuning & TUNING_STREAM))
        return;
    if (entry->tuning & TUNING_NODELAY) {
        if (strong_unlikely(entry->small_writes >= STREAM_WRITES))
            give_back(fd, entry);
    } else if (entry->small_writes >= STREAM_WRITES)
        entry->tuning |= TUNING_STREAM;
    else if (entry->small_writes >= 1 || (bytes > 0 && bytes < FDTABLE_SMALL_WRITE))
        set_nodelay(fd, entry);
}

/* ---- after a read ---- */

static void saved(uint64_t stall_ticks, uint64_t waited_ticks)
{
    counters_add(COUNTER_tcp_stalls_avoided, 1);
    if (stall_ticks > waited_ticks)
        counters_add(COUNTER_tcp_saved_ns, clock_ticks_to_ns(stall_ticks - waited_ticks));
}

/* The answer to two or more writes in a row. */
static void after_writes(const struct fd_entry *entry, uint64_t waited_ticks, bool stalled)
{
    if (stalled)
        destination_make(entry)->write_stall_ticks = waited_ticks;
    else if (entry->tuning & TUNING_NODELAY) {
        const struct destination *to = destination_of(entry);
        if (to && waited_ticks < stall_least_ticks)
            saved(to->write_stall_ticks, waited_ticks);
    }
}

/* One more part of an answer, nothing sent in between. */
static void after_part(struct fd_entry *entry, uint64_t waited_ticks, bool stalled)
{
    if (stalled && entry->tuning & TUNING_ARMED) {
        if (entry->tuning / TUNING_USELESS < USELESS_MOST)
            entry->tuning += TUNING_USELESS;
        struct destination *to = destination_of(entry);
        if (to && entry->tuning / TUNING_USELESS >= USELESS_MOST)
            to->answers_split = false; /* it takes its time, that is all */
    } else if (stalled) {
        struct destination *to = destination_make(entry);
        to->answers_split = any_split = true;
        to->read_stall_ticks = waited_ticks;
        entry->tuning |= TUNING_QUICKACK;
    } else if (entry->tuning & TUNING_ARMED && waited_ticks < stall_least_ticks) {
        const struct destination *to = destination_of(entry);
        if (to && to->read_stall_ticks)
            saved(to->read_stall_ticks, waited_ticks);
    }
}

static __attribute__((noinline)) void measure(int fd, struct fd_entry *entry, ssize_t ret)
{
    uint64_t now = clock_ticks(), waited = now - entry->moved_ticks;
    bool stalled = waited >= stall_least_ticks && waited <= stall_most_ticks;
    if (!(entry->flags & FD_WROTE)) {
        after_part(entry, waited, stalled);
        entry->moved_ticks = now;
    } else if (entry->small_writes >= 2 || (entry->small_writes == 1 && entry->tuning & TUNING_NODELAY))
        after_writes(entry, waited, stalled);
    entry->tuning &= (uint8_t)~TUNING_ARMED;
    const struct destination *to = destination_of(entry);
    bool wanted = (entry->tuning & TUNING_QUICKACK) || (to && to->answers_split);
    if (wanted && ret < FDTABLE_SMALL_WRITE && entry->tuning / TUNING_USELESS < USELESS_MOST &&
        set_option(fd, TCP_QUICKACK, 1)) {
        entry->tuning |= TUNING_QUICKACK | TUNING_ARMED;
        counters_add(COUNTER_tcp_quickack_armed, 1);
    }
}

/* The first part of an answer to one write, with nothing set or to be armed: whatever it took, it was no stall. */
static inline bool plain(const struct fd_entry *entry)
{
    return (entry->flags & FD_WROTE) && entry->small_writes < 2 && !entry->tuning && !any_split;
}

static inline void after_read(int fd, ssize_t ret, int flags)
{
    struct fd_entry *entry = ret > 0 && !(flags & (MSG_PEEK | MSG_ERRQUEUE)) ? tunable(fd) : NULL;
    if (strong_unlikely(entry != NULL) && entry->moved_ticks && !plain(entry))
        measure(fd, entry, ret);
}

/* ---- the calls ---- */

#define TRANSFER_READS(name, parameters, arguments, parts, count, flags)                                               \
    static ssize_t tcp_##name parameters                                                                               \
    {                                                                                                                  \
        ssize_t ret = below.name arguments;                                                                            \
        after_read(fd, ret, flags);                                                                                    \
        return ret;                                                                                                    \
    }
#define TRANSFER_WRITES(name, parameters, arguments, parts, count, flags, bytes)                                       \
    static ssize_t tcp_##name parameters                                                                               \
    {                                                                                                                  \
        before_write(fd, bytes);                                                                                       \
        return below.name arguments;                                                                                   \
    }
#include "optimize/transfer_calls.def"
#undef TRANSFER_READS
#undef TRANSFER_WRITES

static ssize_t tcp_sendto(int fd, const void *buf, size_t n, int flags, __CONST_SOCKADDR_ARG address, socklen_t len)
{
    before_write(fd, n);
    return below.sendto(fd, buf, n, flags, address, len);
}

static ssize_t tcp_sendmsg(int fd, const struct msghdr *message, int flags)
{
    before_write(fd, 0);
    return below.sendmsg(fd, message, flags);
}

static ssize_t tcp_recvmsg(int fd, struct msghdr *message, int flags)
{
    ssize_t ret = below.recvmsg(fd, message, flags);
    after_read(fd, ret, flags);
    return ret;
}

int tcp_tuning_init(void)
{
    if (!config_optimizer_selected("tcp", true))
        return 0;
    stall_least_ticks = clock_ns_to_ticks(FDTABLE_STALL_LEAST_NS);
    stall_most_ticks = clock_ns_to_ticks(FDTABLE_STALL_MOST_NS);
    below = next;
#define INSTALL(name)                                                                                                  \
    if (next.name)                                                                                                     \
    next.name = tcp_##name
#define TRANSFER_READS(name, parameters, arguments, parts, count, flags) INSTALL(name);
#define TRANSFER_WRITES(name, parameters, arguments, parts, count, flags, bytes) INSTALL(name);
#include "optimize/transfer_calls.def"
#undef TRANSFER_READS
#undef TRANSFER_WRITES
    INSTALL(sendto);
    INSTALL(sendmsg);
    INSTALL(recvmsg);
#undef INSTALL
    return 0;
}
