// The segment's records: sizes and places that readers of other builds rely on, and packed keys.
#include "c_headers.h"

#include <cmath>
#include <cstring>
#include <gtest/gtest.h>
#include <iterator>
#include <limits>
#include <random>

TEST(Segment, RecordSizesAreThoseOfTheFormat)
{
    EXPECT_EQ(sizeof(segment_table), 24u);
    EXPECT_EQ(sizeof(string_ref), 8u);
    EXPECT_EQ(sizeof(struct segment_note), 128u);
    EXPECT_EQ(sizeof(hook_crowd), 32u);
    EXPECT_EQ(sizeof(stat_cell), 128u);
    EXPECT_EQ(sizeof(hook_counted), 16u);
    EXPECT_EQ(sizeof(error_count), 16u);
    EXPECT_EQ(sizeof(event_record), 32u);
    EXPECT_EQ(sizeof(module_record), 72u);
    EXPECT_EQ(sizeof(target_record), 40u);
    EXPECT_EQ(sizeof(stack_record), 24u);
    EXPECT_EQ(sizeof(sample_sum), 40u);
    EXPECT_EQ(sizeof(resource_record), 160u);
    EXPECT_EQ(sizeof(live_record), 192u);
    EXPECT_EQ(sizeof(heap_record), 192u);
    EXPECT_EQ(sizeof(gauge_record), 64u);
    EXPECT_LE(sizeof(segment_header), (size_t)SEGMENT_PAGE);
    EXPECT_LE(sizeof(thread_block), (size_t)BLOCK_BASE_PAGES * SEGMENT_PAGE);
}

TEST(Segment, TheWordThatPublishesARecordIsItsFirst)
{
    EXPECT_EQ(offsetof(segment_header, magic), 0u);
    EXPECT_EQ(offsetof(stat_cell, key), 0u);
    EXPECT_EQ(offsetof(error_count, key), 0u);
    EXPECT_EQ(offsetof(event_record, start_ticks), 0u);
    EXPECT_EQ(offsetof(module_record, start), 0u);
    EXPECT_EQ(offsetof(target_record, hash), 0u);
    EXPECT_EQ(offsetof(stack_record, hash), 0u);
    EXPECT_EQ(offsetof(sample_sum, key), 0u);
    EXPECT_EQ(offsetof(resource_record, ticks), 0u);
    EXPECT_EQ(offsetof(gauge_record, key), 0u);
    EXPECT_EQ(offsetof(struct segment_note, count), 0u);
}

TEST(Segment, TheFirstBytesSayWhatItIs)
{
    uint64_t magic = SEGMENT_MAGIC;
    EXPECT_EQ(memcmp(&magic, "\0STRONG1", 8), 0);
    EXPECT_EQ(offsetof(segment_header, version), 8u);
    EXPECT_EQ(offsetof(segment_header, header_bytes), 12u);
    EXPECT_EQ(offsetof(segment_header, segment_bytes), 16u);
}

TEST(Segment, AThreadWithAllItsPagesTakesAtMost64KiB)
{
    EXPECT_LE((BLOCK_BASE_PAGES + BLOCK_PAGES) * SEGMENT_PAGE, 64 * 1024);
    EXPECT_EQ(PAGE_CELL_COUNT * sizeof(stat_cell), (size_t)SEGMENT_PAGE);
    EXPECT_EQ(PAGE_LINE_COUNT * HISTOGRAM_STEPS * sizeof(uint64_t), (size_t)SEGMENT_PAGE);
    // A line's number is 1 + page * 64 + index and must fit into a slot, as must a bucket.
    EXPECT_LE(1 + BLOCK_PAGES * PAGE_LINE_COUNT, UINT16_MAX);
    EXPECT_LE((int)HISTOGRAM_BUCKETS, UINT16_MAX);
}

TEST(Segment, CellKeysComeBackAsTheyWent)
{
    for (unsigned hook = 1; hook < HOOK_COUNT; hook++)
        for (uint32_t target : {0u, 1u, 4095u, 0x80000000u, UINT32_MAX}) {
            uint64_t key = cell_key(hook, target);
            ASSERT_EQ(cell_hook(key), hook);
            ASSERT_EQ(cell_target(key), target);
            ASSERT_NE(key, 0u) << "0 means free";
        }
}

TEST(Segment, SampleKeysComeBackAsTheyWent)
{
    std::mt19937_64 random(7);
    for (int cost = SAMPLE_ALLOCATED; cost <= SAMPLE_LOCK_WAIT; cost++)
        for (int i = 0; i < 20000; i++) {
            unsigned hook = (unsigned)(random() % HOOK_COUNT);
            uint32_t target = (uint32_t)random() & 0xffffff, stack = (uint32_t)random() & 0xffffff;
            uint64_t key = sample_key((sample_cost)cost, hook, target, stack);
            ASSERT_EQ(sample_key_cost(key), cost);
            ASSERT_EQ(sample_key_hook(key), hook);
            ASSERT_EQ(sample_key_target(key), target);
            ASSERT_EQ(sample_key_stack(key), stack);
            ASSERT_NE(key, 0u) << "0 means being written";
        }
}

TEST(Segment, SampleKeysCutWhatDoesNotFitInsteadOfSpilling)
{
    uint64_t key = sample_key(SAMPLE_CPU, 0xfffff, 0xffffffff, 0xffffffff);
    EXPECT_EQ(sample_key_cost(key), SAMPLE_CPU);
    EXPECT_EQ(sample_key_hook(key), 0xfffu);
    EXPECT_EQ(sample_key_target(key), 0xffffffu);
    EXPECT_EQ(sample_key_stack(key), 0xffffffu);
}

TEST(Segment, OrdersOfGaugesCompareAsTheirValuesDoAndComeBack)
{
    const double most = std::numeric_limits<double>::max(), least = std::numeric_limits<double>::denorm_min();
    const double values[] = {-most, -1e300, -2.5, -1, -least, 0, least, 1, 1.5, 1e300, most};
    for (size_t i = 0; i < std::size(values); i++) {
        EXPECT_EQ(gauge_value(gauge_order(values[i])), values[i]);
        EXPECT_NE(gauge_order(values[i]), 0u) << "0 means none yet";
        EXPECT_NE(~gauge_order(values[i]), 0u);
        if (i > 0) {
            EXPECT_LT(gauge_order(values[i - 1]), gauge_order(values[i])) << values[i];
        }
    }
    EXPECT_TRUE(std::signbit(gauge_value(gauge_order(-0.0))));
}
