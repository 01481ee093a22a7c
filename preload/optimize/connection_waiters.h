/* connection_waiters.h: who waits for readiness of a followed descriptor by poll or select, seen by the other threads.
 *
 *   struct waiter waiter;
 *   waiter_begin(&waiter, …);  ret = below.poll(…);  waiter_end(&waiter);
 *
 * A wait is a call in flight on each followed descriptor it names (fdstate.h), so that a shutdown by another thread,
 * which may be meant to wake it, meets it. A wait for more than WAITER_MOST descriptors is not looked through:
 * while there is one, no shutdown is held back. A wait that never ends (cancelled, left by longjmp) leaves its
 * descriptors busy, or the wide waits one too many: the safe side. Any thread, any context.
 */
#ifndef STRONG_OPTIMIZE_CONNECTION_WAITERS_H
#define STRONG_OPTIMIZE_CONNECTION_WAITERS_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/select.h>

enum { WAITER_MOST = 16 };

struct waiter {
    int16_t index[WAITER_MOST]; /* records entered */
    uint8_t count;
    bool wide;
};

void waiter_begin_poll(struct waiter *waiter, const struct pollfd *fds, nfds_t count);
void waiter_begin_select(struct waiter *waiter, int count, const fd_set *const sets[3]);
void waiter_end(const struct waiter *waiter);
/* Whether some wait of this process may be for any descriptor. */
bool waiters_wide(void);
void waiters_fork_child(void);

#endif
