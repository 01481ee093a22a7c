/* connection_shutdown.c: see connection_shutdown.h. */
#include "optimize/connection_shutdown.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "optimize/connection_pool.h"
#include "optimize/connection_watch.h"
#include "runtime/fdstate.h"
#include "runtime/seccomp.h"
#include "runtime/span.h"
#include "runtime/system.h"
#include "runtime/thread.h"

#define below connection_pool_below

enum { HELD_MOST = 8 };

#define BEING_WRITTEN UINT32_MAX

/* One place for each; `how` + 1 is written last, 0: free. */
static struct {
    int fd;
    uint32_t how;
} held[HELD_MOST];

void connection_shutdown_forget(int fd)
{
    if (thread_hot.state == THREAD_OFF)
        return; /* a vfork child: it is its parent's */
    for (int i = 0; span_attention && i < HELD_MOST; i++)
        if (held[i].how && held[i].fd == fd && __atomic_exchange_n(&held[i].how, 0, __ATOMIC_ACQ_REL))
            __atomic_fetch_sub(&span_attention, 1, __ATOMIC_RELAXED);
}

void connection_shutdown_settle(void)
{
    if (thread_hot.state == THREAD_OFF)
        return;
    for (int i = 0; span_attention && i < HELD_MOST; i++) {
        int fd = held[i].fd;
        uint32_t how = __atomic_load_n(&held[i].how, __ATOMIC_ACQUIRE); /* pairs with hold */
        if (!how || how == BEING_WRITTEN ||
            !__atomic_compare_exchange_n(&held[i].how, &how, 0, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
            continue;
        __atomic_fetch_sub(&span_attention, 1, __ATOMIC_RELAXED);
        fdstate_drop(fd, COUNTER_connections_refused_option);
        system_call2(SYS_shutdown, fd, how - 1);
    }
}

static bool hold(int fd, int how)
{
    for (int i = 0; i < HELD_MOST; i++) {
        uint32_t none = 0;
        if (!__atomic_compare_exchange_n(&held[i].how, &none, BEING_WRITTEN, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
            continue;
        held[i].fd = fd;
        __atomic_fetch_add(&span_attention, 1, __ATOMIC_RELAXED);
        __atomic_store_n(&held[i].how, (uint32_t)how + 1, __ATOMIC_RELEASE); /* pairs with settle */
        return true;
    }
    return false;
}

static bool is_wait(unsigned hook)
{
    return hook >= HOOK_poll && hook <= HOOK_epoll_pwait2;
}
_Static_assert(HOOK_poll < HOOK_select && HOOK_select < HOOK_epoll_wait && HOOK_epoll_wait < HOOK_epoll_pwait2,
               "the waits for readiness stand together in hooks.def");

static int shutdown_followed(int fd, int how)
{
    int error = errno, index = connection_pool_enter(fd);
    bool kept_back = false;
    if (index >= 0) {
        kept_back = how != SHUT_RD && fdstate_records[index].set_count == 0 && !thread_any_inside(is_wait) &&
                    connection_pool_refusal(index) == COUNTER_COUNT && hold(fd, how);
        if (!kept_back)
            fdstate_drop(fd, COUNTER_connections_refused_unfinished);
        fdstate_leave(index);
    }
    errno = error;
    return kept_back ? 0 : below.shutdown(fd, how);
}

static int held_shutdown(int fd, int how)
{
    bool sound = how == SHUT_RD || how == SHUT_WR || how == SHUT_RDWR;
    return sound && strong_unlikely(fdstate_tracked(fd)) ? shutdown_followed(fd, how) : below.shutdown(fd, how);
}

static void attend(unsigned hook)
{
    if (hook != HOOK_close && hook != HOOK___close && hook != HOOK_shutdown)
        connection_shutdown_settle();
}

void connection_shutdown_install(void)
{
    next.shutdown = held_shutdown;
    span_attend = attend;
    seccomp_on_entering(connection_shutdown_settle);
}

void connection_shutdown_fork_child(void)
{
    for (int i = 0; i < HELD_MOST; i++)
        held[i].how = 0;
    span_attention = 0;
}
