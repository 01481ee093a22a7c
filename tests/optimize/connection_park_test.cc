// Destinations of kept connections: found again by what a program asks for, and how many there may be.
#include "isolated.h"

#include <arpa/inet.h>
#include <cstring>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <set>

#define _Static_assert static_assert
extern "C" {
#include "optimize/connection_park.h"
#include "optimize/connection_targets.h"
}
#undef _Static_assert

namespace
{
const fdstate_socket stream = {AF_INET, SOCK_STREAM, 0};

uint16_t destination(uint32_t host, const fdstate_socket &made = stream)
{
    sockaddr_in address;
    memset(&address, 0xa5, sizeof address); // the padding is anything
    address.sin_family = AF_INET;
    address.sin_port = htons(80);
    address.sin_addr.s_addr = htonl(host);
    return connection_park_destination(&made, (const sockaddr *)&address, sizeof address);
}

const unsigned most = 4096;
} // namespace

TEST(ConnectionDestinations, AreToldApartByAddressAndKindOfSocket)
{
    isolation::isolated([] {
        ASSERT_EQ(connection_park_init(), 0);
        uint16_t first = destination(1);
        EXPECT_NE(first, 0);
        EXPECT_EQ(destination(1), first);
        EXPECT_NE(destination(2), first);
        fdstate_socket other = stream;
        other.protocol = IPPROTO_TCP;
        EXPECT_NE(destination(1, other), first);
        socklen_t len;
        const sockaddr_in *address = (const sockaddr_in *)connection_park_address(first, &len);
        EXPECT_EQ(len, sizeof *address);
        EXPECT_EQ(ntohl(address->sin_addr.s_addr), 1u);
        EXPECT_EQ(ntohs(address->sin_port), 80);
    });
}

TEST(ConnectionDestinations, AreAsManyAsThereAreAndNotOneMore)
{
    isolation::isolated([] {
        ASSERT_EQ(connection_park_init(), 0);
        std::set<uint16_t> seen;
        for (unsigned host = 0; host < most; host++)
            seen.insert(destination(0x7f000001 + host));
        EXPECT_EQ(seen.size(), most);
        EXPECT_EQ(seen.count(0), 0u);
        EXPECT_EQ(destination(1), 0);
        for (unsigned host = 0; host < most; host++)
            ASSERT_EQ(destination(0x7f000001 + host), host + 1);
    });
}

TEST(ConnectionDestinations, AreEachMadeOnceByManyThreads)
{
    isolation::isolated([] {
        ASSERT_EQ(connection_park_init(), 0);
        isolation::in_threads(isolation::MANY_THREADS, [](unsigned thread) {
            for (unsigned i = 0; i < 1000; i++)
                destination(0x7f000001 + (i * 7 + thread) % 500);
        });
        std::set<uint16_t> seen;
        for (unsigned host = 0; host < 500; host++)
            seen.insert(destination(0x7f000001 + host));
        EXPECT_EQ(seen.size(), 500u);
        EXPECT_EQ(*seen.rbegin(), 500u) << "one of them twice";
    });
}
