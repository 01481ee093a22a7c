// fork: the child never writes into its parent's file, and gets one of its own when it lives on.
#include "runtime_support.h"

#include <fstream>
#include <sys/wait.h>
#include <unistd.h>

using namespace runtime_test;

namespace
{
std::string contents(const std::string &path)
{
    std::ifstream file(path, std::ios::binary);
    return std::string((std::istreambuf_iterator<char>(file)), {});
}

void count(unsigned hook, uint32_t target)
{
    attach();
    thread_count_derived(hook, target, 100, 1, false);
}

// Everything that writes.
void write_everywhere()
{
    for (int i = 0; i < 500; i++) {
        targets_string(TARGET_FILE, ("/child/" + std::to_string(i)).c_str());
        count(HOOK_read, (uint32_t)i);
        sampler_record(SAMPLE_BLOCKED, HOOK_read, 1, 10, 0, nullptr);
        heap_allocated(HOOK_malloc, (const void *)(uintptr_t)(0x1000 + i * 16), 64, 64);
    }
    counters_add(COUNTER_samples_dropped, 1000);
    segment_note("the child was here");
    std::thread([] { count(HOOK_write, 1); }).join();
    segment_close(SEGMENT_EXITED, 3);
}

void wait_for(pid_t child)
{
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
}
} // namespace

RUNTIME_TEST(SegmentFork, NothingTheChildWritesReachesTheParentsFile)
{
    Runtime runtime;
    count(HOOK_read, 1);
    ASSERT_EQ(segment_form, SEGMENT_SHARED);
    std::string file = runtime.directory() + "/" + std::to_string(getpid());
    file += "-" + std::to_string(segment->start_boottime_ns / 1000) + SEGMENT_SUFFIX;
    std::string before = contents(file);
    ASSERT_EQ(before.size(), 8u << 20);
    pid_t child = fork();
    if (child == 0) {
        process_fork_child();
        write_everywhere();
        _exit(testing::Test::HasFailure());
    }
    wait_for(child);
    EXPECT_TRUE(contents(file) == before);
    count(HOOK_read, 1);
    EXPECT_EQ(row(HOOK_read, 1).calls, 2u) << "the parent goes on";
    EXPECT_FALSE(contents(file) == before) << "and its file is the one that was compared";
}

RUNTIME_TEST(SegmentFork, TheChildStartsAtZeroButKnowsItsDescriptors)
{
    Runtime runtime;
    count(HOOK_read, 1);
    sampler_add(SAMPLE_BLOCKED, HOOK_read, 1, 0, 10, 100, 0);
    uint32_t file = fdtable_path("/inherited");
    fdtable_opened(100, file, TARGET_FILE);
    pid_t child = fork();
    if (child == 0) {
        process_fork_child();
        EXPECT_EQ(segment_form, SEGMENT_PRIVATE);
        EXPECT_TRUE(segment_promotion_due);
        EXPECT_EQ(segment->pid, (uint32_t)getpid());
        EXPECT_EQ(segment->forked, 1u);
        EXPECT_EQ(row(HOOK_read, 1).calls, 0u);
        EXPECT_TRUE(sums().empty());
        EXPECT_EQ(counter(COUNTER_samples_taken), 0u);
        EXPECT_EQ(fdtable_target(100), file);
        EXPECT_EQ(target_text(file), "/inherited");
        EXPECT_EQ(fdtable_path("/inherited"), file) << "found, not made again";
        count(HOOK_read, file);
        EXPECT_EQ(row(HOOK_read, file).calls, 1u);
        _exit(testing::Test::HasFailure());
    }
    wait_for(child);
}

RUNTIME_TEST(SegmentFork, RunningTwiceInAChildIsRunningOnce)
{
    Runtime runtime;
    pid_t child = fork();
    if (child == 0) {
        process_fork_child();
        count(HOOK_read, 1);
        process_fork_child(); // the atfork handler and the hook
        count(HOOK_read, 1);
        EXPECT_EQ(row(HOOK_read, 1).calls, 2u);
        _exit(testing::Test::HasFailure());
    }
    wait_for(child);
}

RUNTIME_TEST(SegmentFork, PromotionKeepsWhatWasCountedAndEveryPointer)
{
    Runtime runtime;
    std::string directory = runtime.directory();
    pid_t child = fork();
    if (child == 0) {
        process_fork_child();
        for (uint32_t i = 1; i <= 200; i++)
            count(HOOK_connect, i);
        sampler_record(SAMPLE_BLOCKED, HOOK_read, 1, 10, 0, nullptr);
        const segment_header *before = segment;
        segment_promote();
        EXPECT_EQ(segment_form, SEGMENT_SHARED);
        EXPECT_FALSE(segment_promotion_due);
        EXPECT_EQ(segment, before);
        EXPECT_EQ(counter(COUNTER_segment_promoted), 1u);
        for (uint32_t i = 1; i <= 200; i++) {
            count(HOOK_connect, i);
            EXPECT_EQ(row(HOOK_connect, i).calls, 2u);
        }
        EXPECT_EQ(sums().size(), 1u);
        std::string file = directory + "/" + std::to_string(getpid()) + "-" +
                           std::to_string(segment->start_boottime_ns / 1000) + SEGMENT_SUFFIX;
        std::string bytes = contents(file);
        EXPECT_EQ(bytes.size(), segment->segment_bytes);
        EXPECT_EQ(memcmp(bytes.data(), segment, bytes.size()), 0) << "memory and file are one";
        _exit(testing::Test::HasFailure());
    }
    wait_for(child);
}

RUNTIME_TEST(SegmentFork, AChildThatCannotHaveAFileCountsOnPrivately)
{
    Runtime runtime;
    pid_t child = fork();
    if (child == 0) {
        process_fork_child();
        config.dir = "/nowhere/at/all";
        count(HOOK_read, 1);
        segment_promote();
        EXPECT_EQ(segment_form, SEGMENT_PRIVATE);
        count(HOOK_read, 1);
        EXPECT_EQ(row(HOOK_read, 1).calls, 2u);
        _exit(testing::Test::HasFailure());
    }
    wait_for(child);
}

RUNTIME_TEST(SegmentFork, GrandchildrenAreApartFromBoth)
{
    Runtime runtime;
    count(HOOK_read, 1);
    pid_t child = fork();
    if (child == 0) {
        process_fork_child();
        count(HOOK_read, 1);
        segment_promote();
        pid_t grandchild = fork();
        if (grandchild == 0) {
            process_fork_child();
            EXPECT_EQ(row(HOOK_read, 1).calls, 0u);
            write_everywhere();
            _exit(testing::Test::HasFailure());
        }
        wait_for(grandchild);
        EXPECT_EQ(row(HOOK_read, 1).calls, 1u);
        EXPECT_EQ(segment->state, (uint32_t)SEGMENT_RUNNING);
        _exit(testing::Test::HasFailure());
    }
    wait_for(child);
    EXPECT_EQ(row(HOOK_read, 1).calls, 1u);
}

RUNTIME_TEST(SegmentFork, AGrandchildOfAChildWithoutAFileStillGetsOne)
{
    Runtime runtime;
    pid_t child = fork();
    if (child == 0) {
        process_fork_child();
        pid_t grandchild = fork();
        if (grandchild == 0) {
            process_fork_child();
            EXPECT_TRUE(segment_promotion_due);
            count(HOOK_read, 1);
            process_before_thread(); // promotes
            EXPECT_EQ(segment_form, SEGMENT_SHARED);
            EXPECT_EQ(row(HOOK_read, 1).calls, 1u);
            _exit(testing::Test::HasFailure());
        }
        wait_for(grandchild);
        _exit(testing::Test::HasFailure());
    }
    wait_for(child);
}

RUNTIME_TEST(SegmentFork, AChildOfTheFallbackCountsForItself)
{
    Runtime runtime(Environment{{"STRONG_DIR", "/nowhere/at/all"}, {"STRONG_LOG", "0"}});
    ASSERT_EQ(segment_form, SEGMENT_PRIVATE);
    count(HOOK_read, 1);
    pid_t child = fork();
    if (child == 0) {
        process_fork_child();
        EXPECT_FALSE(segment_promotion_due);
        EXPECT_EQ(row(HOOK_read, 1).calls, 0u);
        count(HOOK_read, 1);
        EXPECT_EQ(row(HOOK_read, 1).calls, 1u);
        _exit(testing::Test::HasFailure());
    }
    wait_for(child);
    EXPECT_EQ(row(HOOK_read, 1).calls, 1u);
}
