/* hook_lock_condition: condition variables and barriers, POSIX and C11, with and without a time limit;
 * and, on x86-64, the condition variables of programs linked before glibc 2.3.2. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
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

static const struct timespec invalid = {0, 1000000000};
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static int ready;

static void *signal_later(void *unused)
{
    (void)unused;
    usleep(3000);
    pthread_mutex_lock(&mutex);
    ready = 1;
    pthread_cond_broadcast(&condition);
    pthread_mutex_unlock(&mutex);
    return NULL;
}

static void posix(void)
{
    pthread_t thread;
    struct timespec soon = from_now(CLOCK_REALTIME, 3), soon_monotonic = from_now(CLOCK_MONOTONIC, 3);
    int ret = 0;
    pthread_mutex_lock(&mutex);
    printf("timedwait %d\n", pthread_cond_timedwait(&condition, &mutex, &soon));
    printf("timedwait invalid %d\n", pthread_cond_timedwait(&condition, &mutex, &invalid));
    printf("clockwait %d\n", pthread_cond_clockwait(&condition, &mutex, CLOCK_MONOTONIC, &soon_monotonic));
    printf("clockwait invalid %d\n",
           pthread_cond_clockwait(&condition, &mutex, CLOCK_PROCESS_CPUTIME_ID, &soon));
    pthread_create(&thread, NULL, signal_later, NULL);
    while (!ready && ret == 0)
        ret = pthread_cond_wait(&condition, &mutex);
    printf("wait %d ready %d\n", ret, ready);
    printf("still locked %d\n", pthread_mutex_trylock(&mutex));
    pthread_mutex_unlock(&mutex);
    pthread_join(thread, NULL);
}

/* ---- cancelled inside a wait: the mutex is held again in the cleanup handler ---- */

static void cleanup(void *unused)
{
    (void)unused;
    printf("cleanup: locked %d\n", pthread_mutex_trylock(&mutex));
    pthread_mutex_unlock(&mutex);
}

static void *wait_for_ever(void *unused)
{
    (void)unused;
    pthread_mutex_lock(&mutex);
    pthread_cleanup_push(cleanup, NULL);
    for (;;)
        pthread_cond_wait(&condition, &mutex);
    pthread_cleanup_pop(1);
    return NULL;
}

static void cancelled(void)
{
    pthread_t thread;
    void *result = NULL;
    pthread_create(&thread, NULL, wait_for_ever, NULL);
    usleep(3000);
    pthread_cancel(thread);
    pthread_join(thread, &result);
    printf("cancelled %d, free again %d\n", result == PTHREAD_CANCELED, pthread_mutex_trylock(&mutex));
    pthread_mutex_unlock(&mutex);
}

/* ---- barriers ---- */

static pthread_barrier_t barrier;

static void *meet(void *unused)
{
    (void)unused;
    return (void *)(long)(pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD);
}

static void barriers(void)
{
    pthread_t threads[3];
    long serial = 0;
    pthread_barrier_init(&barrier, NULL, 4);
    for (int i = 0; i < 3; i++)
        pthread_create(&threads[i], NULL, meet, NULL);
    serial += (long)meet(NULL);
    for (int i = 0; i < 3; i++) {
        void *result;
        pthread_join(threads[i], &result);
        serial += (long)result;
    }
    printf("barrier: %ld of 4 is the serial one\n", serial);
}

/* ---- C11 ---- */

static mtx_t c11_lock;
static cnd_t c11_condition;
static int c11_ready;

static int c11_signal_later(void *unused)
{
    (void)unused;
    usleep(3000);
    mtx_lock(&c11_lock);
    c11_ready = 1;
    cnd_signal(&c11_condition);
    mtx_unlock(&c11_lock);
    return 7;
}

static void c11(void)
{
    thrd_t thread;
    struct timespec soon = from_now(CLOCK_REALTIME, 3);
    int ret = thrd_success, result;
    mtx_init(&c11_lock, mtx_plain);
    cnd_init(&c11_condition);
    mtx_lock(&c11_lock);
    printf("cnd_timedwait %d\n", cnd_timedwait(&c11_condition, &c11_lock, &soon));
    thrd_create(&thread, c11_signal_later, NULL);
    while (!c11_ready && ret == thrd_success)
        ret = cnd_wait(&c11_condition, &c11_lock);
    mtx_unlock(&c11_lock);
    printf("cnd_wait %d thrd_join %d", ret, thrd_join(thread, &result));
    printf(" result %d\n", result);
}

/* ---- the ABI of 2002 ---- */

#if defined(__x86_64__)

struct old_condition {
    void *pointer;
};

int old_init(struct old_condition *, const void *);
int old_wait(struct old_condition *, pthread_mutex_t *);
int old_timedwait(struct old_condition *, pthread_mutex_t *, const struct timespec *);
int old_broadcast(struct old_condition *);
__asm__(".symver old_init, pthread_cond_init@GLIBC_2.2.5");
__asm__(".symver old_wait, pthread_cond_wait@GLIBC_2.2.5");
__asm__(".symver old_timedwait, pthread_cond_timedwait@GLIBC_2.2.5");
__asm__(".symver old_broadcast, pthread_cond_broadcast@GLIBC_2.2.5");

/* What a mix-up of the two ABIs would overwrite. */
static struct {
    struct old_condition condition;
    char behind[sizeof(pthread_cond_t)];
} old;
static int old_ready;

static void *old_signal_later(void *unused)
{
    (void)unused;
    usleep(3000);
    pthread_mutex_lock(&mutex);
    old_ready = 1;
    old_broadcast(&old.condition);
    pthread_mutex_unlock(&mutex);
    return NULL;
}

static void old_abi(void)
{
    pthread_t thread;
    struct timespec soon = from_now(CLOCK_REALTIME, 3);
    int ret = 0, touched = 0;
    old_init(&old.condition, NULL);
    pthread_mutex_lock(&mutex);
    printf("old timedwait %d\n", old_timedwait(&old.condition, &mutex, &soon));
    pthread_create(&thread, NULL, old_signal_later, NULL);
    while (!old_ready && ret == 0)
        ret = old_wait(&old.condition, &mutex);
    pthread_mutex_unlock(&mutex);
    pthread_join(thread, NULL);
    for (unsigned i = 0; i < sizeof old.behind; i++)
        touched |= old.behind[i];
    printf("old wait %d ready %d memory behind it touched %d\n", ret, old_ready, touched);
}

#else

static void old_abi(void)
{
}

#endif

int main(void)
{
    posix();
    cancelled();
    barriers();
    c11();
    old_abi();
    return 0;
}
