// Socket options of connections that may be handed on: which are remembered, which end the following, and what a kept
// connection has of its former life.
#include "isolated.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>

#ifndef STRONG_ABI_NAMES
#define STRONG_ABI_NAMES
#endif
#define _Static_assert static_assert
#define class class_number
extern "C" {
#include "optimize/connection_options.h"
}
#undef class
#undef _Static_assert

namespace
{
struct Watch : watch {
    explicit Watch(watch_stage at = WATCH_UNCONNECTED) : watch()
    {
        stage = (uint8_t)at;
    }
    bool set(int level, int name, int value)
    {
        return connection_options_set(this, level, name, &value, sizeof value);
    }
};

struct Socket {
    explicit Socket(int flags = 0) : fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0)) {}
    ~Socket()
    {
        close(fd);
    }
    void set(int level, int name, int value) const
    {
        EXPECT_EQ(setsockopt(fd, level, name, &value, sizeof value), 0);
    }
    int get(int level, int name) const
    {
        int value = -1;
        socklen_t len = sizeof value;
        EXPECT_EQ(getsockopt(fd, level, name, &value, &len), 0);
        return value;
    }
    const int fd;
};
} // namespace

TEST(ConnectionOptions, SetBeforeTheConnectAreRememberedValueForValue)
{
    Watch watch;
    EXPECT_TRUE(watch.set(SOL_SOCKET, SO_RCVBUF, 8192));
    EXPECT_TRUE(watch.set(IPPROTO_TCP, TCP_NODELAY, 0));
    EXPECT_TRUE(watch.set(IPPROTO_TCP, TCP_NODELAY, 1)) << "the last value counts";
    ASSERT_EQ(watch.before_count, 2);
    EXPECT_EQ(watch.before[1].name, TCP_NODELAY);
    EXPECT_EQ(watch.before[1].len, sizeof(int));
    EXPECT_EQ(watch.before[1].value[0], 1);
    EXPECT_EQ(watch.after_count, 0);
}

TEST(ConnectionOptions, SetAfterTheConnectMustBeOnesThatCanBeGivenBack)
{
    Watch watch(WATCH_LIVE);
    EXPECT_TRUE(watch.set(IPPROTO_TCP, TCP_NODELAY, 1));
    EXPECT_TRUE(watch.set(IPPROTO_TCP, TCP_NODELAY, 0));
    EXPECT_TRUE(watch.set(SOL_SOCKET, SO_KEEPALIVE, 1));
    EXPECT_EQ(watch.after_count, 2);
    EXPECT_EQ(watch.before_count, 0);
    EXPECT_FALSE(watch.set(SOL_SOCKET, SO_RCVBUF, 8192));
    EXPECT_FALSE(watch.set(IPPROTO_TCP, TCP_CONGESTION, 1));
}

TEST(ConnectionOptions, NobodyKnowsEndTheFollowing)
{
    for (watch_stage stage : {WATCH_UNCONNECTED, WATCH_LIVE, WATCH_TRIAL}) {
        Watch watch(stage);
        EXPECT_FALSE(watch.set(SOL_SOCKET, SO_LINGER, 1));
        EXPECT_FALSE(watch.set(SOL_SOCKET, SO_ATTACH_FILTER, 1));
        EXPECT_FALSE(watch.set(IPPROTO_TCP, TCP_ULP, 1));
        EXPECT_FALSE(watch.set(IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1));
        EXPECT_FALSE(watch.set(12345, 1, 1));
        EXPECT_TRUE(watch.set(IPPROTO_TCP, TCP_QUICKACK, 1)) << "acts once";
        EXPECT_EQ(watch.before_count + watch.after_count, 0);
    }
}

TEST(ConnectionOptions, BeyondTheRoomEndTheFollowing)
{
    Watch watch;
    const int names[] = {SO_SNDBUF, SO_RCVBUF, SO_REUSEADDR, SO_PRIORITY, SO_MARK, SO_KEEPALIVE, SO_RCVLOWAT, SO_RCVTIMEO};
    for (int name : names)
        EXPECT_TRUE(watch.set(SOL_SOCKET, name, 1));
    EXPECT_EQ(watch.before_count, WATCH_OPTIONS);
    EXPECT_FALSE(watch.set(SOL_SOCKET, SO_SNDTIMEO, 1));
    EXPECT_TRUE(watch.set(SOL_SOCKET, SO_MARK, 2)) << "has its place";
    char long_value[WATCH_OPTION_BYTES + 1] = {};
    EXPECT_FALSE(connection_options_set(&watch, SOL_SOCKET, SO_MARK, long_value, sizeof long_value));
}

TEST(ConnectionOptions, ControlsThatChangeTheFileEndTheFollowing)
{
    for (int command : {F_GETFD, F_SETFD, F_GETFL, F_GETOWN, F_GETSIG})
        EXPECT_TRUE(connection_options_harmless_fcntl(command, 1)) << command;
    EXPECT_TRUE(connection_options_harmless_fcntl(F_SETFL, O_NONBLOCK));
    for (int command : {F_SETOWN, F_SETSIG, F_DUPFD, F_DUPFD_CLOEXEC, F_SETLK, F_SETLEASE})
        EXPECT_FALSE(connection_options_harmless_fcntl(command, 1)) << command;
    EXPECT_FALSE(connection_options_harmless_fcntl(F_SETFL, O_ASYNC));
    for (unsigned long request : {FIONBIO, FIONREAD, FIOCLEX, FIONCLEX})
        EXPECT_TRUE(connection_options_harmless_ioctl(request)) << request;
    for (unsigned long request : {FIOASYNC, 0, 0x8902 /* SIOCSPGRP */})
        EXPECT_FALSE(connection_options_harmless_ioctl(request)) << request;
}

TEST(ConnectionOptions, OfAFormerLifeTakeTheFreshSocketsValues)
{
    Watch watch(WATCH_LIVE), fresh_watch;
    Socket kept(SOCK_NONBLOCK), fresh;
    kept.set(IPPROTO_TCP, TCP_NODELAY, 1);
    kept.set(SOL_SOCKET, SO_KEEPALIVE, 1);
    kept.set(IPPROTO_TCP, TCP_KEEPIDLE, 77);
    timeval time = {3, 0};
    setsockopt(kept.fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
    for (auto [level, name] : {std::pair<int, int>(IPPROTO_TCP, TCP_NODELAY), std::pair<int, int>(SOL_SOCKET, SO_KEEPALIVE),
                               std::pair<int, int>(IPPROTO_TCP, TCP_KEEPIDLE), std::pair<int, int>(SOL_SOCKET, SO_RCVTIMEO)})
        EXPECT_TRUE(watch.set(level, name, 1));
    fresh.set(SOL_SOCKET, SO_KEEPALIVE, 1); // chosen for the new life
    ASSERT_EQ(connection_options_hand_on(&watch, kept.fd, &fresh_watch, fresh.fd), 0);
    EXPECT_EQ(kept.get(IPPROTO_TCP, TCP_NODELAY), 0);
    EXPECT_EQ(kept.get(SOL_SOCKET, SO_KEEPALIVE), 1);
    EXPECT_EQ(kept.get(IPPROTO_TCP, TCP_KEEPIDLE), fresh.get(IPPROTO_TCP, TCP_KEEPIDLE));
    socklen_t len = sizeof time;
    getsockopt(kept.fd, SOL_SOCKET, SO_RCVTIMEO, &time, &len);
    EXPECT_EQ(time.tv_sec, 0);
    EXPECT_EQ(fcntl(kept.fd, F_GETFL) & O_NONBLOCK, 0);
    EXPECT_EQ(watch.flags & O_NONBLOCK, 0);
    EXPECT_TRUE(fresh_watch.flags_known);
    EXPECT_EQ(fresh_watch.flags, fcntl(fresh.fd, F_GETFL));
}

TEST(ConnectionOptions, AreSetBackToWhatANewSocketHas)
{
    Watch watch;
    Socket used, fresh;
    timeval time = {3, 0};
    for (auto [level, name] : {std::pair<int, int>(IPPROTO_TCP, TCP_NODELAY), std::pair<int, int>(SOL_SOCKET, SO_KEEPALIVE),
                               std::pair<int, int>(IPPROTO_TCP, TCP_CORK), std::pair<int, int>(IPPROTO_TCP, TCP_USER_TIMEOUT)}) {
        used.set(level, name, 1);
        EXPECT_TRUE(watch.set(level, name, 1));
    }
    setsockopt(used.fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
    EXPECT_TRUE(connection_options_set(&watch, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time));
    ASSERT_TRUE(connection_options_clearable(watch.before, watch.before_count));
    ASSERT_TRUE(connection_options_clear(used.fd, watch.before, watch.before_count));
    for (unsigned i = 0; i < watch.before_count; i++) {
        char is[16] = {}, was[16] = {};
        socklen_t is_len = sizeof is, was_len = sizeof was;
        getsockopt(used.fd, watch.before[i].level, watch.before[i].name, is, &is_len);
        getsockopt(fresh.fd, watch.before[i].level, watch.before[i].name, was, &was_len);
        EXPECT_EQ(std::string(is, is_len), std::string(was, was_len)) << watch.before[i].name;
    }
    EXPECT_TRUE(watch.set(IPPROTO_TCP, TCP_KEEPIDLE, 77));
    EXPECT_FALSE(connection_options_clearable(watch.before, watch.before_count)) << "its default is a setting of the machine";
}

TEST(ConnectionOptions, AreRepeatedOnASocketThatReplacesTheProgramsOwn)
{
    Watch watch;
    Socket old, fresh;
    EXPECT_TRUE(watch.set(IPPROTO_IP, IP_TTL, 33));
    watch.stage = WATCH_TRIAL;
    old.set(IPPROTO_TCP, TCP_NODELAY, 1);
    EXPECT_TRUE(watch.set(IPPROTO_TCP, TCP_NODELAY, 1));
    ASSERT_EQ(connection_options_repeat(&watch, old.fd, fresh.fd), 0);
    EXPECT_EQ(fresh.get(IPPROTO_IP, IP_TTL), 33);
    EXPECT_EQ(fresh.get(IPPROTO_TCP, TCP_NODELAY), 1);
}

TEST(ConnectionOptions, TheKernelRefusesAreTold)
{
    Watch watch(WATCH_LIVE), fresh;
    Socket kept;
    EXPECT_LT(connection_options_hand_on(&watch, kept.fd, &fresh, -1), 0);
    EXPECT_LT(connection_options_hand_on(&watch, -1, &fresh, kept.fd), 0);
}
