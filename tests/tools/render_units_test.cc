/* Numbers as people read them. */
#include <gtest/gtest.h>

extern "C" {
#include "analyse/units.h"
}

TEST(UnitsNumber, IsShownWhateverItsSize)
{
    EXPECT_STREQ(units_number(0).text, "0.0");
    EXPECT_STREQ(units_number(340.4).text, "340");
    EXPECT_STREQ(units_number(12034).text, "12,034");
    EXPECT_STREQ(units_number(7.7777e39).text, "7.78e+39");
}

TEST(Units, GroupDigitsOfCounts)
{
    EXPECT_STREQ(units_count(0).text, "0");
    EXPECT_STREQ(units_count(999).text, "999");
    EXPECT_STREQ(units_count(12034).text, "12,034");
    EXPECT_STREQ(units_count(UINT64_MAX).text, "18,446,744,073,709,551,615");
}

TEST(Units, ChooseTheUnitOfADuration)
{
    EXPECT_STREQ(units_duration(0).text, "0 ns");
    EXPECT_STREQ(units_duration(999).text, "999 ns");
    EXPECT_STREQ(units_duration(1400).text, "1.4 µs");
    EXPECT_STREQ(units_duration(1450000).text, "1.45 ms");
    EXPECT_STREQ(units_duration(999600).text, "1.0 ms");
    EXPECT_STREQ(units_duration(27500000000).text, "27.5 s");
    EXPECT_STREQ(units_duration(999400000000).text, "999 s");
    EXPECT_STREQ(units_duration(1003000000000).text, "16 min 43 s");
    EXPECT_STREQ(units_duration(UINT64_C(9000) * 1000000000).text, "2 h 30 min");
}

TEST(Units, ChooseTheUnitOfASize)
{
    EXPECT_STREQ(units_bytes(1023).text, "1023 B");
    EXPECT_STREQ(units_bytes(1536).text, "1.5 KiB");
    EXPECT_STREQ(units_bytes(4404019).text, "4.2 MiB");
    EXPECT_STREQ(units_bytes(UINT64_MAX).text, "16.0 EiB");
}

TEST(Units, NeverShowSomethingAsNothing)
{
    EXPECT_STREQ(units_share(0).text, "0.0 %");
    EXPECT_STREQ(units_share(0.0001).text, "< 0.1 %");
    EXPECT_STREQ(units_share(0.38).text, "38.0 %");
}

TEST(Units, UseTheSingularForOne)
{
    EXPECT_STREQ(units_plural(1, "thread").text, "1 thread");
    EXPECT_STREQ(units_plural(0, "thread").text, "0 threads");
    EXPECT_STREQ(units_plural(1200, "thread").text, "1,200 threads");
}
