/*
 * unwind_context: registers in a ucontext, for both processors. Private to unwind*.c. Any thread,
 * any signal handler.
 */
#ifndef STRONG_RUNTIME_UNWIND_CONTEXT_H
#define STRONG_RUNTIME_UNWIND_CONTEXT_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <ucontext.h>

/* A register by its DWARF number; false when the ucontext does not have it. */
bool unwind_context_register(const ucontext_t *context, unsigned number, uintptr_t *ret);

/*
 * In a signal trampoline: where the ucontext is above sp, and how much of it is read.
 * unwind_context_address: an address of code without what the processor keeps in its upper bits.
 */
#if defined(__x86_64__)
#define UNWIND_CONTEXT_ABOVE_SP 0
#define UNWIND_CONTEXT_READ (offsetof(ucontext_t, uc_mcontext) + sizeof(mcontext_t))

static inline uintptr_t unwind_context_address(uintptr_t address)
{
    return address;
}
#else
/* struct rt_sigframe of the kernel: siginfo, then the ucontext. */
#define UNWIND_CONTEXT_ABOVE_SP sizeof(siginfo_t)
#define UNWIND_CONTEXT_READ (offsetof(ucontext_t, uc_mcontext) + offsetof(mcontext_t, pstate))

/* Pointer authentication codes are above the 48 bits of a user address. */
static inline uintptr_t unwind_context_address(uintptr_t address)
{
    return address & ((UINT64_C(1) << 48) - 1);
}
#endif

#endif
