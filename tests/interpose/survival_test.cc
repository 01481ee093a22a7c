// Programs that do to a preloaded library all that has ever broken one. Bare and preloaded, with
// everything sampled, they say the same; and what they left is readable.
#include "interpose_support.h"

#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <random>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace interpose_test;

namespace
{
const Environment fast = {{"STRONG_SAMPLE_RATE", "1"},
                          {"STRONG_SLOW", "0"},
                          {"STRONG_CPU_HZ", "500"},
                          {"STRONG_ALLOC_PERIOD", "1KiB"},
                          {"STRONG_BLOCK_PERIOD", "1us"},
                          {"STRONG_KEEP", "100000"}};

void expect_readable(const Directory &directory)
{
    for (const std::string &path : directory.segments())
        EXPECT_NO_THROW(Segment(path).check()) << path;
}

struct Case {
    const char *name;
    std::vector<std::string> arguments;
    unsigned segments; // at least
};

void PrintTo(const Case &one, std::ostream *out)
{
    *out << one.name;
}
} // namespace

class Survival : public testing::TestWithParam<Case> {};

TEST_P(Survival, IsTheSameBareAndPreloaded)
{
    std::vector<std::string> arguments = GetParam().arguments;
    if (std::string(GetParam().name) == "loader_churn")
        arguments.push_back(long_form() ? "60" : "3");
    Outcome bare = run_bare(arguments, 120);
    ASSERT_FALSE(bare.timed_out) << bare.describe();
    Directory directory;
    Outcome preloaded = run_preloaded(directory, arguments, fast, 120);
    EXPECT_TRUE(preloaded == bare) << "bare: " << bare.describe() << "\npreloaded: " << preloaded.describe();
    EXPECT_GE(directory.segments().size(), GetParam().segments);
    expect_readable(directory);
}

INSTANTIATE_TEST_SUITE_P(
    Programs, Survival,
    testing::Values(Case{"start", {"survive_start"}, 1}, Case{"threads_short", {"survive_threads", "short", "2000"}, 1},
                    Case{"threads_small_stacks", {"survive_threads", "small"}, 1},
                    Case{"threads_cancelled", {"survive_threads", "cancel"}, 1},
                    Case{"threads_ended_in_handlers", {"survive_threads", "exit"}, 1},
                    Case{"signals_storm", {"survive_signals", "storm"}, 1},
                    Case{"signals_without_restart", {"survive_signals", "eintr"}, 1},
                    Case{"signals_jump_out_of_read", {"survive_signals", "jumps"}, 1},
                    Case{"signals_alternate_stack", {"survive_signals", "alternate"}, 1},
                    Case{"coroutines", {"survive_signals", "coroutines"}, 1},
                    Case{"fork_storm", {"survive_process", "storm"}, 2},
                    Case{"fork_storm_of_a_threaded_process", {"survive_process", "storm_threads"}, 2},
                    Case{"daemonize", {"survive_process", "daemon"}, 2},
                    Case{"everything_closed", {"survive_process", "close"}, 1},
                    Case{"spawn_and_vfork", {"survive_process", "spawn"}, 2},
                    Case{"exec_chain", {"survive_process", "chain", "20"}, 21},
                    Case{"environment_cleared", {"survive_process", "clear"}, 1},
                    Case{"loader_churn", {"survive_loader", "churn"}, 1},
                    Case{"loader_deepbind", {"survive_loader", "deepbind"}, 1}, Case{"cxx", {"survive_cxx"}, 1},
                    Case{"seccomp_strict", {"survive_seccomp", "strict"}, 1},
                    Case{"seccomp_narrow_by_prctl", {"survive_seccomp", "prctl"}, 1},
                    Case{"seccomp_narrow_by_system_call", {"survive_seccomp", "syscall"}, 1},
                    Case{"seccomp_with_threads", {"survive_seccomp", "threads"}, 1},
                    Case{"seccomp_and_exit_handlers", {"survive_seccomp", "exit"}, 1},
                    Case{"seccomp_like_sshd", {"survive_seccomp", "sshd"}, 1},
                    Case{"bad_pointers", {"survive_kernel", "pointers"}, 1},
                    Case{"passed_descriptors", {"survive_kernel", "passed"}, 1},
                    Case{"user_namespace", {"survive_kernel", "namespaces"}, 1},
                    Case{"pid_namespace", {"survive_kernel", "pid_namespace"}, 1},
                    Case{"another_root", {"survive_identity", "root"}, 1},
                    Case{"another_user_in_all_threads", {"survive_identity", "user"}, 1},
                    Case{"another_user_and_back", {"survive_identity", "back"}, 1},
                    Case{"stopped_and_continued", {"survive_identity", "stopped"}, 1},
                    Case{"ten_thousand_targets", {"survive_kernel", "targets", "10000"}, 1}),
    [](const auto &one) { return std::string(one.param.name); });

TEST(SurvivalStart, NoErrnoNoDescriptorNoThread)
{
    Directory directory;
    Outcome preloaded = run_preloaded(directory, {"survive_start"});
    EXPECT_EQ(preloaded.out.find("errno 0 first 3 second 4\n"), 0u) << preloaded.describe();
    EXPECT_NE(preloaded.out.find("threads 3\n"), std::string::npos) << "two of them are . and ..";
    EXPECT_EQ(preloaded.err, "");
}

TEST(SurvivalLoader, SamplesWereTakenWhileLibrariesCameAndWent)
{
    Directory directory;
    Outcome outcome = run_preloaded(directory, {"survive_loader", "churn", "1"}, fast, 60);
    EXPECT_EQ(outcome.out, "loads many wrong 0\n") << outcome.describe();
    Segment segment(directory.segments().at(0));
    EXPECT_GT(segment.sums(SAMPLE_ALLOCATED).size(), 10u);
    EXPECT_GT(segment.counter(COUNTER_cpu_signals), 10u);
    EXPECT_GT(segment.header().module_generation, 10u) << "unloads were noticed";
}

TEST(SurvivalLoader, DeepbindIsStrippedAndCounted)
{
    Directory directory;
    run_preloaded(directory, {"survive_loader", "deepbind"}, fast);
    Segment segment(directory.segments().at(0));
    EXPECT_EQ(segment.counter(COUNTER_deepbind_stripped), 1u);
    EXPECT_GT(segment.calls(HOOK_malloc), 20000u) << "the library's own calls are seen";
}

// ---- threads in numbers ----

TEST(SurvivalThreads, TenThousandShortOnesTakeTheMemoryOfTheMostAtOnce)
{
    Directory directory;
    Outcome outcome = run_preloaded(directory, {"survive_threads", "short", "10000"}, {}, 120);
    EXPECT_EQ(outcome.out, "10000 short lives\n");
    Segment segment(directory.segments().at(0));
    EXPECT_EQ(segment.header().threads_started, 10001u);
    EXPECT_EQ(segment.calls(HOOK_thread_life), 10000u) << "pseudo row";
    // At most eight live at once; one that is joined may not have given its block back yet.
    EXPECT_LE(segment.blocks(), 24u);
    EXPECT_EQ(segment.counter(COUNTER_thread_blocks_full), 0u);
    EXPECT_EQ(segment.calls(HOOK_write), 10000u);
    EXPECT_EQ(segment.calls(HOOK_open) + segment.calls(HOOK_open64), 10000u);
    EXPECT_GE(segment.calls(HOOK_malloc), 10000u);
}

TEST(SurvivalThreads, FiveThousandAtOnceAreAllCounted)
{
    Directory directory;
    Outcome outcome = run_preloaded(directory, {"survive_threads", "many", "5000"}, {}, 120);
    EXPECT_EQ(outcome.out, "at once: done\n") << outcome.describe();
    Segment segment(directory.segments().at(0));
    segment.check();
    uint64_t threads = segment.header().threads_started + segment.counter(COUNTER_thread_blocks_full);
    if (outcome.err == "all\n") {
        EXPECT_EQ(threads, 5001u);
    }
    EXPECT_GT(segment.blocks(), 100u);
}

// ---- targets ----

TEST(SurvivalTargets, WhatTheTablesCannotHoldIsInTheOtherRow)
{
    Directory directory;
    run_preloaded(directory, {"survive_kernel", "targets", "10000"});
    Segment segment(directory.segments().at(0));
    std::map<std::string, uint64_t> opens = segment.calls_by_target(HOOK_open);
    uint64_t total = 0;
    for (const auto &[target, calls] : opens)
        total += calls;
    EXPECT_EQ(total, 10000u);
    EXPECT_EQ(segment.calls(HOOK_open), 10000u);
    EXPECT_GT(opens["(other)"], 5000u);
    EXPECT_EQ(segment.errors()[HOOK_open], 10000u);
    EXPECT_EQ(segment.calls_by_target(HOOK_connect).count("tcp://127.0.0.1:1"), 1u) << "the peer has its row";
    EXPECT_GT(segment.counter(COUNTER_target_table_full) + segment.counter(COUNTER_cell_table_full), 0u);
}

// ---- kill -9 ----

TEST(SurvivalKill, AtAnyPointTheSegmentReadsAndTheCountsAreThoseOfTheProgram)
{
    constexpr unsigned threads = 8;
    std::mt19937 random(20241122);
    const int rounds = long_form() ? 200 : 40;
    int worked = 0;
    for (int round = 0; round < rounds; round++) {
        Directory directory, scratch;
        std::string log = scratch.path + "/log";
        int fd = open(log.c_str(), O_CREAT | O_RDWR, 0600);
        ASSERT_EQ(ftruncate(fd, threads * 64), 0);
        Command command;
        command.arguments = {"survive_busy", log, std::to_string(threads)};
        command.environment = round % 2 ? fast : Environment();
        int null = open("/dev/null", O_WRONLY);
        pid_t child = start(command, directory.path, null);
        close(null);
        auto *lines = (volatile uint64_t *)mmap(nullptr, threads * 64, PROT_READ, MAP_SHARED, fd, 0);
        close(fd);
        usleep(random() % 150000); // before the start of the program, too
        kill(child, SIGKILL);
        int status = 0;
        waitpid(child, &status, 0);
        ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << status;
        uint64_t logged = 0;
        for (unsigned i = 0; i < threads; i++)
            logged += lines[i * 8];
        munmap((void *)lines, threads * 64);
        std::vector<std::string> files = directory.segments();
        if (files.empty()) {
            EXPECT_EQ(logged, 0u);
            continue;
        }
        ASSERT_EQ(files.size(), 1u);
        try {
            Segment segment(files[0]);
            segment.check();
            double difference = (double)segment.calls(HOOK_write) - (double)logged;
            EXPECT_LE(std::fabs(difference), threads) << "round " << round << ", logged " << logged;
            EXPECT_EQ(segment.header().state, (uint32_t)SEGMENT_RUNNING);
            worked += logged > 0;
        } catch (const std::runtime_error &error) {
            // Killed while it was being made: no magic yet, nothing logged.
            EXPECT_EQ(logged, 0u) << error.what();
        }
    }
    EXPECT_GT(worked, rounds / 2);
}

TEST(SurvivalKill, StrongReportReadsWhatIsLeft)
{
    Directory directory, scratch;
    std::string log = scratch.path + "/log";
    int fd = open(log.c_str(), O_CREAT | O_RDWR, 0600);
    ASSERT_EQ(ftruncate(fd, 8 * 64), 0);
    close(fd);
    Command command;
    command.arguments = {"survive_busy", log, "8"};
    int null = open("/dev/null", O_WRONLY);
    pid_t child = start(command, directory.path, null);
    close(null);
    usleep(300000);
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    ASSERT_EQ(directory.segments().size(), 1u);
    Command report;
    report.arguments = {STRONG_REPORT_BIN, "report", "--json", directory.segments()[0]};
    report.preloaded = false;
    Outcome outcome = run(report, "");
    EXPECT_EQ(outcome.status, 0) << outcome.describe();
    EXPECT_NE(outcome.out.find("\"schema\""), std::string::npos);
}
