/* Numbers with units: read, shown, compared with their like alone. */
#include <gtest/gtest.h>

#include <string>

extern "C" {
#include "analyse/quantity.h"
}

namespace
{

struct Reading {
    const char *text;
    int taken;
    double value;
    quantity_unit unit;
};

class QuantityReading : public testing::TestWithParam<Reading>
{
};

TEST_P(QuantityReading, TakesNumberAndUnit)
{
    const Reading &wanted = GetParam();
    double value = -1;
    quantity_unit unit = {};
    size_t at = 0, len = 0;
    ASSERT_EQ(quantity_read(wanted.text, &value, &unit, &at, &len), wanted.taken) << wanted.text;
    if (wanted.taken > 0) {
        EXPECT_DOUBLE_EQ(value, wanted.value) << wanted.text;
        EXPECT_EQ(unit.seconds, wanted.unit.seconds) << wanted.text;
        EXPECT_EQ(unit.bytes, wanted.unit.bytes) << wanted.text;
        EXPECT_EQ(unit.kind, wanted.unit.kind) << wanted.text;
    }
}

const quantity_unit kCount = {0, 0, QUANTITY_COUNT}, kShare = {0, 0, QUANTITY_SHARE},
                    kSeconds = {1, 0, QUANTITY_COUNT}, kBytes = {0, 1, QUANTITY_COUNT},
                    kRate = {-1, 0, QUANTITY_COUNT}, kByteRate = {-1, 1, QUANTITY_COUNT};

INSTANTIATE_TEST_SUITE_P(
    Units, QuantityReading,
    testing::Values(Reading{"200", 3, 200, kCount}, Reading{"5ms", 3, 0.005, kSeconds},
                    Reading{"1.5 GiB rest", 7, 1.5 * (1 << 30), kBytes}, Reading{"100MB/s", 7, 1e8, kByteRate},
                    Reading{"80%", 3, 0.8, kShare}, Reading{"20 %", 4, 0.2, kShare},
                    Reading{"1e3us", 5, 1e-3, kSeconds}, Reading{"10/s", 4, 10, kRate},
                    Reading{"2min", 4, 120, kSeconds}, Reading{"7µs", 4, 7e-6, kSeconds},
                    Reading{"5/sleep.calls", 1, 5, kCount}, Reading{"5/s.x", 1, 5, kCount},
                    Reading{"3ms/s", 3, 0.003, kSeconds}, Reading{"0x10", -1, 0, kCount},
                    Reading{"5parsecs", -1, 0, kCount}, Reading{"", 0, 0, kCount}, Reading{".5ms", 4, 0.0005, kSeconds},
                    Reading{".", 0, 0, kCount},
                    Reading{"inf", 0, 0, kCount}, Reading{"-5", 0, 0, kCount}));

TEST(Quantity, SaysWhereTheUnitIsThatItDoesNotKnow)
{
    double value;
    quantity_unit unit;
    size_t at = 0, len = 0;
    EXPECT_EQ(quantity_read("12 mb<", &value, &unit, &at, &len), -1);
    EXPECT_EQ(at, 3u);
    EXPECT_EQ(len, 2u);
    EXPECT_STREQ(quantity_nearest("mb"), "MB");
    EXPECT_STREQ(quantity_nearest("msec"), "ms");
    EXPECT_EQ(quantity_nearest("parsecs"), nullptr);
}

TEST(Quantity, ComparesLikeWithLikeAlone)
{
    const quantity_unit units[] = {kCount, kShare, kSeconds, kBytes, kRate, kByteRate};
    for (const quantity_unit &left : units)
        for (const quantity_unit &right : units)
            EXPECT_EQ(quantity_alike(left, right), &left == &right);
    quantity_unit ratio = quantity_quotient(kCount, kCount);
    EXPECT_TRUE(quantity_alike(ratio, kCount) && quantity_alike(ratio, kShare));
    EXPECT_FALSE(quantity_alike(ratio, kSeconds));
    EXPECT_TRUE(quantity_alike(quantity_product(kByteRate, kSeconds), kBytes));
    EXPECT_TRUE(quantity_alike(quantity_quotient(kBytes, kSeconds), kByteRate));
    EXPECT_TRUE(quantity_alike(quantity_product(kShare, kCount), kCount)) << "5% of the calls";
    EXPECT_FALSE(quantity_alike(quantity_product(kCount, kCount), kShare));
    quantity_unit power = kSeconds;
    for (int i = 0; i < 300; i++)
        power = quantity_product(power, kSeconds);
    EXPECT_GT(power.seconds, 0) << "no overflow";
}

TEST(Quantity, IsShownAsPeopleReadIt)
{
    EXPECT_STREQ(quantity_text(0.0062, kSeconds).text, "6.2 ms");
    EXPECT_STREQ(quantity_text(-0.0062, kSeconds).text, "-6.2 ms");
    EXPECT_STREQ(quantity_text(12034, kCount).text, "12,034");
    EXPECT_STREQ(quantity_text(1.5, kCount).text, "1.5");
    EXPECT_STREQ(quantity_text(0.8, kShare).text, "80.0 %");
    EXPECT_STREQ(quantity_text(4.0 * (1 << 20), kByteRate).text, "4.0 MiB/s");
    EXPECT_STREQ(quantity_text(17, kRate).text, "17/s");
    EXPECT_STREQ(quantity_text(0.0 / 0.0, kRate).text, "?");
    EXPECT_STREQ(quantity_text(1e300, kBytes).text, "4.0 EiB") << "as much as can be shown";
}

} // namespace
