/* sleep.c: sleeps: timed, told apart by their call site.
 *
 * An EINTR that our signal caused is hidden by sleeping on: for nanosleep's kind with the time the kernel
 * says is left, for sleep and usleep, which do not say it exactly, until the time they should have ended.
 * An EINTR of the program's own goes out as libc gives it. `left` of the caller is only written by the
 * kernel, so a bad pointer stays the kernel's to refuse. sleep and usleep are not async-signal-safe to
 * rely on, nanosleep is: here too.
 */
#include "hooks/site.h"
#include "runtime/interrupt.h"

/* Only where a signal of ours can come: a thread that is OFF may not be allowed to read the clock. */
static uint64_t start_ns(void)
{
    return thread_hot.state == THREAD_OFF ? 0 : clock_monotonic_ns();
}

static struct timespec timespec_of(uint64_t ns)
{
    return (struct timespec){(time_t)(ns / 1000000000u), (long)(ns % 1000000000u)};
}

/* The rest of a sleep that our signal broke, to the moment it should end. True: slept it out; false:
 * interrupted by the program's own signal, errno EINTR, *ret_left_ns of it left. */
static bool sleep_out(uint64_t end_ns, uint64_t *ret_left_ns)
{
    for (;;) {
        uint64_t now_ns = clock_monotonic_ns();
        *ret_left_ns = end_ns > now_ns ? end_ns - now_ns : 0;
        struct timespec rest = timespec_of(*ret_left_ns);
        interrupt_begin();
        if (next.nanosleep(&rest, &rest) == 0)
            return true;
        if (errno != EINTR || !interrupt_was_ours()) {
            *ret_left_ns = (uint64_t)rest.tv_sec * 1000000000u + (uint64_t)rest.tv_nsec;
            return false;
        }
    }
}

STRONG_EXPORT unsigned sleep(unsigned seconds)
{
    struct span span;
    int saved_errno = errno;
    span_begin(&span, HOOK_sleep, SITE_HERE());
    uint64_t end_ns = start_ns() + seconds * 1000000000ull;
    interrupt_begin();
    errno = 0; /* less than a second left reads as 0 too: errno tells it from success */
    unsigned left = next.sleep(seconds);
    bool broken = errno == EINTR;
    if (broken && interrupt_was_ours()) {
        uint64_t left_ns;
        broken = !sleep_out(end_ns, &left_ns);
        left = broken ? (unsigned)(left_ns / 1000000000u) : 0;
    }
    if (!broken)
        errno = saved_errno;
    span_end(&span, 0, broken ? EINTR : 0);
    return left;
}

STRONG_EXPORT int usleep(useconds_t microseconds)
{
    struct span span;
    int saved_errno = errno;
    span_begin(&span, HOOK_usleep, SITE_HERE());
    uint64_t end_ns = start_ns() + microseconds * 1000ull;
    interrupt_begin();
    int ret = next.usleep(microseconds);
    if (ret < 0 && errno == EINTR && interrupt_was_ours()) {
        uint64_t left_ns;
        ret = sleep_out(end_ns, &left_ns) ? 0 : -1;
        if (ret == 0)
            errno = saved_errno;
    }
    span_end(&span, 0, HOOK_ERROR(ret));
    return ret;
}

STRONG_EXPORT int nanosleep(const struct timespec *time, struct timespec *ret_left)
{
    struct span span;
    struct timespec rest, unasked, *left = ret_left ? ret_left : &unasked;
    int saved_errno = errno;
    span_begin(&span, HOOK_nanosleep, SITE_HERE());
    interrupt_begin();
    int ret = next.nanosleep(time, left);
    while (ret < 0 && errno == EINTR && interrupt_was_ours()) {
        rest = *left;
        errno = saved_errno;
        ret = next.nanosleep(&rest, left);
    }
    span_end(&span, 0, HOOK_ERROR(ret));
    return ret;
}

/* Returns the error instead of setting errno. An absolute time needs no rest. */
STRONG_EXPORT int clock_nanosleep(clockid_t clock, int flags, const struct timespec *time,
                                  struct timespec *ret_left)
{
    struct span span;
    struct timespec rest, unasked, *left = ret_left ? ret_left : &unasked;
    bool absolute = flags & TIMER_ABSTIME;
    span_begin(&span, HOOK_clock_nanosleep, SITE_HERE());
    interrupt_begin();
    int ret = next.clock_nanosleep(clock, flags, time, absolute ? ret_left : left);
    while (ret == EINTR && interrupt_was_ours()) {
        if (!absolute) {
            rest = *left;
            time = &rest;
        }
        ret = next.clock_nanosleep(clock, flags, time, absolute ? ret_left : left);
    }
    span_end(&span, 0, ret);
    return ret;
}

/* C11: 0, -1 for EINTR, other negative values for other failures. */
STRONG_EXPORT int thrd_sleep(const struct timespec *time, struct timespec *ret_left)
{
    struct span span;
    struct timespec rest, unasked, *left = ret_left ? ret_left : &unasked;
    span_begin(&span, HOOK_thrd_sleep, SITE_HERE());
    interrupt_begin();
    int ret = next.thrd_sleep(time, left);
    while (ret == -1 && interrupt_was_ours()) {
        rest = *left;
        ret = next.thrd_sleep(&rest, left);
    }
    span_end(&span, 0, ret == 0 ? 0 : ret == -1 ? EINTR : EINVAL);
    return ret;
}

STRONG_EXPORT int pause(void)
{
    struct span span;
    span_begin(&span, HOOK_pause, SITE_HERE());
    interrupt_begin();
    int ret = next.pause();
    while (errno == EINTR && interrupt_was_ours())
        ret = next.pause();
    span_end(&span, 0, HOOK_ERROR(ret));
    return ret;
}
