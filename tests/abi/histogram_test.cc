// The bucket layout of latency histograms, against HdrHistogram's published formula.
#include "c_headers.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <random>
#include <vector>

namespace
{
// HdrHistogram, counts_index_for(value): with sub buckets of 2^(half_magnitude + 1) and values in units
// of 2^unit_magnitude. Ours is the case of 8 sub buckets a power of two and a unit of 4.
uint64_t hdr_index(uint64_t value, int unit_magnitude = 2, int half_magnitude = 3)
{
    uint64_t sub_bucket_mask = ((UINT64_C(1) << (half_magnitude + 1)) - 1) << unit_magnitude;
    int power = 64 - __builtin_clzll(value | sub_bucket_mask);
    int bucket = power - unit_magnitude - (half_magnitude + 1);
    int64_t sub_bucket = (int64_t)(value >> (bucket + unit_magnitude));
    int64_t half = INT64_C(1) << half_magnitude;
    return (uint64_t)((((int64_t)bucket + 1) << half_magnitude) + (sub_bucket - half));
}

constexpr uint64_t top = UINT64_C(1) << 44; // from here on everything is in the last bucket

uint64_t high(unsigned bucket)
{
    return histogram_low(bucket) + histogram_width(bucket) - 1;
}

std::vector<uint64_t> random_values(size_t count)
{
    std::mt19937_64 random(20240601);
    std::vector<uint64_t> values;
    for (size_t i = 0; i < count; i++) // all magnitudes alike
        values.push_back(random() >> (random() % 64));
    return values;
}
} // namespace

TEST(Histogram, EveryBucketHoldsExactlyItsBounds)
{
    for (unsigned bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++) {
        EXPECT_EQ(histogram_bucket(histogram_low(bucket)), bucket);
        EXPECT_EQ(histogram_bucket(high(bucket)), bucket);
        EXPECT_EQ(histogram_bucket(histogram_middle(bucket)), bucket);
        if (bucket > 0) {
            EXPECT_EQ(histogram_bucket(histogram_low(bucket) - 1), bucket - 1);
        }
        if (bucket + 1 < HISTOGRAM_BUCKETS) {
            EXPECT_EQ(histogram_bucket(high(bucket) + 1), bucket + 1);
        }
    }
}

TEST(Histogram, BucketsTouchWithoutGapFromZeroToTheTop)
{
    uint64_t next = 0;
    for (unsigned bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++) {
        EXPECT_EQ(histogram_low(bucket), next);
        next += histogram_width(bucket);
    }
    EXPECT_EQ(next, top);
}

TEST(Histogram, TheLastBucketTakesEverythingAbove)
{
    for (uint64_t value : {top, top + 1, top * 2, UINT64_MAX / 2, UINT64_MAX - 1, UINT64_MAX})
        EXPECT_EQ(histogram_bucket(value), HISTOGRAM_BUCKETS - 1u) << value;
}

TEST(Histogram, EqualsHdrHistogramsFormula)
{
    for (uint64_t value = 0; value < 1 << 16; value++)
        ASSERT_EQ(histogram_bucket(value), hdr_index(value)) << value;
    for (unsigned bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++)
        for (uint64_t value : {histogram_low(bucket), high(bucket)})
            ASSERT_EQ(histogram_bucket(value), hdr_index(value)) << value;
    for (uint64_t value : random_values(200000))
        ASSERT_EQ(histogram_bucket(value), std::min<uint64_t>(hdr_index(value), HISTOGRAM_BUCKETS - 1)) << value;
}

TEST(Histogram, RelativeErrorIsAtMostASixteenthFrom32Up)
{
    auto error = [](uint64_t value) {
        double middle = (double)histogram_middle(histogram_bucket(value));
        return std::fabs(middle - (double)value);
    };
    double worst = 0;
    for (unsigned bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++)
        for (uint64_t value : {histogram_low(bucket), high(bucket)}) {
            if (value < 32) {
                EXPECT_LE(error(value), 2) << value;
            } else {
                EXPECT_LE(error(value), (double)value / 16) << value;
                worst = std::max(worst, error(value) / (double)value);
            }
        }
    EXPECT_DOUBLE_EQ(worst, 1.0 / 16) << "the bound is tight";
    for (uint64_t value : random_values(200000))
        if (value >= 32 && value < top) {
            ASSERT_LE(error(value), (double)value / 16) << value;
        }
}

TEST(Histogram, IsMonotone)
{
    std::vector<uint64_t> values = random_values(200000);
    std::sort(values.begin(), values.end());
    unsigned last = 0;
    for (uint64_t value : values) {
        unsigned bucket = histogram_bucket(value);
        ASSERT_GE(bucket, last) << value;
        last = bucket;
    }
    EXPECT_EQ(last, HISTOGRAM_BUCKETS - 1u);
}
