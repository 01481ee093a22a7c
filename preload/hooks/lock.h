/* lock.h: what the hooks of the lock kinds share. Any thread. */
#ifndef STRONG_HOOKS_LOCK_H
#define STRONG_HOOKS_LOCK_H

#include "hooks/counted.h"
#include "hooks/hook.h"

#define LOCK_SITE() __builtin_return_address(0)

/* The target of a wait: where the waiter calls, and where the holder (a kernel thread id, 0: unknown)
 * took the lock. READY threads. */
uint32_t lock_target(const void *lock, int holder, const void *site);

/* libc looks at these before anything else; where it would refuse them a hook must not try first. */
static inline bool lock_clock_valid(clockid_t clock)
{
    return clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC;
}
/* Its header promises that the time is never NULL; libc itself takes NULL for "no limit". */
static inline bool lock_time_valid(const struct timespec *until)
{
    __asm__("" : "+r"(until)); /* so that the test is not dropped */
    return !until || (unsigned long)until->tv_nsec < 1000000000ul;
}

#endif
