/* hook_poll_ready.c: waiting for descriptors with poll, select and epoll: ready, timeout, bad
 * arguments, and interrupted by a signal of the program's own, which must come through as EINTR with
 * everything libc leaves behind. */
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/time.h>
#include <time.h>

#include "hook_show.h"

int __poll(struct pollfd *fds, nfds_t count, int timeout_ms);
int __poll_chk(struct pollfd *fds, nfds_t count, int timeout_ms, size_t fds_len);
int __ppoll_chk(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
                const sigset_t *mask, size_t fds_len);
int __select(int count, fd_set *reads, fd_set *writes, fd_set *exceptions, struct timeval *timeout);

enum { SHORT_MS = 5, LONG_MS = 5000 };
static const struct timespec short_time = {0, SHORT_MS * 1000000}, long_time = {LONG_MS / 1000, 0},
                             bad_time = {0, 1000000000}, no_time = {0, 0};
static volatile sig_atomic_t signals;
static volatile nfds_t too_many = 1 << 30;
static int idle, ready; /* reading ends of an empty pipe and of one with a byte */

static void on_alarm(int signal)
{
    (void)signal;
    signals++;
}

/* A SIGALRM in 10 ms, once. */
static void alarm_soon(void)
{
    struct itimerval soon = {.it_value = {0, 10000}};
    setitimer(ITIMER_REAL, &soon, NULL);
}

static double now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* Shows the call, and that it waited its time, no shorter. */
#define WAITS(call)                                                                                \
    do {                                                                                           \
        double start_ms = now_ms();                                                                \
        SHOW(call);                                                                                \
        double waited_ms = now_ms() - start_ms;                                                    \
        printf("  waited %d\n", waited_ms >= SHORT_MS && waited_ms < LONG_MS / 2);                 \
    } while (0)

#define INTERRUPTED(call)                                                                          \
    do {                                                                                           \
        int before = signals;                                                                      \
        alarm_soon();                                                                              \
        WAITS(call);                                                                               \
        setitimer(ITIMER_REAL, &(struct itimerval){{0, 0}, {0, 0}}, NULL); /* no call after it, should this end early */\
        printf("  signals %d\n", signals - before);                                                \
    } while (0)

static void polling(void)
{
    struct pollfd one = {ready, POLLIN, 0}, none = {idle, POLLIN, 0};
    struct pollfd *heap = calloc(3, sizeof *heap);
    sigset_t mask;
    sigfillset(&mask);
    heap[0] = (struct pollfd){idle, POLLIN, 0};
    heap[1] = (struct pollfd){ready, POLLIN, 0};
    heap[2] = (struct pollfd){999, POLLIN, 0};
    SHOW(poll(&one, 1, -1));
    printf("  %d\n", one.revents);
    SHOW(__poll(heap, 3, LONG_MS));
    printf("  %d %d %d\n", heap[0].revents, heap[1].revents, heap[2].revents);
    SHOW(__poll_chk(heap + 1, 1, 0, sizeof *heap));
    SHOW(ppoll(&one, 1, &long_time, NULL));
    SHOW(__ppoll_chk(&one, 1, NULL, &mask, sizeof one));
    WAITS(poll(&none, 1, SHORT_MS));
    WAITS(__poll(heap, 1, SHORT_MS));
    WAITS(__poll_chk(nothing, 0, SHORT_MS, 0));
    WAITS(ppoll(&none, 1, &short_time, NULL));
    WAITS(__ppoll_chk(&none, 1, &short_time, &mask, sizeof none));
    SHOW(poll(&none, 1, 0));
    SHOW(poll(nothing, 1, 0));
    SHOW(poll(unmapped, 1, 0));
    SHOW(__poll(unmapped, 2, -1));
    SHOW(poll(&one, too_many, 0));
    SHOW(ppoll(&one, 1, &bad_time, NULL));
    SHOW(ppoll(unmapped, 1, &no_time, NULL));
    SHOW(__ppoll_chk(unmapped, 1, &no_time, NULL, 1 << 20));
    none.revents = 99;
    INTERRUPTED(poll(&none, 1, LONG_MS));
    printf("  revents %d\n", none.revents);
    INTERRUPTED(__poll(heap, 1, -1));
    INTERRUPTED(__poll_chk(&none, 1, LONG_MS, sizeof none));
    INTERRUPTED(ppoll(&none, 1, &long_time, NULL));
    INTERRUPTED(__ppoll_chk(&none, 1, NULL, NULL, sizeof none));
    free(heap);
}

static fd_set only(int fd)
{
    fd_set set;
    FD_ZERO(&set);
    FD_SET(fd, &set);
    return set;
}

static void selecting(void)
{
    fd_set reads = only(ready), writes;
    struct timeval soon = {0, SHORT_MS * 1000}, late = {LONG_MS / 1000, 0}, bad = {-1, 0};
    sigset_t mask;
    sigemptyset(&mask);
    SHOW(select(ready + 1, &reads, NULL, NULL, NULL));
    SHOW(FD_ISSET(ready, &reads) != 0);
    FD_SET(idle, &reads);
    SHOW(__select(ready + 1, &reads, NULL, NULL, &late));
    SHOW(FD_ISSET(idle, &reads) != 0);
    SHOW(late.tv_sec >= 4);
    SHOW(pselect(ready + 1, &reads, NULL, NULL, &long_time, &mask));
    reads = writes = only(idle);
    WAITS(select(idle + 1, &reads, NULL, NULL, &soon));
    printf("  left %ld %ld set %d\n", (long)soon.tv_sec, (long)soon.tv_usec,
           FD_ISSET(idle, &reads) != 0);
    soon.tv_usec = SHORT_MS * 1000;
    WAITS(__select(0, NULL, NULL, NULL, &soon));
    reads = only(idle);
    WAITS(pselect(idle + 1, &reads, NULL, NULL, &short_time, NULL));
    SHOW(select(-1, NULL, NULL, NULL, NULL));
    SHOW(select(0, NULL, NULL, NULL, &bad));
    SHOW(__select(10, unmapped, NULL, NULL, &late));
    reads = only(30);
    SHOW(select(31, &reads, NULL, NULL, &late));
    SHOW(pselect(0, NULL, NULL, NULL, &bad_time, NULL));
    reads = only(idle);
    late = (struct timeval){LONG_MS / 1000, 0};
    INTERRUPTED(select(idle + 1, &reads, NULL, NULL, &late));
    printf("  set %d left %d\n", FD_ISSET(idle, &reads) != 0, late.tv_sec == 4);
    INTERRUPTED(__select(idle + 1, &reads, NULL, NULL, NULL));
    INTERRUPTED(pselect(idle + 1, &reads, NULL, NULL, &long_time, &mask));
    printf("  set %d\n", FD_ISSET(idle, &reads) != 0);
}

static void epolling(void)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = 42}, events[4];
    sigset_t mask;
    int fd, quiet;
    sigfillset(&mask);
    SHOW_SET(fd, epoll_create1(EPOLL_CLOEXEC));
    SHOW_SET(quiet, epoll_create(1));
    SHOW(epoll_ctl(fd, EPOLL_CTL_ADD, ready, &event));
    SHOW(epoll_ctl(quiet, EPOLL_CTL_ADD, idle, &event));
    SHOW(epoll_wait(fd, events, 4, -1));
    printf("  %x %d\n", (unsigned)events[0].events, (int)events[0].data.u64);
    SHOW(epoll_pwait(fd, events, 4, LONG_MS, &mask));
    SHOW(epoll_pwait2(fd, events, 4, &long_time, NULL));
    WAITS(epoll_wait(quiet, events, 4, SHORT_MS));
    WAITS(epoll_pwait(quiet, events, 4, SHORT_MS, NULL));
    WAITS(epoll_pwait2(quiet, events, 4, &short_time, &mask));
    SHOW(epoll_ctl(fd, EPOLL_CTL_ADD, ready, &event));
    SHOW(epoll_ctl(fd, EPOLL_CTL_MOD, idle, &event));
    SHOW(epoll_ctl(fd, EPOLL_CTL_ADD, -1, &event));
    SHOW(epoll_ctl(-1, EPOLL_CTL_ADD, ready, &event));
    SHOW(epoll_ctl(fd, EPOLL_CTL_ADD, idle, unmapped));
    SHOW(epoll_ctl(fd, EPOLL_CTL_DEL, ready, NULL));
    SHOW(epoll_wait(fd, events, 0, 0));
    SHOW(epoll_wait(fd, events, 4, 0));
    SHOW(epoll_wait(-1, events, 4, 0));
    SHOW(epoll_wait(idle, events, 4, 0));
    SHOW(epoll_pwait(-1, events, 4, 0, NULL));
    SHOW(epoll_pwait2(-1, events, 4, NULL, NULL));
    SHOW(epoll_pwait2(fd, events, 4, &bad_time, NULL));
    INTERRUPTED(epoll_wait(quiet, events, 4, LONG_MS));
    INTERRUPTED(epoll_pwait(quiet, events, 4, -1, NULL));
    INTERRUPTED(epoll_pwait2(quiet, events, 4, &long_time, NULL));
    SHOW(close(fd));
    SHOW(close(quiet));
}

int main(void)
{
    struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
    int first[2], second[2];
    if (pipe(first) < 0 || pipe(second) < 0 || write(second[1], "x", 1) != 1)
        return 1;
    idle = first[0];
    ready = second[0];
    sigaction(SIGALRM, &action, NULL);
    polling();
    selecting();
    epolling();
    return 0;
}
