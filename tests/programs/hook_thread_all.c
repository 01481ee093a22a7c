/* hook_thread_all: making, ending, joining threads in every way, on the smallest stacks too. */
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
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

/* ---- what a new thread finds ---- */

struct found {
    int aligned, errno_value, blocked;
    void *argument;
};

static void *look(void *argument)
{
    struct found *found = argument;
    sigset_t mask;
    _Alignas(32) volatile char aligned[32];
    pthread_sigmask(SIG_BLOCK, NULL, &mask);
    found->aligned = (uintptr_t)aligned % 32 == 0;
    found->errno_value = errno;
    found->blocked = sigismember(&mask, SIGUSR1) + sigismember(&mask, SIGRTMAX);
    found->argument = argument;
    return found;
}

static void *exit_inside(void *argument)
{
    pthread_exit(argument);
}

static void cleanup(void *text)
{
    puts(text);
}

static void *sleep_for_ever(void *argument)
{
    pthread_cleanup_push(cleanup, "cleanup of a cancelled thread");
    for (;;)
        pause();
    pthread_cleanup_pop(0);
    return argument;
}

static void starting(void)
{
    pthread_t thread;
    struct found found;
    void *result;
    sigset_t all, before;
    errno = 77;
    printf("create %d", pthread_create(&thread, NULL, look, &found));
    printf(" errno kept %d", errno);
    printf(" join %d", pthread_join(thread, &result));
    printf(" result %d errno in thread %d aligned %d argument %d blocked %d\n", result == &found,
           found.errno_value, found.aligned, found.argument == &found, found.blocked);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_create(&thread, NULL, look, &found);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_join(thread, NULL);
    printf("mask inherited %d\n", found.blocked);
    pthread_create(&thread, NULL, exit_inside, (void *)5);
    pthread_join(thread, &result);
    printf("pthread_exit %ld\n", (long)result);
    pthread_create(&thread, NULL, sleep_for_ever, NULL);
    usleep(2000);
    pthread_cancel(thread);
    pthread_join(thread, &result);
    printf("cancelled %d\n", result == PTHREAD_CANCELED);
    pthread_create(&thread, NULL, sleep_for_ever, NULL);
    pthread_cancel(thread); /* perhaps before it runs: it gets as far as pause */
    pthread_join(thread, &result);
    printf("cancelled early %d\n", result == PTHREAD_CANCELED);
}

/* ---- failures ---- */

static void failing(void)
{
    pthread_t thread;
    pthread_attr_t attributes;
    struct timespec soon = from_now(CLOCK_REALTIME, 3), soon_monotonic = from_now(CLOCK_MONOTONIC, 3);
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, (size_t)1 << 60);
    for (int i = 0; i < 200; i++) { /* more than a pool of start records could lose unnoticed */
        int ret = pthread_create(&thread, &attributes, look, NULL);
        if (i == 0 || i == 199)
            printf("create with an impossible stack %d\n", ret);
    }
    pthread_create(&thread, NULL, sleep_for_ever, NULL);
    printf("timedjoin %d clockjoin %d", pthread_timedjoin_np(thread, NULL, &soon),
           pthread_clockjoin_np(thread, NULL, CLOCK_MONOTONIC, &soon_monotonic));
    usleep(2000);
    pthread_cancel(thread);
    soon = from_now(CLOCK_REALTIME, 1000);
    printf(" after cancel %d\n", pthread_timedjoin_np(thread, NULL, &soon));
    printf("join myself %d\n", pthread_join(pthread_self(), NULL));
    pthread_attr_setstacksize(&attributes, 1 << 20);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    printf("detached %d\n", pthread_create(&thread, &attributes, exit_inside, NULL));
    pthread_attr_destroy(&attributes);
}

/* ---- small stacks ---- */

static void *allocate(void *argument)
{
    free(malloc(1000000)); /* large: some of these are sampled, with a stack walk */
    return argument;
}

static void small_stacks(void)
{
    pthread_attr_t attributes;
    pthread_t threads[16];
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, (size_t)PTHREAD_STACK_MIN);
    int failures = 0;
    for (int round = 0; round < 20; round++) {
        for (int i = 0; i < 16; i++)
            failures += pthread_create(&threads[i], &attributes, allocate, NULL) != 0;
        for (int i = 0; i < 16; i++)
            failures += pthread_join(threads[i], NULL) != 0;
    }
    printf("small stacks: %d failures\n", failures);
    pthread_attr_destroy(&attributes);
}

/* ---- keys: destructors run hooked calls ---- */

static pthread_key_t key;
static int destroyed;

static void destroy(void *value)
{
    free(value);
    if (__atomic_fetch_add(&destroyed, 1, __ATOMIC_RELAXED) % 2 == 0)
        pthread_setspecific(key, malloc(10));
}

static void *use_key(void *argument)
{
    pthread_setspecific(key, malloc(100));
    return argument;
}

static void keys(void)
{
    pthread_t thread;
    pthread_key_create(&key, destroy);
    for (int i = 0; i < 3; i++) {
        pthread_create(&thread, NULL, use_key, NULL);
        pthread_join(thread, NULL);
    }
    printf("destructors %d\n", destroyed);
}

/* ---- C11 ---- */

static int c11_return(void *argument)
{
    return *(int *)argument;
}

static int c11_exit(void *argument)
{
    thrd_exit(*(int *)argument + 1);
}

static void c11(void)
{
    thrd_t thread;
    int value = -3, result = 0;
    printf("thrd_create %d", thrd_create(&thread, c11_return, &value));
    printf(" thrd_join %d", thrd_join(thread, &result));
    printf(" result %d", result);
    thrd_create(&thread, c11_exit, &value);
    thrd_join(thread, &result);
    printf(" thrd_exit %d\n", result);
}

static void *last(void *main_thread)
{
    pthread_join(*(pthread_t *)main_thread, NULL);
    puts("the main thread left by pthread_exit; this one ends the process");
    exit(0);
}

int main(void)
{
    static pthread_t self;
    pthread_t thread;
    setvbuf(stdout, NULL, _IOFBF, 1 << 16);
    starting();
    failing();
    small_stacks();
    keys();
    c11();
    self = pthread_self();
    pthread_create(&thread, NULL, last, &self);
    pthread_exit(NULL);
}
