/* monitor_split SECONDS: spends 70, 20 and 10 % of its CPU time in three functions, in turns of
 * 70, 20 and 10 ms. Prints for each its name, first and last address, and its measured CPU time in ns. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static uint64_t cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static volatile uint64_t sink;

/* One dependent chain of multiplications: as fast in each of the three, wherever it is placed. */
#define SPINNER(name)                                                                              \
    __attribute__((noinline, section("spin_" #name))) static void name(uint64_t rounds)            \
    {                                                                                              \
        uint64_t value = rounds;                                                                   \
        while (rounds--)                                                                           \
            value = value * 6364136223846793005u + 1442695040888963407u;                           \
        sink = value;                                                                              \
    }                                                                                              \
    extern char __start_spin_##name[], __stop_spin_##name[];

SPINNER(large)
SPINNER(middle)
SPINNER(small)

static uint64_t spent[3];

static void turn(unsigned which, void (*function)(uint64_t), uint64_t rounds)
{
    uint64_t before = cpu_ns();
    function(rounds);
    spent[which] += cpu_ns() - before;
}

int main(int argc, char **argv)
{
    double seconds = argc > 1 ? atof(argv[1]) : 1;
    uint64_t before = cpu_ns();
    small(20000000);
    uint64_t rounds_in_ms = 20000000 / ((cpu_ns() - before) / 1000000 + 1);
    spent[2] += cpu_ns() - before;
    while (spent[0] + spent[1] + spent[2] < seconds * 1e9) {
        turn(0, large, 70 * rounds_in_ms);
        turn(1, middle, 20 * rounds_in_ms);
        turn(2, small, 10 * rounds_in_ms);
    }
    printf("large %p %p %lu\n", (void *)__start_spin_large, (void *)__stop_spin_large, spent[0]);
    printf("middle %p %p %lu\n", (void *)__start_spin_middle, (void *)__stop_spin_middle, spent[1]);
    printf("small %p %p %lu\n", (void *)__start_spin_small, (void *)__stop_spin_small, spent[2]);
    return 0;
}
