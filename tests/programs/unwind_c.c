/*
 * unwind_c MILLISECONDS: C code of many frame shapes, for comparing stack walks at random points
 * and at every instruction: recursion, variable arrays, a realigned stack, callbacks through libc's
 * qsort, bsearch and tdelete, calls through the PLT, longjmp, switches, many arguments. 0 runs it
 * once.
 */
#include <search.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SHAPE __attribute__((noinline, noclone))

static volatile unsigned sink;
static jmp_buf jump;

static int SHAPE compare(const void *left, const void *right)
{
    int a = *(const int *)left, b = *(const int *)right;
    return (a > b) - (a < b);
}

static int SHAPE compare_text(const void *left, const void *right)
{
    return strcmp(left, right);
}

static unsigned SHAPE mix(unsigned a, unsigned b)
{
    for (unsigned i = 0; i < 8; i++)
        a = a * 31 + (b ^ i);
    return a;
}

static unsigned SHAPE many_arguments(unsigned a, unsigned b, unsigned c, unsigned d, unsigned e,
                                     unsigned f, unsigned g, unsigned h, unsigned i)
{
    unsigned first = mix(a + i, b), second = mix(c + h, d);
    return mix(first + e, second + f + g) + first + second;
}

static unsigned SHAPE realigned(unsigned seed)
{
    _Alignas(64) volatile unsigned block[32];
    for (unsigned i = 0; i < 32; i++)
        block[i] = mix(seed, i);
    return block[seed % 32] + many_arguments(1, 2, 3, 4, 5, 6, 7, 8, seed);
}

static unsigned SHAPE realigned_variable(unsigned seed)
{
    _Alignas(32) volatile unsigned block[16];
    volatile char room[seed % 64 + 1];
    room[0] = (char)seed;
    block[0] = mix(seed, 3);
    return block[0] + realigned(seed) + (unsigned)room[0];
}

static unsigned SHAPE early_return(unsigned seed)
{
    if (__builtin_expect(seed % 4 != 0, 1))
        return seed;
    char text[64];
    snprintf(text, sizeof text, "%u %s %f", seed, "text", (double)seed);
    return (unsigned)strlen(text) + mix(seed, 9);
}

static unsigned SHAPE choose(unsigned seed)
{
    switch (seed % 7) {
    case 0:
        return mix(seed, 1);
    case 1:
        return early_return(seed);
    case 2:
        return realigned(seed);
    case 3:
        return many_arguments(seed, 1, 2, 3, 4, 5, 6, 7, 8);
    case 4:
        return realigned_variable(seed);
    case 5:
        return early_return(seed * 4);
    default:
        return seed;
    }
}

static unsigned SHAPE recurse(unsigned depth, unsigned seed)
{
    if (depth == 0)
        return choose(seed);
    volatile char room[depth * 3 + 1];
    room[depth] = (char)seed;
    return recurse(depth - 1, seed + 1) + choose(seed + depth) + (unsigned)room[depth];
}

static unsigned SHAPE jump_out(unsigned depth)
{
    if (depth == 0 && sink != 12345)
        longjmp(jump, 1);
    return depth == 0 ? 0 : jump_out(depth - 1) + 1;
}

static unsigned SHAPE sorts(unsigned seed)
{
    int values[40];
    for (unsigned i = 0; i < 40; i++)
        values[i] = (int)(mix(seed, i) % 1000);
    qsort(values, 40, sizeof *values, compare);
    int key = values[7];
    int *found = bsearch(&key, values, 40, sizeof *values, compare);
    return found != NULL ? (unsigned)*found : 0;
}

static unsigned SHAPE trees(unsigned seed)
{
    static char names[16][12];
    void *root = NULL;
    for (unsigned i = 0; i < 16; i++) {
        snprintf(names[i], sizeof names[i], "n%u", mix(seed, i) % 10000);
        tsearch(names[i], &root, compare_text);
    }
    unsigned count = 0;
    for (unsigned i = 0; i < 16; i++)
        count += tdelete(names[i], &root, compare_text) != NULL;
    return count;
}

static void SHAPE work(unsigned seed)
{
    sink += recurse(seed % 20, seed);
    sink += sorts(seed);
    sink += trees(seed);
    char *text = malloc(100 + seed % 100);
    memset(text, 'x', 100);
    text[99] = 0;
    sink += (unsigned)strtoul(text, NULL, 36) + (unsigned)strlen(text);
    free(text);
    if (setjmp(jump) == 0)
        sink += jump_out(seed % 10);
}

static long milliseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int main(int argc, char **argv)
{
    long until = milliseconds() + (argc > 1 ? atol(argv[1]) : 0);
    unsigned seed = 6;
    do
        work(seed++);
    while (milliseconds() < until);
    return 0;
}
