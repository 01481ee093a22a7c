/* monitor_waits SECONDS: short waits of every kind between bursts of system calls, so that a CPU timer
 * keeps expiring inside the waits. Prints each kind that ever failed with EINTR or returned early. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { WAIT_NS = 300000 };

static long long now_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static int epoll_fd, quiet[2], quiet_socket[2];
static sem_t never;

static int wait_nanosleep(void) { return nanosleep(&(struct timespec){0, WAIT_NS}, NULL); }
static int wait_clock(void)
{
    errno = clock_nanosleep(CLOCK_MONOTONIC, 0, &(struct timespec){0, WAIT_NS}, NULL);
    return errno ? -1 : 0;
}
static int wait_usleep(void) { return usleep(WAIT_NS / 1000); }
static int wait_poll(void)
{
    struct pollfd one = {quiet[0], POLLIN, 0};
    return poll(&one, 1, 1);
}
static int wait_ppoll(void)
{
    struct pollfd one = {quiet[0], POLLIN, 0};
    return ppoll(&one, 1, &(struct timespec){0, WAIT_NS}, NULL);
}
static int wait_select(void)
{
    fd_set set;
    FD_ZERO(&set);
    FD_SET(quiet[0], &set);
    return select(quiet[0] + 1, &set, NULL, NULL, &(struct timeval){0, WAIT_NS / 1000});
}
static int wait_pselect(void) { return pselect(0, NULL, NULL, NULL, &(struct timespec){0, WAIT_NS}, NULL); }
static int wait_epoll(void)
{
    struct epoll_event event;
    return epoll_wait(epoll_fd, &event, 1, 1);
}
static int wait_semaphore(void)
{
    struct timespec end;
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_nsec += WAIT_NS;
    if (end.tv_nsec >= 1000000000) {
        end.tv_sec++;
        end.tv_nsec -= 1000000000;
    }
    int ret = sem_timedwait(&never, &end);
    return ret < 0 && errno == ETIMEDOUT ? 0 : ret;
}
static int wait_receive(void)
{
    char byte;
    ssize_t ret = recv(quiet_socket[0], &byte, 1, 0);
    return ret < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) ? 0 : -1;
}

static const struct {
    const char *name;
    int (*wait)(void);
    long long least_ns;
} kinds[] = {
    {"nanosleep", wait_nanosleep, WAIT_NS}, {"clock_nanosleep", wait_clock, WAIT_NS},
    {"usleep", wait_usleep, WAIT_NS},       {"poll", wait_poll, 1000000},
    {"ppoll", wait_ppoll, WAIT_NS},         {"select", wait_select, WAIT_NS},
    {"pselect", wait_pselect, WAIT_NS},     {"epoll_wait", wait_epoll, 1000000},
    {"sem_timedwait", wait_semaphore, 0},   {"recv", wait_receive, 0},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

/* System calls enough that the CPU timer is nearly due when the wait begins. */
static void work(unsigned calls)
{
    char byte;
    static int zero = -1;
    if (zero < 0)
        zero = open("/dev/zero", O_RDONLY);
    while (calls--) {
        if (read(zero, &byte, 1) != 1)
            abort();
    }
}

int main(int argc, char **argv)
{
    double seconds = argc > 1 ? atof(argv[1]) : 1;
    unsigned long interrupted[KINDS] = {0}, early[KINDS] = {0}, other[KINDS] = {0};
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    sem_init(&never, 0, 0);
    if (pipe(quiet) < 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, quiet_socket) < 0)
        return 1;
    struct timeval timeout = {0, 1000};
    setsockopt(quiet_socket[0], SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    long long end = now_ns(CLOCK_MONOTONIC) + (long long)(seconds * 1e9);
    unsigned seed = 1;
    for (unsigned i = 0; now_ns(CLOCK_MONOTONIC) < end; i++) {
        seed = seed * 1103515245 + 12345;
        work(seed >> 20 & 0x7ff);
        unsigned kind = i % KINDS;
        long long before = now_ns(CLOCK_MONOTONIC);
        int ret = kinds[kind].wait();
        long long took = now_ns(CLOCK_MONOTONIC) - before;
        if (ret < 0 && errno == EINTR)
            interrupted[kind]++;
        else if (ret != 0)
            other[kind]++;
        else if (took < kinds[kind].least_ns)
            early[kind]++;
    }
    for (unsigned kind = 0; kind < KINDS; kind++)
        printf("%s interrupted %lu early %lu failed %lu\n", kinds[kind].name, interrupted[kind], early[kind], other[kind]);
    return 0;
}
