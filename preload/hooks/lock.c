/* lock.c: mutexes (POSIX and C11) and spin locks: tried first, timed only when somebody else holds them.
 *
 * A mutex of a simple kind (normal, recursive, error-checking, adaptive, shared between processes or
 * not) is tried: for these libc's trylock succeeds exactly when lock would not wait, with the same
 * effect, and whatever else it says the real call is made, which then gives the caller's result
 * (EDEADLK, EAGAIN). Robust, priority-inheriting and priority-protected mutexes are not tried: their
 * trylock differs when an owner died or a ceiling is wrong. There the lock word tells whether the real
 * call will wait. abstime is not looked at unless libc would (pthread_mutex_timedlock: only when it has
 * to wait).
 *
 * libc's trylock costs more than its lock. So a mutex that has never been seen held (`contended`, one
 * byte for each of 4096 sets of addresses) is only looked at: if it is free the real lock is called, by a
 * jump. Should somebody else get in between, that wait goes unmeasured; but a mutex that people wait
 * for is soon seen held, and from then on always tried.
 *
 * Nothing is held across the real call; a thread remembers where it took a lock only for waiters to
 * read (thread_hold). Any thread, also before boot.
 */
#include "hooks/lock.h"

#include "hooks/site.h"

enum {
    MUTEX_SIMPLE_BITS = 3 | 128 | 256 | 512, /* type, process-shared, elision yes, elision no */
    MUTEX_PROTECTED = 64,                    /* PTHREAD_PRIO_PROTECT: the word holds the ceiling too */
};
#define MUTEX_CEILING 0xfff80000u

uint32_t lock_target(const void *lock, int holder, const void *site)
{
    struct thread *thread = holder ? thread_find((uint32_t)holder) : NULL;
    const void *held = thread ? thread_held_site(thread, lock) : NULL;
    return targets_value(TARGET_LOCK, (uintptr_t)site, (uintptr_t)held);
}

static inline bool mutex_simple(const pthread_mutex_t *mutex)
{
    return strong_likely(!(mutex->__data.__kind & ~MUTEX_SIMPLE_BITS));
}

static bool mutex_held(const pthread_mutex_t *mutex)
{
    unsigned word = (unsigned)__atomic_load_n(&mutex->__data.__lock, __ATOMIC_RELAXED);
    if (mutex->__data.__kind & MUTEX_PROTECTED)
        word &= ~MUTEX_CEILING;
    return word != 0;
}

enum { CONTENDED_SETS = 4096 };
static uint8_t contended[CONTENDED_SETS];

static inline uint8_t *mutex_contended(const pthread_mutex_t *mutex)
{
    uintptr_t address = (uintptr_t)mutex;
    return &contended[(address >> 4 ^ address >> 16) % CONTENDED_SETS];
}

static uint32_t mutex_target(const pthread_mutex_t *mutex, const void *site)
{
    return lock_target(mutex, __atomic_load_n(&mutex->__data.__owner, __ATOMIC_RELAXED), site);
}

static inline int acquired(const pthread_mutex_t *mutex, const void *site, int ret)
{
    if ((ret == 0 || ret == EOWNERDEAD) && thread_hot.state == THREAD_READY)
        thread_hold(mutex, site);
    return ret;
}

/* ---- waiting ---- */

/* The three calls that can wait for a mutex. */
struct mutex_wait {
    unsigned hook;
    const struct timespec *until;
    clockid_t clock;
};

static int mutex_call(pthread_mutex_t *mutex, const struct mutex_wait *wait)
{
    switch (wait->hook) {
    case HOOK_pthread_mutex_timedlock:
        return next.pthread_mutex_timedlock(mutex, wait->until);
    case HOOK_pthread_mutex_clocklock:
        return next.pthread_mutex_clocklock(mutex, wait->clock, wait->until);
    default:
        return next.pthread_mutex_lock(mutex);
    }
}

/* `tried`: trylock has just failed, or the thread cannot be measured. */
static __attribute__((noinline)) int mutex_slow(pthread_mutex_t *mutex, struct mutex_wait wait, bool ready,
                                                bool tried, const void *site)
{
    if (!ready || (!tried && !mutex_held(mutex)))
        return acquired(mutex, site, mutex_call(mutex, &wait));
    struct span span;
    span_begin(&span, wait.hook, mutex_target(mutex, site));
    int ret = mutex_call(mutex, &wait);
    span_end(&span, 0, ret);
    return acquired(mutex, site, ret);
}

/* ---- mutexes ---- */

static __attribute__((noinline)) int mutex_try(pthread_mutex_t *mutex, const void *site)
{
    bool ready = counted_enter(HOOK_pthread_mutex_lock), tried = ready && mutex_simple(mutex);
    if (tried) {
        if (strong_likely(next.pthread_mutex_trylock(mutex) == 0))
            return acquired(mutex, site, 0);
        uint8_t *mark = mutex_contended(mutex);
        if (!__atomic_load_n(mark, __ATOMIC_RELAXED))
            __atomic_store_n(mark, 1, __ATOMIC_RELAXED);
    }
    return mutex_slow(mutex, (struct mutex_wait){.hook = HOOK_pthread_mutex_lock}, ready, tried, site);
}

/* No call but the last, which is a jump: so it needs no frame. */
STRONG_EXPORT int pthread_mutex_lock(pthread_mutex_t *mutex)
{
    if (strong_likely(thread_hot.state == THREAD_READY) && mutex_simple(mutex) &&
        strong_likely(!__atomic_load_n(mutex_contended(mutex), __ATOMIC_RELAXED)) &&
        strong_likely(__atomic_load_n(&mutex->__data.__lock, __ATOMIC_RELAXED) == 0)) {
        thread_count(HOOK_pthread_mutex_lock, 0);
        thread_hold(mutex, LOCK_SITE());
        return next.pthread_mutex_lock(mutex);
    }
    return mutex_try(mutex, LOCK_SITE());
}

STRONG_EXPORT int pthread_mutex_timedlock(pthread_mutex_t *mutex, const struct timespec *until)
{
    bool ready = counted_enter(HOOK_pthread_mutex_timedlock), tried = ready && mutex_simple(mutex);
    if (tried && next.pthread_mutex_trylock(mutex) == 0)
        return acquired(mutex, LOCK_SITE(), 0);
    struct mutex_wait wait = {HOOK_pthread_mutex_timedlock, until, 0};
    return mutex_slow(mutex, wait, ready, tried, LOCK_SITE());
}

STRONG_EXPORT int pthread_mutex_clocklock(pthread_mutex_t *mutex, clockid_t clock, const struct timespec *until)
{
    bool ready = counted_enter(HOOK_pthread_mutex_clocklock);
    bool tried = ready && mutex_simple(mutex) && lock_clock_valid(clock);
    if (tried && next.pthread_mutex_trylock(mutex) == 0)
        return acquired(mutex, LOCK_SITE(), 0);
    struct mutex_wait wait = {HOOK_pthread_mutex_clocklock, until, clock};
    return mutex_slow(mutex, wait, ready, tried, LOCK_SITE());
}

STRONG_EXPORT int pthread_mutex_trylock(pthread_mutex_t *mutex)
{
    bool ready = counted_enter(HOOK_pthread_mutex_trylock);
    int ret = next.pthread_mutex_trylock(mutex);
    if (ret == 0 && ready)
        thread_hold(mutex, LOCK_SITE());
    return ret;
}

/* ---- C11: the same mutex inside, but every call is timed ---- */

static int mtx_error(int ret)
{
    return ret == thrd_success    ? 0
           : ret == thrd_timedout ? ETIMEDOUT
           : ret == thrd_busy     ? EBUSY
           : ret == thrd_nomem    ? ENOMEM
                                  : EINVAL;
}

/* glibc's mtx_t is a pthread_mutex_t (nptl/thrd_priv.h). */
static uint32_t mtx_target(mtx_t *lock, const void *site)
{
    return site_ready() ? mutex_target((const pthread_mutex_t *)(const void *)lock, site) : 0;
}

STRONG_EXPORT int mtx_lock(mtx_t *lock)
{
    struct span span;
    span_begin(&span, HOOK_mtx_lock, mtx_target(lock, LOCK_SITE()));
    int ret = next.mtx_lock(lock);
    span_end(&span, 0, mtx_error(ret));
    if (ret == thrd_success && thread_hot.state == THREAD_READY)
        thread_hold(lock, LOCK_SITE());
    return ret;
}

STRONG_EXPORT int mtx_timedlock(mtx_t *restrict lock, const struct timespec *restrict until)
{
    struct span span;
    span_begin(&span, HOOK_mtx_timedlock, mtx_target(lock, LOCK_SITE()));
    int ret = next.mtx_timedlock(lock, until);
    span_end(&span, 0, mtx_error(ret));
    if (ret == thrd_success && thread_hot.state == THREAD_READY)
        thread_hold(lock, LOCK_SITE());
    return ret;
}

/* ---- spin locks: nothing in them says who holds them ---- */

STRONG_EXPORT int pthread_spin_lock(pthread_spinlock_t *lock)
{
    bool ready = counted_enter(HOOK_pthread_spin_lock);
    if (strong_likely(pthread_spin_trylock(lock) == 0))
        return 0;
    if (!ready)
        return next.pthread_spin_lock(lock);
    struct span span;
    span_begin(&span, HOOK_pthread_spin_lock, lock_target((const void *)lock, 0, LOCK_SITE()));
    int ret = next.pthread_spin_lock(lock);
    span_end(&span, 0, ret);
    return ret;
}
