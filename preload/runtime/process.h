/* process.h: fork, exec and exit as the runtime sees them; called by hooks/process.c.
 *
 * process_fork_child runs in the child before it returns from fork: private segment, one thread, no
 * timers, no directory entry. The child counts privately and gets a file of its own when it lives on:
 * at its first pthread_create, at the first slow path more than PROCESS_PROMOTE_NS after fork, or at its
 * exit; never when it only execs.
 */
#ifndef STRONG_RUNTIME_PROCESS_H
#define STRONG_RUNTIME_PROCESS_H

#include <stdint.h>

#include <stdbool.h>

#define PROCESS_PROMOTE_NS 10000000ull
/* A process that lived shorter than this gets no reading that opens a file. */
#define PROCESS_BRIEF_NS 50000000ull

void process_fork_child(void);
/* A thread is about to be made: a child with threads must be promoted first. */
void process_before_thread(void);
/* Before exec: true when this is the process that owns the segment (not a vfork child). */
bool process_owns_segment(void);
/* exec is about to replace the image; undone by process_exec_failed. */
void process_exec_begin(void);
void process_exec_failed(void);
/* The last thing before the process ends by _exit, exit, quick_exit. */
void process_exiting(int status);

/* Monitors that have to start anew in a child, set once at boot. */
struct process_monitor {
    void (*promoted)(void);         /* the child has a segment: arm */
    void (*exiting)(void);          /* last readings */
    void (*tick)(uint64_t now_ticks); /* about once a second from whichever hook notices */
};
extern struct process_monitor process_monitor;
/* setns or unshare were called: what one thread makes need not be what another one would. Never false again. */
extern bool process_namespaces_moved;
/* Called in every forked child, before it goes on; optimizers register at boot, a few at most. */
void process_on_fork_child(void (*function)(void));
/* When the next tick is due; compared by span_end. */
extern uint64_t process_next_tick;
/* Runs what is due; slow path. */
void process_due(uint64_t now_ticks);

#endif
