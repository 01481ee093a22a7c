/* What the views sum: peers, paths and their folders, series of readings, operations. */
#include "tools/view_case.h"

#include <cmath>

extern "C" {
#include "analyse/calls.h"
#include "analyse/operations.h"
#include "analyse/paths.h"
#include "analyse/peers.h"
#include "analyse/series.h"
}

namespace
{

using namespace view_case;

struct Memory {
    arena arena_ = {};
    ~Memory() { arena_done(&arena_); }
};

TEST(Operations, KnowEverySpellingOfWhatAHookDoes)
{
    EXPECT_EQ(operations_of(HOOK___open64_2), OPERATION_OPEN);
    EXPECT_EQ(operations_of(HOOK_fopen64), OPERATION_OPEN);
    EXPECT_EQ(operations_of(HOOK___read_chk), OPERATION_READ);
    EXPECT_EQ(operations_of(HOOK_fgets), OPERATION_READ);
    EXPECT_EQ(operations_of(HOOK_dprintf), OPERATION_WRITE);
    EXPECT_EQ(operations_of(HOOK___fprintf_chk), OPERATION_WRITE);
    EXPECT_EQ(operations_of(HOOK_msync), OPERATION_SYNC);
    EXPECT_EQ(operations_of(HOOK_copy_file_range), OPERATION_MOVE);
    EXPECT_EQ(operations_of(HOOK_accept4), OPERATION_ACCEPT);
    EXPECT_EQ(operations_of(HOOK_res_nsearch), OPERATION_LOOKUP);
    EXPECT_EQ(operations_of(HOOK_freeaddrinfo), OPERATION_OTHER);
    EXPECT_EQ(operations_of(HOOK_ioctl), OPERATION_OTHER);
    EXPECT_FALSE(operations_is_stdio(HOOK_dprintf)) << "it writes to a descriptor";
    EXPECT_TRUE(operations_is_stdio(HOOK___vfprintf_chk));
    EXPECT_FALSE(operations_is_stdio(HOOK_popen));
    EXPECT_EQ(operations_lock_kind(HOOK_pthread_rwlock_tryrdlock), LOCK_KIND_READ);
    EXPECT_EQ(operations_lock_kind(HOOK_read), LOCK_KIND_NONE);
}

TEST(Peers, TakeAnswersWhereThereAreAnyAndReadsOrPollsOtherwise)
{
    AnalyseCase c(10, 4 << 20);
    uint32_t asked = c.segment.target(TARGET_TCP_OUT, "tcp://asked"), pushed = c.segment.target(TARGET_TCP_OUT, "tcp://pushed");
    auto main = c.segment.thread(1, "main");
    main.calls(10, HOOK_recv, asked, t(kMs), 100).calls(10, HOOK_response, asked, t(5 * kMs));
    main.calls(4, HOOK_read, pushed, t(kUs), 50).calls(4, HOOK_poll, pushed, t(20 * kMs));
    Memory memory;
    peers peers;
    ASSERT_TRUE(peers_make(&c.finish(), &memory.arena_, &peers));
    ASSERT_EQ(peers.out_count, 2u);
    EXPECT_STREQ(peers.out[0].name, "tcp://pushed") << "most time first";
    EXPECT_FALSE(peers.out[0].answers);
    EXPECT_EQ(peers.out[0].waits.ns, 80 * kMs) << "it waits in poll";
    EXPECT_TRUE(peers.out[1].answers);
    EXPECT_EQ(peers.out[1].waits.calls, 10u);
    EXPECT_EQ(peers.out[1].waits.ns, 50 * kMs);
    EXPECT_EQ(peers.out[1].ns, 10 * kMs) << "an answer is no call of its own";
    EXPECT_EQ(peers.out[1].reads.bytes, 1000u);
}

TEST(Peers, TellOutAndInAndNamesApart)
{
    AnalyseCase c(60, 8 << 20);
    service(c);
    Memory memory;
    peers peers;
    ASSERT_TRUE(peers_make(&c.finish(), &memory.arena_, &peers));
    EXPECT_EQ(peers.out_count, 2u);
    ASSERT_EQ(peers.in_count, 1u);
    ASSERT_EQ(peers.name_count, 1u);
    EXPECT_EQ(peers.in[0].accepts.calls, 400u);
    EXPECT_EQ(peers.names[0].reads.calls, 52u);
    EXPECT_EQ(peers.names[0].reads.errors, 2u);
}

TEST(Paths, AreRolledUpByFolderWithoutLosingAnything)
{
    AnalyseCase c(10, 8 << 20);
    for (int i = 0; i < 300; i++) {
        std::string path = "/srv/data/" + std::to_string(i % 3) + "/deep/er/and/deeper/" + std::to_string(i);
        c.segment.thread(unsigned(i + 1), "t").call(HOOK_open, c.segment.target(TARGET_FILE, path), t(kUs), 0, i % 2 ? ENOENT : 0);
        if (i % 16 == 15)
            break;
    }
    AnalyseCase many(10, 16 << 20);
    auto main = many.segment.thread(1, "main");
    auto second = many.segment.thread(2, "second");
    for (unsigned i = 0; i < 300; i++) {
        std::string path = "/srv/data/" + std::to_string(i % 3) + "/deep/" + std::to_string(i);
        (i < 150 ? main : second).call(HOOK_open, many.segment.target(TARGET_FILE, path), t(kUs * (1 + i % 3)), 0, i % 2 ? ENOENT : 0);
    }
    main.call(HOOK_close, 0, t(kMs));
    Memory memory;
    paths few_paths, paths;
    ASSERT_TRUE(paths_make(&c.finish(), &memory.arena_, &few_paths));
    EXPECT_EQ(few_paths.directories, nullptr) << "few files need no folders";
    ASSERT_TRUE(paths_make(&many.finish(), &memory.arena_, &paths));
    EXPECT_EQ(paths.file_count, 301u) << "and (other)";
    ASSERT_EQ(paths.directory_count, 4u);
    uint64_t files = 0, opens = 0, errors = 0, ns = 0, file_ns = 0;
    for (size_t i = 0; i < paths.directory_count; i++) {
        files += paths.directories[i].files;
        opens += paths.directories[i].opens;
        errors += paths.directories[i].errors;
        ns += paths.directories[i].ns;
    }
    for (size_t i = 0; i < paths.file_count; i++)
        file_ns += paths.files[i].ns;
    EXPECT_EQ(files, 300u);
    EXPECT_EQ(opens, 300u);
    EXPECT_EQ(errors, 150u);
    EXPECT_EQ(ns, file_ns);
    EXPECT_EQ(ns, 600 * kUs + kMs);
    EXPECT_STREQ(paths.directories[0].name, "(other)");
    EXPECT_STREQ(paths.directories[1].name, "/srv/data/2/deep/");
}

TEST(Calls, OfTargetsRowsAndHooksAreTheSameSum)
{
    AnalyseCase c(60, 8 << 20);
    service(c);
    const analysis &result = c.finish();
    auto every = [](const model *, const model_row *) { return true; };
    Memory memory;
    uint64_t sums[3] = {}, counts[3] = {};
    for (int way = 0; way < 3; way++) {
        size_t count = 0;
        const calls *items = way == 0   ? calls_of_hooks(&result, &memory.arena_, every, &count)
                             : way == 1 ? calls_of_rows(&result, &memory.arena_, every, &count)
                                        : calls_of_targets(&result, &memory.arena_, every, &count);
        for (size_t i = 0; i < count; i++) {
            sums[way] += items[i].ns;
            counts[way] += items[i].calls;
            EXPECT_TRUE(i == 0 || items[i - 1].ns >= items[i].ns) << "longest first";
        }
    }
    EXPECT_GT(sums[0], kSecond);
    EXPECT_EQ(sums[0], sums[1]);
    EXPECT_EQ(sums[0], sums[2]);
    EXPECT_EQ(counts[0], counts[1]);
    EXPECT_EQ(counts[0], counts[2]);
}

const series &named(const series *all, const std::string &name)
{
    for (unsigned i = 0; i < SERIES_KINDS; i++)
        if (name == all[i].name)
            return all[i];
    throw std::runtime_error("no series " + name);
}

TEST(Series, AreRatesWhereTheKernelCountsUpAndLeaveOutWhatWasNotMeasured)
{
    AnalyseCase c(10, 4 << 20);
    c.segment.thread(1, "main");
    for (unsigned s = 0; s <= 10; s++) {
        resource_record &r = c.segment.resource(s * kSecond);
        r.cpu_user_ns = s * 250 * kMs;
        r.minor_faults = s * s * 10;
        r.heap_allocated_bytes = (5 + 2 * s) << 20;
        if (s != 4)
            r.threads = 3;
    }
    c.segment.resource(10 * kSecond + kMs).cpu_user_ns = 10 * 250 * kMs + kMs; /* at exit, right behind */
    c.segment.lasts(10.001);
    Memory memory;
    series all[SERIES_KINDS];
    ASSERT_TRUE(series_make(c.finish().model, &memory.arena_, all));
    const series &cpu = named(all, "CPU, user"), &faults = named(all, "page faults, minor"),
                 &live = named(all, "allocator: live"), &threads = named(all, "threads");
    EXPECT_EQ(cpu.count, 10u) << "a millisecond is too short for a rate";
    EXPECT_NEAR(cpu.mean, 0.25, 1e-9);
    EXPECT_NEAR(cpu.slope, 0, 1e-9);
    EXPECT_NEAR(faults.least, 10, 1e-6);
    EXPECT_NEAR(faults.most, 190, 1e-6);
    EXPECT_NEAR(faults.slope, 20, 1e-6);
    EXPECT_NEAR(live.slope, 2 << 20, 1);
    EXPECT_NEAR(live.last, 25 << 20, 1);
    EXPECT_EQ(threads.count, 10u);
    EXPECT_EQ(named(all, "resident memory").count, 0u);
}

TEST(Series, OfTwoReadingsHaveAMeanButNoSlope)
{
    AnalyseCase c(10, 1 << 20);
    c.segment.thread(1, "main");
    c.cpu(2 * kSecond, kSecond);
    Memory memory;
    series all[SERIES_KINDS];
    ASSERT_TRUE(series_make(c.finish().model, &memory.arena_, all));
    const series &cpu = named(all, "CPU, user");
    ASSERT_EQ(cpu.count, 1u);
    EXPECT_NEAR(cpu.mean, 0.2, 1e-9);
    EXPECT_TRUE(std::isnan(cpu.slope));
}

} // namespace
