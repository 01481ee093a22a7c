/* clone.c: children that share memory with their parent, or start on another stack: vfork and clone.
 *
 * A vfork child runs on its parent's memory, stack and thread-local storage while the parent's thread
 * stands still. Whatever its hooks wrote would be the parent's, so for its time the thread is OFF: hooks
 * forward and write nothing. Setting that in the child and undoing it in the parent needs code after
 * the system call that does not depend on the stack (the child may have overwritten it). So vfork is not
 * forwarded: it makes the system call itself, as libc's does (the return address in a register, which
 * the kernel keeps for each of the two), with the state before in another register. The call and the
 * time the parent stood still are counted afterwards, in the parent.
 *
 * clone: without CLONE_VM the child is a forked process and says so first; with CLONE_VM | CLONE_VFORK
 * it is like vfork. A child with CLONE_VM that runs beside its parent on the same thread-local storage
 * (no CLONE_SETTLS) would write the same data at the same time: from then on that storage is OFF for
 * good, and the segment says so. Everything here is async-signal-safe.
 */
#include "hooks/leave.h"
#include "hooks/site.h"
#include "hooks/trampoline.h"
#include "runtime/boot.h"
#include "runtime/fdstate.h"
#include "runtime/process.h"

_Static_assert(THREAD_OFF == 4, "the assembly below writes it");
_Static_assert(sizeof(((struct thread_hot *)0)->state) == 4, "the assembly below writes it");

/* ---- vfork ---- */

/* In two registers. */
struct vfork_start {
    uint32_t *state;
    uint64_t ticks;
};

/* Before: boots, attaches. */
TRAMPOLINE_PICKER struct vfork_start clone_vfork_begin(void)
{
    int saved_errno = errno;
    site_ready();
    fdstate_forking();
    errno = saved_errno;
    return (struct vfork_start){&thread_hot.state, boot_done ? clock_ticks() : 0};
}

/* After, in the parent. */
static long vfork_end(unsigned hook, long ret, uint64_t start_ticks)
{
    if (thread_hot.state == THREAD_READY)
        thread_count_derived(hook, 0, clock_ticks() - start_ticks, 0, ret < 0);
    if (ret < 0) {
        if (thread_hot.state == THREAD_READY)
            thread_error(hook, (int)-ret);
        errno = (int)-ret;
        return -1;
    }
    return ret;
}

TRAMPOLINE_PICKER long clone_vfork_end(long ret, uint64_t start_ticks)
{
    return vfork_end(HOOK_vfork, ret, start_ticks);
}

TRAMPOLINE_PICKER long clone___vfork_end(long ret, uint64_t start_ticks)
{
    return vfork_end(HOOK___vfork, ret, start_ticks);
}

#if defined(__x86_64__)
/* rdi: return address, rsi: where the state is, r9d: state before, r8: start. */
#define VFORK_FUNCTION(name)                                                                       \
    TRAMPOLINE_FUNCTION(name,                                                                      \
                        "endbr64\n"                                                                \
                        "sub $8, %rsp\n.cfi_adjust_cfa_offset 8\n"                                 \
                        "call clone_vfork_begin\n"                                                 \
                        "add $8, %rsp\n.cfi_adjust_cfa_offset -8\n"                                \
                        "mov %rax, %rsi\n"                                                         \
                        "mov %rdx, %r8\n"                                                          \
                        "mov (%rsi), %r9d\n"                                                       \
                        "movl $4, (%rsi)\n" /* THREAD_OFF */                                       \
                        "pop %rdi\n.cfi_adjust_cfa_offset -8\n.cfi_register %rip, %rdi\n"          \
                        "mov $58, %eax\n" /* __NR_vfork */                                         \
                        "syscall\n"                                                                \
                        "push %rdi\n.cfi_adjust_cfa_offset 8\n.cfi_rel_offset %rip, 0\n"           \
                        "test %rax, %rax\n"                                                        \
                        "jz 1f\n"                                                                  \
                        "mov %r9d, (%rsi)\n"                                                       \
                        "mov %rax, %rdi\n"                                                         \
                        "mov %r8, %rsi\n"                                                          \
                        "jmp clone_" #name "_end\n"                                                \
                        "1: ret\n")
#else
/* x9: where the state is, w10: state before, x11: start; the kernel keeps x1 to x30. */
#define VFORK_FUNCTION(name)                                                                       \
    TRAMPOLINE_FUNCTION(name,                                                                      \
                        "hint #34\n" /* bti c */                                                   \
                        "stp x29, x30, [sp, #-16]!\n.cfi_def_cfa_offset 16\n"                      \
                        ".cfi_offset 29, -16\n.cfi_offset 30, -8\n"                                \
                        "mov x29, sp\n"                                                            \
                        "bl clone_vfork_begin\n"                                                   \
                        "ldp x29, x30, [sp], #16\n.cfi_def_cfa_offset 0\n"                         \
                        ".cfi_restore 29\n.cfi_restore 30\n"                                       \
                        "mov x9, x0\n"                                                             \
                        "mov x11, x1\n"                                                            \
                        "ldr w10, [x9]\n"                                                          \
                        "mov w12, #4\n" /* THREAD_OFF */                                           \
                        "str w12, [x9]\n"                                                          \
                        "mov x0, #0x4111\n" /* CLONE_VM | CLONE_VFORK | SIGCHLD */                 \
                        "mov x1, #0\n"                                                             \
                        "mov x8, #220\n" /* __NR_clone */                                          \
                        "svc #0\n"                                                                 \
                        "cbz x0, 1f\n"                                                             \
                        "str w10, [x9]\n"                                                          \
                        "mov x1, x11\n"                                                            \
                        "b clone_" #name "_end\n"                                                  \
                        "1: ret\n")
#endif

VFORK_FUNCTION(vfork);
VFORK_FUNCTION(__vfork);

/* ---- clone ---- */

struct clone_call {
    int (*function)(void *);
    void *stack;
    int flags;
    void *argument;
    void *parent_tid, *tls, *child_tid;
};

typedef int clone_function(int (*)(void *), void *, int, void *, ...);

static int clone_real(clone_function *real_clone, const struct clone_call *call)
{
    return real_clone(call->function, call->stack, call->flags, call->argument, call->parent_tid, call->tls,
                      call->child_tid);
}

/* First in a forked child. `argument` is in its copy of the parent's stack. */
static int forked_child(void *argument)
{
    struct clone_call call = *(struct clone_call *)argument;
    process_fork_child();
    return call.function(call.argument);
}

static int clone_forked(clone_function *real_clone, const struct clone_call *call)
{
    struct clone_call ours = *call;
    ours.function = forked_child;
    ours.argument = (void *)(uintptr_t)call;
    return clone_real(real_clone, &ours);
}

/* The thread is OFF while the child runs on its storage. */
static int clone_suspended(clone_function *real_clone, const struct clone_call *call)
{
    uint32_t state = thread_hot.state;
    thread_hot.state = THREAD_OFF;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    int ret = clone_real(real_clone, call);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    thread_hot.state = state;
    return ret;
}

static int clone_measured(unsigned hook, clone_function *real_clone, const struct clone_call *call)
{
    if (thread_hot.state == THREAD_OFF || !call->function || !call->stack)
        return clone_real(real_clone, call); /* libc refuses the latter two */
    bool shares_memory = call->flags & CLONE_VM, shares_storage = shares_memory && !(call->flags & CLONE_SETTLS);
    if (shares_storage && !(call->flags & CLONE_VFORK)) {
        thread_count_derived(hook, 0, 0, 0, false);
        leave_thread("a thread is no longer measured: it shares its thread-local storage with a clone()");
        return clone_real(real_clone, call);
    }
    struct span span;
    span_begin(&span, hook, 0);
    fdstate_forking();
    int ret = shares_storage   ? clone_suspended(real_clone, call)
              : shares_memory ? clone_real(real_clone, call)
                              : clone_forked(real_clone, call);
    span_end(&span, 0, HOOK_ERROR(ret));
    return ret;
}

#define CLONE_HOOK(name)                                                                           \
    STRONG_EXPORT int name(int (*function)(void *), void *stack, int flags, void *argument, ...)   \
    {                                                                                              \
        va_list rest;                                                                              \
        va_start(rest, argument);                                                                  \
        struct clone_call call = {function, stack, flags, argument, NULL, NULL, NULL};             \
        call.parent_tid = va_arg(rest, void *); /* read whether passed or not, as libc does */     \
        call.tls = va_arg(rest, void *);                                                           \
        call.child_tid = va_arg(rest, void *);                                                     \
        va_end(rest);                                                                              \
        site_ready();                                                                              \
        return clone_measured(HOOK_##name, next.name, &call);                                      \
    }

CLONE_HOOK(clone)
CLONE_HOOK(__clone)
