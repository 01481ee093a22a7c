/* connection_watch.c: see connection_watch.h. */
#include "optimize/connection_watch.h"

#include <errno.h>
#include <string.h>
#include <sys/uio.h>

#include "optimize/connection_park.h"
#include "optimize/connection_shutdown.h"
#include "optimize/connection_unused.h"
#include "runtime/arena.h"
#include "runtime/clock.h"

static struct watch *watches;

/* Whoever drops a record need not have entered it: nothing is touched but the count of those that wait, and the number
 * that a lent socket has besides. */
static void dropping(int index)
{
    struct watch *watch = &watches[index];
    if (watch->generation != fdstate_generation(index))
        return;
    connection_shutdown_dropping(index);
    connection_park_settled(watch);
    connection_unused_release(watch);
}

int connection_watch_init(void)
{
    watches = arena_take(FDSTATE_MOST * sizeof *watches);
    if (!watches)
        return -ENOMEM;
    fdstate_dropping = dropping;
    fdstate_following = connection_unused_claim;
    return 0;
}

struct watch *connection_watch_at(int index)
{
    struct watch *watch = &watches[index];
    uint32_t generation = fdstate_generation(index);
    if (watch->generation == generation)
        return watch;
    char *kept = watch->kept;
    connection_park_settled(watch); /* the file before this one was lost sight of */
    connection_unused_release(watch);
    memset(watch, 0, sizeof *watch);
    watch->generation = generation;
    watch->next = -1;
    watch->kept = kept;
    return watch;
}

enum counter_id connection_watch_reason(enum exchange_refusal refusal)
{
    static const enum counter_id reasons[] = {
        [EXCHANGE_FINE] = COUNTER_connections_refused_unfinished,
        [EXCHANGE_REFUSED_PROTOCOL] = COUNTER_connections_refused_protocol,
        [EXCHANGE_REFUSED_STATE] = COUNTER_connections_refused_state,
        [EXCHANGE_REFUSED_CLOSE] = COUNTER_connections_refused_close,
        [EXCHANGE_REFUSED_MISMATCH] = COUNTER_connections_refused_mismatch,
    };
    return reasons[refusal];
}

/* Calls feed for each part of the first len bytes. */
static void each(struct exchange *exchange, const struct iovec *parts, int count, size_t len,
                 void (*feed)(struct exchange *, const void *, size_t))
{
    for (int i = 0; i < count && len > 0; i++) {
        size_t here = parts[i].iov_len < len ? parts[i].iov_len : len;
        if (here > 0)
            feed(exchange, parts[i].iov_base, here);
        len -= here;
    }
}

/* After the exchange has moved on. */
static bool judge(int fd, struct watch *watch)
{
    const struct exchange *exchange = &watch->exchange;
    if (strong_likely(exchange->refusal == EXCHANGE_FINE && exchange->answered < WATCH_EXCHANGES))
        return true;
    connection_park_settled(watch);
    if (exchange->refusal == EXCHANGE_REFUSED_MISMATCH)
        connection_park_distrust(watch);
    fdstate_drop(fd, exchange->refusal == EXCHANGE_FINE ? COUNTER_connections_refused_busy
                                                        : connection_watch_reason(exchange->refusal));
    return false;
}

bool connection_watch_sent(int fd, struct watch *watch, const struct iovec *parts, int count, size_t len)
{
    watch->sent_bytes += len;
    each(&watch->exchange, parts, count, len, exchange_sent);
    return judge(fd, watch);
}

bool connection_watch_received(int fd, struct watch *watch, const struct iovec *parts, int count, size_t len)
{
    watch->received_bytes += len;
    if (watch->waiting)
        connection_park_answered(watch);
    each(&watch->exchange, parts, count, len, exchange_received);
    return judge(fd, watch);
}
