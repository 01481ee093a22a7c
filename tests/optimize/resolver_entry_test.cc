// An answer as bytes and back, how long it is believed, and bytes that are no answer.
#include "resolver_support.h"

#include <random>

using namespace resolver_test;

namespace
{
std::string unpacked(const resolver_entry &entry)
{
    addrinfo *list = nullptr;
    if (!resolver_entry_unpack(&entry, malloc, free, &list))
        return "(none)";
    std::string text = text_of(list);
    freeaddrinfo(list); // libc's own
    return text;
}

std::string packed_and_back(unsigned nodes, const char *canonical)
{
    return unpacked(entry_of(key_of("example.org"), nodes, start_ns, 1, canonical));
}

unsigned allowed, allocated, freed;

void *allocate_some(size_t size)
{
    if (allocated - freed >= allowed)
        return nullptr;
    allocated++;
    return malloc(size);
}

void release_some(void *ptr)
{
    freed += ptr != nullptr;
    free(ptr);
}
} // namespace

TEST(ResolverEntry, ComesBackAsLibcMadeIt)
{
    for (unsigned nodes : {1u, 2u, 3u, 6u, 20u})
        for (const char *canonical : {(const char *)nullptr, "", "a", "www.example.org"}) {
            addrinfo *list = list_of(nodes, canonical);
            EXPECT_EQ(packed_and_back(nodes, canonical), text_of(list));
            freeaddrinfo(list);
        }
}

TEST(ResolverEntry, RefusesWhatDoesNotFit)
{
    resolver_key key = key_of(std::string(255, 'a'));
    resolver_entry entry;
    unsigned fits = 0;
    for (unsigned nodes = 1; nodes < 100; nodes++) {
        addrinfo *list = list_of(nodes);
        fits += resolver_entry_pack(&entry, &key, 0, list);
        freeaddrinfo(list);
    }
    EXPECT_GE(fits, 14u);
    EXPECT_LT(fits, 40u);
    addrinfo *list = list_of(1, std::string(2000, 'c').c_str());
    EXPECT_FALSE(resolver_entry_pack(&entry, &key, 0, list));
    freeaddrinfo(list);
}

TEST(ResolverEntry, RefusesAddressesLibcDoesNotMake)
{
    resolver_key key = key_of("a");
    resolver_entry entry;
    EXPECT_FALSE(resolver_entry_pack(&entry, &key, 0, nullptr));
    addrinfo *list = list_of(2);
    list->ai_family = AF_UNIX;
    EXPECT_FALSE(resolver_entry_pack(&entry, &key, 0, list));
    list->ai_family = AF_INET;
    list->ai_addrlen = 12;
    EXPECT_FALSE(resolver_entry_pack(&entry, &key, 0, list));
    list->ai_addrlen = sizeof(sockaddr_in);
    EXPECT_TRUE(resolver_entry_pack(&entry, &key, 0, list));
    freeaddrinfo(list);
}

TEST(ResolverEntry, LivesItsTimeGiveOrTakeAFifth)
{
    uint64_t least = UINT64_MAX, most = 0;
    resolver_key key = key_of("example.org");
    for (unsigned i = 0; i < 2000; i++) {
        uint64_t now = start_ns + i * 7919, lives = entry_of(key, 1, now).expires_ns - now;
        least = std::min(least, lives), most = std::max(most, lives);
    }
    EXPECT_GE(least, 4 * second);
    EXPECT_LT(least, 4 * second + second / 50);
    EXPECT_LE(most, 6 * second);
    EXPECT_GT(most, 6 * second - second / 50);
    resolver_entry failure = failure_of(key, EAI_NONAME, start_ns);
    EXPECT_GE(failure.expires_ns, start_ns + second * 8 / 10);
    EXPECT_LE(failure.expires_ns, start_ns + second * 12 / 10);
}

TEST(ResolverEntry, IsBelievedOnlyInItsTimeAndScope)
{
    resolver_key key = key_of("example.org"), other = key_of("example.com");
    resolver_entry entry = entry_of(key, 2, start_ns);
    auto valid = [&](resolver_terms terms) { return resolver_entry_valid(&entry, &key, &terms); };
    EXPECT_TRUE(valid(terms_at(start_ns)));
    EXPECT_TRUE(valid(terms_at(entry.expires_ns - 1)));
    EXPECT_FALSE(valid(terms_at(entry.expires_ns)));
    EXPECT_FALSE(valid(terms_at(start_ns - second))) << "stored in the future";
    EXPECT_FALSE(valid(terms_at(start_ns, 78))) << "another configuration";
    resolver_terms terms = terms_at(start_ns + second);
    terms.not_before_ns = start_ns + 1;
    EXPECT_FALSE(valid(terms)) << "forgotten";
    terms = terms_at(start_ns + second);
    EXPECT_FALSE(resolver_entry_valid(&entry, &other, &terms));
    terms.ttl_ns = second / 2;
    EXPECT_FALSE(valid(terms)) << "older than this process allows";
    terms.ttl_ns = 0;
    EXPECT_FALSE(valid(terms));
}

TEST(ResolverEntry, CannotOutliveItsTimeWhateverItSays)
{
    resolver_key key = key_of("example.org");
    for (uint64_t ahead_ns : {7 * second, 3600 * second, UINT64_MAX / 2}) {
        resolver_entry entry = entry_of(key, 2, start_ns);
        entry.expires_ns = start_ns + ahead_ns;
        entry.checksum = resolver_hash((char *)&entry + 8, entry.used_bytes - 8u, 2);
        EXPECT_TRUE(resolver_entry_whole(&entry)) << "this test computes checksums as the cache does";
        for (uint64_t after_s : {1, 5, 6, 7, 100}) {
            resolver_terms terms = terms_at(start_ns + after_s * second);
            EXPECT_EQ(resolver_entry_valid(&entry, &key, &terms), after_s < 6) << ahead_ns << " " << after_s;
        }
    }
}

TEST(ResolverEntry, IsNotBelievedWithAnyBitChanged)
{
    resolver_key key = key_of("example.org");
    const resolver_entry entry = entry_of(key, 3, start_ns, 1, "www.example.org");
    resolver_terms terms = terms_at(start_ns);
    ASSERT_TRUE(resolver_entry_valid(&entry, &key, &terms));
    for (unsigned bit = 0; bit < entry.used_bytes * 8u; bit++) {
        resolver_entry changed = entry;
        ((unsigned char *)&changed)[bit / 8] ^= (unsigned char)(1 << bit % 8);
        EXPECT_FALSE(resolver_entry_valid(&changed, &key, &terms)) << "bit " << bit;
    }
}

TEST(ResolverEntry, UnpacksNothingOutsideOfItself)
{
    resolver_key key = key_of("example.org");
    std::mt19937 random(20240607);
    unsigned made = 0;
    for (unsigned i = 0; i < 40000; i++) {
        resolver_entry entry = entry_of(key, 1 + i % 4, start_ns, 1, i % 3 ? "www.example.org" : nullptr);
        const unsigned used = entry.used_bytes;
        for (unsigned changes = 1 + random() % 4; changes; changes--)
            ((unsigned char *)&entry)[56 + random() % (used - 56u)] = (unsigned char)random();
        if (entry.used_bytes >= 8 && entry.used_bytes <= sizeof entry)
            entry.checksum = resolver_hash((char *)&entry + 8, entry.used_bytes - 8u, 2);
        if (resolver_entry_whole(&entry)) // the lengths fit; ASan watches what is read
            made += unpacked(entry) != "(none)";
    }
    EXPECT_GT(made, 500u);
}

TEST(ResolverEntry, GivesBackEverythingWhenMemoryRunsOut)
{
    resolver_entry entry = entry_of(key_of("example.org"), 5, start_ns, 1, "www.example.org");
    addrinfo *list = nullptr;
    for (allowed = 0; allowed < 6; allowed++) {
        allocated = freed = 0;
        EXPECT_FALSE(resolver_entry_unpack(&entry, allocate_some, release_some, &list));
        EXPECT_EQ(allocated, freed);
        EXPECT_EQ(list, nullptr);
    }
    ASSERT_TRUE(resolver_entry_unpack(&entry, allocate_some, release_some, &list));
    freeaddrinfo(list);
}

TEST(ResolverEntry, KnowsWhichFailuresToRememberAndWhichToShare)
{
    for (int code : {0, EAI_NONAME, EAI_NODATA, EAI_ADDRFAMILY})
        EXPECT_TRUE(resolver_entry_remembers(code) && resolver_entry_shares(code)) << code;
    for (int code : {EAI_AGAIN, EAI_FAIL})
        EXPECT_TRUE(resolver_entry_remembers(code) && !resolver_entry_shares(code)) << code;
    for (int code : {EAI_MEMORY, EAI_SYSTEM, EAI_SERVICE, EAI_FAMILY, EAI_SOCKTYPE, EAI_BADFLAGS, EAI_OVERFLOW, EAI_INTR})
        EXPECT_FALSE(resolver_entry_remembers(code) || resolver_entry_shares(code)) << code;
}
