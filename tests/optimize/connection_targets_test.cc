// STRONG_POOL_TARGETS: which destinations a list allows, and what is no destination.
#include "isolated.h"

#include <arpa/inet.h>
#include <algorithm>
#include <cstring>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <string>
#include <sys/un.h>

extern "C" {
#include "optimize/connection_targets.h"
#include "runtime/config.h"
#include "runtime/log.h"
}

namespace
{
bool allows(const std::string &address, unsigned port = 0)
{
    sockaddr_in four = {};
    sockaddr_in6 six = {};
    sockaddr_un local = {};
    four.sin_family = AF_INET;
    six.sin6_family = AF_INET6;
    local.sun_family = AF_UNIX;
    four.sin_port = six.sin6_port = htons((uint16_t)port);
    if (inet_pton(AF_INET, address.c_str(), &four.sin_addr) == 1)
        return connection_targets_allow((const sockaddr *)&four);
    if (inet_pton(AF_INET6, address.c_str(), &six.sin6_addr) == 1)
        return connection_targets_allow((const sockaddr *)&six);
    memcpy(local.sun_path, address.data(), std::min(address.size(), sizeof local.sun_path));
    return connection_targets_allow((const sockaddr *)&local);
}

// What reading the list writes to stderr.
std::string read_list(const char *list)
{
    config.log = LOG_MISTAKE;
    testing::internal::CaptureStderr();
    connection_targets_read(list);
    return testing::internal::GetCapturedStderr();
}

unsigned lines(const std::string &text)
{
    return (unsigned)std::count(text.begin(), text.end(), '\n');
}
} // namespace

TEST(ConnectionTargets, AllowEverythingWithoutAList)
{
    for (const char *list : {(const char *)nullptr, ""}) {
        EXPECT_EQ(read_list(list), "");
        EXPECT_TRUE(allows("127.0.0.1", 80));
        EXPECT_TRUE(allows("::1", 80));
        EXPECT_TRUE(allows("/run/server"));
    }
}

TEST(ConnectionTargets, AreAddressAndPortTogether)
{
    EXPECT_EQ(read_list("127.0.0.1:6379, [::1]:80,\t/run/server ,"), "");
    EXPECT_TRUE(allows("127.0.0.1", 6379));
    EXPECT_FALSE(allows("127.0.0.1", 6380));
    EXPECT_FALSE(allows("127.0.0.2", 6379));
    EXPECT_FALSE(allows("::1", 6379));
    EXPECT_TRUE(allows("::1", 80));
    EXPECT_FALSE(allows("::2", 80));
    EXPECT_FALSE(allows("127.0.0.1", 80));
    EXPECT_TRUE(allows("/run/server"));
    EXPECT_FALSE(allows("/run/server2"));
    EXPECT_FALSE(allows("/run/serve"));
    EXPECT_FALSE(allows(std::string("\0/run/server", 12))) << "an abstract name is another place";
}

TEST(ConnectionTargets, CanBeAPortAnywhere)
{
    EXPECT_EQ(read_list(":80"), "");
    EXPECT_TRUE(allows("10.0.0.1", 80));
    EXPECT_TRUE(allows("fe80::1", 80));
    EXPECT_FALSE(allows("10.0.0.1", 8080));
    EXPECT_FALSE(allows("/run/server"));
}

TEST(ConnectionTargets, OfTheLongestPathAreWhole)
{
    std::string longest = "/" + std::string(sizeof(sockaddr_un::sun_path) - 2, 'x');
    EXPECT_EQ(read_list(longest.c_str()), "");
    EXPECT_TRUE(allows(longest));
    EXPECT_FALSE(allows(longest + "y")) << "a path without its NUL";
    EXPECT_EQ(lines(read_list((longest + "yy").c_str())), 1u);
}

class NoTarget : public testing::TestWithParam<const char *>
{
};

TEST_P(NoTarget, CostsOneLineAndAllowsNothing)
{
    std::string said = read_list(GetParam());
    EXPECT_EQ(lines(said), 1u) << said;
    EXPECT_NE(said.find("STRONG_POOL_TARGETS"), std::string::npos);
    EXPECT_FALSE(allows("127.0.0.1", 80));
    EXPECT_FALSE(allows("::1", 80));
    EXPECT_FALSE(allows("/run/server"));
}

INSTANTIATE_TEST_SUITE_P(Is, NoTarget,
                         testing::Values("localhost:80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536",
                                         "127.0.0.1:80x", "127.0.0.1:-1", "::1:80", "[::1]", "[::1:80", "[]:80", "nonsense",
                                         "127.0.0:80", "1.2.3.4.5:80", ":", "*:80", "relative/path"));

TEST(ConnectionTargets, BesidesABadEntryStillCount)
{
    EXPECT_EQ(lines(read_list("nonsense,127.0.0.1:80,more nonsense")), 2u);
    EXPECT_TRUE(allows("127.0.0.1", 80));
    EXPECT_FALSE(allows("127.0.0.1", 81));
}

TEST(ConnectionTargets, AreSixtyFourAtMost)
{
    std::string list;
    for (unsigned port = 1; port <= 66; port++)
        list += ":" + std::to_string(port) + ",";
    EXPECT_EQ(lines(read_list(list.c_str())), 2u);
    EXPECT_TRUE(allows("127.0.0.1", 64));
    EXPECT_FALSE(allows("127.0.0.1", 65));
}
