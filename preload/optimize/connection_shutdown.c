/* connection_shutdown.c: see connection_shutdown.h. */
#include "optimize/connection_shutdown.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "optimize/connection_park.h"
#include "optimize/connection_pool.h"
#include "optimize/connection_waiters.h"
#include "optimize/connection_watch.h"
#include "runtime/clock.h"
#include "runtime/fdstate.h"
#include "runtime/seccomp.h"
#include "runtime/span.h"
#include "runtime/system.h"
#include "runtime/thread.h"

#define below connection_pool_below

enum { HELD_MOST = 8, HOW_BITS = 2, INDEX_MASK = 0x7ff };
_Static_assert(FDSTATE_MOST <= INDEX_MASK + 1, "an index fits");

/* word: generation of the record << 32 | its index << HOW_BITS | how + 1. 0: free. The rest is set while the word is TAKEN. */
#define TAKEN UINT64_MAX
static struct {
    uint64_t word;
    uint64_t owner;     /* thread_hot.owner */
    uint64_t due_ticks; /* when any thread carries it out; 0: at once */
    int own;            /* a duplicate while it is being carried out, for a child of fork to close; else 0 */
} held[HELD_MOST];
static uint64_t held_ticks;

static uint64_t word_for(int index, int how)
{
    return (uint64_t)fdstate_generation(index) << 32 | (uint64_t)index << HOW_BITS | (uint64_t)(how + 1);
}
static bool swap(int at, uint64_t from, uint64_t to)
{
    return __atomic_compare_exchange_n(&held[at].word, &from, to, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}
static bool take(int at, uint64_t word, uint64_t to)
{
    if (!swap(at, word, to))
        return false;
    __atomic_fetch_sub(&span_attention, 1, __ATOMIC_RELAXED);
    return true;
}

void connection_shutdown_forget(int index)
{
    for (int i = 0; span_attention && i < HELD_MOST; i++)
        for (int how = SHUT_RD; how <= SHUT_RDWR; how++)
            take(i, word_for(index, how), 0);
}

/* The caller's: TAKEN. `ends`: the caller is about to end the following by itself. */
static void carry_out(int at, uint64_t word, bool ends)
{
    int index = (int)(word >> HOW_BITS & INDEX_MASK), how = (int)(word & ((1 << HOW_BITS) - 1)) - 1;
    uint32_t generation = (uint32_t)(word >> 32);
    int fd = __atomic_load_n(&fdstate_records[index].fd, __ATOMIC_RELAXED);
    long own = system_call3(SYS_fcntl, fd, F_DUPFD_CLOEXEC, connection_park_numbers());
    held[at].own = own > 0 ? (int)own : 0;
    bool same = ends ? fdstate_generation(index) == generation
                     : fdstate_drop_open(index, generation, COUNTER_connections_refused_option);
    if (same)
        system_call2(SYS_shutdown, own >= 0 ? own : fd, how);
    held[at].own = 0;
    if (own >= 0)
        system_call1(SYS_close, own);
    __atomic_store_n(&held[at].word, 0, __ATOMIC_RELEASE); /* pairs with hold */
}

void connection_shutdown_dropping(int index)
{
    for (int i = 0; thread_hot.state != THREAD_OFF && span_attention && i < HELD_MOST; i++)
        for (int how = SHUT_RD; how <= SHUT_RDWR; how++)
            if (take(i, word_for(index, how), TAKEN))
                carry_out(i, word_for(index, how), true);
}

static bool is_due(int at, bool mine, uint64_t now_ticks)
{
    return (mine && __atomic_load_n(&held[at].owner, __ATOMIC_RELAXED) == thread_hot.owner) ||
           now_ticks >= __atomic_load_n(&held[at].due_ticks, __ATOMIC_RELAXED);
}

/* `all`, or what is due for the calling thread. What is_due reads may be the next one's: then that one comes early. */
static void settle(bool all, bool mine)
{
    if (thread_hot.state == THREAD_OFF)
        return; /* a vfork child: it is its parent's */
    uint64_t now_ticks = all ? 0 : clock_ticks();
    for (int i = 0; span_attention && i < HELD_MOST; i++) {
        uint64_t word = __atomic_load_n(&held[i].word, __ATOMIC_ACQUIRE); /* pairs with hold */
        if (word && word != TAKEN && (all || is_due(i, mine, now_ticks)) && take(i, word, TAKEN))
            carry_out(i, word, false);
    }
}

void connection_shutdown_settle(void)
{
    settle(true, true);
}

static bool hold(int index, int how, bool patient)
{
    if (!connection_park_numbers())
        return false;
    __atomic_fetch_add(&span_attention, 1, __ATOMIC_RELAXED); /* before anybody can take it */
    for (int i = 0; i < HELD_MOST; i++) {
        if (!swap(i, 0, TAKEN))
            continue;
        __atomic_store_n(&held[i].owner, thread_hot.owner, __ATOMIC_RELAXED);
        __atomic_store_n(&held[i].due_ticks, patient ? clock_ticks() + held_ticks : 0, __ATOMIC_RELAXED);
        __atomic_store_n(&held[i].word, word_for(index, how), __ATOMIC_RELEASE); /* pairs with settle */
        return true;
    }
    __atomic_fetch_sub(&span_attention, 1, __ATOMIC_RELAXED);
    return false;
}

static bool is_wait(unsigned hook)
{
    return hook >= HOOK_poll && hook <= HOOK_epoll_pwait2;
}
_Static_assert(HOOK_poll < HOOK_select && HOOK_select < HOOK_epoll_wait && HOOK_epoll_wait < HOOK_epoll_pwait2,
               "the waits for readiness stand together in hooks.def");

/* Its CPU samples would carry it out while the thread computes. */
static bool is_sampled(void)
{
    const struct thread_hot *hot = &thread_hot;
    return hot->state == THREAD_READY && __atomic_load_n(&hot->self->cpu_timer, __ATOMIC_RELAXED) >= 0;
}

static int shutdown_followed(int fd, int how)
{
    int error = errno, index = connection_pool_enter(fd);
    bool kept_back = false;
    if (index >= 0) {
        bool patient = is_sampled();
        kept_back = how != SHUT_RD && fdstate_records[index].set_count == 0 && !waiters_wide() &&
                    (patient || !thread_any_inside(is_wait)) && connection_pool_refusal(index) == COUNTER_COUNT &&
                    hold(index, how, patient);
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
    if (hook == HOOK_close || hook == HOOK___close || hook == HOOK_shutdown)
        return;
    settle(hook != HOOK_NONE && hook_classes[hook] == CLASS_PROCESS, hook != HOOK_NONE);
}

void connection_shutdown_install(void)
{
    next.shutdown = held_shutdown;
    held_ticks = clock_ns_to_ticks(SHUTDOWN_HELD_NS);
    span_attend = attend;
    seccomp_on_entering(connection_shutdown_settle);
}

void connection_shutdown_fork_child(void)
{
    for (int i = 0; i < HELD_MOST; i++) {
        if (held[i].own > 0)
            system_call1(SYS_close, held[i].own);
        held[i].word = 0;
        held[i].own = 0;
    }
    span_attention = 0;
}
