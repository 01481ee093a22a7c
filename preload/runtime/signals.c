/* signals.c: the program's view of the CPU sampling signal. See signals.h.
 *
 * Owns the virtual disposition: two words written by the program's sigaction calls; a race between two
 * such calls is the program's own, so plain words suffice. Raw system calls throughout: our sigaction
 * is a hook.
 */
#include "runtime/signals.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <ucontext.h>

enum { KERNEL_SET_BYTES = 8, FIRST_REAL_TIME = 34 };

/* struct sigaction of the kernel (uapi asm/signal.h). */
struct kernel_action {
    void *handler;
    unsigned long flags;
    void *restorer;
    uint64_t mask;
};

int signals_sampling_number;
void (*signals_taken)(void);

static struct sigaction disposition; /* zero: SIG_DFL */

static uint64_t bit(int number)
{
    return 1ull << (number - 1);
}

static uint64_t kernel_word(const sigset_t *set)
{
    return set->__val[0];
}
_Static_assert(sizeof(struct kernel_action) == sizeof(((struct signals_exec *)0)->action), "kernel");
_Static_assert(sizeof(((sigset_t *)0)->__val[0]) == KERNEL_SET_BYTES, "64 signals in the first word");

void signals_disposition(struct sigaction *ret_action)
{
    *ret_action = disposition;
}

void signals_set_disposition(const struct sigaction *action)
{
    disposition = *action;
}

/* Puts a disposition without a handler of the program's into the kernel. */
static void install(int number, void *handler)
{
    struct kernel_action action = {.handler = handler};
    system_call4(SYS_rt_sigaction, number, &action, NULL, KERNEL_SET_BYTES);
}

static void block(int how, int number)
{
    uint64_t set = bit(number);
    system_call4(SYS_rt_sigprocmask, how, &set, NULL, KERNEL_SET_BYTES);
}

void signals_step_aside(void)
{
    int number = signals_sampling_number;
    if (!number)
        return;
    if (signals_taken)
        signals_taken();
    signals_sampling_number = 0;
    /* A tick that is still pending must not meet SIG_DFL: SIG_IGN discards it. */
    install(number, (void *)SIG_IGN);
    install(number, (void *)disposition.sa_handler);
    if (thread_hot.app_blocks_signal)
        block(SIG_BLOCK, number);
}

/* rt_sigprocmask reads the set before it looks at `how`, which no kernel knows: so this asks whether
 * eight bytes can be read, and changes nothing. */
static bool readable(const sigset_t *set)
{
    enum { NO_SUCH_HOW = 0x5354 };
    return system_call4(SYS_rt_sigprocmask, NO_SUCH_HOW, set, NULL, KERNEL_SET_BYTES) != -EFAULT;
}

enum signals_set signals_copy(const sigset_t *set, sigset_t *ret_copy)
{
    if (!set || !readable(set))
        return SIGNALS_UNREADABLE;
    uint64_t word = kernel_word(set);
    *ret_copy = (sigset_t){{word}};
    int number = signals_sampling_number;
    if (!number || !(word & bit(number)))
        return SIGNALS_WITHOUT;
    uint64_t real_time = UINT64_MAX << (FIRST_REAL_TIME - 1);
    if ((word & real_time) != real_time)
        return SIGNALS_WANTED;
    ret_copy->__val[0] = word & ~bit(number);
    return SIGNALS_STRIPPED;
}

/* ---- sent by somebody else ---- */

/* Sends it to this thread once more, for the program's own disposition. */
static void send_again(int number, siginfo_t *info)
{
    uint32_t pid = (uint32_t)system_call0(SYS_getpid), tid = thread_id();
    /* Allowed for any si_code because it goes to ourselves. */
    if (system_call4(SYS_rt_tgsigqueueinfo, pid, tid, number, info) < 0)
        system_call3(SYS_tgkill, pid, tid, number);
}

void signals_foreign(int number, siginfo_t *info, void *context)
{
    ucontext_t *interrupted = context;
    if (thread_hot.app_blocks_signal) {
        /* Blocked and pending, as it would be; the mask at sigreturn is the one in the context. */
        signals_step_aside();
        block(SIG_BLOCK, number);
        interrupted->uc_sigmask.__val[0] |= bit(number);
        send_again(number, info);
        return;
    }
    if (disposition.sa_handler == SIG_IGN)
        return;
    install(number, (void *)SIG_DFL); /* which ends the process */
    send_again(number, info);
    block(SIG_UNBLOCK, number);
}

/* ---- exec ---- */

void signals_exec_prepare(struct signals_exec *ret_exec)
{
    int number = signals_sampling_number;
    *ret_exec = (struct signals_exec){
        .ignored = number && disposition.sa_handler == SIG_IGN,
        .blocked = number && thread_hot.app_blocks_signal,
    };
    if (ret_exec->ignored) {
        struct kernel_action ignore = {.handler = (void *)SIG_IGN};
        system_call4(SYS_rt_sigaction, number, &ignore, ret_exec->action, KERNEL_SET_BYTES);
    }
    if (ret_exec->blocked)
        block(SIG_BLOCK, number);
}

void signals_exec_undo(const struct signals_exec *exec)
{
    int number = signals_sampling_number;
    if (!number)
        return;
    if (exec->ignored)
        system_call4(SYS_rt_sigaction, number, exec->action, NULL, KERNEL_SET_BYTES);
    if (exec->blocked)
        block(SIG_UNBLOCK, number);
}
