// The memory pool in programs that use, limit, replace and abuse an allocator. With it, and with
// libstrong measuring the next allocator instead, they say what they say bare; and the counters say
// who served them.
#include "interpose_support.h"

#include <csignal>
#include <cstring>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace interpose_test;

namespace
{
const Environment pool_only = {{"STRONG_OPTIMIZE", "safe"}};
const Environment pool_sampled = {
    {"STRONG_OPTIMIZE", "safe"}, {"STRONG_ALLOC_PERIOD", "1KiB"}, {"STRONG_KEEP", "100000"}};
const Environment without_pool = {{"STRONG_OPTIMIZE", "-memory"}, {"STRONG_KEEP", "100000"}};

Environment with(Environment environment, const Environment &more)
{
    for (const auto &[name, value] : more)
        environment[name] = value;
    return environment;
}

// The segment of the process that was started, and whether the pool served it or stood aside.
void expect_pool(const Directory &directory, uint64_t active, uint64_t aside)
{
    ASSERT_FALSE(directory.segments().empty());
    Segment segment(directory.segments().at(0));
    EXPECT_EQ(segment.counter(COUNTER_memory_pool_active), active);
    EXPECT_EQ(segment.counter(COUNTER_memory_pool_aside), aside);
    EXPECT_NO_THROW(segment.check());
}

std::string option(const Directory &directory, const std::string &name)
{
    Command command;
    command.arguments = {STRONG_REPORT_BIN, "report", "--json", directory.segments().at(0)};
    command.preloaded = false;
    std::string json = run(command, "").out, key = "\"" + name.substr(strlen("STRONG_")) + "\": \"";
    size_t at = json.find(key);
    return at == std::string::npos
               ? "(none)"
               : json.substr(at + key.size(), json.find('"', at + key.size()) - at - key.size());
}

std::string library(const char *name)
{
    std::string path = std::string("/usr/lib/x86_64-linux-gnu/") + name;
    return access(path.c_str(), R_OK) == 0 ? path : "";
}

unsigned lines(const std::string &text)
{
    unsigned count = 0;
    for (char letter : text)
        count += letter == '\n';
    return count;
}

struct Case {
    const char *name;
    std::vector<std::string> arguments;
    const char *normal, *long_; // last argument, by the suite's form
};

void PrintTo(const Case &one, std::ostream *out)
{
    *out << one.name;
}
} // namespace

// ---- programs that only allocate ----

class PoolVictim : public testing::TestWithParam<Case>
{
};

TEST_P(PoolVictim, SaysTheSameBareAndServed)
{
    const unsigned seconds = long_form() ? 200 : 60;
    std::map<std::vector<std::string>, Outcome> bare_outcomes; // the same for every environment
    for (const Environment &environment : {pool_only, pool_sampled, without_pool}) {
        std::vector<std::string> arguments = GetParam().arguments;
        if (GetParam().normal) // the long form is for the pool as it is by default
            arguments.push_back(long_form() && environment == pool_only ? GetParam().long_
                                                                        : GetParam().normal);
        if (bare_outcomes.find(arguments) == bare_outcomes.end())
            bare_outcomes[arguments] = run_bare(arguments, seconds);
        const Outcome &bare = bare_outcomes.at(arguments);
        ASSERT_FALSE(bare.timed_out) << bare.describe();
        ASSERT_EQ(bare.status, 0) << bare.describe();
        Directory directory;
        Outcome preloaded = run_preloaded(directory, arguments, environment, seconds);
        EXPECT_EQ(preloaded.out, bare.out) << preloaded.describe();
        EXPECT_EQ(preloaded.status, bare.status) << preloaded.describe();
        EXPECT_EQ(preloaded.err.find("libstrong:"), std::string::npos) << preloaded.err;
        bool served = environment.at("STRONG_OPTIMIZE") == "safe";
        expect_pool(directory, served, 0);
    }
}

INSTANTIATE_TEST_SUITE_P(
    Programs, PoolVictim,
    testing::Values(Case{"family", {"pool_family"}, nullptr, nullptr},
                    Case{"cxx", {"pool_cxx"}, nullptr, nullptr},
                    Case{"stubs_for_malloc", {"pool_fixed"}, nullptr, nullptr},
                    Case{"life", {"pool_life"}, nullptr, nullptr},
                    Case{"threads_alive", {"pool_threads", "alive"}, "1000", "5000"},
                    Case{"fork_of_eight_threads", {"pool_threads", "fork"}, "60", "1000"},
                    Case{"remote_frees", {"pool_threads", "remote"}, "30", "500"},
                    Case{"libraries_come_and_go", {"pool_threads", "loader"}, "500", "20000"},
                    Case{"limit_set_in_main", {"pool_limit", "main"}, nullptr, nullptr}),
    [](const auto &one) { return std::string(one.param.name); });

TEST(PoolLimit, OfAddressSpaceAtStartLeavesTheProgramItsAllocator)
{
    Command command;
    command.arguments = {"pool_limit", "start"};
    command.before_exec = [] {
        rlimit limit = {(rlim_t)60 << 20, (rlim_t)60 << 20};
        if (setrlimit(RLIMIT_AS, &limit) < 0)
            _exit(126);
    };
    command.preloaded = false;
    Outcome bare = run(command, "");
    ASSERT_EQ(bare.status, 0) << bare.describe();
    command.preloaded = true;
    Directory directory;
    Outcome preloaded = run(command, directory.path);
    EXPECT_EQ(preloaded.out, bare.out) << preloaded.describe();
    EXPECT_EQ(preloaded.status, bare.status);
    expect_pool(directory, 0, 1);
    command.arguments = {"/bin/sh", "-c", "ulimit -v 60000; exec \"$0\" start",
                         STRONG_PROGRAMS_DIR "/pool_limit"};
    command.before_exec = nullptr;
    Directory shells;
    preloaded = run(command, shells.path);
    EXPECT_EQ(preloaded.status, 0) << preloaded.describe();
    EXPECT_NE(preloaded.out.find("goes on"), std::string::npos);
}

// ---- programs with an allocator of their own ----

class PoolAside : public testing::TestWithParam<Case>
{
};

TEST_P(PoolAside, SaysTheSameAndCountsItself)
{
    std::vector<std::string> arguments = GetParam().arguments;
    Environment environment;
    if (GetParam().normal)
        environment[GetParam().normal] = GetParam().long_; // a variable and its value
    Command command;
    command.arguments = arguments;
    command.preloaded = false;
    command.environment = environment;
    Outcome bare = run(command, "");
    ASSERT_EQ(bare.status, 0) << bare.describe();
    for (const Environment &more : {pool_only, pool_sampled, without_pool}) {
        Directory directory;
        Outcome preloaded = run_preloaded(directory, arguments, with(environment, more));
        EXPECT_EQ(preloaded.out, bare.out) << preloaded.describe();
        EXPECT_EQ(preloaded.status, bare.status) << preloaded.describe();
        expect_pool(directory, 0, more.at("STRONG_OPTIMIZE") == "safe");
    }
}

INSTANTIATE_TEST_SUITE_P(
    Programs, PoolAside,
    testing::Values(
        Case{"own_malloc", {"pool_own"}, nullptr, nullptr},
        Case{"linked_with_jemalloc", {"pool_jemalloc"}, nullptr, nullptr},
        Case{"address_sanitizer", {"pool_asan"}, "ASAN_OPTIONS", "detect_leaks=0"},
        Case{"malloc_check", {"pool_threads", "remote", "3"}, "MALLOC_CHECK_", "3"},
        Case{"malloc_perturb", {"pool_threads", "remote", "3"}, "MALLOC_PERTURB_", "165"},
        Case{"tunable_perturb", {"pool_cxx"}, "GLIBC_TUNABLES", "glibc.malloc.perturb=85"}),
    [](const auto &one) { return std::string(one.param.name); });

TEST(PoolStandsAside, AnotherAllocatorPreloadedServesBeforeOrAfter)
{
    const std::vector<std::vector<std::string>> programs = {{"pool_cxx"},
                                                            {"pool_threads", "remote", "3"},
                                                            {"pool_threads", "fork", "3"},
                                                            {"pool_threads", "alive", "100"}};
    unsigned tried = 0;
    for (const char *name :
         {"libmimalloc.so.2.0", "libtcmalloc_minimal.so.4", "libjemalloc.so.2"}) {
        std::string other = library(name);
        if (other.empty())
            continue;
        tried++;
        for (const std::string &order : {STRONG_SO ":" + other, other + ":" STRONG_SO})
            for (const auto &arguments : programs) {
                Command command;
                command.arguments = arguments;
                command.preloaded = false;
                command.environment = {{"LD_PRELOAD", other}};
                Outcome without = run(command, "");
                if (without.status != 0)
                    continue; // what it cannot do by itself it need not do with us
                Directory directory;
                command.environment = {{"LD_PRELOAD", order}, {"STRONG_DIR", directory.path}};
                Outcome outcome = run(command, "");
                EXPECT_EQ(outcome.out, without.out) << order << " " << outcome.describe();
                EXPECT_EQ(outcome.status, without.status) << order << " " << outcome.describe();
                expect_pool(directory, 0, 1);
            }
    }
    if (!tried)
        GTEST_SKIP() << "no other allocator is installed";
}

TEST(PoolStandsAside, AProgramLinkedWithTcmallocKeepsIt)
{
    if (library("libtcmalloc_minimal.so.4").empty())
        GTEST_SKIP() << "tcmalloc_minimal is not installed";
    Directory directory, segments;
    std::string program = directory.path + "/program";
    std::string build =
        "cc -D_GNU_SOURCE -pthread -w -o " + program +
        " " STRONG_SOURCE_DIR
        "/tests/programs/pool_threads.c -Wl,--no-as-needed -l:libtcmalloc_minimal.so.4";
    ASSERT_EQ(system(build.c_str()), 0);
    Outcome bare = run_bare({program, "remote", "5"});
    ASSERT_EQ(bare.status, 0) << bare.describe();
    Outcome preloaded = run_preloaded(segments, {program, "remote", "5"});
    EXPECT_TRUE(preloaded == bare) << preloaded.describe();
    expect_pool(segments, 0, 1);
}

TEST(PoolStandsAside, AddressSanitizerStillFindsTheOverflow)
{
    Environment environment = {{"ASAN_OPTIONS", "detect_leaks=0"}};
    Directory directory;
    Outcome preloaded = run_preloaded(directory, {"pool_asan", "overflow"}, environment);
    EXPECT_EQ(preloaded.out, "worked\n");
    EXPECT_NE(preloaded.err.find("heap-buffer-overflow"), std::string::npos)
        << preloaded.describe();
    EXPECT_NE(preloaded.status, 0);
}

// ---- bad settings ----

struct Mistake {
    const char *name, *variable, *value;
    std::vector<const char *> said;
};

void PrintTo(const Mistake &one, std::ostream *out)
{
    *out << one.name;
}

class PoolMistake : public testing::TestWithParam<Mistake>
{
};

TEST_P(PoolMistake, CostsOneLineAndKeepsTheDefault)
{
    const Mistake &mistake = GetParam();
    std::string value = mistake.value;
    if (value == "(too long)")
        while (value.size() < 3000)
            value = (value[0] == '(' ? "" : value + ",") + "narenas:2";
    Directory usual, directory;
    run_preloaded(usual, {"survive_start"});
    Outcome outcome =
        run_preloaded(directory, {"pool_threads", "remote", "2"}, {{mistake.variable, value}});
    EXPECT_EQ(outcome.out, "remote 2 wrong 0\n") << outcome.describe();
    EXPECT_EQ(outcome.status, 0);
    EXPECT_EQ(lines(outcome.err), 1u) << outcome.err;
    EXPECT_EQ(outcome.err.find("libstrong: "), 0u);
    for (const char *said : mistake.said)
        EXPECT_NE(outcome.err.find(said), std::string::npos) << outcome.err;
    expect_pool(directory, 1, 0);
    std::string expected = option(usual, mistake.variable);
    EXPECT_NE(expected, "(none)");
    EXPECT_EQ(option(directory, mistake.variable), expected);
}

INSTANTIATE_TEST_SUITE_P(
    Settings, PoolMistake,
    testing::Values(
        Mistake{"wrong_name",
                "STRONG_MEMORY_CONF",
                "narena:2",
                {"STRONG_MEMORY_CONF", "narena:2", "did you mean narenas?"}},
        Mistake{"wrong_second_name",
                "STRONG_MEMORY_CONF",
                "narenas:2,dirty_decay:5",
                {"dirty_decay:5", "dirty_decay_ms?"}},
        Mistake{
            "far_from_any_name", "STRONG_MEMORY_CONF", "qqqqqqqqqqqqqq:2", {"qqqqqqqqqqqqqq:2"}},
        Mistake{"wrong_value", "STRONG_MEMORY_CONF", "thp:sometimes", {"thp:sometimes"}},
        Mistake{
            "value_out_of_range", "STRONG_MEMORY_CONF", "dirty_decay_ms:-7", {"dirty_decay_ms"}},
        Mistake{"no_value", "STRONG_MEMORY_CONF", "narenas", {"narenas"}},
        Mistake{"refused_name",
                "STRONG_MEMORY_CONF",
                "background_thread:true",
                {"background_thread:true"}},
        Mistake{"too_long", "STRONG_MEMORY_CONF", "(too long)", {"too long"}},
        Mistake{"wrong_period",
                "STRONG_ALLOC_PERIOD",
                "often",
                {"STRONG_ALLOC_PERIOD", "often", "512KiB"}},
        Mistake{"period_too_large",
                "STRONG_ALLOC_PERIOD",
                "9999TiB",
                {"STRONG_ALLOC_PERIOD", "9999TiB"}},
        Mistake{"negative_period", "STRONG_ALLOC_PERIOD", "-1", {"STRONG_ALLOC_PERIOD"}}),
    [](const auto &one) { return std::string(one.param.name); });

TEST(PoolSettings, RightOnesAreTakenAndRecorded)
{
    Directory directory;
    Outcome outcome = run_preloaded(
        directory, {"pool_threads", "remote", "2"},
        {{"STRONG_MEMORY_CONF", "narenas:3,dirty_decay_ms:100"}, {"STRONG_ALLOC_PERIOD", "64KiB"}});
    EXPECT_EQ(outcome.out, "remote 2 wrong 0\n");
    EXPECT_EQ(outcome.err, "");
    EXPECT_EQ(option(directory, "STRONG_MEMORY_CONF"), "narenas:3,dirty_decay_ms:100");
}

// ---- mistakes of the program ----

class PoolMisuse : public testing::TestWithParam<std::vector<std::string>>
{
};

// No worse than the allocator behind the pool alone: the process comes to an end by itself, and
// where plain jemalloc gets away with it, so does the pool.
TEST_P(PoolMisuse, ComesToAnEnd)
{
    std::vector<std::string> arguments = GetParam();
    arguments.insert(arguments.begin(), "pool_bad");
    Command command;
    command.arguments = arguments;
    command.preloaded = false;
    command.seconds = 20;
    command.environment = {{"LD_PRELOAD", library("libjemalloc.so.2")}};
    Outcome plain = run(command, "");
    Directory directory;
    Outcome pool = run_preloaded(directory, arguments, pool_only, 20);
    EXPECT_FALSE(pool.timed_out) << pool.describe();
    EXPECT_EQ(pool.out.find(GetParam()[0]), 0u) << "it got as far as the mistake";
    if (!command.environment["LD_PRELOAD"].empty() && plain.status == 0 && !plain.timed_out) {
        EXPECT_EQ(pool.status, 0) << pool.describe();
    }
}

namespace
{
std::vector<std::vector<std::string>> misuses()
{
    std::vector<std::vector<std::string>> all = {
        {"double_free"}, {"double_free_later"}, {"double_free_large"}, {"foreign"},
        {"interior"},    {"after_free"},        {"after_free_large"}};
    for (int bytes : {1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33, 48, 63, 64})
        all.push_back({"overflow", std::to_string(bytes)});
    for (int bytes : {1, 64})
        all.push_back({"overflow_large", std::to_string(bytes)});
    return all;
}
} // namespace

INSTANTIATE_TEST_SUITE_P(Programs, PoolMisuse, testing::ValuesIn(misuses()), [](const auto &one) {
    return one.param.size() > 1 ? one.param[0] + "_" + one.param[1] : one.param[0];
});
