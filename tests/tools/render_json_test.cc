/* The JSON report: parses, has the promised shape, matches the published schema, survives hostile
 * text. */
#include "tools/json_schema.h"
#include "tools/render_case.h"

extern "C" {
#include "render/json_report.h"
}

namespace
{

std::string document(const analysis &result, const analysis *const *members = nullptr,
                     size_t count = 0)
{
    char *text = nullptr;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    EXPECT_EQ(json_report_print(out, &result, members, count), 0);
    fclose(out);
    std::string all(text, len);
    free(text);
    return all;
}

void expect_schema(json_t *root)
{
    expect_schema_of(root, "report.schema.json");
}

TEST(JsonReport, MatchesItsSchemaWithEveryTableInUse)
{
    AnalyseCase c(62.4, 8 << 20);
    troubled(c);
    c.segment.thread(77, "standing").inside(HOOK_read, 1, c.segment.kStartTicks + 100);
    const analysis &result = c.finish();
    const analysis *members[] = {&result};
    Parsed parsed(document(result, members, 1));
    ASSERT_NE(parsed.root, nullptr);
    expect_schema(parsed.root);
    json_t *sampled = json_object_get(json_object_get(parsed.root, "memory"), "sampled");
    for (const char *list : {"sites", "sizes", "threads", "lifetimes"})
        EXPECT_GT(json_array_size(json_object_get(sampled, list)), 0u) << list;
    for (const char *list : {"hooks", "targets", "functions", "locks", "threads", "resources",
                             "errors", "findings", "processes", "time"})
        EXPECT_GT(json_array_size(json_object_get(parsed.root, list)), 0u) << list;
}

TEST(JsonReport, TellsTheSecondThatAProcessBeganAt)
{
    AnalyseCase c(1);
    c.segment.header().start_realtime_ns = 1234567891987654321;
    Parsed parsed(document(c.finish()));
    ASSERT_NE(parsed.root, nullptr);
    EXPECT_EQ(json_integer_value(json_object_get(json_object_get(parsed.root, "process"), "start")), 1234567891);
}

TEST(JsonReport, MatchesItsSchemaForAnEmptySegment)
{
    AnalyseCase c(1);
    Parsed parsed(document(c.finish()));
    ASSERT_NE(parsed.root, nullptr);
    expect_schema(parsed.root);
}

TEST(JsonReport, OptimizersSayWhatTheyDidAndWhyNot)
{
    AnalyseCase c(62.4, 8 << 20);
    troubled(c);
    Parsed parsed(document(c.finish()));
    json_t *list = json_object_get(parsed.root, "optimizers");
    ASSERT_EQ(json_array_size(list), size_t(OPTIMIZER_COUNT));
    json_t *pool = json_array_get(list, OPTIMIZER_CONNECTIONS);
    EXPECT_STREQ(json_string_value(json_object_get(pool, "name")), "connections");
    EXPECT_STREQ(json_string_value(json_object_get(pool, "state")), "active");
    EXPECT_EQ(json_integer_value(json_object_get(pool, "acted")), 31);
    EXPECT_EQ(json_integer_value(json_object_get(pool, "refused")), 12002);
    json_t *most = json_array_get(json_object_get(pool, "refusals"), 0);
    EXPECT_STREQ(json_string_value(json_object_get(most, "reason")), "state");
    EXPECT_EQ(json_integer_value(json_object_get(json_object_get(pool, "counters"),
                                                 "connections_parked")), 32);
    json_t *memory = json_array_get(list, OPTIMIZER_MEMORY);
    EXPECT_TRUE(json_is_null(json_object_get(memory, "saved_ns"))) << "it keeps no account";
}

TEST(JsonReport, TheSchemaRefusesWhatItShould)
{
    AnalyseCase c(1);
    Parsed parsed(document(c.finish()));
    json_error_t error;
    json_t *text = json_load_file(STRONG_SOURCE_DIR "/tools/render/report.schema.json", 0, &error);
    ASSERT_NE(text, nullptr);
    json_object_set_new(parsed.root, "schema", json_integer(2));
    json_object_set_new(parsed.root, "surprise", json_true());
    json_object_del(parsed.root, "time");
    Schema schema(text);
    schema.check(parsed.root);
    EXPECT_EQ(schema.errors.size(), 3u);
    json_decref(text);
}

TEST(JsonReport, FindingsAreInRankOrderWithStableIds)
{
    AnalyseCase c(62.4, 8 << 20);
    troubled(c);
    const analysis &result = c.finish();
    Parsed parsed(document(result));
    json_t *findings = json_object_get(parsed.root, "findings");
    ASSERT_EQ(json_array_size(findings), size_t(FINDING_COUNT));
    for (unsigned i = 0; i < FINDING_COUNT; i++)
        EXPECT_STREQ(json_string_value(json_object_get(json_array_get(findings, i), "id")),
                     result.findings[i].name);
}

TEST(JsonReport, WhatWasNotMeasuredIsNullAndNotZero)
{
    AnalyseCase c(1);
    c.segment.thread(1, "main");
    c.segment.resource(1000).threads = 1;
    Parsed parsed(document(c.finish()));
    json_t *cpu = json_array_get(json_object_get(parsed.root, "time"), 0);
    EXPECT_STREQ(json_string_value(json_object_get(cpu, "class")), "cpu");
    EXPECT_TRUE(json_is_null(json_object_get(cpu, "ns")));
    json_t *reading = json_array_get(json_object_get(parsed.root, "resources"), 0);
    EXPECT_TRUE(json_is_null(json_object_get(reading, "rss_bytes")));
    EXPECT_EQ(json_integer_value(json_object_get(reading, "threads")), 1);
}

TEST(JsonReport, TimeSumsToTheThreadTime)
{
    AnalyseCase c(62.4, 8 << 20);
    troubled(c);
    Parsed parsed(document(c.finish()));
    json_int_t sum = 0;
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(parsed.root, "time"), i, row) sum +=
        json_integer_value(json_object_get(row, "ns"));
    EXPECT_EQ(sum, json_integer_value(json_object_get(parsed.root, "thread_ns")));
}

TEST(JsonReport, SurvivesHostileText)
{
    AnalyseCase c(10);
    const std::string evil = "\"\\\033[2J\xff\xfe\xe2\x80\xae</script>\x01";
    c.segment.header().command = c.segment.string(evil);
    c.segment.thread(1, evil).calls(100, HOOK_fsync, c.segment.target(TARGET_FILE, evil),
                                    c.ticks(50 * c.kMs));
    std::string text = document(c.finish());
    Parsed parsed(text);
    ASSERT_NE(parsed.root, nullptr);
    for (const char *bad : {"\033", "\xff", "\xe2\x80\xae"})
        EXPECT_EQ(text.find(bad), std::string::npos);
}

} // namespace
