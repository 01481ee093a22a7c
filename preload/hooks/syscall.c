/* syscall.c: syscall() and prctl(): timed; what matters to libstrong itself is noticed.
 *
 * Entering seccomp is made known before it happens, because afterwards too much may be forbidden; in
 * strict mode the kernel takes even the time-stamp counter away (arch/x86/kernel/process.c,
 * disable_TSC), as PR_SET_TSC does: there measuring ends before the call. A
 * system call that makes a process without sharing memory is followed by process_fork_child in the
 * child. One that can return on another stack, or twice on the same one, must not pass through a frame
 * of ours: syscall is a trampoline, which jumps straight to libc's for those. Any context; behind
 * pointers only what the kernel would read as well.
 */
#include <sys/syscall.h>

#include "hooks/arguments.h"
#include "hooks/exec.h"
#include "hooks/leave.h"
#include "hooks/site.h"
#include "hooks/trampoline.h"
#include "runtime/boot.h"
#include "runtime/fdstate.h"
#include "runtime/process.h"
#include "runtime/seccomp.h"

TRAMPOLINE(syscall, syscall_pick);

/* linux/seccomp.h; modes are prctl's, operations are seccomp's */
enum { SECCOMP_STRICT_MODE = 1, SECCOMP_SET_STRICT = 0, SECCOMP_SET_FILTER = 1 };

/* What a call is about to forbid. */
enum entering { ENTERS_NOTHING, ENTERS_FILTER, ENTERS_STRICT, ENTERS_CLOCKLESS };

/* A NULL filter only probes. */
static enum entering entering_prctl(int option, unsigned long mode, unsigned long filter)
{
    if (option == PR_SET_TSC)
        return mode == PR_TSC_SIGSEGV ? ENTERS_CLOCKLESS : ENTERS_NOTHING;
    if (option != PR_SET_SECCOMP)
        return ENTERS_NOTHING;
    return mode == SECCOMP_STRICT_MODE ? ENTERS_STRICT : filter ? ENTERS_FILTER : ENTERS_NOTHING;
}

static enum entering entering_syscall(long number, long a, long b, long c)
{
    if (number == SYS_prctl)
        return entering_prctl((int)a, (unsigned long)b, (unsigned long)c);
    if (number != SYS_seccomp)
        return ENTERS_NOTHING;
    return a == SECCOMP_SET_STRICT ? ENTERS_STRICT : a == SECCOMP_SET_FILTER && c ? ENTERS_FILTER : ENTERS_NOTHING;
}

/* True: the open span has been ended, because nothing may be measured any more. */
static bool enter(enum entering entering, struct span *span)
{
    if (entering == ENTERS_NOTHING)
        return false;
    if (entering != ENTERS_CLOCKLESS)
        seccomp_enter();
    if (entering == ENTERS_FILTER)
        return false;
    span_end(span, 0, 0);
    leave_clockless("no longer measured: the program gave up the right to read the clock");
    return true;
}

/* What goes on with a descriptor here goes past whoever follows it. */
static void touched_directly(long number, long fd)
{
    switch (number) {
    case SYS_read:
    case SYS_write:
    case SYS_readv:
    case SYS_writev:
    case SYS_preadv2:
    case SYS_pwritev2:
    case SYS_close:
    case SYS_dup:
    case SYS_dup3:
    case SYS_fcntl:
    case SYS_ioctl:
    case SYS_sendto:
    case SYS_recvfrom:
    case SYS_sendmsg:
    case SYS_recvmsg:
    case SYS_sendmmsg:
    case SYS_recvmmsg:
    case SYS_connect:
    case SYS_bind:
    case SYS_listen:
    case SYS_shutdown:
    case SYS_setsockopt:
#ifdef SYS_dup2
    case SYS_dup2:
#endif
        if (fd >= 0 && fd <= INT32_MAX)
            fdstate_drop((int)fd, COUNTER_connections_refused_unseen);
        break;
    default:
        break;
    }
}

static long measured(long number, long a, long b, long c, long d, long e, long f)
{
    struct span span;
    span_begin(&span, HOOK_syscall, 0);
    if (span.mode != SPAN_OFF)
        touched_directly(number, a);
    if (number == SYS_setns || number == SYS_unshare)
        process_namespaces_moved = true;
    bool ended = enter(entering_syscall(number, a, b, c), &span);
    long ret = next.syscall(number, a, b, c, d, e, f);
    if (!ended)
        span_end(&span, 0, HOOK_ERROR(ret));
    return ret;
}

/* fork, and clone without a stack of its own and without shared memory. */
static long measured_fork(long number, long a, long b, long c, long d, long e, long f)
{
    struct span span;
    span_begin(&span, HOOK_syscall, 0);
    fdstate_forking();
    long ret = next.syscall(number, a, b, c, d, e, f);
    if (ret == 0)
        process_fork_child();
    else
        span_end(&span, 0, HOOK_ERROR(ret));
    return ret;
}

static long measured_exec(long number, long a, long b, long c, long d, long e, long f)
{
    struct exec_attempt attempt;
    exec_begin(&attempt, HOOK_syscall, number == SYS_execve ? (const char *)a : NULL, -1);
    long ret = next.syscall(number, a, b, c, d, e, f);
    exec_failed(&attempt);
    return ret;
}

/* The start of struct clone_args (linux/sched.h). */
struct clone3_arguments {
    uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack;
};

static bool clone3_forks(const struct clone3_arguments *arguments)
{
    return readable_bytes(arguments, sizeof *arguments) && !(arguments->flags & CLONE_VM) &&
           !arguments->stack;
}

static void count_direct(void)
{
    struct span span;
    span_begin(&span, HOOK_syscall, 0);
    span_end(&span, 0, 0);
}

TRAMPOLINE_PICKER void *syscall_pick(long *arguments, const void *caller)
{
    (void)caller;
    if (boot_done && !__builtin_thread_pointer())
        return (void *)next.syscall; /* a clone() child on a blank TLS: as in process.c, ending */
    int saved_errno = errno;
    site_ready(); /* next is filled by boot */
    errno = saved_errno;
    if (boot_off)
        return (void *)next.syscall;
    switch (arguments[0]) {
#ifdef SYS_fork
    case SYS_fork:
        return (void *)measured_fork;
    case SYS_vfork:
        count_direct();
        return (void *)next.syscall;
#endif
    case SYS_clone:
        if (!(arguments[1] & CLONE_VM) && !arguments[2])
            return (void *)measured_fork;
        count_direct();
        return (void *)next.syscall;
    case SYS_clone3:
        if (clone3_forks((const void *)arguments[1]))
            return (void *)measured_fork;
        count_direct();
        return (void *)next.syscall;
    case SYS_execve:
    case SYS_execveat:
        return (void *)measured_exec;
    case SYS_exit_group:
        count_direct();
        if (thread_hot.state != THREAD_OFF)
            process_exiting((int)arguments[1]);
        return (void *)next.syscall;
    case SYS_exit:
        count_direct();
        return (void *)next.syscall;
    default:
        return (void *)measured;
    }
}

STRONG_EXPORT int prctl(int option, ...)
{
    va_list rest;
    va_start(rest, option);
    unsigned long a = va_arg(rest, unsigned long), b = va_arg(rest, unsigned long); /* read whether passed */
    unsigned long c = va_arg(rest, unsigned long), d = va_arg(rest, unsigned long); /* or not, as libc does */
    va_end(rest);
    struct span span;
    span_begin(&span, HOOK_prctl, 0);
    bool ended = enter(entering_prctl(option, a, b), &span);
    int ret = next.prctl(option, a, b, c, d);
    if (!ended)
        span_end(&span, 0, HOOK_ERROR(ret));
    return ret;
}
