/* The page that `export html` writes: what is in it, what cannot get into it, how large it may be. What a browser makes
 * of it: tests/readers/html_test.cc. */
#include "html_case.h"

extern "C" {
#include "render/html_assets.h"
#include "render/html_prune.h"
}

namespace
{

constexpr size_t kBytesMost = 500000;
const char *const kHostile = "</script><script>alert(1)</script><img src=x onerror=alert(2)><!-- & \xe2\x80\xa8 ]]> \"'";

size_t times(const std::string &text, const std::string &part)
{
    size_t count = 0;
    for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
        count++;
    return count;
}

/* Every table of the largest segment that libstrong makes, as full as a segment can be. */
void fill_up(AnalyseCase &c)
{
    auto t = AnalyseCase::ticks;
    std::string long_name(150, 'x');
    std::vector<uint32_t> targets;
    try {
        for (unsigned i = 0;; i++)
            targets.push_back(c.segment.target(TARGET_FILE, "/srv/" + std::to_string(i) + "<&>" + long_name));
    } catch (const std::runtime_error &) {
        ASSERT_GT(targets.size(), 3000u);
    }
    std::vector<uint64_t> functions;
    for (unsigned i = 0; i < 3000; i++)
        functions.push_back(c.function("std::vector<" + long_name + std::to_string(i) + ">::push_back(int&&)"));
    try {
        for (unsigned i = 0;; i++) {
            /* A tree that widens: of the outer frames there are few, of the inner ones thousands. */
            std::vector<uint64_t> frames;
            for (unsigned depth = 20; depth-- > 0;)
                frames.push_back(functions[(depth * 131 + i % (1 + depth * depth * 4)) % functions.size()]);
            uint32_t stack = c.segment.stack(frames);
            for (sample_cost cost : {SAMPLE_CPU, SAMPLE_BLOCKED, SAMPLE_ALLOCATED, SAMPLE_TEMPORARY})
                c.segment.sample(cost, cost == SAMPLE_BLOCKED ? HOOK_read : HOOK_NONE, targets[i % targets.size()], stack,
                                 3 + i % 5, 1000000 + i * 1013);
            c.segment.live(stack, 5000 + i, 2, 9000 + i, 3);
        }
    } catch (const std::runtime_error &) {
    }
    for (unsigned i = 0; i < 60; i++) {
        auto thread = c.segment.thread(5000001 + i, "worker-" + std::to_string(i));
        for (unsigned j = 0; j < BLOCK_EVENTS; j++)
            thread.event(HOOK_read, targets[(i * 131 + j) % targets.size()], t(j * 1000003ull), t(10000000 + i * 1009 + j), 0, ENOENT);
        for (unsigned j = 0; j < 120; j++)
            thread.calls(3, HOOK_read, targets[(i * 120 + j) % targets.size()], t(1000 * (j + 1)), 4096);
    }
    for (unsigned i = 0; i < 1000; i++) {
        resource_record &reading = c.segment.resource(i * 10000000ull);
        reading.cpu_user_ns = i * 9876543ull;
        reading.cpu_system_ns = i * 1234567ull;
        reading.rss_bytes = reading.peak_rss_bytes = 123456789ull + i * 4096;
        reading.heap_allocated_bytes = reading.heap_active_bytes = 98765432ull + i;
        reading.minor_faults = reading.voluntary_switches = i * 331;
        reading.threads = reading.descriptors = 400;
    }
}

TEST(RenderHtml, IsBelow500KilobytesForTheFullestSegmentAndSaysWhatItLeavesOut)
{
    AnalyseCase c(10, 8 << 20);
    fill_up(c);
    std::string page = html_page(c.finish());
    EXPECT_LT(page.size(), kBytesMost);
    EXPECT_GT(page.size(), kBytesMost / 2) << "more was left out than need be";
    HtmlData data(page);
    json_t *targets = data.by_id("tables", "targets");
    EXPECT_GT(json_integer_value(json_object_get(targets, "left_out")), 1000);
    EXPECT_GE(json_array_size(json_object_get(targets, "rows")), 50u);
    EXPECT_GT(json_integer_value(json_object_get(json_object_get(data.root, "resources"), "every")), 1);
    std::string note = json_string_value(json_object_get(json_object_get(data.root, "events"), "note"));
    EXPECT_NE(note.find("the slowest of 7,"), std::string::npos) << note;
    json_t *order = json_array_get(json_object_get(data.by_id("flames", "cpu"), "orders"), 0);
    EXPECT_GT(json_integer_value(json_object_get(order, "pruned")), 100);
}

TEST(RenderHtml, KeepsSumsWhateverIsPruned)
{
    AnalyseCase c(10, 8 << 20);
    fill_up(c);
    const analysis &of = c.finish();
    const model &model = *of.model;
    double live = 0, peak = 0;
    for (size_t i = 0; i < model.heap.row_count; i++) {
        live += double(model.heap.rows[i].live_bytes);
        peak += double(model.heap.rows[i].peak_bytes);
    }
    HtmlData data(html_page(of));
    struct {
        const char *id;
        double weight;
    } costs[] = {{"cpu", double(model.samples[SAMPLE_CPU].weight)}, {"blocked", double(model.samples[SAMPLE_BLOCKED].weight)},
                 {"allocated", double(model.samples[SAMPLE_ALLOCATED].weight)}, {"live", live},
                 {"peak", peak}, {"temporary", double(model.samples[SAMPLE_TEMPORARY].weight)}};
    for (const auto &cost : costs)
        for (unsigned order = 0; order < 2; order++) {
            json_t *flame = data.by_id("flames", cost.id);
            json_t *shown = json_array_get(json_object_get(flame, "orders"), order);
            std::vector<HtmlNode> nodes = html_nodes(data, flame, order);
            ASSERT_FALSE(nodes.empty()) << cost.id;
            double small = 0;
            for (const HtmlNode &node : nodes)
                small += node.small[0];
            EXPECT_GT(cost.weight, 0) << cost.id;
            EXPECT_EQ(nodes[0].total[0], cost.weight) << cost.id << order;
            EXPECT_EQ(json_number_value(json_array_get(json_object_get(flame, "total"), 0)), cost.weight) << cost.id;
            EXPECT_GT(small, 0) << cost.id << order;
            EXPECT_EQ(json_number_value(json_array_get(json_object_get(shown, "pruned_weight"), 0)), small) << cost.id << order;
            for (const HtmlNode &node : nodes)
                EXPECT_GE(node.total[0], HTML_PRUNE_LEAST * cost.weight) << node.name;
        }
}

TEST(RenderHtml, LetsNoNameBecomeMarkup)
{
    AnalyseCase c;
    troubled(c);
    c.segment.header().command = c.segment.string(kHostile);
    uint32_t file = c.segment.target(TARGET_FILE, kHostile);
    c.segment.thread(5000009, "<b>&").calls(5, HOOK_fsync, file, AnalyseCase::ticks(80000000));
    c.cpu_sample(900, {c.function(kHostile)});
    c.segment.note("<i>note</i>");
    std::string page = html_page(c.finish());
    HtmlData data(page);
    EXPECT_EQ(times(page, "<script"), 2u) << "the data and the page's own";
    EXPECT_EQ(times(page, "</script"), 2u);
    EXPECT_EQ(times(page, "<img"), 0u);
    EXPECT_EQ(times(page, "<!--"), 0u);
    EXPECT_EQ(data.raw.find_first_of("<>&"), std::string::npos);
    EXPECT_EQ(times(data.raw, "\xe2\x80\xa8"), 0u);
    bool found = false;
    for (const HtmlNode &node : html_nodes(data, data.by_id("flames", "cpu"), 0))
        found |= node.name.find("<img src=x onerror=alert(2)>") != std::string::npos;
    EXPECT_TRUE(found) << "the name is still what it was";
    EXPECT_NE(page.find("<title>strong-report: script&gt;&lt;img src=x onerror"), std::string::npos) << "the title";
}

TEST(RenderHtml, AllowsNothingButItsOwnScriptAndStyle)
{
    AnalyseCase c;
    healthy(c);
    std::string page = html_page(c.finish());
    size_t from = page.find("http-equiv=\"Content-Security-Policy\" content=\"");
    ASSERT_NE(from, std::string::npos);
    EXPECT_LT(from, page.find("<style>"));
    std::string policy = page.substr(from, page.find("\">", from) - from);
    EXPECT_NE(policy.find("default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'sha256-"), std::string::npos) << policy;
    EXPECT_NE(policy.find("='; script-src 'sha256-"), std::string::npos) << policy;
    EXPECT_EQ(policy.find("unsafe"), std::string::npos) << policy;
    EXPECT_EQ(page.find("http://"), page.find("http://www.w3.org/2000/svg")) << "the name of SVG, not a place to ask";
    EXPECT_EQ(page.find("https://"), std::string::npos);
    EXPECT_EQ(page.find("innerHTML"), std::string::npos);
}

TEST(RenderHtml, ShowsTheVerdictOfTheReport)
{
    AnalyseCase c(60);
    troubled(c);
    const analysis &of = c.finish();
    HtmlData data(html_page(of));
    json_t *findings = json_object_get(data.root, "findings"), *first = json_array_get(findings, 0);
    ASSERT_GT(of.found, 2u);
    EXPECT_EQ(json_array_size(findings), of.found);
    EXPECT_STREQ(json_string_value(json_object_get(first, "title")), of.findings[0].title);
    EXPECT_STREQ(json_string_value(json_object_get(first, "fix")), of.findings[0].fix);
    EXPECT_EQ(uint64_t(json_integer_value(json_object_get(first, "gain_ns"))), of.findings[0].gain_ns);
    uint64_t sum = 0;
    json_t *time = json_object_get(data.root, "time"), *part;
    size_t i;
    json_array_foreach(time, i, part) sum += uint64_t(json_integer_value(json_object_get(part, "ns")));
    EXPECT_EQ(sum, of.time.total_ns);
    EXPECT_EQ(uint64_t(json_integer_value(json_object_get(data.root, "thread_ns"))), of.time.total_ns);
}

TEST(RenderHtml, HasAColourForEveryPartOfTheTime)
{
    for (unsigned part = 0; part < PART_COUNT; part++) {
        std::string name = accounting_part_name(accounting_part(part));
        EXPECT_NE(std::string(html_style.text).find(".part-" + name + " {"), std::string::npos) << name;
    }
}

TEST(RenderHtml, SaysOfACostThatItWasNotMeasured)
{
    AnalyseCase c;
    healthy(c);
    c.segment.header().alloc_period_bytes = 0;
    HtmlData data(html_page(c.finish()));
    EXPECT_TRUE(json_is_true(json_object_get(data.by_id("flames", "cpu"), "measured")));
    EXPECT_TRUE(json_is_true(json_object_get(data.by_id("flames", "blocked"), "measured"))) << "and nothing was seen";
    EXPECT_TRUE(json_is_false(json_object_get(data.by_id("flames", "allocated"), "measured")));
    EXPECT_TRUE(json_is_false(json_object_get(data.by_id("flames", "peak"), "measured")));
}

TEST(RenderHtml, IsWrittenForASegmentWithNothingInIt)
{
    AnalyseCase c(0.001);
    HtmlData data(html_page(c.finish()));
    EXPECT_STREQ(json_string_value(json_object_get(data.root, "kind")), "report");
    EXPECT_EQ(json_array_size(json_object_get(data.root, "histograms")), 0u);
}

TEST(RenderHtml, KeepsTheProgramsOwnOperationsApartFromCalls)
{
    AnalyseCase c;
    healthy(c);
    uint32_t name = c.segment.target(TARGET_CUSTOM, "checkout");
    c.segment.thread(5000002, "shop").calls(40, HOOK_operation, name, AnalyseCase::ticks(3000000));
    HtmlData data(html_page(c.finish()));
    json_t *rows = json_object_get(data.by_id("tables", "operations"), "rows");
    ASSERT_EQ(json_array_size(rows), 1u);
    EXPECT_EQ(data.word(json_array_get(json_array_get(rows, 0), 0)), "checkout");
    EXPECT_EQ(json_integer_value(json_array_get(json_array_get(rows, 0), 1)), 40);
    json_t *calls = json_object_get(data.by_id("tables", "calls"), "rows"), *row;
    size_t i;
    json_array_foreach(calls, i, row) EXPECT_NE(data.word(json_array_get(row, 0)), "operation");
}

/* ---- pruning ---- */

TEST(HtmlPrune, KeepsTheHeaviestAndNothingBelowAThousandth)
{
    double shares[] = {0.0004, 1, 0.3, 0.002, 0.3, 0.0009};
    size_t wanted = html_prune_wanted(shares, 6);
    EXPECT_EQ(wanted, 4u);
    html_prune all = html_prune_to(shares, wanted, 10), few = html_prune_to(shares, wanted, 3), equal = html_prune_to(shares, wanted, 2);
    EXPECT_TRUE(html_prune_keeps(&all, 0.002));
    EXPECT_FALSE(html_prune_keeps(&all, 0.0009));
    EXPECT_TRUE(html_prune_keeps(&few, 0.3));
    EXPECT_FALSE(html_prune_keeps(&few, 0.002));
    EXPECT_FALSE(html_prune_keeps(&equal, 0.3)) << "one of two equals would make it a matter of chance which";
    EXPECT_DOUBLE_EQ(html_prune_below(&all), HTML_PRUNE_LEAST);
    EXPECT_DOUBLE_EQ(html_prune_below(&few), 0.002);
}

TEST(HtmlPrune, GivesWhatSmallTreesSpareToLargeOnes)
{
    size_t wanted[] = {10, 500, 1000};
    EXPECT_EQ(html_prune_budget(wanted, 3, 5000), 5000u) << "there is room for all";
    EXPECT_EQ(html_prune_budget(wanted, 3, 610), 300u) << "10 and 300 and 300";
    EXPECT_EQ(html_prune_budget(wanted, 3, 0), 0u);
}

} // namespace
