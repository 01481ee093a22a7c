/* monitor_life MODE: what a process can do to itself while CPU timers run.
 *   compute MS    one thread, no call that libstrong hooks
 *   threads N     N short threads, eight at a time; prints how many timers are left
 *   exec          blocks every signal behind libc's back, uses CPU time, executes itself
 *   forks N       N children that use CPU time, every second one executes itself
 *   stack         threads of the smallest stack, with a small alternate signal stack, using CPU time
 *   strict        enters strict seccomp and uses CPU time
 *   filter        enters a filter that kills at rt_sigreturn and timer system calls, and uses CPU time
 *   nostderr      closes descriptor 2, opens a file there, and uses CPU time; prints the file's size
 *   brokenpipe    descriptor 2 is a pipe without a reader */
#include <fcntl.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* CPU time without any system call, which strict seccomp forbids. About 1 ms a round. */
static volatile uint64_t sink;
static void spin(unsigned rounds)
{
    while (rounds--) {
        uint64_t value = rounds;
        for (unsigned i = 0; i < 750000; i++)
            value = value * 6364136223846793005u + 1;
        sink = value;
    }
}

static void *short_thread(void *unused)
{
    (void)unused;
    sink++;
    return NULL;
}

static int run_threads(unsigned count)
{
    enum { WAVE = 8 };
    for (unsigned done = 0; done < count; done += WAVE) {
        pthread_t ids[WAVE];
        for (unsigned i = 0; i < WAVE; i++) {
            if (pthread_create(&ids[i], NULL, short_thread, NULL) != 0)
                return 1;
        }
        for (unsigned i = 0; i < WAVE; i++)
            pthread_join(ids[i], NULL);
    }
    FILE *file = fopen("/proc/self/timers", "r");
    char line[128];
    unsigned timers = 0;
    while (file && fgets(line, sizeof line, file))
        timers += strncmp(line, "ID:", 3) == 0;
    printf("timers %u\n", timers);
    return 0;
}

static void execute(char **argv, const char *mode, const char *argument)
{
    execl("/proc/self/exe", argv[0], mode, argument, (char *)NULL);
    _exit(99);
}

static int run_forks(char **argv, unsigned count)
{
    unsigned good = 0;
    for (unsigned i = 0; i < count; i++) {
        spin(3);
        pid_t child = fork();
        if (child == 0) {
            spin(30);
            if (i % 2)
                execute(argv, "compute", "30");
            _exit(0);
        }
        int status;
        waitpid(child, &status, 0);
        good += status == 0;
    }
    printf("good %u of %u\n", good, count);
    return 0;
}

static void *small_thread(void *unused)
{
    (void)unused;
    char room[8192];
    stack_t alternate = {.ss_sp = room, .ss_size = sizeof room};
    spin(300);
    sigaltstack(&alternate, NULL);
    spin(300);
    alternate.ss_flags = SS_DISABLE;
    sigaltstack(&alternate, NULL);
    return NULL;
}

static int run_small_stacks(void)
{
    pthread_t ids[4];
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, PTHREAD_STACK_MIN);
    for (unsigned i = 0; i < 4; i++) {
        if (pthread_create(&ids[i], &attributes, short_thread, NULL) != 0)
            return 1;
        pthread_join(ids[i], NULL);
    }
    pthread_attr_setstacksize(&attributes, PTHREAD_STACK_MIN + 8192);
    for (unsigned i = 0; i < 4; i++) {
        if (pthread_create(&ids[i], &attributes, small_thread, NULL) != 0)
            return 1;
    }
    for (unsigned i = 0; i < 4; i++)
        pthread_join(ids[i], NULL);
    puts("done");
    return 0;
}

static int enter_filter(void)
{
#define KILL_AT(number)                                                                            \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        KILL_AT(SYS_rt_sigreturn),
        KILL_AT(SYS_timer_create),
        KILL_AT(SYS_timer_settime),
        KILL_AT(SYS_timer_delete),
        KILL_AT(SYS_getrusage),
        KILL_AT(SYS_openat),
        KILL_AT(SYS_rt_sigprocmask),
        KILL_AT(SYS_rt_sigaction),
        KILL_AT(SYS_madvise),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof code / sizeof *code, code};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

int main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "", *argument = argc > 2 ? argv[2] : "0";
    unsigned number = (unsigned)atoi(argument);
    if (strcmp(mode, "compute") == 0) {
        spin(number);
    } else if (strcmp(mode, "threads") == 0) {
        return run_threads(number);
    } else if (strcmp(mode, "exec") == 0) {
        uint64_t all = UINT64_MAX;
        spin(50);
        long number_of_call = SYS_rt_sigprocmask; /* past libc and any hook of its name */
        long ret;
        register long size __asm__("r10") = 8;
        __asm__ volatile("syscall" : "=a"(ret) : "a"(number_of_call), "D"(SIG_BLOCK), "S"(&all), "d"(0), "r"(size)
                         : "rcx", "r11", "memory");
        spin(50);
        execute(argv, "compute", "50");
    } else if (strcmp(mode, "forks") == 0) {
        return run_forks(argv, number);
    } else if (strcmp(mode, "stack") == 0) {
        return run_small_stacks();
    } else if (strcmp(mode, "strict") == 0) {
        spin(50);
        if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) != 0)
            return 1;
        spin(300);
        syscall(SYS_exit, 5);
    } else if (strcmp(mode, "filter") == 0) {
        spin(50);
        if (enter_filter() != 0)
            return 1;
        spin(1500);
        _exit(6);
    } else if (strcmp(mode, "nostderr") == 0) {
        close(2);
        char name[] = "/tmp/monitor_life.XXXXXX";
        int fd = mkstemp(name);
        unlink(name);
        spin(1500);
        struct stat file;
        fstat(fd, &file);
        printf("descriptor %d holds %ld bytes\n", fd, (long)file.st_size);
    } else if (strcmp(mode, "brokenpipe") == 0) {
        spin(1500);
        puts("alive");
    }
    return 0;
}
