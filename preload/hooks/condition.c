/* condition.c: condition variables (POSIX and C11) and barriers: timed, told apart by their call site.
 *
 * x86-64 has two condition variable ABIs. pthread_cond_wait and pthread_cond_timedwait are exported as
 * @@GLIBC_2.3.2, whose counterparts `next` holds, and as @GLIBC_2.2.5 for programs linked before 2003,
 * whose variables only libc's own old functions understand: these are passed through, found on first
 * use. (dlvsym may lock and allocate: waiting for a condition is not allowed in a signal handler, so
 * neither can hurt.) The version nodes are in libstrong.map. Cancellation leaves a hook by unwinding;
 * there is nothing to undo.
 */
#include <time.h>

#include "hooks/site.h"

typedef int condition_wait(void *condition, pthread_mutex_t *mutex);
typedef int condition_timedwait(void *condition, pthread_mutex_t *mutex, const struct timespec *until);

static inline int wait_at(const void *site, condition_wait *function, void *condition, pthread_mutex_t *mutex)
{
    struct span span;
    span_begin(&span, HOOK_pthread_cond_wait, site_target(site));
    int ret = function(condition, mutex);
    span_end(&span, 0, ret);
    return ret;
}

/* The deadline, of whichever clock the condition has, is a moment away. libc reads it, too, before it waits. */
static bool is_brief(const struct timespec *until)
{
    static const clockid_t clocks[] = {CLOCK_MONOTONIC, CLOCK_REALTIME};
    for (unsigned i = 0; i < sizeof clocks / sizeof *clocks; i++) {
        struct timespec now;
        clock_gettime(clocks[i], &now); /* cannot fail */
        int64_t seconds = until->tv_sec - now.tv_sec;
        if (seconds >= -1 && seconds <= 1 && seconds * 1000000000 + until->tv_nsec - now.tv_nsec <= SPAN_BRIEF_NS)
            return true;
    }
    return false;
}

static inline int timedwait_at(const void *site, condition_timedwait *function, void *condition,
                               pthread_mutex_t *mutex, const struct timespec *until)
{
    struct span span;
    if (strong_unlikely(span_attention) && is_brief(until))
        span_begin_brief(&span, HOOK_pthread_cond_timedwait, site_target(site));
    else
        span_begin(&span, HOOK_pthread_cond_timedwait, site_target(site));
    int ret = function(condition, mutex, until);
    span_end(&span, 0, ret);
    return ret;
}

/* next's entries take a pthread_cond_t *: the same call. Loaded after boot only. */
static inline condition_wait *wait_next(void)
{
    site_ready();
    return (condition_wait *)(void *)next.pthread_cond_wait;
}

static inline condition_timedwait *timedwait_next(void)
{
    site_ready();
    return (condition_timedwait *)(void *)next.pthread_cond_timedwait;
}

#if defined(__x86_64__)

#define CONDITION_EXPORT(name, version) STRONG_EXPORT __attribute__((used, symver(name version)))
#define CONDITION_WAIT condition_wait_2_3_2
#define CONDITION_TIMEDWAIT condition_timedwait_2_3_2

static void *condition_old(void **found, const char *name)
{
    void *function = __atomic_load_n(found, __ATOMIC_RELAXED);
    if (!function) {
        function = dlvsym(RTLD_NEXT, name, "GLIBC_2.2.5");
        __atomic_store_n(found, function, __ATOMIC_RELAXED); /* several threads store the same */
    }
    return function;
}

CONDITION_EXPORT("pthread_cond_wait", "@GLIBC_2.2.5")
int condition_wait_2_2_5(void *condition, pthread_mutex_t *mutex)
{
    static void *found;
    return wait_at(__builtin_return_address(0),
                   (condition_wait *)condition_old(&found, "pthread_cond_wait"), condition, mutex);
}

CONDITION_EXPORT("pthread_cond_timedwait", "@GLIBC_2.2.5")
int condition_timedwait_2_2_5(void *condition, pthread_mutex_t *mutex, const struct timespec *until)
{
    static void *found;
    return timedwait_at(__builtin_return_address(0),
                        (condition_timedwait *)condition_old(&found, "pthread_cond_timedwait"), condition,
                        mutex, until);
}

#else

#define CONDITION_EXPORT(name, version) STRONG_EXPORT
#define CONDITION_WAIT pthread_cond_wait
#define CONDITION_TIMEDWAIT pthread_cond_timedwait

#endif

CONDITION_EXPORT("pthread_cond_wait", "@@GLIBC_2.3.2")
int CONDITION_WAIT(pthread_cond_t *condition, pthread_mutex_t *mutex)
{
    return wait_at(__builtin_return_address(0), wait_next(), condition, mutex);
}

CONDITION_EXPORT("pthread_cond_timedwait", "@@GLIBC_2.3.2")
int CONDITION_TIMEDWAIT(pthread_cond_t *condition, pthread_mutex_t *mutex, const struct timespec *until)
{
    return timedwait_at(__builtin_return_address(0), timedwait_next(), condition, mutex, until);
}

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
