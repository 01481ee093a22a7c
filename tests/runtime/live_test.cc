// Sampled allocations from birth to free.
#include "runtime_support.h"

#include <random>

using namespace runtime_test;

namespace
{
const void *address(uint64_t number)
{
    return (const void *)(0x7f0000000000u + number * 16);
}
} // namespace

RUNTIME_TEST(Live, WhatIsAddedCanBeTakenOnceWithAllItsFacts)
{
    Runtime runtime;
    ASSERT_FALSE(live_may_hold(address(1)));
    live_add(address(1), 17, 1000.5, 512);
    EXPECT_TRUE(live_may_hold(address(1)));
    live_entry entry = {};
    ASSERT_TRUE(live_take(address(1), &entry));
    EXPECT_EQ(entry.stack, 17u);
    EXPECT_EQ(entry.weight, 1000.5);
    EXPECT_EQ(entry.objects_q8, 512u);
    EXPECT_FALSE(live_take(address(1), &entry));
    EXPECT_FALSE(live_may_hold(address(1)));
}

RUNTIME_TEST(Live, RemovingAddsTheFreedWeightUnderTheAllocatingStack)
{
    Runtime runtime;
    live_add(address(5), 3, 4096, 256);
    live_remove(address(5));
    const sample_sum *freed = find_sum(sample_key(SAMPLE_FREED, 0, 0, 3));
    ASSERT_NE(freed, nullptr);
    EXPECT_EQ(freed->weight, 4096u);
    EXPECT_EQ(freed->objects_q8, 256u);
    live_remove(address(5));
    live_remove(address(6));
    EXPECT_EQ(find_sum(sample_key(SAMPLE_FREED, 0, 0, 3))->count, 1u);
}

RUNTIME_TEST(Live, TakenAndPutBackIsAsBefore)
{
    Runtime runtime;
    live_add(address(9), 4, 77, 1);
    live_entry entry;
    ASSERT_TRUE(live_take(address(9), &entry));
    live_add(address(9), entry.stack, entry.weight, entry.objects_q8);
    EXPECT_TRUE(live_may_hold(address(9)));
    live_entry again;
    ASSERT_TRUE(live_take(address(9), &again));
    EXPECT_EQ(again.stack, 4u);
    EXPECT_EQ(again.weight, 77);
    EXPECT_TRUE(sums().empty()) << "taking is not freeing";
}

RUNTIME_TEST(Live, TheFilterNeverDeniesAPointerThatIsThere)
{
    Runtime runtime;
    std::mt19937_64 random(3);
    std::vector<const void *> pointers;
    for (int i = 0; i < 3000; i++) {
        pointers.push_back(address(random() % 100000000));
        live_add(pointers.back(), 1, 1, 0);
    }
    for (int i = 0; i < 100000; i++) { // some go, some come
        size_t at = random() % pointers.size();
        live_remove(pointers[at]);
        pointers[at] = address(random() % 100000000);
        live_add(pointers[at], 1, 1, 0);
        ASSERT_TRUE(live_may_hold(pointers[random() % pointers.size()]));
    }
    for (const void *pointer : pointers)
        ASSERT_TRUE(live_may_hold(pointer));
    EXPECT_EQ(counter(COUNTER_live_table_full), 0u);
}

RUNTIME_TEST(Live, TheFilterIsMostlySilentForOthers)
{
    Runtime runtime;
    for (uint64_t i = 0; i < 500; i++)
        live_add(address(i * 101), 1, 1, 0);
    unsigned hits = 0;
    for (uint64_t i = 0; i < 10000; i++)
        hits += live_may_hold(address(10000000 + i * 3));
    EXPECT_LT(hits, 800u); // 500 of 16384 counters: 3 %
}

RUNTIME_TEST(Live, MarkedPointersStayMarked)
{
    Runtime runtime;
    live_mark(address(1));
    EXPECT_TRUE(live_may_hold(address(1)));
    live_add(address(1), 1, 1, 0);
    live_remove(address(1));
    EXPECT_TRUE(live_may_hold(address(1)));
    live_entry entry;
    EXPECT_FALSE(live_take(address(1), &entry)) << "marked is not sampled";
}

RUNTIME_TEST(Live, AFullNeighbourhoodIsCountedAndWhatIsThereStays)
{
    Runtime runtime;
    uint64_t added = 0;
    while (counter(COUNTER_live_table_full) == 0 && added < 100000)
        live_add(address(added++), 1, 1, 0);
    ASSERT_GT(added, 10000u) << "half of the table at least";
    uint64_t full = counter(COUNTER_live_table_full), taken = 0;
    live_entry entry;
    for (uint64_t i = 0; i < added; i++)
        taken += live_take(address(i), &entry);
    EXPECT_EQ(taken, added - full);
}

RUNTIME_TEST(Live, ExactlyOneThreadTakesAPointer)
{
    Runtime runtime;
    constexpr unsigned count = 4000;
    for (unsigned i = 0; i < count; i++)
        live_add(address(i), 2, 10, 0);
    std::vector<unsigned> taken(4);
    in_threads(4, [&](unsigned thread) {
        live_entry entry;
        for (unsigned i = 0; i < count; i++)
            taken[thread] += live_take(address(i), &entry);
    });
    EXPECT_EQ(taken[0] + taken[1] + taken[2] + taken[3], count);
}

RUNTIME_TEST(Live, ThreadsAddAndRemoveTheirOwnAndNothingIsLost)
{
    Runtime runtime;
    constexpr unsigned rounds = 20000;
    in_threads(4, [&](unsigned thread) {
        for (unsigned i = 0; i < rounds; i++) {
            const void *pointer = address(thread * 1000000 + i);
            live_add(pointer, thread + 1, 8, 256);
            ASSERT_TRUE(live_may_hold(pointer));
            live_remove(pointer);
        }
    });
    for (unsigned thread = 0; thread < 4; thread++) {
        uint64_t weight = 0;
        for (const sample_sum &sum : sums())
            if (sum.key == sample_key(SAMPLE_FREED, 0, 0, thread + 1))
                weight += sum.weight;
        EXPECT_EQ(weight, 8u * rounds);
    }
    EXPECT_EQ(counter(COUNTER_live_table_full), 0u);
}
