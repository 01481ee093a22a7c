/* cpu.c: where the CPU time goes, by one CPU-time timer for each thread.
 *
 * Owns the sampling signal (a real-time signal found unused at boot), its handler and the timers:
 * timer_create(CLOCK_THREAD_CPUTIME_ID) with SIGEV_THREAD_ID, so that each thread interrupts itself
 * after each 1/STRONG_CPU_HZ of its own CPU time, in user code or in the kernel, and a thread that
 * waits costs nothing. glibc's timer_create is not used: it can start a helper thread.
 *
 * The kernel looks at CPU timers in its scheduler tick: more than CONFIG_HZ signals a second do not
 * come (250 on Debian); periods that passed meanwhile are in si_overrun and in the sample's weight, so
 * sums stay right and only the resolution is lost. The first period starts at a random phase, so that
 * threads shorter than a period are represented in the mean (not those shorter than a tick).
 *
 * The signal is invisible to the program: runtime/signals.h keeps its virtual disposition and mask,
 * runtime/interrupt.h hides EINTR and blocks the program's signals for that. But for a call that was broken our handler
 * runs with the mask of what it interrupted from its second line on, and with SA_NODEFER: a handler of the program's
 * that interrupts it sees the mask it would have seen, and may leave by longjmp. SA_ONSTACK: stacks of
 * coroutines can be tiny.
 *
 * Handler: no system call except runtime/interrupt.h's, what process_due does once a second and what span_attend was put
 * off; nothing to undo, errno untouched, any state of hot.state. Invariant: a timer is deleted by whoever swaps -1 into
 * thread.cpu_timer.
 */
#include "monitor/monitor.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <time.h>
#include <ucontext.h>

#include "monitor/restorer.h"
#include "runtime/clock.h"
#include "runtime/config.h"
#include "runtime/counters.h"
#include "runtime/interrupt.h"
#include "runtime/process.h"
#include "runtime/sampler.h"
#include "runtime/seccomp.h"
#include "runtime/segment.h"
#include "runtime/signals.h"
#include "runtime/span.h"
#include "runtime/thread.h"

#if defined(__x86_64__)
_Static_assert(offsetof(ucontext_t, uc_mcontext.gregs[REG_R8]) == 40, "restorer.h");
_Static_assert(offsetof(ucontext_t, uc_mcontext.gregs[REG_RSP]) == 160, "restorer.h");
_Static_assert(offsetof(ucontext_t, uc_mcontext.gregs[REG_RIP]) == 168, "restorer.h");
#endif

/* The kernel's own layouts (uapi asm/signal.h, asm-generic/siginfo.h); glibc's differ or hide fields. */
struct kernel_sigaction {
    void (*handler)(int, siginfo_t *, void *);
    unsigned long flags;
    void (*restorer)(void);
    uint64_t mask;
};
struct kernel_sigevent {
    void *value;
    int signal, notify, thread_id;
    char padding[64 - 8 - 3 * 4];
};
_Static_assert(sizeof(struct kernel_sigevent) == 64, "SIGEV_MAX_SIZE");
enum { KERNEL_SA_RESTORER = 0x04000000, KERNEL_SIGSET_BYTES = 8, FIRST_REAL_TIME = 34 };

static uint64_t period_ns;
static bool stopped;
static char cookie; /* its address in siginfo says that a signal is from our timers */

/* ---- the handler ---- */

static void record(struct thread_block *block, uint64_t cpu_ns, const void *context)
{
    unsigned hook = block->now_hook;
    uint32_t target = hook ? block->now_target : 0;
    /* [CLASS_COUNT]: outside hooks */
    system_add(&block->class_cpu_ns[hook ? span_class(hook, target) : CLASS_COUNT], cpu_ns);
    /* In libstrong's own update only the sum is safe to touch, and a stack would be our own. */
    if (thread_hot.state == THREAD_READY)
        sampler_record(SAMPLE_CPU, hook, target, (double)cpu_ns, 0, context);
}

static void on_signal(int number, siginfo_t *info, void *context)
{
    if (info->si_code != SI_TIMER || info->si_value.sival_ptr != &cookie) {
        interrupt_admit(context);
        signals_foreign(number, info, context);
        return;
    }
    bool broke_call = interrupt_note(context);
    if (!broke_call)
        interrupt_admit(context);
    uint64_t overruns = info->si_overrun > 0 ? (uint64_t)info->si_overrun : 0;
    counters_add(COUNTER_cpu_signals, 1);
    if (overruns)
        counters_add(COUNTER_cpu_overruns, overruns);
    struct thread_hot *hot = &thread_hot;
    if (hot->block && (hot->state == THREAD_READY || hot->state == THREAD_BUSY))
        record(hot->block, period_ns * (1 + overruns), context);
    /* A program that only computes calls no hook: then this is what notices that a second is over. */
    if (hot->state == THREAD_READY) {
        uint64_t now_ticks = clock_ticks();
        if (now_ticks >= __atomic_load_n(&process_next_tick, __ATOMIC_RELAXED))
            process_due(now_ticks);
    }
    if (strong_unlikely(span_attention) && hot->state == THREAD_READY)
        span_attend(HOOK_NONE);
    if (broke_call)
        interrupt_settle(context);
    /* Somebody else's signal came on top of this handler (before its first instruction, even) and is now
     * blocked for the program: the mask that this handler returns to must say so too. */
    else if (!signals_sampling_number)
        signals_settled_in_handler(context);
}

/* ---- timers ---- */

static void delete_timer(struct thread *thread)
{
    int timer = __atomic_exchange_n(&thread->cpu_timer, -1, __ATOMIC_ACQ_REL); /* one deleter, see arm */
    if (timer >= 0)
        system_call1(SYS_timer_delete, timer);
}

/* A signal blocked by whoever started the program would never come; the program goes on believing
 * that it is blocked. */
static void unblock(void)
{
    uint64_t set = 1ull << (signals_sampling_number - 1), old = 0;
    system_call4(SYS_rt_sigprocmask, SIG_UNBLOCK, &set, &old, KERNEL_SIGSET_BYTES);
    if (old & set)
        thread_hot.app_blocks_signal = 1;
}

static struct timespec in_timespec(uint64_t ns)
{
    return (struct timespec){.tv_sec = (time_t)(ns / 1000000000), .tv_nsec = (long)(ns % 1000000000)};
}

static void arm(struct thread *thread)
{
    struct kernel_sigevent event = {.value = &cookie,
                                    .signal = signals_sampling_number,
                                    .notify = SIGEV_THREAD_ID,
                                    .thread_id = (int)thread_id()};
    int timer = -1;
    long ret = system_call3(SYS_timer_create, CLOCK_THREAD_CPUTIME_ID, &event, &timer);
    if (ret < 0) { /* EAGAIN: RLIMIT_SIGPENDING */
        counters_add(COUNTER_cpu_timers_failed, 1);
        return;
    }
    unblock();
    uint64_t phase = (clock_ticks() ^ (uint64_t)event.thread_id << 32) * 0x9E3779B97F4A7C15ull;
    struct itimerspec times = {.it_interval = in_timespec(period_ns),
                               .it_value = in_timespec(1 + (phase >> 16) % period_ns)};
    system_call4(SYS_timer_settime, timer, 0, &times, NULL);
    /* Pairs with stop(): either it sees the timer, or we see that it has stopped. */
    __atomic_store_n(&thread->cpu_timer, timer, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&stopped, __ATOMIC_SEQ_CST))
        delete_timer(thread);
}

static bool may_arm(void)
{
    return period_ns && signals_sampling_number && !segment_promotion_due && !seccomp_entered &&
           !__atomic_load_n(&stopped, __ATOMIC_RELAXED);
}

void cpu_attached(struct thread *thread)
{
    __atomic_store_n(&thread->cpu_timer, -1, __ATOMIC_RELAXED);
    if (may_arm())
        arm(thread);
}

void cpu_detached(struct thread *thread)
{
    /* In seccomp the timers are gone since stop(). */
    if (!seccomp_entered)
        delete_timer(thread);
}

void cpu_promoted(void)
{
    struct thread *self = thread_hot.self;
    segment->cpu_period_ns = period_ns;
    if (self && self->cpu_timer < 0 && may_arm())
        arm(self);
}

/* ---- stepping aside ---- */

static void stop(void)
{
    __atomic_store_n(&stopped, true, __ATOMIC_SEQ_CST); /* pairs with arm() */
    uint32_t count = monitor_block_count();
    for (uint32_t i = 1; i < count; i++) {
        const struct thread_block *block = monitor_block(i);
        struct thread *thread = block ? thread_find(__atomic_load_n(&block->tid, __ATOMIC_RELAXED)) : NULL;
        if (thread)
            delete_timer(thread);
    }
}

static void taken_by_program(void)
{
    stop();
    signals_sampling_number = 0;
    counters_set(COUNTER_cpu_signal_taken, 1);
    segment_note("CPU sampling stopped: the program uses the signal it was using");
}

/* A filter may forbid rt_sigreturn, which every signal handler ends with: no signal may come any more. */
static void before_seccomp(void)
{
    if (__atomic_load_n(&stopped, __ATOMIC_RELAXED) || !period_ns)
        return;
    stop();
    segment_note("CPU sampling stopped: the program entered seccomp");
}

/* ---- boot ---- */

static int choose_signal(void)
{
    struct kernel_sigaction action;
    for (int number = _NSIG - 1; number >= FIRST_REAL_TIME; number--) {
        if (system_call4(SYS_rt_sigaction, number, NULL, &action, KERNEL_SIGSET_BYTES) == 0 &&
            (void *)action.handler == (void *)SIG_DFL)
            return number;
    }
    return 0;
}

int cpu_init(void)
{
    if (config.cpu_hz == 0)
        return 0;
    int number = choose_signal();
    if (!number) {
        segment_note("CPU sampling is off: no real-time signal is free");
        return -EBUSY;
    }
    struct kernel_sigaction action = {.handler = on_signal,
                                      .flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK | SA_NODEFER,
                                      .mask = INTERRUPT_HELD};
#if defined(__x86_64__)
    action.flags |= KERNEL_SA_RESTORER;
    action.restorer = strong_restorer;
#endif
    long ret = system_call4(SYS_rt_sigaction, number, &action, NULL, KERNEL_SIGSET_BYTES);
    if (ret < 0) {
        segment_note("CPU sampling is off: its signal handler was refused");
        return (int)ret;
    }
    signals_sampling_number = number;
    signals_taken = taken_by_program;
    seccomp_on_entering(before_seccomp);
    period_ns = 1000000000u / config.cpu_hz;
    segment->cpu_period_ns = period_ns;
    return 0;
}
