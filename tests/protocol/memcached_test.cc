// memcached: which connections may be handed on, each rule from both sides.
#include "protocol/protocol_support.h"

#include <gtest/gtest.h>

using namespace protocol;

#define GET ">get a\r\n"
#define SET ">set a 0 0 2\r\nhi\r\n"
#define MISS "<END\r\n"

static const scenario requests[] = {
    {"Get", {GET, "<VALUE a 0 2\r\nhi\r\nEND\r\n"}, PARKABLE, 1, 1},
    {"GetMiss", {GET, MISS}, PARKABLE, 1, 1},
    {"GetSeveral", {">get a b c\r\n", "<VALUE a 0 2\r\nhi\r\nVALUE c 1 0\r\n\r\nEND\r\n"}, PARKABLE, 1, 1},
    {"GetLongLine", {">get " + repeat("key ", 20000) + "\r\n", MISS}, PARKABLE, 1, 1},
    {"GetTrailingSpace", {">get a \r\n", MISS}, PARKABLE, 1, 1},
    {"GetTwoSpaces", {">get  a\r\n", MISS}, PARKABLE, 1, 1},
    {"GetNothing", {">get\r\n", "<ERROR\r\n"}, MISMATCH, 0, 0},
    {"GetNoreply", {">get noreply\r\n", MISS}, PARKABLE, 1, 1},
    {"GetUnfinished", {">get a\r"}, OPEN, 0, 0},
    {"GetBareLineFeed", {">get a\n"}, MISMATCH, 0, 0},
    {"GetTab", {">get a\tb\r\n"}, MISMATCH, 0, 0},
    {"GetNul", {std::string(">get a\0\r\n", 9)}, MISMATCH, 0, 0},
    {"GetHighBytes", {">get \xc3\xa9\xff\r\n", MISS}, PARKABLE, 1, 1},
    {"Gets", {">gets a\r\n", "<VALUE a 0 2 77\r\nhi\r\nEND\r\n"}, PARKABLE, 1, 1},
    {"Gat", {">gat 10 a b\r\n", "<VALUE a 0 2\r\nhi\r\nEND\r\n"}, PARKABLE, 1, 1},
    {"Gats", {">gats 10 a\r\n", MISS}, PARKABLE, 1, 1},
    {"GatNoKey", {">gat 10\r\n", MISS}, MISMATCH, 0, 0},
    {"Set", {SET, "<STORED\r\n"}, PARKABLE, 1, 1},
    {"SetEmpty", {">set a 0 0 0\r\n\r\n", "<STORED\r\n"}, PARKABLE, 1, 1},
    {"SetLarge", {">set a 0 0 70000\r\n" + repeat("x", 70000) + "\r\n", "<STORED\r\n"}, PARKABLE, 1, 1},
    {"SetLines", {">set a 0 0 7\r\nEND\r\n\r\n\r\n", "<STORED\r\n"}, PARKABLE, 1, 1},
    {"SetUnfinished", {">set a 0 0 2\r\nhi\r"}, OPEN, 0, 0},
    {"SetTooLong", {">set a 0 0 2\r\nhix\r\n"}, MISMATCH, 0, 0},
    {"SetTooShort", {">set a 0 0 3\r\nhi\r\nget a\r\n"}, MISMATCH, 0, 0},
    {"SetNegative", {">set a 0 0 -1\r\n"}, MISMATCH, 0, 0},
    {"SetHuge", {">set a 0 0 18446744073709551618\r\nhi\r\n"}, MISMATCH, 0, 0},
    {"SetFourWords", {">set a 0 2\r\nhi\r\n"}, MISMATCH, 0, 0},
    {"SetSevenWords", {">set a 0 0 2 1 2\r\nhi\r\n"}, MISMATCH, 0, 0},
    {"SetNegativeTime", {">set a 0 -1 2\r\nhi\r\n", "<STORED\r\n"}, PARKABLE, 1, 1},
    {"Add", {">add a 0 0 2\r\nhi\r\n", "<NOT_STORED\r\n"}, PARKABLE, 1, 1},
    {"Replace", {">replace a 0 0 2\r\nhi\r\n", "<NOT_STORED\r\n"}, PARKABLE, 1, 1},
    {"Append", {">append a 0 0 2\r\nhi\r\n", "<STORED\r\n"}, PARKABLE, 1, 1},
    {"Prepend", {">prepend a 0 0 2\r\nhi\r\n", "<STORED\r\n"}, PARKABLE, 1, 1},
    {"Cas", {">cas a 0 0 2 77\r\nhi\r\n", "<EXISTS\r\n"}, PARKABLE, 1, 1},
    {"CasNotFound", {">cas a 0 0 2 77\r\nhi\r\n", "<NOT_FOUND\r\n"}, PARKABLE, 1, 1},
    {"CasWithoutUnique", {">cas a 0 0 2\r\nhi\r\n"}, MISMATCH, 0, 0},
    {"Delete", {">delete a\r\n", "<DELETED\r\n"}, PARKABLE, 1, 1},
    {"DeleteOldClient", {">delete a 0\r\n", "<NOT_FOUND\r\n"}, PARKABLE, 1, 1},
    {"DeleteKeyNoreply", {">delete noreply\r\n"}, MISMATCH, 0, 0},
    {"Incr", {">incr n 5\r\n", "<18446744073709551615\r\n"}, PARKABLE, 1, 1},
    {"IncrWrong", {">incr n 5\r\n", "<12x\r\n"}, MISMATCH, 0, 0},
    {"Decr", {">decr n 5\r\n", "<NOT_FOUND\r\n"}, PARKABLE, 1, 1},
    {"Touch", {">touch a 10\r\n", "<TOUCHED\r\n"}, PARKABLE, 1, 1},
    {"FlushAll", {">flush_all\r\n", "<OK\r\n"}, PARKABLE, 1, 1},
    {"FlushAllLater", {">flush_all 10\r\n", "<OK\r\n"}, PARKABLE, 1, 1},
    {"Version", {">version\r\n", "<VERSION 1.6.18\r\n"}, PARKABLE, 1, 1},
    {"Stats", {">stats\r\n", "<STAT pid 1\r\nSTAT uptime 2\r\nEND\r\n"}, PARKABLE, 1, 1},
    {"StatsItems", {">stats cachedump 1 2\r\n", "<ITEM a [2 b; 0 s]\r\nEND\r\n"}, PARKABLE, 1, 1},
    {"StatsUnfinished", {">stats\r\n", "<STAT pid 1\r\nSTAT uptime 2\r\n"}, OPEN, 1, 0},
    {"StatsReset", {">stats reset\r\n", "<RESET\r\n"}, PARKABLE, 1, 1},
    {"TwoExchanges", {GET, MISS, SET, "<STORED\r\n"}, PARKABLE, 2, 2},
    {"HalfACommandLater", {GET, MISS, ">g"}, OPEN, 1, 1},
    {"EmptyLineLater", {GET, MISS, ">\r\n"}, MISMATCH, 0, 0},
    {"SpaceFirst", {GET, MISS, "> get a\r\n"}, MISMATCH, 0, 0},
    {"Pipelined", {">get a\r\nset b 0 0 2\r\nhi\r\ndelete c\r\n", "<END\r\nSTORED\r\nNOT_FOUND\r\n"}, PARKABLE, 3, 3},
    {"PipelinedSixteen", {">" + repeat("version\r\n", 16), "<" + repeat("VERSION 1\r\n", 16)}, PARKABLE, 16, 16},
    {"PipelinedSeventeen", {">" + repeat("version\r\n", 17)}, MISMATCH, 0, 0},
    {"PipelinedHalfAnswered", {GET, GET, MISS}, OPEN, 2, 1},
    {"ThirtyExchanges", {GET, MISS, GET, MISS, GET, MISS, GET, MISS, GET, MISS, GET, MISS, GET, MISS, GET, MISS, GET, MISS, GET, MISS}, PARKABLE, 10, 10},
};

static const scenario replies[] = {
    {"Unasked", {GET, MISS, MISS}, MISMATCH, 0, 0},
    {"Early", {">set a 0 0 2\r\nh", "<SERVER_ERROR object too large for cache\r\n"}, MISMATCH, 0, 0},
    {"OfAnother", {GET, "<STORED\r\n"}, MISMATCH, 0, 0},
    {"OfAnotherInOrder", {GET, SET, "<STORED\r\n"}, MISMATCH, 0, 0},
    {"Error", {GET, "<ERROR\r\n"}, MISMATCH, 0, 0},
    {"ClientError", {SET, "<CLIENT_ERROR bad data chunk\r\n"}, MISMATCH, 0, 0},
    {"ServerError", {SET, "<SERVER_ERROR out of memory storing object\r\n"}, MISMATCH, 0, 0},
    {"Redis", {GET, "<$-1\r\n"}, MISMATCH, 0, 0},
    {"EmptyLine", {GET, "<\r\nEND\r\n"}, MISMATCH, 0, 0},
    {"BareLineFeed", {GET, "<END\n"}, MISMATCH, 0, 0},
    {"MoreAfterEnd", {GET, "<END x\r\n"}, MISMATCH, 0, 0},
    {"MoreAfterStored", {SET, "<STORED x\r\n"}, MISMATCH, 0, 0},
    {"Lower", {GET, "<end\r\n"}, MISMATCH, 0, 0},
    {"ValueUnfinished", {GET, "<VALUE a 0 2\r\nhi\r\n"}, OPEN, 1, 0},
    {"ValueTooLong", {GET, "<VALUE a 0 2\r\nhix\r\nEND\r\n"}, MISMATCH, 0, 0},
    {"ValueTooShort", {GET, "<VALUE a 0 3\r\nhi\r\nEND\r\n"}, MISMATCH, 0, 0},
    {"ValueNoLength", {GET, "<VALUE a 0\r\nhi\r\nEND\r\n"}, MISMATCH, 0, 0},
    {"ValueNegative", {GET, "<VALUE a 0 -2\r\nhi\r\nEND\r\n"}, MISMATCH, 0, 0},
    {"ValueSixWords", {GET, "<VALUE a 0 2 3 4\r\nhi\r\nEND\r\n"}, MISMATCH, 0, 0},
    {"ValueOfLines", {GET, "<VALUE a 0 5\r\nEND\r\n\r\nEND\r\n"}, PARKABLE, 1, 1},
};

static const scenario meta[] = {
    {"Noop", {">mn\r\n", "<MN\r\n"}, PARKABLE, 1, 1},
    {"GetHit", {">mg a\r\n", "<HD\r\n"}, PARKABLE, 1, 1},
    {"GetMiss", {">mg a v\r\n", "<EN\r\n"}, PARKABLE, 1, 1},
    {"GetValue", {">mg a v f t\r\n", "<VA 2 f0 t-1\r\nhi\r\n"}, PARKABLE, 1, 1},
    {"GetValueAlone", {">mg a v\r\n", "<VA 2\r\nhi\r\n"}, PARKABLE, 1, 1},
    {"GetValueNoLength", {">mg a v\r\n", "<VA\r\nhi\r\n"}, MISMATCH, 0, 0},
    {"GetValueUnfinished", {">mg a v\r\n", "<VA 2 f0\r\nhi"}, OPEN, 1, 0},
    {"GetQuiet", {">mg a v q\r\nmn\r\n", "<MN\r\n"}, MISMATCH, 0, 0},
    {"GetQuietOpaque", {">mg a v q123\r\n"}, MISMATCH, 0, 0},
    {"GetLongOpaque", {">mg a v O" + repeat("q", 31) + "\r\n", "<EN O" + repeat("q", 31) + "\r\n"}, PARKABLE, 1, 1},
    {"GetQuietLongOpaque", {">mg a v q" + repeat("O", 31) + "\r\n"}, MISMATCH, 0, 0},
    {"GetKeyQ", {">mg q v\r\n", "<EN\r\n"}, PARKABLE, 1, 1},
    {"Set", {">ms a 2\r\nhi\r\n", "<HD\r\n"}, PARKABLE, 1, 1},
    {"SetFlags", {">ms a 2 T90 c Oabc\r\nhi\r\n", "<HD c5 Oabc\r\n"}, PARKABLE, 1, 1},
    {"SetNotStored", {">ms a 2 ME\r\nhi\r\n", "<NS\r\n"}, PARKABLE, 1, 1},
    {"SetQuiet", {">ms a 2 q\r\nhi\r\n"}, MISMATCH, 0, 0},
    {"SetOldSyntax", {">ms a S2\r\nhi\r\n"}, MISMATCH, 0, 0},
    {"SetNoLength", {">ms a\r\n"}, MISMATCH, 0, 0},
    {"SetUnfinished", {">ms a 2\r\nhi"}, OPEN, 0, 0},
    {"Delete", {">md a\r\n", "<NF\r\n"}, PARKABLE, 1, 1},
    {"DeleteExists", {">md a C5\r\n", "<EX\r\n"}, PARKABLE, 1, 1},
    {"Arithmetic", {">ma n N0 v\r\n", "<VA 1\r\n5\r\n"}, PARKABLE, 1, 1},
    {"ArithmeticPlain", {">ma n\r\n", "<NF\r\n"}, PARKABLE, 1, 1},
    {"Debug", {">me a\r\n", "<ME a exp=-1 la=1 cas=2 fetch=no cls=1 size=63\r\n"}, PARKABLE, 1, 1},
    {"DebugMiss", {">me a\r\n", "<EN\r\n"}, PARKABLE, 1, 1},
    {"NoopWithWords", {">mn a\r\n"}, MISMATCH, 0, 0},
    {"GetWrongAnswer", {">mg a\r\n", "<END\r\n"}, MISMATCH, 0, 0},
};

static const scenario silent[] = {
    {"Alone", {">set a 0 0 2 noreply\r\nhi\r\n"}, OPEN, 1, 0},
    {"ThenAnswered", {">set a 0 0 2 noreply\r\nhi\r\n", GET, "<VALUE a 0 2\r\nhi\r\nEND\r\n"}, PARKABLE, 2, 2},
    {"BetweenAnswered", {GET, MISS, ">delete a noreply\r\n"}, OPEN, 2, 1},
    {"AfterUnanswered", {">get a\r\ndelete a noreply\r\n", MISS}, OPEN, 2, 1},
    {"ManyThenAnswered", {">" + repeat("incr n 1 noreply\r\n", 100) + "mn\r\n", "<MN\r\n"}, PARKABLE, 101, 101},
    {"AnsweredByMistake", {">set a 0 0 2 noreply\r\nhi\r\n", "<STORED\r\n"}, MISMATCH, 0, 0},
    {"FailedThenAnswered", {">set a 0 0 2 noreply\r\nhi\r\n", GET, "<ERROR\r\n", MISS}, MISMATCH, 0, 0},
    {"EveryKind", {">add a 0 0 1 noreply\r\nx\r\ncas a 0 0 1 7 noreply\r\nx\r\ndelete a noreply\r\ndelete a 0 noreply\r\nincr n 1 noreply\r\ntouch a 0 noreply\r\nflush_all noreply\r\nflush_all 0 noreply\r\nversion\r\n", "<VERSION 1\r\n"}, PARKABLE, 9, 9},
    {"Nearly", {">set a 0 0 2 noreplyx\r\nhi\r\n"}, MISMATCH, 0, 0},
    {"NotLast", {">set a 0 noreply 2\r\nhi\r\n", "<STORED\r\n"}, PARKABLE, 1, 1},
};

static const scenario states[] = {
    {"Watch", {">watch fetchers\r\n", "<OK\r\n"}, STATE, 0, 0},
    {"Verbosity", {">verbosity 1\r\n", "<OK\r\n"}, STATE, 0, 0},
    {"Shutdown", {">shutdown\r\n"}, STATE, 0, 0},
    {"Quit", {">quit\r\n"}, CLOSE, 0, 0},
    {"QuitLater", {GET, MISS, ">quit\r\n"}, CLOSE, 0, 0},
    {"MetadumpLater", {GET, MISS, ">lru_crawler metadump all\r\n"}, STATE, 0, 0},
    {"UnknownLater", {GET, MISS, ">frobnicate\r\n"}, STATE, 0, 0},
    {"FirstSetMayBeALogin", {">set x 0 0 11\r\nuser secret\r\n", "<STORED\r\n"}, STATE, 0, 0},
    {"SecondSetIsNone", {GET, MISS, ">set x 0 0 11\r\nuser secret\r\n", "<STORED\r\n"}, PARKABLE, 2, 2},
    {"FirstSetOfOneWord", {">set x 0 0 11\r\nuser_secret\r\n", "<STORED\r\n"}, PARKABLE, 1, 1},
    {"FirstSetOfAPage", {">set x 0 0 2000\r\n" + repeat("a b ", 500) + "\r\n", "<STORED\r\n"}, PARKABLE, 1, 1},
    {"FirstAddIsNoLogin", {">add x 0 0 11\r\nuser secret\r\n", "<STORED\r\n"}, PARKABLE, 1, 1},
};

class Memcached : public testing::TestWithParam<scenario>
{
};

TEST_P(Memcached, IsJudgedTheSameInAnySplit)
{
    expect(GetParam());
}

static std::string name_of(const testing::TestParamInfo<scenario> &info)
{
    return info.param.name;
}

INSTANTIATE_TEST_SUITE_P(Requests, Memcached, testing::ValuesIn(requests), name_of);
INSTANTIATE_TEST_SUITE_P(Replies, Memcached, testing::ValuesIn(replies), name_of);
INSTANTIATE_TEST_SUITE_P(Meta, Memcached, testing::ValuesIn(meta), name_of);
INSTANTIATE_TEST_SUITE_P(Silent, Memcached, testing::ValuesIn(silent), name_of);
INSTANTIATE_TEST_SUITE_P(States, Memcached, testing::ValuesIn(states), name_of);

TEST(MemcachedRepeat, IsAllowedOfCommandsWithTheSameEffectAndAnswer)
{
    for (const char *line : {"get a\r\n", "gets a b\r\n", "set a 0 0 2\r\nhi\r\n", "version\r\n", "mn\r\n", "mg a v k Oabc\r\n",
                             "me a\r\n", "stats\r\n"})
        EXPECT_TRUE(feed({std::string(">") + line}).may_repeat) << line;
    for (const char *line : {"add a 0 0 2\r\nhi\r\n", "append a 0 0 2\r\nhi\r\n", "cas a 0 0 2 5\r\nhi\r\n", "incr a 1\r\n",
                             "delete a\r\n", "touch a 1\r\n", "gat 1 a\r\n", "flush_all\r\n", "mg a N30\r\n", "mg a h\r\n",
                             "mg a T30 v\r\n", "ms a 2\r\nhi\r\n", "md a\r\n", "ma a\r\n", "stats reset\r\n", "watch\r\n"})
        EXPECT_FALSE(feed({std::string(">") + line}).may_repeat) << line;
    EXPECT_FALSE(feed({">get a"}).may_repeat);
    EXPECT_TRUE(feed({">get a"}).may_become_repeatable);
    EXPECT_FALSE(feed({">incr "}).may_become_repeatable);
    EXPECT_FALSE(feed({GET, "<E"}).may_repeat);
}
