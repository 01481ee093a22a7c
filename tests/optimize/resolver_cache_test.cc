// The cache over a libc of the test's own: what is remembered, for how long, for whom; and what goes through.
#include "resolver_support.h"

#include <cerrno>
#include <cstdlib>
#include <resolv.h>
#include <thread>
#include <unistd.h>

using namespace resolver_test;
using namespace std::chrono_literals;

namespace
{
std::atomic<unsigned> asked;

// Answers every name with two addresses; names that begin with "no" do not exist, with "again" cannot be asked.
int answer(const char *node, const char *, const addrinfo *, addrinfo **list)
{
    asked++;
    std::string name = node ? node : "";
    if (name.rfind("slow", 0) == 0)
        std::this_thread::sleep_for(20ms);
    errno = ENOENT; // libc leaves anything
    if (name.rfind("no", 0) == 0) {
        h_errno = HOST_NOT_FOUND;
        return EAI_NONAME;
    }
    if (name.rfind("again", 0) == 0)
        return EAI_AGAIN;
    if (name.rfind("memory", 0) == 0)
        return EAI_MEMORY;
    *list = list_of(name.rfind("many", 0) == 0 ? 100 : 2, "canonical.example");
    return 0;
}

struct Settings {
    const char *ttl = "", *negative_ttl = "", *shared = "0";
};

void start(const Directory &directory, Settings settings = {})
{
    setenv("STRONG_DIR", directory.path.c_str(), 1);
    setenv("STRONG_RESOLVER_TTL", settings.ttl, 1);
    setenv("STRONG_RESOLVER_NEGATIVE_TTL", settings.negative_ttl, 1);
    setenv("STRONG_RESOLVER_SHARED", settings.shared, 1);
    config_init();
    start_cache(answer);
}

int look_up_and_free(const char *node, const addrinfo *hints = nullptr)
{
    addrinfo *list = nullptr;
    int ret = look_up(node, &list, hints);
    if (ret == 0)
        freeaddrinfo(list);
    return ret;
}
} // namespace

RESOLVER_TEST(ResolverCache, AnswersTheSecondTimeFromMemoryAndTheSame)
{
    Directory directory;
    start(directory);
    addrinfo *first = nullptr, *second_list = nullptr;
    EXPECT_EQ(look_up("example.org", &first), 0);
    errno = 4711;
    EXPECT_EQ(look_up("example.org", &second_list), 0);
    EXPECT_EQ(errno, 4711);
    EXPECT_EQ(asked, 1u);
    EXPECT_NE(first, second_list);
    EXPECT_EQ(text_of(first), text_of(second_list));
    freeaddrinfo(first);
    freeaddrinfo(second_list);
    EXPECT_EQ(counter(COUNTER_resolver_hits), 1u);
    EXPECT_EQ(counter(COUNTER_resolver_misses), 1u);
    EXPECT_EQ(counter(COUNTER_resolver_bypassed), 0u);
}

RESOLVER_TEST(ResolverCache, CountsTheTimeItSaved)
{
    Directory directory;
    start(directory);
    for (unsigned i = 0; i < 4; i++)
        EXPECT_EQ(look_up_and_free("slow.example"), 0);
    EXPECT_EQ(asked, 1u);
    EXPECT_GT(counter(COUNTER_resolver_saved_ns), 3 * 18000000u);
}

RESOLVER_TEST(ResolverCache, KeepsErrnoAndAnswerOfLibcsOwnLookup)
{
    Directory directory;
    start(directory);
    errno = 0;
    EXPECT_EQ(look_up_and_free("no.example"), EAI_NONAME);
    EXPECT_EQ(errno, ENOENT);
}

RESOLVER_TEST(ResolverCache, RemembersThatANameDoesNotExist)
{
    Directory directory;
    start(directory);
    EXPECT_EQ(look_up_and_free("no.example"), EAI_NONAME);
    h_errno = 0;
    EXPECT_EQ(look_up_and_free("no.example"), EAI_NONAME);
    EXPECT_EQ(h_errno, HOST_NOT_FOUND);
    EXPECT_EQ(asked, 1u);
    std::this_thread::sleep_for(1250ms);
    EXPECT_EQ(look_up_and_free("no.example"), EAI_NONAME);
    EXPECT_EQ(asked, 2u) << "for a second, give or take a fifth";
}

RESOLVER_TEST(ResolverCache, ForgetsAfterItsTimeAndNotBefore)
{
    Directory directory;
    start(directory, {"500ms"});
    EXPECT_EQ(look_up_and_free("example.org"), 0);
    std::this_thread::sleep_for(300ms);
    EXPECT_EQ(look_up_and_free("example.org"), 0);
    EXPECT_EQ(asked, 1u);
    std::this_thread::sleep_for(310ms);
    EXPECT_EQ(look_up_and_free("example.org"), 0);
    EXPECT_EQ(asked, 2u);
}

RESOLVER_TEST(ResolverCache, LetsThroughWhatItDoesNotRemember)
{
    Directory directory;
    start(directory);
    for (unsigned i = 0; i < 2; i++) {
        EXPECT_EQ(look_up_and_free("192.0.2.1"), 0);
        EXPECT_EQ(look_up_and_free(nullptr), 0);
        EXPECT_EQ(look_up_and_free("memory"), EAI_MEMORY);
        EXPECT_EQ(look_up_and_free("many.example"), 0);
    }
    EXPECT_EQ(asked, 8u);
    EXPECT_EQ(counter(COUNTER_resolver_bypassed), 4u);
    EXPECT_EQ(counter(COUNTER_resolver_misses), 4u);
}

RESOLVER_TEST(ResolverCache, IsOffForTheKindWhoseTimeIsZero)
{
    Directory directory;
    start(directory, {"0", "1s"});
    for (unsigned i = 0; i < 3; i++) {
        EXPECT_EQ(look_up_and_free("example.org"), 0);
        EXPECT_EQ(look_up_and_free("no.example"), EAI_NONAME);
    }
    EXPECT_EQ(asked, 3u + 1u);
}

RESOLVER_TEST(ResolverCache, ForgetsAtResInit)
{
    Directory directory;
    start(directory);
    EXPECT_EQ(look_up_and_free("example.org"), 0);
    EXPECT_EQ(next.__res_init(), 0);
    EXPECT_EQ(look_up_and_free("example.org"), 0);
    EXPECT_EQ(asked, 2u);
    EXPECT_EQ(look_up_and_free("example.org"), 0);
    EXPECT_EQ(asked, 2u);
    EXPECT_EQ(counter(COUNTER_resolver_flushes), 1u);
    EXPECT_EQ(next.__res_ninit(&_res), 0);
    EXPECT_EQ(look_up_and_free("example.org"), 0);
    EXPECT_EQ(asked, 3u);
}

RESOLVER_TEST(ResolverCache, LetsThroughAThreadThatHasChangedItsResolver)
{
    Directory directory;
    start(directory);
    EXPECT_EQ(look_up_and_free("example.org"), 0);
    EXPECT_EQ(next.__res_init(), 0);
    auto asks = [](unsigned expected, const char *why) {
        unsigned before = asked;
        EXPECT_EQ(look_up_and_free("example.org"), 0);
        EXPECT_EQ(asked - before, expected) << why;
    };
    asks(1, "res_init forgets");
    asks(0, "set up by libc alone");
    unsigned long options = _res.options;
    _res.options |= RES_USEVC;
    asks(1, "other options");
    asks(1, "and it is not remembered");
    _res.options = options;
    asks(0, "as it was");
    _res.nsaddr_list[0].sin_addr.s_addr ^= 1;
    asks(1, "another name server");
    std::thread([&] { asks(0, "another thread has its own"); }).join();
    EXPECT_EQ(counter(COUNTER_resolver_bypassed), 3u);
}

// Each of these sets up the resolver state of the thread that calls it first.
RESOLVER_TEST(ResolverCache, GoesOnInAThreadThatHasLookedUpAHostInAnotherWay)
{
    Directory directory;
    start(directory);
    EXPECT_EQ(look_up_and_free("example.org"), 0);
    in_addr loopback{htonl(INADDR_LOOPBACK)};
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr = loopback;
    char text[1024], buf[4096];
    hostent entry, *found;
    int code;
    const std::vector<std::pair<const char *, std::function<void()>>> ways = {
        {"gethostbyname", [&] { next.gethostbyname("localhost"); }},
        {"gethostbyname2", [&] { next.gethostbyname2("localhost", AF_INET); }},
        {"gethostbyname_r", [&] { next.gethostbyname_r("localhost", &entry, buf, sizeof(buf), &found, &code); }},
        {"gethostbyname2_r", [&] { next.gethostbyname2_r("localhost", AF_INET, &entry, buf, sizeof(buf), &found, &code); }},
        {"gethostbyaddr", [&] { next.gethostbyaddr(&loopback, sizeof(loopback), AF_INET); }},
        {"gethostbyaddr_r",
         [&] { next.gethostbyaddr_r(&loopback, sizeof(loopback), AF_INET, &entry, buf, sizeof(buf), &found, &code); }},
        {"getnameinfo", [&] {
             next.getnameinfo(reinterpret_cast<sockaddr *>(&address), sizeof(address), text, sizeof(text), nullptr, 0, 0);
         }}};
    unsigned set_up = 0, expected = asked;
    for (const auto &[name, way] : ways)
        std::thread([&] {
            EXPECT_EQ(_res.options, 0u) << "a thread begins without";
            EXPECT_EQ(look_up_and_free("example.org"), 0); // also on the stack of one that has ended
            EXPECT_EQ(asked, expected);
            way();
            set_up += (_res.options & RES_INIT) != 0;
            EXPECT_EQ(look_up_and_free("example.org"), 0);
            EXPECT_EQ(asked, expected) << name;
            _res.options |= RES_USEVC;
            way(); // the program's own state stays its own
            EXPECT_EQ(look_up_and_free("example.org"), 0);
            EXPECT_EQ(asked, ++expected) << name;
        }).join();
    EXPECT_EQ(set_up, ways.size());
}

RESOLVER_TEST(ResolverCache, VoidsEverythingWhenWhatItDependsOnChanges)
{
    Directory directory;
    start(directory);
    EXPECT_EQ(look_up_and_free("example.org"), 0);
    setenv("LOCALDOMAIN", "other.example", 1);
    std::this_thread::sleep_for(1100ms);
    EXPECT_EQ(look_up_and_free("example.org"), 0);
    EXPECT_EQ(asked, 2u);
    EXPECT_EQ(counter(COUNTER_resolver_flushes), 1u);
}

RESOLVER_TEST(ResolverCache, AsksOnceForManyThreads)
{
    Directory directory;
    start(directory);
    constexpr unsigned rounds = 10;
    std::atomic<unsigned> wrong{0};
    for (unsigned round = 0; round < rounds; round++) {
        std::string name = "slow" + std::to_string(round);
        isolation::in_threads(isolation::MANY_THREADS, [&](unsigned) { wrong += look_up_and_free(name.c_str()) != 0; });
    }
    EXPECT_EQ(wrong, 0u);
    EXPECT_EQ(asked, rounds);
    EXPECT_EQ(counter(COUNTER_resolver_hits) + counter(COUNTER_resolver_misses), rounds * isolation::MANY_THREADS);
    EXPECT_GT(counter(COUNTER_resolver_joined), rounds);
}

RESOLVER_TEST(ResolverCache, TellsAnotherProcessWhatItKnows)
{
    Directory directory;
    isolation::isolated([&] {
        start(directory, {"", "", "1"});
        EXPECT_EQ(look_up_and_free("example.org"), 0);
        EXPECT_EQ(look_up_and_free("no.example"), EAI_NONAME);
        EXPECT_EQ(look_up_and_free("again.example"), EAI_AGAIN);
        EXPECT_EQ(asked, 3u);
    });
    start(directory, {"", "", "1"});
    addrinfo *list = nullptr, *expected = list_of(2, "canonical.example");
    ASSERT_EQ(look_up("example.org", &list), 0);
    EXPECT_EQ(text_of(list), text_of(expected));
    freeaddrinfo(list);
    freeaddrinfo(expected);
    EXPECT_EQ(look_up_and_free("no.example"), EAI_NONAME);
    EXPECT_EQ(asked, 0u);
    EXPECT_EQ(counter(COUNTER_resolver_shared_hits), 2u);
    EXPECT_EQ(look_up_and_free("again.example"), EAI_AGAIN);
    EXPECT_EQ(asked, 1u) << "that nobody could be asked is this process's own business";
    EXPECT_EQ(look_up_and_free("example.org"), 0); // the second time it moves into the process's own memory
    EXPECT_EQ(look_up_and_free("example.org"), 0);
    EXPECT_EQ(counter(COUNTER_resolver_hits), 1u);
}

RESOLVER_TEST(ResolverCache, GoesThroughAfterSeccomp)
{
    Directory directory;
    start(directory, {"", "", "1"});
    seccomp_entered = true;
    EXPECT_EQ(look_up_and_free("example.org"), 0);
    EXPECT_EQ(look_up_and_free("example.org"), 0);
    EXPECT_EQ(asked, 2u);
    EXPECT_TRUE(directory.names().empty());
}

RESOLVER_TEST(ResolverCache, LeavesNothingBehindWhenAThreadIsCancelledInLibc)
{
#if defined(__SANITIZE_ADDRESS__)
    GTEST_SKIP() << "ASan keeps the frames of a cancelled thread poisoned";
#endif
    Directory directory;
    setenv("STRONG_RESOLVER_SHARED", "0", 1);
    config_init();
    start_cache([](const char *node, const char *, const addrinfo *, addrinfo **list) {
        if (asked++ == 0)
            pause(); // until it is cancelled
        return answer(node, nullptr, nullptr, list);
    });
    pthread_t thread;
    pthread_create(
        &thread, nullptr, [](void *) -> void * { return (void *)(intptr_t)look_up_and_free("example.org"); }, nullptr);
    while (asked == 0)
        std::this_thread::yield();
    std::thread waiter([] { EXPECT_EQ(look_up_and_free("example.org"), 0); });
    std::this_thread::sleep_for(100ms);
    EXPECT_EQ(asked, 1u) << "it waits";
    pthread_cancel(thread);
    void *result;
    pthread_join(thread, &result);
    EXPECT_EQ(result, PTHREAD_CANCELED);
    waiter.join();
    EXPECT_EQ(look_up_and_free("example.org"), 0);
}
