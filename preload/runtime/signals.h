/* signals.h: keeps the CPU sampling signal out of the program's sight.
 *
 * The kernel's view: our handler is installed, the signal is blocked nowhere. The program's view is kept
 * here: a disposition for the process (default unless it says otherwise) and, in thread_hot of each
 * thread, whether it believes the signal blocked. hooks/signal*.c answer questions from this view and
 * strip the signal from every set that reaches the kernel. Where the program really wants this very
 * signal (a handler of its own, a set that names it and not its neighbours) the sampler steps aside
 * for good: signals_step_aside, after which nothing here applies any more.
 *
 * signals_sampling_number and signals_taken are set once at boot by the monitor. Everything may be
 * called by any thread and in signal handlers; errno is preserved.
 */
#ifndef STRONG_RUNTIME_SIGNALS_H
#define STRONG_RUNTIME_SIGNALS_H

#include <signal.h>
#include <stdbool.h>

#include "runtime/system.h"
#include "runtime/thread.h"

extern int signals_sampling_number;  /* 0: none, or stepped aside */
extern void (*signals_taken)(void);  /* stops every timer and sets signals_sampling_number to 0 */

static inline bool signals_hides(int number)
{
    return strong_unlikely(number == signals_sampling_number) && number != 0;
}

/* The disposition the program believes in. */
void signals_disposition(struct sigaction *ret_action);
/* The program sets SIG_DFL or SIG_IGN: only remembered. */
void signals_set_disposition(const struct sigaction *action);

/* Stops sampling and makes the program's view true: its disposition in the kernel, and the signal
 * blocked in the calling thread if the program believes so. */
void signals_step_aside(void);

/* What a set handed to the kernel says about the sampling signal. */
enum signals_set {
    SIGNALS_UNREADABLE, /* bad pointer: the kernel is to refuse it */
    SIGNALS_WITHOUT,    /* the copy is equal */
    SIGNALS_STRIPPED,   /* it was in; it is not in the copy */
    SIGNALS_WANTED,     /* it was in, and not all its real-time neighbours: it is meant */
};
/* Copies the kernel's part (the first 64 signals) of a set that may be a bad pointer. */
enum signals_set signals_copy(const sigset_t *set, sigset_t *ret_copy);

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
