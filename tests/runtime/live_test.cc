// Sampled allocations from birth to free.
#include "runtime_support.h"

#include <numeric>
#include <random>

using namespace runtime_test;

namespace
{
const void *address(uint64_t number)
{
    return (const void *)(0x7f0000000000u + number * 16);
}

bool add(uint64_t number, uint32_t stack = 1, uint64_t weight = 1)
{
    live_entry entry = {};
    entry.bytes = 1;
    entry.stack = stack;
    entry.weight = weight;
    return live_add(address(number), &entry);
}

bool take(uint64_t number)
{
    live_entry entry;
    return live_take(address(number), &entry);
}
} // namespace

RUNTIME_TEST(Live, WhatIsAddedCanBeTakenOnceWithAllItsFacts)
{
    Runtime runtime;
    ASSERT_FALSE(live_may_hold(address(1)));
    live_entry entry = {1000, 2000, 30, 40, 50, 17};
    ASSERT_TRUE(live_add(address(1), &entry));
    EXPECT_TRUE(live_may_hold(address(1)));
    entry = {};
    ASSERT_TRUE(live_take(address(1), &entry));
    EXPECT_EQ(entry.bytes, 1000u);
    EXPECT_EQ(entry.weight, 2000u);
    EXPECT_EQ(entry.ticks, 30u);
    EXPECT_EQ(entry.owner, 40u);
    EXPECT_EQ(entry.calls, 50u);
    EXPECT_EQ(entry.stack, 17u);
    EXPECT_FALSE(live_take(address(1), &entry));
    EXPECT_FALSE(live_may_hold(address(1)));
}

RUNTIME_TEST(Live, TakenAndPutBackIsAsBefore)
{
    Runtime runtime;
    ASSERT_TRUE(add(9, 4, 77));
    live_entry entry;
    ASSERT_TRUE(live_take(address(9), &entry));
    ASSERT_TRUE(live_add(address(9), &entry));
    EXPECT_TRUE(live_may_hold(address(9)));
    live_entry again;
    ASSERT_TRUE(live_take(address(9), &again));
    EXPECT_EQ(again.stack, 4u);
    EXPECT_EQ(again.weight, 77u);
    EXPECT_TRUE(sums().empty()) << "taking is not freeing";
}

RUNTIME_TEST(Live, TheFilterNeverDeniesAPointerThatIsThere)
{
    Runtime runtime;
    std::mt19937_64 random(3);
    std::vector<uint64_t> numbers;
    for (int i = 0; i < 3000; i++) {
        numbers.push_back(random() % 100000000);
        add(numbers.back());
    }
    for (int i = 0; i < 100000; i++) { // some go, some come
        size_t at = random() % numbers.size();
        take(numbers[at]);
        numbers[at] = random() % 100000000;
        add(numbers[at]);
        ASSERT_TRUE(live_may_hold(address(numbers[random() % numbers.size()])));
    }
    for (uint64_t number : numbers)
        ASSERT_TRUE(live_may_hold(address(number)));
    EXPECT_EQ(counter(COUNTER_live_table_full), 0u);
}

RUNTIME_TEST(Live, TheFilterIsMostlySilentForOthers)
{
    Runtime runtime;
    for (uint64_t i = 0; i < 500; i++)
        add(i * 1013);
    unsigned hits = 0;
    for (uint64_t i = 0; i < 10000; i++)
        hits += live_may_hold(address(10000000 + i * 3));
    EXPECT_LT(hits, 200u); // 500 of 65536 counters: 0.8 %
}

RUNTIME_TEST(Live, MarkedPointersStayMarked)
{
    Runtime runtime;
    live_mark(address(1));
    EXPECT_TRUE(live_may_hold(address(1)));
    add(1);
    EXPECT_TRUE(take(1));
    EXPECT_TRUE(live_may_hold(address(1)));
    EXPECT_FALSE(take(1)) << "marked is not sampled";
}

RUNTIME_TEST(Live, AFullNeighbourhoodIsCountedAndWhatIsThereStays)
{
    Runtime runtime;
    uint64_t added = 0, refused = 0, taken = 0;
    while (refused == 0 && added < 100000)
        refused += !add(added++);
    ASSERT_GT(added, 10000u) << "half of the table at least";
    EXPECT_EQ(counter(COUNTER_live_table_full), refused);
    for (uint64_t i = 0; i < added; i++)
        taken += take(i);
    EXPECT_EQ(taken, added - refused);
}

RUNTIME_TEST(Live, ExactlyOneThreadTakesAPointer)
{
    Runtime runtime;
    constexpr unsigned count = 4000;
    for (unsigned i = 0; i < count; i++)
        add(i);
    std::vector<unsigned> taken(MANY_THREADS);
    in_threads(MANY_THREADS, [&](unsigned thread) {
        for (unsigned i = 0; i < count; i++)
            taken[thread] += take(i);
    });
    EXPECT_EQ(std::accumulate(taken.begin(), taken.end(), 0u), count);
}

RUNTIME_TEST(Live, ThreadsAddAndTakeTheirOwnAndNothingIsLost)
{
    Runtime runtime;
    in_threads(MANY_THREADS, [&](unsigned thread) {
        for (unsigned i = 0; i < 5000; i++) {
            uint64_t number = thread * 1000000 + i;
            ASSERT_TRUE(add(number, thread + 1, i));
            ASSERT_TRUE(live_may_hold(address(number)));
            live_entry entry;
            ASSERT_TRUE(live_take(address(number), &entry));
            ASSERT_EQ(entry.stack, thread + 1);
            ASSERT_EQ(entry.weight, i);
        }
    });
    EXPECT_EQ(counter(COUNTER_live_table_full), 0u);
}
