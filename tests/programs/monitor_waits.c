/* monitor_waits SECONDS [forge]: short waits of every kind between bursts of system calls, so that a CPU
 * timer keeps expiring around the waits. Prints how often each kind failed with EINTR, ended early, or did otherwise than
 * waiting (a wait that succeeds leaves errno alone).
 * forge: a second thread sends the signals of the main thread's CPU timer itself, as the kernel would,
 * into the middle of the waits (/proc/self/timers says what they carry); without such a timer none. Linux
 * since 5.10 hands CPU timers over on the way back to user code, so real ones seldom break a wait. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { WAIT_NS = 300000, ERRNO_BEFORE = 77 };

static long long now_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

/* errno said so, and has done its duty. */
static int timed_out(void)
{
    errno = ERRNO_BEFORE;
    return 0;
}

static int epoll_fd, quiet[2], quiet_socket[2];
static sem_t never;

static int wait_nanosleep(void) { return nanosleep(&(struct timespec){0, WAIT_NS}, NULL); }
static int wait_clock(void)
{
    int error = clock_nanosleep(CLOCK_MONOTONIC, 0, &(struct timespec){0, WAIT_NS}, NULL);
    errno = error ? error : errno;
    return error ? -1 : 0;
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
    return ret < 0 && errno == ETIMEDOUT ? timed_out() : ret;
}
static int wait_receive(void)
{
    char byte;
    ssize_t ret = recv(quiet_socket[0], &byte, 1, 0);
    return ret < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) ? timed_out() : -1;
}

static int wait_signal(void)
{
    sigset_t one;
    sigemptyset(&one);
    sigaddset(&one, SIGUSR1);
    int ret = sigtimedwait(&one, NULL, &(struct timespec){0, WAIT_NS});
    return ret < 0 && errno == EAGAIN ? timed_out() : -1;
}

static volatile sig_atomic_t alarms;
static void on_alarm(int number)
{
    (void)number;
    alarms++;
}
static void set_alarm(long us)
{
    setitimer(ITIMER_REAL, &(struct itimerval){{0, us}, {0, us}}, NULL);
}
/* These may only end when the program's own handler has run. */
static int wait_pause(void)
{
    sig_atomic_t before = alarms;
    set_alarm(1000);
    (void)pause();
    int ret = alarms != before ? 0 : -1;
    set_alarm(0);
    errno = ret < 0 ? EINTR : ERRNO_BEFORE;
    return ret;
}
static int wait_suspend(void)
{
    sigset_t none, one, saved;
    sigemptyset(&none);
    sigemptyset(&one);
    sigaddset(&one, SIGALRM);
    sigprocmask(SIG_BLOCK, &one, &saved);
    sig_atomic_t before = alarms;
    set_alarm(1000);
    (void)sigsuspend(&none);
    int ret = alarms != before ? 0 : -1;
    set_alarm(0);
    sigprocmask(SIG_SETMASK, &saved, NULL);
    errno = ret < 0 ? EINTR : ERRNO_BEFORE;
    return ret;
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
    {"sigtimedwait", wait_signal, WAIT_NS}, {"pause", wait_pause, 0},
    {"sigsuspend", wait_suspend, 0},
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

/* The signal and the value of the first CPU timer of this process. */
static int find_timer(int *ret_signal, void **ret_value)
{
    FILE *file = fopen("/proc/self/timers", "r");
    int found = file && fscanf(file, "ID: %*d signal: %d/%p", ret_signal, ret_value) == 2;
    if (file)
        fclose(file);
    return found;
}

static unsigned long forged;
static volatile int stop_forging;
static void *forge(void *main_thread)
{
    int number;
    siginfo_t info;
    memset(&info, 0, sizeof info);
    info.si_code = SI_TIMER;
    if (!find_timer(&number, &info.si_value.sival_ptr))
        return NULL;
    info.si_signo = number;
    while (!stop_forging) {
        syscall(SYS_rt_tgsigqueueinfo, getpid(), (pid_t)(intptr_t)main_thread, number, &info);
        forged++;
        struct timespec pause = {0, 1700000};
        clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    double seconds = argc > 1 ? atof(argv[1]) : 1;
    unsigned long interrupted[KINDS] = {0}, early[KINDS] = {0}, other[KINDS] = {0};
    pthread_t forger;
    int forging = argc > 2 && strcmp(argv[2], "forge") == 0;
    signal(SIGALRM, on_alarm);
    if (forging && pthread_create(&forger, NULL, forge, (void *)(intptr_t)gettid()) != 0)
        return 1;
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
        errno = ERRNO_BEFORE;
        int ret = kinds[kind].wait();
        int error = errno;
        long long took = now_ns(CLOCK_MONOTONIC) - before;
        if (ret < 0 && error == EINTR)
            interrupted[kind]++;
        else if (ret != 0 || error != ERRNO_BEFORE)
            other[kind]++;
        else if (took < kinds[kind].least_ns)
            early[kind]++;
    }
    stop_forging = 1;
    if (forging) {
        pthread_join(forger, NULL);
        fprintf(stderr, "forged %lu\n", forged);
    }
    for (unsigned kind = 0; kind < KINDS; kind++)
        printf("%s interrupted %lu early %lu failed %lu\n", kinds[kind].name, interrupted[kind], early[kind], other[kind]);
    return 0;
}
