// Targets: their texts, and that each is there once.
#include "runtime_support.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <set>
#include <sys/un.h>

using namespace runtime_test;

namespace
{
uint32_t internet(const char *address, unsigned port, target_kind kind = TARGET_TCP_OUT)
{
    sockaddr_in in = {};
    sockaddr_in6 in6 = {};
    if (inet_pton(AF_INET, address, &in.sin_addr) == 1) {
        in.sin_family = AF_INET;
        in.sin_port = htons((uint16_t)port);
        return targets_address(kind, (const sockaddr *)&in, sizeof in);
    }
    EXPECT_EQ(inet_pton(AF_INET6, address, &in6.sin6_addr), 1) << address;
    in6.sin6_family = AF_INET6;
    in6.sin6_port = htons((uint16_t)port);
    return targets_address(kind, (const sockaddr *)&in6, sizeof in6);
}

uint32_t unix_address(const std::string &path, bool terminated, target_kind kind = TARGET_TCP_OUT)
{
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    memcpy(address.sun_path, path.data(), path.size());
    size_t len = offsetof(sockaddr_un, sun_path) + path.size() + terminated;
    return targets_address(kind, (const sockaddr *)&address, (socklen_t)len);
}
} // namespace

RUNTIME_TEST(Targets, Ipv4IsWrittenWithItsPort)
{
    Runtime runtime;
    EXPECT_EQ(target_text(internet("127.0.0.1", 6379)), "tcp://127.0.0.1:6379");
    EXPECT_EQ(target_text(internet("0.0.0.0", 0, TARGET_TCP_IN)), "tcp://0.0.0.0:0");
    EXPECT_EQ(target_text(internet("255.255.255.255", 65535, TARGET_UDP)), "udp://255.255.255.255:65535");
}

RUNTIME_TEST(Targets, Ipv6IsWrittenAsInetNtopDoes)
{
    Runtime runtime;
    for (const char *address :
         {"::", "::1", "2001:db8::1", "2001:db8:0:1::", "1:2:3:4:5:6:7:8", "fe80::1:0:0:2", "1::", "0:1::", "1:0:2::3",
          "2001:0:0:1::1", "a:0:0:b:0:0:0:c", "0:0:0:a::b", "1:0:3:4:5:6:7:8", "::ffff:192.0.2.7", "ff02::fb"}) {
        in6_addr raw;
        char text[INET6_ADDRSTRLEN];
        ASSERT_EQ(inet_pton(AF_INET6, address, &raw), 1) << address;
        inet_ntop(AF_INET6, &raw, text, sizeof text);
        EXPECT_EQ(target_text(internet(address, 80)), "tcp://[" + std::string(text) + "]:80") << address;
    }
}

RUNTIME_TEST(Targets, UnixSocketsAreWrittenWithTheirPathOrName)
{
    Runtime runtime;
    EXPECT_EQ(target_text(unix_address("/run/app.sock", true)), "unix:/run/app.sock");
    EXPECT_EQ(target_text(unix_address("/run/app.sock", false)), "unix:/run/app.sock");
    EXPECT_EQ(unix_address("/run/app.sock", true), unix_address("/run/app.sock", false));
    EXPECT_EQ(target_text(unix_address(std::string("\0name", 5), false)), "unix:@name");
    EXPECT_EQ(target_text(unix_address("", false)), "unix:");
    std::string longest(108, 'p');
    EXPECT_EQ(target_text(unix_address(longest, false)), "unix:" + longest);
}

RUNTIME_TEST(Targets, TheKindFollowsTheFamily)
{
    Runtime runtime;
    EXPECT_EQ(targets_kind(unix_address("/a", true, TARGET_TCP_OUT)), TARGET_UNIX_OUT);
    EXPECT_EQ(targets_kind(unix_address("/a", true, TARGET_TCP_IN)), TARGET_UNIX_IN);
    EXPECT_EQ(targets_kind(internet("1.2.3.4", 5, TARGET_TCP_IN)), TARGET_TCP_IN);
    EXPECT_EQ(targets_kind(internet("1.2.3.4", 5, TARGET_UDP)), TARGET_UDP);
    EXPECT_EQ(targets_kind(0), TARGET_OTHER);
    EXPECT_EQ(targets_kind(UINT32_MAX), TARGET_OTHER);
    sockaddr_storage netlink = {};
    netlink.ss_family = AF_NETLINK;
    uint32_t other = targets_address(TARGET_TCP_OUT, (const sockaddr *)&netlink, sizeof netlink);
    EXPECT_EQ(targets_kind(other), TARGET_DEVICE);
    EXPECT_EQ(target_text(other), "socket family 16");
}

RUNTIME_TEST(Targets, CutAddressesAreNotReadBeyondTheirEnd)
{
    Runtime runtime;
    sockaddr_in6 address = {};
    address.sin6_family = AF_INET6;
    for (socklen_t len = 0; len <= sizeof address; len++) {
        std::vector<char> exact((const char *)&address, (const char *)&address + len); // the sanitizer watches its end
        uint32_t row = targets_address(TARGET_TCP_OUT, len ? (const sockaddr *)exact.data() : nullptr, len);
        EXPECT_EQ(row == 0, len < sizeof(sa_family_t)) << len;
    }
    EXPECT_EQ(targets_address(TARGET_TCP_OUT, nullptr, 16), 0u);
}

RUNTIME_TEST(Targets, TheSameTextIsTheSameTargetAndKindsAreApart)
{
    Runtime runtime;
    uint32_t file = targets_string(TARGET_FILE, "/etc/hosts"), host = targets_string(TARGET_HOST, "/etc/hosts");
    EXPECT_NE(file, 0u);
    EXPECT_NE(file, host);
    EXPECT_EQ(targets_string(TARGET_FILE, "/etc/hosts"), file);
    EXPECT_EQ(targets_text(TARGET_FILE, "/etc/hostsX", 10), file);
    EXPECT_EQ(target(file).kind, (uint32_t)TARGET_FILE);
    EXPECT_EQ(targets_string(TARGET_FILE, nullptr), 0u);
    // Kinds and first letters whose exclusive or is equal.
    EXPECT_NE(targets_string(TARGET_HOST, "localhost"), targets_string(TARGET_FILE, "docalhost"));
}

RUNTIME_TEST(Targets, ValuesAreKeptWholeAndInOrder)
{
    Runtime runtime;
    uint32_t first = targets_value(TARGET_LOCK, 0x1111, 0x2222), second = targets_value(TARGET_LOCK, 0x2222, 0x1111);
    EXPECT_NE(first, second);
    EXPECT_EQ(targets_value(TARGET_LOCK, 0x1111, 0x2222), first);
    EXPECT_EQ(target(first).value[0], 0x1111u);
    EXPECT_EQ(target(first).value[1], 0x2222u);
    EXPECT_NE(targets_value(TARGET_SITE, 0x1111, 0x2222), first);
}

RUNTIME_TEST(Targets, LongTextsAreCutAtAKilobyte)
{
    Runtime runtime;
    std::string long_text(5000, 'x');
    uint32_t row = targets_string(TARGET_FILE, long_text.c_str());
    EXPECT_EQ(target_text(row), long_text.substr(0, 1024));
}

RUNTIME_TEST(Targets, TenThousandFilesLeaveRoomForOthersAndAreCounted)
{
    Runtime runtime;
    uint64_t capacity = segment->tables[TABLE_TARGETS].capacity, other = 0;
    for (int i = 0; i < 10000; i++)
        other += targets_string(TARGET_FILE, ("/file/" + std::to_string(i)).c_str()) == 0;
    EXPECT_EQ(counter(COUNTER_target_table_full), other);
    EXPECT_NEAR((double)(10000 - other), (double)capacity * 0.75, 16);
    EXPECT_NE(internet("10.0.0.1", 1), 0u) << "a quarter is kept for what is not a file";
    EXPECT_NE(targets_string(TARGET_FILE, "/file/0"), 0u) << "known ones are still found";
    for (int i = 0; i < 10000; i++)
        internet("10.1.1.1", (unsigned)i);
    EXPECT_EQ(internet("10.2.2.2", 1), 0u);
    EXPECT_GT(counter(COUNTER_target_table_full), other);
}

RUNTIME_TEST(Targets, ThreadsInternTheSameNamesAsTheSameTargets)
{
    Runtime runtime;
    constexpr int names = 1000;
    std::vector<std::set<uint32_t>> rows(names);
    std::vector<std::vector<uint32_t>> found(MANY_THREADS, std::vector<uint32_t>(names));
    in_threads(MANY_THREADS, [&](unsigned thread) {
        for (int i = 0; i < names; i++)
            found[thread][i] = targets_string(TARGET_FILE, ("/shared/" + std::to_string(i)).c_str());
    });
    for (int i = 0; i < names; i++)
        for (auto &of_thread : found) {
            ASSERT_NE(of_thread[i], 0u);
            ASSERT_EQ(target_text(of_thread[i]), "/shared/" + std::to_string(i));
            ASSERT_EQ(target(of_thread[i]).kind, (uint32_t)TARGET_FILE);
            rows[i].insert(of_thread[i]);
        }
    for (int i = 0; i < names; i++) {
        EXPECT_EQ(rows[i].size(), 1u) << i;
        EXPECT_EQ(rows[i].count(targets_string(TARGET_FILE, ("/shared/" + std::to_string(i)).c_str())), 1u);
    }
}
