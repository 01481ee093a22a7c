/* survive_seccomp.c MODE: seccomp filters that end the process for any kind of call they do not name.
 * The filters name what the program itself does afterwards, and nothing more.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ALLOW(name)                                                                                \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##name, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

/* What a preauthentication child of sshd may do, cut to what is needed here. */
static struct sock_filter sandbox[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
    ALLOW(read), ALLOW(write), ALLOW(close), ALLOW(exit_group), ALLOW(exit), ALLOW(brk), ALLOW(mmap), ALLOW(munmap),
    ALLOW(mremap), ALLOW(madvise), ALLOW(futex), ALLOW(clock_gettime), ALLOW(gettimeofday), ALLOW(getpid),
    ALLOW(poll), ALLOW(ppoll), ALLOW(select), ALLOW(pselect6), ALLOW(shutdown), ALLOW(rt_sigprocmask),
    ALLOW(getrandom), ALLOW(newfstatat),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
};

static struct sock_filter narrow[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
    ALLOW(read), ALLOW(write), ALLOW(exit_group), ALLOW(exit), ALLOW(brk), ALLOW(mmap), ALLOW(munmap), ALLOW(futex),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
};

static int pipes[2];

static void work(void)
{
    char bytes[256];
    for (int i = 0; i < 20000; i++) {
        void *volatile room = malloc((size_t)(i % 300) * 100);
        free(room);
        if (write(pipes[1], bytes, sizeof bytes) != (ssize_t)sizeof bytes || read(pipes[0], bytes, sizeof bytes) <= 0)
            _exit(9);
        errno = 5;
        if (write(-1, "x", 1) != -1 || errno != EBADF)
            _exit(8);
    }
    volatile double sum = 0; /* long enough for timers and seconds to come by */
    for (long i = 0; i < 300000000; i++)
        sum = sum + (double)i;
}

static void *in_thread(void *argument)
{
    work();
    return argument;
}

static int enter(struct sock_filter *filter, unsigned short len, int by_prctl)
{
    struct sock_fprog program = {len, filter};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    return by_prctl ? prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0)
                    : (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
}

int main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "";
    if (pipe(pipes) < 0)
        return 2;
    pthread_t thread;
    if (strcmp(mode, "threads") == 0 && pthread_create(&thread, NULL, in_thread, NULL) != 0)
        return 2;
    fputs("entering\n", stdout);
    fflush(stdout);
    int ret = 0;
    if (strcmp(mode, "strict") == 0) {
        ret = prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0, 0, 0);
        char byte = 'x';
        for (int i = 0; i < 1000; i++)
            if (write(pipes[1], &byte, 1) != 1 || read(pipes[0], &byte, 1) != 1)
                ret = 1;
        if (write(1, "strict\n", 7) != 7)
            ret = 1;
        syscall(SYS_exit, ret);
    }
    if (strcmp(mode, "sshd") == 0) {
        struct rlimit none = {0, 0}; /* as sshd does: nothing is opened, no file grows */
        setrlimit(RLIMIT_FSIZE, &none);
        setrlimit(RLIMIT_NOFILE, &none);
        ret = enter(sandbox, sizeof sandbox / sizeof *sandbox, 1);
    } else {
        ret = enter(narrow, sizeof narrow / sizeof *narrow, strcmp(mode, "prctl") == 0);
    }
    work();
    if (write(1, "survived\n", 9) != 9)
        ret = 1;
    if (strcmp(mode, "threads") == 0)
        pthread_join(thread, NULL);
    if (strcmp(mode, "exit") == 0)
        exit(ret ? 1 : 0);
    _exit(ret ? 1 : 0);
}
