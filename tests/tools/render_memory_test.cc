/* The tables of the heap: against golden files, at several widths, where nothing was measured; and the same
 * facts as JSON.
 */
#include "tools/memory_case.h"
#include "tools/render_case.h"

#include <jansson.h>

extern "C" {
#include "render/full_report.h"
#include "render/json_report.h"
#include "render/view.h"
}

namespace
{

using namespace memory_case;

std::string memory_report(const analysis &result, unsigned width, bool unicode = true)
{
    return render_on(width, unicode, false, [&](screen *s) {
        const view_form form = {};
        view_print(view_find("memory"), s, &result, &form);
    });
}

/* Every table of the heap in use: a parser, a cache, a queue, a growing buffer, what the runtime keeps, and
 * many small places. */
void heapful(AnalyseCase &c)
{
    c.segment.header().command = c.segment.string(std::string("server\0--cache\0", 15));
    c.segment.module("/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2", 0x7f1000000000, 0x7f1000100000,
                     0x7f1000000000);
    allocator(c, 90000000, 30, 20 * kSecond);
    auto worker = c.segment.thread(5000002, "worker");
    add_site(c, {"parse_words", 60000000, 64, 1, 0.98, 0, 0, 0, 400, 3});
    add_site(c, {"cache_insert", 20000000, 300, 0.99, 0.01, 0.02, 0, 200000, 250000, 6});
    add_site(c, {"queue_push", 9000000, 120, 1, 0.6, 0.9, 0, 100, 5000, 2});
    add_site(c, {"append_line", 100000, 8192, 1, 0.5, 0, 0.9, 10, 12, 4});
    for (int i = 0; i < 20; i++)
        add_site(c, {("small_" + std::to_string(i)).c_str(), 100, 2048, 0.5, 0, 0, 0, 50, 50});
    c.segment.live(c.segment.stack({0x7f1000000100, 0x7f1000000200}), 73728, 1, 73728, 1);
    c.segment.header().heap_peak_ticks = c.segment.kStartTicks + t(12 * kSecond);
    c.segment.size_row(64) = {3840000000, 60000000ull << 8, 3840000000, 60000000ull << 8,
                              3763200000, 58800000ull << 8, 0, 0, {}, {}};
    c.segment.size_row(300) = {6000000000, 20000000ull << 8, 5940000000, 19800000ull << 8,
                               60000000, 200000ull << 8, 120000000, 400000ull << 8, {}, {}};
    c.segment.owner_row(0) = c.segment.size_row(64);
    c.segment.owner_row(1) = c.segment.size_row(300);
    worker.block().owners = 4;
}

/* The same with a reading of the allocator each second. */
void accounted(AnalyseCase &c)
{
    heapful(c);
    /* allocator() left its two readings; these take their place */
    c.segment.header().tables[TABLE_RESOURCES].used = 1;
    account(c, 30, [](unsigned s, resource_record &r) {
        set_account(r, 20 + s, 30 + 2 * s, 40 + 2 * s);
        r.cpu_user_ns = s * kSecond * 2 / 3;
        r.cpu_system_ns = 0;
    });
}

void unmeasured(AnalyseCase &c)
{
    c.segment.header().command = c.segment.string("server");
    c.segment.header().alloc_period_bytes = 0;
    c.segment.thread(1, "main").counted(HOOK_malloc, 5000, 320000).counted(HOOK_free, 4000);
}

struct Golden {
    const char *name;
    unsigned width, pid;
    void (*fill)(AnalyseCase &);
};

class MemoryReport : public testing::TestWithParam<Golden>
{
};

TEST_P(MemoryReport, LooksLikeItsGoldenFile)
{
    const Golden &golden = GetParam();
    AnalyseCase c(30, 8 << 20, golden.pid);
    golden.fill(c);
    std::string text = memory_report(c.finish(), golden.width);
    expect_golden(std::string("memory_") + golden.name + ".txt", text);
    EXPECT_LE(widest(text), golden.width);
}

INSTANTIATE_TEST_SUITE_P(Golden, MemoryReport,
                         testing::Values(Golden{"heapful_100", 100, 5000101, accounted},
                                         Golden{"heapful_60", 60, 5000102, accounted},
                                         Golden{"unmeasured_100", 100, 5000103, unmeasured}),
                         [](const auto &info) { return std::string(info.param.name); });

TEST(MemoryReportTables, FitAnyWidthFromForty)
{
    AnalyseCase c(30, 8 << 20);
    accounted(c);
    const analysis &result = c.finish();
    for (unsigned width = SCREEN_MIN_WIDTH; width <= 240; width += 5)
        EXPECT_LE(widest(memory_report(result, width)), width);
    for (unsigned char byte : memory_report(result, 100, false))
        EXPECT_TRUE(byte == '\n' || (byte >= 0x20 && byte < 0x7f)) << int(byte);
}

TEST(MemoryReportTables, ArePartOfTheFullReport)
{
    AnalyseCase c(30, 8 << 20);
    accounted(c);
    const analysis &result = c.finish();
    std::string text =
        render_on(100, true, false, [&](screen *s) { full_report_print(s, &result); });
    for (const char *part : {"Allocated, by place", "Unfreed at exit", "Live at the peak",
                             "How long objects lived", "By size", "By thread", "own account"})
        EXPECT_NE(text.find(part), std::string::npos) << part;
}

TEST(MemoryReportTables, CutTheTailAndSayWhatItHas)
{
    AnalyseCase c(30, 8 << 20);
    accounted(c);
    std::string text = memory_report(c.finish(), 100);
    EXPECT_EQ(text.find("small_3"), std::string::npos);
    EXPECT_NE(text.find("smaller places, the largest has 100 KiB"), std::string::npos) << text;
    EXPECT_NE(text.find("72.0 KiB  the runtime's own"), std::string::npos) << text;
    EXPECT_EQ(text.find("leak"), std::string::npos) << text;
}

TEST(MemoryReportTables, CutNothingWhereAllIsAskedFor)
{
    AnalyseCase c(30, 8 << 20);
    accounted(c);
    const analysis &result = c.finish();
    auto print = [&](view_form form) {
        return render_on(100, true, false, [&](screen *s) { view_print(view_find("memory"), s, &result, &form); });
    };
    std::string all = print({VIEW_TABLES, CALLTREE_COSTS, 0, true});
    EXPECT_NE(all.find("small_19"), std::string::npos) << all;
    EXPECT_EQ(all.find("smaller place"), std::string::npos) << all;
    std::string two = print({VIEW_TABLES, CALLTREE_COSTS, 2, false});
    EXPECT_NE(two.find("1.77 GiB  22 smaller places"), std::string::npos) << two;
}

TEST(JsonMemory, HasTheEstimatesWithTheirMargins)
{
    AnalyseCase c(30, 8 << 20);
    accounted(c);
    json_t *document = json_report_new(&c.finish(), nullptr, 0);
    json_t *sampled = json_object_get(json_object_get(document, "memory"), "sampled");
    json_t *site = json_array_get(json_object_get(sampled, "sites"), 0);
    EXPECT_STREQ(json_string_value(json_object_get(site, "function")), "cache_insert");
    json_t *allocated = json_object_get(site, "allocated");
    EXPECT_EQ(json_integer_value(json_object_get(allocated, "bytes")), 6000000000);
    EXPECT_GT(json_integer_value(json_object_get(allocated, "margin_bytes")), 0);
    EXPECT_EQ(json_integer_value(json_object_get(sampled, "peak_at_ns")), json_int_t(12 * kSecond));
    json_decref(document);
}

TEST(JsonMemory, IsNullWhereNothingWasSampled)
{
    AnalyseCase c(30);
    unmeasured(c);
    json_t *document = json_report_new(&c.finish(), nullptr, 0);
    json_t *memory = json_object_get(document, "memory");
    EXPECT_EQ(json_integer_value(json_object_get(memory, "calls")), 5000);
    EXPECT_TRUE(json_is_null(json_object_get(memory, "sampled")));
    json_decref(document);
}

} // namespace
