// pool_support: the parts of the memory pool in a test's own process, without hooks and without a
// boot. The pool is made to be started once in a process, so each test runs in a child process:
//
//   POOL_TEST(PoolSpan, HandsOutEachBlockOnce) { … }
#ifndef STRONG_TESTS_OPTIMIZE_POOL_SUPPORT_H
#define STRONG_TESTS_OPTIMIZE_POOL_SUPPORT_H

#include <cstddef>
#include <cstdint>
#include "isolated.h"

#include <functional>
#include <gtest/gtest.h>
#include <vector>

extern "C" {
#include "optimize/embedded_jemalloc.h"
#include "optimize/memory_pool.h"
#include "optimize/pool_cache.h"
#include "optimize/pool_classes.h"
#include "optimize/pool_conf.h"
#include "optimize/pool_depot.h"
#include "optimize/pool_range.h"
#include "optimize/pool_realloc.h"
#include "optimize/pool_room.h"
#include "optimize/pool_span.h"
}

namespace pool_test
{
// What comes before jemalloc's first call.
void load();

// Starts the pool as memory_pool_init does, apart from putting it into `next`: malloc stays who it
// was.
void start();

using isolation::isolated;

using isolation::in_threads;
using isolation::MANY_THREADS;

// Writes a value all over a block, and tells whether it is still there.
void fill(void *ptr, size_t size, unsigned value);
bool holds(const void *ptr, size_t size, unsigned value);
} // namespace pool_test

#define POOL_TEST(suite, name)                                                                     \
    static void suite##_##name##_body();                                                           \
    TEST(suite, name)                                                                              \
    {                                                                                              \
        pool_test::isolated([] {                                                                   \
            pool_test::start();                                                                    \
            suite##_##name##_body();                                                               \
        });                                                                                        \
    }                                                                                              \
    static void suite##_##name##_body()

#endif
