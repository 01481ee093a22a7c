/* profile.h: samples by function: the flat profile, the allocator's share, and call sites.
 *
 * CPU time is given twice: self (the innermost frame) and total (anywhere on the stack, once a
 * sample). Blocked time, allocated and live bytes belong to the innermost frame of the program, so
 * each column but cpu_ns sums to what was sampled. libstrong's own frames are left out. Estimates:
 * unbiased; their variances are sums over the samples behind them, and profile_margin makes of one half of a 95 %
 * interval.
 * Built once from a model; needs its symbols for as long as it lives.
 */
#ifndef STRONG_ANALYSE_PROFILE_H
#define STRONG_ANALYSE_PROFILE_H

#include <stdbool.h>
#include <stdint.h>

#include "read/arena.h"
#include "read/model.h"
#include "read/symbols.h"

struct profile_function {
    const char *name; /* "[module]" for all of a module without symbols */
    const char *module;
    bool named;
    const char *file; /* of its hottest address; only for those that are shown, else NULL */
    unsigned line;
    uint64_t cpu_ns, cpu_self_ns;
    uint64_t cpu_samples; /* behind cpu_self_ns */
    uint64_t blocked_ns;  /* waits and lock waits */
    uint64_t alloc_bytes, alloc_objects;
    double cpu_variance, cpu_self_variance, blocked_variance, alloc_variance;
    int64_t live_bytes;
    struct model_frame hottest; /* the frame that most of its weight was seen at */
    uint64_t hottest_weight;
};

struct profile {
    struct profile_function *functions; /* by cpu_self_ns, then blocked_ns, then alloc_bytes */
    size_t count;
    uint64_t cpu_ns, cpu_samples;
    uint64_t allocator_ns,
        allocator_samples; /* CPU samples inside malloc, free and their helpers */
    uint64_t libstrong_ns; /* CPU samples whose innermost frame is ours */
};

/* Half of the 95 % interval of a sum with that variance: 1.96 standard errors. */
uint64_t profile_margin(double variance);

/* 0 or -ENOMEM. */
int profile_make(const struct model *model, struct symbols *symbols, struct arena *arena,
                 struct profile *ret_profile);

/* File and line of a function's hottest address; reads DWARF, so only for what is shown. */
void profile_locate(struct profile_function *function, struct symbols *symbols);

/* The program's frame behind a sample: past libstrong, the allocator and the thin wrappers around
 * it (operator new, strdup, xmalloc). NULL when the sample has no stack. */
const struct model_frame *profile_site(const struct model *model, struct symbols *symbols,
                                       uint32_t stack);

/* The same; *ret_runtime: there is no code of the program on the stack, which is complete: the C or C++
 * runtime allocated it for itself. */
const struct model_frame *profile_program_site(const struct model *model, struct symbols *symbols,
                                               uint32_t stack, bool *ret_runtime);

/* Time in the pool is the allocator's, not that of the function that allocates: the frame of libstrong next to the
 * program that belongs to an allocator, NULL where the innermost frames are not of one. */
const struct model_frame *profile_pool_frame(const struct model *model, struct symbols *symbols,
                                             uint32_t stack);

/* "[sort]", as other profilers write it: the name of all functions of a module that have none. In the arena; where
 * that is exhausted the module's name itself. */
const char *profile_unnamed(struct arena *arena, const char *module);

/* Name of a function that belongs to a memory allocator. */
bool profile_is_allocator(const char *function);

#endif
