/* connection_waiters.c: see connection_waiters.h. */
#include "optimize/connection_waiters.h"

#include <stddef.h>

#include "optimize/connection_pool.h"
#include "runtime/fdstate.h"
#include "runtime/readable.h"
#include "runtime/thread.h"

static uint32_t wide_waits;

bool waiters_wide(void)
{
    return __atomic_load_n(&wide_waits, __ATOMIC_ACQUIRE) != 0; /* pairs with widen */
}

static void widen(struct waiter *waiter)
{
    waiter->wide = true;
    __atomic_fetch_add(&wide_waits, 1, __ATOMIC_ACQ_REL);
}

static void begin(struct waiter *waiter)
{
    waiter->count = 0;
    waiter->wide = false;
}

/* Nothing can be followed, or what is can be nobody's business here (a vfork child: its parent's). */
static bool is_idle(void)
{
    return !fdstate_records || thread_hot.state == THREAD_OFF;
}

static void enter(struct waiter *waiter, int fd)
{
    int index = fdstate_tracked(fd) ? connection_pool_enter(fd) : -1;
    if (index >= 0)
        waiter->index[waiter->count++] = (int16_t)index;
}
_Static_assert(FDSTATE_MOST <= INT16_MAX, "an index fits");

void waiter_begin_poll(struct waiter *waiter, const struct pollfd *fds, nfds_t count)
{
    begin(waiter);
    if (is_idle() || count == 0)
        return;
    if (count > WAITER_MOST || !readable_bytes(fds, count * sizeof *fds)) {
        widen(waiter);
        return;
    }
    for (nfds_t i = 0; i < count; i++) {
        bool again = false; /* one descriptor twice in one list is no second wait */
        for (nfds_t before = 0; before < i; before++)
            again |= fds[before].fd == fds[i].fd;
        if (!again && fds[i].fd >= 0)
            enter(waiter, fds[i].fd);
    }
}

void waiter_begin_select(struct waiter *waiter, int count, const fd_set *const sets[3])
{
    uint64_t words[FD_SETSIZE / 64] = {0};
    unsigned found = 0, word_count = ((unsigned)count + 63) / 64;
    begin(waiter);
    if (is_idle() || count <= 0)
        return;
    if (count > FD_SETSIZE) {
        widen(waiter);
        return;
    }
    for (unsigned i = 0; i < 3; i++) {
        if (sets[i] && !readable_bytes(sets[i], word_count * sizeof *words)) {
            widen(waiter);
            return;
        }
        for (unsigned at = 0; sets[i] && at < word_count; at++)
            words[at] |= (uint64_t)sets[i]->fds_bits[at];
    }
    for (unsigned at = 0; at < word_count; at++)
        found += (unsigned)__builtin_popcountll(words[at]);
    if (found > WAITER_MOST) {
        widen(waiter);
        return;
    }
    for (unsigned at = 0; at < word_count; at++)
        for (uint64_t left = words[at]; left; left &= left - 1)
            enter(waiter, (int)(at * 64) + __builtin_ctzll(left));
}
_Static_assert(sizeof(((fd_set *)0)->fds_bits[0]) == sizeof(uint64_t), "a set is made of words");

void waiter_end(const struct waiter *waiter)
{
    for (unsigned i = 0; i < waiter->count; i++)
        fdstate_leave(waiter->index[i]);
    if (strong_unlikely(waiter->wide))
        __atomic_fetch_sub(&wide_waits, 1, __ATOMIC_ACQ_REL);
}

void waiters_fork_child(void)
{
    wide_waits = 0;
}
