/* The statistics: intervals that hold as often as they say, and judgements that keep to them. */
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <random>

#define _Static_assert static_assert
extern "C" {
#include "analyse/noise.h"
#include "read/arena.h"
}
#undef _Static_assert

namespace
{

/* Durations as a segment of that clock would hold them. */
class Sample
{
  public:
    explicit Sample(double ns_per_tick = 0.5) : ns_per_tick_(ns_per_tick)
    {
    }
    ~Sample()
    {
        arena_done(&arena_);
    }
    Sample(const Sample &) = delete;
    Sample &operator=(const Sample &) = delete;

    void add(double ns, unsigned times = 1)
    {
        auto ticks = static_cast<uint64_t>(ns / ns_per_tick_);
        ASSERT_EQ(latency_add(&histogram, &arena_, ns_per_tick_, histogram_bucket(ticks), times), 0);
        count += times;
        sum_ns += static_cast<uint64_t>(ns) * times;
        longest_ = std::max(longest_, static_cast<uint64_t>(ns));
        histogram.max_ns = longest_;
    }
    noise_calls calls() const
    {
        return noise_spread(count, sum_ns, &histogram);
    }

    latency histogram = {};
    uint64_t count = 0, sum_ns = 0;

  private:
    arena arena_ = {};
    double ns_per_tick_;
    uint64_t longest_ = 0;
};

bool holds_zero(const noise_figure &figure)
{
    return figure.low <= 0 && figure.high >= 0;
}

/* How often the interval of two samples of one distribution holds 0. */
double coverage(unsigned calls, const std::function<noise_figure(const Sample &, const Sample &)> &compare)
{
    constexpr unsigned kRounds = 3000;
    std::mt19937_64 random(4242);
    std::exponential_distribution<double> wait(1 / 200000.0);
    unsigned held = 0;
    for (unsigned round = 0; round < kRounds; round++) {
        Sample a, b;
        for (unsigned i = 0; i < calls; i++) {
            a.add(wait(random));
            b.add(wait(random));
        }
        held += holds_zero(compare(a, b));
    }
    return double(held) / kRounds;
}

TEST(Noise, TheIntervalOfTheMeanHoldsInNinetyNineOfAHundred)
{
    auto mean = [](const Sample &a, const Sample &b) {
        noise_calls left = a.calls(), right = b.calls();
        return noise_mean(&left, &right);
    };
    for (unsigned calls : {12u, 300u}) {
        double share = coverage(calls, mean);
        EXPECT_GT(share, 0.983) << calls;
        EXPECT_LT(share, 0.998) << "too wide is no better: " << calls;
    }
}

TEST(Noise, TheIntervalOfAQuantileHoldsAtLeastAsOften)
{
    for (double share : {0.5, 0.9}) {
        double held = coverage(300, [share](const Sample &a, const Sample &b) {
            return noise_quantile(&a.histogram, &b.histogram, share);
        });
        EXPECT_GT(held, 0.99) << share;
    }
}

TEST(Noise, TheIntervalOfARateHoldsForPoissonCounts)
{
    std::mt19937_64 random(7);
    for (double rate : {3.0, 40.0, 5000.0}) {
        std::poisson_distribution<uint64_t> a(rate), b(3 * rate);
        unsigned held = 0, rounds = 4000;
        for (unsigned i = 0; i < rounds; i++)
            held += holds_zero(noise_rate(a(random), 1, b(random), 3));
        EXPECT_GT(double(held) / rounds, 0.985) << rate;
        EXPECT_LT(double(held) / rounds, 0.9999) << rate;
    }
}

TEST(Noise, TheIntervalOfATimeHoldsWhereCallsComeAtRandom)
{
    std::mt19937_64 random(11);
    std::poisson_distribution<unsigned> arrivals(200);
    std::exponential_distribution<double> wait(1 / 200000.0);
    unsigned held = 0, rounds = 2000;
    for (unsigned i = 0; i < rounds; i++) {
        Sample a, b;
        for (unsigned n = arrivals(random); n > 0; n--)
            a.add(wait(random));
        for (unsigned n = arrivals(random) + arrivals(random); n > 0; n--)
            b.add(wait(random));
        noise_calls left = a.calls(), right = b.calls();
        held += holds_zero(noise_time(&left, 1, &right, 2));
    }
    EXPECT_GT(double(held) / rounds, 0.98);
    EXPECT_LT(double(held) / rounds, 0.9995);
}

TEST(Noise, ALargeDifferenceIsSeenInItsDirection)
{
    Sample a, b;
    for (unsigned i = 0; i < 500; i++) {
        a.add(200000 + 400 * i);
        b.add(100000 + 200 * i);
    }
    noise_calls left = a.calls(), right = b.calls();
    noise_figure less = noise_mean(&left, &right), more = noise_mean(&right, &left);
    EXPECT_EQ(less.judgement, NOISE_LESS);
    EXPECT_EQ(more.judgement, NOISE_MORE);
    EXPECT_NEAR(noise_change(&less), -0.5, 0.01);
    EXPECT_LT(less.high, 0);
    EXPECT_EQ(noise_quantile(&a.histogram, &b.histogram, 0.5).judgement, NOISE_LESS);
    EXPECT_EQ(noise_rate(1000, 10, 500, 10).judgement, NOISE_LESS);
}

TEST(Noise, RunsThatDifferWidenTheInterval)
{
    const noise_run a[] = {{100, 1}, {130, 1}, {90, 1}, {120, 1}};
    const noise_run b[] = {{140, 1}, {125, 1}, {150, 1}};
    noise_figure figure = noise_between(110, 0.1, 138.3, 0.1);
    ASSERT_EQ(figure.judgement, NOISE_MORE);
    noise_widen(&figure, a, 4, b, 3);
    EXPECT_EQ(figure.judgement, NOISE_WITHIN);
    /* One run is taken to vary as those of the other side. */
    figure = noise_between(110, 0.1, 138.3, 0.1);
    noise_widen(&figure, a, 4, b, 1);
    EXPECT_EQ(figure.judgement, NOISE_WITHIN);
    figure = noise_between(110, 0.1, 1380, 0.1);
    noise_widen(&figure, a, 4, b, 1);
    EXPECT_EQ(figure.judgement, NOISE_WITHIN) << "it would vary as much, relative to what it is";
    /* Runs that agree change nothing, nor does one on each side. */
    const noise_run same[] = {{100, 1}, {200, 2}, {100, 1}};
    figure = noise_between(100, 1, 200, 1);
    double low = figure.low;
    noise_widen(&figure, same, 3, same, 3);
    EXPECT_EQ(figure.low, low);
    noise_widen(&figure, a, 1, b, 1);
    EXPECT_EQ(figure.low, low);
}

TEST(Noise, TheWidenedIntervalHoldsWhereRunsDifferAsTheyPlease)
{
    std::mt19937_64 random(5);
    std::normal_distribution<double> load(1, 0.2), calls(1000, 5);
    unsigned held = 0, alone = 0, rounds = 3000;
    for (unsigned round = 0; round < rounds; round++) {
        noise_run runs[2][5];
        double sum[2] = {0, 0}, units[2] = {0, 0};
        for (int side = 0; side < 2; side++)
            for (noise_run &run : runs[side]) {
                run.units = calls(random);
                run.sum = run.units * 100 * load(random);
                sum[side] += run.sum;
                units[side] += run.units;
            }
        noise_figure figure =
            noise_between(sum[0] / units[0], 0.3, sum[1] / units[1], 0.3); /* as the calls alone say */
        alone += holds_zero(figure);
        noise_widen(&figure, runs[0], 5, runs[1], 5);
        held += holds_zero(figure);
    }
    EXPECT_LT(double(alone) / rounds, 0.2) << "the calls alone know nothing of it";
    EXPECT_GT(double(held) / rounds, 0.985);
    EXPECT_LT(double(held) / rounds, 0.9985);
}

TEST(Noise, WhatIsBelowTheFloorIsNoiseHoweverOftenItWasSeen)
{
    Sample a, b;
    a.add(100000, 1000000);
    b.add(108000, 1000000);
    noise_calls left = a.calls(), right = b.calls();
    noise_figure figure = noise_mean(&left, &right);
    EXPECT_GT(figure.low, 0) << "the interval alone would say more";
    EXPECT_EQ(figure.judgement, NOISE_WITHIN);
}

TEST(Noise, EqualIsNoiseAndSoIsNothing)
{
    Sample a;
    a.add(100000, 50);
    noise_calls calls = a.calls();
    EXPECT_EQ(noise_mean(&calls, &calls).judgement, NOISE_WITHIN);
    EXPECT_EQ(noise_rate(50, 1, 50, 1).judgement, NOISE_WITHIN);
    EXPECT_EQ(noise_rate(0, 1, 0, 1).judgement, NOISE_WITHIN);
    EXPECT_EQ(noise_rate(1, 1, 0, 1).judgement, NOISE_WITHIN) << "one call may be chance";
    EXPECT_EQ(noise_rate(100, 1, 0, 1).judgement, NOISE_LESS);
}

TEST(Noise, TooFewCallsTellNothing)
{
    Sample few, many, none;
    few.add(1000, NOISE_CALLS_LEAST - 1);
    many.add(100000, 1000);
    noise_calls left = few.calls(), right = many.calls(), nothing = none.calls();
    EXPECT_EQ(noise_mean(&left, &right).judgement, NOISE_UNKNOWN);
    EXPECT_EQ(noise_mean(&nothing, &right).judgement, NOISE_UNKNOWN);
    EXPECT_TRUE(std::isnan(noise_mean(&nothing, &right).a));
    EXPECT_EQ(noise_quantile(&few.histogram, &few.histogram, 0.99).judgement, NOISE_UNKNOWN);
    EXPECT_EQ(noise_quantile(&none.histogram, &many.histogram, 0.5).judgement, NOISE_UNKNOWN);
    EXPECT_EQ(noise_rate(5, 0, 5, 1).judgement, NOISE_UNKNOWN);
}

TEST(Noise, ClocksOfDifferentLengthAreTheSameTime)
{
    Sample slow(1.0), fast(0.2813);
    std::mt19937_64 random(3);
    std::exponential_distribution<double> wait(1 / 50000.0);
    for (unsigned i = 0; i < 5000; i++) {
        slow.add(wait(random));
        fast.add(wait(random));
    }
    noise_calls left = slow.calls(), right = fast.calls();
    EXPECT_EQ(noise_mean(&left, &right).judgement, NOISE_WITHIN);
    for (double share : {0.5, 0.99})
        EXPECT_EQ(noise_quantile(&slow.histogram, &fast.histogram, share).judgement, NOISE_WITHIN);
}

} // namespace
