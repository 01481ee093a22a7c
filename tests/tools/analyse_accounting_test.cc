/* Where the thread-seconds went: the parts sum to the whole, whatever the segment says. */
#include "tools/analyse_case.h"

#include <numeric>
#include <random>

static uint64_t sum_of(const accounting &time)
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
        const accounting &time = c.finish().time;
        ASSERT_EQ(sum_of(time), time.total_ns) << "round " << round;
        ASSERT_GE(time.work_ns, time.wall_ns);
    }
}
