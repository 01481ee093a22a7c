/* libfault_inject.so: preloaded below libstrong.so, it makes calls of libc fail now and then, as a kernel short of everything
 * would: the same calls of a program each time, by FAULT_SEED and the number of the call. One in FAULT_RATE fails, those of
 * FAULT_NAME (",name,name,") alone if that is set; each is written to FAULT_LOG. Rate 0: none fails, and the first call of each function is
 * written. scripts/faults compares what a program says, with libstrong.so above and without.
 *
 * FAULTS has every function that libstrong hooks (scripts/faults looks), with how it fails:
 *   POINTER  NULL and errno        MINUS   -1 and errno       NUMBER  the number itself
 *   SHORT    half the bytes, or as MINUS                      NEVER   with the reason
 * No kernel takes a path or pollfds that lead nowhere so far that a call could fail by anything but EFAULT: these calls go on.
 * A wrapper keeps every register and the stack as it found them and jumps on, so it serves any signature.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { POINTER, MINUS, NUMBER, SHORT, NEVER };
#define FREES "gives back: cannot fail"
#define ENDS "does not come back"
#define TELLS "only tells"
#define CLOSES "Linux closes whatever it says"
#define JOINS "the program would leave while its thread runs"
#define GROUND "what the victims look at themselves with"
#define ARGUES "fails by its arguments alone"
#define MADE_OF "libstrong makes it of malloc and realloc, which fail on their own"
#define OURS "libstrong makes the system call itself: nothing is below it"
#define FAULTS(F)                                                                                                      \
    F(malloc, POINTER, ENOMEM) F(calloc, POINTER, ENOMEM) F(realloc, POINTER, ENOMEM) F(reallocarray, NEVER, MADE_OF)    \
    F(free, NEVER, FREES) F(memalign, POINTER, ENOMEM) F(aligned_alloc, POINTER, ENOMEM)                               \
    F(posix_memalign, NUMBER, ENOMEM) F(valloc, POINTER, ENOMEM) F(pvalloc, POINTER, ENOMEM)                           \
    F(malloc_usable_size, NEVER, TELLS) F(malloc_trim, NEVER, FREES) F(mallinfo, NEVER, TELLS)                         \
    F(mallinfo2, NEVER, TELLS) F(mallopt, NEVER, TELLS) F(malloc_stats, NEVER, TELLS) F(malloc_info, NEVER, TELLS)     \
    F(pthread_mutex_lock, NUMBER, EAGAIN) F(pthread_mutex_trylock, NUMBER, EBUSY)                                      \
    F(pthread_mutex_timedlock, NUMBER, ETIMEDOUT) F(pthread_mutex_clocklock, NUMBER, ETIMEDOUT)                        \
    F(pthread_rwlock_rdlock, NUMBER, EAGAIN) F(pthread_rwlock_wrlock, NUMBER, EDEADLK)                                 \
    F(pthread_rwlock_tryrdlock, NUMBER, EBUSY) F(pthread_rwlock_trywrlock, NUMBER, EBUSY)                              \
    F(pthread_rwlock_timedrdlock, NUMBER, ETIMEDOUT) F(pthread_rwlock_timedwrlock, NUMBER, ETIMEDOUT)                  \
    F(pthread_rwlock_clockrdlock, NUMBER, ETIMEDOUT) F(pthread_rwlock_clockwrlock, NUMBER, ETIMEDOUT)                  \
    F(pthread_spin_lock, NEVER, "cannot fail") F(sem_wait, MINUS, EINTR) F(sem_timedwait, MINUS, ETIMEDOUT)            \
    F(sem_clockwait, MINUS, ETIMEDOUT) F(sem_trywait, MINUS, EAGAIN) F(sem_post, MINUS, EOVERFLOW)                     \
    F(fread, POINTER, EIO) F(fwrite, POINTER, ENOSPC) F(fgets, POINTER, EIO) F(fputs, MINUS, ENOSPC)                   \
    F(getline, MINUS, ENOMEM) F(getdelim, MINUS, ENOMEM) F(__getdelim, MINUS, ENOMEM) F(fread_unlocked, POINTER, EIO)  \
    F(fwrite_unlocked, POINTER, ENOSPC) F(fgets_unlocked, POINTER, EIO) F(fputs_unlocked, MINUS, ENOSPC)               \
    F(__fread_chk, POINTER, EIO) F(__fgets_chk, POINTER, EIO) F(__fread_unlocked_chk, POINTER, EIO)                    \
    F(__fgets_unlocked_chk, POINTER, EIO) F(puts, NEVER, GROUND) F(fopen, POINTER, EMFILE) F(fopen64, POINTER, EMFILE) \
    F(freopen, NEVER, "the stream is gone either way") F(freopen64, NEVER, "the stream is gone either way")            \
    F(fdopen, POINTER, ENOMEM) F(fclose, NEVER, CLOSES) F(fflush, MINUS, ENOSPC) F(fflush_unlocked, MINUS, ENOSPC)     \
    F(printf, NEVER, GROUND) F(vprintf, NEVER, GROUND) F(fprintf, MINUS, ENOSPC) F(vfprintf, MINUS, ENOSPC)            \
    F(dprintf, MINUS, ENOSPC) F(vdprintf, MINUS, ENOSPC) F(__printf_chk, NEVER, GROUND)                                \
    F(__vprintf_chk, NEVER, GROUND) F(__fprintf_chk, MINUS, ENOSPC) F(__vfprintf_chk, MINUS, ENOSPC)                   \
    F(__dprintf_chk, MINUS, ENOSPC) F(__vdprintf_chk, MINUS, ENOSPC) F(popen, POINTER, EAGAIN)                         \
    F(pclose, NEVER, CLOSES) F(read, SHORT, EINTR) F(write, SHORT, EAGAIN) F(pread, SHORT, EINTR)                      \
    F(pwrite, SHORT, ENOSPC) F(pread64, SHORT, EINTR) F(pwrite64, SHORT, ENOSPC) F(readv, MINUS, EINTR)                \
    F(writev, MINUS, EAGAIN) F(preadv, MINUS, EINTR) F(pwritev, MINUS, ENOSPC) F(preadv64, MINUS, EINTR)               \
    F(pwritev64, MINUS, ENOSPC) F(preadv2, MINUS, EINTR) F(pwritev2, MINUS, ENOSPC) F(preadv64v2, MINUS, EINTR)        \
    F(pwritev64v2, MINUS, ENOSPC) F(__read_chk, SHORT, EINTR) F(__pread_chk, SHORT, EINTR)                             \
    F(__pread64_chk, SHORT, EINTR) F(__read, SHORT, EINTR) F(__write, SHORT, EAGAIN) F(__pread64, SHORT, EINTR)        \
    F(__pwrite64, SHORT, ENOSPC) F(open, MINUS, EMFILE) F(open64, MINUS, EMFILE) F(openat, MINUS, ENFILE)              \
    F(openat64, MINUS, ENFILE) F(creat, MINUS, ENOSPC) F(creat64, MINUS, ENOSPC) F(__open_2, MINUS, EMFILE)            \
    F(__open64_2, MINUS, EMFILE) F(__openat_2, MINUS, EMFILE) F(__openat64_2, MINUS, EMFILE) F(__open, MINUS, EMFILE)  \
    F(__open64, MINUS, EMFILE) F(close, NEVER, CLOSES) F(__close, NEVER, CLOSES) F(close_range, MINUS, ENOMEM)         \
    F(closefrom, NEVER, CLOSES) F(dup, MINUS, EMFILE) F(dup2, MINUS, EBUSY) F(dup3, MINUS, EBUSY)                      \
    F(__dup2, MINUS, EBUSY) F(fcntl, MINUS, EAGAIN) F(fcntl64, MINUS, EAGAIN) F(__fcntl, MINUS, EAGAIN)                \
    F(pipe, MINUS, EMFILE) F(pipe2, MINUS, EMFILE) F(__pipe, MINUS, EMFILE) F(eventfd, MINUS, EMFILE)                  \
    F(timerfd_create, MINUS, EMFILE) F(inotify_init, MINUS, EMFILE) F(inotify_init1, MINUS, EMFILE)                    \
    F(fsync, MINUS, EIO) F(fdatasync, MINUS, EIO) F(sync, NEVER, "cannot fail") F(syncfs, MINUS, EIO)                  \
    F(sync_file_range, MINUS, EIO) F(msync, MINUS, EIO) F(sendfile, MINUS, EAGAIN) F(sendfile64, MINUS, EAGAIN)        \
    F(splice, MINUS, EAGAIN) F(tee, MINUS, EAGAIN) F(vmsplice, MINUS, EAGAIN) F(copy_file_range, MINUS, EIO)           \
    F(flock, MINUS, EINTR) F(lockf, MINUS, EAGAIN) F(lockf64, MINUS, EAGAIN) F(truncate, MINUS, EIO)                   \
    F(truncate64, MINUS, EIO) F(ftruncate, MINUS, EIO) F(ftruncate64, MINUS, EIO) F(fallocate, MINUS, ENOSPC)          \
    F(fallocate64, MINUS, ENOSPC) F(posix_fallocate, NUMBER, ENOSPC) F(posix_fallocate64, NUMBER, ENOSPC)              \
    F(ioctl, MINUS, EINTR) F(socket, MINUS, EMFILE) F(socketpair, MINUS, EMFILE) F(connect, MINUS, ECONNREFUSED)       \
    F(__connect, MINUS, ECONNREFUSED) F(bind, MINUS, EADDRINUSE) F(listen, MINUS, EADDRINUSE) F(accept, MINUS, EMFILE) \
    F(accept4, MINUS, EMFILE) F(shutdown, MINUS, ENOTCONN) F(send, SHORT, EAGAIN) F(__send, SHORT, EAGAIN)             \
    F(sendto, SHORT, ENOBUFS) F(sendmsg, MINUS, ENOBUFS) F(sendmmsg, MINUS, ENOBUFS) F(recv, SHORT, EINTR)             \
    F(recvfrom, SHORT, EINTR) F(recvmsg, MINUS, EAGAIN) F(recvmmsg, MINUS, EAGAIN) F(__recv_chk, SHORT, EINTR)         \
    F(__recvfrom_chk, SHORT, EINTR) F(setsockopt, MINUS, ENOMEM) F(getsockopt, MINUS, ENOMEM)                          \
    F(getaddrinfo, NUMBER, EAI_AGAIN) F(freeaddrinfo, NEVER, FREES) F(getnameinfo, NUMBER, EAI_AGAIN)                  \
    F(gethostbyname, POINTER, ENOMEM) F(gethostbyname2, POINTER, ENOMEM) F(gethostbyaddr, POINTER, ENOMEM)             \
    F(gethostbyname_r, NUMBER, ERANGE) F(gethostbyname2_r, NUMBER, ERANGE) F(gethostbyaddr_r, NUMBER, ERANGE)          \
    F(getaddrinfo_a, NUMBER, EAI_AGAIN) F(res_query, MINUS, ETIMEDOUT) F(res_search, MINUS, ETIMEDOUT)                 \
    F(res_querydomain, MINUS, ETIMEDOUT) F(res_send, MINUS, ETIMEDOUT) F(res_nquery, MINUS, ETIMEDOUT)                 \
    F(res_nsearch, MINUS, ETIMEDOUT) F(res_nquerydomain, MINUS, ETIMEDOUT) F(res_nsend, MINUS, ETIMEDOUT)              \
    F(__res_init, MINUS, EMFILE) F(__res_ninit, MINUS, EMFILE) F(poll, MINUS, EINTR) F(__poll, MINUS, EINTR)           \
    F(__poll_chk, MINUS, EINTR) F(ppoll, MINUS, EINTR) F(__ppoll_chk, MINUS, EINTR) F(select, MINUS, EINTR)            \
    F(__select, MINUS, EINTR) F(pselect, MINUS, EINTR) F(epoll_create, MINUS, EMFILE) F(epoll_create1, MINUS, EMFILE)  \
    F(epoll_ctl, MINUS, ENOSPC) F(epoll_wait, MINUS, EINTR) F(epoll_pwait, MINUS, EINTR) F(epoll_pwait2, MINUS, EINTR) \
    F(pthread_cond_wait, NEVER, "cannot fail") F(pthread_cond_timedwait, NUMBER, ETIMEDOUT)                            \
    F(pthread_cond_clockwait, NUMBER, ETIMEDOUT) F(pthread_barrier_wait, NEVER, "the others would wait for ever")      \
    F(pthread_join, NEVER, JOINS) F(pthread_timedjoin_np, NEVER, JOINS) F(pthread_clockjoin_np, NEVER, JOINS)          \
    F(pthread_create, NUMBER, EAGAIN) F(pthread_exit, NEVER, ENDS) F(mtx_lock, NUMBER, 2) F(mtx_timedlock, NUMBER, 4)  \
    F(cnd_wait, NEVER, "cannot fail") F(cnd_timedwait, NUMBER, 4) F(thrd_create, NUMBER, 3) F(thrd_join, NEVER, JOINS) \
    F(thrd_exit, NEVER, ENDS) F(semop, MINUS, EINTR) F(semtimedop, MINUS, EINTR) F(msgrcv, MINUS, EINTR)               \
    F(msgsnd, MINUS, EINTR) F(sleep, NUMBER, 1) F(usleep, MINUS, EINTR) F(nanosleep, MINUS, EINTR)                     \
    F(clock_nanosleep, NUMBER, EINTR) F(thrd_sleep, MINUS, EINTR) F(pause, MINUS, EINTR) F(fork, MINUS, EAGAIN)        \
    F(__fork, MINUS, EAGAIN) F(_Fork, MINUS, EAGAIN) F(vfork, NEVER, OURS) F(__vfork, NEVER, OURS)                 \
    F(forkpty, MINUS, EAGAIN) F(daemon, MINUS, EAGAIN) F(clone, MINUS, EAGAIN) F(__clone, MINUS, EAGAIN)               \
    F(execve, MINUS, ENOMEM) F(execv, MINUS, ENOMEM) F(execvp, MINUS, ENOMEM) F(execvpe, MINUS, ENOMEM)                \
    F(execl, MINUS, ENOMEM) F(execlp, MINUS, ENOMEM) F(execle, MINUS, ENOMEM) F(fexecve, MINUS, ENOMEM)                \
    F(execveat, MINUS, ENOMEM) F(posix_spawn, NUMBER, EAGAIN) F(posix_spawnp, NUMBER, EAGAIN)                          \
    F(system, MINUS, EAGAIN) F(wait, MINUS, EINTR) F(waitpid, MINUS, EINTR) F(waitid, MINUS, EINTR)                    \
    F(wait3, MINUS, EINTR) F(wait4, MINUS, EINTR) F(_exit, NEVER, ENDS) F(_Exit, NEVER, ENDS)                          \
    F(quick_exit, NEVER, ENDS) F(setrlimit, MINUS, EPERM) F(setrlimit64, MINUS, EPERM) F(prlimit, MINUS, EPERM)        \
    F(prlimit64, MINUS, EPERM) F(dlopen, POINTER, ENOMEM) F(dlmopen, POINTER, ENOMEM) F(dlclose, NEVER, FREES)         \
    F(sigaction, NEVER, ARGUES) F(__sigaction, NEVER, ARGUES) F(signal, NEVER, ARGUES) F(bsd_signal, NEVER, ARGUES)    \
    F(sysv_signal, NEVER, ARGUES) F(__sysv_signal, NEVER, ARGUES) F(sigset, NEVER, ARGUES) F(sigignore, NEVER, ARGUES) \
    F(sigprocmask, NEVER, ARGUES) F(pthread_sigmask, NEVER, ARGUES) F(sigpending, MINUS, EFAULT)                       \
    F(sigsuspend, MINUS, EINTR) F(sigwait, NUMBER, EINTR) F(sigwaitinfo, MINUS, EINTR) F(sigtimedwait, MINUS, EAGAIN)  \
    F(signalfd, MINUS, EMFILE) F(prctl, MINUS, EINVAL) F(syscall, NEVER, GROUND) F(setns, MINUS, EPERM)                \
    F(unshare, MINUS, EPERM)

enum {
#define NUMBERED(name, how, what) fault_##name,
    FAULTS(NUMBERED) FUNCTIONS
};

static const struct {
    const char *name;
    int how;
    intptr_t what; /* errno, a number, or a reason */
} functions[FUNCTIONS] = {
#define DESCRIBED(name, how, what) {#name, how, (intptr_t)(what)},
    FAULTS(DESCRIBED)};

static uint32_t counts[FUNCTIONS];
static uint64_t seed, rate;
static const char *only, *log_path;
static int ready; /* main has begun */
static int (*program_main)(int, char **, char **);

/* The registers of a call, as the wrapper saved them. */
struct call {
    uint64_t rax, r9, r8, rcx, rdx, rsi, rdi;
};

static uint64_t mixed(uint64_t value)
{
    value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9u;
    value = (value ^ value >> 27) * 0x94d049bb133111ebu;
    return value ^ value >> 31;
}

/* Nothing fails before main, so that what libstrong does while it starts changes no number of a call. */
static int begin(int argc, char **argv, char **env)
{
    const char *text = getenv("FAULT_SEED");
    seed = text ? strtoull(text, NULL, 10) : 0;
    if ((text = getenv("FAULT_RATE")))
        rate = strtoull(text, NULL, 10);
    only = getenv("FAULT_NAME");
    log_path = getenv("FAULT_LOG");
    ready = 1;
    return program_main(argc, argv, env);
}

__attribute__((visibility("default"))) int __libc_start_main(int (*main)(int, char **, char **), int argc, char **argv,
                                                             void (*init)(void), void (*fini)(void),
                                                             void (*loader_fini)(void), void *stack_end)
{
    __typeof__(&__libc_start_main) start = (__typeof__(start))dlsym(RTLD_NEXT, "__libc_start_main");
    program_main = main;
    return start(begin, argc, argv, init, fini, loader_fini, stack_end);
}

/* Not by libc's syscall, which is hooked. */
static long raw(long number, long first, const void *second, long third, long fourth)
{
    register long r10 __asm__("r10") = fourth;
    long ret;
    __asm__ volatile("syscall"
                     : "=a"(ret)
                     : "0"(number), "D"(first), "S"(second), "d"(third), "r"(r10)
                     : "rcx", "r11", "memory");
    return ret;
}

static void log_fault(uint64_t index, uint32_t count)
{
    char line[80], *end = stpcpy(line, functions[index].name);
    *end++ = ' ';
    for (uint32_t power = 1000000; power; power /= 10)
        *end++ = (char)('0' + count / power % 10);
    *end++ = '\n';
    long fd = log_path ? raw(SYS_openat, AT_FDCWD, log_path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600) : -1;
    if (fd >= 0) {
        raw(SYS_write, fd, line, end - line, 0);
        raw(SYS_close, fd, NULL, 0, 0);
    }
}

static int is_listed(const char *list, const char *name)
{
    size_t len = strlen(name);
    for (const char *at = list; (at = strstr(at, name)); at++)
        if (at > list && at[-1] == ',' && at[len] == ',')
            return 1;
    return 0;
}

/* Whether the kernel would have told of a pointer before it could fail as it is to. */
static int leads_nowhere(const char *name, const struct call *call)
{
    static const char first[] = ",open,open64,__open,__open64,__open_2,__open64_2,creat,creat64,truncate,truncate64,poll,__poll,"
                                "__poll_chk,ppoll,__ppoll_chk,";
    static const char second[] = ",openat,openat64,__openat_2,__openat64_2,";
    if (is_listed(first, name))
        return raw(SYS_access, (long)call->rdi, NULL, 0, 0) == -EFAULT;
    return is_listed(second, name) && raw(SYS_access, (long)call->rsi, NULL, 0, 0) == -EFAULT;
}

/* Where to go on, or NULL: the call fails, and rax holds its result. */
__attribute__((used, visibility("hidden"))) void *fault_decide(uint64_t index, struct call *call)
{
    static void *real[FUNCTIONS];
    int error = errno;
    if (!real[index]) /* what a program of today is linked with, where there is an older one */
        real[index] = strncmp(functions[index].name, "pthread_cond_", 13) == 0
                          ? dlvsym(RTLD_NEXT, functions[index].name, "GLIBC_2.3.2") : NULL;
    if (!real[index])
        real[index] = dlsym(RTLD_NEXT, functions[index].name);
    int how = functions[index].how;
    uint32_t count = ready && how != NEVER ? __atomic_add_fetch(&counts[index], 1, __ATOMIC_RELAXED) : 0;
    if (ready && !rate && count == 1)
        log_fault(index, count);
    uint64_t dice = mixed(seed * 0x9e3779b97f4a7c15u + index * 1000003u + count);
    errno = error;
    if (!ready || !rate || how == NEVER || dice % rate || (only && !is_listed(only, functions[index].name)) ||
        leads_nowhere(functions[index].name, call))
        return real[index];
    log_fault(index, count);
    errno = error;
    if (how == SHORT && dice >> 32 & 1 && call->rdx > 1) {
        call->rdx /= 2;
        return real[index];
    }
    if (how == NUMBER) {
        call->rax = (uint64_t)functions[index].what;
        return NULL;
    }
    errno = (int)functions[index].what;
    call->rax = how == POINTER ? 0 : UINT64_MAX;
    return NULL;
}

/* At a function's entry rsp is 8 below a multiple of 16; seven pushes and 136 bytes make it one again. */
#define WRAPPER(name, how, what)                                                                                       \
    ".globl " #name "\n.type " #name ", @function\n" #name ":\n  pushq $fault_number\n  jmp fault_enter\n"                \
    ".set fault_number, fault_number + 1\n"
__asm__(".text\n"
        ".local fault_enter\n"
        "fault_enter:\n" /* index on the stack, above it the caller's return address */
        "  pushq %rdi\n  pushq %rsi\n  pushq %rdx\n  pushq %rcx\n  pushq %r8\n  pushq %r9\n  pushq %rax\n"
        "  subq $128, %rsp\n"
        "  movups %xmm0, 0(%rsp)\n  movups %xmm1, 16(%rsp)\n  movups %xmm2, 32(%rsp)\n  movups %xmm3, 48(%rsp)\n"
        "  movups %xmm4, 64(%rsp)\n  movups %xmm5, 80(%rsp)\n  movups %xmm6, 96(%rsp)\n  movups %xmm7, 112(%rsp)\n"
        "  movq 184(%rsp), %rdi\n"
        "  leaq 128(%rsp), %rsi\n"
        "  pushq %rbp\n  movq %rsp, %rbp\n  andq $-16, %rsp\n"
        "  call fault_decide\n"
        "  movq %rbp, %rsp\n  popq %rbp\n"
        "  movups 0(%rsp), %xmm0\n  movups 16(%rsp), %xmm1\n  movups 32(%rsp), %xmm2\n  movups 48(%rsp), %xmm3\n"
        "  movups 64(%rsp), %xmm4\n  movups 80(%rsp), %xmm5\n  movups 96(%rsp), %xmm6\n  movups 112(%rsp), %xmm7\n"
        "  addq $128, %rsp\n"
        "  movq %rax, %r11\n"
        "  popq %rax\n  popq %r9\n  popq %r8\n  popq %rcx\n  popq %rdx\n  popq %rsi\n  popq %rdi\n"
        "  addq $8, %rsp\n"
        "  testq %r11, %r11\n"
        "  jz 1f\n"
        "  jmp *%r11\n"
        "1: ret\n"
        ".set fault_number, 0\n" FAULTS(WRAPPER));
