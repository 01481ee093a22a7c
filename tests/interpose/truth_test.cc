// What is counted and summed is true: against strace, against clocks in the program, against the
// program's own sum of what it asked for.
#include "interpose_support.h"

#include <cmath>
#include <cstring>
#include <gtest/gtest.h>
#include <set>
#include <sstream>
#include <unistd.h>

using namespace interpose_test;

namespace
{
// Calls by system call, as strace -c prints them.
std::map<std::string, uint64_t> traced(const std::string &table)
{
    std::map<std::string, uint64_t> result;
    std::istringstream lines(table);
    for (std::string line; std::getline(lines, line);) {
        std::istringstream fields(line);
        double share, seconds;
        uint64_t each, calls, errors;
        std::string name, rest;
        if (!(fields >> share >> seconds >> each >> calls >> rest))
            continue;
        if (isdigit(rest[0])) {
            errors = strtoull(rest.c_str(), nullptr, 10);
            (void)errors;
            fields >> name;
        } else {
            name = rest;
        }
        result[name] = calls;
    }
    return result;
}

struct Pair {
    const char *system_call;
    std::vector<unsigned> hooks; // whose calls make that system call once each
};

const Pair pairs[] = {
    {"write", {HOOK_write}},
    {"writev", {HOOK_writev}},
    {"readv", {HOOK_readv}},
    {"sendmsg", {HOOK_sendmsg}},
    {"recvmsg", {HOOK_recvmsg}},
    {"sendto", {HOOK_sendto}},
    {"recvfrom", {HOOK_recvfrom}},
    {"dup", {HOOK_dup}},
    {"dup3", {HOOK_dup3}},
    {"pwrite64", {HOOK_pwrite}},
    {"fcntl", {HOOK_fcntl, HOOK_fcntl64}},
    {"poll", {HOOK_poll}},
    {"epoll_create1", {HOOK_epoll_create1}},
    {"epoll_ctl", {HOOK_epoll_ctl}},
    {"epoll_wait", {HOOK_epoll_wait}},
    {"socket", {HOOK_socket}},
    {"socketpair", {HOOK_socketpair}},
    {"setsockopt", {HOOK_setsockopt}},
    {"bind", {HOOK_bind}},
    {"listen", {HOOK_listen}},
    {"connect", {HOOK_connect}},
    {"shutdown", {HOOK_shutdown}},
    {"ftruncate", {HOOK_ftruncate}},
    {"fsync", {HOOK_fsync}},
    {"fdatasync", {HOOK_fdatasync}},
    {"clock_nanosleep", {HOOK_clock_nanosleep}},
    {"pipe2", {HOOK_pipe2}},
    {"wait4", {HOOK_waitpid}},
};

// The loader and libc make these at start as well: what a program without work makes is taken off.
const Pair with_start[] = {
    {"read", {HOOK_read}},
    {"pread64", {HOOK_pread}},
    {"openat", {HOOK_openat, HOOK_open}},
    {"close", {HOOK_close}},
};

std::map<std::string, uint64_t> strace(const std::string &program)
{
    Directory directory;
    std::string table = directory.path + "/table";
    Command command;
    command.arguments = {"/usr/bin/strace", "-c", "-f", "-o", table, program};
    command.preloaded = false;
    Outcome outcome = run(command, "");
    EXPECT_EQ(outcome.status, 0) << outcome.describe();
    std::string text;
    if (FILE *file = fopen(table.c_str(), "r")) {
        char line[512];
        while (fgets(line, sizeof line, file))
            text += line;
        fclose(file);
    }
    return traced(text);
}
} // namespace

TEST(Truth, CallCountsAreStraces)
{
    Command can;
    can.arguments = {"/usr/bin/strace", "-o", "/dev/null", "/bin/true"};
    can.preloaded = false;
    if (run(can, "").status != 0)
        GTEST_SKIP() << "strace is not there or may not trace here";
    std::map<std::string, uint64_t> calls = strace(STRONG_PROGRAMS_DIR "/truth_calls");
    Directory directory;
    Outcome outcome = run_preloaded(directory, {"truth_calls"});
    ASSERT_EQ(outcome.status, 0);
    std::vector<uint64_t> counted(HOOK_COUNT);
    for (const std::string &path : directory.segments()) { // the program and its children
        std::vector<uint64_t> of_one = Segment(path).all_calls();
        for (unsigned hook = 0; hook < HOOK_COUNT; hook++)
            counted[hook] += of_one[hook];
    }
    for (const Pair &pair : pairs) {
        uint64_t sum = 0;
        for (unsigned hook : pair.hooks)
            sum += counted[hook];
        EXPECT_EQ(sum, calls[pair.system_call]) << pair.system_call;
        EXPECT_GT(sum, 0u) << pair.system_call;
    }
    // The loader's own: the same libraries, no work.
    std::map<std::string, uint64_t> start = strace(STRONG_PROGRAMS_DIR "/truth_idle");
    for (const Pair &pair : with_start) {
        uint64_t sum = 0;
        for (unsigned hook : pair.hooks)
            sum += counted[hook];
        EXPECT_EQ(sum, calls[pair.system_call] - start[pair.system_call]) << pair.system_call;
        EXPECT_GT(sum, 0u) << pair.system_call;
    }
    EXPECT_EQ(counted[HOOK_fork], 7u);
    EXPECT_EQ(counted[HOOK_pthread_create], 3u);
    EXPECT_EQ(counted[HOOK_thread_life], 3u);
}

// RUN_SERIAL by its name: other tests' load between the two clock readings is not libstrong's error.
TEST(TimingTruth, LatencySumsAreWithinOnePercent)
{
    std::map<std::string, double> best; // of three runs: a preemption between the clocks spoils one
    for (int run = 0; run < 3; run++) {
        Directory directory;
        Outcome outcome = run_preloaded(directory, {"truth_delays"});
        ASSERT_EQ(outcome.status, 0) << outcome.describe();
        Segment segment(directory.segments().at(0));
        std::istringstream lines(outcome.out);
        std::string name;
        uint64_t ns;
        while (lines >> name >> ns)
            for (unsigned hook = 1; hook < HOOK_COUNT; hook++)
                if (name == hook_names[hook]) {
                    double error = std::fabs(segment.ns(hook) / (double)ns - 1);
                    if (!best.count(name) || error < best[name])
                        best[name] = error;
                }
    }
    EXPECT_EQ(best.size(), 9u);
    for (const auto &[name, error] : best)
        EXPECT_LE(error, 0.01) << name;
}

TEST(Truth, SampledHeapBytesAreWithinThreeStandardErrorsIn95Of100)
{
    const int runs = long_form() ? 100 : 20, least = long_form() ? 95 : 18;
    int good_asked = 0, good_held = 0;
    for (int seed = 1; seed <= runs; seed++) {
        Directory directory;
        Outcome outcome = run_preloaded(directory, {"truth_heap", std::to_string(seed)},
                                        {{"STRONG_ALLOC_PERIOD", "64KiB"}, {"STRONG_CPU_HZ", "0"}});
        uint64_t asked = 0, held = 0;
        ASSERT_EQ(sscanf(outcome.out.c_str(), "asked %lu held %lu", &asked, &held), 2) << outcome.describe();
        Segment segment(directory.segments().at(0));
        double allocated = 0, freed = 0, allocated_squares = 0, freed_squares = 0;
        for (const sample_sum &sum : segment.sums(SAMPLE_ALLOCATED))
            allocated += (double)sum.weight, allocated_squares += sum.weight_squares;
        for (const sample_sum &sum : segment.sums(SAMPLE_FREED))
            freed += (double)sum.weight, freed_squares += sum.weight_squares;
        EXPECT_EQ(segment.counter(COUNTER_samples_dropped), 0u);
        good_asked += std::fabs(allocated - (double)asked) <= 3 * std::sqrt(allocated_squares);
        // What is freed was sampled when it was made: the errors of the two subtract.
        good_held += std::fabs(allocated - freed - (double)held) <= 3 * std::sqrt(allocated_squares - freed_squares);
        EXPECT_GE(segment.bytes(HOOK_malloc), asked);
        EXPECT_LE(segment.bytes(HOOK_malloc), asked + 100000) << "counted bytes are exact, but for libc's own";
    }
    EXPECT_GE(good_asked, least);
    EXPECT_GE(good_held, least);
}
