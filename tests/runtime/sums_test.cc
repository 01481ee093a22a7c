// Sample sums: many threads, nothing lost.
#include "runtime_support.h"

#include <cmath>

using namespace runtime_test;

RUNTIME_TEST(Sums, ThreadsAddAndTheTotalIsExact)
{
    Runtime runtime;
    constexpr unsigned threads = MANY_THREADS, rounds = 5000, keys = 37;
    in_threads(threads, [](unsigned) {
        for (unsigned i = 0; i < rounds; i++)
            ASSERT_TRUE(sums_add(sample_key(SAMPLE_BLOCKED, 1 + i % keys, 0, 0), 3, 9, 2));
    });
    uint64_t count = 0, weight = 0, objects = 0;
    double squares = 0;
    for (const sample_sum &sum : sums()) {
        count += sum.count, weight += sum.weight, objects += sum.objects_q8;
        squares += sum.weight_squares;
    }
    EXPECT_EQ(count, threads * rounds);
    EXPECT_EQ(weight, 3u * threads * rounds);
    EXPECT_EQ(objects, 2u * threads * rounds);
    EXPECT_DOUBLE_EQ(squares, 9.0 * threads * rounds);
    EXPECT_LE(sums().size(), (size_t)keys * threads) << "equal rows may appear twice, not more";
}

RUNTIME_TEST(Sums, EveryKeyHasItsRow)
{
    Runtime runtime;
    for (uint32_t stack = 1; stack <= 5000; stack++)
        ASSERT_TRUE(sums_add(sample_key(SAMPLE_ALLOCATED, HOOK_malloc, 0, stack), stack, 0, 256));
    EXPECT_EQ(sums().size(), 5000u);
    for (uint32_t stack = 1; stack <= 5000; stack++) {
        const sample_sum *sum = find_sum(sample_key(SAMPLE_ALLOCATED, HOOK_malloc, 0, stack));
        ASSERT_NE(sum, nullptr);
        ASSERT_EQ(sum->weight, stack);
        ASSERT_EQ(sum->count, 1u);
    }
}

RUNTIME_TEST(Sums, AFullTableSaysSoAndCountsTheLoss)
{
    Runtime runtime(Environment{{"STRONG_SHM_SIZE", "1M"}});
    uint64_t capacity = segment->tables[TABLE_SUMS].capacity, refused = 0;
    ASSERT_LT(capacity, 16384u);
    for (uint32_t stack = 1; stack <= 20000; stack++)
        refused += !sums_add(sample_key(SAMPLE_CPU, 0, 0, stack), 1, 1, 0);
    EXPECT_EQ(sums().size(), capacity - 1);
    EXPECT_EQ(refused, 20000 - (capacity - 1));
    EXPECT_EQ(counter(COUNTER_sum_table_full), refused);
    EXPECT_TRUE(sums_add(sample_key(SAMPLE_CPU, 0, 0, 1), 1, 1, 0)) << "known rows still count";
}

RUNTIME_TEST(Sums, WeightsAreRoundedToTheNearest)
{
    Runtime runtime;
    ASSERT_TRUE(sums_add(sample_key(SAMPLE_CPU, 0, 0, 1), 10.6, 112, 0));
    ASSERT_TRUE(sums_add(sample_key(SAMPLE_CPU, 0, 0, 1), 10.4, 108, 0));
    EXPECT_EQ(find_sum(sample_key(SAMPLE_CPU, 0, 0, 1))->weight, 21u);
}
