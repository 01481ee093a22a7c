// Short texts without libc.
#include "c_headers.h"

#include <gtest/gtest.h>
#include <string>

namespace
{
std::string written(void (*write)(struct text *, uint64_t), uint64_t value)
{
    char room[64];
    struct text text = text_in(room, sizeof room);
    write(&text, value);
    EXPECT_EQ(strlen(room), text.len);
    return room;
}
} // namespace

TEST(Text, WritesWholeNumbers)
{
    for (uint64_t value : {UINT64_C(0), UINT64_C(9), UINT64_C(10), UINT64_C(1234567890), UINT64_MAX - 1, UINT64_MAX})
        EXPECT_EQ(written(text_unsigned, value), std::to_string(value));
}

TEST(Text, WritesHexadecimalsWithoutLeadingZeros)
{
    EXPECT_EQ(written(text_hex, 0), "0");
    EXPECT_EQ(written(text_hex, 0xdb8), "db8");
    EXPECT_EQ(written(text_hex, UINT64_MAX), "ffffffffffffffff");
}

TEST(Text, IsCutAtTheEndAndStaysTerminated)
{
    char room[8];
    memset(room, 'x', sizeof room);
    struct text text = text_in(room, 7);
    text_string(&text, "abc");
    text_string(&text, "defgh");
    EXPECT_STREQ(room, "abcdef");
    EXPECT_EQ(text.len, 6u);
    text_unsigned(&text, 12);
    text_bytes(&text, "zz", 2);
    EXPECT_STREQ(room, "abcdef");
    EXPECT_EQ(room[7], 'x') << "nothing behind the room is touched";
}

TEST(Text, BytesMayHoldAnything)
{
    char room[8];
    struct text text = text_in(room, sizeof room);
    text_bytes(&text, "a\0b", 3);
    EXPECT_EQ(std::string(room, text.len), std::string("a\0b", 3));
}

struct DecimalCase {
    uint64_t value, divisor;
    unsigned decimals;
    const char *text;
};

class TextDecimal : public testing::TestWithParam<DecimalCase> {};

TEST_P(TextDecimal, IsRoundedToTheNearest)
{
    const DecimalCase &one = GetParam();
    char room[64];
    struct text text = text_in(room, sizeof room);
    text_decimal(&text, one.value, one.divisor, one.decimals);
    EXPECT_STREQ(room, one.text);
}

INSTANTIATE_TEST_SUITE_P(Values, TextDecimal,
                         testing::Values(DecimalCase{0, 1000, 3, "0.000"}, DecimalCase{1, 1000, 3, "0.001"},
                                         DecimalCase{1005, 1000, 1, "1.0"}, DecimalCase{1950, 1000, 1, "2.0"},
                                         DecimalCase{1949, 1000, 1, "1.9"}, DecimalCase{999, 1000, 2, "1.00"},
                                         DecimalCase{7, 2, 0, "4"}, DecimalCase{62400, 1000, 1, "62.4"},
                                         DecimalCase{UINT64_MAX, 1, 3, "18446744073709551615.000"},
                                         DecimalCase{100, 1000, 3, "0.100"}, DecimalCase{50, 1000, 2, "0.05"}));
