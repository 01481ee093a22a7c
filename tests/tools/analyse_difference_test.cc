/* What changed between two segments: matched, normalised, judged, and said in one sentence. */
#include "tools/diff_case.h"

#include <cmath>

namespace
{

constexpr uint64_t kMs = AnalyseCase::kMs, kUs = AnalyseCase::kUs, kSecond = AnalyseCase::kSecond;

TEST(Difference, LeadsWithTheTargetThatChangedMostPerRequest)
{
    DiffCase c(10, 4);
    client(c.a, 5000, 300 * kUs, kMs);
    client(c.b, 2000, 300 * kUs, 200 * kUs);
    const difference &made = c.finish();
    EXPECT_EQ(made.basis, DIFFERENCE_REQUEST);
    EXPECT_STREQ(made.verdict, "B spends 61 % less time waiting for tcp://127.0.0.1:6379 "
                               "(1.32 ms → 520 µs a request, beyond noise)");
    EXPECT_EQ(made.verdict_judgement, NOISE_LESS);
    const difference_row *recv = hook_of(made, HOOK_recv);
    EXPECT_EQ(recv->each.judgement, NOISE_LESS);
    EXPECT_EQ(recv->p50.judgement, NOISE_LESS);
    EXPECT_EQ(recv->p99.judgement, NOISE_LESS);
    EXPECT_EQ(hook_of(made, HOOK_connect)->each.judgement, NOISE_WITHIN)
        << "fewer connects in a shorter run are not quicker ones";
    EXPECT_EQ(hook_of(made, HOOK_connect)->calls_a_second.judgement, NOISE_WITHIN);
}

TEST(Difference, TellsOfAnEventLoopWhatItsPeersAnswersTake)
{
    DiffCase c(10, 10);
    for (AnalyseCase *one : {&c.a, &c.b}) {
        uint64_t each = one == &c.a ? 50 * kMs : 5 * kMs;
        uint32_t upstream = one->segment.target(TARGET_TCP_OUT, "tcp://10.0.0.1:8080");
        uint32_t loop = one->segment.target(TARGET_DEVICE, "epoll");
        auto main = one->segment.thread(1, "nginx");
        main.calls(150, HOOK_epoll_wait, loop, one->ticks(each + kMs));
        main.calls(150, HOOK_recv, upstream, one->ticks(5 * kUs), 100);
        main.calls(150, HOOK_response, upstream, one->ticks(each));
        one->cpu(50 * kMs);
    }
    const difference &made = c.finish();
    EXPECT_STREQ(made.verdict, "B spends 90 % less time waiting for answers of tcp://10.0.0.1:8080 "
                               "(50.0 ms → 5.0 ms an answer, beyond noise)");
    ASSERT_NE(found_of(made, FINDING_slow_answers), nullptr);
    EXPECT_EQ(found_of(made, FINDING_slow_answers)->change, CHANGE_GONE);
}

TEST(Difference, ALongerRunOfTheSameIsWithinNoise)
{
    DiffCase c(10, 30);
    client(c.a, 3000, 300 * kUs, kMs);
    client(c.b, 9000, 300 * kUs, kMs);
    const difference &made = c.finish();
    EXPECT_STREQ(made.verdict, "No difference beyond noise in what A and B spend their time on");
    EXPECT_EQ(made.verdict_judgement, NOISE_WITHIN);
    for (size_t i = 0; i < made.target_count; i++)
        EXPECT_EQ(made.targets[i].each.judgement, NOISE_WITHIN) << made.targets[i].name;
    for (const difference_part &one : made.parts)
        EXPECT_NE(one.time.judgement, NOISE_MORE) << accounting_part_name(one.part);
    ASSERT_NE(found_of(made, FINDING_reconnecting), nullptr);
    EXPECT_EQ(found_of(made, FINDING_reconnecting)->change, CHANGE_NONE);
}

TEST(Difference, OfARunWithItselfIsNothing)
{
    DiffCase c(62.4, 62.4);
    for (AnalyseCase *one : {&c.a, &c.b}) {
        troubled(*one);
        one->segment.header().pid = 5000205;
        one->segment.header().start_realtime_ns = 1700000000000000000;
    }
    const difference &made = c.finish();
    EXPECT_TRUE(made.same_run);
    EXPECT_STREQ(made.verdict, "A and B are the same run: nothing differs");
    for (size_t i = 0; i < made.target_count; i++)
        for (const noise_figure *figure :
             {&made.targets[i].each, &made.targets[i].p50, &made.targets[i].p99,
              &made.targets[i].calls_a_second, &made.targets[i].time_a_second})
            EXPECT_TRUE(figure->judgement == NOISE_WITHIN || figure->judgement == NOISE_UNKNOWN);
    for (size_t i = 0; i < made.finding_count; i++)
        EXPECT_TRUE(made.findings[i].change == CHANGE_NONE || made.findings[i].change == CHANGE_KEPT);
    for (const difference_optimizer &one : made.optimizers)
        EXPECT_FALSE(one.changed);
}

TEST(Difference, SaysWhatAppearedAndWhatIsGone)
{
    DiffCase c;
    uint32_t file = c.a.segment.target(TARGET_FILE, "/data/journal");
    c.a.segment.thread(1, "main").calls(300, HOOK_fsync, file, c.a.ticks(8 * kMs));
    uint32_t host = c.b.segment.target(TARGET_HOST, "db.example");
    c.b.segment.thread(1, "main").calls(400, HOOK_getaddrinfo, host, c.b.ticks(20 * kMs));
    const difference &made = c.finish();
    EXPECT_EQ(found_of(made, FINDING_fsync_bound)->change, CHANGE_GONE);
    EXPECT_EQ(found_of(made, FINDING_repeated_lookups)->change, CHANGE_APPEARED);
    EXPECT_STREQ(made.verdict, "B spends, unlike A, time looking up db.example "
                               "(8.0 s in 400 calls of B, beyond noise)");
    EXPECT_EQ(target_of(made, "/data/journal")->calls_a_second.judgement, NOISE_LESS);
}

TEST(Difference, OneCallMoreOrLessIsChance)
{
    DiffCase c;
    uint32_t file = c.a.segment.target(TARGET_FILE, "/data/x");
    c.a.segment.thread(1, "main").call(HOOK_fsync, file, c.a.ticks(3 * kSecond));
    c.b.segment.thread(1, "main").calls(50, HOOK_read, c.b.segment.target(TARGET_FILE, "/data/y"), 2000);
    EXPECT_EQ(c.finish().verdict_judgement, NOISE_WITHIN) << c.finish().verdict;
}

TEST(Difference, WaitingForWorkNeverLeads)
{
    DiffCase c;
    c.a.segment.thread(1, "main").calls(100, HOOK_epoll_wait, 0, c.a.ticks(90 * kMs));
    c.b.segment.thread(1, "main").calls(100, HOOK_epoll_wait, 0, c.b.ticks(10 * kMs));
    const difference &made = c.finish();
    EXPECT_EQ(made.verdict_judgement, NOISE_WITHIN) << made.verdict;
    EXPECT_EQ(hook_of(made, HOOK_epoll_wait)->each.judgement, NOISE_LESS);
    EXPECT_TRUE(hook_of(made, HOOK_epoll_wait)->idle);
}

TEST(Difference, TheWholeRunIsTheUnitWhereTheSameCommandEnded)
{
    DiffCase c(10, 5);
    for (AnalyseCase *one : {&c.a, &c.b}) {
        one->segment.thread(1, "main");
        one->cpu(one == &c.a ? 9 * kSecond : 4 * kSecond);
    }
    const difference &made = c.finish();
    EXPECT_EQ(made.basis, DIFFERENCE_RUN);
    EXPECT_STREQ(made.verdict,
                 "B spends 56 % less time on the CPU (9.0 s → 4.0 s a run, beyond noise)");
}

TEST(Difference, ASecondIsTheUnitWhereOneStillRan)
{
    DiffCase c(10, 5);
    for (AnalyseCase *one : {&c.a, &c.b}) {
        one->segment.thread(1, "main");
        one->cpu(one == &c.a ? 9 * kSecond : 4500 * kMs);
    }
    c.b.segment.header().state = SEGMENT_RUNNING; /* killed: nobody has its pid */
    const difference &made = c.finish();
    EXPECT_EQ(made.basis, DIFFERENCE_SECOND);
    EXPECT_EQ(made.verdict_judgement, NOISE_WITHIN) << made.verdict;
}

TEST(Difference, MatchesPlacesByNameThoughAddressesMoved)
{
    DiffCase c;
    (void)c.b.function("pushed_everything_along");
    for (AnalyseCase *one : {&c.a, &c.b}) {
        uint32_t lock = one->segment.site(TARGET_LOCK, one->function("take"), one->function("put"));
        one->segment.thread(1, "main").calls(1000, HOOK_pthread_mutex_lock, lock,
                                             one->ticks(one == &c.a ? kMs : 5 * kMs));
    }
    const difference &made = c.finish();
    EXPECT_EQ(made.target_count, 1u);
    EXPECT_STREQ(made.verdict, "B spends 5.0 times as much time waiting for the lock at take held by "
                               "put (1.0 ms → 5.0 ms a wait, beyond noise)");
}

TEST(Difference, CountsCallsWhereConnectionsWereStillOpen)
{
    DiffCase c;
    client(c.a, 1000, 300 * kUs, kMs);
    uint32_t redis = c.b.segment.target(TARGET_TCP_OUT, "tcp://127.0.0.1:6379");
    auto main = c.b.segment.thread(1, "main");
    main.calls(5000, HOOK_send, redis, c.b.ticks(20000), 30).calls(5000, HOOK_recv, redis, c.b.ticks(kMs), 9);
    main.calls(30, HOOK_connection, redis, c.b.ticks(kMs), 1); /* of 5,000 exchanges 30 ended with a close */
    EXPECT_STREQ(target_of(c.finish(), "tcp://127.0.0.1:6379")->unit, "call")
        << "30 requests would make each 160 times as long as it was";
}

TEST(Difference, ComparesWhatTheOptimizersDid)
{
    DiffCase c;
    client(c.a, 1000, 300 * kUs, 100 * kUs);
    client(c.b, 1000, 10 * kUs, 100 * kUs);
    c.a.segment.header().options = c.a.segment.string("OPTIMIZE=none\n");
    c.b.segment.counter(COUNTER_connections_reused) = 999;
    c.b.segment.counter(COUNTER_connections_saved_ns) = 280 * kMs;
    const difference &made = c.finish();
    const difference_optimizer &pool = made.optimizers[OPTIMIZER_CONNECTIONS];
    EXPECT_TRUE(pool.changed);
    EXPECT_EQ(pool.of[0]->state, OPTIMIZER_OFF);
    EXPECT_EQ(pool.acted.judgement, NOISE_MORE);
    EXPECT_NEAR(pool.acted.b, 0.999, 1e-6);
    EXPECT_EQ(pool.saved.judgement, NOISE_MORE);
    EXPECT_TRUE(std::isnan(made.optimizers[OPTIMIZER_MEMORY].acted.a)) << "it keeps no account";
}

TEST(Difference, NotMeasuredIsNotGone)
{
    DiffCase c(60, 60);
    c.a.segment.thread(1, "main");
    c.b.segment.thread(1, "main");
    for (unsigned s = 0; s <= 60; s++)
        c.a.segment.resource(s * kSecond).descriptors = 10 + 5 * s;
    const difference &made = c.finish();
    ASSERT_EQ(analysis_finding(made.side[1].analysis, FINDING_descriptor_growth)->state,
              FINDING_NOT_MEASURED);
    EXPECT_EQ(found_of(made, FINDING_descriptor_growth)->change, CHANGE_UNKNOWN);
}

TEST(Difference, WithAnEmptySegmentThereIsNothingToCompare)
{
    DiffCase c;
    client(c.a, 100, kMs, kMs);
    const difference &made = c.finish();
    EXPECT_EQ(made.verdict_judgement, NOISE_UNKNOWN);
    EXPECT_STREQ(made.verdict, "Nothing to compare: B recorded no call and no CPU time");
    DiffCase neither;
    EXPECT_NE(std::string(neither.finish().verdict).find("A and B recorded no call"), std::string::npos);
}

TEST(Difference, AnotherClockIsTheSameTime)
{
    DiffCase c;
    client(c.a, 2000, 300 * kUs, kMs);
    client(c.b, 2000, 600 * kUs, 2 * kMs); /* in ticks of half the length below */
    c.b.segment.header().ns_per_tick_q40 = 1ull << 38;
    c.b.segment.lasts(20);
    const difference &made = c.finish();
    EXPECT_EQ(made.verdict_judgement, NOISE_WITHIN) << made.verdict;
    EXPECT_EQ(hook_of(made, HOOK_recv)->p99.judgement, NOISE_WITHIN);
}

TEST(Difference, SurvivesNumbersThatCannotBe)
{
    DiffCase c;
    client(c.a, 100, kMs, kMs);
    auto main = c.b.segment.thread(1, "main");
    uint32_t redis = c.b.segment.target(TARGET_TCP_OUT, "tcp://127.0.0.1:6379");
    main.calls(100, HOOK_recv, redis, UINT64_MAX / 4, UINT64_MAX / 200);
    main.calls(100, HOOK_connection, redis, 1, UINT64_MAX / 200);
    for (unsigned i = 0; i < COUNTER_COUNT; i++)
        c.b.segment.counter(static_cast<counter_id>(i)) = UINT64_MAX;
    c.b.segment.header().end_ticks = c.b.segment.header().start_ticks;
    EXPECT_STRNE(c.finish().verdict, "");
}

} // namespace
