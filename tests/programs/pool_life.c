/* pool_life: allocation where a program has hardly begun, or has all but ended: before main, in
 * keys' destructors in all rounds, in handlers of exit and of fork, in signal handlers that
 * interrupt code which does not allocate. */
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static char *before_main, *before_handlers;
static unsigned rounds_seen, forks_seen, signals_seen;

static __attribute__((constructor)) void begin(void)
{
    before_main = malloc(50);
    strcpy(before_main, "made before main");
    before_main = realloc(before_main, 50000);
    for (int i = 0; i < 1000; i++)
        free(malloc((size_t)i * 20));
}

static __attribute__((destructor)) void end(void)
{
    char *ptr = malloc(12000);
    strcpy(ptr, "destructor");
    printf("%s, %s\n", ptr, before_main);
    free(ptr);
    free(before_main);
    fflush(stdout);
}

static void at_exit(void)
{
    char *ptr = calloc(1, 300);
    printf("atexit %d\n", ptr[299]);
    free(ptr);
    before_handlers = realloc(before_handlers, 40000);
    free(before_handlers);
}

/* ---- threads' ends ---- */

static pthread_key_t keys[8];

struct kept {
    pthread_key_t key;
    unsigned round;
};

static void again(void *value)
{
    struct kept *kept = value;
    __atomic_add_fetch(&rounds_seen, 1, __ATOMIC_RELAXED);
    void *ptrs[200];
    for (int i = 0; i < 200; i++) {
        ptrs[i] = malloc((size_t)i * 60 + 1);
        memset(ptrs[i], (int)kept->round, (size_t)i * 60 + 1);
    }
    for (int i = 0; i < 200; i++)
        free(ptrs[i]);
    if (++kept->round < PTHREAD_DESTRUCTOR_ITERATIONS)
        pthread_setspecific(kept->key, kept);
    else
        free(kept);
}

static void *with_keys(void *argument)
{
    for (int i = 0; i < 8; i++) {
        struct kept *kept = malloc(sizeof *kept);
        *kept = (struct kept){keys[i], 0};
        pthread_setspecific(keys[i], kept);
    }
    return argument;
}

static void thread_ends(void)
{
    for (int i = 0; i < 8; i++)
        pthread_key_create(&keys[i], again);
    for (int round = 0; round < 20; round++) {
        pthread_t threads[4];
        for (int i = 0; i < 4; i++)
            pthread_create(&threads[i], NULL, with_keys, NULL);
        for (int i = 0; i < 4; i++)
            pthread_join(threads[i], NULL);
    }
    printf("rounds of destructors %u\n", rounds_seen);
}

/* ---- fork ---- */

static void *held;

static void prepare(void)
{
    held = malloc(700);
    memset(held, 1, 700);
    forks_seen++;
}

static void after(void)
{
    held = realloc(held, 70000);
    free(held);
    free(calloc(10, 100));
}

static void forks(void)
{
    pthread_atfork(prepare, after, after);
    for (int i = 0; i < 20; i++) {
        char *across = malloc(1000);
        strcpy(across, "before fork");
        pid_t child = fork();
        if (child == 0) {
            across = realloc(across, 9000);
            int good = strcmp(across, "before fork") == 0;
            free(across);
            _exit(good ? 7 : 8);
        }
        int status;
        waitpid(child, &status, 0);
        if (WEXITSTATUS(status) != 7 || strcmp(across, "before fork") != 0)
            printf("child %d\n", status);
        free(across);
    }
    printf("forks %u\n", forks_seen);
}

/* ---- signals ---- */

static void handler(int number)
{
    (void)number;
    int saved_errno = errno;
    void *ptrs[20];
    for (int i = 0; i < 20; i++)
        ptrs[i] = malloc((size_t)i * 900);
    for (int i = 0; i < 20; i++)
        free(ptrs[i]);
    signals_seen++;
    errno = saved_errno;
}

static void signals(void)
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    sigaction(SIGALRM, &action, NULL);
    struct itimerval often = {{0, 300}, {0, 300}}, never = {{0, 0}, {0, 0}};
    setitimer(ITIMER_REAL, &often, NULL);
    volatile double sum = 0;
    while (*(volatile unsigned *)&signals_seen < 100)
        for (int i = 1; i < 1000; i++)
            sum = sum + 1.0 / i;
    setitimer(ITIMER_REAL, &never, NULL);
    printf("signals %d\n", signals_seen >= 100);
}

int main(void)
{
    printf("%s\n", before_main);
    before_handlers = malloc(300);
    atexit(at_exit);
    thread_ends();
    forks();
    signals();
    return 0;
}
