// unwind_support: for the tests of unwind: walks as vectors, and stacks whose return addresses are
// known because every function on them recorded its own.
#ifndef STRONG_TESTS_RUNTIME_UNWIND_SUPPORT_H
#define STRONG_TESTS_RUNTIME_UNWIND_SUPPORT_H

extern "C" {
#include "runtime/unwind.h"
}

#include <algorithm>
#include <functional>
#include <gtest/gtest.h>
#include <memory>
#include <pthread.h>
#include <string>
#include <vector>

namespace unwind_test
{
constexpr unsigned deepest = 512;

struct Walk {
    std::vector<uintptr_t> pcs;
    unwind_end end = UNWIND_ENDS;
};

// Return addresses, leaf first.
using Chain = std::vector<uintptr_t>;

// The thread's stack from the caller (or from sp) up. Allocates: not for asynchronous signals.
inline __attribute__((noinline)) unwind_bounds stack_bounds(uintptr_t sp = 0)
{
    pthread_attr_t attributes;
    void *low = nullptr;
    size_t size = 0;
    pthread_getattr_np(pthread_self(), &attributes);
    pthread_attr_getstack(&attributes, &low, &size);
    pthread_attr_destroy(&attributes);
    if (sp == 0)
        sp = reinterpret_cast<uintptr_t>(__builtin_frame_address(0)) - 4096;
    return {sp - 128, reinterpret_cast<uintptr_t>(low) + size, 0, 0};
}

inline __attribute__((noinline)) Walk walk_from(const unwind_start &start,
                                                const unwind_bounds &bounds, unsigned max = deepest)
{
    Walk walk;
    walk.pcs.resize(max);
    walk.pcs.resize(unwind_walk(&start, &bounds, walk.pcs.data(), max, &walk.end));
    return walk;
}

// Keeps a function's frame on the stack while what it calls runs: no call after it, no tail call.
inline void keep_frame()
{
    __asm__ volatile("" ::: "memory");
}

inline __attribute__((noinline)) Walk walk_here(unsigned max = deepest)
{
    unwind_start start;
    unwind_start_here(&start);
    Walk walk = walk_from(start, stack_bounds(start.sp), max);
    keep_frame();
    return walk;
}

// Calls body from depth nested calls of several frame shapes, whose return addresses go to chain.
void run_under(Chain &chain, unsigned depth, const std::function<void()> &body);

// The recorded return addresses stand in the walk, in their order and without others between.
inline testing::AssertionResult contains(const Walk &walk, const Chain &chain)
{
    if (!chain.empty() &&
        std::search(walk.pcs.begin(), walk.pcs.end(), chain.begin(), chain.end()) != walk.pcs.end())
        return testing::AssertionSuccess();
    auto failure = testing::AssertionFailure();
    failure << "end " << walk.end << ", walk" << std::hex;
    for (uintptr_t pc : walk.pcs)
        failure << ' ' << pc;
    failure << "; recorded";
    for (uintptr_t pc : chain)
        failure << ' ' << pc;
    return failure;
}
} // namespace unwind_test

#endif
