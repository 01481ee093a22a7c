// The sampler's mathematics: against libm, and unbiased over sizes.
#include "runtime_support.h"

#include <cmath>
#include <random>

using namespace runtime_test;

namespace
{
constexpr uint64_t seed = 88172645463325252; // Marsaglia's example for xorshift64
} // namespace

TEST(SamplerMaths, MinusLogIsLibmsWithin1e8)
{
    std::mt19937_64 random(1);
    for (int i = 0; i < 200000; i++) {
        double u = (double)((random() >> 11) + 1) * 0x1p-53; // what sampler_gap draws
        ASSERT_NEAR(sampler_minus_log(u), -std::log(u), 1e-8) << u;
    }
    for (double u : {1.0, 0.5, 0.25, std::nextafter(1.0, 0.0), std::nextafter(0.5, 0.0), 0x1p-53, 0x1p-52, 1e-300})
        EXPECT_NEAR(sampler_minus_log(u), -std::log(u), 1e-8) << u;
}

TEST(SamplerMaths, OneMinusExpIsLibmsWithin1e8RelativeEverywhere)
{
    for (double x = 1e-12; x < 1e5; x *= 1.003) {
        double exact = -std::expm1(-x);
        ASSERT_NEAR(sampler_one_minus_exp(x) / exact, 1, 1e-8) << x;
        ASSERT_LE(sampler_one_minus_exp(x), 1);
    }
    EXPECT_EQ(sampler_one_minus_exp(1e300), 1);
}

TEST(SamplerMaths, AWeightIsNeverBelowTheSizeNorBelowThePeriod)
{
    for (uint64_t period : {UINT64_C(1), UINT64_C(1000), UINT64_C(524288), UINT64_C(1) << 40})
        for (uint64_t size = 1; size < UINT64_C(1) << 45; size = size * 3 + 1) {
            double weight = sampler_weight(size, period);
            EXPECT_GE(weight, (double)size * (1 - 1e-9));
            EXPECT_GE(weight, (double)period * (1 - 1e-9)); // x/(1-e^-x) >= 1
            EXPECT_LE(weight, ((double)size + (double)period) * (1 + 1e-9));
        }
    EXPECT_EQ(sampler_weight(0, 100), 0);
    EXPECT_EQ(sampler_weight(77, 0), 77) << "no period: everything is taken, each for itself";
}

TEST(SamplerGap, MeanAndSpreadAreThoseOfTheExponentialDistribution)
{
    thread_hot.random = seed;
    const uint64_t period = 524288;
    const int count = 400000;
    double sum = 0, squares = 0;
    int above_mean = 0;
    for (int i = 0; i < count; i++) {
        double gap = (double)sampler_gap(period);
        ASSERT_GE(gap, 1);
        sum += gap, squares += gap * gap;
        above_mean += gap > (double)period;
    }
    double mean = sum / count, sigma_of_mean = (double)period / std::sqrt(count);
    EXPECT_NEAR(mean, (double)period, 4 * sigma_of_mean);
    double variance = squares / count - mean * mean; // its own standard error is sqrt(8/n) period²
    EXPECT_NEAR(variance / ((double)period * (double)period), 1, 4 * std::sqrt(8.0 / count));
    double share = std::exp(-1);
    EXPECT_NEAR((double)above_mean / count, share, 4 * std::sqrt(share * (1 - share) / count));
}

TEST(SamplerGap, ExtremePeriodsStayInRange)
{
    thread_hot.random = seed;
    for (int i = 0; i < 1000; i++) {
        EXPECT_GE(sampler_gap(1), 1);
        int64_t gap = sampler_gap(UINT64_C(1) << 61);
        EXPECT_GE(gap, 1);
        EXPECT_LE(gap, INT64_MAX / 2);
    }
}

TEST(SamplerGap, ThreadsDrawDifferentGaps)
{
    std::vector<std::vector<int64_t>> gaps(MANY_THREADS);
    in_threads(MANY_THREADS, [&](unsigned i) {
        for (int n = 0; n < 10; n++)
            gaps[i].push_back(sampler_gap(1000000));
    });
    for (unsigned i = 0; i < MANY_THREADS; i++)
        for (unsigned j = 0; j < i; j++)
            EXPECT_NE(gaps[i], gaps[j]);
}

// The countdown as malloc's hook runs it: sampled sizes' weights sum to what was asked for.
class SamplerEstimate : public testing::TestWithParam<std::vector<uint64_t>> {};

TEST_P(SamplerEstimate, IsUnbiasedOverTheseSizes)
{
    thread_hot.random = seed;
    std::mt19937_64 choice(99);
    const std::vector<uint64_t> &sizes = GetParam();
    const uint64_t period = 65536;
    double asked = 0, estimate = 0, variance = 0;
    int64_t countdown = sampler_gap(period);
    for (int i = 0; i < 300000; i++) {
        uint64_t size = sizes[choice() % sizes.size()];
        asked += (double)size;
        double p = -std::expm1(-(double)size / (double)period);
        variance += p > 0 ? (double)size * (double)size * (1 - p) / p : 0;
        if ((countdown -= (int64_t)size) < 0) {
            estimate += sampler_weight(size, period);
            countdown = sampler_gap(period);
        }
    }
    EXPECT_NEAR(estimate, asked, 4 * std::sqrt(variance) + 1e-9 * asked);
}

INSTANTIATE_TEST_SUITE_P(Sizes, SamplerEstimate,
                         testing::Values(std::vector<uint64_t>{16}, std::vector<uint64_t>{1, 8, 4096},
                                         std::vector<uint64_t>{65536}, std::vector<uint64_t>{16, 32, 48, 1048576},
                                         std::vector<uint64_t>{100, 70000, 3000000}, std::vector<uint64_t>{0, 64}));

RUNTIME_TEST(Sampler, AddingCountsTheSampleAndItsWeight)
{
    Runtime runtime;
    uint64_t before = counter(COUNTER_samples_taken);
    sampler_add(SAMPLE_BLOCKED, HOOK_read, 5, 7, 1000.4, 1000.4 * 1000.4, 0);
    sampler_add(SAMPLE_BLOCKED, HOOK_read, 5, 7, 2000.4, 2000.4 * 2000.4, 0);
    const sample_sum *sum = find_sum(sample_key(SAMPLE_BLOCKED, HOOK_read, 5, 7));
    ASSERT_NE(sum, nullptr);
    EXPECT_EQ(sum->count, 2u);
    EXPECT_EQ(sum->weight, 3000u);
    EXPECT_NEAR(sum->weight_squares, 1000.4 * 1000.4 + 2000.4 * 2000.4, 1e-3);
    EXPECT_EQ(counter(COUNTER_samples_taken), before + 2);
    EXPECT_EQ(counter(COUNTER_samples_dropped), 0u);
}

RUNTIME_TEST(Sampler, RecordsTheStackItStandsOn)
{
    Runtime runtime;
    uint32_t stack = sampler_record(SAMPLE_LOCK_WAIT, HOOK_pthread_mutex_lock, 3, 500, 0, nullptr);
    ASSERT_NE(stack, 0u);
    const sample_sum *sum = find_sum(sample_key(SAMPLE_LOCK_WAIT, HOOK_pthread_mutex_lock, 3, stack));
    ASSERT_NE(sum, nullptr);
    EXPECT_EQ(sum->weight, 500u);
    const auto *record = (const stack_record *)segment_record(TABLE_STACKS, stack);
    EXPECT_GT(record->depth, 1);
    EXPECT_NE(record->hash, 0u);
}

// Waits whose lengths are known: the later samples of a thread are rarer and weigh more.
static void waits_add_up(unsigned hook, sample_cost cost)
{
    Runtime runtime;
    const uint64_t period = segment->block_period_ticks;
    const double lengths[] = {0.05, 0.9, 0.2};
    std::mt19937_64 choice(7);
    double waited = 0;
    for (int i = 0; i < 60000; i++) {
        struct span span;
        span_begin(&span, hook, 0);
        auto ticks = (uint64_t)(lengths[choice() % 3] * (double)period);
        waited += (double)ticks;
        span_end_at(&span, span.start_ticks + ticks, 0, 0);
    }
    double estimate = 0, variance = 0;
    uint64_t count = 0;
    for (uint32_t i = 1; i < segment->tables[TABLE_SUMS].used; i++) {
        const auto *sum = (const sample_sum *)segment_record(TABLE_SUMS, i);
        if (sample_key_cost(sum->key) != cost)
            continue;
        estimate += (double)sum->weight, variance += sum->weight_squares, count += sum->count;
    }
    EXPECT_NEAR(estimate, waited, 4 * std::sqrt(variance)); // the squares are a bit more than the variance
    // 1,024 at one period each, as many at two, 2,048 at four, the rest at eight; a wait is one sample, however often in it
    // one was due
    double waits = 60000, expected = 4096;
    auto share = [&](double factor) {
        double sum = 0;
        for (double length : lengths)
            sum += 1 - std::exp(-length / factor);
        return sum / 3;
    };
    waits -= 1024 / share(1) + 1024 / share(2) + 2048 / share(4);
    ASSERT_GT(waits, 20000);
    expected += waits * share(8);
    EXPECT_NEAR((double)count, expected, 5 * std::sqrt(expected));
    EXPECT_EQ(thread_hot.self->waits[cost == SAMPLE_LOCK_WAIT].doublings, 3u);
    EXPECT_EQ(thread_hot.self->waits[cost != SAMPLE_LOCK_WAIT].doublings, 0u);
}

RUNTIME_TEST(SamplerWaits, BlockedTimeAddsUpThoughLaterSamplesAreRarer)
{
    waits_add_up(HOOK_read, SAMPLE_BLOCKED);
}

RUNTIME_TEST(SamplerWaits, WaitsForLocksAddUpThoughLaterSamplesAreRarer)
{
    waits_add_up(HOOK_pthread_mutex_lock, SAMPLE_LOCK_WAIT);
}

RUNTIME_TEST(SamplerWaits, AnHeirGoesOnWhereTheThreadBeforeItLeftOff)
{
    Runtime runtime;
    uint32_t taken[2] = {};
    for (uint32_t &samples : taken) {
        for (int i = 0; i < 3000; i++) {
            struct span span;
            span_begin(&span, HOOK_read, 0);
            span_end_at(&span, span.start_ticks + segment->block_period_ticks * 20, 0, 0);
        }
        samples = thread_hot.self->waits[0].samples;
        thread_detach();
        thread_hot.state = THREAD_COLD; // the next thread
    }
    EXPECT_EQ(segment->tables[TABLE_THREADS].used, 2u) << "row 0, and one for both";
    EXPECT_GT(taken[0], 1500u);
    EXPECT_GT(taken[1], taken[0] + 1500);
}
