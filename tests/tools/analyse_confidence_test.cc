/* Confidence: from the number of calls, samples or readings, the window, what was lost and dropped. */
#include "tools/analyse_case.h"

extern "C" {
#include "analyse/confidence.h"
}

namespace
{

constexpr uint64_t kNone = CONFIDENCE_NOT_USED, kSecond = 1000000000;

struct Level {
    const char *name;
    confidence_basis basis;
    finding_confidence expected;
};

void PrintTo(const Level &one, std::ostream *out)
{
    *out << one.name;
}

class Confidence : public testing::TestWithParam<Level>
{
};

TEST_P(Confidence, FollowsFromWhatTheFindingRestsOn)
{
    EXPECT_EQ(confidence_of(&GetParam().basis), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Table, Confidence,
    testing::Values(
        Level{"ManyCalls", {200, kNone, kNone, kSecond, 0, 0, false, false}, CONFIDENCE_HIGH},
        Level{"OneCallLess", {199, kNone, kNone, kSecond, 0, 0, false, false}, CONFIDENCE_MEDIUM},
        Level{"AShortWindow", {5000, kNone, kNone, kSecond - 1, 0, 0, false, false}, CONFIDENCE_MEDIUM},
        Level{"LostCalls", {5000, kNone, kNone, kSecond, 0, 0, true, false}, CONFIDENCE_MEDIUM},
        Level{"FewCalls", {19, kNone, kNone, kSecond, 0, 0, false, false}, CONFIDENCE_LOW},
        Level{"ManySamples", {kNone, 100, kNone, 1, 100, 0, false, false}, CONFIDENCE_HIGH},
        Level{"SomeSamples", {kNone, 25, kNone, 1, 25, 0, false, false}, CONFIDENCE_MEDIUM},
        Level{"FewSamples", {kNone, 24, kNone, 1, 24, 0, false, false}, CONFIDENCE_LOW},
        Level{"AFewDroppedSamples", {kNone, 500, kNone, 1, 980, 20, false, false}, CONFIDENCE_MEDIUM},
        Level{"ManyDroppedSamples", {kNone, 500, kNone, 1, 900, 100, false, false}, CONFIDENCE_LOW},
        Level{"DroppedSamplesSayNothingOfCalls", {500, kNone, kNone, kSecond, 900, 100, false, false},
              CONFIDENCE_HIGH},
        Level{"Readings", {kNone, kNone, 30, 1, 0, 0, false, false}, CONFIDENCE_HIGH},
        Level{"SomeReadings", {kNone, kNone, 6, 1, 0, 0, false, false}, CONFIDENCE_MEDIUM},
        Level{"TheWeakestDecides", {5000, 10, 60, kSecond, 10, 0, false, false}, CONFIDENCE_LOW},
        Level{"AnAssumption", {5000, kNone, kNone, kSecond, 0, 0, false, true}, CONFIDENCE_MEDIUM}),
    [](const auto &info) { return std::string(info.param.name); });

TEST(ConfidenceOfAFinding, IsLowerWhereLibstrongLostCalls)
{
    for (uint64_t lost : {0, 1}) {
        AnalyseCase c(10);
        uint32_t db = c.segment.target(TARGET_FILE, "/var/lib/app.db");
        c.segment.thread(1, "main").calls(400, HOOK_fsync, db, c.ticks(10 * c.kMs));
        c.segment.counter(COUNTER_target_table_full) = lost;
        const finding *found = analysis_finding(&c.finish(), FINDING_fsync_bound);
        EXPECT_EQ(found->confidence, lost ? CONFIDENCE_MEDIUM : CONFIDENCE_HIGH);
    }
}

TEST(ConfidenceOfAFinding, IsLowerWhereLibstrongDroppedSamples)
{
    for (uint64_t dropped : {0, 500}) {
        AnalyseCase c(10);
        uint64_t hot = c.function("crunch");
        c.segment.thread(1, "main");
        c.cpu_sample(900, {hot});
        c.cpu(9 * c.kSecond);
        c.segment.counter(COUNTER_samples_taken) = 900;
        c.segment.counter(COUNTER_samples_dropped) = dropped;
        const finding *found = analysis_finding(&c.finish(), FINDING_cpu_bound);
        EXPECT_EQ(found->confidence, dropped ? CONFIDENCE_LOW : CONFIDENCE_HIGH);
    }
}

TEST(Finding, EveryRuleSaysWhatItIsAbout)
{
    for (unsigned id = 0; id < FINDING_COUNT; id++) {
        const auto *about = finding_about(static_cast<finding_id>(id));
        const char *name = finding_name(static_cast<finding_id>(id));
        EXPECT_EQ(finding_find(name), static_cast<finding_id>(id));
        for (const char *text : {about->looks_for, about->precondition, about->formula, about->fix, about->risk}) {
            std::string sentence = text;
            ASSERT_GT(sentence.size(), 5u) << name;
            EXPECT_TRUE(isupper(sentence[0])) << name << ": " << sentence;
            EXPECT_EQ(sentence.back(), '.') << name << ": " << sentence;
            EXPECT_EQ(sentence.find("  "), std::string::npos) << name << ": " << sentence;
        }
        EXPECT_EQ(std::string(about->precondition).rfind("Applies ", 0), 0u) << name;
        EXPECT_EQ(std::string(about->formula).rfind("Found ", 0), 0u) << name;
        bool time = std::string(about->formula).find("Bound: ") != std::string::npos;
        bool none = std::string(about->formula).find("No time is promised") != std::string::npos;
        EXPECT_TRUE(time || none) << name;
    }
    EXPECT_EQ(finding_find("reconecting"), FINDING_COUNT);
}

} // namespace
