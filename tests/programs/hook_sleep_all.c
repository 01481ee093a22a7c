/* hook_sleep_all: every sleep: slept out, interrupted by the program's own signal, refused. A second
 * part sleeps right after much computing, so that a CPU sampling signal may be on its way: no sleep may
 * end early because of it. */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

static void nothing(int number)
{
    (void)number;
}

/* Again and again until it is stopped: one alone may come before the sleep it is to break. */
static void alarms(long us)
{
    struct itimerval every = {{0, us}, {0, us}};
    setitimer(ITIMER_REAL, &every, NULL);
}

static void say(const char *text, long value)
{
    printf("%-34s %ld errno %d\n", text, value, errno);
    errno = 0;
}

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* The rest of a second that was slept in since then: with what passed a second or more, on a busy machine much more. */
static int is_rest_of_second(const struct timespec *left, uint64_t begin)
{
    uint64_t left_ns = (uint64_t)left->tv_sec * 1000000000 + (uint64_t)left->tv_nsec;
    return left_ns < 1000000000 && left_ns + (now_ns() - begin) >= 1000000000;
}

static void slept_out(void)
{
    struct timespec few_ms = {0, 3000000}, left = {7, 7};
    struct timespec until;
    errno = 0;
    say("sleep(0)", sleep(0));
    errno = 12;
    say("usleep keeps errno", usleep(2000));
    say("nanosleep", nanosleep(&few_ms, NULL));
    say("nanosleep with a rest", nanosleep(&few_ms, &left));
    say("rest untouched", left.tv_sec == 7 && left.tv_nsec == 7);
    say("clock_nanosleep", clock_nanosleep(CLOCK_MONOTONIC, 0, &few_ms, NULL));
    clock_gettime(CLOCK_REALTIME, &until);
    say("absolute, past", clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &until, NULL));
    say("thrd_sleep", thrd_sleep(&few_ms, NULL));
}

static void interrupted(void)
{
    struct timespec second = {1, 0}, left = {7, 7}, until;
    alarms(3000);
    say("sleep(2) interrupted", sleep(2));
    say("sleep(1) interrupted", sleep(1));
    say("usleep interrupted", usleep(900000));
    uint64_t begin = now_ns();
    say("nanosleep interrupted", nanosleep(&second, &left));
    say("the rest is left", is_rest_of_second(&left, begin));
    say("nanosleep in place", nanosleep(&left, &left));
    begin = now_ns();
    say("clock_nanosleep interrupted", clock_nanosleep(CLOCK_MONOTONIC, 0, &second, &left));
    say("the rest is left", is_rest_of_second(&left, begin));
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec++;
    say("absolute interrupted", clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL));
    say("thrd_sleep interrupted", thrd_sleep(&second, &left));
    say("pause", pause());
    alarms(0);
}

static void refused(void)
{
    struct timespec invalid = {0, 1000000000}, negative = {-1, 0};
    const struct timespec *volatile bad = (const struct timespec *)16;
    say("nanosleep invalid", nanosleep(&invalid, NULL));
    say("nanosleep negative", nanosleep(&negative, NULL));
    say("nanosleep bad pointer", nanosleep(bad, NULL));
    say("clock_nanosleep invalid", clock_nanosleep(CLOCK_MONOTONIC, 0, &invalid, NULL));
    say("clock_nanosleep bad clock", clock_nanosleep(12345, 0, &invalid, NULL));
    say("thrd_sleep invalid", thrd_sleep(&invalid, NULL) < 0);
}

static void compute_then_sleep(void)
{
    int early = 0, failed = 0;
    for (int i = 0; i < 60; i++) {
        uint64_t begin = now_ns();
        while (now_ns() - begin < 9000000)
            ;
        struct timespec few_ms = {0, 2000000}, left;
        begin = now_ns();
        failed += (i % 3 == 0   ? nanosleep(&few_ms, &left)
                   : i % 3 == 1 ? usleep(2000)
                                : clock_nanosleep(CLOCK_MONOTONIC, 0, &few_ms, NULL)) != 0;
        early += now_ns() - begin < 2000000;
    }
    say("failed sleeps after computing", failed);
    say("early ones", early);
}

int main(void)
{
    struct sigaction action = {.sa_handler = nothing, .sa_flags = SA_RESTART};
    sigaction(SIGALRM, &action, NULL);
    slept_out();
    interrupted();
    refused();
    compute_then_sleep();
    return 0;
}
