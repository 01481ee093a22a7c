/* hook_signal_syscall: syscall() with every number of arguments, prctl(), and what is left after the
 * process has entered seccomp in each way: read, write, _exit, and the return from a signal handler. */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void say(const char *text, long value)
{
    printf("%-32s %ld errno %d\n", text, value, errno);
    fflush(stdout);
    errno = 0;
}

static void calls(void)
{
    uint32_t word = 1;
    struct timespec few_ms = {0, 3000000};
    char text[16] = "", *page;
    say("getpid", syscall(SYS_getpid) == getpid());
    say("write", syscall(SYS_write, 1, "", 0));
    say("bad descriptor", syscall(SYS_close, 9999));
    say("no such call", syscall(100000));
    say("futex, 6 arguments", syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 1, &few_ms, NULL, 0));
    page = (char *)syscall(SYS_mmap, NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    *page = 1;
    say("mmap, 6 arguments", munmap(page, 4096));
    say("prctl set name", prctl(PR_SET_NAME, "renamed"));
    say("prctl get name", prctl(PR_GET_NAME, text));
    say(text, 0);
    say("prctl unknown", prctl(123456, 1, 2, 3, 4));
    say("prctl bad pointer", prctl(PR_GET_NAME, 16));
    say("prctl seccomp probe", prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL));
    say("prctl get seccomp", prctl(PR_GET_SECCOMP));
    say("seccomp probe", syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, NULL));
    say("seccomp unknown", syscall(SYS_seccomp, 77, 0, NULL));
}

/* Allows what every program is allowed in the strictest places; everything else ends the process. */
static const int allowed[] = {SYS_read, SYS_write, SYS_exit, SYS_exit_group, SYS_brk, SYS_mmap, SYS_munmap,
                              SYS_futex};
enum { ALLOWED = sizeof allowed / sizeof *allowed };

static void make_filter(struct sock_filter *filter)
{
    filter[0] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (int i = 0; i < ALLOWED; i++)
        filter[1 + i] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)allowed[i],
                                                     (unsigned char)(ALLOWED - i), 0);
    filter[ALLOWED + 1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
    filter[ALLOWED + 2] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
}

enum way { STRICT_PRCTL, STRICT_SYSCALL, FILTER_PRCTL, FILTER_SYSCALL, WAYS };

static void enter(enum way way)
{
    struct sock_filter filter[ALLOWED + 3];
    struct sock_fprog program = {ALLOWED + 3, filter};
    make_filter(filter);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    switch (way) {
    case STRICT_PRCTL:
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT);
        break;
    case STRICT_SYSCALL:
        syscall(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 0, NULL);
        break;
    case FILTER_PRCTL:
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
        break;
    default:
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
    }
}

static volatile unsigned long sink;

/* Long enough for CPU samples, periodic readings and allocation samples to be due. */
static void live_on(void)
{
    for (int round = 0; round < 100; round++) {
        for (unsigned long i = 0; i < 200000; i++)
            sink += i;
        char *block = malloc(20000);
        block[0] = 1;
        free(block);
        (void)!write(1, "", 0);
    }
}

static void *add(void *number)
{
    ++*(int *)number;
    return NULL;
}

/* Without the right to read the time-stamp counter, in this process and those it makes. */
static int live_without_clock(void)
{
    int number = 6, status = 0;
    pthread_t thread;
#if defined(__x86_64__)
    if (prctl(PR_SET_TSC, PR_TSC_SIGSEGV) < 0)
        return 1;
#endif
    free(malloc(1000000));
    usleep(1000);
    pthread_create(&thread, NULL, add, &number);
    pthread_join(thread, NULL);
    pid_t pid = fork();
    if (pid == 0)
        exit(number + (malloc(1000000) == NULL));
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 99;
}

int main(void)
{
    calls();
    fflush(stdout);
    pid_t clockless = fork();
    if (clockless == 0)
        exit(live_without_clock());
    int clockless_status = 0;
    waitpid(clockless, &clockless_status, 0);
    say("without clock: status", clockless_status);
    for (int way = 0; way < WAYS; way++) {
        int status = 0;
        pid_t pid = fork();
        if (pid == 0) {
            for (unsigned long i = 0; i < 10000000; i++) /* so that it is past its first moments */
                sink += i;
            free(malloc(200000));
            enter((enum way)way);
            live_on();
            (void)!write(1, "alive\n", 6);
            if (way == STRICT_PRCTL || way == STRICT_SYSCALL)
                syscall(SYS_exit, 3);
            _exit(3);
        }
        waitpid(pid, &status, 0);
        say("in seccomp: status", status);
    }
    return 0;
}
