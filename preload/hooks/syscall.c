/* syscall.c: syscall() and prctl(): timed; what matters to libstrong itself is noticed.
 *
 * Entering seccomp is made known before it happens, because afterwards too much may be forbidden. A
 * system call that makes a process without sharing memory is followed by process_fork_child in the
 * child. One that can return on another stack, or twice on the same one, must not pass through a frame
 * of ours: syscall is a trampoline, which jumps straight to libc's for those. Any context; behind
 * pointers only what the kernel would read as well.
 */
#include <sys/syscall.h>

#include "hooks/arguments.h"
#include "hooks/exec.h"
#include "hooks/site.h"
#include "hooks/trampoline.h"
#include "runtime/boot.h"
#include "runtime/process.h"
#include "runtime/seccomp.h"

TRAMPOLINE(syscall, syscall_pick);

/* linux/seccomp.h; modes are prctl's, operations are seccomp's */
enum { SECCOMP_STRICT_MODE = 1, SECCOMP_SET_STRICT = 0, SECCOMP_SET_FILTER = 1 };

/* Does this kind of call put the process under a filter? A NULL filter only probes. */
static bool enters_seccomp_by_prctl(int option, unsigned long mode, unsigned long filter)
{
    return option == PR_SET_SECCOMP && (mode == SECCOMP_STRICT_MODE || filter);
}

static long measured(long number, long a, long b, long c, long d, long e, long f)
{
    struct span span;
    if ((number == SYS_seccomp && (a == SECCOMP_SET_STRICT || (a == SECCOMP_SET_FILTER && c))) ||
        (number == SYS_prctl && enters_seccomp_by_prctl((int)a, (unsigned long)b, (unsigned long)c)))
        seccomp_enter();
    span_begin(&span, HOOK_syscall, 0);
    long ret = next.syscall(number, a, b, c, d, e, f);
    span_end(&span, 0, HOOK_ERROR(ret));
    return ret;
}

/* fork, and clone without a stack of its own and without shared memory. */
static long measured_fork(long number, long a, long b, long c, long d, long e, long f)
{
    struct span span;
    span_begin(&span, HOOK_syscall, 0);
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
    return argument_readable(arguments, sizeof *arguments) && !(arguments->flags & CLONE_VM) &&
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
    if (enters_seccomp_by_prctl(option, a, b))
        seccomp_enter();
    int ret = next.prctl(option, a, b, c, d);
    span_end(&span, 0, HOOK_ERROR(ret));
    return ret;
}
