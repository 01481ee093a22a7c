/* The rules about memory: each found with its site, not found, not applicable, not measured; what refines
 * what; what the fix may name.
 */
#include "tools/memory_case.h"

#include <functional>

namespace
{

using namespace memory_case;

struct MemoryCase {
    const char *name; /* a sentence */
    finding_id id;
    finding_state state;
    std::function<void(AnalyseCase &)> build;
    int severity = -1;
    const char *evidence = nullptr;
    const char *fix = nullptr;
};

const MemoryCase kCases[] = {
    {"TemporaryAllocationsAreFoundAtTheirSite", FINDING_temporary_allocations, FINDING_FOUND,
     [](AnalyseCase &c) {
         allocator(c, 100000000, 20);
         add_site(c, {"parse_words", 90000000, 64, 1, 0.99, 0, 0, 0, 64});
         add_site(c, {"other", 10000000, 64});
     },
     SEVERITY_CRITICAL, "parse_words: 90,000,000 objects", "at parse_words: keep one buffer"},
    {"TemporaryAllocationsThatCostLittleAreNotFound", FINDING_temporary_allocations,
     FINDING_NOT_FOUND,
     [](AnalyseCase &c) {
         allocator(c, 10000000, 20);
         add_site(c, {"parse_words", 10000000, 64, 1, 0.99});
     },
     -1, "little time"},
    {"ATenthOfTheCpuInTemporaryAllocationsIsANote", FINDING_temporary_allocations, FINDING_FOUND,
     [](AnalyseCase &c) {
         allocator(c, 25000000, 20);
         add_site(c, {"parse_words", 25000000, 64, 1, 0.99});
     },
     SEVERITY_NOTE},
    {"TemporaryAllocationsAreNotMeasuredWithoutSampling", FINDING_temporary_allocations,
     FINDING_NOT_MEASURED,
     [](AnalyseCase &c) {
         allocator(c, 100000000, 20);
         c.segment.header().alloc_period_bytes = 0;
     },
     -1, "STRONG_ALLOC_PERIOD=0"},
    {"TemporaryAllocationsAreNotMeasuredWhereTheirCostIsNotKnown", FINDING_temporary_allocations,
     FINDING_NOT_MEASURED,
     [](AnalyseCase &c) {
         allocator(c, 100000, 20);
         add_site(c, {"parse_words", 100000, 64, 1, 0.99});
     }},
    {"TemporaryAllocationsAreNotApplicableWithoutAllocations", FINDING_temporary_allocations,
     FINDING_NOT_APPLICABLE, [](AnalyseCase &c) { c.segment.thread(1, "main"); }},

    {"ChurnIsFoundWhereAFewPlacesAreFilledAgainAndAgain", FINDING_allocation_churn, FINDING_FOUND,
     [](AnalyseCase &c) {
         allocator(c, 100000000, 20);
         add_site(c, {"replace_entry", 100000000, 200, 1, 0.01, 0, 0, 50000, 100000, 5});
     },
     SEVERITY_CRITICAL, "100,000 objects lived at the peak, so each place was filled 1,000 times",
     "free list"},
    {"ATableThatIsFilledOnceIsNoChurn", FINDING_allocation_churn, FINDING_NOT_FOUND,
     [](AnalyseCase &c) {
         allocator(c, 100000000, 20);
         add_site(c, {"fill_table", 100000000, 64, 0.9, 0, 0, 0, 100000000, 100000000});
     }},
    {"TemporaryMemoryIsNoChurn", FINDING_allocation_churn, FINDING_NOT_FOUND,
     [](AnalyseCase &c) {
         allocator(c, 100000000, 20);
         add_site(c, {"parse_words", 100000000, 64, 1, 0.9});
     }},
    {"ChurnIsNotMeasuredWithoutSampling", FINDING_allocation_churn, FINDING_NOT_MEASURED,
     [](AnalyseCase &c) {
         allocator(c, 100000000, 20);
         c.segment.header().alloc_period_bytes = 0;
     }},

    {"ReallocChainsAreFoundAtTheCallThatGrows", FINDING_realloc_chains, FINDING_FOUND,
     [](AnalyseCase &c) {
         allocator(c, 3000000, 2000);
         add_site(c, {"append_line", 3000000, 4096, 1, 0.9, 0, 0.99});
     },
     SEVERITY_CRITICAL, "made a block larger; it had 4.0 KiB on average",
     "reserve the final size"},
    {"ReallocChainsAreToldFromTemporaryMemoryThoughMostCallsFindRoom", FINDING_temporary_allocations,
     FINDING_NOT_FOUND,
     [](AnalyseCase &c) {
         allocator(c, 3000000, 2000);
         add_site(c, {"append_line", 3000000, 4096, 1, 0.9, 0, 0.1});
     }},
    {"ReallocChainsPromiseNoMoreThanTheCallsTook", FINDING_realloc_chains, FINDING_NOT_FOUND,
     [](AnalyseCase &c) {
         allocator(c, 3000000, 20);
         add_site(c, {"append_line", 3000000, 4096, 1, 0.9, 0, 0.99});
     }},
    {"ReallocChainsAreNotFoundWhereNothingGrows", FINDING_realloc_chains, FINDING_NOT_FOUND,
     [](AnalyseCase &c) {
         allocator(c, 3000000, 2000);
         add_site(c, {"parse_words", 3000000, 64});
     },
     -1, "no block was seen to grow"},
    {"ReallocChainsAreNotApplicableWithoutAllocations", FINDING_realloc_chains,
     FINDING_NOT_APPLICABLE, [](AnalyseCase &c) { c.segment.thread(1, "main"); }},

    {"CrossThreadFreesAreFoundAtTheAllocation", FINDING_cross_thread_frees, FINDING_FOUND,
     [](AnalyseCase &c) {
         allocator(c, 50000000, 60);
         add_site(c, {"produce", 50000000, 100, 1, 0.8, 0.97});
     },
     SEVERITY_CRITICAL, "97.0 % of those freed were freed by another thread", "at produce"},
    {"ObjectsFreedByTheirOwnThreadAreNoCrossThreadFrees", FINDING_cross_thread_frees,
     FINDING_NOT_FOUND,
     [](AnalyseCase &c) {
         allocator(c, 50000000, 60);
         add_site(c, {"produce", 50000000, 100, 1, 0.8, 0.1});
     }},

    {"PressureIsTakenFromTheTimedCallsWhereThereAreNoCpuSamples", FINDING_allocation_pressure,
     FINDING_FOUND, [](AnalyseCase &c) { allocator(c, 100000000, 20); }, SEVERITY_CRITICAL,
     "40.0 % to 80.0 % of the CPU time in malloc and free, by 195,312 timed calls"},
    {"PressureGoesByTheSmallerEstimateWhereTheyContradict", FINDING_allocation_pressure,
     FINDING_NOT_FOUND,
     [](AnalyseCase &c) {
         allocator(c, 100000000, 20);
         c.cpu_sample(990, {c.function("work")});
         c.cpu_sample(10, {c.function("malloc"), c.function("caller")});
     },
     -1, "1.0 % of the CPU time"},

    {"HeapGrowthIsFoundByItsSlopeWithItsSite", FINDING_memory_growth, FINDING_FOUND,
     [](AnalyseCase &c) {
         add_site(c, {"remember", 600000, 1000, 0.01, 0, 0, 0, 590000, 590000});
         account(c, 60, [](unsigned s, resource_record &r) {
             set_account(r, 50 + 10 * s, 60 + 10 * s, 70 + 10 * s);
         });
     },
     SEVERITY_WARNING, "10.0 MiB ± 0 B more each second"},
    {"AHeapThatGoesUpAndDownDoesNotGrow", FINDING_memory_growth, FINDING_NOT_FOUND,
     [](AnalyseCase &c) {
         account(c, 60, [](unsigned s, resource_record &r) {
             set_account(r, 50 + 40 * (s % 7), 400, 400);
         });
     }},
    {"ResidentMemoryThatGrowsWithoutTheHeapSaysSo", FINDING_memory_growth, FINDING_FOUND,
     [](AnalyseCase &c) {
         account(c, 60, [](unsigned s, resource_record &r) {
             set_account(r, 50, 60, 70);
             r.peak_rss_bytes = (100ull + 10 * s) << 20;
         });
     },
     SEVERITY_WARNING, "though the heap does not grow", "look at what is mapped"},

    {"FragmentationIsFoundWherePagesStayAlmostEmpty", FINDING_fragmentation, FINDING_FOUND,
     [](AnalyseCase &c) {
         account(c, 10, [](unsigned s, resource_record &r) {
             s < 3 ? set_account(r, 300, 310, 320) : set_account(r, 10, 300, 310);
         });
     },
     SEVERITY_WARNING, "96.7 % of them empty", "what lives long apart"},
    {"PagesThatAreKeptUnusedAreANoteBelowAHundredMebibytes", FINDING_fragmentation, FINDING_FOUND,
     [](AnalyseCase &c) {
         account(c, 10,
                 [](unsigned, resource_record &r) { set_account(r, 10, 12, 110); });
     },
     SEVERITY_NOTE, "100 MiB more than live", "malloc_trim"},
    {"FragmentationIsNotFoundInASmallHeap", FINDING_fragmentation, FINDING_NOT_FOUND,
     [](AnalyseCase &c) {
         account(c, 10, [](unsigned, resource_record &r) { set_account(r, 1, 8, 16); });
     }},
    {"FragmentationIsNotFoundWhereItPassed", FINDING_fragmentation, FINDING_NOT_FOUND,
     [](AnalyseCase &c) {
         account(c, 10, [](unsigned s, resource_record &r) {
             s < 8 ? set_account(r, 10, 300, 310) : set_account(r, 10, 12, 20);
         });
     }},
    {"FragmentationIsNotMeasuredInAShortRun", FINDING_fragmentation, FINDING_NOT_MEASURED,
     [](AnalyseCase &c) { allocator(c, 1000, 20); }},

    {"UnfreedAtExitIsANoteWithItsSite", FINDING_unfreed_at_exit, FINDING_FOUND,
     [](AnalyseCase &c) {
         allocator(c, 1000000, 20);
         add_site(c, {"load_table", 640000, 100, 0, 0, 0, 0, 640000, 640000});
     },
     SEVERITY_NOTE, "normal for a program that ends", "load_table"},
    {"ALittleUnfreedAtExitIsNothing", FINDING_unfreed_at_exit, FINDING_NOT_FOUND,
     [](AnalyseCase &c) {
         allocator(c, 1000000, 20);
         add_site(c, {"load_table", 6400, 100, 0, 0, 0, 0, 6400, 6400});
     },
     -1, "unfreed at exit"},
    {"UnfreedAtExitIsNotApplicableWhileItRuns", FINDING_unfreed_at_exit, FINDING_NOT_APPLICABLE,
     [](AnalyseCase &c) {
         timespec boot, monotonic;
         clock_gettime(CLOCK_BOOTTIME, &boot);
         clock_gettime(CLOCK_MONOTONIC, &monotonic);
         segment_header &header = c.segment.header();
         header.pid = static_cast<uint32_t>(getpid());
         header.state = SEGMENT_RUNNING;
         header.end_ticks = 0;
         header.start_boottime_ns =
             static_cast<uint64_t>(boot.tv_sec) * kSecond + static_cast<uint64_t>(boot.tv_nsec);
         header.clock_first_ns = static_cast<uint64_t>(monotonic.tv_sec) * kSecond +
                                 static_cast<uint64_t>(monotonic.tv_nsec);
     }},
    {"UnfreedAtExitIsNotMeasuredWithoutSampling", FINDING_unfreed_at_exit, FINDING_NOT_MEASURED,
     [](AnalyseCase &c) { c.segment.header().alloc_period_bytes = 0; }},
};

void PrintTo(const MemoryCase &one, std::ostream *out)
{
    *out << one.name;
}

class MemoryRule : public testing::TestWithParam<MemoryCase>
{
};

TEST_P(MemoryRule, Decides)
{
    const MemoryCase &one = GetParam();
    AnalyseCase c(10, 8 << 20);
    one.build(c);
    const analysis &result = c.finish();
    const finding *found = analysis_finding(&result, one.id);
    EXPECT_STREQ(finding_state_name(found->state), finding_state_name(one.state))
        << found->evidence;
    if (one.severity >= 0) {
        EXPECT_STREQ(finding_severity_name(found->severity),
                     finding_severity_name(static_cast<finding_severity>(one.severity)))
            << found->evidence << " share " << found->share;
    }
    if (one.evidence) {
        EXPECT_NE(std::string(found->evidence).find(one.evidence), std::string::npos)
            << found->evidence;
    }
    if (one.fix) {
        EXPECT_NE(std::string(found->fix).find(one.fix), std::string::npos) << found->fix;
    }
    if (found->state != FINDING_FOUND)
        return;
    EXPECT_LE(found->gain_ns, result.time.total_ns);
    for (const char *text :
         {found->evidence, found->assumption, found->fix, found->risk, found->verify})
        EXPECT_STRNE(text, "");
}

INSTANTIATE_TEST_SUITE_P(Table, MemoryRule, testing::ValuesIn(kCases),
                         [](const auto &info) { return std::string(info.param.name); });

TEST(MemoryFindings, ASiteIsNamedInsteadOfTheAllocatorAsAWhole)
{
    AnalyseCase c(10);
    allocator(c, 100000000, 20);
    add_site(c, {"parse_words", 80000000, 64, 1, 0.99});
    add_site(c, {"other", 20000000, 64});
    const analysis &result = c.finish();
    const finding *site = analysis_finding(&result, FINDING_temporary_allocations);
    EXPECT_EQ(analysis_first(&result), site);
    EXPECT_EQ(analysis_finding(&result, FINDING_allocation_pressure)->explained_by, site);
}

TEST(MemoryFindings, ManyPlacesTogetherAreThePressureItself)
{
    AnalyseCase c(10);
    allocator(c, 100000000, 20);
    for (const char *name : {"a", "b", "c", "d", "e"})
        add_site(c, {name, 20000000, 64, 1, 0.99});
    const analysis &result = c.finish();
    const finding *pressure = analysis_finding(&result, FINDING_allocation_pressure);
    EXPECT_EQ(analysis_first(&result), pressure);
    EXPECT_EQ(pressure->explained_by, nullptr);
}

TEST(MemoryFindings, AdviseThePoolOnlyWhereItIsOff)
{
    for (const char *option : {"none", "safe", "tcp", "safe,-memory"}) {
        AnalyseCase c(10);
        c.segment.header().options = c.segment.string("OPTIMIZE=" + std::string(option) + "\n");
        allocator(c, 100000000, 20);
        add_site(c, {"parse_words", 100000000, 64, 1, 0.99});
        const analysis &result = c.finish();
        std::string fix = analysis_finding(&result, FINDING_temporary_allocations)->fix;
        bool off = std::string(option) != "safe";
        EXPECT_EQ(fix.find("STRONG_OPTIMIZE=") != std::string::npos, off) << option << ": " << fix;
        if (std::string(option) == "tcp") {
            EXPECT_NE(fix.find("STRONG_OPTIMIZE=tcp,memory"), std::string::npos) << fix;
        }
    }
}

TEST(MemoryFindings, AdviseTheActivePoolsSettingsBehindThoseInEffect)
{
    AnalyseCase c(10);
    c.segment.header().options = c.segment.string("OPTIMIZE=safe\nMEMORY_CONF=narenas_ratio:1\n");
    c.segment.counter(COUNTER_memory_pool_active) = 1;
    account(c, 10, [](unsigned, resource_record &r) { set_account(r, 10, 12, 200); });
    const analysis &result = c.finish();
    std::string fix = analysis_finding(&result, FINDING_fragmentation)->fix;
    EXPECT_NE(fix.find("STRONG_MEMORY_CONF=narenas_ratio:1,dirty_decay_ms:1000"), std::string::npos)
        << fix;
}

TEST(Heap, JoinsStacksThatAllocateAtOnePlace)
{
    AnalyseCase c(10);
    c.segment.thread(1, "main").counted(HOOK_malloc, 10);
    uint64_t leaf = c.function("make_node"), one = c.function("one"), two = c.function("two");
    uint32_t first = c.segment.stack({leaf, one}), second = c.segment.stack({leaf, two});
    c.segment.sample(SAMPLE_ALLOCATED, HOOK_malloc, 0, first, 2, 300);
    c.segment.sample(SAMPLE_ALLOCATED, HOOK_malloc, 0, second, 3, 500);
    c.segment.sample(SAMPLE_ALLOCATED, HOOK_malloc, 0, 0, 1, 50);
    c.segment.live(second, 100, 1, 200, 2);
    const analysis &result = c.finish();
    ASSERT_EQ(result.heap.site_count, 2u);
    EXPECT_EQ(result.heap.sites[0].allocated.bytes, 800u);
    EXPECT_EQ(result.heap.sites[0].live.bytes, 100u);
    EXPECT_EQ(result.heap.sites[1].frame, nullptr) << "allocations without a stack are a site too";
    EXPECT_EQ(result.heap.total.allocated.bytes, 850u);
    EXPECT_EQ(heap_keeps_most(&result.heap), &result.heap.sites[0]);
}

TEST(Heap, FitsALineWithItsError)
{
    AnalyseCase c(20);
    account(c, 20, [](unsigned s, resource_record &r) {
        set_account(r, 0, 1, 1);
        r.heap_allocated_bytes = 1000 + 100 * s + (s % 2 ? 30 : 0);
    });
    const analysis &result = c.finish();
    ASSERT_TRUE(result.heap.trend.known);
    EXPECT_NEAR(result.heap.trend.per_second, 100, 3);
    EXPECT_GT(result.heap.trend.margin, 1);
    EXPECT_LT(result.heap.trend.margin, 12);
    EXPECT_EQ(result.heap.trend.readings, 10u) << "the second half, without the one at exit";
}

TEST(Heap, HasNoTrendOfAFewReadings)
{
    AnalyseCase c(4);
    account(c, 4, [](unsigned s, resource_record &r) { set_account(r, 10 * s, 100, 100); });
    EXPECT_FALSE(c.finish().heap.trend.known);
}

struct Cost {
    const char *name;
    unsigned each_ns, samples_in_malloc; /* of 1,000 CPU samples; 0: no samples at all */
    double share;
    bool agree;
};

class HeapCost : public testing::TestWithParam<Cost>
{
};

/* 100 million calls of each in 10 s: 10 ns each are 20 %. */
TEST_P(HeapCost, GoesBySamplesWithinTheRangeOfTheTimedCalls)
{
    const Cost &one = GetParam();
    AnalyseCase c(10);
    allocator(c, 100000000, one.each_ns);
    if (one.samples_in_malloc > 0) {
        c.cpu_sample(1000 - one.samples_in_malloc, {c.function("work")});
        c.cpu_sample(one.samples_in_malloc, {c.function("malloc"), c.function("caller")});
    }
    const analysis &result = c.finish();
    EXPECT_NEAR(result.heap.cost.share, one.share, 0.001);
    EXPECT_EQ(result.heap.cost.agree, one.agree);
}

INSTANTIATE_TEST_SUITE_P(Table, HeapCost,
                         testing::Values(Cost{"WithoutSamplesTheLowerEnd", 20, 0, 0.4, true},
                                         Cost{"SamplesWithin", 20, 500, 0.5, true},
                                         Cost{"SamplesALittleBelow", 20, 350, 0.3796, true},
                                         Cost{"SamplesFarBelow", 20, 10, 0.01, false},
                                         Cost{"SamplesFarAbove", 0, 900, 0.4, false}),
                         [](const auto &info) { return std::string(info.param.name); });

TEST(Profile, TimeInThePoolIsNotThatOfTheFunctionThatAllocates)
{
    AnalyseCase c(10);
    c.segment.thread(1, "main");
    c.segment.module(STRONG_SO, 0x7f2000000000, 0x7f2010000000, 0x7f2000000000);
    uint64_t caller = c.function("caller");
    c.cpu_sample(30, {caller});
    /* the exported malloc of libstrong.so itself: its place is read from the file */
    FILE *names = popen("nm -D --defined-only '" STRONG_SO "' 2>/dev/null", "r");
    char name[256], kind;
    unsigned long offset = 0, value;
    while (fscanf(names, "%lx %c %255s", &value, &kind, name) == 3)
        if (strcmp(name, "malloc") == 0)
            offset = value;
    pclose(names);
    if (offset == 0)
        GTEST_SKIP() << "libstrong.so is not built, or there is no nm";
    c.cpu_sample(70, {0x7f2000000000 + offset + 2, caller});
    const analysis &result = c.finish();
    ASSERT_GE(result.profile.count, 2u);
    EXPECT_STREQ(result.profile.functions[0].name, "malloc");
    EXPECT_EQ(result.profile.functions[0].cpu_samples, 70u);
    EXPECT_EQ(result.profile.functions[1].cpu_samples, 30u);
    EXPECT_EQ(result.profile.allocator_samples, 70u);
}

} // namespace
