// resp: which connections to Redis may be handed on, each rule from both sides.
#include "protocol/protocol_support.h"

#include <gtest/gtest.h>

using namespace protocol;

// A command as clients send it.
static std::string command(const std::vector<std::string> &words)
{
    std::string bytes = "*" + std::to_string(words.size()) + "\r\n";
    for (const std::string &word : words)
        bytes += "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
    return bytes;
}

static std::string sent(const std::vector<std::string> &words)
{
    return ">" + command(words);
}

#define PING ">*1\r\n$4\r\nPING\r\n"
#define GET ">*2\r\n$3\r\nGET\r\n$1\r\nk\r\n"

static const scenario requests[] = {
    {"Whole", {PING, "<+PONG\r\n"}, PARKABLE, 1, 1},
    {"Nothing", {PING}, OPEN, 1, 0},
    {"Half", {">*2\r\n$3\r\nGET\r\n$1\r\n"}, OPEN, 0, 0},
    {"HalfOfTheSecond", {PING, "<+PONG\r\n", ">*"}, OPEN, 1, 1},
    {"LastByteMissing", {">*1\r\n$4\r\nPING\r"}, OPEN, 0, 0},
    {"EmptyArgument", {">*2\r\n$3\r\nGET\r\n$0\r\n\r\n", "<$-1\r\n"}, PARKABLE, 1, 1},
    {"BinaryArgument", {sent({"SET", std::string("a\0\r\n*1", 6), "\r\n"}), "<+OK\r\n"}, PARKABLE, 1, 1},
    {"LargeArgument", {sent({"SET", "k", repeat("v", 70000)}), "<+OK\r\n"}, PARKABLE, 1, 1},
    {"ManyArguments", {sent(std::vector<std::string>(3000, "MGET")), "<*-1\r\n"}, PARKABLE, 1, 1},
    {"LowerCase", {sent({"gEtRaNgE", "k", "0", "1"}), "<$0\r\n\r\n"}, PARKABLE, 1, 1},
    {"Pipelined", {sent({"SET", "k", "v"}) + command({"GET", "k"}), "<+OK\r\n$1\r\nv\r\n"}, PARKABLE, 2, 2},
    {"PipelinedHalfAnswered", {GET, GET, "<$-1\r\n"}, OPEN, 2, 1},
    {"PipelinedAnswerWhileSending", {GET, ">*1\r\n$4\r\n", "<$-1\r\n", ">PING\r\n", "<+PONG\r\n"}, PARKABLE, 2, 2},
    {"PipelinedHundred", {">" + repeat(command({"INCR", "n"}), 100), "<" + repeat(":1\r\n", 100)}, PARKABLE, 100, 100},
    {"EmptyCommand", {PING, "<+PONG\r\n", ">*0\r\n"}, MISMATCH, 0, 0},
    {"NullCommand", {PING, "<+PONG\r\n", ">*-1\r\n"}, MISMATCH, 0, 0},
    {"CountOfLetters", {">*x\r\n"}, MISMATCH, 0, 0},
    {"CountMissing", {">*\r\n"}, MISMATCH, 0, 0},
    {"CountWithNought", {">*01\r\n$4\r\nPING\r\n"}, MISMATCH, 0, 0},
    {"CountTooLarge", {">*1048577\r\n"}, MISMATCH, 0, 0},
    {"CountOfElevenDigits", {">*10000000000\r\n"}, MISMATCH, 0, 0},
    {"LengthNegative", {">*1\r\n$-1\r\n"}, MISMATCH, 0, 0},
    {"LengthTooShort", {">*1\r\n$3\r\nPING\r\n"}, MISMATCH, 0, 0},
    {"LengthTooLong", {">*1\r\n$5\r\nPING\r\n*"}, MISMATCH, 0, 0},
    {"BareLineFeed", {">*1\n$4\nPING\n"}, MISMATCH, 0, 0},
    {"NotABulk", {">*1\r\n+PING\r\n"}, MISMATCH, 0, 0},
    {"NestedArray", {">*1\r\n*1\r\n$4\r\nPING\r\n"}, MISMATCH, 0, 0},
    {"InlineAfterwards", {PING, "<+PONG\r\n", ">PING\r\n"}, MISMATCH, 0, 0},
    {"AnswerUnasked", {PING, "<+PONG\r\n", "<+PONG\r\n"}, MISMATCH, 0, 0},
    {"AnswerTooMuch", {PING, "<+PONG\r\n\r\n"}, MISMATCH, 0, 0},
    {"AnswerEarly", {">*2\r\n$3\r\nGET\r\n", "<-ERR early\r\n", ">$1\r\nk\r\n"}, MISMATCH, 0, 0},
};

static const scenario replies[] = {
    {"Simple", {GET, "<+OK\r\n"}, PARKABLE, 1, 1},
    {"SimpleEmpty", {GET, "<+\r\n"}, PARKABLE, 1, 1},
    {"SimpleUnfinished", {GET, "<+OK\r"}, OPEN, 1, 0},
    {"Error", {GET, "<-ERR unknown\r\n"}, PARKABLE, 1, 1},
    {"ErrorNotLoggedIn", {GET, "<-NOAUTH Authentication required.\r\n"}, PARKABLE, 1, 1},
    {"ErrorMoved", {GET, "<-MOVED 3999 127.0.0.1:6381\r\n"}, PARKABLE, 1, 1},
    {"ErrorWithOddBytes", {GET, "<-ERR '\001\t\xff'\r\n"}, PARKABLE, 1, 1},
    {"ErrorWithLineFeed", {GET, "<-ERR a\nb\r\n"}, MISMATCH, 0, 0},
    {"ErrorWithCarriageReturn", {GET, "<-ERR a\rb\r\n"}, MISMATCH, 0, 0},
    {"Integer", {GET, "<:-12\r\n"}, PARKABLE, 1, 1},
    {"IntegerEmpty", {GET, "<:\r\n"}, MISMATCH, 0, 0},
    {"Bulk", {GET, "<$5\r\nhello\r\n"}, PARKABLE, 1, 1},
    {"BulkEmpty", {GET, "<$0\r\n\r\n"}, PARKABLE, 1, 1},
    {"BulkNull", {GET, "<$-1\r\n"}, PARKABLE, 1, 1},
    {"BulkWithLines", {GET, "<$9\r\n\r\n+OK\r\n$1\r\n"}, PARKABLE, 1, 1},
    {"BulkUnfinished", {GET, "<$5\r\nhello\r"}, OPEN, 1, 0},
    {"BulkLarge", {GET, "<$70000\r\n" + repeat("x", 70000) + "\r\n"}, PARKABLE, 1, 1},
    {"BulkTooShort", {GET, "<$4\r\nhello\r\n"}, MISMATCH, 0, 0},
    {"BulkTooLong", {GET, "<$6\r\nhello\r\n+"}, MISMATCH, 0, 0},
    {"BulkNegative", {GET, "<$-2\r\n"}, MISMATCH, 0, 0},
    {"BulkNegativeNought", {GET, "<$-0\r\n"}, MISMATCH, 0, 0},
    {"BulkNegativeLong", {GET, "<$-11\r\n"}, MISMATCH, 0, 0},
    {"BulkPlus", {GET, "<$+5\r\nhello\r\n"}, MISMATCH, 0, 0},
    {"BulkNought", {GET, "<$05\r\nhello\r\n"}, MISMATCH, 0, 0},
    {"BulkNoLength", {GET, "<$\r\n\r\n"}, MISMATCH, 0, 0},
    {"BulkHuge", {GET, "<$18446744073709551617\r\nx\r\n"}, MISMATCH, 0, 0},
    {"BulkStreamed", {GET, "<$?\r\n;0\r\n"}, MISMATCH, 0, 0},
    {"Array", {GET, "<*2\r\n$1\r\na\r\n:1\r\n"}, PARKABLE, 1, 1},
    {"ArrayEmpty", {GET, "<*0\r\n"}, PARKABLE, 1, 1},
    {"ArrayNull", {GET, "<*-1\r\n"}, PARKABLE, 1, 1},
    {"ArrayUnfinished", {GET, "<*2\r\n$1\r\na\r\n"}, OPEN, 1, 0},
    {"ArrayTooLong", {GET, "<*1\r\n:1\r\n:2\r\n"}, MISMATCH, 0, 0},
    {"ArrayNested", {GET, "<*3\r\n*2\r\n:1\r\n*0\r\n*-1\r\n*1\r\n$-1\r\n"}, PARKABLE, 1, 1},
    {"ArrayStreamed", {GET, "<*?\r\n:1\r\n.\r\n"}, MISMATCH, 0, 0},
    {"ArrayHuge", {GET, "<*4294967296\r\n"}, MISMATCH, 0, 0},
    {"DepthEight", {GET, "<" + repeat("*1\r\n", 8) + ":1\r\n"}, PARKABLE, 1, 1},
    {"DepthNine", {GET, "<" + repeat("*1\r\n", 9) + ":1\r\n"}, MISMATCH, 0, 0},
    {"Map", {GET, "<%2\r\n+a\r\n:1\r\n+b\r\n:2\r\n"}, PARKABLE, 1, 1},
    {"MapEmpty", {GET, "<%0\r\n"}, PARKABLE, 1, 1},
    {"MapUnfinished", {GET, "<%2\r\n+a\r\n:1\r\n+b\r\n"}, OPEN, 1, 0},
    {"MapHuge", {GET, "<%3000000000\r\n"}, MISMATCH, 0, 0},
    {"MapNull", {GET, "<%-1\r\n"}, MISMATCH, 0, 0},
    {"Set", {GET, "<~2\r\n+a\r\n+b\r\n"}, PARKABLE, 1, 1},
    {"Null", {GET, "<_\r\n"}, PARKABLE, 1, 1},
    {"NullNotEmpty", {GET, "<_x\r\n"}, MISMATCH, 0, 0},
    {"Boolean", {GET, "<#t\r\n"}, PARKABLE, 1, 1},
    {"Double", {GET, "<,1.5e3\r\n"}, PARKABLE, 1, 1},
    {"DoubleInfinite", {GET, "<,-inf\r\n"}, PARKABLE, 1, 1},
    {"BigNumber", {GET, "<(3492890328409238509324850943850943825024385\r\n"}, PARKABLE, 1, 1},
    {"BlobError", {GET, "<!7\r\nERR x\r\n\r\n"}, PARKABLE, 1, 1},
    {"Verbatim", {GET, "<=6\r\ntxt:ab\r\n"}, PARKABLE, 1, 1},
    {"Attribute", {GET, "<|1\r\n+ttl\r\n:60\r\n$1\r\nv\r\n"}, PARKABLE, 1, 1},
    {"AttributeAlone", {GET, "<|1\r\n+ttl\r\n:60\r\n"}, OPEN, 1, 0},
    {"AttributeEmpty", {GET, "<|0\r\n+OK\r\n"}, PARKABLE, 1, 1},
    {"AttributeInArray", {GET, "<*2\r\n|1\r\n+a\r\n*1\r\n:1\r\n:1\r\n:2\r\n"}, PARKABLE, 1, 1},
    {"AttributeLastInArray", {GET, "<*1\r\n|1\r\n+a\r\n+b\r\n"}, OPEN, 1, 0},
    {"Push", {GET, "<>2\r\n+message\r\n+x\r\n"}, STATE, 0, 0},
    {"PushInTheMiddle", {GET, "<*2\r\n:1\r\n>1\r\n:1\r\n"}, STATE, 0, 0},
    {"TypeUnknown", {GET, "<HTTP/1.1 400 Bad Request\r\n"}, MISMATCH, 0, 0},
    {"EmptyLine", {GET, "<\r\n"}, MISMATCH, 0, 0},
};

static const scenario states[] = {
    {"Select1", {sent({"SELECT", "1"}), "<+OK\r\n"}, STATE, 0, 0},
    {"Select0", {sent({"SELECT", "0"}), "<+OK\r\n", GET, "<$-1\r\n"}, PARKABLE, 2, 2},
    {"Select00", {sent({"SELECT", "00"}), "<+OK\r\n"}, STATE, 0, 0},
    {"SelectBack", {sent({"SELECT", "1"}), "<+OK\r\n", sent({"SELECT", "0"}), "<+OK\r\n"}, STATE, 0, 0},
    {"SelectP", {sent({"SELECT", "P"}), "<-ERR\r\n"}, STATE, 0, 0},
    {"SelectNothing", {sent({"SELECT"}), "<-ERR\r\n"}, STATE, 0, 0},
    {"SelectLong", {sent({"SELECT", "00000000000000000"}), "<+OK\r\n"}, STATE, 0, 0},
    {"SelectPiped", {GET, sent({"select", "3"}), "<$-1\r\n+OK\r\n"}, STATE, 0, 0},
    {"SelectedByAnArgument", {sent({"GET", "SELECT"}), "<$-1\r\n"}, PARKABLE, 1, 1},
    {"Unknown", {sent({"FROBNICATE"}), "<-ERR\r\n"}, STATE, 0, 0},
    {"UnknownLong", {sent({"FROBNICATEFROBNICATE"}), "<-ERR\r\n"}, STATE, 0, 0},
    {"UnknownEmpty", {sent({""}), "<-ERR\r\n"}, STATE, 0, 0},
    {"KnownWithNul", {sent({std::string("GET\0", 4), "k"}), "<-ERR\r\n"}, STATE, 0, 0},
    {"KnownAndMore", {sent({"GETS", "k"}), "<-ERR\r\n"}, STATE, 0, 0},
    {"KnownButDigit", {sent({std::string("GE\x14", 3), "k"}), "<-ERR\r\n"}, STATE, 0, 0},
    {"KnownWithSpace", {sent({"GET ", "k"}), "<-ERR\r\n"}, STATE, 0, 0},
    {"SixteenBytes", {sent({"zrevrangebyscore", "k", "1", "0"}), "<*0\r\n"}, PARKABLE, 1, 1},
    {"Script", {sent({"SCRIPT", "load", "return 1"}), "<$1\r\nx\r\n"}, PARKABLE, 1, 1},
    {"ScriptDebug", {sent({"SCRIPT", "DEBUG", "YES"}), "<+OK\r\n"}, STATE, 0, 0},
    {"ScriptNothing", {sent({"SCRIPT"}), "<-ERR\r\n"}, STATE, 0, 0},
    {"ClientSetName", {sent({"CLIENT", "SETNAME", "x"}), "<+OK\r\n"}, STATE, 0, 0},
    {"Quit", {sent({"QUIT"}), "<+OK\r\n"}, CLOSE, 0, 0},
    {"Blocking", {sent({"BLPOP", "k", "0"})}, OPEN, 1, 0},
    {"BlockingAnswered", {sent({"BLPOP", "k", "0"}), "<*2\r\n$1\r\nk\r\n$1\r\nv\r\n"}, PARKABLE, 1, 1},
};

class Resp : public testing::TestWithParam<scenario>
{
};

TEST_P(Resp, IsJudgedTheSameInAnySplit)
{
    expect(GetParam());
}

static std::string name_of(const testing::TestParamInfo<scenario> &info)
{
    return info.param.name;
}

INSTANTIATE_TEST_SUITE_P(Requests, Resp, testing::ValuesIn(requests), name_of);
INSTANTIATE_TEST_SUITE_P(Replies, Resp, testing::ValuesIn(replies), name_of);
INSTANTIATE_TEST_SUITE_P(States, Resp, testing::ValuesIn(states), name_of);

TEST(RespCommands, ThatMakeStateAreNeverParkable)
{
    for (const char *name : {"AUTH", "HELLO", "CLIENT", "MULTI", "EXEC", "DISCARD", "WATCH", "UNWATCH", "SUBSCRIBE",
                             "PSUBSCRIBE", "SSUBSCRIBE", "UNSUBSCRIBE", "MONITOR", "RESET", "READONLY", "READWRITE",
                             "ASKING", "SYNC", "PSYNC", "REPLCONF", "DEBUG", "SHUTDOWN", "CONFIG", "ACL", "WAIT",
                             "FAILOVER", "REPLICAOF", "MODULE"})
        EXPECT_EQ(feed({sent({name, "a"}), "<+OK\r\n"}).kind(), STATE) << name;
}

struct listed {
    const char *name, *kind;
};

TEST(RespCommands, OfTheListAreAllFoundInItsOrder)
{
    static const listed all[] = {
#define RESP_COMMAND(name, kind) {name, #kind},
#include "protocol/resp_commands.def"
#undef RESP_COMMAND
    };
    std::string before;
    for (const listed &one : all) {
        EXPECT_LT(before, one.name);
        before = one.name;
        std::string kind = one.kind, lower = one.name;
        for (char &byte : lower)
            byte = (char)tolower(byte);
        if (kind != "READ" && kind != "WRITE")
            continue;
        verdict asked = feed_whole({sent({lower, "a", "b"})});
        EXPECT_EQ(asked.may_repeat, kind == "READ") << one.name;
        EXPECT_EQ(feed_whole({sent({one.name, "a"}), "<+OK\r\n"}).kind(), PARKABLE) << one.name;
        EXPECT_EQ(feed_whole({sent({lower + ".", "a"}), "<+OK\r\n"}).parkable, false) << one.name;
    }
}

TEST(RespRepeat, IsAllowedOfCommandsWithTheSameEffectAndAnswer)
{
    EXPECT_TRUE(feed({GET}).may_repeat);
    EXPECT_TRUE(feed({sent({"SET", "k", "v"})}).may_repeat);
    EXPECT_FALSE(feed({sent({"SET", "k", "v", "NX"})}).may_repeat);
    EXPECT_FALSE(feed({sent({"SET", "k", "v", "EX", "10"})}).may_repeat);
    EXPECT_FALSE(feed({sent({"INCR", "k"})}).may_repeat);
    EXPECT_FALSE(feed({GET, sent({"DEL", "k"})}).may_repeat);
    EXPECT_FALSE(feed({">*2\r\n$4\r\nINCR\r\n"}).may_become_repeatable);
    EXPECT_TRUE(feed({">*2\r\n$4\r\nINC"}).may_become_repeatable);
    EXPECT_TRUE(feed({">*2\r\n$3\r\nGET\r\n"}).may_become_repeatable);
    EXPECT_FALSE(feed({">*2\r\n$3\r\nGET\r\n"}).may_repeat);
    EXPECT_FALSE(feed({GET, "<$"}).may_repeat);
}

TEST(RespRepeat, IsAllowedOfWhatANewConnectionStartsWith)
{
    for (const script &login : {script{sent({"AUTH", "p"})}, script{sent({"HELLO", "3"})}, script{sent({"SELECT", "5"})},
                                script{sent({"CLIENT", "SETNAME", "x"})}, script{sent({"client", "setinfo", "LIB-NAME", "y"})},
                                script{sent({"AUTH", "p"}) + command({"SELECT", "5"}) + command({"GET", "k"})}}) {
        verdict found = feed(login);
        EXPECT_EQ(found.kind(), STATE);
        EXPECT_TRUE(found.may_repeat) << found.text();
    }
    EXPECT_FALSE(feed({sent({"AUTH", "p"}) + command({"INCR", "n"})}).may_repeat);
    EXPECT_FALSE(feed({sent({"MULTI"})}).may_repeat);
    EXPECT_FALSE(feed({sent({"CLIENT", "KILL", "x"})}).may_repeat);
    EXPECT_FALSE(feed({sent({"AUTH", "p"}), "<+OK\r\n", GET}).may_repeat);
}
