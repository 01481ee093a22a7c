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
 * A signal of the program's that arrives after the kernel gave up the call has the same window as one
 * that arrives just before an unprofiled call. Owner thread only.
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
/* Signal handler only. */
void interrupt_note(const void *ucontext);

#endif
