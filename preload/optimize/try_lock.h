/* try_lock.h: a short lock that is only ever tried: a signal handler may run on the thread that holds it, and a child of
 * fork may find it held by nobody. Who does not get it does without. For preload/optimize. Any thread, any context.
 */
#ifndef STRONG_OPTIMIZE_TRY_LOCK_H
#define STRONG_OPTIMIZE_TRY_LOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/system.h"

enum { TRY_LOCK_TRIES = 64 };

static inline bool try_lock(uint32_t *locked)
{
    for (int i = 0; i < TRY_LOCK_TRIES; i++) {
        if (!__atomic_exchange_n(locked, 1, __ATOMIC_ACQUIRE)) /* pairs with try_unlock */
            return true;
        system_relax();
    }
    return false;
}

/* Also for a child of fork, whose lock may be held by a thread that it does not have. */
static inline void try_unlock(uint32_t *locked)
{
    __atomic_store_n(locked, 0, __ATOMIC_RELEASE);
}

#endif
