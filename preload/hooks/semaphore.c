/* semaphore.c: POSIX semaphores: tried first, timed only when there is nothing to take.
 *
 * sem_wait and its timed forms are cancellation points even when they do not wait, and libc tests for
 * cancellation before it tries (nptl/sem_wait.c): so does the hook. The timed forms refuse an invalid
 * time, sem_clockwait an invalid clock, before that: then the real call is made at once. A wait that our
 * signal broke is taken up again: the times are absolute. Any thread; sem_post also in signal handlers.
 */
#include "hooks/counted.h"
#include "hooks/lock.h"
#include "hooks/site.h"
#include "runtime/interrupt.h"

struct semaphore_wait {
    unsigned hook;
    const struct timespec *until;
    clockid_t clock;
};

static int semaphore_real(sem_t *semaphore, const struct semaphore_wait *wait)
{
    switch (wait->hook) {
    case HOOK_sem_timedwait:
        return next.sem_timedwait(semaphore, wait->until);
    case HOOK_sem_clockwait:
        return next.sem_clockwait(semaphore, wait->clock, wait->until);
    default:
        return next.sem_wait(semaphore);
    }
}

static __attribute__((noinline)) int semaphore_slow(sem_t *semaphore, struct semaphore_wait wait, const void *site)
{
    struct span span;
    span_begin(&span, wait.hook, site_target(site));
    interrupt_begin();
    int ret = semaphore_real(semaphore, &wait);
    while (ret < 0 && errno == EINTR && interrupt_was_ours())
        ret = semaphore_real(semaphore, &wait);
    span_end(&span, 0, ret < 0 ? errno : 0);
    return ret;
}

static inline bool semaphore_try(sem_t *semaphore)
{
    int saved_errno = errno;
    pthread_testcancel();
    if (strong_likely(next.sem_trywait(semaphore) == 0))
        return true;
    errno = saved_errno;
    return false;
}

STRONG_EXPORT int sem_wait(sem_t *semaphore)
{
    counted_enter(HOOK_sem_wait);
    if (strong_likely(semaphore_try(semaphore)))
        return 0;
    return semaphore_slow(semaphore, (struct semaphore_wait){HOOK_sem_wait, NULL, 0}, LOCK_SITE());
}

STRONG_EXPORT int sem_timedwait(sem_t *semaphore, const struct timespec *until)
{
    counted_enter(HOOK_sem_timedwait);
    if (lock_time_valid(until) && semaphore_try(semaphore))
        return 0;
    return semaphore_slow(semaphore, (struct semaphore_wait){HOOK_sem_timedwait, until, 0}, LOCK_SITE());
}

STRONG_EXPORT int sem_clockwait(sem_t *semaphore, clockid_t clock, const struct timespec *until)
{
    counted_enter(HOOK_sem_clockwait);
    if (lock_clock_valid(clock) && lock_time_valid(until) && semaphore_try(semaphore))
        return 0;
    return semaphore_slow(semaphore, (struct semaphore_wait){HOOK_sem_clockwait, until, clock}, LOCK_SITE());
}

STRONG_EXPORT int sem_trywait(sem_t *semaphore)
{
    counted_enter(HOOK_sem_trywait);
    return next.sem_trywait(semaphore);
}

STRONG_EXPORT int sem_post(sem_t *semaphore)
{
    counted_enter(HOOK_sem_post);
    return next.sem_post(semaphore);
}
