// The depot: what is put can be taken, in bounded numbers, and once.
#include "pool_support.h"

#include <atomic>
#include <random>
#include <set>

using namespace pool_test;

namespace
{
std::vector<void *> numbered(unsigned count, unsigned first = 0)
{
    std::vector<void *> ptrs;
    for (unsigned i = 0; i < count; i++)
        ptrs.push_back((void *)(uintptr_t)((first + i + 1) * 16));
    return ptrs;
}
} // namespace

POOL_TEST(PoolDepot, GivesWhatWasPutNewestFirstAndByClass)
{
    std::vector<void *> ptrs = numbered(8), got(8);
    EXPECT_EQ(pool_depot_take(4, got.data(), 8), 0u);
    EXPECT_EQ(pool_depot_put(4, ptrs.data(), 8), 8u);
    EXPECT_EQ(pool_depot_bytes(), 8 * pool_class_bytes[4]);
    EXPECT_EQ(pool_depot_take(5, got.data(), 8), 0u);
    EXPECT_EQ(pool_depot_take(4, got.data(), 3), 3u);
    EXPECT_EQ(std::vector<void *>(got.begin(), got.begin() + 3),
              std::vector<void *>(ptrs.begin() + 5, ptrs.end()));
    EXPECT_EQ(pool_depot_take(4, got.data(), 8), 5u);
    EXPECT_EQ(pool_depot_bytes(), 0u);
}

POOL_TEST(PoolDepot, IsBoundedInEveryClass)
{
    for (unsigned number = 1; number < POOL_CLASSES; number++) {
        size_t kept = 0;
        for (unsigned i = 0; i < 100; i++)
            kept += pool_depot_put(number, numbered(64).data(), 64);
        EXPECT_GT(kept, 0u);
        EXPECT_LE(kept * pool_class_bytes[number], (size_t)128 << 10);
    }
}

POOL_TEST(PoolDepot, ThreadsGetEachPointerOnce)
{
    // Every pointer put is either refused or taken by exactly one.
    constexpr unsigned each = 5000;
    std::vector<std::atomic<unsigned>> state(MANY_THREADS * each + 1); // 1: in the depot, 0: not
    std::atomic<unsigned> put{0}, taken{0}, wrong{0};
    in_threads(MANY_THREADS, [&](unsigned self) {
        std::mt19937 random(self);
        for (unsigned next = 0; next < each;) {
            unsigned count = 1 + random() % 30;
            count = count > each - next ? each - next : count;
            std::vector<void *> ptrs = numbered(count, self * each + next);
            for (void *ptr : ptrs)
                state[(uintptr_t)ptr / 16] = 1;
            unsigned went = pool_depot_put(9, ptrs.data(), count);
            for (unsigned i = went; i < count; i++)
                state[(uintptr_t)ptrs[i] / 16] = 0;
            put += went;
            next += count;
            void *got[30];
            unsigned many = pool_depot_take(9, got, 1 + random() % 30);
            for (unsigned i = 0; i < many; i++)
                wrong += state[(uintptr_t)got[i] / 16].exchange(0) != 1;
            taken += many;
        }
    });
    EXPECT_EQ(wrong, 0u);
    EXPECT_EQ((put - taken) * pool_class_bytes[9], pool_depot_bytes());
}

POOL_TEST(PoolDepot, AChildOfForkCanUseItWhoeverHeldIt)
{
    std::vector<void *> ptrs = numbered(8), got(8);
    pool_depot_put(4, ptrs.data(), 8);
    isolated([&] {
        EXPECT_EQ(pool_depot_take(4, got.data(), 8), 8u);
        EXPECT_EQ(pool_depot_put(4, ptrs.data(), 8), 8u);
    });
    EXPECT_EQ(pool_depot_take(4, got.data(), 8), 8u) << "the child's are its own";
}
