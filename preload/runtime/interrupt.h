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
 * Signals of the program's that arrive while our handler is at work are held off to its end (interrupt_settle); where
 * there is one with a handler, the EINTR is the program's. That leaves the instructions between our handler and
 * the repeated call: a signal that comes there has run its handler before the wait, as one that comes just before an
 * unprofiled call has. Owner thread only.
 */
#ifndef STRONG_RUNTIME_INTERRUPT_H
#define STRONG_RUNTIME_INTERRUPT_H

#include <stdbool.h>

#include "runtime/thread.h"

static inline void interrupt_begin(void) { thread_hot.interrupted = 0; }
bool interrupt_was_ours_slow(void); /* counts, re-arms */
static inline bool interrupt_was_ours(void)
{
    return thread_hot.interrupted && interrupt_was_ours_slow();
}
/* Signal handler only: at its begin. True: the signal broke a call, and interrupt_settle is due. */
bool interrupt_note(const void *ucontext);
/* Then, at its end: lets the program's signals in again. */
void interrupt_settle(const void *ucontext);

#endif
