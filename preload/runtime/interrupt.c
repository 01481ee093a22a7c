/* interrupt.c: see interrupt.h. */
#include "runtime/interrupt.h"

#include <errno.h>
#include <ucontext.h>

#include "runtime/counters.h"

void interrupt_note(const void *ucontext)
{
    const ucontext_t *context = ucontext;
#if defined(__x86_64__)
    uintptr_t pc = (uintptr_t)context->uc_mcontext.gregs[REG_RIP];
    const unsigned char *code = (const unsigned char *)pc - 2; /* pc was reached, so the bytes are mapped */
    if ((long)context->uc_mcontext.gregs[REG_RAX] == -EINTR && code[0] == 0x0f && code[1] == 0x05)
        thread_hot.interrupted = 1;
#elif defined(__aarch64__)
    const uint32_t *code = (const uint32_t *)context->uc_mcontext.pc - 1;
    if ((long)context->uc_mcontext.regs[0] == -EINTR && *code == 0xd4000001) /* svc #0 */
        thread_hot.interrupted = 1;
#endif
}

bool interrupt_was_ours_slow(void)
{
    thread_hot.interrupted = 0;
    counters_add(COUNTER_eintr_hidden, 1);
    return true;
}
