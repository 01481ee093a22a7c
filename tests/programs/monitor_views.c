/* monitor_views MODE: every way a program can look at its signals, while it uses CPU time so that any
 * sampling signal has come and gone. The output must be the same bare and preloaded.
 *   look      dispositions, masks, pending signals, waiting for all signals, in two threads and in a child
 *   killed    sends itself the highest real-time signal at its default: dies of it
 *   ignored   the same while it ignores it
 *   blocked   the same while it is blocked: pending, then waited for
 *   inherit   executes itself with all signals blocked and the highest ignored: mode `look` */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void use_cpu(unsigned ms)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    long long end = now.tv_sec * 1000000000LL + now.tv_nsec + ms * 1000000LL;
    do
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    while (now.tv_sec * 1000000000LL + now.tv_nsec < end);
}

static void print_set(const char *what, const sigset_t *set)
{
    printf("%s", what);
    for (int i = 1; i < NSIG; i++) {
        if (sigismember(set, i) == 1)
            printf(" %d", i);
    }
    printf("\n");
}

static void print_mask(const char *what)
{
    sigset_t set;
    sigemptyset(&set);
    pthread_sigmask(SIG_SETMASK, NULL, &set);
    print_set(what, &set);
}

static void print_pending(const char *what)
{
    sigset_t set;
    sigemptyset(&set);
    sigpending(&set);
    print_set(what, &set);
}

static void print_dispositions(void)
{
    for (int i = 1; i < NSIG; i++) {
        struct sigaction action;
        memset(&action, 0, sizeof action);
        if (sigaction(i, NULL, &action) < 0) {
            printf("signal %d: %s\n", i, strerror(errno));
            continue;
        }
        printf("signal %d: %s flags %x", i, action.sa_handler == SIG_DFL ? "default"
                                            : action.sa_handler == SIG_IGN ? "ignored" : "handled",
               (unsigned)action.sa_flags & ~0x04000000u);
        print_set(" mask", &action.sa_mask);
    }
}

static void wait_for_any(void)
{
    sigset_t all;
    sigfillset(&all);
    struct timespec none = {0, 1000000};
    siginfo_t info;
    use_cpu(50);
    int ret = sigtimedwait(&all, &info, &none);
    printf("sigtimedwait %d %s\n", ret, ret < 0 ? strerror(errno) : "");
    int fd = signalfd(-1, &all, SFD_NONBLOCK | SFD_CLOEXEC);
    use_cpu(50);
    struct signalfd_siginfo read_info;
    ssize_t got = read(fd, &read_info, sizeof read_info);
    printf("signalfd %zd %s\n", got, got < 0 ? strerror(errno) : "");
    struct pollfd ready = {fd, POLLIN, 0};
    printf("poll %d\n", poll(&ready, 1, 20));
    close(fd);
    raise(SIGUSR1);
    int number = 0;
    ret = sigwait(&all, &number);
    printf("sigwait %d %d\n", ret, number);
}

static void *thread(void *unused)
{
    (void)unused;
    print_mask("thread inherits");
    use_cpu(50);
    print_pending("thread pending");
    return NULL;
}

static void look(void)
{
    print_dispositions();
    print_mask("mask at start");
    sigset_t all, before;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &before);
    print_set("mask before", &before);
    print_mask("all blocked");
    use_cpu(100);
    print_pending("pending");
    wait_for_any();
    pthread_t id;
    pthread_create(&id, NULL, thread, NULL);
    pthread_join(id, NULL);
    fflush(stdout);
    if (fork() == 0) {
        print_mask("child inherits");
        use_cpu(50);
        print_pending("child pending");
        fflush(stdout);
        _exit(3);
    }
    int status;
    wait(&status);
    printf("child %x\n", status);
    sigset_t one;
    sigemptyset(&one);
    sigaddset(&one, SIGRTMAX);
    sigaddset(&one, SIGTERM);
    sigprocmask(SIG_UNBLOCK, &one, NULL);
    print_mask("two unblocked");
    sigprocmask(SIG_SETMASK, &before, NULL);
    print_mask("as before");
    use_cpu(50);
}

int main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "look";
    setvbuf(stdout, NULL, _IOFBF, 65536);
    use_cpu(50);
    if (strcmp(mode, "look") == 0) {
        look();
    } else if (strcmp(mode, "killed") == 0) {
        printf("before\n");
        fflush(stdout);
        kill(getpid(), SIGRTMAX);
        use_cpu(50);
        printf("not reached\n");
    } else if (strcmp(mode, "ignored") == 0) {
        signal(SIGRTMAX, SIG_IGN);
        kill(getpid(), SIGRTMAX);
        use_cpu(50);
        print_dispositions();
    } else if (strcmp(mode, "blocked") == 0) {
        sigset_t all;
        sigfillset(&all);
        sigprocmask(SIG_BLOCK, &all, NULL);
        union sigval value = {.sival_int = 77};
        sigqueue(getpid(), SIGRTMAX, value);
        use_cpu(50);
        print_pending("pending");
        siginfo_t info;
        int ret = sigwaitinfo(&all, &info);
        printf("%d code %d value %d\n", ret, info.si_code, info.si_value.sival_int);
    } else if (strcmp(mode, "inherit") == 0) {
        sigset_t all;
        sigfillset(&all);
        sigprocmask(SIG_BLOCK, &all, NULL);
        signal(SIGRTMAX, SIG_IGN);
        signal(SIGRTMAX - 1, SIG_IGN);
        use_cpu(50);
        execl("/proc/self/exe", argv[0], "look", (char *)NULL);
    }
    return 0;
}
