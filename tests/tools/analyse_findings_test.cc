/* Every rule: found, not found, not applicable and, where it can be, not measured; rank, severity
 * and what explains what.
 */
#include "tools/analyse_case.h"

#include <cerrno>
#include <functional>

namespace
{

using Build = std::function<void(AnalyseCase &)>;

struct RuleCase {
    const char *name; /* a sentence */
    finding_id id;
    finding_state state;
    Build build;
    int severity = -1;              /* enum finding_severity, where it matters */
    const char *evidence = nullptr; /* text in it */
    double seconds = 10;
};

constexpr uint64_t kMs = AnalyseCase::kMs, kUs = AnalyseCase::kUs, kSecond = AnalyseCase::kSecond;

uint64_t t(uint64_t ns)
{
    return AnalyseCase::ticks(ns);
}

void connections(AnalyseCase &c, unsigned count, uint64_t connect_ns, unsigned exchanges,
                 uint64_t life_ns)
{
    uint32_t redis = c.segment.target(TARGET_TCP_OUT, "tcp://127.0.0.1:6379");
    auto main = c.segment.thread(1, "main");
    main.calls(count, HOOK_connect, redis, t(connect_ns));
    main.calls(count, HOOK_connection, redis, t(life_ns), exchanges);
}

void lookups(AnalyseCase &c, unsigned count, uint64_t each_ns, unsigned names)
{
    auto main = c.segment.thread(1, "main");
    for (unsigned i = 0; i < names; i++) {
        uint32_t host = c.segment.target(TARGET_HOST, "host" + std::to_string(i) + ".example");
        main.calls(count, HOOK_getaddrinfo, host, t(each_ns));
    }
}

/* 1,000 connects of a millisecond, of which so many were kept and reused. */
void pool(AnalyseCase &c, uint64_t parked, uint64_t reused)
{
    connections(c, 1000, kMs, 1, kMs);
    c.segment.header().options = c.segment.string(
        "OPTIMIZE=safe\nPOOL_MAX=16\nPOOL_TOTAL=256\nPOOL_IDLE=5000000000ns\n");
    c.segment.counter(COUNTER_connections_watched) = 1000;
    c.segment.counter(COUNTER_connections_parked) = parked;
    c.segment.counter(COUNTER_connections_reused) = reused;
}

void resolver(AnalyseCase &c, unsigned count, unsigned names, uint64_t hits, uint64_t misses)
{
    lookups(c, count, kMs, names);
    c.segment.header().options =
        c.segment.string("OPTIMIZE=safe\nRESOLVER_TTL=5000000000ns\nRESOLVER_SIZE=512\n");
    c.segment.counter(COUNTER_resolver_hits) = hits;
    c.segment.counter(COUNTER_resolver_misses) = misses;
}

void peers(AnalyseCase &c, unsigned count, uint64_t slow_ns, uint64_t fast_ns)
{
    auto main = c.segment.thread(1, "main");
    for (unsigned i = 0; i < count; i++) {
        uint32_t peer =
            c.segment.target(TARGET_TCP_OUT, "tcp://10.0.0." + std::to_string(i) + ":80");
        main.calls(100, HOOK_recv, peer, t(i == 1 ? slow_ns : fast_ns), 4096);
    }
}

void tiny(AnalyseCase &c, unsigned hook, target_kind kind, unsigned count, uint64_t bytes,
          uint64_t each_ns)
{
    uint32_t target = c.segment.target(kind, "/var/log/app.log");
    c.segment.thread(1, "main").calls(count, hook, target, t(each_ns), bytes);
}

void sleeps(AnalyseCase &c, unsigned count, uint64_t each_ns)
{
    uint32_t site = c.segment.site(TARGET_SITE, c.function("wait_for_job"));
    c.segment.thread(1, "main").calls(count, HOOK_nanosleep, site, t(each_ns));
}

void churn(AnalyseCase &c, unsigned count, uint64_t life_ns, uint64_t create_ns)
{
    auto main = c.segment.thread(1, "main");
    main.calls(count, HOOK_pthread_create, c.segment.site(TARGET_SITE, c.function("serve")),
               t(create_ns));
    main.calls(count, HOOK_thread_life, 0, t(life_ns));
}

void failures(AnalyseCase &c, unsigned hook, int error, unsigned good, unsigned bad,
              uint64_t each_ns)
{
    uint32_t target = c.segment.target(TARGET_TCP_OUT, "tcp://127.0.0.1:9");
    auto main = c.segment.thread(1, "main");
    main.calls(bad, hook, target, t(each_ns), 0, error);
    main.calls(good, hook, target, t(each_ns), 10000);
}

void allocations(AnalyseCase &c, unsigned in_malloc, unsigned elsewhere)
{
    uint64_t parse = c.function("parse_row"), malloc_ = c.function("malloc");
    c.segment.thread(1, "main").counted(HOOK_malloc, 1000000, 64000000).counted(HOOK_free, 1000000);
    if (in_malloc > 0)
        c.cpu_sample(in_malloc, {malloc_, parse});
    if (elsewhere > 0)
        c.cpu_sample(elsewhere, {parse});
    c.segment.sample(SAMPLE_ALLOCATED, HOOK_malloc, 0, c.segment.stack({parse}), 100, 64000000);
    c.cpu((in_malloc + elsewhere) * 10 * kMs);
}

void busy(AnalyseCase &c, uint64_t cpu_ns)
{
    uint64_t hot = c.function("crunch"), cold = c.function("sweep");
    c.segment.thread(1, "main");
    c.cpu_sample(700, {hot});
    c.cpu_sample(300, {cold});
    c.cpu(cpu_ns);
}

/* A reading of a process that the kernel took the CPU from: CPU-bound all the same. */
void crowded(AnalyseCase &c)
{
    busy(c, 3 * kSecond);
    resource_record *readings = c.segment.records<resource_record>(TABLE_RESOURCES);
    readings[1].voluntary_switches = readings[1].involuntary_switches = 0;
    readings[2].voluntary_switches = 10;
    readings[2].involuntary_switches = 5000;
}

void series(AnalyseCase &c, unsigned seconds, std::function<void(unsigned, resource_record &)> fill)
{
    c.segment.lasts(seconds);
    c.segment.thread(1, "main");
    for (unsigned second = 0; second <= seconds; second++)
        fill(second, c.segment.resource(second * kSecond));
}

void nothing(AnalyseCase &c)
{
    c.segment.thread(1, "main");
}

const RuleCase kCases[] = {
    {"ReconnectingIsFoundWhereEachRequestOpensAConnection", FINDING_reconnecting, FINDING_FOUND,
     [](AnalyseCase &c) { connections(c, 10000, 300 * kUs, 1, kMs); }, SEVERITY_CRITICAL,
     "10,000 connects"},
    {"ReconnectingIsNotFoundWhereConnectionsAreUsedOften", FINDING_reconnecting, FINDING_NOT_FOUND,
     [](AnalyseCase &c) { connections(c, 10000, 300 * kUs, 50, kMs); }},
    {"ReconnectingIsNotFoundWhereConnectingCostsNothing", FINDING_reconnecting, FINDING_NOT_FOUND,
     [](AnalyseCase &c) { connections(c, 30, 100 * kUs, 1, kMs); }},
    {"ReconnectingIsNotApplicableWithoutConnections", FINDING_reconnecting, FINDING_NOT_APPLICABLE,
     nothing},

    {"RepeatedLookupsAreFoundForOneNameManyTimes", FINDING_repeated_lookups, FINDING_FOUND,
     [](AnalyseCase &c) { lookups(c, 1000, 5 * kMs, 1); }, SEVERITY_CRITICAL, "host0.example"},
    {"RepeatedLookupsAreNotFoundForManyNamesOnce", FINDING_repeated_lookups, FINDING_NOT_FOUND,
     [](AnalyseCase &c) { lookups(c, 1, 50 * kMs, 100); }},
    {"RepeatedLookupsAreNotApplicableWithoutLookups", FINDING_repeated_lookups,
     FINDING_NOT_APPLICABLE, nothing},

    {"NagleStallsAreFound", FINDING_nagle_stall, FINDING_FOUND,
     [](AnalyseCase &c) {
         uint32_t db = c.segment.target(TARGET_TCP_OUT, "tcp://10.0.0.1:5432");
         c.segment.thread(1, "main").calls(50, HOOK_nagle_stall, db, t(40 * kMs));
     },
     SEVERITY_CRITICAL, "10.0.0.1:5432"},
    {"NagleStallsAreNotFoundOnAQuietConnection", FINDING_nagle_stall, FINDING_NOT_FOUND,
     [](AnalyseCase &c) { connections(c, 1, kMs, 100, kSecond); }},
    {"NagleStallsAreNotApplicableWithoutTcp", FINDING_nagle_stall, FINDING_NOT_APPLICABLE, nothing},

    {"OneSlowTargetIsFoundAmongItsSiblings", FINDING_slow_target, FINDING_FOUND,
     [](AnalyseCase &c) { peers(c, 5, 30 * kMs, kMs); }, SEVERITY_CRITICAL, "tcp://10.0.0.1:80"},
    {"OneSlowTargetIsNotFoundWhereAllAreAlike", FINDING_slow_target, FINDING_NOT_FOUND,
     [](AnalyseCase &c) { peers(c, 5, 3 * kMs, 2 * kMs); }},
    {"OneSlowTargetIsNotApplicableForTwo", FINDING_slow_target, FINDING_NOT_APPLICABLE,
     [](AnalyseCase &c) { peers(c, 2, 30 * kMs, kMs); }},

    {"LockContentionNamesWaiterAndHolder", FINDING_lock_contention, FINDING_FOUND,
     [](AnalyseCase &c) {
         uint32_t lock = c.segment.site(TARGET_LOCK, c.function("take_job"), c.function("put_job"));
         c.segment.thread(1, "main")
             .calls(3000, HOOK_pthread_mutex_lock, lock, t(kMs))
             .counted(HOOK_pthread_mutex_lock, 100000);
     },
     SEVERITY_CRITICAL, "take_job held by put_job"},
    {"AHandfulOfLongLockWaitsIsANote", FINDING_lock_contention, FINDING_FOUND,
     [](AnalyseCase &c) {
         uint32_t lock = c.segment.site(TARGET_LOCK, c.function("take_job"));
         c.segment.thread(1, "main")
             .calls(9, HOOK_pthread_mutex_lock, lock, t(300 * kMs))
             .counted(HOOK_pthread_mutex_lock, 300);
     },
     SEVERITY_NOTE},
    {"LockContentionIsNotFoundWhereLocksAreFree", FINDING_lock_contention, FINDING_NOT_FOUND,
     [](AnalyseCase &c) { c.segment.thread(1, "main").counted(HOOK_pthread_mutex_lock, 100000); }},
    {"LockContentionIsNotApplicableWithoutLocks", FINDING_lock_contention, FINDING_NOT_APPLICABLE,
     nothing},

    {"FsyncIsFoundWhereItTakesTheTime", FINDING_fsync_bound, FINDING_FOUND,
     [](AnalyseCase &c) {
         uint32_t db = c.segment.target(TARGET_FILE, "/var/lib/app.db");
         c.segment.thread(1, "main").calls(400, HOOK_fsync, db, t(10 * kMs));
     },
     SEVERITY_CRITICAL, "/var/lib/app.db"},
    {"FsyncIsNotFoundForOneAtTheEnd", FINDING_fsync_bound, FINDING_NOT_FOUND,
     [](AnalyseCase &c) {
         uint32_t db = c.segment.target(TARGET_FILE, "/var/lib/app.db");
         c.segment.thread(1, "main").calls(1, HOOK_fsync, db, t(3 * kSecond));
     }},
    {"FsyncIsNotApplicableWithoutIt", FINDING_fsync_bound, FINDING_NOT_APPLICABLE, nothing},

    {"TinyWritesToAFileAreFound", FINDING_tiny_io, FINDING_FOUND,
     [](AnalyseCase &c) { tiny(c, HOOK_write, TARGET_FILE, 1000000, 20, 3 * kUs); },
     SEVERITY_CRITICAL, "20.0 bytes"},
    {"TinyReadsFromAPipeAreFound", FINDING_tiny_io, FINDING_FOUND,
     [](AnalyseCase &c) { tiny(c, HOOK_read, TARGET_PIPE, 300000, 1, 3 * kUs); }, SEVERITY_WARNING},
    {"LargeWritesAreNotTiny", FINDING_tiny_io, FINDING_NOT_FOUND,
     [](AnalyseCase &c) { tiny(c, HOOK_write, TARGET_FILE, 100000, 8192, 30 * kUs); }},
    {"WaitingForOneByteIsNotTinyReading", FINDING_tiny_io, FINDING_NOT_FOUND,
     [](AnalyseCase &c) { tiny(c, HOOK_read, TARGET_PIPE, 4000, 1, 2 * kMs); }},
    {"ADialogueOfSmallMessagesIsNotTiny", FINDING_tiny_io, FINDING_NOT_FOUND,
     [](AnalyseCase &c) {
         uint32_t redis = c.segment.target(TARGET_TCP_OUT, "tcp://127.0.0.1:6379");
         auto main = c.segment.thread(1, "main");
         main.calls(100000, HOOK_write, redis, t(9 * kUs), 30)
             .calls(100000, HOOK_read, redis, t(9 * kUs), 5);
     }},
    {"TinyIoIsNotApplicableWithoutIo", FINDING_tiny_io, FINDING_NOT_APPLICABLE, nothing},

    {"SleepingInALoopIsFoundWithItsPlace", FINDING_sleep_loop, FINDING_FOUND,
     [](AnalyseCase &c) { sleeps(c, 5000, kMs); }, SEVERITY_CRITICAL, "wait_for_job"},
    {"LongSleepsOfAPollerAreANote", FINDING_sleep_loop, FINDING_FOUND,
     [](AnalyseCase &c) { sleeps(c, 18, 500 * kMs); }, SEVERITY_NOTE},
    {"SleepingOnceIsNoLoop", FINDING_sleep_loop, FINDING_NOT_FOUND,
     [](AnalyseCase &c) { sleeps(c, 1, 10 * kSecond); }},
    {"SleepingIsNotApplicableWithoutSleeps", FINDING_sleep_loop, FINDING_NOT_APPLICABLE, nothing},

    {"ThreadChurnIsFoundForShortThreads", FINDING_thread_churn, FINDING_FOUND,
     [](AnalyseCase &c) { churn(c, 50000, 20 * kUs, 60 * kUs); }, SEVERITY_CRITICAL,
     "50,000 threads"},
    {"ThreadsThatWorkMuchLongerThanTheyTakeToStartAreFine", FINDING_thread_churn, FINDING_NOT_FOUND,
     [](AnalyseCase &c) { churn(c, 5000, 20 * kMs, 300 * kUs); }},
    {"ThreadChurnIsNotFoundForAFewLongThreads", FINDING_thread_churn, FINDING_NOT_FOUND,
     [](AnalyseCase &c) { churn(c, 8, 5 * kSecond, 60 * kUs); }},
    {"ThreadChurnIsNotApplicableForOneThread", FINDING_thread_churn, FINDING_NOT_APPLICABLE,
     nothing},

    {"AnErrorStormOfEagainIsFound", FINDING_error_storm, FINDING_FOUND,
     [](AnalyseCase &c) { failures(c, HOOK_recv, EAGAIN, 100, 500000, 5 * kUs); },
     SEVERITY_CRITICAL, "EAGAIN"},
    {"RefusedConnectionsAreAWarningWhateverTheyCost", FINDING_error_storm, FINDING_FOUND,
     [](AnalyseCase &c) { failures(c, HOOK_connect, ECONNREFUSED, 0, 100, 20 * kUs); },
     SEVERITY_WARNING, "ECONNREFUSED"},
    {"OneEagainAfterEachReadIsNormal", FINDING_error_storm, FINDING_NOT_FOUND,
     [](AnalyseCase &c) { failures(c, HOOK_recv, EAGAIN, 500000, 500000, kUs); }},
    {"ConnectingWithoutWaitingIsNoError", FINDING_error_storm, FINDING_NOT_FOUND,
     [](AnalyseCase &c) { failures(c, HOOK_connect, EINPROGRESS, 0, 50000, 20 * kUs); }},
    {"TimeoutsOfWaitsAreNoErrors", FINDING_error_storm, FINDING_NOT_FOUND,
     [](AnalyseCase &c) {
         failures(c, HOOK_pthread_cond_timedwait, ETIMEDOUT, 0, 90000, 100 * kUs);
     }},

    {"AllocationPressureIsFoundWithItsTopSite", FINDING_allocation_pressure, FINDING_FOUND,
     [](AnalyseCase &c) { allocations(c, 400, 500); }, SEVERITY_CRITICAL, "parse_row"},
    {"ATenthInTheAllocatorIsANote", FINDING_allocation_pressure, FINDING_FOUND,
     [](AnalyseCase &c) { allocations(c, 100, 900); }, SEVERITY_NOTE},
    {"AllocationPressureIsNotFoundWhereItIsSmall", FINDING_allocation_pressure, FINDING_NOT_FOUND,
     [](AnalyseCase &c) { allocations(c, 30, 900); }},
    {"AllocationPressureIsNotMeasuredWithoutSamples", FINDING_allocation_pressure,
     FINDING_NOT_MEASURED, [](AnalyseCase &c) { allocations(c, 3, 3); }},
    {"AllocationPressureIsNotApplicableWithoutAllocations", FINDING_allocation_pressure,
     FINDING_NOT_APPLICABLE, nothing},

    {"CpuBoundNamesTheHotFunctionAndIsANote", FINDING_cpu_bound, FINDING_FOUND,
     [](AnalyseCase &c) { busy(c, 10 * kSecond); }, SEVERITY_NOTE, "70.0 % of it in crunch"},
    {"CpuBoundIsFoundWhereOthersTookTheCpu", FINDING_cpu_bound, FINDING_FOUND, crowded,
     SEVERITY_NOTE, "others use the CPUs too"},
    {"CpuBoundIsNotFoundForAnIdleProgram", FINDING_cpu_bound, FINDING_NOT_FOUND,
     [](AnalyseCase &c) { busy(c, 2 * kSecond); }},
    {"CpuBoundIsNotMeasuredWithoutReadingsOrSamples", FINDING_cpu_bound, FINDING_NOT_MEASURED,
     nothing},

    {"ThrottlingIsFound", FINDING_cpu_throttled, FINDING_FOUND,
     [](AnalyseCase &c) {
         c.segment.thread(1, "main");
         c.segment.counter(COUNTER_cgroup_periods) = 100;
         c.segment.counter(COUNTER_cgroup_start_throttled_ns) = 500 * kMs;
         c.segment.counter(COUNTER_cgroup_end_throttled_ns) = 4500 * kMs;
         c.segment.counter(COUNTER_cgroup_end_throttled_periods) = 80;
     },
     SEVERITY_CRITICAL, "80 times"},
    {"ThrottlingIsNotFoundWhereTheQuotaSuffices", FINDING_cpu_throttled, FINDING_NOT_FOUND,
     [](AnalyseCase &c) {
         c.segment.thread(1, "main");
         c.segment.counter(COUNTER_cgroup_periods) = 100;
     }},
    {"ThrottlingIsNotApplicableWithoutAQuota", FINDING_cpu_throttled, FINDING_NOT_APPLICABLE,
     nothing},

    {"DescriptorGrowthIsFound", FINDING_descriptor_growth, FINDING_FOUND,
     [](AnalyseCase &c) {
         series(c, 60, [](unsigned s, resource_record &r) { r.descriptors = 10 + 5 * s; });
     },
     SEVERITY_WARNING, "5.0 more each second"},
    {"DescriptorGrowthIsFoundThoughAllAreClosedAtExit", FINDING_descriptor_growth, FINDING_FOUND,
     [](AnalyseCase &c) {
         series(c, 60,
                [](unsigned s, resource_record &r) { r.descriptors = s < 60 ? 10 + 5 * s : 3; });
     }},
    {"DescriptorGrowthIsNotFoundAfterAStart", FINDING_descriptor_growth, FINDING_NOT_FOUND,
     [](AnalyseCase &c) {
         series(c, 60, [](unsigned s, resource_record &r) {
             r.descriptors = s < 20 ? 10 + 50 * s : 1010;
         });
     }},
    {"DescriptorGrowthIsNotMeasuredInAShortRun", FINDING_descriptor_growth, FINDING_NOT_MEASURED,
     nothing},

    {"MemoryGrowthIsFound", FINDING_memory_growth, FINDING_FOUND,
     [](AnalyseCase &c) {
         uint64_t keep = c.function("remember");
         c.segment.sample(SAMPLE_ALLOCATED, HOOK_malloc, 0, c.segment.stack({keep}), 100,
                          600000000);
         series(c, 60,
                [](unsigned s, resource_record &r) { r.peak_rss_bytes = (50ull + 10 * s) << 20; });
     },
     SEVERITY_WARNING, "remember"},
    {"MemoryGrowthOfAShortRunIsANote", FINDING_memory_growth, FINDING_FOUND,
     [](AnalyseCase &c) {
         series(c, 10,
                [](unsigned s, resource_record &r) { r.peak_rss_bytes = (50ull + 40 * s) << 20; });
     },
     SEVERITY_NOTE},
    {"MemoryGrowthIsNotFoundOnAPlateau", FINDING_memory_growth, FINDING_NOT_FOUND,
     [](AnalyseCase &c) {
         series(c, 60, [](unsigned s, resource_record &r) {
             r.peak_rss_bytes = (s < 30 ? 50ull + 10 * s : 350ull) << 20;
         });
     }},
    {"MemoryGrowthIsNotMeasuredInAShortRun", FINDING_memory_growth, FINDING_NOT_MEASURED, nothing},

    {"ClosesThatWereRefusedAreFoundByReason", FINDING_pool_refusals, FINDING_FOUND,
     [](AnalyseCase &c) {
         pool(c, 100, 0);
         c.segment.counter(COUNTER_connections_refused_close) = 700;
         c.segment.counter(COUNTER_connections_refused_state) = 200;
     },
     SEVERITY_NOTE /* follows from reconnecting */,
     "900 of 1,000 closes not kept: 700 close, 200 state"},
    {"AFewRefusedClosesAmongManyAreFine", FINDING_pool_refusals, FINDING_NOT_FOUND,
     [](AnalyseCase &c) {
         pool(c, 980, 970);
         c.segment.counter(COUNTER_connections_refused_close) = 25;
     }},
    {"RefusalsForWantOfRoomAreNotRefusals", FINDING_pool_refusals, FINDING_NOT_FOUND,
     [](AnalyseCase &c) {
         pool(c, 100, 0);
         c.segment.counter(COUNTER_connections_refused_crowded) = 900;
     }},
    {"RefusalsAreNotApplicableWithoutThePool", FINDING_pool_refusals, FINDING_NOT_APPLICABLE,
     [](AnalyseCase &c) {
         connections(c, 1000, kMs, 1, kMs);
         c.segment.header().options = c.segment.string("OPTIMIZE=none\n");
     }},
    {"RefusalsAreNotMeasuredWithoutSettings", FINDING_pool_refusals, FINDING_NOT_MEASURED,
     [](AnalyseCase &c) {
         connections(c, 1000, kMs, 1, kMs);
         c.segment.header().options = {0, 0};
     }},

    {"APoolTooSmallIsFound", FINDING_pool_small, FINDING_FOUND,
     [](AnalyseCase &c) {
         pool(c, 500, 200);
         c.segment.counter(COUNTER_connections_refused_crowded) = 300;
         c.segment.counter(COUNTER_connections_evicted) = 100;
     },
     SEVERITY_WARNING, "300 closes found no room, 100 gave way: 500 closes, with room for 16"},
    {"APoolWithRoomIsFine", FINDING_pool_small, FINDING_NOT_FOUND,
     [](AnalyseCase &c) {
         pool(c, 990, 980);
         c.segment.counter(COUNTER_connections_evicted) = 10;
     }},
    {"APoolThatFollowedNothingIsNotTooSmall", FINDING_pool_small, FINDING_NOT_APPLICABLE, nothing},

    {"KeptConnectionsThatDieAreFound", FINDING_pool_dead, FINDING_FOUND,
     [](AnalyseCase &c) {
         pool(c, 1000, 100);
         c.segment.counter(COUNTER_connections_dead) = 900;
     },
     SEVERITY_WARNING, "1,000 connections kept, 900 found closed by the server"},
    {"KeptConnectionsThatLiveAreFine", FINDING_pool_dead, FINDING_NOT_FOUND,
     [](AnalyseCase &c) {
         pool(c, 1000, 970);
         c.segment.counter(COUNTER_connections_dead) = 30;
     }},
    {"KeptConnectionsAreNotApplicableWithoutAny", FINDING_pool_dead, FINDING_NOT_APPLICABLE,
     nothing},

    {"NamesForgottenTooSoonAreFound", FINDING_resolver_forgets, FINDING_FOUND,
     [](AnalyseCase &c) { resolver(c, 1000, 2, 10, 1990); },
     SEVERITY_NOTE /* follows from repeated_lookups */,
     "10 lookups answered, 1,990 went on to libc, for 2 names"},
    {"NamesThatAreRememberedAreFine", FINDING_resolver_forgets, FINDING_NOT_FOUND,
     [](AnalyseCase &c) { resolver(c, 1000, 2, 1996, 4); }},
    {"ManyNamesAskedForOnceAreNotForgotten", FINDING_resolver_forgets, FINDING_NOT_FOUND,
     [](AnalyseCase &c) { resolver(c, 1, 100, 0, 100); }},
    {"ForgettingIsNotApplicableWithoutLookups", FINDING_resolver_forgets, FINDING_NOT_APPLICABLE,
     nothing},
};

void PrintTo(const RuleCase &one, std::ostream *out)
{
    *out << one.name;
}

class Rule : public testing::TestWithParam<RuleCase>
{
};

TEST_P(Rule, Decides)
{
    const RuleCase &one = GetParam();
    AnalyseCase c(one.seconds, 8 << 20);
    one.build(c);
    const analysis &result = c.finish();
    const finding *found = analysis_finding(&result, one.id);
    EXPECT_STREQ(finding_state_name(found->state), finding_state_name(one.state))
        << found->evidence;
    if (one.severity >= 0) {
        EXPECT_STREQ(finding_severity_name(found->severity),
                     finding_severity_name(static_cast<finding_severity>(one.severity)))
            << found->evidence << " share " << found->share;
    }
    if (one.evidence) {
        EXPECT_NE(std::string(found->evidence).find(one.evidence), std::string::npos)
            << found->evidence;
    }
    if (found->state != FINDING_FOUND)
        return;
    EXPECT_LE(found->gain_ns, result.time.total_ns);
    EXPECT_GT(found->window_ns, 0u);
    for (const char *text :
         {found->evidence, found->assumption, found->fix, found->risk, found->verify})
        EXPECT_STRNE(text, "");
}

INSTANTIATE_TEST_SUITE_P(Table, Rule, testing::ValuesIn(kCases),
                         [](const auto &info) { return std::string(info.param.name); });

TEST(Findings, RankBySeverityThenGain)
{
    AnalyseCase c(10);
    uint32_t redis = c.segment.target(TARGET_TCP_OUT, "tcp://127.0.0.1:6379");
    uint32_t file = c.segment.target(TARGET_FILE, "/data");
    auto main = c.segment.thread(1, "main");
    main.calls(1000, HOOK_connect, redis, t(kMs)).calls(1000, HOOK_connection, redis, t(kMs), 1);
    main.calls(500, HOOK_fsync, file, t(10 * kMs));
    const analysis &result = c.finish();
    EXPECT_EQ(result.findings[0].id, FINDING_fsync_bound);
    EXPECT_EQ(result.findings[1].id, FINDING_reconnecting);
    EXPECT_EQ(result.found, 2u);
    EXPECT_EQ(analysis_first(&result), &result.findings[0]);
}

TEST(Findings, AConsequenceIsShownUnderItsCause)
{
    AnalyseCase c(10);
    allocations(c, 600, 350);
    const analysis &result = c.finish();
    const finding *cause = analysis_finding(&result, FINDING_allocation_pressure);
    const finding *consequence = analysis_finding(&result, FINDING_cpu_bound);
    ASSERT_EQ(consequence->state, FINDING_FOUND);
    EXPECT_EQ(consequence->explained_by, cause);
    EXPECT_EQ(analysis_first(&result), cause);
}

TEST(Findings, ASmallCauseDoesNotExplainALargeEffect)
{
    AnalyseCase c(10);
    allocations(c, 100, 900);
    const analysis &result = c.finish();
    ASSERT_EQ(analysis_finding(&result, FINDING_allocation_pressure)->state, FINDING_FOUND);
    EXPECT_EQ(analysis_finding(&result, FINDING_cpu_bound)->explained_by, nullptr);
}

TEST(Findings, AnIdleServerHasNone)
{
    AnalyseCase c(60);
    auto main = c.segment.thread(1, "redis-server");
    main.calls(600, HOOK_epoll_wait, 0, t(100 * kMs));
    for (unsigned i = 2; i < 6; i++)
        c.segment.thread(i, "bio").inside(HOOK_pthread_cond_wait, 0, c.segment.kStartTicks + 1000);
    c.cpu(100 * kMs);
    const analysis &result = c.finish();
    EXPECT_EQ(result.found, 0u) << result.findings[0].evidence;
    EXPECT_EQ(analysis_first(&result), nullptr);
}

TEST(Findings, AProgramOfAFewMillisecondsHasNothingAboveANote)
{
    AnalyseCase c(0.005);
    uint32_t file = c.segment.target(TARGET_FILE, "/tmp/x");
    c.segment.thread(1, "main").calls(30, HOOK_fsync, file, t(100 * kUs));
    const analysis &result = c.finish();
    EXPECT_EQ(result.findings[0].severity, SEVERITY_NOTE);
}

} // namespace
