// Kept connections in real processes: each case of the connection_* victims, bare and preloaded, must look the same, and the
// counters must say that connections were kept and reused where they may be, and only there.
#include "interpose_support.h"
#include "isolated.h"

#include <gtest/gtest.h>
#include <sys/wait.h>

using namespace interpose_test;

namespace
{
enum Reuse { NEVER, OFTEN, ANY };

struct Case {
    const char *victim, *name;
    Reuse reuse;
    Environment environment;
};

const Environment brief = {{"STRONG_POOL_IDLE", "300ms"}};

struct Pool {
    uint64_t parked = 0, reused = 0, expired = 0, lent = 0;
};

Pool pool_of(const Directory &segments)
{
    Pool pool;
    for (const Segment &segment : segments_of(segments)) {
        pool.parked += segment.counter(COUNTER_connections_parked);
        pool.reused += segment.counter(COUNTER_connections_reused);
        pool.expired += segment.counter(COUNTER_connections_expired);
        pool.lent += segment.counter(COUNTER_connections_sockets_lent);
    }
    return pool;
}

Outcome run_case(const Directory &segments, const Case &param, bool preloaded)
{
    Command command;
    command.arguments = {std::string("connection_") + param.victim, param.name};
    if (long_form())
        command.arguments.push_back("2000");
    command.preloaded = preloaded;
    command.environment = param.environment;
    command.environment.emplace("STRONG_OPTIMIZE", "connections");
    return run(command, preloaded ? segments.path : "");
}

class Connections : public testing::TestWithParam<Case>
{
};

TEST_P(Connections, LookTheSameWhetherKeptOrNot)
{
    const Case &param = GetParam();
    Directory segments;
    Outcome bare = run_case(segments, param, false), preloaded = run_case(segments, param, true);
    ASSERT_EQ(bare.status, 0) << bare.describe();
    EXPECT_EQ(preloaded.status, 0);
    EXPECT_EQ(preloaded.out, bare.out);
    EXPECT_EQ(preloaded.err, bare.err);
    Pool pool = pool_of(segments);
    if (param.reuse == NEVER) {
        EXPECT_EQ(pool.reused, 0u);
    } else if (param.reuse == OFTEN) {
        EXPECT_GE(pool.reused, 2u);
    }
    if (std::string(param.name).find("wait") == 0) {
        EXPECT_GE(pool.expired, 1u) << "nothing waited for its time";
    }
    if (std::string(param.victim) == "unused") {
        EXPECT_GE(pool.lent, 1u) << "no socket was given a second time";
    }
}

std::vector<Case> cases()
{
    std::vector<Case> all = {
        {"ways", "blocking", OFTEN, {}},
        {"ways", "timed", OFTEN, {}},
        {"ways", "poll", OFTEN, {}},
        {"ways", "select", OFTEN, {}},
        {"ways", "epoll_level", OFTEN, {}},
        {"ways", "epoll_level_before", OFTEN, {}},
        {"ways", "epoll_edge", OFTEN, {}},
        {"ways", "epoll_edge_before", OFTEN, {}},
        {"ways", "shutdown", ANY, {}},
        {"ways", "shutdown_close", OFTEN, {}},
        {"ways", "shutdown_copy", ANY, {}},
        {"ways", "shutdown_halves", ANY, {}},
        {"ways", "options", OFTEN, {}},
        {"ways", "option_sets", NEVER, {}},
        {"ways", "streams", NEVER, {}},
        {"ways", "other_calls", OFTEN, {}},
        {"ways", "elsewhere", NEVER, {}},
        {"others", "duplicates", OFTEN, {}},
        {"others", "fork", OFTEN, {}},
        {"others", "vfork", OFTEN, {}},
        {"others", "spawn", OFTEN, {}},
        {"others", "system", OFTEN, {}},
        {"others", "passed", OFTEN, {}},
        {"others", "users", NEVER, {}},
        {"others", "networks", OFTEN, {}},
        {"others", "bound", NEVER, {}},
        {"others", "local", OFTEN, {}},
        {"others", "local_abstract", OFTEN, {}},
        {"others", "numbers", OFTEN, {}},
        {"others", "overlaid", OFTEN, {}},
        {"others", "limit64", OFTEN, {}},
        {"others", "limit1024", OFTEN, {}},
        {"life", "interrupted", OFTEN, brief},
        {"life", "restarted", OFTEN, {}},
        {"life", "threads", OFTEN, {}},
        {"life", "meddled", OFTEN, {}},
        {"life", "cancelled", OFTEN, {}},
        {"life", "shut_down_by_threads", OFTEN, {}},
        {"life", "joined", NEVER, {}},
        {"life", "served_here", NEVER, {}},
        {"shut", "woken_poll", NEVER, {}},
        {"shut", "woken_wide_poll", NEVER, {}},
        {"shut", "woken_select", NEVER, {}},
        {"shut", "beside_long_waits", OFTEN, {}},
        {"shut", "beside_short_waits", OFTEN, {}},
        {"shut", "told_computing", ANY, {}},
        {"shut", "told_computing_unsampled", ANY, {{"STRONG_CPU_HZ", "0"}}},
        {"shut", "told_waiting", ANY, {}},
        {"shut", "told_waiting_briefly", ANY, {}},
        {"shut", "brief_waits", OFTEN, {}},
        {"life", "handlers", OFTEN, {}},
        {"life", "storm", OFTEN, {}},
        {"life", "confined", OFTEN, brief},
    };
    static const char *const unused[] = {"like_new", "closed_at_once", "elsewhere", "refused", "listening", "duplicated", "overlaid",
                                         "numbers",  "forked",         "executed",  "passed",  "watched",   "direct",     "late",
                                         "many",     "threads",        "users",     "networks", "limited"};
    for (const char *name : unused)
        all.push_back({"unused", name, OFTEN, {}});
    static const char *const waits[] = {"wait0", "wait1", "wait2", "wait3", "wait4",
                                        "wait5", "wait6", "wait7", "wait8", "wait9"};
    for (const char *name : waits)
        all.push_back({"life", name, OFTEN, brief});
    return all;
}

INSTANTIATE_TEST_SUITE_P(In, Connections, testing::ValuesIn(cases()), [](const testing::TestParamInfo<Case> &info) {
    return std::string(info.param.victim) + "_" + info.param.name;
});

// A thread is stopped for long where it is about to shut down a connection for another one, which goes on.
TEST(ConnectionsSlowed, AreShutDownAndNothingElseIsHoweverSlowly)
{
    Command command;
    command.arguments = {"/usr/bin/strace", "-f", "-o", "/dev/null", "-e", "trace=shutdown", "/bin/true"};
    command.preloaded = false;
    if (run(command, "").status != 0)
        GTEST_SKIP() << "needs strace";
    Directory segments;
    command.arguments.pop_back();
    command.arguments.insert(command.arguments.end(),
                             {"-e", "inject=shutdown:delay_enter=5000", "-E", std::string("LD_PRELOAD=") + STRONG_SO, "-E",
                              "STRONG_OPTIMIZE=connections", "-E", "STRONG_DIR=" + segments.path,
                              STRONG_PROGRAMS_DIR "/connection_life", "shut_down_by_threads", "1500"});
    Outcome outcome = run(command, "");
    EXPECT_EQ(outcome.status, 0) << outcome.describe();
    EXPECT_EQ(outcome.out, "wrong 0\n");
    EXPECT_GE(pool_of(segments).reused, 2u);
}

// A case of connection_http: what it prints is right and the same bare; how many connections its server had.
unsigned connections_of_http(const char *name, const Environment &environment, Pool *ret)
{
    Directory segments;
    std::string before_count[2];
    unsigned connections = 0;
    for (bool preloaded : {false, true}) {
        Command command;
        command.arguments = {"connection_http", name, "count"};
        command.preloaded = preloaded;
        command.environment = environment;
        command.environment.emplace("STRONG_OPTIMIZE", "connections");
        Outcome outcome = run(command, preloaded ? segments.path : "");
        EXPECT_EQ(outcome.status, 0) << outcome.describe();
        EXPECT_EQ(outcome.err, "");
        size_t last = outcome.out.rfind('\n', outcome.out.size() - 2);
        before_count[preloaded] = outcome.out.substr(0, last);
        connections = (unsigned)std::stoul(outcome.out.substr(last + 1));
    }
    EXPECT_EQ(before_count[true], before_count[false]);
    *ret = pool_of(segments);
    return connections;
}

// nginx and Apache say how long they wait: nothing is kept until they hang up.
TEST(ConnectionsOfHttp, AreKeptNoLongerThanTheServerSays)
{
    Pool hinted, unhinted;
    EXPECT_EQ(connections_of_http("hinted", {}, &hinted), 2u);
    EXPECT_EQ(hinted.expired, 1u);
    EXPECT_EQ(connections_of_http("unhinted", {}, &unhinted), 1u);
    EXPECT_EQ(unhinted.expired, 0u);
}

TEST(ConnectionsOfHttp, AnswerRequestsThatCannotBeRepeatedOnlyWhereTheUserSaysSo)
{
    Pool pool;
    EXPECT_EQ(connections_of_http("posts", {}, &pool), 6u);
    EXPECT_EQ(connections_of_http("posts", {{"STRONG_POOL_ALL_REQUESTS", "1"}}, &pool), 1u);
    EXPECT_EQ(pool.reused, 5u);
}

TEST(ConnectionsOfHttp, AreKeptToManyServers)
{
    Pool pool;
    EXPECT_EQ(connections_of_http("many", {}, &pool), 700u);
    EXPECT_EQ(pool.reused, 1400u);
}

struct Setting {
    const char *name, *value;
    Reuse reuse;
    const char *said; // on stderr
};

class ConnectionSettings : public testing::TestWithParam<Setting>
{
};

TEST_P(ConnectionSettings, DecideWhatIsKept)
{
    const Setting &param = GetParam();
    Directory segments;
    Outcome outcome = run_case(segments, {"ways", "blocking", ANY, {{param.name, param.value}}}, true);
    EXPECT_EQ(outcome.status, 0);
    if (*param.said) {
        EXPECT_NE(outcome.err.find(param.said), std::string::npos) << outcome.err;
    } else {
        EXPECT_EQ(outcome.err, "");
    }
    EXPECT_EQ(pool_of(segments).reused > 0, param.reuse == OFTEN);
}

INSTANTIATE_TEST_SUITE_P(
    All, ConnectionSettings,
    testing::Values(Setting{"STRONG_POOL_MAX", "0", NEVER, ""}, Setting{"STRONG_POOL_MAX", "1", OFTEN, ""},
                    Setting{"STRONG_POOL_TOTAL", "0", NEVER, ""}, Setting{"STRONG_POOL_TOTAL", "1", OFTEN, ""},
                    Setting{"STRONG_POOL_IDLE", "0", NEVER, ""}, Setting{"STRONG_POOL_TARGETS", "/nowhere", NEVER, ""},
                    Setting{"STRONG_POOL_TARGETS", "nonsense", NEVER, "\"nonsense\" is no destination"},
                    Setting{"STRONG_POOL_MAX", "many", OFTEN, "STRONG_POOL_MAX"},
                    Setting{"STRONG_POOL_IDLE", "soon", OFTEN, "STRONG_POOL_IDLE"},
                    Setting{"STRONG_OPTIMIZE", "none", NEVER, ""}));

} // namespace
