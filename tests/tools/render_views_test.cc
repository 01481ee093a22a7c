/* The parts of the report: against golden files, at every width, with hostile text, where nothing was measured; and that
 * what is cut is accounted for.
 */
#include "tools/view_case.h"

#include <regex>

extern "C" {
#include "render/call_table.h"
#include "render/latency_chart.h"
#include "render/view.h"
}

namespace
{

using namespace view_case;

std::string shown(const analysis &result, const char *name, unsigned width, view_form form = {}, bool unicode = true)
{
    return render_on(width, unicode, false,
                     [&](screen *s) { view_print(view_find(name), s, &result, &form); });
}

view_form tree_form(view_tree tree, calltree_cost cost, size_t rows = 0, bool whole = false)
{
    return {tree, cost, rows, whole};
}

struct Golden {
    const char *view;
    unsigned width, pid;
    const char *fixture;
    void (*fill)(AnalyseCase &);
    view_form form;
};

class Views : public testing::TestWithParam<Golden>
{
};

std::string golden_name(const Golden &golden)
{
    const char *tree = golden.form.tree == VIEW_CALLERS   ? "_callers"
                       : golden.form.tree == VIEW_CALLEES ? "_callees"
                                                          : "";
    return std::string(golden.view) + tree + "_" + golden.fixture + "_" + std::to_string(golden.width);
}

TEST_P(Views, LookLikeTheirGoldenFiles)
{
    const Golden &golden = GetParam();
    AnalyseCase c(60, 8 << 20, golden.pid);
    golden.fill(c);
    std::string text = shown(c.finish(), golden.view, golden.width, golden.form);
    expect_golden("view_" + golden_name(golden) + ".txt", text);
    EXPECT_LE(widest(text), golden.width);
}

std::vector<Golden> goldens()
{
    std::vector<Golden> all;
    unsigned pid = 5000201;
    for (const char *view : {"cpu", "blocked", "locks", "network", "files", "threads", "resources"}) {
        all.push_back({view, 100, pid++, "service", service, {}});
        all.push_back({view, 60, pid++, "service", service, {}});
        all.push_back({view, 100, pid++, "unmeasured", unmeasured, {}});
    }
    all.push_back({"network", 100, pid++, "healthy", healthy, {}});
    all.push_back({"files", 100, pid++, "healthy", healthy, {}});
    all.push_back({"cpu", 100, pid++, "service", service, tree_form(VIEW_CALLERS, CALLTREE_CPU)});
    all.push_back({"cpu", 60, pid++, "service", service, tree_form(VIEW_CALLEES, CALLTREE_CPU)});
    return all;
}

INSTANTIATE_TEST_SUITE_P(Golden, Views, testing::ValuesIn(goldens()),
                         [](const auto &info) { return golden_name(info.param); });

TEST(ViewsOnAnyScreen, FitFromFortyColumnsOn)
{
    AnalyseCase c(60, 8 << 20);
    service(c);
    const analysis &result = c.finish();
    for (const view *one = views; one->name != nullptr; one++) {
        for (unsigned width = SCREEN_MIN_WIDTH; width <= 500; width += width < 120 ? 4 : 95) {
            std::string text = shown(result, one->name, width);
            EXPECT_LE(widest(text), width) << one->name << "\n" << text;
            EXPECT_GT(line_count(text), 4u) << one->name;
            if (one->trees != 0) {
                text = shown(result, one->name, width, tree_form(VIEW_CALLERS, view_cost(one)));
                EXPECT_LE(widest(text), width) << one->name << "\n" << text;
            }
        }
    }
}

TEST(ViewsOnAnyScreen, ArePlainAsciiWhereTheScreenIs)
{
    AnalyseCase c(60, 8 << 20);
    service(c);
    const analysis &result = c.finish();
    for (const view *one = views; one->name != nullptr; one++)
        for (unsigned char byte : shown(result, one->name, 100, {}, false))
            EXPECT_TRUE(byte == '\n' || (byte >= 0x20 && byte < 0x7f)) << one->name << " " << int(byte);
}

TEST(ViewsOnAnyScreen, LetNoHostileTextThrough)
{
    AnalyseCase c(60, 8 << 20);
    const std::string evil = "\033]0;owned\a\033[2J\r\n\xc2\x9b"
                             "31m\xe2\x80\xae\xff\xfe";
    uint32_t file = c.segment.target(TARGET_FILE, "/data/" + evil), host = c.segment.target(TARGET_HOST, evil),
             peer = c.segment.target(TARGET_TCP_OUT, "tcp://" + evil), in = c.segment.target(TARGET_TCP_IN, evil);
    c.segment.thread(1, evil.substr(0, 15))
        .calls(100, HOOK_fsync, file, t(100 * kMs))
        .calls(9, HOOK_getaddrinfo, host, t(kMs))
        .calls(9, HOOK_recv, peer, t(kMs))
        .calls(9, HOOK_accept4, in, t(kMs))
        .inside(HOOK_recv, peer, c.segment.kStartTicks);
    c.segment.sample(SAMPLE_BLOCKED, HOOK_recv, peer, c.segment.stack({c.function(evil.substr(0, 8))}), 9, t(kSecond));
    c.cpu_sample(90, {c.function("\033[31mred")});
    const analysis &result = c.finish();
    for (const view *one = views; one->name != nullptr; one++) {
        std::string text = shown(result, one->name, 100);
        for (const char *bad : {"\033", "\a", "\r", "\xc2\x9b", "\xe2\x80\xae", "\xff", "\xfe"})
            EXPECT_EQ(text.find(bad), std::string::npos) << one->name;
    }
}

TEST(ViewsThatMeasuredNothing, SayWhichSettingTurnsItOn)
{
    AnalyseCase c(60, 1 << 20);
    unmeasured(c);
    const analysis &result = c.finish();
    EXPECT_NE(shown(result, "cpu", 100).find("STRONG_CPU_HZ was 0; 99 turns it on"), std::string::npos);
    EXPECT_NE(shown(result, "blocked", 100).find("STRONG_BLOCK_PERIOD was 0"), std::string::npos);
    std::string memory = shown(result, "memory", 100, tree_form(VIEW_CALLEES, CALLTREE_LIVE));
    EXPECT_NE(memory.find("STRONG_ALLOC_PERIOD was 0"), std::string::npos) << memory;
}

/* ---- what is cut is accounted for ---- */

TEST(CallTable, SaysWhatTheRowsLeftOutHaveTogether)
{
    std::vector<calls> items;
    auto add = [&](unsigned count, uint64_t seconds_tenth) {
        for (unsigned i = 0; i < count; i++)
            items.push_back({"call", "", 1, 1, 0, 0, seconds_tenth * 100 * kMs, seconds_tenth * 100 * kMs, {}});
    };
    add(1, 1000);
    add(20, 50);
    add(50, 1);
    auto print = [&](view_form form) {
        return render_on(100, true, false, [&](screen *s) {
            call_table_print(s, &form, "Calls", "call", "shorter call", items.data(), items.size());
        });
    };
    std::string text = print({});
    EXPECT_EQ(line_count(text), 3 + 12 + 1u) << text;
    EXPECT_NE(text.find("50.0 s  59 shorter calls, the largest has 5.0 s"), std::string::npos) << text;
    text = print({VIEW_TABLES, CALLTREE_COSTS, 100, false});
    EXPECT_EQ(line_count(text), 3 + 21 + 1u) << "what is below a hundredth stays out\n" << text;
    EXPECT_NE(text.find("5.0 s  50 shorter calls, the largest has 100 ms"), std::string::npos) << text;
    text = print({VIEW_TABLES, CALLTREE_COSTS, 0, true});
    EXPECT_EQ(line_count(text), 3 + 71u);
    EXPECT_EQ(text.find("shorter"), std::string::npos);
}

/* start calls work (50 s) and 30 small functions (100 ms each); loop runs below work. */
void forest(AnalyseCase &c)
{
    uint64_t start = c.function("start"), work = c.function("work"), loop = c.function("loop");
    c.segment.thread(1, "main");
    c.cpu_sample(4000, {loop, work, start});
    c.cpu_sample(1000, {work, start});
    for (int i = 0; i < 30; i++)
        c.cpu_sample(10, {c.function("small_" + std::to_string(i)), start});
}

TEST(CallTreeReport, SaysWhatThePathsLeftOutHaveTogether)
{
    AnalyseCase c(60, 2 << 20);
    forest(c);
    const analysis &result = c.finish();
    std::string text = shown(result, "cpu", 100, tree_form(VIEW_CALLEES, CALLTREE_CPU));
    EXPECT_NE(text.find("53.0 s"), std::string::npos) << "the root\n" << text;
    EXPECT_NE(text.find("3.0 s  30 smaller paths, the largest has 100 ms"), std::string::npos) << text;
    EXPECT_EQ(text.find("small_"), std::string::npos) << text;
    text = shown(result, "cpu", 100, tree_form(VIEW_CALLEES, CALLTREE_CPU, 0, true));
    EXPECT_NE(text.find("small_29"), std::string::npos) << "all is shown where all is asked for";
    EXPECT_EQ(text.find("smaller paths"), std::string::npos);
    text = shown(result, "cpu", 100, tree_form(VIEW_CALLEES, CALLTREE_CPU, 1));
    EXPECT_NE(text.find("start"), std::string::npos) << text;
    EXPECT_EQ(text.find("work"), std::string::npos) << text;
    EXPECT_NE(text.find("53.0 s  31 smaller paths, the largest has 50.0 s"), std::string::npos) << text;
}

TEST(CallTreeReport, StandsOnItsHeadForCallers)
{
    AnalyseCase c(60, 2 << 20);
    forest(c);
    const analysis &result = c.finish();
    std::string down = shown(result, "cpu", 100, tree_form(VIEW_CALLEES, CALLTREE_CPU));
    std::string up = shown(result, "cpu", 100, tree_form(VIEW_CALLERS, CALLTREE_CPU));
    EXPECT_LT(down.find("start  "), down.find("loop  ")) << down;
    EXPECT_LT(up.find("loop  "), up.find("work  ")) << up;
    EXPECT_LT(up.find("work  "), up.find("start  ")) << up;
}

TEST(CallTreeReport, FoldsFunctionsThatOnlyPassOnUnlessAllIsShown)
{
    AnalyseCase c(60, 2 << 20);
    std::vector<uint64_t> stack;
    for (int i = 0; i < 12; i++)
        stack.push_back(c.function("level_" + std::to_string(i)));
    c.segment.thread(1, "main");
    c.cpu_sample(1000, stack);
    const analysis &result = c.finish();
    std::string text = shown(result, "cpu", 100, tree_form(VIEW_CALLEES, CALLTREE_CPU));
    EXPECT_NE(text.find("… 8 functions in between"), std::string::npos) << text;
    for (const char *name : {"level_11  ", "level_10  ", "level_1  ", "level_0  "})
        EXPECT_NE(text.find(name), std::string::npos) << name << text;
    EXPECT_EQ(text.find("level_5"), std::string::npos) << text;
    text = shown(result, "cpu", 100, tree_form(VIEW_CALLEES, CALLTREE_CPU, 0, true));
    EXPECT_NE(text.find("level_5"), std::string::npos) << text;
    EXPECT_EQ(text.find("in between"), std::string::npos) << text;
}

/* ---- histograms ---- */

std::string chart(const std::vector<std::pair<unsigned, uint64_t>> &calls_of_ns)
{
    arena arena_ = {};
    calls one = {};
    one.name = "recv";
    one.detail = "";
    for (const auto &[count, ns] : calls_of_ns) {
        EXPECT_EQ(latency_add(&one.latency, &arena_, 0.5, histogram_bucket(ns * 2), count), 0);
        one.calls += count;
        one.max_ns = std::max(one.max_ns, ns);
    }
    std::string text = render_on(100, true, false, [&](screen *s) { latency_chart_print(s, &one); });
    arena_done(&arena_);
    return text;
}

/* The line of the step up to that limit. */
std::string step(const std::string &text, const std::string &limit)
{
    size_t at = text.find("below " + limit + " ");
    return at == std::string::npos ? "" : text.substr(at, text.find('\n', at) - at);
}

TEST(LatencyChart, MarksThePercentilesInTheStepsThatHoldThem)
{
    std::string text = chart({{600, 1500}, {350, 30000}, {45, 700000}, {5, 9000000}});
    EXPECT_NE(step(text, "2.0 µs").find("60.0 %"), std::string::npos) << text;
    EXPECT_NE(step(text, "2.0 µs").find("p50"), std::string::npos) << text;
    EXPECT_NE(step(text, "50.0 µs").find("p90"), std::string::npos) << text;
    EXPECT_NE(step(text, "1.0 ms").find("p99"), std::string::npos) << text;
    EXPECT_NE(step(text, "10.0 ms").find("max 9.0 ms"), std::string::npos) << text;
}

TEST(LatencyChart, CountsEveryCallOnceAlsoWhereStepsAreCoarse)
{
    for (bool wide : {false, true}) {
        std::string text = chart({{7, 100}, {11, 2000}, {13, 40000}, {17, wide ? 90000000000ull : 60000}});
        std::regex count("(below .*?|longer) +([0-9]+) +[0-9.]+ %");
        unsigned sum = 0;
        for (std::sregex_iterator at(text.begin(), text.end(), count), end; at != end; ++at)
            sum += unsigned(std::stoul((*at)[2]));
        EXPECT_EQ(sum, 48u) << text;
        EXPECT_LE(line_count(text), 20u) << text;
    }
}

TEST(LatencyChart, PrintsNothingForCallsWithoutAHistogram)
{
    EXPECT_EQ(chart({}), "");
}

} // namespace
