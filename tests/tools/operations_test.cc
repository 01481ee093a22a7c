/* What a program measures itself with strong.h: read, merged, shown, compared, and in no account of time. */
#include <cmath>
#include <limits>

#include "tools/diff_case.h"
#include "tools/json_schema.h"
#include "tools/reader_case.h"

extern "C" {
#include "render/full_report.h"
#include "render/json_report.h"
#include "render/operation_report.h"
#include "render/text_report.h"
}

namespace
{

constexpr uint64_t kMs = AnalyseCase::kMs, kUs = AnalyseCase::kUs, kSecond = AnalyseCase::kSecond;

const model_gauge *gauge_of(const model &made, const std::string &name)
{
    for (size_t i = 0; i < made.gauge_count; i++)
        if (name == made.targets[made.gauges[i].target].text)
            return &made.gauges[i];
    return nullptr;
}

/* A shop: two operations, a count and a gauge. */
void shop(AnalyseCase &c)
{
    uint32_t checkout = c.segment.target(TARGET_CUSTOM, "checkout");
    uint32_t search = c.segment.target(TARGET_CUSTOM, "search");
    auto worker = c.segment.thread(7000, "shop");
    worker.calls(200, HOOK_operation, checkout, c.ticks(20 * kMs), 100);
    worker.calls(3, HOOK_operation, checkout, c.ticks(30 * kMs), 0, EPIPE);
    worker.calls(5000, HOOK_operation, search, c.ticks(kMs));
    worker.increments(c.segment.target(TARGET_CUSTOM, "orders"), 40, 123);
    c.segment.gauge(c.segment.target(TARGET_CUSTOM, "queue"), {3, 9, 4.5}, SegmentBuilder::kStartTicks + 2 * kSecond);
}

std::string verdict(const analysis &found, unsigned width)
{
    return render_on(width, true, false, [&](screen *s) { text_report_print(s, &found); });
}

std::string full(const analysis &found, unsigned width)
{
    return render_on(width, true, false, [&](screen *s) { full_report_print(s, &found); });
}

unsigned block_lines(const std::string &text)
{
    size_t at = text.find("Operations of the program\n");
    size_t end = text.find("\n\n", at);
    return at == std::string::npos ? 0 : line_count(text.substr(at, end == std::string::npos ? end : end + 1 - at));
}

} // namespace

/* ---- reading ---- */

TEST(Operations, AreRowsThatTargetsAndClassesKnowApart)
{
    AnalyseCase c;
    shop(c);
    const model &made = *c.finish().model;
    const model_row *checkout = row_of(made, HOOK_operation, "checkout"), *orders = row_of(made, HOOK_count, "orders");
    ASSERT_NE(checkout, nullptr);
    EXPECT_EQ(checkout->calls, 203u);
    EXPECT_EQ(checkout->errors, 3u);
    EXPECT_EQ(checkout->ns, 200 * 20 * kMs + 3 * 30 * kMs);
    EXPECT_EQ(checkout->latency.total, 203u);
    ASSERT_NE(orders, nullptr);
    EXPECT_EQ(orders->calls, 40u);
    EXPECT_EQ(orders->bytes, 123u);
    EXPECT_EQ(orders->latency.total, 0u) << "increments are not timed";
    EXPECT_EQ(made.targets[orders->target].calls, 0u) << "nor are they calls";
    EXPECT_EQ(made.hooks[HOOK_count].timed, 0u);
    EXPECT_EQ(made.hooks[HOOK_operation].calls, 5203u);
    EXPECT_EQ(made.classes[CLASS_CUSTOM].ns, 0u);
    EXPECT_EQ(made.damaged, 0u);
}

TEST(Operations, GaugesComeWithTheirRangeMeanAndLastMoment)
{
    AnalyseCase c;
    shop(c);
    const model_gauge *queue = gauge_of(*c.finish().model, "queue");
    ASSERT_NE(queue, nullptr);
    EXPECT_EQ(queue->last, 4.5);
    EXPECT_EQ(queue->lowest, 3);
    EXPECT_EQ(queue->highest, 9);
    EXPECT_DOUBLE_EQ(queue->mean, 5.5);
    EXPECT_EQ(queue->count, 3u);
    EXPECT_EQ(queue->last_ns, kSecond);
}

TEST(Operations, TwoGaugesThatThreadsMadeOfOneNameAreOne)
{
    SegmentBuilder segment;
    uint32_t one = segment.target(TARGET_CUSTOM, "depth"), two = segment.target(TARGET_CUSTOM, "depth");
    segment.gauge(one, {1, 2}, SegmentBuilder::kStartTicks + 900);
    segment.gauge(two, {-4}, SegmentBuilder::kStartTicks + 500);
    ModelPointer made = model_of(segment);
    ASSERT_EQ(made->gauge_count, 1u);
    EXPECT_EQ(made->gauges[0].last, 2) << "the later one";
    EXPECT_EQ(made->gauges[0].lowest, -4);
    EXPECT_EQ(made->gauges[0].highest, 2);
    EXPECT_EQ(made->gauges[0].count, 3u);
    EXPECT_NEAR(made->gauges[0].mean, -1.0 / 3, 1e-12);
}

TEST(Operations, GaugesThatNoWriterLeavesBehindAreDamaged)
{
    SegmentBuilder segment;
    uint32_t file = segment.target(TARGET_FILE, "/x"), name = segment.target(TARGET_CUSTOM, "fine");
    const double inf = std::numeric_limits<double>::infinity(), nan = std::nan("");
    uint64_t at = SegmentBuilder::kStartTicks;
    segment.gauge(file, {1}, at);
    segment.gauge(99999, {1}, at);
    segment.gauge(0, {1}, at);
    segment.gauge(name, {1}, at).last = inf;
    segment.gauge(name, {1}, at).last = nan;
    segment.gauge(name, {1}, at).sum = nan;
    segment.gauge(name, {1}, at).lowest = 0;
    segment.gauge(name, {1}, at).highest = gauge_order(inf);
    segment.gauge(name, {1}, at).highest = gauge_order(-5);
    segment.gauge(name, {7}, at).count = 0; /* not set yet */
    gauge_record &huge = segment.gauge(name, {1, 2}, at);
    huge.sum = inf; /* may happen */
    huge.count = UINT64_MAX;
    segment.header().tables[TABLE_GAUGES].used = UINT64_MAX;
    ModelPointer made = model_of(segment);
    EXPECT_EQ(made->damaged, 9u);
    ASSERT_EQ(made->gauge_count, 1u);
    EXPECT_EQ(made->gauges[0].mean, 2) << "never outside of the range";
}

TEST(Operations, OfTheProcessesOfARunAreSummedByName)
{
    SegmentBuilder parent, child;
    child.header().pid = parent.header().pid + 1;
    child.header().start_ticks += 2 * kSecond;
    uint32_t a = parent.target(TARGET_CUSTOM, "serve"), other = child.target(TARGET_CUSTOM, "accept");
    uint32_t b = child.target(TARGET_CUSTOM, "serve");
    parent.thread(1, "a").calls(3, HOOK_operation, a, 1000).increments(a, 2, 20);
    child.thread(2, "b").calls(4, HOOK_operation, b, 3000).increments(b, 1, 5).call(HOOK_operation, other, 10);
    parent.gauge(a, {1, 2}, SegmentBuilder::kStartTicks + 3 * kSecond);
    child.gauge(b, {10}, SegmentBuilder::kStartTicks + 2 * kSecond + 100);
    child.gauge(other, {5}, SegmentBuilder::kStartTicks);
    ModelPointer one = model_of(parent), two = model_of(child);
    const model *both[] = {one.get(), two.get()};
    model *merged = nullptr;
    ASSERT_EQ(model_merge(both, 2, &merged), 0);
    ModelPointer made(merged, model_free);
    EXPECT_EQ(row_of(*made, HOOK_operation, "serve")->calls, 7u);
    EXPECT_EQ(row_of(*made, HOOK_count, "serve")->bytes, 25u);
    ASSERT_EQ(made->gauge_count, 2u);
    EXPECT_STREQ(made->targets[made->gauges[0].target].text, "accept") << "by name";
    const model_gauge *serve = gauge_of(*made, "serve");
    EXPECT_EQ(serve->lowest, 1);
    EXPECT_EQ(serve->highest, 10);
    EXPECT_EQ(serve->count, 3u);
    EXPECT_NEAR(serve->mean, 13.0 / 3, 1e-12);
    EXPECT_EQ(serve->last, 2) << "set 1.5 s after the start; the child's 1 s after it";
}

/* ---- accounting ---- */

TEST(Operations, ChangeNothingInWhereTheTimeWent)
{
    AnalyseCase with(62.4, 8 << 20), without(62.4, 8 << 20);
    troubled(with);
    troubled(without);
    uint32_t name = with.segment.target(TARGET_CUSTOM, "everything");
    thread_block &block = *reinterpret_cast<thread_block *>(with.segment.bytes().data() +
                                                            with.segment.records<uint64_t>(TABLE_THREADS)[0]);
    ASSERT_EQ(block.state, (uint32_t)THREAD_LIVE);
    ThreadBuilder(with.segment, with.segment.records<uint64_t>(TABLE_THREADS)[0])
        .calls(100, HOOK_operation, name, with.ticks(600 * kMs), 0)
        .increments(name, 5, 5);
    const accounting &a = with.finish().time, &b = without.finish().time;
    EXPECT_EQ(a.total_ns, b.total_ns);
    uint64_t sum = 0;
    for (unsigned part = 0; part < PART_COUNT; part++) {
        EXPECT_EQ(a.parts[part], b.parts[part]) << accounting_part_name((enum accounting_part)part);
        EXPECT_EQ(a.calls[part], b.calls[part]);
        EXPECT_EQ(a.top_ns[part], b.top_ns[part]);
        sum += a.parts[part];
    }
    EXPECT_EQ(sum, a.total_ns);
}

/* ---- showing ---- */

TEST(Operations, AreABlockOfTheVerdictWhereThereAreSome)
{
    AnalyseCase c, none;
    shop(c);
    none.segment.thread(1, "main");
    std::string text = verdict(c.finish(), 100);
    EXPECT_NE(text.find("\n\nOperations of the program\n"), std::string::npos) << text;
    EXPECT_EQ(text.find("\n\n\n"), std::string::npos) << text;
    EXPECT_NE(text.find("      5.0 s   search  5,000 times, p50 1.0 ms, p99 1.0 ms\n"),
              std::string::npos)
        << text;
    EXPECT_NE(text.find("checkout"), std::string::npos) << text;
    EXPECT_NE(text.find("203 times, p50 19.9 ms, p99 30.0 ms, 3 failed\n"), std::string::npos) << text;
    EXPECT_NE(text.find("    and 1 count, 1 gauge: strong-report --full\n"), std::string::npos) << text;
    EXPECT_EQ(text.find("search", text.find("search") + 1), std::string::npos) << "once:\n" << text;
    EXPECT_EQ(verdict(none.finish(), 100).find("Operations"), std::string::npos);
}

TEST(Operations, TakeFiveLinesAtMostAndFitTheScreen)
{
    for (bool busy : {false, true}) {
        AnalyseCase c(62.4, 8 << 20);
        if (busy)
            troubled(c);
        c.segment.header().state = SEGMENT_RUNNING;
        for (int i = 0; i < 9; i++) {
            auto worker = c.segment.thread(8000 + i, "worker");
            std::string name = "a rather long name of an operation, the \x1b[31mnumber\n " + std::to_string(i);
            worker.calls(100 + i, HOOK_operation, c.segment.target(TARGET_CUSTOM, name), c.ticks(kMs), 0, i);
        }
        const analysis &found = c.finish();
        for (unsigned width = SCREEN_MIN_WIDTH; width <= 200; width += 10) {
            std::string text = verdict(found, width);
            EXPECT_LE(widest(text), width) << text;
            EXPECT_EQ(text.find('\x1b'), std::string::npos);
            if (width < 100)
                continue;
            EXPECT_LE(line_count(text), unsigned(TEXT_REPORT_LINES)) << text;
            EXPECT_LE(block_lines(text), unsigned(OPERATION_REPORT_LINES)) << text;
            if (!busy) {
                EXPECT_EQ(block_lines(text), unsigned(OPERATION_REPORT_LINES)) << text;
                EXPECT_NE(text.find("and 6 more operations: strong-report --full"), std::string::npos) << text;
            }
        }
    }
}

TEST(Operations, AreAllInTheFullReportAndInNoOtherTableOfIt)
{
    AnalyseCase c;
    shop(c);
    for (int i = 0; i < 60; i++)
        c.segment.thread(9000 + i, "w").call(HOOK_operation, c.segment.target(TARGET_CUSTOM, "op " + std::to_string(i)),
                                             c.ticks(kUs));
    const analysis &found = c.finish();
    std::string text = full(found, 100);
    for (int i = 0; i < 60; i++)
        EXPECT_NE(text.find("  op " + std::to_string(i) + "\n"), std::string::npos) << i;
    EXPECT_NE(text.find("Counts of the program"), std::string::npos);
    EXPECT_NE(text.find("Gauges of the program"), std::string::npos);
    EXPECT_NE(text.find("           123            40  orders\n"), std::string::npos) << text;
    EXPECT_NE(text.find("           4.5             3           5.5             9           3  queue\n"), std::string::npos)
        << text;
    EXPECT_EQ(text.find("operation checkout"), std::string::npos) << "not among the calls";
    for (unsigned width : {40u, 60u, 80u, 140u})
        EXPECT_LE(widest(full(found, width)), width);
}

TEST(Operations, AreListsOfTheirOwnInJson)
{
    AnalyseCase c;
    shop(c);
    c.segment.gauge(c.segment.target(TARGET_CUSTOM, "large"), {1.7e308}, SegmentBuilder::kStartTicks);
    const analysis &found = c.finish();
    const analysis *members[] = {&found};
    json_t *document = json_report_new(&found, members, 1);
    expect_schema_of(document, "report.schema.json");
    json_t *operations = json_object_get(document, "operations"), *one = json_array_get(operations, 0);
    ASSERT_EQ(json_array_size(operations), 2u);
    EXPECT_STREQ(json_string_value(json_object_get(one, "name")), "search");
    EXPECT_EQ(json_integer_value(json_object_get(one, "calls")), 5000);
    EXPECT_NEAR((double)json_integer_value(json_object_get(one, "p99_ns")), 1e6, 1e6 / 16);
    EXPECT_EQ(json_integer_value(json_object_get(json_array_get(operations, 1), "errors")), 3);
    one = json_array_get(json_object_get(document, "counts"), 0);
    EXPECT_STREQ(json_string_value(json_object_get(one, "name")), "orders");
    EXPECT_EQ(json_integer_value(json_object_get(one, "sum")), 123);
    json_t *gauges = json_object_get(document, "gauges");
    ASSERT_EQ(json_array_size(gauges), 2u);
    EXPECT_TRUE(json_is_null(json_object_get(json_array_get(gauges, 0), "last"))) << "JSON knows no such number";
    EXPECT_EQ(json_real_value(json_object_get(json_array_get(gauges, 1), "mean")), 5.5);
    EXPECT_EQ(json_array_size(json_object_get(document, "targets")), 0u) << "they are nothing that was touched";
    json_decref(document);
}

/* ---- comparing ---- */

TEST(Operations, AreComparedAndLeadWhereNothingElseTellsIt)
{
    DiffCase c;
    for (AnalyseCase *one : {&c.a, &c.b}) {
        uint32_t parse = one->segment.target(TARGET_CUSTOM, "parse");
        one->segment.thread(1, "main").calls(1000, HOOK_operation, parse, one->ticks(one == &c.a ? 8 * kMs : 2 * kMs));
        one->cpu(one == &c.a ? 9 * kSecond : 3 * kSecond);
    }
    const difference &made = c.finish();
    const difference_row *parse = target_of(made, "parse");
    ASSERT_NE(parse, nullptr);
    EXPECT_EQ(parse->kind, TARGET_CUSTOM);
    EXPECT_EQ(parse->each.judgement, NOISE_LESS);
    EXPECT_EQ(hook_of(made, HOOK_operation), nullptr) << "all of them together mean nothing";
    EXPECT_STREQ(made.verdict,
                 "B spends 75 % less time in the operation parse (8.0 ms → 2.0 ms an operation, beyond noise)");
}

TEST(Operations, DoNotLeadOverTheTargetThatExplainsThem)
{
    DiffCase c;
    for (AnalyseCase *one : {&c.a, &c.b}) {
        uint64_t wait = one == &c.a ? 8 * kMs : 2 * kMs;
        uint32_t serve = one->segment.target(TARGET_CUSTOM, "serve"), disk = one->segment.target(TARGET_FILE, "/data/x");
        one->segment.thread(1, "main")
            .calls(1000, HOOK_operation, serve, one->ticks(wait + kMs))
            .calls(1000, HOOK_fsync, disk, one->ticks(wait));
    }
    EXPECT_STREQ(c.finish().verdict,
                 "B spends 75 % less time in calls on /data/x (8.0 ms → 2.0 ms a call, beyond noise)");
}

TEST(Operations, ThatAreUnchangedAreWithinNoise)
{
    DiffCase c;
    shop(c.a);
    shop(c.b);
    const difference &made = c.finish();
    EXPECT_EQ(made.verdict_judgement, NOISE_WITHIN) << made.verdict;
    EXPECT_EQ(target_of(made, "orders"), nullptr) << "counts are not timed";
    EXPECT_EQ(target_of(made, "search")->each.judgement, NOISE_WITHIN);
}
