/* From a built segment to the model: sums, merging of equal records, times, states. */
#include "tools/reader_case.h"

#include <cmath>

#include "tools/segment_seeds.h"

extern "C" {
#include "read/process.h"
}

namespace {

constexpr uint64_t kSecond = 1000000000;

TEST(Model, SumsCallsOfAllThreadsByHookAndTarget)
{
    SegmentBuilder segment;
    uint32_t redis = segment.target(TARGET_TCP_OUT, "tcp://10.0.0.1:6379");
    uint32_t file = segment.target(TARGET_FILE, "/var/log/x");
    segment.thread(10, "a").calls(5, HOOK_read, redis, 2000, 10).call(HOOK_read, file, 400, 7);
    segment.thread(11, "b").calls(3, HOOK_read, redis, 20000, 1, EAGAIN);
    segment.crowd(HOOK_read) = {2, 1, 100, 600};
    ModelPointer m = model_of(segment);
    const model_row *row = row_of(*m, HOOK_read, "tcp://10.0.0.1:6379");
    ASSERT_NE(row, nullptr);
    EXPECT_EQ(row->calls, 8u);
    EXPECT_EQ(row->errors, 3u);
    EXPECT_EQ(row->bytes, 53u);
    EXPECT_EQ(row->ns, (5 * 2000u + 3 * 20000u) / 2);
    EXPECT_EQ(row->max_ns, 10000u);
    EXPECT_EQ(row->latency.total, 8u);
    const model_hook &read = m->hooks[HOOK_read];
    EXPECT_EQ(read.calls, 8u + 1 + 2);
    EXPECT_EQ(read.errors, 4u);
    EXPECT_EQ(read.ns, row->ns + 200 + 300);
    EXPECT_EQ(read.latency.total, 9u);
    ASSERT_EQ(m->error_count, 1u);
    EXPECT_EQ(m->errors[0].error, EAGAIN);
    EXPECT_EQ(m->errors[0].count, 3u);
    EXPECT_EQ(m->rows, row) << "longest first";
}

TEST(Model, ReadsHistogramsInlineAndMappedAlike)
{
    for (unsigned calls : {1u, 39u, 40u, 41u, 1000u}) {
        SegmentBuilder segment;
        ThreadBuilder thread = segment.thread(1, "t");
        std::vector<uint64_t> count(HISTOGRAM_BUCKETS);
        for (unsigned i = 0; i < calls; i++) {
            uint64_t ticks = 7 * (i + 1) * (i % 5 + 1);
            thread.call(HOOK_write, 0, ticks);
            count[histogram_bucket(ticks)]++;
        }
        ModelPointer m = model_of(segment);
        const latency &found = m->hooks[HOOK_write].latency;
        EXPECT_EQ(found.total, calls);
        for (unsigned bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++) {
            bool inside = bucket >= found.first && bucket < found.first + found.len;
            EXPECT_EQ(inside ? found.counts[bucket - found.first] : 0, count[bucket])
                << calls << " calls, bucket " << bucket;
        }
    }
}

TEST(Model, MergesTargetsThatTwoThreadsInternedAtOnce)
{
    SegmentBuilder segment;
    uint32_t first = segment.target(TARGET_HOST, "db"), second = segment.target(TARGET_HOST, "db");
    uint32_t file = segment.target(TARGET_FILE, "db");
    segment.thread(1, "t").call(HOOK_getaddrinfo, first, 100).call(HOOK_getaddrinfo, second, 100)
        .call(HOOK_open, file, 100);
    ModelPointer m = model_of(segment);
    EXPECT_EQ(m->target_count, 3u) << "(other), the host, the file";
    const model_row *row = row_of(*m, HOOK_getaddrinfo, "db");
    ASSERT_NE(row, nullptr);
    EXPECT_EQ(row->calls, 2u);
    EXPECT_EQ(m->targets[row->target].calls, 2u);
}

TEST(Model, SkipsRecordsThatWereNeverFinished)
{
    SegmentBuilder segment;
    uint32_t dead = segment.target(TARGET_FILE, "/half"), live = segment.target(TARGET_FILE, "/whole");
    segment.records<target_record>(TABLE_TARGETS)[dead].hash = 0;
    segment.thread(1, "t").call(HOOK_open, dead, 100).call(HOOK_open, live, 100);
    ModelPointer m = model_of(segment);
    EXPECT_EQ(m->target_count, 2u);
    EXPECT_NE(row_of(*m, HOOK_open, "(other)"), nullptr) << "its calls are not lost";
    EXPECT_NE(row_of(*m, HOOK_open, "/whole"), nullptr);
}

TEST(Model, CountsLocksOnceAndStreamsTogether)
{
    SegmentBuilder segment;
    uint32_t lock = segment.site(TARGET_LOCK, 0x1000, 0);
    /* 100 locks of which 4 waited; 50 freads from the buffer and 3 that reached the kernel */
    segment.thread(1, "t").counted(HOOK_pthread_mutex_lock, 100)
        .calls(4, HOOK_pthread_mutex_lock, lock, 5000).counted(HOOK_fread, 50, 500)
        .calls(3, HOOK_fread, 0, 900, 4096);
    ModelPointer m = model_of(segment);
    EXPECT_EQ(m->hooks[HOOK_pthread_mutex_lock].calls, 100u);
    EXPECT_EQ(m->hooks[HOOK_pthread_mutex_lock].timed, 4u);
    EXPECT_EQ(m->hooks[HOOK_fread].calls, 53u);
    EXPECT_EQ(m->hooks[HOOK_fread].timed, 3u);
    EXPECT_EQ(m->hooks[HOOK_fread].bytes, 500u + 3 * 4096);
}

TEST(Model, ConvertsTicksThroughTheCalibration)
{
    SegmentBuilder segment;
    segment.header().ns_per_tick_q40 = static_cast<uint64_t>(0.4 * double(1ull << 40));
    segment.thread(1, "t").call(HOOK_usleep, 0, 2500000);
    segment.header().end_ticks = segment.header().start_ticks + 25000000000;
    ModelPointer m = model_of(segment);
    EXPECT_NEAR(double(m->hooks[HOOK_usleep].ns), 1e6, 1);
    EXPECT_NEAR(double(m->duration_ns), 1e10, 1e4);
    EXPECT_NEAR(m->processes[0].ns_per_tick, 0.4, 1e-9);
}

TEST(Model, SumsThreadLifeOverFormerAndPresentOwners)
{
    SegmentBuilder segment;
    segment.lasts(4);
    segment.thread(segment.header().pid, "main");
    ThreadBuilder worker = segment.thread(500, "worker");
    worker.calls(2, HOOK_usleep, 0, 2 * kSecond);
    worker.block().lived_ticks = 2 * kSecond; /* a former owner: one second */
    worker.block().start_ticks = SegmentBuilder::kStartTicks + 2 * kSecond;
    worker.block().owner_class_ticks[CLASS_SLEEP] = 2 * kSecond;
    segment.thread(501, "past").exited(2 * kSecond);
    ModelPointer m = model_of(segment);
    EXPECT_EQ(m->thread_ns, (4 + 1 + 3 + 1) * kSecond);
    ASSERT_EQ(m->thread_count, 2u);
    EXPECT_EQ(m->threads[0].tid, m->processes[0].pid) << "the main thread is first";
    EXPECT_STREQ(m->threads[1].name, "worker");
    EXPECT_EQ(m->threads[1].life_ns, 3 * kSecond);
    EXPECT_EQ(m->threads[1].class_ns[CLASS_SLEEP], 1 * kSecond) << "only the present owner's";
    EXPECT_EQ(m->classes[CLASS_SLEEP].ns, 2 * kSecond) << "everybody's";
}

TEST(Model, KnowsWhereAThreadStands)
{
    SegmentBuilder segment;
    segment.lasts(3);
    uint32_t peer = segment.target(TARGET_TCP_OUT, "tcp://10.0.0.9:80");
    segment.thread(9, "stuck").inside(HOOK_read, peer, SegmentBuilder::kStartTicks + 2 * kSecond);
    ModelPointer m = model_of(segment);
    ASSERT_EQ(m->thread_count, 1u);
    EXPECT_EQ(m->threads[0].now_hook, static_cast<uint32_t>(HOOK_read));
    EXPECT_STREQ(m->targets[m->threads[0].now_target].text, "tcp://10.0.0.9:80");
    EXPECT_EQ(m->threads[0].now_ns, 2 * kSecond);
    EXPECT_EQ(m->classes[CLASS_NETWORK].unfinished_ns, 2 * kSecond)
        << "reading from a connection waits for the network";
}

TEST(Model, EndsAKilledProcessAtItsLastSignOfLife)
{
    SegmentBuilder segment;
    segment_header &header = segment.header();
    header.state = SEGMENT_RUNNING;
    header.end_ticks = 0;
    header.last_ticks = SegmentBuilder::kStartTicks + 2 * kSecond;
    segment.thread(9, "t").event(HOOK_read, 0, SegmentBuilder::kStartTicks + 2 * kSecond, kSecond);
    ModelPointer m = model_of(segment);
    EXPECT_EQ(m->processes[0].state, PROCESS_KILLED);
    EXPECT_EQ(m->duration_ns, 3 * kSecond / 2);
    EXPECT_EQ(model_of(segment, true)->processes[0].state, PROCESS_EXECED);
}

/* A segment of this very process, as the library would make it. */
SegmentBuilder own_segment()
{
    SegmentBuilder segment;
    struct timespec boot, monotonic;
    clock_gettime(CLOCK_BOOTTIME, &boot);
    clock_gettime(CLOCK_MONOTONIC, &monotonic);
    segment_header &header = segment.header();
    header.pid = getpid();
    header.state = SEGMENT_RUNNING;
    header.end_ticks = 0;
    header.start_boottime_ns = uint64_t(boot.tv_sec) * kSecond + uint64_t(boot.tv_nsec);
    header.clock_first_ns = uint64_t(monotonic.tv_sec) * kSecond + uint64_t(monotonic.tv_nsec);
    return segment;
}

TEST(Model, RecognisesARunningProcessAndLooksAtIt)
{
    SegmentBuilder segment = own_segment();
    segment.resource(0).cpu_user_ns = 0;
    ModelPointer m = model_of(segment);
    EXPECT_EQ(m->processes[0].state, PROCESS_RUNNING);
    EXPECT_EQ(m->processes[0].local_pid, getpid());
    EXPECT_TRUE(m->live.looked);
    ASSERT_EQ(m->resource_count, 2u);
    const model_resource &now = m->resources[1];
    EXPECT_GT(now.rss_bytes, 1u << 20);
    EXPECT_NE(now.rss_bytes, MODEL_UNKNOWN);
    EXPECT_GE(now.descriptors, 3u);
    EXPECT_GE(now.threads, 1u);
    EXPECT_LT(m->duration_ns, 60 * kSecond);
}

TEST(Model, DoesNotTakeAReusedPidForTheProcess)
{
    SegmentBuilder segment = own_segment();
    segment.header().start_boottime_ns = 1000; /* long before this process began */
    EXPECT_EQ(model_of(segment)->processes[0].state, PROCESS_KILLED);
    segment = own_segment();
    segment.header().boot_id[3] ^= 1;
    EXPECT_EQ(model_of(segment)->processes[0].state, PROCESS_KILLED) << "another boot";
    segment = own_segment();
    segment.header().state = SEGMENT_EXITED;
    segment.header().end_ticks = SegmentBuilder::kStartTicks + 10;
    EXPECT_EQ(model_of(segment)->processes[0].state, PROCESS_EXITED);
}

TEST(Model, AnswersNotMeasuredWhereNothingWasRead)
{
    SegmentBuilder segment;
    ModelPointer m = model_of(segment);
    EXPECT_EQ(m->usage.cpu_user_ns, MODEL_UNKNOWN);
    EXPECT_EQ(m->usage.rss_bytes, MODEL_UNKNOWN);
    EXPECT_FALSE(m->live.looked);
    EXPECT_EQ(m->live.throttled_ns, MODEL_UNKNOWN);
}

TEST(Model, UsesWhatIsBetweenTheFirstAndTheLastReading)
{
    SegmentBuilder segment;
    for (uint64_t i = 0; i < 4; i++) {
        resource_record &record = segment.resource(i * kSecond);
        record.cpu_user_ns = 500 + i * 100;
        record.descriptors = 10 - i;
        record.run_delay_ns = i == 0 || i == 3 ? i * 7 : RESOURCE_UNKNOWN;
    }
    /* left behind by a kill in the middle of thinning out: older than the record before */
    segment.resource(kSecond).cpu_user_ns = 1;
    ModelPointer m = model_of(segment);
    EXPECT_EQ(m->resource_count, 4u);
    EXPECT_EQ(m->usage.cpu_user_ns, 300u);
    EXPECT_EQ(m->usage.run_delay_ns, 21u);
    EXPECT_EQ(m->usage.descriptors, 10u);
    EXPECT_EQ(m->usage.window_ns, 3 * kSecond);
    EXPECT_EQ(m->usage.cpu_system_ns, MODEL_UNKNOWN);
}

TEST(Model, ResolvesFramesByTheGenerationOfTheirStack)
{
    SegmentBuilder segment;
    segment.module("/lib/old.so", 0x10000, 0x20000, 0x10000, {}, 0, 1);
    segment.module("/lib/new.so", 0x10000, 0x20000, 0x10000, {}, 1, 0);
    uint32_t before = segment.stack({0x10100}, 0), after = segment.stack({0x10100}, 1);
    segment.sample(SAMPLE_CPU, 0, 0, before, 1, 100);
    segment.sample(SAMPLE_CPU, 0, 0, after, 1, 50);
    ModelPointer m = model_of(segment);
    const model_samples &cpu = m->samples[SAMPLE_CPU];
    ASSERT_EQ(cpu.count, 2u);
    auto module_of = [&](size_t i) {
        uint32_t depth;
        const model_frame *frames = model_stack_frames(m.get(), cpu.items[i].stack, &depth);
        EXPECT_EQ(depth, 1u);
        EXPECT_EQ(frames[0].address, 0x100ffu) << "inside the call";
        return std::string(m->modules[frames[0].module].name);
    };
    EXPECT_EQ(module_of(0), "old.so");
    EXPECT_EQ(module_of(1), "new.so");
}

TEST(Model, LeavesLibstrongsFramesOutAtTheLeaf)
{
    SegmentBuilder segment;
    segment.module("/opt/libstrong.so", 0x7000, 0x8000, 0x7000);
    segment.module("", 0x400000, 0x500000, 0);
    uint32_t stack = segment.stack({0x7010, 0x7020, 0x400100, 0x7030, 0x400200});
    segment.sample(SAMPLE_BLOCKED, HOOK_read, 0, stack, 1, 2000);
    ModelPointer m = model_of(segment);
    uint32_t depth;
    const model_frame *frames =
        model_stack_frames(m.get(), m->samples[SAMPLE_BLOCKED].items[0].stack, &depth);
    ASSERT_EQ(depth, 3u);
    EXPECT_STREQ(m->modules[frames[0].module].path, "/usr/bin/victim")
        << "the loader's empty name is the program";
}

TEST(Model, MergesSamplesOfEqualStacks)
{
    SegmentBuilder segment;
    uint32_t one = segment.stack({0x1000, 0x2000}), two = segment.stack({0x1000, 0x2000});
    segment.sample(SAMPLE_BLOCKED, HOOK_read, 0, one, 1, 200);
    segment.sample(SAMPLE_BLOCKED, HOOK_read, 0, two, 2, 400);
    segment.sample(SAMPLE_ALLOCATED, HOOK_malloc, 0, one, 3, 4096);
    ModelPointer m = model_of(segment);
    const model_samples &blocked = m->samples[SAMPLE_BLOCKED];
    ASSERT_EQ(blocked.count, 1u);
    EXPECT_EQ(blocked.items[0].count, 3u);
    EXPECT_EQ(blocked.weight, 300u) << "in ns";
    EXPECT_NEAR(blocked.variance, (200.0 * 200 + 400.0 * 400 / 2) / 4, 1e-6);
    EXPECT_EQ(m->samples[SAMPLE_ALLOCATED].weight, 4096u);
    EXPECT_DOUBLE_EQ(m->samples[SAMPLE_ALLOCATED].items[0].objects, 3);
}

TEST(Model, OrdersEventsAndSaysWhatWasOverwritten)
{
    SegmentBuilder segment;
    ThreadBuilder a = segment.thread(1, "a"), b = segment.thread(2, "b");
    for (uint64_t i = 0; i < BLOCK_EVENTS + 10; i++)
        a.event(HOOK_read, 0, SegmentBuilder::kStartTicks + 1000 * i, 10);
    b.event(HOOK_write, 0, SegmentBuilder::kStartTicks + 20500, 10, 0, EPIPE);
    ModelPointer m = model_of(segment);
    EXPECT_EQ(m->event_count, BLOCK_EVENTS + 1u);
    EXPECT_EQ(m->events_overwritten, 10u);
    for (size_t i = 1; i < m->event_count; i++)
        EXPECT_LE(m->events[i - 1].start_ns, m->events[i].start_ns);
    EXPECT_EQ(m->events[0].tid, 1);
    EXPECT_EQ(m->events[0].start_ns, 5000u);
}

TEST(Model, KnowsTheProcess)
{
    SegmentBuilder segment;
    segment.header().run = segment.string("nightly");
    segment.note("cpu sampling is off", 3);
    ModelPointer m = model_of(segment);
    EXPECT_STREQ(m->processes[0].name, "victim");
    EXPECT_STREQ(m->processes[0].command, "victim --flag");
    EXPECT_STREQ(m->processes[0].run, "nightly");
    EXPECT_STREQ(model_option(m.get(), "CPU_HZ"), "99");
    EXPECT_EQ(model_option(m.get(), "NOTHING"), nullptr);
    ASSERT_EQ(m->note_count, 1u);
    EXPECT_STREQ(m->notes[0].text, "cpu sampling is off");
    EXPECT_EQ(m->notes[0].count, 3u);
}

TEST(Model, MergesTheProcessesOfARun)
{
    SegmentBuilder parent, child;
    child.header().pid = parent.header().pid + 1;
    child.header().parent_pid = parent.header().pid;
    child.header().start_ticks += kSecond; /* half a second later */
    for (SegmentBuilder *segment : {&parent, &child}) {
        bool first = segment == &parent;
        uint64_t base = first ? 0x400000 : 0x700000; /* loaded at different places */
        segment->module("/bin/app", base, base + 0x10000, base, {9, 9});
        uint32_t lock = segment->site(TARGET_LOCK, base + 0x500, 0);
        uint32_t host = segment->target(TARGET_HOST, first ? "a" : "b");
        uint32_t common = segment->target(TARGET_FILE, "/common");
        uint32_t stack = segment->stack({base + 0x123});
        segment->thread(segment->header().pid, "main").call(HOOK_open, common, 1000)
            .call(HOOK_getaddrinfo, host, 500, 0, ENOENT)
            .call(HOOK_pthread_mutex_lock, lock, 2000);
        segment->sample(SAMPLE_CPU, 0, 0, stack, 1, first ? 10 : 30);
        segment->resource(0).cpu_user_ns = 0;
        segment->resource(kSecond).cpu_user_ns = 1000;
        segment->counter(COUNTER_samples_taken) = 1;
        segment->counter(COUNTER_cgroup_end_throttled_ns) = 50;
    }
    ModelPointer one = model_of(parent), two = model_of(child);
    const model *both[] = {one.get(), two.get()};
    model *merged = nullptr;
    ASSERT_EQ(model_merge(both, 2, &merged), 0);
    ModelPointer m(merged, model_free);
    EXPECT_EQ(m->process_count, 2u);
    EXPECT_EQ(m->hooks[HOOK_open].calls, 2u);
    EXPECT_EQ(row_of(*m, HOOK_open, "/common")->calls, 2u);
    EXPECT_EQ(row_of(*m, HOOK_getaddrinfo, "a")->calls, 1u);
    EXPECT_EQ(row_of(*m, HOOK_getaddrinfo, "b")->calls, 1u);
    ASSERT_EQ(m->error_count, 1u);
    EXPECT_EQ(m->errors[0].count, 2u);
    size_t locks = 0;
    for (size_t i = 0; i < m->target_count; i++)
        locks += m->targets[i].kind == TARGET_LOCK;
    EXPECT_EQ(locks, 1u) << "the same place of the same file, wherever it was loaded";
    EXPECT_EQ(m->usage.cpu_user_ns, 2000u);
    EXPECT_EQ(m->counters[COUNTER_samples_taken], 2u);
    EXPECT_EQ(m->counters[COUNTER_cgroup_end_throttled_ns], 50u) << "they share the cgroup";
    ASSERT_EQ(m->samples[SAMPLE_CPU].count, 2u);
    uint32_t depth;
    const model_frame *frames =
        model_stack_frames(m.get(), m->samples[SAMPLE_CPU].items[0].stack, &depth);
    EXPECT_EQ(frames[0].process, 1u) << "the heavier one is the child's";
    EXPECT_EQ(m->modules[frames[0].module].process, 1u);
    EXPECT_EQ(frames[0].address - m->modules[frames[0].module].bias, 0x122u);
    ASSERT_EQ(m->thread_count, 2u);
    EXPECT_EQ(m->threads[1].start_ns, kSecond / 2) << "since the first process's start";
    EXPECT_EQ(m->thread_ns, one->thread_ns + two->thread_ns);
    EXPECT_EQ(model_merge(both, 0, &merged), -EINVAL);
}

TEST(Process, ReadsItsOwnFacts)
{
    model_resource now = {};
    process_read(getpid(), &now);
    EXPECT_NE(now.cpu_user_ns, MODEL_UNKNOWN);
    EXPECT_NE(now.peak_rss_bytes, MODEL_UNKNOWN);
    EXPECT_GE(now.peak_rss_bytes, now.rss_bytes / 2);
    EXPECT_EQ(process_stopped(getpid()), nullptr);
    process_read(4194304 + 9999, &now); /* nobody */
    EXPECT_EQ(now.cpu_user_ns, MODEL_UNKNOWN);
    EXPECT_EQ(now.descriptors, MODEL_UNKNOWN);
}

} // namespace
