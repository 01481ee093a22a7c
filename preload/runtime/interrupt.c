/* interrupt.c: see interrupt.h. */
#include "runtime/interrupt.h"

#include <errno.h>
#include <signal.h>
#include <ucontext.h>

#include "runtime/counters.h"
#include "runtime/seccomp.h"
#include "runtime/signals.h"
#include "runtime/system.h"

enum { KERNEL_SET_BYTES = 8 };

/* Right behind a system call that ended with EINTR. */
static bool stands_at_interrupted(const ucontext_t *context)
{
#if defined(__x86_64__)
    uintptr_t pc = (uintptr_t)context->uc_mcontext.gregs[REG_RIP];
    const unsigned char *code = (const unsigned char *)pc - 2; /* pc was reached, so the bytes are mapped */
    return (long)context->uc_mcontext.gregs[REG_RAX] == -EINTR && code[0] == 0x0f && code[1] == 0x05;
#elif defined(__aarch64__)
    const uint32_t *code = (const uint32_t *)context->uc_mcontext.pc - 1;
    return (long)context->uc_mcontext.regs[0] == -EINTR && *code == 0xd4000001; /* svc #0 */
#else
    return false;
#endif
}

bool interrupt_note(const void *ucontext)
{
    if (!stands_at_interrupted(ucontext))
        return false;
    thread_hot.interrupted = 1;
    thread_hot.interrupted_errno = errno;
    return true;
}

void interrupt_admit(const void *ucontext)
{
    uint64_t mask = ((const ucontext_t *)ucontext)->uc_sigmask.__val[0];
    if (!seccomp_entered) /* after it, no system call of ours: they wait for the handler's end */
        system_call4(SYS_rt_sigprocmask, SIG_SETMASK, &mask, NULL, KERNEL_SET_BYTES);
}

/* The kernel's struct sigaction begins with the handler. */
static bool has_handler(int number)
{
    uintptr_t action[4] = {0};
    return system_call4(SYS_rt_sigaction, number, NULL, action, KERNEL_SET_BYTES) == 0 &&
           action[0] != (uintptr_t)SIG_DFL && action[0] != (uintptr_t)SIG_IGN;
}

void interrupt_settle(const void *ucontext)
{
    uint64_t mask = ((const ucontext_t *)ucontext)->uc_sigmask.__val[0], pending = 0;
    if (seccomp_entered)
        return;
    system_call2(SYS_rt_sigpending, &pending, KERNEL_SET_BYTES);
    for (pending &= ~mask; pending; pending &= pending - 1) {
        int number = __builtin_ctzll(pending) + 1;
        if (number != signals_sampling_number && has_handler(number))
            thread_hot.interrupted = 0;
    }
}

bool interrupt_was_ours_slow(void)
{
    thread_hot.interrupted = 0;
    errno = thread_hot.interrupted_errno;
    counters_add(COUNTER_eintr_hidden, 1);
    return true;
}
