/* process.c: see process.h. */
#include "runtime/process.h"

#include <pthread.h>
#include <stdlib.h>

#include "runtime/arena.h"
#include "runtime/boot.h"
#include "runtime/clock.h"
#include "runtime/counters.h"
#include "runtime/fdstate.h"
#include "runtime/identity.h"
#include "runtime/modules.h"
#include "runtime/seccomp.h"
#include "runtime/segment.h"
#include "runtime/thread.h"
#include "runtime/unwind.h"

struct process_monitor process_monitor;
uint64_t process_next_tick = UINT64_MAX;
bool process_namespaces_moved;

enum { CHILD_FUNCTIONS = 8 };
static void (*in_child[CHILD_FUNCTIONS])(void);

static bool *mark; /* in wiped memory */
static bool ticking; /* one thread at a time does what is due */

/* True in the process that has set itself up. Not by pid: the child of pid 1 in a new pid namespace is
 * pid 1 too. The kernel clears the mark in a forked child; without it (Linux < 4.14) the pid has to do. */
static bool been_here(void)
{
    if (!mark)
        return segment->pid == (uint32_t)system_call0(SYS_getpid);
    bool been = *mark;
    *mark = true;
    return been;
}

void process_on_fork_child(void (*function)(void))
{
    for (int i = 0; i < CHILD_FUNCTIONS; i++)
        if (!in_child[i]) {
            in_child[i] = function;
            return;
        }
}

void process_fork_child(void)
{
    if (boot_off || !boot_done || been_here())
        return;
    unwind_fork_child();
    fdstate_fork_child();
    for (int i = 0; i < CHILD_FUNCTIONS && in_child[i]; i++)
        in_child[i]();
    segment_fork_child();
    thread_fork_child();
    ticking = false;
    process_next_tick = segment_promotion_due ? clock_ticks() + clock_ns_to_ticks(PROCESS_PROMOTE_NS) : UINT64_MAX;
}

/* The child becomes a process of its own. Its modules are those it was forked with. */
static void promote(void)
{
    if (!segment_promotion_due || seccomp_entered)
        return;
    segment_promote();
    if (segment_form != SEGMENT_SHARED)
        return;
    modules_init();
    if (process_monitor.promoted)
        process_monitor.promoted();
    process_next_tick = clock_ticks() + clock_ns_to_ticks(1000000000);
}

void process_before_thread(void)
{
    if (segment_promotion_due)
        promote();
}

bool process_owns_segment(void)
{
    return boot_done && !boot_off && (!mark || *mark) && segment->pid == (uint32_t)system_call0(SYS_getpid);
}

void process_exec_begin(void)
{
    if (segment_form == SEGMENT_SHARED)
        segment_close(SEGMENT_EXECED, 0);
}

void process_exec_failed(void)
{
    if (segment_form == SEGMENT_SHARED)
        segment_close(SEGMENT_RUNNING, 0);
}

void process_exiting(int status)
{
    if (!boot_done || boot_off || segment_form == SEGMENT_OFF)
        return;
    if (!seccomp_entered && !process_owns_segment())
        return; /* a vfork child, or a clone nobody saw */
    promote();
    if (segment->state == SEGMENT_EXITED) {
        segment->exit_status = status;
        return;
    }
    if (!seccomp_entered && clock_ticks() - segment->start_ticks > clock_ns_to_ticks(PROCESS_BRIEF_NS))
        identity_lives_on();
    if (process_monitor.exiting)
        process_monitor.exiting();
    clock_refine();
    segment_close(SEGMENT_EXITED, status);
}

void process_due(uint64_t now_ticks)
{
    if (seccomp_entered) {
        process_next_tick = UINT64_MAX;
        counters_add(COUNTER_resource_skipped, 1);
        return;
    }
    if (__atomic_exchange_n(&ticking, true, __ATOMIC_ACQUIRE))
        return;
    if (now_ticks >= process_next_tick) {
        if (segment_promotion_due) {
            process_next_tick = UINT64_MAX;
            promote();
        } else {
            process_next_tick = now_ticks + clock_ns_to_ticks(1000000000);
            clock_refine();
            segment->last_ticks = now_ticks;
            identity_lives_on();
            if (process_monitor.tick)
                process_monitor.tick(now_ticks);
        }
    }
    __atomic_store_n(&ticking, false, __ATOMIC_RELEASE);
}

static void at_exit(int status, void *unused)
{
    (void)unused;
    process_exiting(status);
}

int process_init(void)
{
    if ((mark = arena_take_wiped(sizeof *mark)))
        *mark = true;
    /* Handlers of a child run in the order they were made: ours before those of the program, which call
     * hooks. It also covers the forks that libc does inside itself (daemon, forkpty). */
    pthread_atfork(NULL, NULL, process_fork_child);
    /* Registered before main, so it runs last, and unlike a destructor it is told the status. */
    on_exit(at_exit, NULL);
    process_next_tick = clock_ticks() + clock_ns_to_ticks(1000000000);
    return 0;
}
