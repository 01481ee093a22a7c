// What counts as the same question, and what is no question for the memory.
#include "resolver_support.h"

using namespace resolver_test;

namespace
{
bool remembered(const char *node, const char *service = "80", const addrinfo *hints = nullptr)
{
    resolver_key key;
    return resolver_key_make(&key, node, service, hints);
}

bool same(const resolver_key &one, const resolver_key &other)
{
    bool equal = one.len == other.len && memcmp(one.bytes, other.bytes, one.len) == 0;
    EXPECT_TRUE(!equal || one.hash == other.hash);
    return equal;
}
} // namespace

TEST(ResolverKey, IsTheSameForTheSameQuestion)
{
    addrinfo hints = {};
    hints.ai_socktype = SOCK_STREAM;
    memset(&hints.ai_addrlen, 0x55, sizeof hints.ai_addrlen); // libc does not look at it
    addrinfo other = {};
    other.ai_socktype = SOCK_STREAM;
    EXPECT_TRUE(same(key_of("example.org", "80", &hints), key_of("example.org", "80", &other)));
}

TEST(ResolverKey, DiffersInEveryPartOfTheQuestion)
{
    addrinfo zero = {}, flags = {}, family = {}, type = {}, protocol = {};
    flags.ai_flags = AI_CANONNAME;
    family.ai_family = AF_INET;
    type.ai_socktype = SOCK_STREAM;
    protocol.ai_protocol = IPPROTO_TCP;
    std::vector<resolver_key> keys = {
        key_of("ab", "c", nullptr), key_of("ab", "c", &zero),   key_of("ab", "c", &flags),    key_of("ab", "c", &family),
        key_of("ab", "c", &type),   key_of("ab", "c", &protocol), key_of("abc", nullptr, &zero), key_of("ab", nullptr, &zero),
        key_of("ab", "", &zero),    key_of("a", "bc", &zero),   key_of("abc", "", &zero),     key_of("AB", "c", &zero),
    };
    for (size_t i = 0; i < keys.size(); i++)
        for (size_t j = 0; j < keys.size(); j++)
            EXPECT_EQ(same(keys[i], keys[j]), i == j) << i << " and " << j;
}

TEST(ResolverKey, HashesSpreadOverSets)
{
    std::vector<unsigned> sets(64);
    for (unsigned i = 0; i < 6400; i++)
        sets[key_of("host" + std::to_string(i) + ".example").hash >> 58]++;
    for (unsigned count : sets) {
        EXPECT_GT(count, 50u);
        EXPECT_LT(count, 160u);
    }
}

TEST(ResolverKey, TakesNoNumericHosts)
{
    for (const char *node : {"127.0.0.1", "1", "0x7f.1", "017700000001", "127.1", "::1", "fe80::1%lo", "2001:db8::1",
                             "10.0.0.1.", "1.2.3.4.5"})
        EXPECT_FALSE(remembered(node)) << node;
    for (const char *node : {"localhost", "3com.com", "a.1", "x", "1and1.com", "deadbeef"})
        EXPECT_TRUE(remembered(node)) << node;
}

TEST(ResolverKey, TakesNoMissingEmptyOrOverlongNames)
{
    EXPECT_FALSE(remembered(nullptr));
    EXPECT_FALSE(remembered(""));
    EXPECT_TRUE(remembered(std::string(255, 'a').c_str(), std::string(32, 's').c_str()));
    EXPECT_FALSE(remembered(std::string(256, 'a').c_str()));
    EXPECT_FALSE(remembered("a", std::string(33, 's').c_str()));
    EXPECT_TRUE(remembered("a", nullptr));
}

TEST(ResolverKey, TakesOnlyFlagsItKnows)
{
    addrinfo hints = {};
    hints.ai_flags = AI_PASSIVE | AI_CANONNAME | AI_V4MAPPED | AI_ALL | AI_ADDRCONFIG | AI_NUMERICSERV;
    EXPECT_TRUE(remembered("a", "80", &hints));
    hints.ai_flags = AI_IDN;
    EXPECT_TRUE(remembered("a", "80", &hints));
    EXPECT_FALSE(remembered("\xc3\xa4", "80", &hints)) << "which name that is depends on the locale";
    for (int flag : {AI_NUMERICHOST, AI_CANONIDN, 1 << 30}) {
        hints.ai_flags = flag;
        EXPECT_FALSE(remembered("a", "80", &hints)) << flag;
    }
}
