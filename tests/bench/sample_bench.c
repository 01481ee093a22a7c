/* sample_bench.c: what one allocation sample of a stack of about 30 frames costs, warm.
 *
 * Run with STRONG_ALLOC_PERIOD=1 (every allocation is sampled) and with STRONG_ALLOC_PERIOD=0 (none is):
 * the difference is the sample: walk, interning, sums, and following the object to its free.
 * Output: "sample ns".
 */
#include <stdlib.h>

#include "bench.h"

static void *volatile kept;

__attribute__((noinline)) static int down(int depth)
{
    if (depth == 0) {
        kept = malloc(64);
        free(kept);
        return 1;
    }
    return down(depth - 1) + depth; /* not a tail call */
}

int main(void)
{
    BENCH("sample", 20, 20000, down(25));
    return 0;
}
