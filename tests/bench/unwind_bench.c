/*
 * unwind_bench: ns for a walk of 30 and of 100 frames, warm and cold, beside unw_backtrace of
 * libunwind, in interleaved rounds (median and best of each). The stack is a recursion through
 * several functions, some with a frame pointer and some without. libunwind is opened at run time
 * and left out where it is missing.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "runtime/unwind.h"

#define ROUNDS 41
#define REPEAT 2000
#define DEEPEST 100

typedef int backtrace_function(void **, int);

static backtrace_function *libunwind_backtrace;
static uintptr_t stack_high;
static volatile unsigned sink;
static double own_ns[ROUNDS], cold_ns[ROUNDS], libunwind_ns[ROUNDS];
static unsigned own_frames, libunwind_frames;

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static unsigned __attribute__((noinline)) walk_here(unsigned max)
{
    uintptr_t pcs[DEEPEST];
    struct unwind_start start;
    enum unwind_end end;
    unwind_start_here(&start);
    struct unwind_bounds bounds = {start.sp - 128, stack_high, 0, 0};
    unsigned count = unwind_walk(&start, &bounds, pcs, max, &end);
    sink += (unsigned)pcs[count - 1];
    return count;
}

static void __attribute__((noinline)) measure(unsigned max)
{
    void *pcs[DEEPEST];
    for (unsigned round = 0; round < ROUNDS; round++) {
        uint64_t before = now_ns();
        for (unsigned i = 0; i < REPEAT; i++)
            own_frames = walk_here(max);
        own_ns[round] = (double)(now_ns() - before) / REPEAT;

        if (libunwind_backtrace != NULL) {
            before = now_ns();
            for (unsigned i = 0; i < REPEAT; i++)
                libunwind_frames = (unsigned)libunwind_backtrace(pcs, (int)max);
            libunwind_ns[round] = (double)(now_ns() - before) / REPEAT;
        }
        unwind_flush();
        before = now_ns();
        walk_here(max);
        cold_ns[round] = (double)(now_ns() - before);
    }
}

#define SHAPE __attribute__((noinline, noclone))
static unsigned descend(unsigned depth, unsigned max);

static unsigned SHAPE plain(unsigned depth, unsigned max)
{
    return descend(depth, max) + 1;
}

static unsigned SHAPE with_array(unsigned depth, unsigned max)
{
    volatile char room[200];
    room[depth] = 1;
    return descend(depth, max) + (unsigned)room[depth];
}

static unsigned SHAPE with_alloca(unsigned depth, unsigned max)
{
    volatile char *room = __builtin_alloca(depth * 8 + 16);
    room[0] = 1;
    return descend(depth, max) + (unsigned)room[0];
}

__attribute__((optimize("omit-frame-pointer"))) static unsigned SHAPE without_frame(unsigned depth,
                                                                                    unsigned max)
{
    return descend(depth, max) + 3;
}

static unsigned SHAPE descend(unsigned depth, unsigned max)
{
    if (depth == 0) {
        measure(max);
        return 0;
    }
    switch (depth % 4) {
    case 0:
        return plain(depth - 1, max) + 1;
    case 1:
        return with_array(depth - 1, max) + 1;
    case 2:
        return with_alloca(depth - 1, max) + 1;
    default:
        return without_frame(depth - 1, max) + 1;
    }
}

static int compare(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static void print_row(const char *name, double *ns, unsigned frames)
{
    qsort(ns, ROUNDS, sizeof *ns, compare);
    printf("  %-28s %8.0f %8.0f ns  %6.1f ns a frame, %u frames\n", name, ns[ROUNDS / 2], ns[0],
           ns[ROUNDS / 2] / frames, frames);
}

int main(void)
{
    pthread_attr_t attributes;
    void *low;
    size_t size;
    if (pthread_getattr_np(pthread_self(), &attributes) != 0 ||
        pthread_attr_getstack(&attributes, &low, &size) != 0)
        return 1;
    pthread_attr_destroy(&attributes);
    stack_high = (uintptr_t)low + size;
    if (unwind_init() != 0)
        return 1;
    void *library = dlopen("libunwind.so.8", RTLD_NOW | RTLD_LOCAL);
    if (library != NULL)
        libunwind_backtrace = (backtrace_function *)dlsym(library, "unw_backtrace");
    static const unsigned depths[] = {30, 100};
    for (unsigned i = 0; i < 2; i++) {
        sink += descend(depths[i] / 2 + 2, depths[i]);
        printf("%u frames, %d rounds of %d          median     best\n", depths[i], ROUNDS, REPEAT);
        print_row("own walk, capture included", own_ns, own_frames);
        print_row("own walk, after a flush", cold_ns, own_frames);
        if (libunwind_backtrace != NULL)
            print_row("unw_backtrace", libunwind_ns, libunwind_frames);
    }
    return 0;
}
