// What Redis says, in RESP2 and RESP3, is followed to the byte.
#include "traffic/traffic_support.h"

#include <gtest/gtest.h>

using namespace traffic;

class Redis : public testing::Test
{
  protected:
    directory place;
    unsigned port = free_port();
    server running{{"redis-server", "--port", std::to_string(port), "--bind", "127.0.0.1", "--save", "", "--dir", place.path,
                    "--appendonly", "no"}, port};
};

static std::string command(const std::vector<std::string> &words)
{
    std::string bytes = "*" + std::to_string(words.size()) + "\r\n";
    for (const std::string &word : words)
        bytes += "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
    return bytes;
}

static void make_data(connection &one)
{
    one.exchange_of(command({"FLUSHALL"}), "+OK\r\n");
    one.exchange_of(command({"SET", "k", "value"}), "+OK\r\n");
    one.exchange_of(command({"set", "large", std::string(100000, 'x')}), "+OK\r\n");
    one.exchange_of(command({"HSET", "h", "a", "1", "b", "2"}), ":2\r\n");
    one.exchange_of(command({"RPUSH", "l", "1", "", "three"}), ":3\r\n");
    one.exchange_of(command({"SADD", "s", "x"}), ":1\r\n");
    one.exchange_of(command({"ZADD", "z", "1.5", "m"}), ":1\r\n");
    one.exchange_of(command({"XADD", "x", "1-1", "f", "v"}), "1-1\r\n");
}

TEST_F(Redis, AnswersAreFollowedToTheByte)
{
    for (unsigned seed = 0; seed < 6; seed++) {
        SCOPED_TRACE(seed);
        connection one(port, seed);
        make_data(one);
        one.exchange_of(command({"PING"}), "+PONG\r\n");
        one.exchange_of(command({"SELECT", "0"}), "+OK\r\n");
        one.exchange_of(command({"ECHO", "a\r\nb"}), "a\r\nb\r\n");
        one.exchange_of(command({"GET", "k"}), "value\r\n");
        one.exchange_of(command({"GET", "missing"}), "$-1\r\n");
        one.exchange_of(command({"GET", "large"}), "xx\r\n");
        one.exchange_of(command({"GET", "h"}), "wrong kind of value\r\n");
        one.exchange_of(command({"GET"}), "\r\n");
        one.exchange_of(command({"MGET", "k", "missing", "large"}), "xx\r\n");
        one.exchange_of(command({"HGETALL", "h"}), "2\r\n");
        one.exchange_of(command({"LRANGE", "l", "0", "-1"}), "three\r\n");
        one.exchange_of(command({"SMEMBERS", "none"}), "*0\r\n");
        one.exchange_of(command({"ZRANGE", "z", "0", "-1", "WITHSCORES"}), "1.5\r\n");
        one.exchange_of(command({"XRANGE", "x", "-", "+"}), "v\r\n");
        one.exchange_of(command({"INCR", "n"}), "\r\n");
        one.exchange_of(command({"TTL", "k"}), ":-1\r\n");
        one.exchange_of(command({"INFO"}), "\r\n");
        one.exchange_of(command({"COMMAND"}), "\r\n");
        one.exchange_of(command({"EVAL", "return {1,{2,{3,{'x'}}},redis.error_reply('no')}", "0"}), "no\r\n");
        one.exchange_of(command({"BLPOP", "none", "0.01"}), "*-1\r\n");
        one.exchange_of(command({"GET", "k"}) + command({"INCR", "n"}) + command({"HGETALL", "h"}) + command({"PING"}),
                        "+PONG\r\n", 4);
    }
}

TEST_F(Redis, AnswersInItsNewerProtocolAreFollowedToTheByte)
{
    for (unsigned seed = 0; seed < 6; seed++) {
        connection one(port, seed);
        one.send(command({"HELLO", "3"}));
        EXPECT_EQ((int)one.exchange.refusal, (int)EXCHANGE_REFUSED_STATE);
        one.receive_until("modules\r\n*0\r\n");
        one.begin(); // to see the answers, not because it were allowed
        make_data(one);
        one.exchange_of(command({"HGETALL", "h"}), "2\r\n");
        one.exchange_of(command({"GET", "missing"}), "_\r\n");
        one.exchange_of(command({"SMEMBERS", "s"}), "x\r\n");
        one.exchange_of(command({"ZRANGE", "z", "0", "-1", "WITHSCORES"}), ",1.5\r\n");
        one.exchange_of(command({"ZSCORE", "z", "m"}), ",1.5\r\n");
        one.exchange_of(command({"EVAL", "redis.setresp(3); return {map={a=true}}", "0"}), "#t\r\n");
        one.exchange_of(command({"EVAL", "return {double=3.25}", "0"}), ",3.25\r\n");
        one.exchange_of(command({"EVAL", "redis.setresp(3); return {big_number='1234567999999999999999999999999'}", "0"}),
                        "(1234567999999999999999999999999\r\n");
        one.exchange_of(command({"EVAL", "redis.setresp(3); return {verbatim_string={format='txt',string='hi'}}", "0"}),
                        "txt:hi\r\n");
        one.exchange_of(command({"INFO"}), "\r\n");
        one.exchange_of(command({"XINFO", "STREAM", "x"}), "\r\n");
    }
}

TEST_F(Redis, StateIsSeen)
{
    for (const std::vector<std::string> &words : std::vector<std::vector<std::string>>{
             {"SELECT", "1"}, {"MULTI"}, {"SUBSCRIBE", "c"}, {"CLIENT", "SETNAME", "x"}, {"MONITOR"}, {"WATCH", "k"}}) {
        connection one(port, 1);
        one.exchange_of(command({"PING"}), "+PONG\r\n");
        one.send(command(words));
        one.expect_refused(EXCHANGE_REFUSED_STATE);
    }
    connection quits(port, 2);
    quits.send(command({"QUIT"}));
    quits.expect_refused(EXCHANGE_REFUSED_CLOSE);
}
