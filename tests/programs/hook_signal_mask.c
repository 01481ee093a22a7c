/* hook_signal_mask: masks and waits: blocked, pending, waited for, by every function; sets that hold
 * all signals, some, and just the highest one; bad pointers. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t handled;

static void handler(int number)
{
    handled = number;
}

static void say(const char *text, long value)
{
    printf("%-32s %ld errno %d\n", text, value, errno);
    errno = 0;
}

static void say_set(const char *text, const sigset_t *set)
{
    printf("%-32s %016llx\n", text, (unsigned long long)set->__val[0]);
}

static void say_mask(const char *text)
{
    sigset_t mask;
    sigemptyset(&mask);
    pthread_sigmask(SIG_BLOCK, NULL, &mask);
    say_set(text, &mask);
}

static sigset_t set_of(int number)
{
    sigset_t set;
    sigemptyset(&set);
    if (number)
        sigaddset(&set, number);
    return set;
}

static void masks(void)
{
    sigset_t all, old, none = set_of(0), first = set_of(SIGUSR1), last = set_of(SIGRTMAX);
    sigfillset(&all);
    sigemptyset(&old);
    say_mask("at start");
    say("block all", sigprocmask(SIG_BLOCK, &all, &old));
    say_set("old", &old);
    say_mask("now");
    say("unblock the last", pthread_sigmask(SIG_UNBLOCK, &last, &old));
    say_set("old", &old);
    say_mask("now");
    sigset_t *volatile same = &all; /* allowed by Linux, if not by the prototype */
    say("set all, in place", sigprocmask(SIG_SETMASK, same, same));
    say_set("old", &all);
    say_mask("now");
    say("restore", sigprocmask(SIG_SETMASK, &none, &old));
    say_set("old", &old);
    say("block one", pthread_sigmask(SIG_BLOCK, &first, NULL));
    say_mask("now");
    say("invalid", sigprocmask(77, &first, NULL));
    say("invalid", pthread_sigmask(77, &first, NULL));
    say("only ask", sigprocmask(77, NULL, &old));
    say_set("old", &old);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Again and again until it is stopped: one alone may come before the wait it is to break. */
static void alarms(long us)
{
    struct itimerval every = {{0, us}, {0, us}};
    setitimer(ITIMER_REAL, &every, NULL);
}

static void waits(void)
{
    sigset_t all, pending, usr1 = set_of(SIGUSR1), none = set_of(0);
    siginfo_t info;
    int number = 0;
    struct timespec few_ms = {0, 3000000}, second = {1, 0}, invalid = {0, -1};
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    say("sigpending", sigpending(&pending));
    say_set("pending", &pending);
    say("sigtimedwait, nothing comes", sigtimedwait(&all, &info, &few_ms));
    raise(SIGUSR1);
    sigpending(&pending);
    say_set("pending", &pending);
    say("sigwait all", sigwait(&all, &number));
    say("which", number);
    raise(SIGUSR1);
    say("sigwaitinfo", sigwaitinfo(&all, &info));
    raise(SIGUSR1);
    say("sigtimedwait", sigtimedwait(&usr1, NULL, NULL));
    say("sigtimedwait invalid", sigtimedwait(&usr1, NULL, &invalid));
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGALRM, handler);
    alarms(3000);
    say("sigtimedwait interrupted", sigtimedwait(&usr1, &info, &second));
    say("sigwaitinfo interrupted", sigwaitinfo(&usr1, &info));
    sigdelset(&all, SIGALRM);
    handled = 0;
    say("sigsuspend", sigsuspend(&all));
    say("handled", handled == SIGALRM);
    say("sigsuspend with none blocked", sigsuspend(&none));
    alarms(0);
    say_mask("mask afterwards");
}

/* While a CPU sampling signal may come at any time. */
static void waits_after_computing(void)
{
    sigset_t none = set_of(0), usr1 = set_of(SIGUSR1);
    int wrong = 0;
    for (int i = 0; i < 30; i++) {
        struct timespec now, begin, few_ms = {0, 2000000};
        clock_gettime(CLOCK_MONOTONIC, &begin);
        do
            clock_gettime(CLOCK_MONOTONIC, &now);
        while ((now.tv_sec - begin.tv_sec) * 1000000000 + now.tv_nsec - begin.tv_nsec < 9000000);
        if (i % 2) {
            wrong += sigtimedwait(&usr1, NULL, &few_ms) != -1 || errno != EAGAIN;
        } else {
            handled = 0;
            alarms(2000);
            sigsuspend(&none);
            alarms(0);
            wrong += handled != SIGALRM;
        }
    }
    errno = 0;
    say("wrong after computing", wrong);
}

static void descriptors(void)
{
    sigset_t all, none = set_of(0), usr2 = set_of(SIGUSR2);
    struct signalfd_siginfo info;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    int fd = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
    say("signalfd all", fd);
    say("read, nothing", read(fd, &info, sizeof info));
    raise(SIGUSR2);
    say("read", read(fd, &info, sizeof info));
    say("which", info.ssi_signo);
    say("signalfd changed", signalfd(fd, &usr2, 0) == fd);
    say("signalfd bad descriptor", signalfd(9999, &usr2, 0));
    say("signalfd bad flags", signalfd(-1, &usr2, 0x12345));
    close(fd);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static void bad_pointers(void)
{
    sigset_t *volatile bad = (sigset_t *)16;
    siginfo_t info;
    struct timespec now = {0, 0};
    say("sigpending bad", sigpending(bad));
    say("sigsuspend bad", sigsuspend(bad));
    say("sigwaitinfo bad", sigwaitinfo(bad, &info));
    say("sigtimedwait bad", sigtimedwait(bad, &info, &now));
    say("sigwait bad", sigwait(bad, (int *)&info));
    say("signalfd bad", signalfd(-1, bad, 0));
    say("sigprocmask bad old", sigprocmask(SIG_BLOCK, NULL, bad));
}

static void *wait_for_last(void *number)
{
    sigset_t last = set_of(SIGRTMAX);
    sigwait(&last, number);
    return NULL;
}

/* Blocked with all others by the main thread, waited for by another: the classic signal thread. */
static void signal_thread(void)
{
    pthread_t thread;
    sigset_t all, none = set_of(0);
    int number = 0;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    if (pthread_create(&thread, NULL, wait_for_last, &number) != 0) {
        say("no thread", 0);
        return;
    }
    usleep(2000);
    kill(getpid(), SIGRTMAX);
    pthread_join(thread, NULL);
    say("signal thread got the last one", number == SIGRTMAX);
    raise(SIGRTMAX);
    sigpending(&none);
    say_set("pending", &none);
    say("sigwait", sigwait(&none, &number));
    sigprocmask(SIG_UNBLOCK, &all, NULL);
    say_mask("at the end");
}

int main(void)
{
    masks();
    waits();
    waits_after_computing();
    descriptors();
    bad_pointers();
    signal_thread();
    return 0;
}
