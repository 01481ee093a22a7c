/* bench.h: timing loops of the micro-benchmarks: the least of several rounds, in ns per operation.
 *
 * The least, because everything that disturbs a round makes it longer; scripts/bench takes the median
 * over interleaved processes on top of it.
 */
#ifndef STRONG_TESTS_BENCH_H
#define STRONG_TESTS_BENCH_H

#include <stdio.h>
#include <time.h>

static inline double bench_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

#define BENCH(name, rounds, count, ...)                                                            \
    do {                                                                                           \
        double least = 1e18;                                                                       \
        for (int round = 0; round < (rounds); round++) {                                           \
            double begin = bench_now_ns();                                                         \
            for (int i = 0; i < (count); i++) {                                                    \
                __VA_ARGS__;                                                                       \
            }                                                                                      \
            double taken = (bench_now_ns() - begin) / (count);                                     \
            least = taken < least ? taken : least;                                                 \
        }                                                                                          \
        printf("%s %.2f\n", name, least);                                                          \
    } while (0)

#endif
