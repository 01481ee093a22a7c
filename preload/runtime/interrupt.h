/* interrupt.h: hiding the CPU sampling signal from calls that end with EINTR whatever SA_RESTART says.
 *
 * The signal's handler calls interrupt_note(ucontext): when the interrupted pc stands right behind a
 * system call instruction whose result is -EINTR, it was our signal that broke that call, and no
 * handler of the program's lies in between (its frame would be where the pc points). A hook of such a
 * call does:
 *
 *   interrupt_begin();
 *   ret = next.poll(…);
 *   while (ret < 0 && errno == EINTR && interrupt_was_ours()) ret = next.poll(… the time that is left …);
 *
 * interrupt_was_ours gives errno its value from before the call: one that succeeds leaves it alone.
 *
 * Our handler begins with every signal blocked that is not a fault's. Where it broke a call, the program's wait for its end,
 * and if one with a handler does (interrupt_settle) the EINTR is the program's. Where it did not, they are let in at
 * once (interrupt_admit). That leaves the instructions between interrupt_settle and the repeated call: a signal
 * that comes there has run its handler before the wait, as one that comes just before an unprofiled call has. Owner
 * thread only.
 */
#ifndef STRONG_RUNTIME_INTERRUPT_H
#define STRONG_RUNTIME_INTERRUPT_H

#include <signal.h>
#include <stdbool.h>

#include "runtime/thread.h"

static inline void interrupt_begin(void) { thread_hot.interrupted = 0; }
bool interrupt_was_ours_slow(void); /* counts, re-arms */
static inline bool interrupt_was_ours(void)
{
    return thread_hot.interrupted && interrupt_was_ours_slow();
}
/* The signals that our handler begins with as blocked, as the kernel has them. */
#define INTERRUPT_HELD                                                                                                 \
    (~(1ull << (SIGSEGV - 1) | 1ull << (SIGBUS - 1) | 1ull << (SIGILL - 1) | 1ull << (SIGFPE - 1) |                    \
       1ull << (SIGTRAP - 1) | 1ull << (SIGSYS - 1)))
/* Signal handler only: at its begin. True: the signal broke a call: interrupt_settle at the end; false:
 * interrupt_admit now. */
bool interrupt_note(const void *ucontext);
void interrupt_admit(const void *ucontext);
void interrupt_settle(const void *ucontext);

#endif
