/* signals.h: keeps the CPU sampling signal out of the program's sight.
 *
 * The kernel's view: our handler is installed, the signal is blocked nowhere. The program's view is kept
 * here: a disposition for the process (default unless it says otherwise) and, in thread_hot of each
 * thread, whether it believes the signal blocked. hooks/signal.c and hooks/sigmask.c answer questions
 * from this view and strip the signal from the sets that reach the kernel.
 *
 * Sets that hold every real-time signal are meant as "all", and are stripped. A set that holds ours but
 * not all its neighbours means it, as does a handler of the program's own for it: then the sampler
 * steps aside for good (signals_step_aside), and the kernel's view becomes the program's.
 *
 * signals_sampling_number and signals_taken are set once at boot by the monitor. Everything may be
 * called by any thread and in signal handlers; errno is preserved.
 */
#ifndef STRONG_RUNTIME_SIGNALS_H
#define STRONG_RUNTIME_SIGNALS_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "runtime/system.h"
#include "runtime/thread.h"

extern int signals_sampling_number; /* 0: none, or stepped aside */
extern void (*signals_taken)(void); /* stops every timer and sets signals_sampling_number to 0 */

static inline bool signals_hides(int number)
{
    return strong_unlikely(number == signals_sampling_number) && number != 0;
}

/* The disposition the program believes in: SIG_DFL or SIG_IGN, with flags and mask. */
void signals_disposition(struct sigaction *ret_action);
void signals_set_disposition(const struct sigaction *action);

/* Stops sampling. The signal becomes blocked in the calling thread if it believes so; a disposition of
 * the program's own is for the caller to install. Until then our handler stays and emulates
 * (signals_foreign), because other threads may believe the signal blocked too. */
void signals_step_aside(void);
/* After that: makes the calling thread's belief true, if it is not yet. */
void signals_settle(void);
/* The same for the mask that a signal handler of ours returns to, when that happened on top of it. */
void signals_settled_in_handler(void *context);

/* Around the making of a thread: where the calling thread believes the signal blocked, it is for that
 * moment, and the new thread starts that way, until its own belief has been set. */
void signals_thread_begin(void);
void signals_thread_end(void);

/* What a set says about the sampling signal. The kernel's part (the first 64 signals) is copied. */
enum signals_set {
    SIGNALS_WITHOUT,  /* the copy is equal */
    SIGNALS_STRIPPED, /* it was in, with all its neighbours; it is not in the copy */
    SIGNALS_WANTED,   /* it was in, and is meant: the copy is equal */
};
enum signals_set signals_strip(const sigset_t *set, sigset_t *ret_copy);
/* Whether the kernel could read a set. */
bool signals_readable(const sigset_t *set);

/* For the handler: the sampling signal came from elsewhere (kill, sigqueue). Does what the program's
 * view demands: ignores it, ends the process, or makes it pending. */
void signals_foreign(int number, siginfo_t *info, void *context);

/* exec hands on ignored and blocked signals: makes the program's view true in the kernel for the new
 * image; _undo takes that back where exec fails. One system call each, and only where there is a
 * difference. */
struct signals_exec {
    bool ignored, blocked;
    uint64_t action[4]; /* our handler, as the kernel describes it */
};
void signals_exec_prepare(struct signals_exec *ret_exec);
void signals_exec_undo(const struct signals_exec *exec);

#endif
