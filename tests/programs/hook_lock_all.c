/* hook_lock_all: every lock hook: free, contended, timed out, misused, of every mutex kind. Prints
 * results only. Waits are told by results, never by the clock. */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

static struct timespec from_now(clockid_t clock, long ms)
{
    struct timespec until;
    clock_gettime(clock, &until);
    until.tv_nsec += ms * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    return until;
}

static void print(const char *text)
{
    fputs(text, stdout);
}

/* One call each, so that their order is that of the text. */
static void say(const char *text, int value)
{
    printf("%s %d", text, value);
}

static const struct timespec invalid = {0, 1000000000};

/* ---- a second thread that holds something for a moment ---- */

struct holder {
    void *lock;
    int (*take)(void *);
    int (*give)(void *);
    sem_t taken, release;
};

static void *hold(void *argument)
{
    struct holder *holder = argument;
    holder->take(holder->lock);
    sem_post(&holder->taken);
    sem_wait(&holder->release);
    usleep(3000);
    holder->give(holder->lock);
    return NULL;
}

static pthread_t start_holder(struct holder *holder, void *lock, int (*take)(void *),
                              int (*give)(void *))
{
    pthread_t thread;
    holder->lock = lock;
    holder->take = take;
    holder->give = give;
    sem_init(&holder->taken, 0, 0);
    sem_init(&holder->release, 0, 0);
    pthread_create(&thread, NULL, hold, holder);
    sem_wait(&holder->taken);
    return thread;
}

typedef int (*lock_call)(void *);
#define CALL(function) ((lock_call)(void *)(function))

/* ---- mutexes ---- */

static void mutex_contended(const char *name, pthread_mutex_t *mutex)
{
    struct holder holder;
    struct timespec until = from_now(CLOCK_REALTIME, 5), monotonic = from_now(CLOCK_MONOTONIC, 5);
    pthread_t thread =
        start_holder(&holder, mutex, CALL(pthread_mutex_lock), CALL(pthread_mutex_unlock));
    print(name);
    say(" held: trylock", pthread_mutex_trylock(mutex));
    say(" timedlock", pthread_mutex_timedlock(mutex, &until));
    say(" clocklock", pthread_mutex_clocklock(mutex, CLOCK_MONOTONIC, &monotonic));
    say(" timedlock invalid time", pthread_mutex_timedlock(mutex, &invalid));
    say(" clocklock invalid clock",
        pthread_mutex_clocklock(mutex, CLOCK_PROCESS_CPUTIME_ID, &until));
    sem_post(&holder.release);
    say(" lock", pthread_mutex_lock(mutex));
    say(" unlock", pthread_mutex_unlock(mutex));
    print("\n");
    pthread_join(thread, NULL);
}

static void mutex_kind(const char *name, int type, int protocol, int robust, int shared)
{
    pthread_mutexattr_t attributes;
    pthread_mutex_t mutex;
    struct timespec until = from_now(CLOCK_REALTIME, 1000);
    struct timespec soon = from_now(CLOCK_REALTIME, 3);
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, type);
    pthread_mutexattr_setprotocol(&attributes, protocol);
    pthread_mutexattr_setrobust(&attributes, robust);
    pthread_mutexattr_setpshared(&attributes, shared);
    print(name);
    say(" init", pthread_mutex_init(&mutex, &attributes));
    say(" lock", pthread_mutex_lock(&mutex));
    say(" trylock again", pthread_mutex_trylock(&mutex));
    if (type != PTHREAD_MUTEX_NORMAL)
        say(" lock again", pthread_mutex_lock(&mutex));
    say(" timedlock again", pthread_mutex_timedlock(&mutex, &soon));
    while (pthread_mutex_unlock(&mutex) == 0 && type != PTHREAD_MUTEX_NORMAL)
        ;
    say(" timedlock", pthread_mutex_timedlock(&mutex, &until));
    say(" unlock", pthread_mutex_unlock(&mutex));
    say(" free, invalid time", pthread_mutex_timedlock(&mutex, &invalid));
    say(" unlock", pthread_mutex_unlock(&mutex));
    say(" clocklock", pthread_mutex_clocklock(&mutex, CLOCK_REALTIME, &until));
    say(" unlock", pthread_mutex_unlock(&mutex));
    say(" invalid clock", pthread_mutex_clocklock(&mutex, CLOCK_THREAD_CPUTIME_ID, &until));
    print("\n");
    mutex_contended(name, &mutex);
    int destroyed = pthread_mutex_destroy(&mutex);
    print(name);
    say(" destroy", destroyed);
    say(" lock destroyed", pthread_mutex_lock(&mutex));
    say(" trylock destroyed", pthread_mutex_trylock(&mutex));
    print("\n");
}

static void *die_holding(void *mutex)
{
    pthread_mutex_lock(mutex);
    return NULL;
}

static void mutex_robust_owner_dies(void)
{
    pthread_mutexattr_t attributes;
    pthread_mutex_t mutex;
    pthread_t thread;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&mutex, &attributes);
    pthread_create(&thread, NULL, die_holding, &mutex);
    pthread_join(thread, NULL);
    say("robust, owner died: lock", pthread_mutex_lock(&mutex));
    say(" consistent", pthread_mutex_consistent(&mutex));
    say(" unlock", pthread_mutex_unlock(&mutex));
    pthread_create(&thread, NULL, die_holding, &mutex);
    pthread_join(thread, NULL);
    say(" again", pthread_mutex_lock(&mutex));
    say(" unlock", pthread_mutex_unlock(&mutex));
    say(" not recoverable: lock", pthread_mutex_lock(&mutex));
    say(" trylock", pthread_mutex_trylock(&mutex));
    print("\n");
}

/* ---- the others ---- */

static void rwlock(const char *name, int preference)
{
    pthread_rwlockattr_t attributes;
    pthread_rwlock_t lock;
    struct holder holder;
    pthread_rwlockattr_init(&attributes);
    pthread_rwlockattr_setkind_np(&attributes, preference);
    pthread_rwlock_init(&lock, &attributes);
    struct timespec later = from_now(CLOCK_REALTIME, 1000),
                    later_monotonic = from_now(CLOCK_MONOTONIC, 1000);
    print(name);
    say(" rdlock", pthread_rwlock_rdlock(&lock));
    say(" again", pthread_rwlock_rdlock(&lock));
    say(" tryrdlock", pthread_rwlock_tryrdlock(&lock));
    say(" trywrlock", pthread_rwlock_trywrlock(&lock));
    say(" timedrdlock", pthread_rwlock_timedrdlock(&lock, &later));
    say(" clockrdlock", pthread_rwlock_clockrdlock(&lock, CLOCK_MONOTONIC, &later_monotonic));
    say(" invalid time", pthread_rwlock_timedrdlock(&lock, &invalid));
    say(" invalid clock", pthread_rwlock_clockrdlock(&lock, CLOCK_PROCESS_CPUTIME_ID, &later));
    print("\n");
    for (int i = 0; i < 5; i++)
        pthread_rwlock_unlock(&lock);
    print(name);
    say(" wrlock", pthread_rwlock_wrlock(&lock));
    say(" again", pthread_rwlock_wrlock(&lock));
    say(" rdlock", pthread_rwlock_rdlock(&lock));
    say(" unlock", pthread_rwlock_unlock(&lock));
    say(" trywrlock", pthread_rwlock_trywrlock(&lock));
    say(" unlock", pthread_rwlock_unlock(&lock));
    say(" timedwrlock", pthread_rwlock_timedwrlock(&lock, &later));
    say(" unlock", pthread_rwlock_unlock(&lock));
    say(" clockwrlock", pthread_rwlock_clockwrlock(&lock, CLOCK_MONOTONIC, &later_monotonic));
    say(" unlock", pthread_rwlock_unlock(&lock));
    say(" invalid time", pthread_rwlock_timedwrlock(&lock, &invalid));
    say(" invalid clock", pthread_rwlock_clockwrlock(&lock, CLOCK_PROCESS_CPUTIME_ID, &later));
    print("\n");
    for (int write = 0; write < 2; write++) {
        struct timespec soon = from_now(CLOCK_REALTIME, 3),
                        soon_monotonic = from_now(CLOCK_MONOTONIC, 3);
        pthread_t thread = start_holder(
            &holder, &lock, write ? CALL(pthread_rwlock_wrlock) : CALL(pthread_rwlock_rdlock),
            CALL(pthread_rwlock_unlock));
        print(name);
        print(" held by a ");
        print(write ? "writer" : "reader");
        say(": timedwrlock", pthread_rwlock_timedwrlock(&lock, &soon));
        say(" clockwrlock", pthread_rwlock_clockwrlock(&lock, CLOCK_MONOTONIC, &soon_monotonic));
        if (write) {
            say(" timedrdlock", pthread_rwlock_timedrdlock(&lock, &soon));
            say(" clockrdlock",
                pthread_rwlock_clockrdlock(&lock, CLOCK_MONOTONIC, &soon_monotonic));
        }
        sem_post(&holder.release);
        say(" wrlock", pthread_rwlock_wrlock(&lock));
        say(" unlock", pthread_rwlock_unlock(&lock));
        print("\n");
        pthread_join(thread, NULL);
    }
    pthread_t thread =
        start_holder(&holder, &lock, CALL(pthread_rwlock_wrlock), CALL(pthread_rwlock_unlock));
    sem_post(&holder.release);
    print(name);
    say(" rdlock after the writer", pthread_rwlock_rdlock(&lock));
    print("\n");
    pthread_join(thread, NULL);
}

static void spin(void)
{
    pthread_spinlock_t lock;
    struct holder holder;
    pthread_spin_init(&lock, PTHREAD_PROCESS_PRIVATE);
    say("spin lock", pthread_spin_lock(&lock));
    say(" unlock", pthread_spin_unlock(&lock));
    pthread_t thread =
        start_holder(&holder, (void *)&lock, CALL(pthread_spin_lock), CALL(pthread_spin_unlock));
    sem_post(&holder.release);
    say(" contended", pthread_spin_lock(&lock));
    say(" unlock", pthread_spin_unlock(&lock));
    print("\n");
    pthread_join(thread, NULL);
}

static void nothing(int number)
{
    (void)number;
}

static void *post_later(void *semaphore)
{
    usleep(3000);
    sem_post(semaphore);
    return NULL;
}

static void *wait_cancelled(void *semaphore)
{
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    pthread_cancel(pthread_self());
    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
    sem_wait(semaphore); /* does not wait, but is a cancellation point */
    return semaphore;
}

static void semaphore(void)
{
    sem_t semaphore;
    pthread_t thread;
    void *result;
    struct timespec soon = from_now(CLOCK_REALTIME, 3), later = from_now(CLOCK_MONOTONIC, 1000);
    sem_init(&semaphore, 0, 2);
    errno = 0;
    say("sem wait", sem_wait(&semaphore));
    say(" trywait", sem_trywait(&semaphore));
    say(" errno", errno);
    say(" trywait", sem_trywait(&semaphore));
    say(" errno", errno);
    errno = 0;
    say(" timedwait", sem_timedwait(&semaphore, &soon));
    say(" errno", errno);
    say(" invalid", sem_timedwait(&semaphore, &invalid));
    say(" errno", errno);
    say(" clock", sem_clockwait(&semaphore, CLOCK_PROCESS_CPUTIME_ID, &later));
    say(" errno", errno);
    print("\n");
    errno = 0;
    pthread_create(&thread, NULL, post_later, &semaphore);
    say("sem wait for a post", sem_wait(&semaphore));
    say(" errno", errno);
    pthread_join(thread, NULL);
    pthread_create(&thread, NULL, post_later, &semaphore);
    say(" clockwait", sem_clockwait(&semaphore, CLOCK_MONOTONIC, &later));
    say(" errno", errno);
    pthread_join(thread, NULL);
    sem_post(&semaphore);
    say(" free, invalid time", sem_timedwait(&semaphore, &invalid));
    say(" errno", errno);
    pthread_create(&thread, NULL, wait_cancelled, &semaphore);
    pthread_join(thread, &result);
    say(" cancelled without waiting", result == PTHREAD_CANCELED);
    print("\n");
    sem_wait(&semaphore);
    struct sigaction action = {.sa_handler = nothing};
    struct itimerspec in = {{0, 5000000}, {0, 5000000}}; /* one alone may come too early */
    timer_t timer;
    sigaction(SIGALRM, &action, NULL);
    timer_create(CLOCK_MONOTONIC, NULL, &timer);
    timer_settime(timer, 0, &in, NULL);
    later = from_now(CLOCK_REALTIME, 1000);
    errno = 0;
    int ret = sem_timedwait(&semaphore, &later), error = errno;
    timer_delete(timer);
    say("sem interrupted by a signal", ret);
    say(" errno", error);
    print("\n");
}

static void c11(void)
{
    mtx_t lock;
    struct holder holder;
    struct timespec soon = from_now(CLOCK_REALTIME, 3), later = from_now(CLOCK_REALTIME, 1000);
    mtx_init(&lock, mtx_timed);
    say("mtx lock", mtx_lock(&lock));
    say(" unlock", mtx_unlock(&lock));
    say(" timedlock", mtx_timedlock(&lock, &later));
    say(" again", mtx_timedlock(&lock, &soon));
    say(" unlock", mtx_unlock(&lock));
    pthread_t thread = start_holder(&holder, &lock, CALL(mtx_lock), CALL(mtx_unlock));
    sem_post(&holder.release);
    say(" contended", mtx_lock(&lock));
    say(" unlock", mtx_unlock(&lock));
    print("\n");
    pthread_join(thread, NULL);
}

int main(void)
{
    mutex_kind("normal", PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_STALLED, 0);
    mutex_kind("recursive", PTHREAD_MUTEX_RECURSIVE, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_STALLED, 0);
    mutex_kind("errorcheck", PTHREAD_MUTEX_ERRORCHECK, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_STALLED, 1);
    mutex_kind("robust", PTHREAD_MUTEX_ERRORCHECK, PTHREAD_PRIO_NONE, PTHREAD_MUTEX_ROBUST, 1);
    mutex_kind("inherit", PTHREAD_MUTEX_ERRORCHECK, PTHREAD_PRIO_INHERIT, PTHREAD_MUTEX_STALLED, 0);
    mutex_kind("recursive inherit", PTHREAD_MUTEX_RECURSIVE, PTHREAD_PRIO_INHERIT,
               PTHREAD_MUTEX_ROBUST, 0);
    mutex_kind("protect", PTHREAD_MUTEX_ERRORCHECK, PTHREAD_PRIO_PROTECT, PTHREAD_MUTEX_STALLED, 0);
    mutex_robust_owner_dies();
    rwlock("prefer readers", PTHREAD_RWLOCK_PREFER_READER_NP);
    rwlock("prefer writers", PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    spin();
    semaphore();
    c11();
    return 0;
}
