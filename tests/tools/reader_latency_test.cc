/* Percentiles against a sorted list, by the definition in read/latency.h. */
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#define _Static_assert static_assert
extern "C" {
#include "read/arena.h"
#include "read/latency.h"
}
#undef _Static_assert

namespace {

class LatencyTest : public testing::Test {
protected:
    ~LatencyTest() override { arena_done(&memory); }
    void add(latency &to, uint64_t ticks, double ns_per_tick = 1, uint64_t count = 1)
    {
        ASSERT_EQ(latency_add(&to, &memory, ns_per_tick, histogram_bucket(ticks), count), 0);
    }
    arena memory = {};
};

TEST_F(LatencyTest, GivesNothingWhenNothingWasAdded)
{
    latency empty = {};
    EXPECT_EQ(latency_percentile_ns(&empty, 0.5), 0u);
    EXPECT_EQ(latency_between(&empty, 0, UINT64_MAX), 0u);
}

TEST_F(LatencyTest, GivesTheMiddleOfTheBucketOfASingleCall)
{
    for (uint64_t ticks : {0ull, 3ull, 31ull, 32ull, 1000ull, 123456789ull, 1ull << 43}) {
        latency one = {};
        add(one, ticks);
        uint64_t expected = histogram_middle(histogram_bucket(ticks));
        for (double share : {0.0, 0.5, 0.99, 1.0})
            EXPECT_EQ(latency_percentile_ns(&one, share), expected) << ticks;
    }
}

TEST_F(LatencyTest, CountsRanksFromOneAndRoundsThemUp)
{
    latency some = {};
    for (uint64_t ticks : {100, 1000, 10000, 100000}) /* ranks 1 to 4 */
        add(some, ticks);
    auto middle = [](uint64_t ticks) { return histogram_middle(histogram_bucket(ticks)); };
    EXPECT_EQ(latency_percentile_ns(&some, 0.25), middle(100));
    EXPECT_EQ(latency_percentile_ns(&some, 0.26), middle(1000));
    EXPECT_EQ(latency_percentile_ns(&some, 0.5), middle(1000));
    EXPECT_EQ(latency_percentile_ns(&some, 0.75), middle(10000));
    EXPECT_EQ(latency_percentile_ns(&some, 0.751), middle(100000));
    EXPECT_EQ(latency_percentile_ns(&some, 1), middle(100000));
}

TEST_F(LatencyTest, IsWithinOneSixteenthOfTheExactPercentile)
{
    std::mt19937_64 random(7);
    std::lognormal_distribution<double> draw(9, 2);
    std::vector<uint64_t> values;
    latency all = {};
    for (int i = 0; i < 20000; i++) {
        values.push_back(32 + static_cast<uint64_t>(draw(random)));
        add(all, values.back(), 0.5);
    }
    std::sort(values.begin(), values.end());
    for (double share : {0.01, 0.5, 0.9, 0.99, 0.999, 1.0}) {
        size_t rank = static_cast<size_t>(std::max(1.0, std::ceil(share * double(values.size()))));
        double exact = double(values[rank - 1]) * 0.5;
        double found = double(latency_percentile_ns(&all, share));
        EXPECT_LE(std::abs(found - exact), exact / 16 + 1) << share;
    }
}

TEST_F(LatencyTest, MergesToWhatAddingEverythingToOneGives)
{
    latency left = {}, right = {}, both = {};
    for (uint64_t i = 1; i < 500; i++) {
        latency &side = i % 3 ? left : right;
        add(side, i * i, 1, i);
        add(both, i * i, 1, i);
    }
    ASSERT_EQ(latency_merge(&left, &memory, &right), 0);
    EXPECT_EQ(left.total, both.total);
    for (double share = 0; share <= 1; share += 0.05)
        EXPECT_EQ(latency_percentile_ns(&left, share), latency_percentile_ns(&both, share));
}

TEST_F(LatencyTest, MergesClocksOfDifferentLengths)
{
    latency nanoseconds = {}, ticks = {};
    add(nanoseconds, 1000000, 1, 100);
    add(ticks, 3000000, 1.0 / 3, 100); /* a millisecond at 3 GHz */
    ASSERT_EQ(latency_merge(&nanoseconds, &memory, &ticks), 0);
    EXPECT_EQ(nanoseconds.total, 200u);
    EXPECT_NEAR(double(latency_percentile_ns(&nanoseconds, 0.01)), 1e6, 1e6 / 8);
    EXPECT_NEAR(double(latency_percentile_ns(&nanoseconds, 1)), 1e6, 1e6 / 8);
}

TEST_F(LatencyTest, GivesNoPercentileAboveTheLongestCall)
{
    latency some = {}, other = {}, unknown = {};
    add(some, 33000, 1, 10);
    add(other, 33000, 1, 10);
    add(unknown, 33000, 1, 10);
    some.max_ns = 33010;
    other.max_ns = 33020;
    ASSERT_GT(histogram_middle(histogram_bucket(33000)), 33020u);
    EXPECT_EQ(latency_percentile_ns(&some, 0.99), 33010u);
    ASSERT_EQ(latency_merge(&some, &memory, &other), 0);
    EXPECT_EQ(latency_percentile_ns(&some, 0.99), 33020u);
    ASSERT_EQ(latency_merge(&some, &memory, &unknown), 0);
    EXPECT_EQ(latency_percentile_ns(&some, 0.99), histogram_middle(histogram_bucket(33000)));
}

TEST_F(LatencyTest, CountsBetweenTwoDurations)
{
    latency some = {};
    add(some, 1000, 1, 5);
    add(some, 40000000, 1, 7); /* 40 ms */
    add(some, 900000000, 1, 2);
    EXPECT_EQ(latency_between(&some, 30000000, 60000000), 7u);
    EXPECT_EQ(latency_between(&some, 0, UINT64_MAX), 14u);
}

TEST_F(LatencyTest, SaturatesInsteadOfWrapping)
{
    latency huge = {};
    add(huge, 100, 1, UINT64_MAX);
    add(huge, 100, 1, UINT64_MAX);
    EXPECT_GE(huge.total, uint64_t(1) << 62);
    EXPECT_EQ(latency_percentile_ns(&huge, 0.5), histogram_middle(histogram_bucket(100)));
}

} // namespace
