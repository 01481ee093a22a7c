/* hook_signal_disposition: setting, asking and handling signals by every function that can. The highest
 * real-time signals are tried like all others: whatever a library uses for itself, the program must
 * find them as the kernel would show them. */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern int __sigaction(int number, const struct sigaction *action, struct sigaction *ret_old);
extern sighandler_t bsd_signal(int number, sighandler_t handler);
extern sighandler_t __sysv_signal(int number, sighandler_t handler);

static volatile sig_atomic_t handled;

static void handler(int number)
{
    handled = number;
}

static const char *name(sighandler_t function)
{
    return function == SIG_DFL    ? "default"
           : function == SIG_IGN  ? "ignore"
           : function == SIG_ERR  ? "error"
           : function == SIG_HOLD ? "hold"
           : function == handler  ? "handler"
                                  : "something else";
}

static void say(const char *text, long value)
{
    printf("%-32s %ld errno %d\n", text, value, errno);
    errno = 0;
}

static void say_handler(const char *text, sighandler_t function)
{
    printf("%-32s %s errno %d\n", text, name(function), errno);
    errno = 0;
}

static void show(int number)
{
    struct sigaction action;
    memset(&action, 0x55, sizeof action);
    int ret = sigaction(number, NULL, &action);
    printf("  signal %d: %d %s flags %x mask %d of 64\n", number, ret, name(action.sa_handler),
           (unsigned)action.sa_flags, __builtin_popcountll(action.sa_mask.__val[0]));
}

/* On every signal a program may set. */
static void loops(void)
{
    struct sigaction action = {.sa_handler = SIG_IGN, .sa_flags = SA_RESTART}, old;
    int other = 0, failed = 0;
    sigfillset(&action.sa_mask);
    for (int number = 1; number < 65; number++)
        other += sigaction(number, NULL, &old) == 0 && old.sa_handler != SIG_DFL;
    say("not default at start", other);
    errno = 0;
    other = 0;
    for (int number = 1; number < 65; number++) {
        failed += sigaction(number, &action, &old) != 0;
        other += old.sa_handler != SIG_DFL;
    }
    say("refused to ignore", failed);
    say("not default before", other);
    show(SIGRTMAX);
    show(SIGUSR1);
    other = 0;
    for (int number = 1; number < 65; number++)
        other += signal(number, SIG_DFL) == SIG_IGN;
    say("were ignored", other);
    show(SIGRTMAX);
    show(SIGRTMAX - 1);
}

static void each_function(int number)
{
    struct sigaction action = {.sa_handler = handler};
    say_handler("signal ignore", signal(number, SIG_IGN));
    show(number);
    say_handler("bsd_signal default", bsd_signal(number, SIG_DFL));
    show(number);
    say_handler("sysv_signal ignore", sysv_signal(number, SIG_IGN));
    show(number);
    say_handler("__sysv_signal default", __sysv_signal(number, SIG_DFL));
    say_handler("sigset ignore", sigset(number, SIG_IGN));
    say_handler("sigset hold", sigset(number, SIG_HOLD));
    say_handler("sigset default", sigset(number, SIG_DFL));
    say("sigignore", sigignore(number));
    show(number);
    raise(number);
    say("raised and ignored", handled);
    say("__sigaction", __sigaction(number, &action, &action));
    say_handler("in place, the old one", action.sa_handler);
    show(number);
    raise(number);
    say("raised", handled == number);
    handled = 0;
    kill(getpid(), number);
    say("sent", handled == number);
    handled = 0;
    say_handler("signal handler", signal(number, handler));
    say_handler("signal default", signal(number, SIG_DFL));
}

static void refused(void)
{
    struct sigaction action = {.sa_handler = handler};
    say("sigaction 0", sigaction(0, &action, NULL));
    say("sigaction 65", sigaction(65, &action, NULL));
    say("sigaction KILL", sigaction(SIGKILL, &action, NULL));
    say("sigaction reserved", sigaction(32, &action, NULL));
    say_handler("signal 0", signal(0, SIG_IGN));
    say_handler("signal to error", signal(SIGRTMAX, SIG_ERR));
    say_handler("sysv_signal STOP", sysv_signal(SIGSTOP, SIG_IGN));
    say_handler("sigset 99", sigset(99, SIG_IGN));
    say("sigignore KILL", sigignore(SIGKILL));
}

/* Without a handler each real-time signal ends a process. */
static void deadly(int number)
{
    int status = 0;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        signal(number, SIG_DFL);
        kill(getpid(), number);
        usleep(10000);
        _exit(1);
    }
    waitpid(pid, &status, 0);
    say("ended by it", WIFSIGNALED(status) && WTERMSIG(status) == number);
}

int main(void)
{
    loops();
    deadly(SIGRTMAX);
    deadly(SIGRTMAX - 1);
    refused();
    each_function(SIGRTMAX - 1);
    each_function(SIGRTMAX); /* last: whoever used it has to step aside */
    return 0;
}
