// What memcached says, to text and meta commands, is followed to the byte.
#include "traffic/traffic_support.h"

#include <gtest/gtest.h>
#include <unistd.h>

using namespace traffic;

class Memcached : public testing::Test
{
  protected:
    unsigned port = free_port();

    std::vector<std::string> arguments() const
    {
        std::vector<std::string> list = {"memcached", "-l", "127.0.0.1", "-p", std::to_string(port), "-U", "0", "-t", "1"};
        if (geteuid() == 0)
            list.insert(list.end(), {"-u", "root"});
        return list;
    }
};

TEST_F(Memcached, AnswersAreFollowedToTheByte)
{
    server running(arguments(), port);
    for (unsigned seed = 0; seed < 6; seed++) {
        SCOPED_TRACE(seed);
        connection one(port, seed);
        one.exchange_of("flush_all\r\n", "OK\r\n");
        one.exchange_of("set a 0 0 5\r\nhello\r\n", "STORED\r\n");
        one.exchange_of("set large 1 0 100000\r\n" + std::string(100000, 'x') + "\r\n", "STORED\r\n");
        one.exchange_of("add a 0 0 1\r\nx\r\n", "NOT_STORED\r\n");
        one.exchange_of("append a 0 0 1\r\n!\r\n", "STORED\r\n");
        one.exchange_of("get a\r\n", "hello!\r\nEND\r\n");
        one.exchange_of("gets a missing large\r\n", "xx\r\nEND\r\n");
        one.exchange_of("get missing\r\n", "END\r\n");
        one.exchange_of("gat 100 a\r\n", "END\r\n");
        one.exchange_of("touch a 100\r\n", "TOUCHED\r\n");
        one.exchange_of("cas a 0 0 1 1\r\nx\r\n", "EXISTS\r\n");
        one.exchange_of("cas missing 0 0 1 1\r\nx\r\n", "NOT_FOUND\r\n");
        one.exchange_of("set n 0 0 1\r\n5\r\n", "STORED\r\n");
        one.exchange_of("incr n 18446744073709551610\r\n", "18446744073709551615\r\n");
        one.exchange_of("decr missing 1\r\n", "NOT_FOUND\r\n");
        one.exchange_of("delete n\r\n", "DELETED\r\n");
        one.exchange_of("version\r\n", "\r\n");
        one.exchange_of("stats\r\n", "END\r\n");
        one.exchange_of("stats items\r\n", "END\r\n");
        one.exchange_of("stats reset\r\n", "RESET\r\n");
        one.exchange_of("get a\r\nset b 0 0 2\r\nhi\r\ndelete b\r\nget b\r\n", "END\r\n", 4);
        one.send("set s 0 0 2 noreply\r\nhi\r\nincr missing 1 noreply\r\n");
        EXPECT_FALSE(exchange_parkable(&one.exchange));
        one.exchange_of("get s\r\n", "hi\r\nEND\r\n", 3);
    }
}

TEST_F(Memcached, AnswersToMetaCommandsAreFollowedToTheByte)
{
    server running(arguments(), port);
    for (unsigned seed = 0; seed < 6; seed++) {
        connection one(port, seed);
        one.exchange_of("mn\r\n", "MN\r\n");
        one.exchange_of("ms a 5 T100 c Oabcdefghijklmnopqrstuvwxyz\r\nhello\r\n", "\r\n");
        one.exchange_of("mg a v f t k s\r\n", "hello\r\n");
        one.exchange_of("mg a\r\n", "HD\r\n");
        one.exchange_of("mg missing v\r\n", "EN\r\n");
        one.exchange_of("ma n N0 J5 v\r\n", "5\r\n");
        one.exchange_of("me a\r\n", "\r\n");
        one.exchange_of("md a C99999\r\n", "EX\r\n");
        one.exchange_of("md a\r\n", "HD\r\n");
        one.exchange_of("md n\r\n", "HD\r\n");
        one.exchange_of("md n\r\n", "NF\r\n");
    }
}

TEST_F(Memcached, ErrorsAreRefused)
{
    server running(arguments(), port);
    std::string large = "set a 0 0 2000000\r\n" + std::string(2000000, 'x') + "\r\n";
    for (const std::string &wrong : std::vector<std::string>{large, "incr a x\r\n", "touch a x\r\n", "gat x a\r\n"}) {
        connection one(port, 1);
        one.exchange_of("version\r\n", "\r\n");
        one.send(wrong);
        one.expect_refused(EXCHANGE_REFUSED_MISMATCH);
    }
}

TEST_F(Memcached, LoginsByTheFirstSetAreSeen)
{
    directory place;
    place.write("users", "user:secret\n");
    std::vector<std::string> list = arguments();
    list.insert(list.end(), {"-Y", place.path + "/users"});
    server running(list, port);
    connection one(port, 1);
    one.send("set x 0 0 11\r\nuser secret\r\n");
    one.receive_until("STORED\r\n");
    one.expect_refused(EXCHANGE_REFUSED_STATE);
    connection stranger(port, 2);
    stranger.send("get x\r\n");
    stranger.expect_refused(EXCHANGE_REFUSED_MISMATCH);
}
