/* rwlock.c: read-write locks: tried first, timed only when they cannot be had at once.
 *
 * libc's tryrdlock and trywrlock succeed exactly where the waiting call would return at once, under
 * each preference (nptl/pthread_rwlock_common.c: writers that wait and are preferred refuse both). On
 * any refusal the real call is made: its EDEADLK and EAGAIN are what the caller sees. The timed calls
 * refuse an invalid time or clock even when the lock is free, so these are looked at before the try.
 * Only a writer is known by its thread id; behind readers the holder's site stays 0. Any thread.
 */
#include "hooks/lock.h"

/* One way to take the lock. Which call is made follows from the hook. */
struct rwlock_call {
    unsigned hook;
    bool write;
    const struct timespec *until;
    clockid_t clock;
};

static int rwlock_real(pthread_rwlock_t *lock, const struct rwlock_call *call)
{
    switch (call->hook) {
    case HOOK_pthread_rwlock_rdlock:
        return next.pthread_rwlock_rdlock(lock);
    case HOOK_pthread_rwlock_wrlock:
        return next.pthread_rwlock_wrlock(lock);
    case HOOK_pthread_rwlock_timedrdlock:
        return next.pthread_rwlock_timedrdlock(lock, call->until);
    case HOOK_pthread_rwlock_timedwrlock:
        return next.pthread_rwlock_timedwrlock(lock, call->until);
    case HOOK_pthread_rwlock_clockrdlock:
        return next.pthread_rwlock_clockrdlock(lock, call->clock, call->until);
    default:
        return next.pthread_rwlock_clockwrlock(lock, call->clock, call->until);
    }
}

/* Readers are not remembered: there can be many, and no waiter could tell which one to name. */
static inline int acquired(const pthread_rwlock_t *lock, bool write, const void *site, int ret)
{
    if (ret == 0 && write && thread_hot.state == THREAD_READY)
        thread_hold(lock, site);
    return ret;
}

static __attribute__((noinline)) int rwlock_wait(pthread_rwlock_t *lock, struct rwlock_call call, const void *site)
{
    struct span span;
    int writer = __atomic_load_n(&lock->__data.__cur_writer, __ATOMIC_RELAXED);
    span_begin(&span, call.hook, lock_target(lock, writer, site));
    int ret = rwlock_real(lock, &call);
    span_end(&span, 0, ret);
    return acquired(lock, call.write, site, ret);
}

/* `may_try`: libc would not refuse the arguments. */
static inline int rwlock_take(pthread_rwlock_t *lock, struct rwlock_call call, bool may_try, const void *site)
{
    bool ready = counted_enter(call.hook);
    if (strong_unlikely(!ready || !may_try))
        return acquired(lock, call.write, site, rwlock_real(lock, &call));
    int ret = call.write ? next.pthread_rwlock_trywrlock(lock) : next.pthread_rwlock_tryrdlock(lock);
    if (strong_likely(ret == 0))
        return acquired(lock, call.write, site, 0);
    return rwlock_wait(lock, call, site);
}

STRONG_EXPORT int pthread_rwlock_rdlock(pthread_rwlock_t *lock)
{
    return rwlock_take(lock, (struct rwlock_call){HOOK_pthread_rwlock_rdlock, false, NULL, 0}, true, LOCK_SITE());
}

STRONG_EXPORT int pthread_rwlock_wrlock(pthread_rwlock_t *lock)
{
    return rwlock_take(lock, (struct rwlock_call){HOOK_pthread_rwlock_wrlock, true, NULL, 0}, true, LOCK_SITE());
}

STRONG_EXPORT int pthread_rwlock_timedrdlock(pthread_rwlock_t *lock, const struct timespec *until)
{
    return rwlock_take(lock, (struct rwlock_call){HOOK_pthread_rwlock_timedrdlock, false, until, 0},
                       lock_time_valid(until), LOCK_SITE());
}

STRONG_EXPORT int pthread_rwlock_timedwrlock(pthread_rwlock_t *lock, const struct timespec *until)
{
    return rwlock_take(lock, (struct rwlock_call){HOOK_pthread_rwlock_timedwrlock, true, until, 0},
                       lock_time_valid(until), LOCK_SITE());
}

STRONG_EXPORT int pthread_rwlock_clockrdlock(pthread_rwlock_t *lock, clockid_t clock, const struct timespec *until)
{
    return rwlock_take(lock, (struct rwlock_call){HOOK_pthread_rwlock_clockrdlock, false, until, clock},
                       lock_clock_valid(clock) && lock_time_valid(until), LOCK_SITE());
}

STRONG_EXPORT int pthread_rwlock_clockwrlock(pthread_rwlock_t *lock, clockid_t clock, const struct timespec *until)
{
    return rwlock_take(lock, (struct rwlock_call){HOOK_pthread_rwlock_clockwrlock, true, until, clock},
                       lock_clock_valid(clock) && lock_time_valid(until), LOCK_SITE());
}

STRONG_EXPORT int pthread_rwlock_tryrdlock(pthread_rwlock_t *lock)
{
    counted_enter(HOOK_pthread_rwlock_tryrdlock);
    return next.pthread_rwlock_tryrdlock(lock);
}

STRONG_EXPORT int pthread_rwlock_trywrlock(pthread_rwlock_t *lock)
{
    counted_enter(HOOK_pthread_rwlock_trywrlock);
    return acquired(lock, true, LOCK_SITE(), next.pthread_rwlock_trywrlock(lock));
}
