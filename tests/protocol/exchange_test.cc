// exchange: how a protocol is recognised, whatever the pieces; and what a new life of a connection forgets.
#include "protocol/protocol_support.h"

#include <gtest/gtest.h>

using namespace protocol;

struct first_bytes {
    const char *name;
    std::string bytes;
    exchange_protocol expected;
};

static const first_bytes starts[] = {
    {"Http", "GET / HTTP/1.1\r\n", EXCHANGE_HTTP1},
    {"HttpMethodAlone", "GET ", EXCHANGE_HTTP1},
    {"HttpLongestMethod", "PROPPATCH /", EXCHANGE_HTTP1},
    {"HttpMethodUnfinished", "GET", EXCHANGE_UNDECIDED},
    {"Http2Preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", EXCHANGE_UNRECOGNISED},
    {"HttpUnknownMethod", "BREW / HTTP/1.1\r\n", EXCHANGE_UNRECOGNISED},
    {"HttpLowerCase", "post / HTTP/1.1\r\n", EXCHANGE_UNRECOGNISED},
    {"Resp", "*1\r\n$4\r\nPING\r\n", EXCHANGE_RESP},
    {"RespFirstByte", "*", EXCHANGE_RESP},
    {"RespInline", "PING\r\n", EXCHANGE_UNRECOGNISED},
    {"Memcached", "get a\r\n", EXCHANGE_MEMCACHED},
    {"MemcachedMeta", "mg a v\r\n", EXCHANGE_MEMCACHED},
    {"MemcachedWithoutArguments", "version\r\n", EXCHANGE_MEMCACHED},
    {"MemcachedLongest", "flush_all\r\n", EXCHANGE_MEMCACHED},
    {"MemcachedUnknown", "getx a\r\n", EXCHANGE_UNRECOGNISED},
    {"MemcachedUpperCase", "Get a\r\n", EXCHANGE_UNRECOGNISED},
    {"MemcachedTab", "get\ta\r\n", EXCHANGE_UNRECOGNISED},
    {"MemcachedBinary", std::string("\x80\x00\x00\x01", 4), EXCHANGE_UNRECOGNISED},
    {"Tls", std::string("\x16\x03\x01\x02\x00", 5), EXCHANGE_UNRECOGNISED},
    {"TlsFirstByte", "\x16", EXCHANGE_UNRECOGNISED},
    {"Postgres", std::string("\0\0\0\x08\x04\xd2\x16\x2f", 8), EXCHANGE_UNRECOGNISED},
    {"LongWord", "getgetgetgetget", EXCHANGE_UNRECOGNISED},
    {"ElevenLetters", "abcdefghijk", EXCHANGE_UNRECOGNISED},
    {"TenLetters", "abcdefghij", EXCHANGE_UNDECIDED},
    {"Space", " GET / HTTP/1.1\r\n", EXCHANGE_UNRECOGNISED},
    {"EmptyLine", "\r\nGET / HTTP/1.1\r\n", EXCHANGE_UNRECOGNISED},
    {"Smtp", "EHLO x\r\n", EXCHANGE_UNRECOGNISED},
};

class Recognition : public testing::TestWithParam<first_bytes>
{
};

TEST_P(Recognition, DependsOnTheFirstBytesAlone)
{
    verdict found = feed({">" + GetParam().bytes});
    EXPECT_EQ(found.protocol, (unsigned)GetParam().expected) << found.text();
    EXPECT_EQ(found.kind() == PROTOCOL, GetParam().expected == EXCHANGE_UNRECOGNISED);
}

INSTANTIATE_TEST_SUITE_P(Start, Recognition, testing::ValuesIn(starts),
                         [](const testing::TestParamInfo<first_bytes> &info) { return info.param.name; });

TEST(Exchange, IsSmall)
{
    EXPECT_LE(sizeof(struct exchange), 256u);
}

TEST(Exchange, StartsWithNothingAgainstItAndNothingToPark)
{
    verdict fresh = feed({});
    EXPECT_EQ(fresh.kind(), OPEN);
    EXPECT_TRUE(fresh.may_become_repeatable);
    EXPECT_FALSE(fresh.may_repeat) << "nothing was sent";
}

TEST(Exchange, RefusesAServerThatSpeaksFirst)
{
    EXPECT_EQ(feed({"<220 mail\r\n"}).kind(), PROTOCOL);
    EXPECT_EQ(feed({">GE", "<x", ">T / HTTP/1.1\r\n\r\n"}).kind(), PROTOCOL);
}

TEST(Exchange, IgnoresEmptyPieces)
{
    struct exchange exchange;
    exchange_begin(&exchange);
    exchange_sent(&exchange, "", 0);
    exchange_received(&exchange, "", 0);
    EXPECT_TRUE(verdict(exchange) == feed({}));
    EXPECT_FALSE(exchange.heard);
}

TEST(Exchange, MayChangeItsProtocolInANewLife)
{
    struct exchange exchange;
    exchange_begin(&exchange);
    exchange_sent(&exchange, "\x16\x03", 2);
    EXPECT_EQ(exchange.refusal, EXCHANGE_REFUSED_PROTOCOL);
    exchange_begin(&exchange);
    exchange_sent(&exchange, "*1\r\n$4\r\nPING\r\n", 14);
    exchange_received(&exchange, "+PONG\r\n", 7);
    EXPECT_TRUE(exchange_parkable(&exchange));
    exchange_begin(&exchange);
    EXPECT_FALSE(exchange_parkable(&exchange)) << "nothing was exchanged in this life";
    EXPECT_TRUE(exchange_may_become_repeatable(&exchange));
}
