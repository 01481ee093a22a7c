/* hook_process_fork: every way to make a process that goes on with this program: fork and its
 * relatives, vfork, clone, daemon, raw system calls; what the child sees, how it ends, how it is waited
 * for. Children tell what they saw through their exit status or a pipe. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <pty.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern pid_t __fork(void);
extern pid_t __vfork(void);
extern int __clone(int (*function)(void *), void *stack, int flags, void *argument, ...);

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static char stack[65536] __attribute__((aligned(16)));

static void say(const char *text, long value)
{
    printf("%-36s %ld errno %d\n", text, value, errno);
    fflush(stdout);
    errno = 0;
}

static int status_of(pid_t pid)
{
    int status = -1;
    if (waitpid(pid, &status, 0) != pid)
        return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

/* What a child can do: allocate, lock, start a thread. */
static void *add(void *number)
{
    ++*(int *)number;
    return NULL;
}

static int work_in_child(int number)
{
    pthread_t thread;
    free(malloc(1000000));
    pthread_mutex_lock(&mutex);
    if (pthread_create(&thread, NULL, add, &number) || pthread_join(thread, NULL))
        number = 99;
    pthread_mutex_unlock(&mutex);
    return number;
}

static void allocate_in_atfork(void)
{
    free(malloc(100000));
    pthread_mutex_lock(&mutex);
    pthread_mutex_unlock(&mutex);
}

static void forks(void)
{
    pid_t pid = fork();
    if (pid == 0)
        exit(work_in_child(10));
    say("fork", status_of(pid));
    if ((pid = __fork()) == 0)
        _exit(work_in_child(11));
    say("__fork", status_of(pid));
    if ((pid = _Fork()) == 0)
        _Exit(13); /* only async-signal-safe functions may follow */
    say("_Fork", status_of(pid));
    int fd;
    char text[8] = "";
    if ((pid = forkpty(&fd, NULL, NULL, NULL)) == 0) {
        (void)!write(isatty(0) ? 1 : 2, "tty", 3);
        quick_exit(14);
    }
    (void)!read(fd, text, 3);
    say(text, status_of(pid));
    close(fd);
    if ((pid = fork()) == 0) {
        pid_t grandchild = fork();
        if (grandchild == 0)
            exit(3);
        exit(status_of(grandchild) + 20);
    }
    say("fork in a fork", status_of(pid));
    if ((pid = fork()) == 0)
        kill(getpid(), SIGKILL);
    say("killed", status_of(pid));
}

/* ---- sharing memory ---- */

static volatile int seen;

static void vforks(void)
{
    for (volatile int i = 0; i < 3; i++) {
        pid_t pid = vfork();
        if (pid == 0) {
            seen = i + 1;
            _exit(i);
        }
        say("vfork: status", status_of(pid));
        say("vfork: memory shared", seen);
    }
    pid_t pid = __vfork();
    if (pid == 0) {
        execl("/bin/sh", "sh", "-c", "exit 5", (char *)NULL);
        _exit(99);
    }
    say("__vfork and exec", status_of(pid));
    pid = vfork();
    if (pid == 0) {
        close(0);
        dup2(2, 0);
        execl("/nonexistent", "nothing", (char *)NULL);
        _exit(errno);
    }
    say("vfork, exec failed", status_of(pid));
    struct rlimit limit, none = {0, 0};
    getrlimit(RLIMIT_NPROC, &limit);
    none.rlim_max = limit.rlim_max;
    if (geteuid() == 0 && setresuid(65534, 65534, 0) == 0) { /* the limit does not hold for root */
        setrlimit(RLIMIT_NPROC, &none);
        pid = vfork();
        if (pid == 0)
            _exit(0);
        say("vfork refused", pid);
        pid = fork();
        if (pid == 0)
            _exit(0);
        say("fork refused", pid);
        setrlimit(RLIMIT_NPROC, &limit);
        if (setresuid(0, 0, 0) < 0)
            exit(1);
    }
}

static int child_function(void *argument)
{
    seen = *(int *)argument;
    free(malloc(100000));
    return seen + 1;
}

static void clones(void)
{
    int number = 30;
    void *top = stack + sizeof stack;
    seen = 0;
    pid_t pid = clone(child_function, top, SIGCHLD, &number);
    say("clone", status_of(pid));
    say("memory is a copy", seen);
    number = 31;
    pid_t parent_tid = 0;
    pid = __clone(child_function, top, CLONE_PARENT_SETTID | SIGCHLD, &number, &parent_tid, NULL, NULL);
    say("__clone", status_of(pid));
    say("tid stored", parent_tid == pid);
    number = 32;
    pid = clone(child_function, top, CLONE_VM | CLONE_VFORK | SIGCHLD, &number);
    say("clone like vfork", status_of(pid));
    say("memory is shared", seen);
    say("clone without stack", clone(child_function, NULL, SIGCHLD, &number));
    say("clone without function", clone(NULL, top, SIGCHLD, &number));
    say("clone refused", clone(child_function, top, CLONE_THREAD, &number));
#ifdef SYS_fork
    pid = (pid_t)syscall(SYS_fork);
    if (pid == 0)
        _exit(work_in_child(33));
    say("syscall(SYS_fork)", status_of(pid));
#endif
    pid = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    if (pid == 0)
        syscall(SYS_exit_group, 35);
    say("syscall(SYS_clone)", status_of(pid));
    uint64_t arguments[8] = {[4] = SIGCHLD};
    pid = (pid_t)syscall(SYS_clone3, arguments, sizeof arguments);
    if (pid == 0)
        _exit(36);
    say("syscall(SYS_clone3)", status_of(pid));
    say("syscall(SYS_clone3) bad pointer", syscall(SYS_clone3, 16, sizeof arguments));
    number = 37;
    pid = clone(child_function, top, CLONE_VM | SIGCHLD, &number); /* beside us, on our own TLS */
    say("clone sharing memory", status_of(pid));
    free(malloc(1000));
    say("fork afterwards", (pid = fork()) == 0 ? (exit(4), 0) : status_of(pid));
}

/* ---- waiting ---- */

static pid_t child_that_exits(int status)
{
    pid_t pid = fork();
    if (pid == 0)
        _exit(status);
    return pid;
}

static void waits(void)
{
    int status = 0;
    siginfo_t info;
    struct rusage usage = {.ru_maxrss = 0};
    pid_t pid = child_that_exits(41);
    say("wait", wait(&status) == pid && WEXITSTATUS(status) == 41);
    pid = child_that_exits(42);
    say("wait3", wait3(&status, 0, &usage) == pid && WEXITSTATUS(status) == 42 && usage.ru_maxrss > 0);
    pid = child_that_exits(43);
    say("wait4", wait4(pid, &status, 0, &usage) == pid && WEXITSTATUS(status) == 43);
    pid = child_that_exits(44);
    say("waitid", waitid(P_PID, (id_t)pid, &info, WEXITED) == 0 && info.si_status == 44);
    say("wait without children", wait(NULL));
    say("waitpid without children", waitpid(-1, NULL, WNOHANG));
    say("waitid refused", waitid(P_ALL, 0, &info, 0));
    say("wait4 without children", wait4(-1, NULL, 0, NULL));
    say("wait3 without children", wait3(NULL, 0, NULL));
}

/* daemon forks inside libc and ends the parent there: the rest goes through a pipe. */
static void daemons(void)
{
    int ends[2];
    char text[32] = "";
    if (pipe(ends) < 0)
        exit(1);
    pid_t pid = fork();
    if (pid == 0) {
        pid_t before = getpid();
        int ret = daemon(1, 1);
        int length = snprintf(text, sizeof text, "%d %d %d", ret, getpid() != before, work_in_child(50));
        (void)!write(ends[1], text, (size_t)length);
        _exit(0);
    }
    close(ends[1]);
    int status = status_of(pid);
    (void)!read(ends[0], text, sizeof text - 1);
    close(ends[0]);
    say(text, status);
}

int main(void)
{
    pthread_atfork(allocate_in_atfork, allocate_in_atfork, allocate_in_atfork);
    setvbuf(stdout, NULL, _IOLBF, 4096);
    forks();
    vforks();
    waits();
    daemons();
    clones();
    return 0;
}
