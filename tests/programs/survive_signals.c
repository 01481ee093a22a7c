/* survive_signals.c MODE: signal handlers that call, at high rates, and ways out of calls. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

static int null, pipes[2];
static volatile uint64_t handled;

static void writes(int number)
{
    (void)number;
    int saved = errno;
    if (write(null, "handler", 7) == 7)
        handled++;
    errno = saved;
}

static void timer(int microseconds)
{
    struct itimerval every = {{0, microseconds}, {0, microseconds}};
    setitimer(ITIMER_REAL, &every, NULL);
}

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* 5 kHz of handlers that write, over a loop that allocates, writes and reads; errno has to hold. */
static void storm(int flags)
{
    struct sigaction action = {.sa_handler = writes, .sa_flags = flags};
    sigaction(SIGALRM, &action, NULL);
    timer(200);
    uint64_t until = now_ms() + 1500;
    long wrong = 0;
    for (unsigned i = 0; now_ms() < until; i++) {
        void *volatile room = malloc(i % 5000);
        free(room);
        errno = 99;
        if (write(null, "x", 1) != 1 && errno != EINTR)
            wrong++;
        char byte = 'p';
        errno = 99;
        if (write(pipes[1], &byte, 1) != 1 || read(pipes[0], &byte, 1) != 1)
            wrong += errno != EINTR;
        wrong += errno != 99 && errno != EINTR;
    }
    timer(0);
    printf("wrong %ld handlers %s\n", wrong, handled > 100 ? "many" : "few");
}

/* ---- jumps ---- */

static sigjmp_buf back;

static void jump(int number)
{
    (void)number;
    siglongjmp(back, 1);
}

static void jumps(void)
{
    struct sigaction action = {.sa_handler = jump};
    sigaction(SIGALRM, &action, NULL);
    volatile int out = 0;
    for (volatile int i = 0; i < 100; i++) {
        if (sigsetjmp(back, 1) == 0) {
            struct itimerval once = {{0, 0}, {0, 2000}};
            setitimer(ITIMER_REAL, &once, NULL);
            char byte;
            (void)!read(pipes[0], &byte, 1);
            puts("read came back");
        } else {
            out++;
        }
        char byte = 'x';
        if (write(pipes[1], &byte, 1) != 1 || read(pipes[0], &byte, 1) != 1)
            puts("the pipe is broken");
    }
    printf("out %d times\n", out);
}

/* ---- alternate stacks ---- */

static void deep(int number)
{
    writes(number);
    void *volatile room = malloc(100); /* the interrupted code allocates nothing */
    free(room);
}

static void alternate(void)
{
    size_t size = (size_t)sysconf(_SC_MINSIGSTKSZ) + 8192;
    stack_t stack = {.ss_sp = malloc(size), .ss_size = size};
    sigaltstack(&stack, NULL);
    struct sigaction action = {.sa_handler = deep, .sa_flags = SA_ONSTACK};
    sigaction(SIGALRM, &action, NULL);
    timer(500);
    volatile uint64_t sum = 0;
    for (uint64_t until = now_ms() + 800; now_ms() < until;)
        for (int i = 0; i < 10000; i++)
            sum = sum + (uint64_t)i;
    timer(0);
    printf("alternate stack: handlers %s\n", handled > 20 ? "many" : "few");
}

/* ---- coroutines ---- */

static ucontext_t here, there[16];
static int rounds;

static void coroutine(int number)
{
    for (;;) {
        void *volatile room = malloc((size_t)(number + 1) * 1000);
        int fd = open("/dev/null", O_WRONLY);
        if (write(fd, "x", 1) == 1)
            rounds++;
        close(fd);
        free(room);
        swapcontext(&there[number], &here);
    }
}

static void coroutines(void)
{
    static char stacks[16][32768];
    for (int i = 0; i < 16; i++) {
        getcontext(&there[i]);
        there[i].uc_stack.ss_sp = stacks[i];
        there[i].uc_stack.ss_size = sizeof stacks[i];
        there[i].uc_link = &here;
        makecontext(&there[i], (void (*)(void))coroutine, 1, i);
    }
    for (int round = 0; round < 2000; round++)
        for (int i = 0; i < 16; i++)
            swapcontext(&here, &there[i]);
    printf("coroutines: %d rounds\n", rounds);
}

int main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "";
    null = open("/dev/null", O_WRONLY);
    if (pipe(pipes) < 0)
        return 2;
    if (strcmp(mode, "storm") == 0)
        storm(SA_RESTART);
    else if (strcmp(mode, "eintr") == 0)
        storm(0);
    else if (strcmp(mode, "jumps") == 0)
        jumps();
    else if (strcmp(mode, "alternate") == 0)
        alternate();
    else if (strcmp(mode, "coroutines") == 0)
        coroutines();
    else
        return 2;
    return 0;
}
