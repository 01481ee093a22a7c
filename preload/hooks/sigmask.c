/* sigmask.c: signal masks and waiting for signals, without the CPU sampling signal (runtime/signals.h).
 *
 * Masks: a set that blocks "all" is stripped of it, the thread remembers what the program believes, and
 * old masks report that. Waits: the same; a set that means this very signal makes the sampler step
 * aside before the call. Sets are copied, never changed. sigprocmask's set is read by libc itself, the
 * others only by the kernel: these are looked at when the kernel could read them (signals_readable).
 * A wait that our signal broke is taken up again. A vfork child (state OFF) has a mask of its own:
 * forwarded. Async-signal-safe, except signalfd's first call for a descriptor.
 */
#include "runtime/signals.h"

#include "hooks/site.h"
#include "runtime/fdtable.h"
#include "runtime/interrupt.h"

/* ---- masks ---- */

/* What a mask call has to do besides being forwarded. */
struct mask_change {
    sigset_t copy;
    const sigset_t *set;   /* what the kernel gets */
    uint64_t reported;     /* bit of the signal in an old mask, as the program believes */
    uint32_t believed;     /* app_blocks_signal afterwards */
    bool watched;
};

static void mask_prepare(struct mask_change *change, int how, const sigset_t *set)
{
    struct thread_hot *hot = &thread_hot;
    change->set = set;
    change->watched = false;
    if (hot->state == THREAD_OFF)
        return;
    if (!signals_sampling_number) {
        signals_settle();
        return;
    }
    enum signals_set content = SIGNALS_WITHOUT;
    if (set && how != SIG_UNBLOCK)
        content = signals_strip(set, &change->copy);
    if (content == SIGNALS_WANTED) {
        signals_step_aside();
        return;
    }
    uint64_t bit = 1ull << (signals_sampling_number - 1);
    change->watched = true;
    change->reported = hot->app_blocks_signal ? bit : 0;
    change->believed = hot->app_blocks_signal;
    if (!set)
        return;
    if (how == SIG_UNBLOCK) {
        if (set->__val[0] & bit)
            change->believed = 0;
        return;
    }
    change->set = &change->copy;
    if (how == SIG_SETMASK || content == SIGNALS_STRIPPED)
        change->believed = content == SIGNALS_STRIPPED;
}

static void mask_done(const struct mask_change *change, sigset_t *ret_old)
{
    if (!change->watched)
        return;
    thread_hot.app_blocks_signal = change->believed;
    if (ret_old)
        ret_old->__val[0] |= change->reported;
}

STRONG_EXPORT int sigprocmask(int how, const sigset_t *set, sigset_t *ret_old)
{
    struct span span;
    struct mask_change change;
    span_begin(&span, HOOK_sigprocmask, 0);
    mask_prepare(&change, how, set);
    int ret = next.sigprocmask(how, change.set, ret_old);
    if (ret == 0)
        mask_done(&change, ret_old);
    span_end(&span, 0, HOOK_ERROR(ret));
    return ret;
}

STRONG_EXPORT int pthread_sigmask(int how, const sigset_t *set, sigset_t *ret_old)
{
    struct span span;
    struct mask_change change;
    span_begin(&span, HOOK_pthread_sigmask, 0);
    mask_prepare(&change, how, set);
    int ret = next.pthread_sigmask(how, change.set, ret_old);
    if (ret == 0)
        mask_done(&change, ret_old);
    span_end(&span, 0, ret);
    return ret;
}

STRONG_EXPORT int sigpending(sigset_t *ret_set)
{
    struct span span;
    span_begin(&span, HOOK_sigpending, 0);
    if (!signals_sampling_number && thread_hot.state != THREAD_OFF)
        signals_settle();
    int ret = next.sigpending(ret_set);
    int number = signals_sampling_number;
    if (ret == 0 && number)
        ret_set->__val[0] &= ~(1ull << (number - 1));
    span_end(&span, 0, HOOK_ERROR(ret));
    return ret;
}

/* ---- waits ---- */

/* The set to wait for: the caller's own, or `copy` without the sampling signal. */
static const sigset_t *wait_set(const sigset_t *set, sigset_t *copy)
{
    if (thread_hot.state == THREAD_OFF)
        return set;
    if (!signals_sampling_number) {
        signals_settle();
        return set;
    }
    if (!signals_readable(set))
        return set;
    switch (signals_strip(set, copy)) {
    case SIGNALS_STRIPPED:
        return copy;
    case SIGNALS_WANTED:
        signals_step_aside();
        return set;
    default:
        return set;
    }
}

/* With the sampling signal blocked meanwhile it cannot break the wait: a thread that waits uses no CPU
 * time that could be sampled. */
STRONG_EXPORT int sigsuspend(const sigset_t *mask)
{
    struct span span;
    sigset_t copy;
    span_begin(&span, HOOK_sigsuspend, SITE_HERE());
    const sigset_t *used = mask;
    if (signals_sampling_number && thread_hot.state != THREAD_OFF && signals_readable(mask)) {
        copy = (sigset_t){{mask->__val[0] | 1ull << (signals_sampling_number - 1)}};
        used = &copy;
    }
    int ret = next.sigsuspend(used);
    span_end(&span, 0, HOOK_ERROR(ret));
    return ret;
}

/* libc repeats it after EINTR. Returns the error. */
STRONG_EXPORT int sigwait(const sigset_t *restrict set, int *restrict ret_number)
{
    struct span span;
    sigset_t copy;
    span_begin(&span, HOOK_sigwait, SITE_HERE());
    int ret = next.sigwait(wait_set(set, &copy), ret_number);
    span_end(&span, 0, ret);
    return ret;
}

STRONG_EXPORT int sigwaitinfo(const sigset_t *restrict set, siginfo_t *restrict ret_info)
{
    struct span span;
    sigset_t copy;
    span_begin(&span, HOOK_sigwaitinfo, SITE_HERE());
    const sigset_t *used = wait_set(set, &copy);
    interrupt_begin();
    int ret = next.sigwaitinfo(used, ret_info);
    while (ret < 0 && errno == EINTR && interrupt_was_ours())
        ret = next.sigwaitinfo(used, ret_info);
    span_end(&span, 0, HOOK_ERROR(ret));
    return ret;
}

STRONG_EXPORT int sigtimedwait(const sigset_t *restrict set, siginfo_t *restrict ret_info,
                               const struct timespec *restrict timeout)
{
    struct span span;
    sigset_t copy;
    span_begin(&span, HOOK_sigtimedwait, SITE_HERE());
    const sigset_t *used = wait_set(set, &copy);
    /* A thread that is OFF may not be allowed to read the clock, and has no signal of ours. */
    uint64_t start_ns = thread_hot.state == THREAD_OFF ? 0 : clock_monotonic_ns();
    interrupt_begin();
    int ret = next.sigtimedwait(used, ret_info, timeout);
    while (ret < 0 && errno == EINTR && interrupt_was_ours()) {
        struct timespec rest, *left = NULL;
        __asm__("" : "+r"(timeout)); /* NULL is allowed, whatever the prototype may promise */
        if (timeout) { /* readable: the kernel has read it */
            uint64_t whole_ns = (uint64_t)timeout->tv_sec * 1000000000u + (uint64_t)timeout->tv_nsec;
            uint64_t passed_ns = clock_monotonic_ns() - start_ns;
            uint64_t left_ns = whole_ns > passed_ns ? whole_ns - passed_ns : 0;
            rest = (struct timespec){(time_t)(left_ns / 1000000000u), (long)(left_ns % 1000000000u)};
            left = &rest;
        }
        ret = next.sigtimedwait(used, ret_info, left);
    }
    span_end(&span, 0, HOOK_ERROR(ret));
    return ret;
}

STRONG_EXPORT int signalfd(int fd, const sigset_t *set, int flags)
{
    struct span span;
    sigset_t copy;
    span_begin(&span, HOOK_signalfd, 0);
    int ret = next.signalfd(fd, wait_set(set, &copy), flags);
    span_end(&span, 0, HOOK_ERROR(ret));
    if (ret >= 0 && fd == -1 && thread_hot.state != THREAD_OFF)
        fdtable_special(ret, "signalfd");
    return ret;
}
