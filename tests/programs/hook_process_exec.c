/* hook_process_exec: every way to run another program, and how each fails. The program runs itself: with
 * the argument "show" it prints its arguments, one variable, and which signals it finds blocked and ignored. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;
static char self[4096];
static char *const nothing[] = {NULL};

static void say(const char *text, long value)
{
    printf("%-30s %ld errno %d\n", text, value, errno);
    fflush(stdout);
    errno = 0;
}

static int show(int argc, char **argv)
{
    sigset_t mask, all;
    printf("  shown:");
    for (int i = 2; i < argc; i++)
        printf(" [%s]", argv[i]);
    const char *variable = getenv("HOOK_VARIABLE");
    sigprocmask(SIG_BLOCK, NULL, &mask);
    int blocked = 0, ignored = 0;
    sigfillset(&all);
    for (int number = 1; number < 65; number++) {
        struct sigaction action;
        blocked += sigismember(&mask, number) == 1;
        ignored += sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
    }
    printf(" variable %s blocked %d ignored %d\n", variable ? variable : "(none)", blocked, ignored);
    return strcmp(argv[argc - 1], "at last") == 0 ? 0 : 7;
}

static int status_of(pid_t pid)
{
    int status = -1;
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

enum way { EXECVE, EXECV, EXECVP, EXECVPE, EXECL, EXECLP, EXECLE, FEXECVE, EXECVEAT, SYSCALL, WAYS };
static const char *const names[] = {"execve", "execv",  "execvp",  "execvpe",  "execl",
                                    "execlp", "execle", "fexecve", "execveat", "syscall(SYS_execve)"};

static void execute(enum way way, const char *path, char *const argv[], char *const envp[])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    switch (way) {
    case EXECVE:
        execve(path, argv, envp);
        break;
    case EXECV:
        execv(path, argv);
        break;
    case EXECVP:
        execvp(path, argv);
        break;
    case EXECVPE:
        execvpe(path, argv, envp);
        break;
    case EXECL:
        execl(path, argv[0], argv[1], argv[2], argv[3], (char *)NULL);
        break;
    case EXECLP:
        execlp(path, argv[0], argv[1], argv[2], argv[3], (char *)NULL);
        break;
    case EXECLE:
        execle(path, argv[0], argv[1], argv[2], argv[3], (char *)NULL, envp);
        break;
    case FEXECVE:
        fexecve(fd, argv, envp);
        break;
    case EXECVEAT:
        execveat(AT_FDCWD, path, argv, envp, 0);
        break;
    default:
        syscall(SYS_execve, path, argv, envp);
    }
}

/* The environment has to keep what preloads a library, so that the shown program is in the same state. */
static char **environment_with(char *variable)
{
    size_t count = 0;
    while (environ[count])
        count++;
    char **copy = calloc(count + 2, sizeof *copy);
    memcpy(copy, environ, count * sizeof *copy);
    copy[count] = variable;
    return copy;
}

static void succeeding(void)
{
    char *argv[] = {self, "show", "one", "two", NULL};
    char **envp = environment_with("HOOK_VARIABLE=given");
    for (int way = 0; way < WAYS; way++) {
        pid_t pid = fork();
        if (pid == 0) {
            execute((enum way)way, self, argv, envp);
            _exit(99);
        }
        say(names[way], status_of(pid));
    }
    free(envp);
}

static void failing(void)
{
    char *argv[] = {"nothing", "show", "one", "two", NULL};
    for (int way = 0; way < WAYS; way++) {
        execute((enum way)way, "/nonexistent/program", argv, environ);
        say(names[way], -1);
        execute((enum way)way, "/dev/null", argv, environ);
        say(names[way], -1);
    }
    void *volatile bad = (void *)16; /* volatile: so that the compiler believes nothing of it */
    execve(bad, argv, environ);
    say("execve bad path", -1);
    execve(self, bad, environ);
    say("execve bad argv", -1);
    execvp("no-such-program-anywhere", argv);
    say("execvp not found", -1);
    say("still alive, malloc works", malloc(10) != NULL);
}

/* A program that ignores or blocks every signal hands that on. */
static void inheriting(void)
{
    char *argv[] = {self, "show", "all signals", NULL};
    sigset_t all, before;
    sigfillset(&all);
    for (int round = 0; round < 3; round++) {
        pid_t pid = fork();
        if (pid == 0) {
            if (round != 1)
                sigprocmask(SIG_SETMASK, &all, &before);
            for (int number = 1; round != 0 && number < 65; number++)
                signal(number, SIG_IGN);
            execv("/nonexistent", argv); /* and nothing is changed by a failure */
            execv(self, argv);
            _exit(99);
        }
        say("inherited", status_of(pid));
    }
}

static void spawning(void)
{
    char *argv[] = {self, "show", "spawned", NULL};
    pid_t pid = -1;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    int ret = posix_spawn(&pid, self, &actions, NULL, argv, environ);
    say("status", status_of(pid));
    say("posix_spawn", ret);
    ret = posix_spawnp(&pid, "true", NULL, NULL, (char *[]){"true", NULL}, environ);
    say("status", status_of(pid));
    say("posix_spawnp", ret);
    say("posix_spawn not found", posix_spawn(&pid, "/nonexistent", NULL, NULL, argv, environ));
    say("posix_spawnp not found", posix_spawnp(&pid, "no-such-program", NULL, NULL, argv, nothing));
    posix_spawn_file_actions_addclose(&actions, 9999);
    ret = posix_spawn(&pid, "/nonexistent", &actions, NULL, argv, environ);
    say("posix_spawn bad action", ret != 0);
    posix_spawn_file_actions_destroy(&actions);
    say("system(NULL)", system(NULL));
    say("system", WEXITSTATUS(system("exit 6")));
    say("system not found", WEXITSTATUS(system("/nonexistent/program 2>/dev/null")));
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "show") == 0)
        return show(argc, argv);
    if (readlink("/proc/self/exe", self, sizeof self - 1) < 0)
        return 1;
    succeeding();
    failing();
    inheriting();
    spawning();
    fflush(stdout);
    execl(self, self, "show", "at last", (char *)NULL);
    return 99;
}
