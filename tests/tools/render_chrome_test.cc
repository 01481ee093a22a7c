/* The recorded calls as Chrome trace events. */
#include "tools/export_case.h"
#include "tools/json_schema.h"

#include <map>

namespace
{

constexpr uint64_t kMs = AnalyseCase::kMs, kSecond = AnalyseCase::kSecond;

uint64_t t(uint64_t ns)
{
    return AnalyseCase::ticks(ns);
}

class ChromeTest : public testing::Test
{
  protected:
    /* The events of one phase, in the order of the file. */
    std::vector<json_t *> events(const char *phase)
    {
        if (!document_)
            document_ = std::make_unique<Parsed>(export_text(export_chrome, case_.finish()));
        std::vector<json_t *> found;
        json_t *event;
        size_t i;
        json_array_foreach(json_object_get(document_->root, "traceEvents"), i, event)
        {
            if (text(event, "ph") == phase)
                found.push_back(event);
        }
        return found;
    }

    static std::string text(json_t *object, const char *key)
    {
        const char *value = json_string_value(json_object_get(object, key));
        return value ? value : "";
    }
    static double number(json_t *object, const char *key)
    {
        return json_number_value(json_object_get(object, key));
    }
    static json_t *arguments(json_t *event)
    {
        return json_object_get(event, "args");
    }
    std::string other(const char *key)
    {
        return text(json_object_get(document_->root, "otherData"), key);
    }

    AnalyseCase case_;
    std::unique_ptr<Parsed> document_;
};

TEST_F(ChromeTest, ShowsARecordedCallWithWhatIsKnownOfIt)
{
    uint32_t redis = case_.segment.target(TARGET_TCP_OUT, "tcp://127.0.0.1:6379");
    uint32_t stack = case_.segment.stack({case_.function("ask")});
    case_.segment.thread(77, "worker")
        .event(HOOK_recv, redis, SegmentBuilder::kStartTicks + t(5 * kMs), t(1500001), stack, ECONNRESET, 42);
    std::vector<json_t *> calls = events("X");
    ASSERT_EQ(calls.size(), 1u);
    EXPECT_EQ(text(calls[0], "name"), "recv");
    EXPECT_EQ(text(calls[0], "cat"), "network");
    EXPECT_EQ(number(calls[0], "ts"), 5000);
    EXPECT_EQ(number(calls[0], "dur"), 1500.001) << "to the nanosecond";
    EXPECT_EQ(number(calls[0], "tid"), 77);
    EXPECT_EQ(number(calls[0], "pid"), case_.segment.header().pid);
    EXPECT_EQ(text(arguments(calls[0]), "target"), "tcp://127.0.0.1:6379");
    EXPECT_EQ(text(arguments(calls[0]), "caller"), "ask");
    EXPECT_EQ(number(arguments(calls[0]), "bytes"), 42);
    EXPECT_EQ(number(arguments(calls[0]), "errno"), ECONNRESET);
    EXPECT_EQ(text(arguments(calls[0]), "error"), "ECONNRESET");
    std::map<std::string, std::string> names;
    for (json_t *event : events("M"))
        names[text(event, "name")] = text(arguments(event), "name");
    EXPECT_EQ(names["process_name"], "victim --flag");
    EXPECT_EQ(names["thread_name"], "worker");
}

TEST_F(ChromeTest, OrdersCallsByTheirStartAndTheOuterBeforeTheInner)
{
    uint64_t start = SegmentBuilder::kStartTicks;
    case_.segment.thread(77, "worker")
        .event(HOOK_usleep, 0, start + t(9 * kMs), t(kMs))
        .event(HOOK_connect, 0, start + t(2 * kMs), t(kMs))
        .event(HOOK_getaddrinfo, 0, start + t(2 * kMs), t(5 * kMs));
    std::vector<std::string> order;
    for (json_t *event : events("X"))
        order.push_back(text(event, "name"));
    EXPECT_EQ(order, (std::vector<std::string>{"getaddrinfo", "connect", "usleep"}));
}

TEST_F(ChromeTest, CallsAnOperationOfTheProgramByItsName)
{
    uint32_t request = case_.segment.target(TARGET_CUSTOM, "serve request");
    case_.segment.thread(77, "worker")
        .event(HOOK_operation, request, SegmentBuilder::kStartTicks + 2, t(kMs));
    ASSERT_EQ(events("X").size(), 1u);
    EXPECT_EQ(text(events("X")[0], "name"), "serve request");
    EXPECT_EQ(text(events("X")[0], "cat"), "custom");
}

TEST_F(ChromeTest, LaysCallsOfThreadsThatEndedSideBySide)
{
    auto thread = case_.segment.thread(77, "late");
    thread.block().start_ticks = SegmentBuilder::kStartTicks + t(kSecond);
    uint64_t start = SegmentBuilder::kStartTicks + 2;
    thread.event(HOOK_read, 0, start, t(10 * kMs))
        .event(HOOK_read, 0, start + t(kMs), t(10 * kMs))
        .event(HOOK_read, 0, start + t(20 * kMs), t(kMs));
    std::vector<json_t *> calls = events("X");
    ASSERT_EQ(calls.size(), 3u);
    EXPECT_NE(number(calls[0], "tid"), number(calls[1], "tid"));
    EXPECT_EQ(number(calls[0], "tid"), number(calls[2], "tid"));
    std::map<double, unsigned> named;
    for (json_t *event : events("M"))
        named[number(event, "tid")] += text(arguments(event), "name") == "threads that ended";
    EXPECT_EQ(named[number(calls[0], "tid")], 1u);
    EXPECT_EQ(named[number(calls[1], "tid")], 1u);
}

TEST_F(ChromeTest, EndsACallThatAThreadIsInsideOfWithTheRecord)
{
    uint32_t peer = case_.segment.target(TARGET_TCP_OUT, "tcp://10.0.0.1:80");
    case_.segment.header().state = SEGMENT_RUNNING;
    case_.segment.header().end_ticks = 0;
    case_.segment.header().last_ticks = SegmentBuilder::kStartTicks + t(4 * kSecond);
    case_.segment.thread(77, "worker")
        .inside(HOOK_recv, peer, SegmentBuilder::kStartTicks + t(kSecond));
    std::vector<json_t *> calls = events("X");
    ASSERT_EQ(calls.size(), 1u);
    EXPECT_EQ(number(calls[0], "ts"), 1e6);
    EXPECT_EQ(number(calls[0], "dur"), 3e6);
    EXPECT_TRUE(json_is_true(json_object_get(arguments(calls[0]), "unfinished")));
    EXPECT_EQ(text(arguments(calls[0]), "target"), "tcp://10.0.0.1:80");
}

TEST_F(ChromeTest, CountsWhatTheKernelSaysAndLeavesOutWhatItDoesNot)
{
    for (uint64_t second = 0; second < 3; second++) {
        resource_record &record = case_.segment.resource(second * kSecond);
        record.cpu_user_ns = second * 500 * kMs;
        record.rss_bytes = (second + 1) << 20;
    }
    std::map<std::string, std::vector<json_t *>> counters;
    for (json_t *event : events("C"))
        counters[text(event, "name")].push_back(event);
    ASSERT_EQ(counters["memory (bytes)"].size(), 3u);
    json_t *memory = arguments(counters["memory (bytes)"][1]);
    EXPECT_EQ(number(memory, "resident"), 2 << 20);
    EXPECT_EQ(json_object_get(memory, "allocated"), nullptr) << "not measured is not 0";
    ASSERT_EQ(counters["CPU (% of one)"].size(), 2u) << "between each two readings";
    EXPECT_NEAR(number(arguments(counters["CPU (% of one)"][0]), "user"), 50, 1e-6);
    EXPECT_EQ(counters.count("descriptors"), 0u);
}

TEST_F(ChromeTest, SaysHowManyCallsAreGone)
{
    auto thread = case_.segment.thread(77, "busy");
    for (uint64_t i = 0; i < BLOCK_EVENTS + 10; i++)
        thread.event(HOOK_read, 0, SegmentBuilder::kStartTicks + t(i * kMs) + 2, t(kMs / 2));
    EXPECT_EQ(events("X").size(), size_t(BLOCK_EVENTS));
    EXPECT_EQ(other("calls overwritten"), "10");
    EXPECT_EQ(other("calls left out"), "0");
}

TEST_F(ChromeTest, SurvivesHostileNames)
{
    hostile(case_);
    std::string all = export_text(export_chrome, case_.finish());
    Parsed parsed(all);
    EXPECT_EQ(all.find('<'), std::string::npos);
    EXPECT_EQ(all.find('\033'), std::string::npos);
}

TEST_F(ChromeTest, IsADocumentWithoutCallsWhereNothingWasRecorded)
{
    EXPECT_EQ(events("X").size(), 0u);
    EXPECT_EQ(events("M").size(), 1u) << "the process has a name";
}

} // namespace
