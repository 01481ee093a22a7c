// Programs that use strong.h, preloaded and not: nothing of it shows, and what they measured is in the segment.
#include "interpose_support.h"

#include <cmath>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/wait.h>

using namespace interpose_test;

namespace
{
const char *const programs[] = {"api_c", "api_nopie", "api_c99", "api_cxx", "api_cxx_nopie", "api_disabled"};

std::map<std::string, uint64_t> operations(const Segment &segment)
{
    return segment.calls_by_target(HOOK_operation);
}

// The one segment that says how its process ended; the child of the victim has its own.
Segment parent_of(const Directory &directory)
{
    for (const Segment &segment : segments_of(directory))
        if (!segment.header().forked)
            return segment;
    throw std::runtime_error("no segment");
}

void expect_everything_counted(const Segment &segment)
{
    segment.check();
    auto calls = operations(segment);
    EXPECT_EQ(calls["early"], 30u);
    EXPECT_EQ(calls["nested"], 20u);
    EXPECT_EQ(calls["recursive"], 177u); // of fib(10)
    EXPECT_EQ(calls["loop"], 8u);
    EXPECT_EQ(calls["in threads"], 400u);
    EXPECT_EQ(calls["in a handler"], 10u);
    EXPECT_EQ(calls["over fork"], 1u);
    for (int i = 0; i < 5; i++)
        EXPECT_EQ(calls["name " + std::to_string(i)], 1u);
    auto counts = segment.calls_by_target(HOOK_count);
    EXPECT_EQ(counts["from threads"], 400u);
    EXPECT_EQ(counts["signals"], 10u);
    EXPECT_EQ(counts["name 3"], 1u);
    EXPECT_EQ(counts.count("in the child"), 0u);
    EXPECT_EQ(segment.bytes(HOOK_count), 100u * (0 + 1 + 2 + 3) + 10 + (10 + 11 + 12 + 13 + 14));
    EXPECT_EQ(segment.errors()[HOOK_operation] > 0, true);
    EXPECT_EQ(segment.counter(COUNTER_custom_names_full), 0u);
    EXPECT_EQ(segment.counter(COUNTER_custom_gauges_lost), 0u);
    auto gauges = segment.gauges();
    EXPECT_EQ(gauges["level"].last, 6);
    EXPECT_EQ(gauges["level"].count, 5u);
    EXPECT_EQ(gauge_value(~gauges["level"].lowest), 0);
    EXPECT_EQ(gauge_value(gauges["level"].highest), 6);
    EXPECT_EQ(gauges["of threads"].count, 400u);
    EXPECT_EQ(gauges["of threads"].sum, 4 * 99.0 * 100 / 2);
}
} // namespace

class ApiPrograms : public testing::TestWithParam<const char *> {
};

TEST_P(ApiPrograms, BehaveTheSameBarePreloadedAndDisabled)
{
    Outcome bare = run_bare({GetParam()});
    ASSERT_TRUE(WIFEXITED(bare.status)) << bare.describe();
    EXPECT_NE(bare.out.find("errno touched 0 times"), std::string::npos) << bare.out;
    EXPECT_NE(bare.out.find("child 7"), std::string::npos) << bare.out;
    for (const char *enabled : {"1", "0"}) {
        Directory segments;
        Outcome preloaded = run_preloaded(segments, {GetParam()}, {{"STRONG_ENABLED", enabled}});
        EXPECT_TRUE(bare == preloaded) << bare.describe() << preloaded.describe();
    }
}

TEST_P(ApiPrograms, LeaveTheirOperationsCountsAndGaugesInTheSegment)
{
    Directory segments;
    run_preloaded(segments, {GetParam()});
    Segment segment = parent_of(segments);
    if (std::string(GetParam()) == "api_disabled") {
        segment.check();
        EXPECT_EQ(segment.calls(HOOK_operation) + segment.calls(HOOK_count), 0u);
        EXPECT_TRUE(segment.gauges().empty());
        return;
    }
    expect_everything_counted(segment);
    if (std::string(GetParam()).compare(0, 7, "api_cxx") != 0)
        return;
    auto calls = operations(segment);
    EXPECT_EQ(calls["thrown"], 30u);
    EXPECT_EQ(calls["caught"], 30u);
    EXPECT_EQ(calls["as a variable"], 30u);
    EXPECT_EQ(calls["in a template"], 2u);
    EXPECT_EQ(calls["in a lambda"], 1u);
    EXPECT_EQ(segment.bytes(HOOK_operation), 30u * 10 + 5 * 1000);
}

TEST_P(ApiPrograms, KnowWhetherTheyAreMeasured)
{
    Directory segments;
    std::string no = "0\n", yes = std::string(GetParam()) == "api_disabled" ? "0\n" : "1\n";
    EXPECT_EQ(run_bare({GetParam(), "enabled"}).out, no);
    EXPECT_EQ(run_preloaded(segments, {GetParam(), "enabled"}).out, yes);
    EXPECT_EQ(run_preloaded(segments, {GetParam(), "enabled"}, {{"STRONG_ENABLED", "0"}}).out, no);
}

INSTANTIATE_TEST_SUITE_P(All, ApiPrograms, testing::ValuesIn(programs),
                         [](const auto &info) { return std::string(info.param); });

TEST(Api, AKilledProcessLeavesEverythingItMeasured)
{
    Directory segments;
    Outcome outcome = run_preloaded(segments, {"api_c", "kill"});
    EXPECT_TRUE(WIFSIGNALED(outcome.status) && WTERMSIG(outcome.status) == SIGKILL) << outcome.describe();
    expect_everything_counted(parent_of(segments));
}

TEST(Api, TheTimeOfOperationsIsWhatTheProgramItselfMeasures)
{
    Directory segments;
    Outcome outcome = run_preloaded(segments, {"api_c", "truth"});
    double inside = 0, outside = 0;
    ASSERT_EQ(sscanf(outcome.out.c_str(), "%lf %lf", &inside, &outside), 2) << outcome.describe();
    Segment segment = parent_of(segments);
    EXPECT_EQ(operations(segment)["truth"], 200u);
    // the ratio of the two clocks is known to about a thousandth after a few ms
    EXPECT_GE(segment.ns(HOOK_operation), inside * 0.995);
    EXPECT_LE(segment.ns(HOOK_operation), outside * 1.005);
}

TEST(Api, ALibraryThatComesAndGoesMeasuresUnderItsNames)
{
    Directory segments;
    std::string library = std::string(STRONG_PROGRAMS_DIR) + "/libapi_loaded.so";
    Outcome bare = run_bare({"api_c", "load", library});
    Outcome preloaded = run_preloaded(segments, {"api_c", "load", library});
    EXPECT_TRUE(bare == preloaded) << bare.describe() << preloaded.describe();
    EXPECT_NE(bare.out.find("361\n"), std::string::npos) << bare.out;
    Segment segment = parent_of(segments);
    EXPECT_EQ(operations(segment)["in a library"], 20u);
    EXPECT_EQ(segment.calls_by_target(HOOK_count)["loads"], 20u);
}

TEST(Api, OperationsTakeNothingFromTheAccountOfWhatIsInside)
{
    for (const char *mode : {"work", "unmeasured"}) {
        Directory segments;
        run_preloaded(segments, {"api_c", mode}, {{"STRONG_CPU_HZ", "199"}});
        Segment segment = parent_of(segments);
        EXPECT_EQ(segment.calls(HOOK_operation), std::string(mode) == "work" ? 10u : 0u);
        EXPECT_EQ(segment.calls(HOOK_usleep), 10u);
        uint64_t inside = 0, outside = 0;
        for (const thread_block &block : segment.all_blocks()) {
            EXPECT_EQ(block.class_ticks[CLASS_CUSTOM], 0u);
            EXPECT_EQ(block.class_ticks[CLASS_SLEEP], segment.ticks(HOOK_usleep)) << mode;
            for (int hook_class = 0; hook_class < CLASS_COUNT; hook_class++)
                inside += block.class_cpu_ns[hook_class];
            outside += block.class_cpu_ns[CLASS_COUNT];
        }
        EXPECT_GT(outside, 100000000u) << "0.4 s of its own code were on the CPU";
        EXPECT_LT(inside, outside / 10) << mode;
        EXPECT_TRUE(segment.ticks(HOOK_operation) >= segment.ticks(HOOK_usleep) || mode[0] != 'w');
    }
}

TEST(Api, PromtoolFindsNoFaultWithTheMetrics)
{
    Directory segments;
    Outcome outcome = run_preloaded(segments, {"api_cxx", "metrics"});
    ASSERT_NE(outcome.err.find("strong_operation_seconds_count{operation=\"early\"} 30\n"), std::string::npos)
        << outcome.err;
    Directory place;
    std::string file = place.path + "/metrics";
    std::ofstream(file) << outcome.err;
    std::string command = "promtool check metrics < " + file + " 2>&1";
    FILE *checker = popen(command.c_str(), "r");
    ASSERT_NE(checker, nullptr);
    std::string said(10000, '\0');
    said.resize(fread(&said[0], 1, said.size(), checker));
    EXPECT_EQ(pclose(checker), 0) << said;
    EXPECT_EQ(said, "");
}
