/* CPU sampling in real processes: the truth of its shares, and that nobody notices the signal. */
#include "process_support.h"

#include <gtest/gtest.h>
#include <csignal>
#include <sstream>
#include <sys/wait.h>
#include <unistd.h>

static const Environment fast = {{"STRONG_CPU_HZ", "1000"}};

/* ---- truth ---- */

struct Function {
    std::string name;
    uint64_t low, high, ns, sampled;
};

static std::vector<Function> functions_of(const std::string &text)
{
    std::vector<Function> functions;
    std::istringstream lines(text);
    Function one = {};
    while (lines >> one.name >> std::hex >> one.low >> one.high >> std::dec >> one.ns)
        functions.push_back(one);
    return functions;
}

class CpuSplit : public testing::TestWithParam<const char *> {};

TEST_P(CpuSplit, SharesAreWithinTwoPointsOfTheMeasuredOnes)
{
    SegmentDirectory directory;
    Outcome outcome = run_preloaded(directory, {"monitor_split", "6"}, {{"STRONG_CPU_HZ", GetParam()}});
    ASSERT_EQ(outcome.status, 0) << outcome.err;
    std::vector<Function> functions = functions_of(outcome.out);
    ASSERT_EQ(functions.size(), 3u) << outcome.out;
    ASSERT_EQ(directory.files().size(), 1u);
    SegmentCopy segment(directory.files()[0]);
    double whole = 0, sampled = 0, other = 0;
    for (const sample_sum &sum : segment.sums(SAMPLE_CPU)) {
        uint64_t pc = segment.leaf(sum);
        bool found = false;
        for (Function &function : functions) {
            if (pc >= function.low && pc < function.high) {
                function.sampled += sum.weight;
                found = true;
            }
        }
        (found ? sampled : other) += (double)sum.weight;
    }
    for (const Function &function : functions)
        whole += (double)function.ns;
    for (const Function &function : functions)
        EXPECT_NEAR(100.0 * (double)function.sampled / sampled, 100.0 * (double)function.ns / whole, 2.0) << function.name;
    /* Nothing but the three functions uses time worth speaking of, and no period is lost. */
    EXPECT_LT(other, 0.02 * whole);
    EXPECT_NEAR((sampled + other) / whole, 1.0, 0.03);
    /* The sum by class says the same: outside any call. */
    double outside = 0;
    for (const thread_block &block : segment.blocks())
        outside += (double)block.class_cpu_ns[CLASS_COUNT];
    EXPECT_NEAR(outside / whole, 1.0, 0.03);
}

/* 1000: above what the kernel's tick can deliver, the rest comes as overruns. */
INSTANTIATE_TEST_SUITE_P(TimingHz, CpuSplit, testing::Values("99", "250", "1000"));

TEST(CpuSampling, NoneAreTakenWhenSwitchedOff)
{
    SegmentDirectory directory;
    Outcome outcome = run_preloaded(directory, {"monitor_life", "compute", "300"}, {{"STRONG_CPU_HZ", "0"}});
    ASSERT_EQ(outcome.status, 0);
    SegmentCopy segment(directory.files().at(0));
    EXPECT_TRUE(segment.sums(SAMPLE_CPU).empty());
    EXPECT_EQ(segment.counter(COUNTER_cpu_signals), 0u);
}

TEST(CpuSampling, OverrunsKeepTheSumOfAFastTimerRight)
{
    SegmentDirectory directory;
    run_preloaded(directory, {"monitor_life", "compute", "1000"}, {{"STRONG_CPU_HZ", "10000"}});
    SegmentCopy segment(directory.files().at(0));
    uint64_t periods = segment.counter(COUNTER_cpu_signals) + segment.counter(COUNTER_cpu_overruns);
    resource_record last = segment.resources().back();
    EXPECT_NEAR((double)periods * 100000, (double)(last.cpu_user_ns + last.cpu_system_ns),
                0.05 * (double)(last.cpu_user_ns + last.cpu_system_ns) + 8e6);
}

/* ---- invisibility ---- */

class SignalViews : public testing::TestWithParam<const char *> {};

TEST_P(SignalViews, AreTheSameBareAndPreloaded)
{
    SegmentDirectory directory;
    Outcome bare = run_bare({"monitor_views", GetParam()});
    Outcome preloaded = run_preloaded(directory, {"monitor_views", GetParam()}, fast);
    EXPECT_EQ(preloaded.status, bare.status);
    EXPECT_EQ(preloaded.out, bare.out);
    EXPECT_EQ(preloaded.err, bare.err);
    uint64_t signals = 0;
    for (const std::string &file : directory.files())
        signals += SegmentCopy(file).counter(COUNTER_cpu_signals);
    EXPECT_GT(signals, 3u) << "nothing was hidden, because nothing was sampled";
}

INSTANTIATE_TEST_SUITE_P(Modes, SignalViews, testing::Values("look", "killed", "ignored", "blocked", "inherit"));

TEST(CpuSampling, StepsAsideWhenTheProgramUsesItsSignal)
{
    SegmentDirectory directory;
    Outcome bare = run_bare({"monitor_taken"});
    Outcome preloaded = run_preloaded(directory, {"monitor_taken"}, fast);
    EXPECT_EQ(preloaded.out, bare.out);
    EXPECT_EQ(preloaded.status, bare.status);
    SegmentCopy segment(directory.files().at(0));
    EXPECT_EQ(segment.counter(COUNTER_cpu_signal_taken), 1u);
    EXPECT_GT(segment.counter(COUNTER_cpu_signals), 0u);
    ASSERT_EQ(segment.notes().size(), 1u);
    EXPECT_NE(segment.notes()[0].find("CPU sampling stopped"), std::string::npos);
}

static void expect_undisturbed(const std::string &text)
{
    std::istringstream lines(text);
    std::string line;
    unsigned kinds = 0;
    while (std::getline(lines, line)) {
        kinds++;
        EXPECT_NE(line.find(" interrupted 0 early 0 failed 0"), std::string::npos) << line;
    }
    EXPECT_EQ(kinds, 13u);
}

TEST(CpuSampling, NoWaitEndsWithEintrOrTooEarly)
{
    SegmentDirectory directory;
    Outcome preloaded = run_preloaded(directory, {"monitor_waits", "4"}, fast);
    EXPECT_EQ(preloaded.status, 0);
    expect_undisturbed(preloaded.out);
    EXPECT_GT(SegmentCopy(directory.files().at(0)).counter(COUNTER_cpu_signals), 20u);
}

/* The same with ticks sent into the middle of the waits: there the hooks have work to do. */
TEST(CpuSampling, ATickInTheMiddleOfAWaitIsNotNoticed)
{
    SegmentDirectory directory;
    Outcome preloaded = run_preloaded(directory, {"monitor_waits", "4", "forge"}, fast);
    EXPECT_EQ(preloaded.status, 0);
    expect_undisturbed(preloaded.out);
    unsigned long forged = 0;
    ASSERT_EQ(sscanf(preloaded.err.c_str(), "forged %lu", &forged), 1) << preloaded.err;
    EXPECT_GT(forged, 500u);
    EXPECT_GT(SegmentCopy(directory.files().at(0)).counter(COUNTER_eintr_hidden), 100u);
}

/* ---- life of timers ---- */

TEST(CpuSampling, TenThousandThreadsLeaveNoTimerBehind)
{
    SegmentDirectory directory;
    Outcome outcome = run_preloaded(directory, {"monitor_life", "threads", "10000"}, fast);
    ASSERT_EQ(outcome.status, 0);
    EXPECT_EQ(outcome.out, "timers 1\n"); /* the main thread's */
    SegmentCopy segment(directory.files().at(0));
    EXPECT_EQ(segment.counter(COUNTER_cpu_timers_failed), 0u);
    EXPECT_EQ(segment.header().threads_started, 10001u);
    EXPECT_LE(segment.blocks().size(), 32u);
}

TEST(CpuSampling, ATickThatIsPendingAtExecDoesNotEndTheNextProgram)
{
    SegmentDirectory directory;
    for (int i = 0; i < 5; i++) {
        Outcome outcome = run_preloaded(directory, {"monitor_life", "exec"}, fast);
        EXPECT_EQ(outcome.status, 0);
    }
}

TEST(CpuSampling, ForkedChildrenAreSampledAndUnharmed)
{
    SegmentDirectory directory;
    Outcome outcome = run_preloaded(directory, {"monitor_life", "forks", "20"}, fast);
    EXPECT_EQ(outcome.status, 0);
    EXPECT_EQ(outcome.out, "good 20 of 20\n");
}

TEST(CpuSampling, SmallestStacksAndSmallAlternateStacksSurvive)
{
    SegmentDirectory directory;
    Outcome outcome = run_preloaded(directory, {"monitor_life", "stack"}, fast);
    EXPECT_EQ(outcome.status, 0);
    EXPECT_EQ(outcome.out, "done\n");
    EXPECT_GT(SegmentCopy(directory.files().at(0)).counter(COUNTER_cpu_signals), 100u);
}

/* ---- seccomp ---- */

class Seccomp : public testing::TestWithParam<const char *> {};

TEST_P(Seccomp, AfterItNoSystemCallOfOursHappens)
{
    SegmentDirectory directory;
    Outcome bare = run_bare({"monitor_life", GetParam()});
    ASSERT_TRUE(WIFEXITED(bare.status) && (WEXITSTATUS(bare.status) == 5 || WEXITSTATUS(bare.status) == 6));
    Environment environment = fast;
    environment["STRONG_REPORT"] = "stderr";
    environment["STRONG_REPORT_INTERVAL"] = "200ms";
    Outcome preloaded = run_preloaded(directory, {"monitor_life", GetParam()}, environment);
    EXPECT_EQ(preloaded.status, bare.status);
    SegmentCopy segment(directory.files().at(0));
    EXPECT_EQ(segment.counter(COUNTER_seccomp_entered), 1u);
    EXPECT_GT(segment.counter(COUNTER_cpu_signals), 0u);
}

INSTANTIATE_TEST_SUITE_P(Modes, Seccomp, testing::Values("strict", "filter"));
