/* api_bench.c: ns for each use of strong.h, for scripts/bench to compare without libstrong, with it, and with it off.
 * Output: one line "name ns" each.
 */
#include <strong.h>

#include "bench.h"

static __attribute__((noinline)) void scope(void)
{
    STRONG_SCOPE("scope");
    __asm__ volatile("");
}

/* What the loop and the call cost by themselves. */
static __attribute__((noinline)) void nothing(void)
{
    __asm__ volatile("");
}

int main(void)
{
    BENCH("nothing", 20, 100000, nothing());
    BENCH("scope", 20, 100000, scope());
    BENCH("pair", 20, 100000, strong_measure_end(strong_measure_begin("begin and end")));
    BENCH("count", 20, 100000, strong_count("count", 2));
    BENCH("gauge", 20, 100000, strong_gauge("gauge", 1.5));
    return 0;
}
