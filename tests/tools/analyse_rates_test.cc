/* What one process did between two looks: subtraction, and everything that can change in between. */
#include "tools/reader_case.h"

#include <functional>

extern "C" {
#include "analyse/rates.h"
}

namespace {

constexpr uint64_t kSecond = 1000000000, kMs = 1000000;

uint64_t ticks(uint64_t ns)
{
    return ns * 2;
}

using RatesPointer = std::unique_ptr<rates, decltype(&rates_free)>;

/* Two looks at one process; the rates between them. */
class Looks {
public:
    Looks() : segment(4 << 20), before_(nullptr, model_free), after_(nullptr, model_free) {}

    void first(double seconds)
    {
        segment.lasts(seconds);
        before_ = model_of(segment);
    }
    RatesPointer second(double seconds)
    {
        segment.lasts(seconds);
        after_ = model_of(segment);
        return between(before_.get());
    }
    RatesPointer since_start()
    {
        return between(nullptr);
    }
    const model &before() const { return *before_; }
    const model &after() const { return *after_; }

    SegmentBuilder segment;

private:
    RatesPointer between(const model *before)
    {
        rates *made = nullptr;
        EXPECT_EQ(rates_new(before, after_.get(), &made), 0);
        return RatesPointer(made, rates_free);
    }

    ModelPointer before_, after_;
};

const model_thread *thread_of(const model &in, pid_t tid)
{
    for (size_t i = 0; i < in.thread_count; i++)
        if (in.threads[i].tid == tid)
            return &in.threads[i];
    return nullptr;
}

TEST(Rates, CountWhatWasAddedBetweenTwoLooks)
{
    Looks looks;
    uint32_t file = looks.segment.target(TARGET_FILE, "/data/log");
    uint32_t other = looks.segment.target(TARGET_FILE, "/data/other");
    auto main = looks.segment.thread(100, "main");
    main.calls(1000, HOOK_write, file, ticks(kMs), 100).counted(HOOK_malloc, 500, 5000);
    looks.segment.counter(COUNTER_samples_taken) = 7;
    looks.first(10);
    main.calls(50, HOOK_write, file, ticks(2 * kMs), 1000);
    main.calls(10, HOOK_write, file, ticks(kMs), 0, ENOSPC);
    main.calls(3, HOOK_write, other, ticks(kMs), 1).counted(HOOK_malloc, 20, 200);
    looks.segment.counter(COUNTER_samples_taken) = 9;
    RatesPointer rates = looks.second(12);

    EXPECT_FALSE(rates->whole);
    EXPECT_EQ(rates->interval_ns, 2 * kSecond);
    const model &model = rates->model;
    EXPECT_EQ(model.hooks[HOOK_write].calls, 63u);
    EXPECT_EQ(model.hooks[HOOK_write].errors, 10u);
    EXPECT_EQ(model.hooks[HOOK_write].bytes, 50003u);
    EXPECT_EQ(model.hooks[HOOK_write].ns, 113 * kMs);
    EXPECT_EQ(model.hooks[HOOK_malloc].calls, 20u);
    EXPECT_EQ(model.hooks[HOOK_malloc].bytes, 200u);
    EXPECT_EQ(model.classes[CLASS_FILE].ns, 113 * kMs);
    EXPECT_EQ(model.counters[COUNTER_samples_taken], 2u);
    const model_row *row = row_of(model, HOOK_write, "/data/log");
    ASSERT_TRUE(row);
    EXPECT_EQ(row->calls, 60u);
    EXPECT_EQ(row->ns, 110 * kMs);
    EXPECT_EQ(model.targets[row->target].calls, 60u);
    EXPECT_EQ(model.targets[row->target].class_ns[CLASS_FILE], 110 * kMs);
    EXPECT_EQ(row_of(model, HOOK_write, "/data/other")->calls, 3u) << "a target that is new";
    EXPECT_DOUBLE_EQ(rates_per_second(rates.get(), 63), 31.5);
    EXPECT_DOUBLE_EQ(rates_share(rates.get(), kSecond), 0.5);
    EXPECT_EQ(rates_calls(rates.get()), 83u);
    EXPECT_EQ(looks.after().hooks[HOOK_write].calls, 1063u) << "the look itself is as it was";
}

TEST(Rates, SinceTheStartSubtractNothing)
{
    Looks looks;
    uint32_t file = looks.segment.target(TARGET_FILE, "/data/log");
    auto main = looks.segment.thread(100, "main");
    main.calls(7, HOOK_write, file, ticks(kMs), 100).inside(HOOK_fsync, file, ticks(kSecond));
    looks.first(2);
    looks.second(2);
    RatesPointer rates = looks.since_start();
    EXPECT_TRUE(rates->whole);
    EXPECT_EQ(rates->interval_ns, 2 * kSecond);
    EXPECT_EQ(rates->model.hooks[HOOK_write].calls, 7u);
    EXPECT_EQ(rates->model.threads[0].class_ns[CLASS_FILE], 7 * kMs + rates->model.threads[0].now_ns);
}

TEST(Rates, TakePercentilesOfTheIntervalsCallsAlone)
{
    Looks looks;
    uint32_t file = looks.segment.target(TARGET_FILE, "/data/log");
    auto main = looks.segment.thread(100, "main");
    main.calls(1000, HOOK_fsync, file, ticks(kMs));
    looks.first(10);
    main.calls(10, HOOK_fsync, file, ticks(100 * kMs));
    RatesPointer rates = looks.second(12);
    const latency &all = looks.after().hooks[HOOK_fsync].latency;
    const latency &now = rates->model.hooks[HOOK_fsync].latency;
    EXPECT_NEAR(double(latency_percentile_ns(&all, 0.5)), double(kMs), double(kMs) / 16);
    EXPECT_NEAR(double(latency_percentile_ns(&now, 0.5)), 100.0 * kMs, 100.0 * kMs / 16);
    EXPECT_EQ(now.total, 10u);
    EXPECT_EQ(row_of(rates->model, HOOK_fsync, "/data/log")->latency.total, 10u);
    EXPECT_NEAR(double(rates->model.hooks[HOOK_fsync].max_ns), 100.0 * kMs, 1000) << "it grew";
}

TEST(Rates, KnowTheLongestCallOnlyWhereItGrew)
{
    Looks looks;
    auto main = looks.segment.thread(100, "main");
    main.call(HOOK_fsync, 0, ticks(100 * kMs));
    looks.first(10);
    main.call(HOOK_fsync, 0, ticks(kMs));
    EXPECT_EQ(looks.second(11)->model.hooks[HOOK_fsync].max_ns, 0u);
}

/* One thread is in a call from 0.5 s to 2.75 s; looks at 1, 2 and 3 s. */
TEST(Rates, CountACallInProgressAsFarAsItGot)
{
    Looks looks;
    uint32_t peer = looks.segment.target(TARGET_TCP_OUT, "tcp://10.0.0.1:80");
    uint64_t start = looks.segment.kStartTicks;
    auto main = looks.segment.thread(100, "main");
    main.inside(HOOK_recv, peer, start + ticks(kSecond / 2));
    looks.first(1);
    {
        RatesPointer rates = looks.second(2);
        const model_row *row = row_of(rates->model, HOOK_recv, "tcp://10.0.0.1:80");
        ASSERT_TRUE(row) << "though no such call has ended yet";
        EXPECT_EQ(row->calls, 0u);
        EXPECT_EQ(row->ns, kSecond);
        EXPECT_EQ(rates->model.hooks[HOOK_recv].ns, kSecond);
        EXPECT_EQ(rates->model.classes[CLASS_NETWORK].ns, kSecond);
        EXPECT_EQ(rates->model.threads[0].class_ns[CLASS_NETWORK], kSecond);
        EXPECT_EQ(rates->model.targets[row->target].ns, kSecond);
    }
    looks.first(2);
    main.block().now_hook = HOOK_NONE;
    main.call(HOOK_recv, peer, ticks(2250 * kMs));
    RatesPointer rates = looks.second(3);
    EXPECT_EQ(rates->model.hooks[HOOK_recv].calls, 1u);
    EXPECT_EQ(rates->model.hooks[HOOK_recv].ns, 750 * kMs);
    EXPECT_EQ(row_of(rates->model, HOOK_recv, "tcp://10.0.0.1:80")->ns, 750 * kMs);
    EXPECT_EQ(rates->model.classes[CLASS_NETWORK].ns, 750 * kMs);
    EXPECT_EQ(rates->model.threads[0].class_ns[CLASS_NETWORK], 750 * kMs);
}

TEST(Rates, TakeWhatGoesBackwardsForNothing)
{
    Looks looks;
    uint32_t file = looks.segment.target(TARGET_FILE, "/data/log");
    auto main = looks.segment.thread(100, "main");
    main.calls(100, HOOK_write, file, ticks(kMs), 10).counted(HOOK_free, 100);
    looks.segment.sample(SAMPLE_CPU, HOOK_NONE, 0, looks.segment.stack({0x1001}), 10, 100 * kMs);
    looks.segment.resource(kSecond).cpu_user_ns = 5 * kSecond;
    looks.first(2);
    looks.segment.records<sample_sum>(TABLE_SUMS)[1].weight = 10 * kMs;
    looks.segment.records<sample_sum>(TABLE_SUMS)[1].count = 1;
    looks.segment.resource(2 * kSecond).cpu_user_ns = kSecond;
    main.block().counted[HOOK_free].calls = 40;
    main.block().class_ticks[CLASS_FILE] = 0;
    for (unsigned page = 0; page < main.block().pages_used; page++)
        if (main.block().page_kind[page] == PAGE_CELLS)
            reinterpret_cast<stat_cell *>(looks.segment.bytes().data() +
                                          main.block().page_offset[page])
                ->calls = 1;
    RatesPointer rates = looks.second(3);
    const model &model = rates->model;
    EXPECT_EQ(model.hooks[HOOK_write].calls, 0u);
    EXPECT_EQ(model.hooks[HOOK_free].calls, 0u);
    EXPECT_EQ(model.classes[CLASS_FILE].ns, 0u);
    EXPECT_EQ(model.threads[0].class_ns[CLASS_FILE], 0u);
    EXPECT_EQ(model.samples[SAMPLE_CPU].weight, 0u);
    EXPECT_EQ(model.usage.cpu_user_ns, MODEL_UNKNOWN);
    EXPECT_LT(rates_cpu(rates.get()), 0);
}

TEST(Rates, AreEmptyButDefinedForAnEmptyInterval)
{
    Looks looks;
    looks.segment.thread(100, "main").call(HOOK_write, 0, ticks(kMs));
    looks.first(2);
    RatesPointer rates = looks.second(2);
    EXPECT_EQ(rates->interval_ns, 0u);
    EXPECT_EQ(rates_per_second(rates.get(), 100), 0);
    EXPECT_EQ(rates_share(rates.get(), kSecond), 0);
}

TEST(Rates, ForgetThreadsThatEndedButNotWhatTheyDid)
{
    Looks looks;
    uint32_t file = looks.segment.target(TARGET_FILE, "/data/log");
    looks.segment.thread(100, "main");
    auto worker = looks.segment.thread(101, "worker");
    worker.calls(10, HOOK_write, file, ticks(kMs));
    looks.first(2);
    worker.calls(5, HOOK_write, file, ticks(kMs));
    worker.exited(ticks(2 * kSecond));
    RatesPointer rates = looks.second(3);
    EXPECT_FALSE(thread_of(rates->model, 101));
    EXPECT_TRUE(thread_of(rates->model, 100));
    EXPECT_EQ(rates->model.hooks[HOOK_write].calls, 5u);
    EXPECT_EQ(rates->model.classes[CLASS_FILE].ns, 5 * kMs);
}

TEST(Rates, TakeAThreadThatGotAnEndedOnesNumberForANewOne)
{
    Looks looks;
    uint64_t start = looks.segment.kStartTicks;
    looks.segment.thread(100, "main");
    auto worker = looks.segment.thread(101, "first");
    worker.calls(10, HOOK_write, 0, ticks(50 * kMs));
    looks.first(2);
    thread_block &block = worker.block();
    block.owners = 2;
    block.start_ticks = start + ticks(2500 * kMs);
    memcpy(block.owner_class_ticks, block.class_ticks, sizeof(block.class_ticks));
    worker.calls(3, HOOK_write, 0, ticks(10 * kMs));
    RatesPointer rates = looks.second(3);
    const model_thread *thread = thread_of(rates->model, 101);
    ASSERT_TRUE(thread);
    EXPECT_EQ(thread->class_ns[CLASS_FILE], 30 * kMs) << "nothing of the first one is subtracted";
    EXPECT_EQ(thread->life_ns, kSecond / 2);
}

TEST(Rates, StartAnewAfterExecOrWhereThePidIsUsedAgain)
{
    for (auto change : {std::function<void(SegmentBuilder &)>([](SegmentBuilder &segment) {
             segment.header().start_boottime_ns += 1;
         }),
                        std::function<void(SegmentBuilder &)>([](SegmentBuilder &segment) {
                            segment.header().executable = segment.string("/bin/other");
                        }),
                        std::function<void(SegmentBuilder &)>(
                            [](SegmentBuilder &segment) { segment.header().pid++; })}) {
        Looks looks;
        auto main = looks.segment.thread(100, "main");
        main.calls(100, HOOK_write, 0, ticks(kMs));
        looks.first(5);
        change(looks.segment);
        RatesPointer rates = looks.second(1);
        EXPECT_TRUE(rates->whole);
        EXPECT_EQ(rates->interval_ns, kSecond);
        EXPECT_EQ(rates->model.hooks[HOOK_write].calls, 100u);
        EXPECT_FALSE(rates_same_image(&looks.before(), &looks.after()));
    }
}

TEST(Rates, FindTargetsAndStacksThatMovedToOtherPlaces)
{
    Looks looks;
    uint32_t late = looks.segment.target(TARGET_FILE, "/data/late");
    uint32_t file = looks.segment.target(TARGET_FILE, "/data/log");
    uint32_t lock = looks.segment.site(TARGET_LOCK, 0x5001, 0x6001);
    uint32_t late_stack = looks.segment.stack({0x1001, 0x1002});
    uint32_t stack = looks.segment.stack({0x2001, 0x2002, 0x2003});
    auto main = looks.segment.thread(100, "main");
    main.calls(10, HOOK_write, file, ticks(kMs)).calls(20, HOOK_pthread_mutex_lock, lock, ticks(kMs));
    looks.segment.sample(SAMPLE_CPU, HOOK_NONE, 0, stack, 10, 100 * kMs);
    /* at the first look both tables have a record that is not finished yet */
    uint64_t target_hash = looks.segment.records<target_record>(TABLE_TARGETS)[late].hash;
    uint64_t stack_hash = looks.segment.records<stack_record>(TABLE_STACKS)[late_stack].hash;
    looks.segment.records<target_record>(TABLE_TARGETS)[late].hash = 0;
    looks.segment.records<stack_record>(TABLE_STACKS)[late_stack].hash = 0;
    looks.first(2);
    looks.segment.records<target_record>(TABLE_TARGETS)[late].hash = target_hash;
    looks.segment.records<stack_record>(TABLE_STACKS)[late_stack].hash = stack_hash;
    main.calls(1, HOOK_write, file, ticks(kMs)).calls(2, HOOK_pthread_mutex_lock, lock, ticks(kMs));
    main.calls(4, HOOK_write, late, ticks(kMs));
    looks.segment.records<sample_sum>(TABLE_SUMS)[1].weight += 30 * kMs;
    looks.segment.records<sample_sum>(TABLE_SUMS)[1].count += 3;
    looks.segment.sample(SAMPLE_CPU, HOOK_NONE, 0, late_stack, 1, 10 * kMs);
    RatesPointer rates = looks.second(3);
    const model &model = rates->model;
    ASSERT_NE(looks.before().target_count, looks.after().target_count);
    EXPECT_EQ(row_of(model, HOOK_write, "/data/log")->calls, 1u);
    EXPECT_EQ(row_of(model, HOOK_write, "/data/late")->calls, 4u);
    EXPECT_EQ(row_of(model, HOOK_pthread_mutex_lock, "")->calls, 2u);
    ASSERT_EQ(model.samples[SAMPLE_CPU].count, 2u);
    EXPECT_EQ(model.samples[SAMPLE_CPU].items[0].weight, 30 * kMs);
    EXPECT_EQ(model.samples[SAMPLE_CPU].items[0].count, 3u);
    EXPECT_EQ(model.stacks[model.samples[SAMPLE_CPU].items[0].stack].depth, 3u);
    EXPECT_EQ(model.samples[SAMPLE_CPU].items[1].weight, 10 * kMs);
    EXPECT_EQ(model.samples[SAMPLE_CPU].weight, 40 * kMs);
}

TEST(Rates, LeaveOutSamplesThatNothingWasAddedTo)
{
    Looks looks;
    looks.segment.thread(100, "main");
    looks.segment.sample(SAMPLE_ALLOCATED, HOOK_malloc, 0, looks.segment.stack({0x1001}), 10, 1000);
    looks.first(2);
    looks.segment.sample(SAMPLE_ALLOCATED, HOOK_malloc, 0, looks.segment.stack({0x2001}), 4, 400);
    RatesPointer rates = looks.second(3);
    ASSERT_EQ(rates->model.samples[SAMPLE_ALLOCATED].count, 1u);
    EXPECT_EQ(rates->model.samples[SAMPLE_ALLOCATED].items[0].weight, 400u);
    EXPECT_DOUBLE_EQ(rates->model.samples[SAMPLE_ALLOCATED].items[0].objects, 4);
}

TEST(Rates, TakeUsageBetweenTheLastReadings)
{
    Looks looks;
    looks.segment.thread(100, "main");
    resource_record &start = looks.segment.resource(0);
    start.cpu_user_ns = start.cpu_system_ns = 0;
    resource_record &one = looks.segment.resource(kSecond);
    one.cpu_user_ns = 400 * kMs;
    one.cpu_system_ns = 100 * kMs;
    looks.first(1.5);
    EXPECT_EQ(looks.second(1.6)->model.usage.cpu_user_ns, MODEL_UNKNOWN) << "no later reading yet";
    resource_record &two = looks.segment.resource(3 * kSecond);
    two.cpu_user_ns = 900 * kMs;
    two.cpu_system_ns = 200 * kMs;
    two.rss_bytes = 1 << 20;
    RatesPointer rates = looks.second(3.5);
    EXPECT_EQ(rates->model.usage.cpu_user_ns, 500 * kMs);
    EXPECT_EQ(rates->model.usage.window_ns, 2 * kSecond);
    EXPECT_NEAR(rates_cpu(rates.get()), 0.3, 1e-9);
    EXPECT_EQ(rates->model.usage.rss_bytes, 1u << 20);
    EXPECT_EQ(rates->model.usage.minor_faults, MODEL_UNKNOWN) << "never measured";
}

TEST(Rates, PromiseTheOrdersOfAModel)
{
    Looks looks;
    uint32_t a = looks.segment.target(TARGET_FILE, "/a"), b = looks.segment.target(TARGET_FILE, "/b");
    auto main = looks.segment.thread(100, "main");
    main.calls(100, HOOK_write, a, ticks(kMs)).calls(1, HOOK_write, b, ticks(kMs));
    looks.first(2);
    main.calls(1, HOOK_write, a, ticks(kMs)).calls(5, HOOK_write, b, ticks(kMs));
    RatesPointer rates = looks.second(3);
    ASSERT_EQ(rates->model.row_count, 2u);
    EXPECT_STREQ(rates->model.targets[rates->model.rows[0].target].text, "/b");
}

} // namespace
