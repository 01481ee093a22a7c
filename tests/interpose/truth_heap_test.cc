// The heap profile is true: what programs allocate, hold, held at their peak and leave unfreed, as a whole and by site,
// against their own exact count.
#include "interpose_support.h"

#include <cmath>
#include <gtest/gtest.h>
#include <sstream>

using namespace interpose_test;

namespace
{
struct Exact {
    std::string name;
    uint64_t start = 0, end = 0;
    double asked = 0, live = 0, peak = 0;
};

struct Estimate {
    double value = 0, variance = 0;
    void add(double amount, double square) { value += amount, variance += square; }
    bool agrees(double exact) const { return std::fabs(value - exact) <= 3 * std::sqrt(variance); }
};

struct Life {
    std::vector<Exact> sites; // "all" among them
    double remote = 0;
};

Life parse(const std::string &text)
{
    Life life;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        std::istringstream fields(line);
        Exact site;
        std::string word;
        if (line.compare(0, 7, "remote ") == 0) {
            life.remote = std::stod(line.substr(7));
        } else if (fields >> site.name >> std::hex >> site.start >> site.end >> std::dec >> word >> site.asked >>
                   word >> site.live >> word >> site.peak) {
            life.sites.push_back(site);
        }
    }
    return life;
}

bool inside(const Segment &segment, uint32_t stack, const Exact &site)
{
    if (site.end == 0)
        return true; // "all"
    for (uint64_t frame : segment.frames(stack))
        if (frame - 1 >= site.start && frame - 1 < site.end)
            return true;
    return false;
}

struct Comparisons {
    int made = 0, wrong = 0;
    double sum = 0; // of signed errors, in standard errors
    void compare(const Estimate &estimate, double exact)
    {
        made++;
        wrong += !estimate.agrees(exact);
        if (estimate.variance > 0)
            sum += (estimate.value - exact) / std::sqrt(estimate.variance);
    }
    /* 0.27 % are expected beyond three standard errors, 1 % where few samples make the error skew. Of 100 the
     * issue's five may be; of few, as many as a right implementation exceeds once in a million runs. */
    int allowed() const { return made >= 100 ? made / 20 : made >= 30 ? 5 : 4; }
};

struct Verdicts {
    Comparisons asked, live, peak, site_asked, site_live, site_peak, remote;
};

void compare_run(const Segment &segment, const Life &life, Verdicts *verdicts)
{
    std::vector<live_record> rows = segment.live();
    std::vector<sample_sum> allocated = segment.sums(SAMPLE_ALLOCATED);
    for (const Exact &site : life.sites) {
        Estimate asked, live, peak;
        for (const sample_sum &sum : allocated)
            if (inside(segment, sample_key_stack(sum.key), site))
                asked.add((double)sum.weight, sum.weight_squares);
        for (const live_record &row : rows) {
            if (!inside(segment, live_record_stack(&row), site))
                continue;
            live.add((double)row.live_bytes, row.live_squares);
            bool kept = row.peak_epoch == segment.header().heap_peak_epoch;
            peak.add((double)(kept ? row.peak_bytes : row.live_bytes), kept ? row.peak_squares : row.live_squares);
        }
        bool all = site.name == "all";
        if (all) {
            EXPECT_DOUBLE_EQ(live.value, (double)segment.header().heap_live_bytes);
            EXPECT_NEAR(peak.value, (double)segment.header().heap_peak_bytes, 1 << 19) << "threads may differ by samples";
        }
        (all ? verdicts->asked : verdicts->site_asked).compare(asked, site.asked);
        (all ? verdicts->live : verdicts->site_live).compare(live, site.live);
        (all ? verdicts->peak : verdicts->site_peak).compare(peak, site.peak);
    }
    Estimate remote;
    for (const sample_sum &sum : segment.sums(SAMPLE_REMOTE))
        remote.add((double)sum.weight, sum.weight_squares);
    if (life.remote > 0)
        verdicts->remote.compare(remote, life.remote);
    else
        EXPECT_EQ(remote.value, 0);
}

void expect_true(const char *what, const Comparisons &comparisons)
{
    printf("    %-12s %3d of %3d beyond 3 standard errors, mean error %+.2f\n", what, comparisons.wrong, comparisons.made,
           comparisons.made ? comparisons.sum / comparisons.made : 0);
    EXPECT_LE(comparisons.wrong, comparisons.allowed()) << what;
}

struct Case {
    const char *program;
    int threads;
    const char *optimize;
};

const Environment settings = {{"STRONG_ALLOC_PERIOD", "64KiB"}, {"STRONG_CPU_HZ", "0"}};

Segment run_life(const Directory &directory, const Case &one, int seed, Life *ret_life)
{
    Environment environment = settings;
    environment["STRONG_OPTIMIZE"] = one.optimize;
    Outcome outcome =
        run_preloaded(directory, {one.program, std::to_string(seed), std::to_string(one.threads)}, environment);
    EXPECT_EQ(outcome.status, 0) << outcome.describe();
    *ret_life = parse(outcome.out);
    EXPECT_EQ(ret_life->sites.size(), 5u) << outcome.out;
    return Segment(directory.segments().at(0));
}
} // namespace

class HeapTruth : public testing::TestWithParam<Case> {};

TEST_P(HeapTruth, AllocatedLivePeakAndUnfreedAreWithinThreeStandardErrorsIn95Of100)
{
    Verdicts verdicts;
    for (int seed = 1; seed <= (long_form() ? 100 : 8); seed++) {
        Directory directory;
        Life life;
        Segment segment = run_life(directory, GetParam(), seed, &life);
        EXPECT_EQ(segment.counter(COUNTER_samples_dropped), 0u);
        EXPECT_EQ(segment.counter(COUNTER_live_table_full), 0u);
        compare_run(segment, life, &verdicts);
    }
    expect_true("allocated", verdicts.asked);
    expect_true("unfreed", verdicts.live);
    expect_true("peak", verdicts.peak);
    expect_true("by site:", verdicts.site_asked);
    expect_true("unfreed", verdicts.site_live);
    expect_true("peak", verdicts.site_peak);
    if (GetParam().threads > 1)
        expect_true("remote", verdicts.remote);
}

INSTANTIATE_TEST_SUITE_P(Programs, HeapTruth,
                         testing::Values(Case{"truth_heap_life", 1, "none"}, Case{"truth_heap_life", 4, "safe"},
                                         Case{"truth_heap_cxx", 1, "safe"}, Case{"truth_heap_cxx", 4, "none"}),
                         [](const auto &one) {
                             return std::string(one.param.program) + "_" + std::to_string(one.param.threads) +
                                    "_threads_" + one.param.optimize;
                         });

// Sampled or not, blocks of all sizes grow and shrink; those of 4 KiB and more are drawn for by what they grew.
TEST(HeapTruth, ReallocKeepsTheLiveSumAndThePeakTrue)
{
    for (const char *optimize : {"none", "safe"}) {
        Comparisons live, peak;
        for (int seed = 1; seed <= (long_form() ? 100 : 16); seed++) {
            Directory directory;
            Environment environment = settings;
            environment["STRONG_OPTIMIZE"] = optimize;
            int threads = 1 + seed % 2 * 3;
            Outcome outcome = run_preloaded(
                directory, {"truth_heap_life", std::to_string(seed), std::to_string(threads), "resize"}, environment);
            ASSERT_EQ(outcome.status, 0) << outcome.describe();
            Exact exact = parse(outcome.out).sites.back();
            Segment segment(directory.segments().at(0));
            Estimate now, then;
            for (const live_record &row : segment.live()) {
                bool kept = row.peak_epoch == segment.header().heap_peak_epoch;
                now.add((double)row.live_bytes, row.live_squares);
                then.add((double)(kept ? row.peak_bytes : row.live_bytes), kept ? row.peak_squares : row.live_squares);
            }
            live.compare(now, exact.live);
            peak.compare(then, exact.peak);
        }
        expect_true("unfreed", live);
        expect_true("peak", peak);
    }
}

TEST(HeapTruth, ABufferGrownInSmallStepsIsSampledLikeOneMadeAtOnce)
{
    Directory directory;
    Outcome outcome = run_preloaded(directory, {"truth_heap_growth"}, {{"STRONG_CPU_HZ", "0"}});
    ASSERT_EQ(outcome.status, 0) << outcome.describe();
    Segment segment(directory.segments().at(0));
    uint64_t taken = 0;
    for (const sample_sum &sum : segment.sums(SAMPLE_ALLOCATED))
        taken += sample_key_stack(sum.key) ? sum.count : 0;
    // 20 buffers of 4 MiB by steps of 48 bytes: 1.7 million calls. Each is sampled once and changes its weight by
    // 1/64 some 450 times.
    EXPECT_LT(taken, 20000u);
    EXPECT_NEAR((double)segment.header().heap_live_bytes, 20.0 * (4 << 20), 20.0 * (4 << 20) / 50);
    EXPECT_FALSE(segment.sums(SAMPLE_GROWN).empty());
}

TEST(HeapTruth, ASiteInAClosedLibraryIsStillTheLibrarys)
{
    Directory directory;
    Life life;
    Segment segment = run_life(directory, {"truth_heap_life", 1, "safe"}, 1, &life);
    const Exact &site = life.sites.at(3);
    ASSERT_EQ(site.name, "library_site");
    int found = 0;
    for (const live_record &row : segment.live()) {
        if (!inside(segment, live_record_stack(&row), site))
            continue;
        found++;
        std::string path;
        const module_record *module = segment.module_at(site.start, &path);
        ASSERT_NE(module, nullptr);
        EXPECT_NE(path.find("libtruth_heap_site.so"), std::string::npos) << path;
        EXPECT_NE(module->unloaded_generation, 0u) << "closed";
    }
    EXPECT_GT(found, 0);
}

TEST(HeapTruth, EverySampleOfACountedSiteHasExactlyOneSite)
{
    for (const char *program : {"truth_heap_life", "truth_heap_cxx"}) {
        Directory directory;
        Life life;
        Segment segment = run_life(directory, {program, 4, "safe"}, 3, &life);
        double in_sites = 0, all = 0;
        for (const sample_sum &sum : segment.sums(SAMPLE_ALLOCATED)) {
            int sites = 0;
            for (const Exact &site : life.sites)
                sites += site.name != "all" && inside(segment, sample_key_stack(sum.key), site);
            EXPECT_LE(sites, 1);
            all += (double)sum.weight;
            in_sites += sites * (double)sum.weight;
        }
        EXPECT_GT(in_sites, 0.97 * all) << program << ": the rest is libc's own: a few buffers";
    }
}

TEST(HeapTruth, OneCallIn1024IsTimed)
{
    Directory directory;
    Life life;
    Segment segment = run_life(directory, {"truth_heap_life", 1, "none"}, 1, &life);
    uint64_t timed[2] = {}, calls[2] = {};
    for (const thread_block &block : segment.all_blocks())
        for (unsigned kind = 0; kind < 2; kind++)
            timed[kind] += block.timed_calls[kind];
    std::vector<uint64_t> all = segment.all_calls();
    for (unsigned hook = HOOK_malloc; hook <= HOOK_pvalloc; hook++)
        calls[hook == HOOK_free] += all[hook];
    for (unsigned kind = 0; kind < 2; kind++) { // about 17 and 13, Poisson: six standard deviations
        double expected = (double)calls[kind] / 1024;
        EXPECT_NEAR((double)timed[kind], expected, 6 * std::sqrt(expected)) << kind;
    }
}

TEST(HeapTruth, TheAllocatorsOwnAccountIsInTheReadings)
{
    for (const char *optimize : {"none", "safe"}) {
        Directory directory;
        Outcome outcome = run_preloaded(directory, {"truth_heap_life", "2", "1", "resize", "1200"},
                                        {{"STRONG_OPTIMIZE", optimize}});
        ASSERT_EQ(outcome.status, 0) << outcome.describe();
        double live = parse(outcome.out).sites.back().live;
        std::vector<resource_record> series = Segment(directory.segments().at(0)).resources();
        int known = 0;
        for (const resource_record &reading : series)
            known += reading.heap_allocated_bytes != RESOURCE_UNKNOWN;
        EXPECT_GE(known, 2) << optimize << ": one at about a second and one at exit";
        EXPECT_GE((double)series.back().heap_allocated_bytes, live) << optimize;
        EXPECT_LE((double)series.back().heap_allocated_bytes, 1.5 * live + 4e6) << optimize;
        EXPECT_GE(series.back().heap_resident_bytes, series.back().heap_allocated_bytes * 9 / 10) << optimize;
    }
}
