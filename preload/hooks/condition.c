/* condition.c: condition variables (POSIX and C11) and barriers: timed, told apart by their call site.
 *
 * x86-64 has two condition variable ABIs. pthread_cond_wait and pthread_cond_timedwait are exported as
 * @@GLIBC_2.3.2 (libstrong.map), whose counterparts `next` holds, and as @GLIBC_2.2.5 for programs
 * linked before 2003, whose variables only libc's own old functions understand: these are passed
 * through, found on first use. (dlvsym may lock and allocate: waiting for a condition is not allowed in a
 * signal handler, so neither can hurt.) Cancellation leaves a hook by unwinding; there is nothing to undo.
 */
#include "hooks/site.h"

SITE_HOOK(int, pthread_cond_wait, (pthread_cond_t * condition, pthread_mutex_t *mutex), (condition, mutex), ret)
SITE_HOOK(int, pthread_cond_timedwait,
          (pthread_cond_t * condition, pthread_mutex_t *mutex, const struct timespec *until),
          (condition, mutex, until), ret)
SITE_HOOK(int, pthread_cond_clockwait,
          (pthread_cond_t * condition, pthread_mutex_t *mutex, clockid_t clock, const struct timespec *until),
          (condition, mutex, clock, until), ret)
/* One of the waiters gets PTHREAD_BARRIER_SERIAL_THREAD, which is -1 and no error. */
SITE_HOOK(int, pthread_barrier_wait, (pthread_barrier_t * barrier), (barrier), ret > 0 ? ret : 0)

static inline int condition_error(int ret)
{
    return ret == thrd_success ? 0 : ret == thrd_timedout ? ETIMEDOUT : EINVAL;
}

SITE_HOOK(int, cnd_wait, (cnd_t * condition, mtx_t *lock), (condition, lock), condition_error(ret))
SITE_HOOK(int, cnd_timedwait,
          (cnd_t *restrict condition, mtx_t *restrict lock, const struct timespec *restrict until),
          (condition, lock, until), condition_error(ret))

#if defined(__x86_64__)

static void *condition_old(void **found, const char *name)
{
    void *function = __atomic_load_n(found, __ATOMIC_RELAXED);
    if (!function) {
        function = dlvsym(RTLD_NEXT, name, "GLIBC_2.2.5");
        __atomic_store_n(found, function, __ATOMIC_RELAXED); /* several threads store the same */
    }
    return function;
}

STRONG_EXPORT __attribute__((used, symver("pthread_cond_wait@GLIBC_2.2.5"))) int
condition_wait_2_2_5(void *condition, pthread_mutex_t *mutex)
{
    static void *found;
    int (*wait)(void *, pthread_mutex_t *) = condition_old(&found, "pthread_cond_wait");
    struct span span;
    span_begin(&span, HOOK_pthread_cond_wait, SITE_HERE());
    int ret = wait(condition, mutex);
    span_end(&span, 0, ret);
    return ret;
}

STRONG_EXPORT __attribute__((used, symver("pthread_cond_timedwait@GLIBC_2.2.5"))) int
condition_timedwait_2_2_5(void *condition, pthread_mutex_t *mutex, const struct timespec *until)
{
    static void *found;
    int (*wait)(void *, pthread_mutex_t *, const struct timespec *) =
        condition_old(&found, "pthread_cond_timedwait");
    struct span span;
    span_begin(&span, HOOK_pthread_cond_timedwait, SITE_HERE());
    int ret = wait(condition, mutex, until);
    span_end(&span, 0, ret);
    return ret;
}

#endif
