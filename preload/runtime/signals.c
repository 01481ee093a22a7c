/* signals.c: the program's view of the CPU sampling signal. See signals.h.
 *
 * Owns the virtual disposition: a few words written by the program's sigaction calls; a race between two
 * such calls is the program's own, so plain words suffice. Raw system calls throughout: our sigaction
 * is a hook.
 */
#include "runtime/signals.h"

#include <errno.h>
#include <ucontext.h>

#include "runtime/seccomp.h"

enum { KERNEL_SET_BYTES = 8, FIRST_REAL_TIME = 34 };

/* struct sigaction of the kernel (uapi asm/signal.h). */
struct kernel_action {
    void *handler;
    unsigned long flags;
    void *restorer;
    uint64_t mask;
};
_Static_assert(sizeof(struct kernel_action) == sizeof(((struct signals_exec *)0)->action), "kernel");
_Static_assert(sizeof(((sigset_t *)0)->__val[0]) == KERNEL_SET_BYTES, "64 signals in the first word");

int signals_sampling_number;
void (*signals_taken)(void);

static struct sigaction disposition; /* zero: SIG_DFL */
static int former_number;            /* after stepping aside */

static uint64_t bit(int number)
{
    return 1ull << (number - 1);
}

void signals_disposition(struct sigaction *ret_action)
{
    *ret_action = disposition;
}

void signals_set_disposition(const struct sigaction *action)
{
    disposition = *action;
}

static void change_mask(int how, int number)
{
    uint64_t set = bit(number);
    system_call4(SYS_rt_sigprocmask, how, &set, NULL, KERNEL_SET_BYTES);
}

void signals_settle(void)
{
    if (!former_number || !thread_hot.app_blocks_signal)
        return;
    thread_hot.app_blocks_signal = 0;
    change_mask(SIG_BLOCK, former_number);
}

void signals_settled_in_handler(void *context)
{
    ucontext_t *interrupted = context;
    uint64_t now = 0;
    if (seccomp_entered || !former_number)
        return;
    /* Our handler is installed with SA_NODEFER: what is blocked here, but not where it came from, was
     * blocked by a handler on top of it. */
    if (system_call4(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &now, KERNEL_SET_BYTES) == 0)
        interrupted->uc_sigmask.__val[0] |= now & bit(former_number);
}

void signals_step_aside(void)
{
    int number = signals_sampling_number;
    if (number) {
        former_number = number;
        if (signals_taken)
            signals_taken();
        signals_sampling_number = 0;
    }
    signals_settle();
}

void signals_thread_begin(void)
{
    int number = signals_sampling_number;
    if (number && thread_hot.app_blocks_signal)
        change_mask(SIG_BLOCK, number);
}

void signals_thread_end(void)
{
    int number = signals_sampling_number;
    if (number && thread_hot.app_blocks_signal)
        change_mask(SIG_UNBLOCK, number);
    else
        signals_settle(); /* somebody stepped aside meanwhile */
}

/* ---- sets ---- */

bool signals_readable(const sigset_t *set)
{
    /* rt_sigprocmask reads the set before it looks at `how`, which no kernel knows: this asks whether
     * eight bytes can be read, and changes nothing. */
    enum { NO_SUCH_HOW = 0x5354 };
    return set && system_call4(SYS_rt_sigprocmask, NO_SUCH_HOW, set, NULL, KERNEL_SET_BYTES) != -EFAULT;
}

enum signals_set signals_strip(const sigset_t *set, sigset_t *ret_copy)
{
    uint64_t word = set->__val[0];
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

/* Once more, to the process or to this thread, as it was sent. Where the kernel does not let us repeat
 * the sender's information (from another thread than the main one), a plain signal has to do. */
static void send_again(int number, siginfo_t *info)
{
    long pid = system_call0(SYS_getpid), tid = (long)thread_id();
    if (info->si_code == SI_TKILL) {
        if (system_call4(SYS_rt_tgsigqueueinfo, pid, tid, number, info) < 0)
            system_call3(SYS_tgkill, pid, tid, number);
    } else if (system_call3(SYS_rt_sigqueueinfo, pid, number, info) < 0) {
        system_call2(SYS_kill, pid, number);
    }
}

void signals_foreign(int number, siginfo_t *info, void *context)
{
    ucontext_t *interrupted = context;
    if (thread_hot.app_blocks_signal) {
        /* Blocked here from now on (the mask at sigreturn is the one in the context), so that it stays
         * pending or goes to a thread that waits for it. */
        signals_step_aside();
        interrupted->uc_sigmask.__val[0] |= bit(number);
        send_again(number, info);
        return;
    }
    if (disposition.sa_handler == SIG_IGN)
        return;
    struct kernel_action ends_process = {.handler = (void *)SIG_DFL};
    system_call4(SYS_rt_sigaction, number, &ends_process, NULL, KERNEL_SET_BYTES);
    system_call3(SYS_tgkill, system_call0(SYS_getpid), thread_id(), number);
    change_mask(SIG_UNBLOCK, number);
}

/* ---- exec ---- */

void signals_exec_prepare(struct signals_exec *ret_exec)
{
    int number = signals_sampling_number;
    signals_settle();
    *ret_exec = (struct signals_exec){
        .ignored = number && disposition.sa_handler == SIG_IGN,
        .blocked = number && thread_hot.app_blocks_signal,
    };
    if (ret_exec->ignored) {
        struct kernel_action ignore = {.handler = (void *)SIG_IGN};
        system_call4(SYS_rt_sigaction, number, &ignore, ret_exec->action, KERNEL_SET_BYTES);
    }
    if (ret_exec->blocked)
        change_mask(SIG_BLOCK, number);
}

void signals_exec_undo(const struct signals_exec *exec)
{
    int number = signals_sampling_number;
    if (!number)
        return;
    if (exec->ignored)
        system_call4(SYS_rt_sigaction, number, exec->action, NULL, KERNEL_SET_BYTES);
    if (exec->blocked)
        change_mask(SIG_UNBLOCK, number);
}
