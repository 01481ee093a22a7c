/* What is said of the optimizers: their state, their line, and the setting or the reason that a finding names. */
#include "tools/analyse_case.h"

namespace
{

constexpr uint64_t kMs = AnalyseCase::kMs, kSecond = AnalyseCase::kSecond;

std::string line_of(const analysis &result, optimizer_id id)
{
    arena memory = {};
    std::string line = optimizers_text(result.model, &result.optimizers[id], &memory);
    arena_done(&memory);
    return line;
}

void options(AnalyseCase &c, const std::string &optimize)
{
    c.segment.header().options = c.segment.string("OPTIMIZE=" + optimize + "\n");
}

/* A client that reconnects, stalls and looks up one name again and again. */
void wasteful(AnalyseCase &c)
{
    uint32_t redis = c.segment.target(TARGET_TCP_OUT, "tcp://127.0.0.1:6379");
    uint32_t host = c.segment.target(TARGET_HOST, "cache.example");
    auto main = c.segment.thread(1, "main");
    main.calls(1000, HOOK_connect, redis, c.ticks(kMs));
    main.calls(1000, HOOK_connection, redis, c.ticks(2 * kMs), 1);
    main.calls(50, HOOK_nagle_stall, redis, c.ticks(40 * kMs));
    main.calls(500, HOOK_getaddrinfo, host, c.ticks(4 * kMs));
}

std::string fix_of(const analysis &result, finding_id id)
{
    const finding *found = analysis_finding(&result, id);
    EXPECT_EQ(found->state, FINDING_FOUND) << found->name;
    return found->fix;
}

bool has(const std::string &text, const std::string &part)
{
    return text.find(part) != std::string::npos;
}

TEST(Optimizers, AreSelectedByTheLibrarysOwnRule)
{
    EXPECT_TRUE(optimizers_selected("safe", "tcp"));
    EXPECT_TRUE(optimizers_selected("all", "tcp"));
    EXPECT_TRUE(optimizers_selected("-memory", "tcp"));
    EXPECT_TRUE(optimizers_selected("none,tcp", "tcp"));
    EXPECT_TRUE(optimizers_selected("balance,tcp", "tcp"));
    EXPECT_FALSE(optimizers_selected("none", "tcp"));
    EXPECT_FALSE(optimizers_selected("", "tcp"));
    EXPECT_FALSE(optimizers_selected("safe,-tcp", "tcp"));
    EXPECT_FALSE(optimizers_selected("-tcp", "tcp"));
    EXPECT_FALSE(optimizers_selected("memory", "tcp"));
    EXPECT_FALSE(optimizers_selected("tcpx", "tcp"));
}

TEST(Optimizers, SayInOneLineWhatTheyDidAndSaved)
{
    AnalyseCase c(60);
    auto main = c.segment.thread(1, "main");
    uint32_t redis = c.segment.target(TARGET_TCP_OUT, "tcp://127.0.0.1:6379");
    main.calls(12034, HOOK_connect, redis, c.ticks(20000));
    main.calls(3, HOOK_nagle_stall, redis, c.ticks(40 * kMs));
    c.segment.counter(COUNTER_connections_reused) = 12031;
    c.segment.counter(COUNTER_connections_saved_ns) = 27100 * kMs;
    c.segment.counter(COUNTER_connections_refused_state) = 2;
    c.segment.counter(COUNTER_connections_refused_unfinished) = 1;
    c.segment.counter(COUNTER_tcp_stalls_avoided) = 1200;
    c.segment.counter(COUNTER_tcp_saved_ns) = 48 * kSecond;
    c.segment.counter(COUNTER_tcp_nodelay_set) = 1100;
    c.segment.counter(COUNTER_resolver_hits) = 9000;
    c.segment.counter(COUNTER_resolver_shared_hits) = 990;
    c.segment.counter(COUNTER_resolver_misses) = 10;
    c.segment.counter(COUNTER_resolver_saved_ns) = 63 * kMs;
    c.segment.counter(COUNTER_memory_pool_active) = 1;
    const analysis &result = c.finish();
    EXPECT_EQ(line_of(result, OPTIMIZER_CONNECTIONS),
              "reused 12,031 of 12,034, saved at most 27.1 s; refused 3: 2 state, 1 unfinished");
    EXPECT_EQ(line_of(result, OPTIMIZER_TCP),
              "avoided 1,200 stalls, saved 48.0 s; 3 not; 1,100 × TCP_NODELAY");
    EXPECT_EQ(line_of(result, OPTIMIZER_RESOLVER),
              "answered 9,990 of 10,000, saved 63.0 ms; 990 from other processes");
    for (const optimizer &one : result.optimizers)
        EXPECT_EQ(one.state, OPTIMIZER_ACTIVE) << one.name;
}

TEST(Optimizers, TellOffFromUnusedFromAsideFromUnknown)
{
    AnalyseCase off, unused, unknown;
    options(off, "none");
    options(unused, "safe");
    unused.segment.counter(COUNTER_memory_pool_aside) = 1;
    unknown.segment.header().options = {0, 0};
    EXPECT_EQ(off.finish().optimizers[OPTIMIZER_TCP].state, OPTIMIZER_OFF);
    const analysis &result = unused.finish();
    EXPECT_EQ(result.optimizers[OPTIMIZER_TCP].state, OPTIMIZER_UNUSED);
    EXPECT_EQ(result.optimizers[OPTIMIZER_MEMORY].state, OPTIMIZER_ASIDE);
    EXPECT_EQ(unknown.finish().optimizers[OPTIMIZER_TCP].state, OPTIMIZER_UNKNOWN);
}

TEST(Optimizers, AResolverThatBypassedEverythingWasNotAtWork)
{
    AnalyseCase c;
    c.segment.thread(1, "main");
    c.segment.counter(COUNTER_resolver_bypassed) = 15000;
    EXPECT_EQ(c.finish().optimizers[OPTIMIZER_RESOLVER].state, OPTIMIZER_UNUSED);
}

TEST(Optimizers, AreTheFixWhereTheyAreOff)
{
    AnalyseCase none, some;
    wasteful(none);
    options(none, "none");
    const analysis &bare = none.finish();
    for (auto [id, name] : {std::pair{FINDING_reconnecting, "connections"},
                            {FINDING_nagle_stall, "tcp"},
                            {FINDING_repeated_lookups, "resolver"}})
        EXPECT_EQ(fix_of(bare, id).find("STRONG_OPTIMIZE=safe, the default, which includes " +
                                        std::string(name)),
                  0u)
            << fix_of(bare, id);
    wasteful(some);
    options(some, "memory,resolver");
    EXPECT_EQ(fix_of(some.finish(), FINDING_reconnecting)
                  .find("STRONG_OPTIMIZE=memory,resolver,connections"),
              0u);
}

TEST(Optimizers, SayWhyTheyRefusedTheLargestReasonFirst)
{
    AnalyseCase c;
    wasteful(c);
    options(c, "safe");
    c.segment.counter(COUNTER_connections_watched) = 1000;
    c.segment.counter(COUNTER_connections_refused_state) = 100;
    c.segment.counter(COUNTER_connections_refused_close) = 900;
    c.segment.counter(COUNTER_tcp_stalls_avoided) = 7;
    c.segment.counter(COUNTER_resolver_bypassed) = 500;
    const analysis &result = c.finish();
    std::string fix = fix_of(result, FINDING_reconnecting);
    EXPECT_TRUE(has(fix, "refused 1,000 closes, 900 because one side said that it ends")) << fix;
    EXPECT_TRUE(has(fix, "no Connection: close")) << fix;
    EXPECT_TRUE(has(fix, "keep the connection open")) << fix;
    EXPECT_FALSE(has(fix, "STRONG_OPTIMIZE=")) << "it is on already: " << fix;
    fix = fix_of(result, FINDING_nagle_stall);
    EXPECT_TRUE(has(fix, "tcp is on and avoided 7 more stalls")) << fix;
    fix = fix_of(result, FINDING_repeated_lookups);
    EXPECT_TRUE(has(fix, "never remembers 500 of these lookups")) << fix;
}

TEST(Optimizers, NameTheSettingForRequestsThatCannotBeRepeated)
{
    AnalyseCase c;
    wasteful(c);
    c.segment.counter(COUNTER_connections_unrepeatable) = 990;
    c.segment.counter(COUNTER_connections_refused_close) = 10;
    EXPECT_EQ(fix_of(c.finish(), FINDING_reconnecting)
                  .find("STRONG_POOL_ALL_REQUESTS=1: 990 connects were for requests that cannot be"),
              0u);
}

TEST(Optimizers, NameTheSizeOrTheTimeThatMakesTheResolverForget)
{
    for (bool many : {false, true}) {
        AnalyseCase c(10, 8 << 20);
        auto main = c.segment.thread(1, "main");
        for (unsigned i = 0; i < (many ? 40 : 2); i++)
            main.calls(20, HOOK_getaddrinfo,
                       c.segment.target(TARGET_HOST, "host" + std::to_string(i)),
                       c.ticks(10 * kMs));
        c.segment.header().options =
            c.segment.string("OPTIMIZE=safe\nRESOLVER_SIZE=16\nRESOLVER_TTL=5s\n");
        c.segment.counter(COUNTER_resolver_misses) = many ? 800 : 40;
        EXPECT_EQ(fix_of(c.finish(), FINDING_resolver_forgets)
                      .find(many ? "STRONG_RESOLVER_SIZE=80" : "STRONG_RESOLVER_TTL=30s"),
                  0u);
    }
}

TEST(Optimizers, SurviveCountersThatCannotBe)
{
    AnalyseCase c;
    c.segment.thread(1, "main");
    for (unsigned i = 0; i < COUNTER_COUNT; i++)
        c.segment.counter(static_cast<counter_id>(i)) = UINT64_MAX;
    const analysis &result = c.finish();
    for (const optimizer &one : result.optimizers) {
        EXPECT_NE(line_of(result, one.id), "");
        EXPECT_GE(one.chances, one.acted) << one.name;
    }
}

TEST(Findings, ExplainHowToVerifyWithADifference)
{
    AnalyseCase c, run;
    wasteful(c);
    wasteful(run);
    run.segment.header().run = run.segment.string("nightly");
    std::string verify = analysis_finding(&c.finish(), FINDING_reconnecting)->verify;
    EXPECT_TRUE(has(verify, "strong-report diff " + std::to_string(c.segment.header().pid) +
                                " after")) << verify;
    EXPECT_TRUE(has(verify, "strong-report run --name=after -- victim --flag")) << verify;
    verify = analysis_finding(&run.finish(), FINDING_reconnecting)->verify;
    EXPECT_TRUE(has(verify, "strong-report diff nightly after")) << verify;
}

} // namespace
