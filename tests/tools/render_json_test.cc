/* The JSON report: parses, has the promised shape, matches the published schema, survives hostile
 * text. */
#include "tools/render_case.h"

#include <jansson.h>

#include <fstream>
#include <set>

extern "C" {
#include "render/json_report.h"
}

namespace
{

/* The part of JSON Schema that report.schema.json uses. A keyword not known here is an error, so
 * the schema cannot promise what is not checked. Objects may have no undeclared properties: the
 * schema allows a later version to add some, but this version must declare its own. */
class Schema
{
  public:
    explicit Schema(json_t *root)
    {
        check_keywords(root);
        root_ = root;
    }

    void check(json_t *value)
    {
        check(root_, value, "$");
    }
    std::vector<std::string> errors;

  private:
    void fail(const std::string &path, const std::string &what)
    {
        errors.push_back(path + ": " + what);
    }

    void check_keywords(json_t *schema)
    {
        static const std::set<std::string> known = {
            "$schema", "title", "description", "type",    "properties", "required",
            "items",   "enum",  "const",       "minimum", "anyOf",      "additionalProperties"};
        const char *key;
        json_t *value;
        json_object_foreach(schema, key, value)
        {
            if (!known.count(key))
                fail("schema", std::string("unknown keyword ") + key);
        }
        json_object_foreach(json_object_get(schema, "properties"), key, value)
            check_keywords(value);
        if (json_t *items = json_object_get(schema, "items"))
            check_keywords(items);
    }

    static bool is_type(const char *type, json_t *value)
    {
        std::string name = type;
        return (name == "object" && json_is_object(value)) ||
               (name == "array" && json_is_array(value)) ||
               (name == "string" && json_is_string(value)) ||
               (name == "integer" && json_is_integer(value)) ||
               (name == "number" && json_is_number(value)) ||
               (name == "boolean" && json_is_boolean(value)) ||
               (name == "null" && json_is_null(value));
    }

    void check_type(json_t *type, json_t *value, const std::string &path)
    {
        bool fits = json_is_string(type) && is_type(json_string_value(type), value);
        for (size_t i = 0; i < json_array_size(type); i++)
            fits |= is_type(json_string_value(json_array_get(type, i)), value);
        if (!fits)
            fail(path, "wrong type");
    }

    void check_object(json_t *schema, json_t *value, const std::string &path)
    {
        json_t *properties = json_object_get(schema, "properties"), *one, *required;
        json_t *additional = json_object_get(schema, "additionalProperties");
        const char *key;
        size_t i;
        json_array_foreach(json_object_get(schema, "required"), i, required)
        {
            if (!json_object_get(value, json_string_value(required)))
                fail(path, std::string("misses ") + json_string_value(required));
        }
        json_object_foreach(value, key, one)
        {
            json_t *declared = json_object_get(properties, key);
            if (declared)
                check(declared, one, path + "." + key);
            else if (json_is_object(additional))
                check(additional, one, path + "." + key);
            else if (properties)
                fail(path, std::string("does not declare ") + key);
        }
    }

    void check(json_t *schema, json_t *value, const std::string &path)
    {
        if (json_t *type = json_object_get(schema, "type"))
            check_type(type, value, path);
        if (json_t *constant = json_object_get(schema, "const"))
            if (!json_equal(constant, value))
                fail(path, "is not the constant");
        if (json_t *values = json_object_get(schema, "enum")) {
            bool member = false;
            for (size_t i = 0; i < json_array_size(values); i++)
                member |= json_equal(json_array_get(values, i), value);
            if (!member)
                fail(path, "is not in the list");
        }
        if (json_t *least = json_object_get(schema, "minimum"))
            if (json_is_number(value) && json_number_value(value) < json_number_value(least))
                fail(path, "is too small");
        if (json_t *choices = json_object_get(schema, "anyOf")) {
            size_t before = errors.size();
            bool fits = false;
            for (size_t i = 0; i < json_array_size(choices) && !fits; i++) {
                errors.resize(before);
                check(json_array_get(choices, i), value, path);
                fits = errors.size() == before;
            }
        }
        if (json_is_object(value))
            check_object(schema, value, path);
        json_t *items = json_object_get(schema, "items");
        for (size_t i = 0; items && i < json_array_size(value); i++)
            check(items, json_array_get(value, i), path + "[" + std::to_string(i) + "]");
    }

    json_t *root_;
};

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

struct Parsed {
    explicit Parsed(const std::string &text)
    {
        json_error_t error;
        root = json_loads(text.c_str(), 0, &error);
        EXPECT_NE(root, nullptr) << error.text << " at " << error.line << "\n"
                                 << text.substr(0, 400);
    }
    ~Parsed()
    {
        json_decref(root);
    }
    json_t *root;
};

void expect_schema(json_t *root)
{
    json_error_t error;
    json_t *text = json_load_file(STRONG_SOURCE_DIR "/tools/render/report.schema.json", 0, &error);
    ASSERT_NE(text, nullptr) << error.text;
    Schema schema(text);
    schema.check(root);
    for (const std::string &one : schema.errors)
        ADD_FAILURE() << one;
    json_decref(text);
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
