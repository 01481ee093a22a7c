// resolver_support: questions, answers and entries for the tests of the name cache, and the cache itself over a libc that
// is a function of the test.
#ifndef STRONG_TESTS_OPTIMIZE_RESOLVER_SUPPORT_H
#define STRONG_TESTS_OPTIMIZE_RESOLVER_SUPPORT_H

#include <cstddef>
#include <cstdint>
#include <functional>
#include <gtest/gtest.h>
#include <netdb.h>
#include <string>
#include <vector>

#include "isolated.h"

#ifndef STRONG_ABI_NAMES
#define STRONG_ABI_NAMES
#endif
#define _Static_assert static_assert
#define class class_number
extern "C" {
#include "optimize/resolver_cache.h"
#include "optimize/resolver_entry.h"
#include "optimize/resolver_flight.h"
#include "optimize/resolver_hash.h"
#include "optimize/resolver_key.h"
#include "optimize/resolver_shared.h"
#include "optimize/resolver_state.h"
#include "optimize/resolver_table.h"
#include "optimize/resolver_watch.h"
#include "runtime/config.h"
#include "runtime/counters.h"
#include "runtime/libc.h"
#include "runtime/seccomp.h"
}
#undef class
#undef _Static_assert

namespace resolver_test
{
constexpr uint64_t second = 1000000000;
constexpr uint64_t start_ns = 1000 * second; // where a test's own clock begins

resolver_key key_of(const std::string &node, const char *service = "80", const addrinfo *hints = nullptr);
resolver_terms terms_at(uint64_t now_ns, uint64_t scope = 77);

// A list as libc makes it, of `nodes` entries, IPv4 and IPv6 in turns; freed by freeaddrinfo.
addrinfo *list_of(unsigned nodes, const char *canonical = nullptr, uint8_t number = 1);
std::string text_of(const addrinfo *list); // everything a program can see in it

// A sealed entry for list_of(nodes, canonical, number), or for a failure.
resolver_entry entry_of(const resolver_key &key, unsigned nodes, uint64_t now_ns, uint8_t number = 1,
                        const char *canonical = nullptr);
resolver_entry failure_of(const resolver_key &key, int code, uint64_t now_ns);

// A table in memory that forked children share.
struct Table {
    explicit Table(uint32_t count, bool tags = false);
    ~Table();
    resolver_table table;
};

// A directory that goes away with everything in it.
class Directory {
public:
    Directory();
    ~Directory();
    const std::string path;
    std::string file(const std::string &name) const { return path + "/" + name; }
    std::vector<std::string> names() const;
};

// What the cache finds below itself.
using Below = std::function<int(const char *, const char *, const addrinfo *, addrinfo **)>;
// Settings as if from the environment, then the optimizer, over `below`.
void start_cache(Below below);
int look_up(const char *node, addrinfo **list, const addrinfo *hints = nullptr);
uint64_t counter(counter_id id);

// What body writes to descriptor 2.
std::string said(const std::function<void()> &body);
} // namespace resolver_test

#define RESOLVER_TEST(suite, name)                                                                                     \
    static void suite##_##name##_body();                                                                               \
    TEST(suite, name)                                                                                                  \
    {                                                                                                                  \
        isolation::isolated(suite##_##name##_body);                                                                    \
    }                                                                                                                  \
    static void suite##_##name##_body()

#endif
