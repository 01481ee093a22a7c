/* sink_exec.c: programs that are told of alerts: started without a shell, given their JSON, reaped, ended when they hang.
 *
 * The JSON is less than a pipe holds, so writing it never waits. A program gets our environment, our stderr as its
 * standard output and error, and default signals.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "commands/arguments.h"
#include "commands/sinks.h"

struct program {
    pid_t pid; /* 0: free */
    uint64_t deadline_ms;
    const char *path;
    bool killed;
};

struct sink_programs {
    struct program items[SINKS_EXEC_MOST];
};

struct sink_programs *sink_exec_new(void)
{
    struct sink_programs *programs = calloc(1, sizeof(*programs));
    if (!programs)
        fprintf(stderr, "strong-report watch: not enough memory\n");
    return programs;
}

/* In the child: a group of its own, so that what it starts ends with it. */
static void become(const char *path, int input)
{
    sigset_t none;
    sigemptyset(&none);
    setpgid(0, 0);
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (dup2(input, STDIN_FILENO) >= 0 && dup2(STDERR_FILENO, STDOUT_FILENO) >= 0) {
        char *const argv[] = {(char *)path, NULL};
        execv(path, argv);
    }
    _exit(127);
}

static void complain(const char *path, const char *what)
{
    arguments_wrong("watch", "exec:%s: %s", path, what);
}

void sink_exec_start(struct sink_programs *programs, const char *path, const char *json)
{
    struct program *place = NULL;
    int ends[2];
    for (size_t i = 0; i < SINKS_EXEC_MOST && !place; i++)
        place = programs->items[i].pid == 0 ? &programs->items[i] : NULL;
    if (!place) {
        complain(path, "too many run already; this alert is not passed on");
        return;
    }
    if (pipe2(ends, O_CLOEXEC) != 0) {
        complain(path, strerror(errno));
        return;
    }
    pid_t pid = fork();
    if (pid == 0)
        become(path, ends[0]);
    close(ends[0]);
    if (pid < 0)
        complain(path, strerror(errno));
    if (pid > 0) {
        setpgid(pid, pid); /* whichever of the two is first */
        *place = (struct program){pid, sinks_now_ms() + SINKS_EXEC_SECONDS * 1000, path, false};
        fcntl(ends[1], F_SETFL, O_NONBLOCK);
        ssize_t written = write(ends[1], json, strlen(json));
        if (written == (ssize_t)strlen(json))
            written += write(ends[1], "\n", 1);
        /* one that does not read its input is its own affair */
    }
    close(ends[1]);
}

static void report(const struct program *program, int status)
{
    char text[64];
    if (program->killed)
        snprintf(text, sizeof(text), "was ended after %d s", SINKS_EXEC_SECONDS);
    else if (WIFSIGNALED(status))
        snprintf(text, sizeof(text), "died of signal %d", WTERMSIG(status));
    else if (WEXITSTATUS(status) == 0)
        return;
    else
        snprintf(text, sizeof(text), "exit code %d", WEXITSTATUS(status));
    complain(program->path, text);
}

size_t sink_exec_tend(struct sink_programs *programs)
{
    size_t left = 0;
    for (size_t i = 0; i < SINKS_EXEC_MOST; i++) {
        struct program *program = &programs->items[i];
        int status;
        if (program->pid == 0)
            continue;
        if (waitpid(program->pid, &status, WNOHANG) != 0) {
            report(program, status);
            program->pid = 0;
            continue;
        }
        if (!program->killed && sinks_now_ms() >= program->deadline_ms) {
            kill(-program->pid, SIGKILL);
            program->killed = true;
        }
        left++;
    }
    return left;
}

void sink_exec_free(struct sink_programs *programs)
{
    for (size_t i = 0; programs && i < SINKS_EXEC_MOST; i++) {
        int status;
        if (programs->items[i].pid == 0)
            continue;
        kill(-programs->items[i].pid, SIGKILL);
        while (waitpid(programs->items[i].pid, &status, 0) < 0 && errno == EINTR)
            continue;
        complain(programs->items[i].path, "was ended: watching is over");
    }
    free(programs);
}
