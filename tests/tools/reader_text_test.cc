/* Hostile text, columns and nearest names. */
#include <gtest/gtest.h>

#include <string>

extern "C" {
#include "read/text.h"
}

namespace {

std::string clean(const std::string &text, size_t size = 256)
{
    std::string buf(size, 'x');
    buf.resize(text_clean(buf.data(), size, text.data(), text.size()));
    return buf;
}

TEST(Text, KeepsWhatIsHarmless)
{
    for (const char *text : {"", "plain", "ümläut → 日本語 🙂", "a:b/c?d=e&f"})
        EXPECT_EQ(clean(text), text);
}

TEST(Text, RemovesEscapeSequencesWhole)
{
    EXPECT_EQ(clean("a\x1b[31;1mred\x1b[0mb"), "aredb");
    EXPECT_EQ(clean("a\x1b]0;title\x07z"), "az");
    EXPECT_EQ(clean("a\x1b]8;;http://x\x1b\\link"), "alink");
    EXPECT_EQ(clean("a\x1bPdevice\x1b\\b"), "ab");
    EXPECT_EQ(clean("a\x1b(0b"), "ab");
    EXPECT_EQ(clean("a\x1b" "cb"), "ab");
    EXPECT_EQ(clean("tail\x1b"), "tail");
    EXPECT_EQ(clean("tail\x1b["), "tail");
    EXPECT_EQ(clean("tail\x1b[3"), "tail");
}

TEST(Text, KeepsWhatFollowsAnEscapeThatNeverEnds)
{
    EXPECT_EQ(clean("a\x1b]visible"), "avisible");
}

TEST(Text, ReplacesControlsAndBrokenCharacters)
{
    EXPECT_EQ(clean(std::string("a\0b\tc\nd", 7)), "a b c d");
    EXPECT_EQ(clean("a\x01\x7f\rb"), "a???b");
    EXPECT_EQ(clean("\xff\xc0\x80"), "???");
    EXPECT_EQ(clean("\xed\xa0\x80"), "???");     /* a surrogate */
    EXPECT_EQ(clean("\xf4\x90\x80\x80"), "????"); /* beyond Unicode */
    EXPECT_EQ(clean("cut \xe2\x82"), "cut ??");
    EXPECT_EQ(clean("\xc2\x9b" "31m"), "?31m");   /* CSI as one character */
    EXPECT_EQ(clean("a\xe2\x80\xae" "b"), "a?b"); /* right-to-left override */
}

TEST(Text, CutsAtACharactersBoundary)
{
    EXPECT_EQ(clean("aé", 3), "a");
    EXPECT_EQ(clean("aé", 4), "aé");
    EXPECT_EQ(clean("abc", 1), "");
}

TEST(Text, NeverGrows)
{
    for (int byte = 0; byte < 256; byte++)
        for (int other : {0, 27, 91, 128, 255}) {
            std::string text = {char(byte), char(other), 'm'};
            EXPECT_LE(clean(text).size(), text.size());
        }
}

TEST(Text, CountsColumns)
{
    EXPECT_EQ(text_columns("abc"), 3u);
    EXPECT_EQ(text_columns("é"), 1u);
    EXPECT_EQ(text_columns("e\xcc\x81"), 1u); /* a combining accent */
    EXPECT_EQ(text_columns("日本"), 4u);
}

TEST(Text, FitsIntoColumnsFromEitherEnd)
{
    char buf[64];
    EXPECT_STREQ(text_fit(buf, sizeof(buf), "abcdef", 6), "abcdef");
    EXPECT_STREQ(text_fit(buf, sizeof(buf), "abcdef", 4), "abc…");
    EXPECT_STREQ(text_fit(buf, sizeof(buf), "日本語", 4), "日…");
    EXPECT_STREQ(text_fit(buf, sizeof(buf), "abcdef", 0), "");
    EXPECT_STREQ(text_fit_tail(buf, sizeof(buf), "/usr/lib/x.so", 6), "…/x.so" + 0);
    EXPECT_STREQ(text_fit_tail(buf, sizeof(buf), "x.so", 6), "x.so");
    char tiny[5];
    EXPECT_STREQ(text_fit(tiny, sizeof(tiny), "abcdef", 6), "abcd");
    EXPECT_STREQ(text_fit_tail(tiny, sizeof(tiny), "abcdef", 4), "…f");
}

TEST(Text, NamesTheNearestCandidate)
{
    const char *names[] = {"cpu-hz", "slow", "sample-rate", "alloc-period", nullptr};
    EXPECT_STREQ(text_nearest("cpu_hz", names), "cpu-hz");
    EXPECT_STREQ(text_nearest("CPU-ZH", names), "cpu-hz");
    EXPECT_STREQ(text_nearest("sampel-rate", names), "sample-rate");
    EXPECT_STREQ(text_nearest("slwo", names), "slow");
    EXPECT_EQ(text_nearest("completely-different", names), nullptr);
    EXPECT_EQ(text_nearest("", names), nullptr);
    EXPECT_EQ(text_nearest(std::string(5000, 'a').c_str(), names), nullptr);
}

} // namespace
