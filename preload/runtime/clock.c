/* clock.c: calibrates the tick against CLOCK_MONOTONIC.
 *
 * Owns the ratio ns/tick in the segment header (one 64-bit fixed-point word, 24.40), first measured
 * over the few dozen microseconds of boot, then refined against the same starting point, so that its
 * error falls with the run's length: two clock readings of ~25 ns uncertainty over the whole run.
 * The counter is used only where the CPU calls it invariant. Any thread after clock_init.
 */
#include "runtime/clock.h"

#if defined(__x86_64__)
#include <sys/platform/x86.h>
#endif

#include "runtime/segment.h"
#include "runtime/vdso.h"

bool clock_counter_usable;

static uint64_t first_ticks, first_ns, ratio_q40 = 1ull << 40;

uint64_t clock_monotonic_ns(void)
{
    return vdso_clock_ns(CLOCK_MONOTONIC);
}

static bool counter_invariant(void)
{
#if defined(__x86_64__)
    /* Intel SDM 17.17.1; as ld.so read it: our own CPUID would leave a virtual machine (20 µs each). */
    return CPU_FEATURE_PRESENT(INVARIANT_TSC);
#elif defined(__aarch64__)
    return true; /* cntvct_el0 runs at a fixed rate by definition */
#else
    return false;
#endif
}

/* A (ticks, ns) pair read as closely together as three tries allow. */
static void read_pair(uint64_t *ret_ticks, uint64_t *ret_ns)
{
    uint64_t best = UINT64_MAX;
    for (int i = 0; i < 3; i++) {
        uint64_t before = clock_ticks();
        uint64_t ns = clock_monotonic_ns();
        uint64_t after = clock_ticks();
        if (after - before < best) {
            best = after - before;
            *ret_ticks = before + (after - before) / 2;
            *ret_ns = ns;
        }
    }
}

static uint64_t ratio(uint64_t ns, uint64_t ticks)
{
    return (uint64_t)(((__uint128_t)ns << 40) / ticks);
}

int clock_init(void)
{
    clock_counter_usable = counter_invariant();
    read_pair(&first_ticks, &first_ns);
    return 0;
}

void clock_refine(void)
{
    uint64_t ticks, ns;
    read_pair(&ticks, &ns);
    if (ticks <= first_ticks || ns <= first_ns)
        return;
    ratio_q40 = clock_counter_usable ? ratio(ns - first_ns, ticks - first_ticks) : 1ull << 40;
    segment->clock_first_ticks = first_ticks;
    segment->clock_first_ns = first_ns;
    segment->clock_source = !clock_counter_usable ? CLOCK_SOURCE_MONOTONIC
#if defined(__x86_64__)
                                                  : CLOCK_SOURCE_TSC;
#else
                                                  : CLOCK_SOURCE_COUNTER;
#endif
    __atomic_store_n(&segment->ns_per_tick_q40, ratio_q40, __ATOMIC_RELAXED);
}

uint64_t clock_ticks_to_ns(uint64_t ticks)
{
    return (uint64_t)(((__uint128_t)ticks * ratio_q40) >> 40);
}

uint64_t clock_ns_to_ticks(uint64_t ns)
{
    return (uint64_t)(((__uint128_t)ns << 40) / ratio_q40);
}
