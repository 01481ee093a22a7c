/* Where the thread-seconds went: the parts sum to the whole, whatever the segment says. */
#include "tools/analyse_case.h"

#include <numeric>
#include <random>

template <class Account> uint64_t sum_of(const Account &time)
{
    return std::accumulate(time.parts, time.parts + PART_COUNT, uint64_t{0});
}

TEST(Accounting, SplitsTheLifeOfThreadsAndLeavesTheRestVisible)
{
    AnalyseCase c(10);
    uint32_t redis = c.segment.target(TARGET_TCP_OUT, "tcp://127.0.0.1:6379");
    uint32_t lock = c.segment.site(TARGET_LOCK, 0x1000, 0x2000);
    auto main = c.segment.thread(1, "main");
    main.call(HOOK_recv, redis, c.ticks(3 * c.kSecond))
        .call(HOOK_connect, redis, c.ticks(1 * c.kSecond));
    main.call(HOOK_pthread_mutex_lock, lock, c.ticks(500 * c.kMs));
    main.call(HOOK_epoll_wait, 0, c.ticks(2 * c.kSecond));
    main.call(HOOK_nanosleep, 0, c.ticks(1 * c.kSecond));
    c.cpu(1500 * c.kMs, 500 * c.kMs);
    const accounting &time = c.finish().time;
    EXPECT_EQ(time.total_ns, 10 * c.kSecond);
    EXPECT_EQ(sum_of(time), time.total_ns);
    EXPECT_EQ(time.parts[PART_CPU], 2 * c.kSecond);
    EXPECT_NEAR(time.parts[PART_NETWORK], 3e9, 1e3);
    EXPECT_NEAR(time.parts[PART_CONNECT], 1e9, 1e3);
    EXPECT_NEAR(time.parts[PART_LOCK], 5e8, 1e3);
    EXPECT_NEAR(time.parts[PART_IDLE], 2e9, 1e3);
    EXPECT_NEAR(time.parts[PART_SLEEP], 1e9, 1e3);
    EXPECT_NEAR(time.parts[PART_UNACCOUNTED], 5e8, 1e4);
    EXPECT_EQ(time.excess_ns, 0u);
    EXPECT_EQ(time.top_target[PART_NETWORK], 1u);
}

TEST(Accounting, TakesCpuTimeInsideCallsOutOfTheirWait)
{
    AnalyseCase c(10);
    uint32_t file = c.segment.target(TARGET_FILE, "/dev/null");
    auto main = c.segment.thread(1, "main");
    main.call(HOOK_write, file, c.ticks(8 * c.kSecond));
    main.block().class_cpu_ns[CLASS_FILE] = 6 * c.kSecond;
    main.block().class_cpu_ns[CLASS_COUNT] = 2 * c.kSecond;
    c.cpu(8 * c.kSecond);
    const accounting &time = c.finish().time;
    EXPECT_EQ(time.parts[PART_CPU], 8 * c.kSecond);
    EXPECT_NEAR(time.parts[PART_FILE], 2e9, 1e3);
    EXPECT_EQ(sum_of(time), time.total_ns);
}

TEST(Accounting, ReadingFromAClientIsWaitingForWorkAndFromAServerIsNot)
{
    AnalyseCase c(10);
    uint32_t in = c.segment.target(TARGET_TCP_IN, "tcp://0.0.0.0:80");
    uint32_t out = c.segment.target(TARGET_TCP_OUT, "tcp://10.0.0.1:5432");
    auto main = c.segment.thread(1, "main");
    main.call(HOOK_recv, in, c.ticks(6 * c.kSecond)).call(HOOK_recv, out, c.ticks(2 * c.kSecond));
    c.cpu(0);
    const accounting &time = c.finish().time;
    EXPECT_NEAR(time.parts[PART_IDLE], 6e9, 1e3);
    EXPECT_NEAR(time.parts[PART_NETWORK], 2e9, 1e3);
}

TEST(Accounting, CountsTheCallAThreadIsStillInside)
{
    AnalyseCase c(10);
    auto main = c.segment.thread(1, "main");
    main.inside(HOOK_epoll_wait, 0, c.segment.kStartTicks + c.ticks(1 * c.kSecond));
    c.cpu(100 * c.kMs);
    const accounting &time = c.finish().time;
    EXPECT_NEAR(time.parts[PART_IDLE], 9e9, 1e6);
    EXPECT_EQ(sum_of(time), time.total_ns);
}

TEST(Accounting, ScalesWaitsDownWhenTheyExceedTheWholeAndSaysSo)
{
    AnalyseCase c(1);
    uint32_t file = c.segment.target(TARGET_FILE, "/tmp/x");
    c.segment.thread(1, "main").call(HOOK_read, file, c.ticks(900 * c.kMs));
    c.cpu(600 * c.kMs);
    const accounting &time = c.finish().time;
    EXPECT_EQ(sum_of(time), time.total_ns);
    EXPECT_EQ(time.parts[PART_UNACCOUNTED], 0u);
    EXPECT_NEAR(time.parts[PART_FILE], 4e8, 1e3);
    EXPECT_NEAR(time.excess_ns, 5e8, 1e3);
}

TEST(Accounting, SaysWhenCpuTimeIsNotMeasured)
{
    AnalyseCase c(1);
    c.segment.thread(1, "main");
    const accounting &time = c.finish().time;
    EXPECT_FALSE(time.cpu_measured);
    EXPECT_EQ(time.parts[PART_UNACCOUNTED], time.total_ns);
}

TEST(Accounting, AnEventLoopWaitsForAnswersAsFarAsTheyTookLongerThanTheCallsForThem)
{
    AnalyseCase c(10);
    uint32_t upstream = c.segment.target(TARGET_TCP_OUT, "tcp://10.0.0.1:8080");
    uint32_t other = c.segment.target(TARGET_TCP_OUT, "tcp://10.0.0.2:8080");
    uint32_t loop = c.segment.target(TARGET_DEVICE, "epoll");
    auto main = c.segment.thread(1, "nginx");
    main.calls(100, HOOK_epoll_wait, loop, c.ticks(80 * c.kMs));
    main.calls(60, HOOK_recv, upstream, c.ticks(10 * c.kUs));
    main.calls(60, HOOK_response, upstream, c.ticks(50 * c.kMs));
    main.calls(10, HOOK_recv, other, c.ticks(20 * c.kMs)); /* waited for directly */
    main.calls(10, HOOK_response, other, c.ticks(20 * c.kMs));
    c.cpu(100 * c.kMs);
    const accounting &time = c.finish().time;
    EXPECT_NEAR(time.parts[PART_EVENT], 3e9, 2e6);
    EXPECT_NEAR(time.parts[PART_IDLE], 5e9, 2e6);
    EXPECT_NEAR(time.parts[PART_NETWORK], 200.6e6, 1e6);
    EXPECT_EQ(time.calls[PART_EVENT], 70u);
    EXPECT_EQ(time.top_target[PART_EVENT], upstream);
    EXPECT_EQ(sum_of(time), time.total_ns);
}

TEST(Accounting, AnEventLoopWaitsNoLongerForAnswersThanItWaits)
{
    AnalyseCase c(10);
    uint32_t upstream = c.segment.target(TARGET_TCP_OUT, "tcp://10.0.0.1:8080");
    auto main = c.segment.thread(1, "fan-out");
    main.calls(10, HOOK_poll, 0, c.ticks(100 * c.kMs));
    main.calls(1000, HOOK_response, upstream, c.ticks(90 * c.kMs)); /* a hundred at a time */
    const accounting &time = c.finish().time;
    EXPECT_NEAR(time.parts[PART_EVENT], 1e9, 1e3);
    EXPECT_EQ(time.parts[PART_IDLE], 0u);
}

TEST(Accounting, WaitingForPythonsInterpreterLockIsWaitingForALock)
{
    AnalyseCase c(10);
    c.segment.module("/usr/bin/python3.11", 0x400000, 0x900000, 0);
    uint32_t interpreter = c.segment.stack({0x500000, 0x600000});
    uint32_t queue = c.segment.stack({c.function("take_job")});
    auto main = c.segment.thread(1, "main");
    main.calls(1000, HOOK_pthread_cond_timedwait, 0, c.ticks(4 * c.kMs));
    c.segment.sample(SAMPLE_BLOCKED, HOOK_pthread_cond_timedwait, 0, interpreter, 300, 3 * c.kSecond);
    c.segment.sample(SAMPLE_BLOCKED, HOOK_pthread_cond_timedwait, 0, queue, 100, 1 * c.kSecond);
    const analysis &result = c.finish();
    EXPECT_NEAR(result.time.parts[PART_LOCK], 3e9, 1e6);
    EXPECT_NEAR(result.time.interpreter_ns, 3e9, 1e6);
    EXPECT_NEAR(result.time.parts[PART_IDLE], 1e9, 1e6);
    EXPECT_NEAR(result.threads[0].parts[PART_LOCK], 3e9, 1e6);
}

TEST(Accounting, SplitsTheLifeOfEachThread)
{
    AnalyseCase c(10);
    uint32_t in = c.segment.target(TARGET_TCP_IN, "tcp://0.0.0.0:80");
    uint32_t out = c.segment.target(TARGET_TCP_OUT, "tcp://10.0.0.1:5432");
    auto main = c.segment.thread(1, "main");
    main.call(HOOK_recv, in, c.ticks(6 * c.kSecond)).call(HOOK_recv, out, c.ticks(2 * c.kSecond));
    main.block().class_cpu_ns[CLASS_COUNT] = 1 * c.kSecond;
    auto worker = c.segment.thread(2, "worker");
    worker.call(HOOK_recv, out, c.ticks(1 * c.kSecond));
    worker.inside(HOOK_pthread_cond_wait, 0, c.segment.kStartTicks + c.ticks(4 * c.kSecond));
    const analysis &result = c.finish();
    const accounting_thread &first = result.threads[0], &second = result.threads[1];
    EXPECT_TRUE(first.cpu_sampled);
    EXPECT_FALSE(first.shared);
    EXPECT_NEAR(first.parts[PART_IDLE], 6e9, 1e3);
    EXPECT_NEAR(first.parts[PART_NETWORK], 2e9, 1e3);
    EXPECT_NEAR(first.parts[PART_CPU], 1e9, 1e3);
    EXPECT_NEAR(first.parts[PART_UNACCOUNTED], 1e9, 1e3);
    EXPECT_NEAR(second.parts[PART_NETWORK], 1e9, 1e3);
    EXPECT_NEAR(second.parts[PART_IDLE], 6e9, 1e3);
    EXPECT_NEAR(second.parts[PART_UNACCOUNTED], 3e9, 1e3);
}

TEST(Accounting, SaysOfAThreadThatItsSplitIsEstimatedWhereOthersHadItsBlock)
{
    AnalyseCase c(10);
    uint32_t in = c.segment.target(TARGET_TCP_IN, "tcp://0.0.0.0:80");
    uint32_t out = c.segment.target(TARGET_TCP_OUT, "tcp://10.0.0.1:5432");
    auto worker = c.segment.thread(2, "worker");
    worker.call(HOOK_recv, in, c.ticks(2 * c.kSecond)).call(HOOK_recv, out, c.ticks(2 * c.kSecond));
    worker.block().owners = 2;
    worker.block().owner_class_ticks[CLASS_NETWORK] = c.ticks(2 * c.kSecond);
    const accounting_thread &one = c.finish().threads[0];
    EXPECT_TRUE(one.shared);
    EXPECT_NEAR(one.parts[PART_IDLE], 1e9, 1e3);
    EXPECT_NEAR(one.parts[PART_NETWORK], 1e9, 1e3);
    EXPECT_NEAR(one.parts[PART_UNACCOUNTED], 8e9, 1e3);
}

TEST(Accounting, PartsSumToTheTotalForAnySegment)
{
    std::mt19937_64 random(7);
    for (int round = 0; round < 200; round++) {
        AnalyseCase c(1 + double(random() % 50), 1 << 20);
        auto pick = [&](uint64_t most) { return random() % most; };
        for (unsigned t = 1; t <= 1 + pick(3); t++) {
            auto thread = c.segment.thread(t, "t");
            for (unsigned i = 0; i < 20; i++) {
                unsigned hook = 1 + static_cast<unsigned>(pick(HOOK_COUNT - 1));
                uint32_t target = c.segment.target(
                    static_cast<target_kind>(pick(TARGET_KIND_COUNT)), std::to_string(i));
                thread.call(hook, target, c.ticks(pick(4 * c.kSecond)));
            }
            for (auto &cpu : thread.block().class_cpu_ns)
                cpu = pick(c.kSecond);
            if (pick(2))
                thread.inside(1 + static_cast<unsigned>(pick(HOOK_COUNT - 1)), 1,
                              c.segment.kStartTicks + pick(c.ticks(c.kSecond)));
        }
        if (pick(2))
            c.cpu(pick(30 * c.kSecond), pick(30 * c.kSecond));
        const analysis &result = c.finish();
        const accounting &time = result.time;
        ASSERT_EQ(sum_of(time), time.total_ns) << "round " << round;
        for (size_t i = 0; i < result.model->thread_count; i++)
            ASSERT_EQ(sum_of(result.threads[i]), result.model->threads[i].life_ns) << "round " << round;
        ASSERT_GE(time.work_ns, time.wall_ns);
    }
}
