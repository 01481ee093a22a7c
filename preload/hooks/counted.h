/* counted.h: entering a hook that is only counted (HOOK_COUNTED in abi/hooks.def).
 *
 * counted_enter: about two instructions in the normal case. Any thread, any context, before boot: a new
 * thread is attached first, a thread without a block counts in the crowd rows, and where libstrong is
 * off nothing is written. errno is preserved. Returns whether the thread is READY: whether timing,
 * targets and thread_hold make sense.
 */
#ifndef STRONG_HOOKS_COUNTED_H
#define STRONG_HOOKS_COUNTED_H

#include "runtime/thread.h"

bool counted_enter_slow(unsigned hook);

static inline bool counted_enter(unsigned hook)
{
    if (strong_unlikely(thread_hot.state != THREAD_READY))
        return counted_enter_slow(hook);
    thread_count(hook, 0);
    return true;
}

#endif
