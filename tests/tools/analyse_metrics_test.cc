/* Named figures: what each name means in a segment, and what is not measured. */
#include "tools/analyse_case.h"

#include <cerrno>
#include <cmath>

extern "C" {
#include "analyse/expression.h"
}

namespace
{

/* A client: 100 calls of 2 ms on one server, 100 of 8 ms on another, files, a lock, heap, errors. */
class MetricsTest : public testing::Test
{
  protected:
    void SetUp() override
    {
        build(case_, 1);
        now_ = &case_.finish();
    }

    static void build(AnalyseCase &c, unsigned times)
    {
        auto t = AnalyseCase::ticks;
        const uint64_t ms = AnalyseCase::kMs, second = AnalyseCase::kSecond;
        SegmentBuilder &segment = c.segment;
        uint32_t fast = segment.target(TARGET_TCP_OUT, "tcp://127.0.0.1:6379");
        uint32_t slow = segment.target(TARGET_TCP_OUT, "tcp://10.0.0.1:80");
        uint32_t served = segment.target(TARGET_TCP_IN, "tcp://127.0.0.1:80");
        uint32_t file = segment.target(TARGET_FILE, "/data/x");
        uint32_t own = segment.target(TARGET_CUSTOM, "checkout");
        uint32_t retries = segment.target(TARGET_CUSTOM, "retries");
        auto main = segment.thread(1, "main");
        main.calls(100 * times, HOOK_recv, fast, t(2 * ms), 1000);
        main.calls(100 * times, HOOK_recv, slow, t(8 * ms), 0);
        main.calls(10 * times, HOOK_connect, slow, t(3 * ms), 0, ECONNREFUSED);
        main.calls(5 * times, HOOK_recv, served, t(100 * ms));
        main.calls(20 * times, HOOK_fsync, file, t(10 * ms));
        main.calls(4 * times, HOOK_operation, own, t(50 * ms));
        main.calls(7 * times, HOOK_count, retries, 0, 3);
        main.counted(HOOK_malloc, 1000 * times, 50000 * times).counted(HOOK_free, 900 * times);
        segment.header().threads_alive = 3;
        segment.header().threads_peak = 5;
        segment.header().descriptors_peak = 40;
        segment.counter(COUNTER_samples_dropped) = 6 * times;
        c.cpu(2 * second * times, second * times);
    }

    metric_value value(const std::string &text, const model *before = nullptr, const model *now = nullptr,
                       bool with_analysis = true)
    {
        expression *parsed = nullptr;
        expression_error error = {};
        if (expression_parse((text + " >= 0").c_str(), &parsed, &error) != 0) {
            ADD_FAILURE() << text << ": " << error.message;
            return {};
        }
        metrics_context context = {now ? now : now_->model, before, with_analysis ? now_ : nullptr, &arena_};
        metric_value found = metrics_value(&parsed->nodes[0].metric, &context);
        if (!found.known)
            found.why = arena_text(&arena_, found.why, strlen(found.why));
        expression_free(parsed);
        return found;
    }

    void expect(const std::string &text, double wanted, double margin = 1e-9)
    {
        metric_value found = value(text);
        EXPECT_TRUE(found.known) << text << ": " << found.why;
        EXPECT_NEAR(found.value, wanted, margin) << text;
    }

    void TearDown() override { arena_done(&arena_); }

    AnalyseCase case_{10};
    const analysis *now_ = nullptr;
    arena arena_ = {};
};

TEST_F(MetricsTest, OfGroupsFollowTheReportsParts)
{
    expect("network.calls", 200);
    expect("network.rate", 20);
    expect("network.bytes", 100000);
    expect("network.p50", 0.002, 0.002 / 16);
    expect("network.p99", 0.008, 0.008 / 16);
    expect("network.max", 0.008);
    expect("network.mean", 0.005, 1e-6);
    expect("connect.errors", 10);
    expect("connect.error_share", 1);
    expect("idle.calls", 5);
    expect("wait.calls", 5);
    expect("network.time", double(now_->time.parts[PART_NETWORK]) / 1e9);
    expect("network.share", double(now_->time.parts[PART_NETWORK]) / double(now_->time.total_ns));
    expect("file.calls", 20);
    expect("sleep.calls", 0);
}

TEST_F(MetricsTest, OfHooksAndTargetsAreTheirOwn)
{
    expect("recv.calls", 205);
    expect("hook(\"recv\").calls", 205);
    expect("malloc.calls", 1000);
    expect("fsync.p90", 0.010, 0.010 / 16);
    expect("target(\"tcp://10.0.0.1:80\").calls", 110);
    expect("target('tcp://127.0.0.1:6379').p99", 0.002, 0.002 / 16);
    expect("network{target=\"tcp://10.0.0.1:80\"}.p50", 0.008, 0.008 / 16);
    expect("recv{target=\"tcp://127.0.0.1:80\"}.max", 0.1);
    expect("fsync{target=\"/data/x\"}.time", 0.2, 1e-6);
}

TEST_F(MetricsTest, OfTheProcessAreWhatTheReportSays)
{
    expect("duration", 10);
    expect("cpu.time", 3);
    expect("cpu.usage", 0.3, 1e-6);
    expect("cpu.share", double(now_->time.parts[PART_CPU]) / double(now_->time.total_ns));
    expect("alloc.bytes", 50000);
    expect("alloc.calls", 1000);
    expect("alloc.rate", 5000);
    expect("threads", 5);
    expect("descriptors", 40);
    expect("errors.count", 10);
    expect("errors.rate", 1);
    expect("self.dropped", 6);
    expect("self.cost", now_->self.share);
    size_t critical = 0;
    for (size_t i = 0; i < now_->found; i++)
        critical += now_->findings[i].severity == SEVERITY_CRITICAL && !now_->findings[i].explained_by;
    expect("findings.critical", double(critical));
}

TEST_F(MetricsTest, OfTheProgramsOwnMeasuresAreFoundByName)
{
    expect("operation(\"checkout\").calls", 4);
    expect("operation(\"checkout\").p50", 0.05, 0.05 / 16);
    expect("count(\"retries\").value", 21);
    expect("count(\"retries\").rate", 2.1);
    expect("count(\"retries\").calls", 7);
    EXPECT_FALSE(value("gauge(\"queue\").value").known);
}

TEST_F(MetricsTest, ThatWereNotMeasuredAreNotZero)
{
    for (const char *text : {"sleep.p99", "sleep.mean", "sleep.error_share", "poll.p50", "memory.rss",
                             "target(\"tcp://127.0.0.1:6378\").calls", "operation(\"chekout\").p99",
                             "count(\"x\").value", "network{target=\"/data/x2\"}.p99"}) {
        metric_value found = value(text);
        EXPECT_FALSE(found.known) << text << " is " << found.value;
        EXPECT_GT(strlen(found.why), 5u) << text;
    }
    EXPECT_STREQ(value("target(\"tcp://127.0.0.1:6378\").calls").why,
                 "no call on 'tcp://127.0.0.1:6378'; nearest: tcp://127.0.0.1:6379");
    EXPECT_STREQ(value("operation(\"chekout\").p99").why, "nothing recorded as 'chekout'; nearest: checkout");
    EXPECT_FALSE(value("findings.critical", nullptr, nullptr, false).known);
    EXPECT_FALSE(value("finding(\"reconnecting\").gain", nullptr, nullptr, false).known);
}

TEST_F(MetricsTest, OfFindingsTellFoundFromNotMeasured)
{
    for (unsigned id = 0; id < FINDING_COUNT; id++) {
        const finding *one = analysis_finding(now_, static_cast<finding_id>(id));
        std::string name = std::string("finding(\"") + one->name + "\")";
        metric_value found = value(name + ".found"), gain = value(name + ".gain");
        EXPECT_EQ(found.known, one->state != FINDING_NOT_MEASURED) << name;
        if (found.known) {
            EXPECT_EQ(found.value, one->state == FINDING_FOUND) << name;
            EXPECT_DOUBLE_EQ(gain.value, one->state == FINDING_FOUND ? double(one->gain_ns) / 1e9 : 0) << name;
        }
    }
}

TEST_F(MetricsTest, BetweenTwoLooksAreOfTheIntervalAlone)
{
    AnalyseCase later{20};
    build(later, 1);
    uint32_t fast = 1; /* the first target of build() */
    later.segment.thread(2, "more").calls(300, HOOK_recv, fast, AnalyseCase::ticks(64 * AnalyseCase::kMs), 10);
    const model *before = now_->model, *now = later.finish().model;
    EXPECT_EQ(value("network.calls", before, now).value, 300);
    EXPECT_EQ(value("network.rate", before, now).value, 30);
    EXPECT_NEAR(value("network.p50", before, now).value, 0.064, 0.004);
    EXPECT_NEAR(value("network.max", before, now).value, 0.064, 0.004);
    EXPECT_EQ(value("connect.calls", before, now).value, 0);
    EXPECT_FALSE(value("connect.p99", before, now).known);
    EXPECT_EQ(value("alloc.rate", before, now).value, 0);
    EXPECT_NEAR(value("duration", before, now).value, 10, 1e-6);
    metric_value backwards = value("network.calls", now, before);
    EXPECT_EQ(backwards.value, 0) << "never below 0, whatever is subtracted";
}

TEST_F(MetricsTest, HaveAFunctionAndAMeaningEach)
{
    for (const metric_entry *entry = metrics_scalars; entry->name; entry++) {
        metric_value found = value(entry->name);
        EXPECT_TRUE(found.known || strlen(found.why) > 5) << entry->name;
        EXPECT_TRUE(!found.known || (std::isfinite(found.value) && found.value >= 0)) << entry->name;
        EXPECT_GT(strlen(entry->meaning), 5u) << entry->name;
    }
    for (const metric_entry *entry = metrics_groups; entry->name; entry++)
        for (const metric_entry *figure = metrics_statistics; figure->name; figure++)
            if (std::string(figure->name) != "value") {
                value(std::string(entry->name) + "." + figure->name);
            }
}

} // namespace
