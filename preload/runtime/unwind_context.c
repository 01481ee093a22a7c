/*
 * unwind_context: owns the layout of the ucontext: where a walk through a signal takes its
 * registers. Any thread, any signal handler; it only reads the ucontext.
 */
#include "runtime/unwind_context.h"

#include "runtime/unwind.h"

#if defined(__x86_64__)
/* DWARF number to place in the ucontext (System V ABI for x86-64, figure 3.36). */
static const unsigned char context_registers[] = {
    REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI, REG_RBP, REG_RSP,
    REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15,
};

void unwind_start_context(const void *ucontext, struct unwind_start *start)
{
    const ucontext_t *context = ucontext;
    start->pc = (uintptr_t)context->uc_mcontext.gregs[REG_RIP];
    start->sp = (uintptr_t)context->uc_mcontext.gregs[REG_RSP];
    start->fp = (uintptr_t)context->uc_mcontext.gregs[REG_RBP];
    start->lr = 0;
    start->context = context;
}

bool unwind_context_register(const ucontext_t *context, unsigned number, uintptr_t *ret)
{
    if (number >= sizeof context_registers)
        return false;
    *ret = (uintptr_t)context->uc_mcontext.gregs[context_registers[number]];
    return true;
}

#else
void unwind_start_context(const void *ucontext, struct unwind_start *start)
{
    const ucontext_t *context = ucontext;
    start->pc = context->uc_mcontext.pc;
    start->sp = context->uc_mcontext.sp;
    start->fp = context->uc_mcontext.regs[29];
    start->lr = context->uc_mcontext.regs[30];
    start->context = context;
}

bool unwind_context_register(const ucontext_t *context, unsigned number, uintptr_t *ret)
{
    if (number >= 31)
        return false;
    *ret = context->uc_mcontext.regs[number];
    return true;
}

#endif
