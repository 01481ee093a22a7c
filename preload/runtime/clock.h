/* clock.h: the tick, libstrong's unit of time.
 *
 * Why not clock_gettime: two readings a call are the larger part of what a timed hook costs, and the
 * vDSO needs 23 ns against 11 ns for rdtsc (measured, see README). Unit: one step of the time-stamp
 * counter (x86-64), of the virtual counter (aarch64), or one nanosecond of CLOCK_MONOTONIC where the
 * counter is not invariant. Not serialised: an error of some ten instructions does not matter here.
 *
 *   uint64_t start = clock_ticks();
 *   ...
 *   uint64_t waited_ns = clock_ticks_to_ns(clock_ticks() - start);
 *
 * clock_ticks: any thread, any context, after clock_init. The ratio is refined while the process runs
 * (clock_refine); the segment carries it for readers.
 */
#ifndef STRONG_RUNTIME_CLOCK_H
#define STRONG_RUNTIME_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>
#if defined(__x86_64__)
#include <x86intrin.h>
#endif

extern bool clock_counter_usable; /* false: clock_ticks falls back to CLOCK_MONOTONIC ns */

int clock_init(void);
/* Improves ns_per_tick from the time passed since clock_init; at most once a second is enough. */
void clock_refine(void);

uint64_t clock_monotonic_ns(void);
uint64_t clock_ticks_to_ns(uint64_t ticks);
uint64_t clock_ns_to_ticks(uint64_t ns);

static inline uint64_t clock_ticks(void)
{
#if defined(__x86_64__)
    if (__builtin_expect(clock_counter_usable, 1))
        return __rdtsc();
#elif defined(__aarch64__)
    if (__builtin_expect(clock_counter_usable, 1)) {
        uint64_t ticks;
        __asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks));
        return ticks;
    }
#endif
    return clock_monotonic_ns();
}

#endif
