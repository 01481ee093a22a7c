/* child.c: fork, exec, signals, wait. */
#include "commands/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "commands/arguments.h"

static volatile sig_atomic_t child_pid;

static const int passed_on[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP};
enum { PASSED_ON = sizeof(passed_on) / sizeof(passed_on[0]) };

/* si_code > 0: from the kernel, that is from the terminal, which signals the whole group. */
static void pass_on(int number, siginfo_t *info, void *context)
{
    (void)context;
    int saved = errno;
    if (info->si_code <= 0 && child_pid > 0)
        kill((pid_t)child_pid, number);
    errno = saved;
}

static void become(char **argv, const struct sigaction *before, const sigset_t *mask, int report_fd)
{
    for (int i = 0; i < PASSED_ON; i++)
        sigaction(passed_on[i], &before[i], NULL);
    sigprocmask(SIG_SETMASK, mask, NULL);
    execvp(argv[0], argv);
    int error = errno;
    ssize_t written = write(report_fd, &error, sizeof(error));
    (void)written; /* the code alone says it too */
    _exit(error == ENOENT || error == ENOTDIR ? 127 : 126);
}

static int wait_for(pid_t pid)
{
    int status;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return 1;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int child_run(char **argv, int *ret_started)
{
    struct sigaction before[PASSED_ON], handler = {.sa_flags = SA_SIGINFO | SA_RESTART};
    sigset_t all, mask;
    int report[2], error = 0;
    *ret_started = 0;
    if (pipe2(report, O_CLOEXEC) != 0) {
        arguments_wrong("run", "%s", strerror(errno));
        return 1;
    }
    handler.sa_sigaction = pass_on;
    sigfillset(&handler.sa_mask);
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &mask); /* nothing gets lost between fork and the handlers */
    for (int i = 0; i < PASSED_ON; i++) {
        sigaction(passed_on[i], NULL, &before[i]);
        if (before[i].sa_handler != SIG_IGN) /* nohup stays nohup */
            sigaction(passed_on[i], &handler, NULL);
    }
    pid_t pid = fork();
    if (pid == 0)
        become(argv, before, &mask, report[1]);
    child_pid = pid;
    sigprocmask(SIG_SETMASK, &mask, NULL);
    close(report[1]);
    if (pid < 0) {
        arguments_wrong("run", "cannot start a process: %s", strerror(errno));
        close(report[0]);
        return 1;
    }
    ssize_t got;
    while ((got = read(report[0], &error, sizeof(error))) < 0 && errno == EINTR)
        continue;
    close(report[0]);
    int code = wait_for(pid);
    child_pid = 0;
    *ret_started = got != (ssize_t)sizeof(error);
    if (!*ret_started)
        arguments_wrong("run", "%s: %s", argv[0], strerror(error));
    return code;
}
