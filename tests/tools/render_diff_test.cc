/* The difference as text, against golden files and at many widths, and as JSON, against its schema. */
#include "tools/diff_case.h"
#include "tools/json_schema.h"

extern "C" {
#include "render/diff_report.h"
#include "render/json_diff.h"
}

namespace
{

std::string text_of(const difference &made, unsigned width, bool full = false, bool unicode = true,
                    bool colour = false)
{
    return render_on(width, unicode, colour, [&](screen *s) {
        full ? diff_report_full(s, &made) : diff_report_print(s, &made);
    });
}

std::string json_of(const difference &made)
{
    char *text = nullptr;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    EXPECT_EQ(json_diff_print(out, &made), 0);
    fclose(out);
    std::string all(text, len);
    free(text);
    return all;
}

void fill(DiffCase &c)
{
    troubled(c.a);
    cured(c.b);
}

class DiffReport : public testing::TestWithParam<unsigned>
{
};

TEST_P(DiffReport, LooksLikeItsGoldenFile)
{
    DiffCase c(62.4, 31.2, 5000300 + 2 * GetParam());
    fill(c);
    std::string text = text_of(c.finish(), GetParam());
    expect_golden("diff_cured_" + std::to_string(GetParam()) + ".txt", text);
    EXPECT_LE(widest(text), GetParam());
    if (GetParam() >= 100) {
        EXPECT_LE(line_count(text), unsigned(DIFF_REPORT_LINES));
    }
}

INSTANTIATE_TEST_SUITE_P(Golden, DiffReport, testing::Values(100u, 60u));

TEST(DiffText, FitsAnyWidthFromFortyAndFortyLinesFromAHundred)
{
    DiffCase c(62.4, 31.2);
    fill(c);
    for (unsigned i = 0; i < 40; i++) { /* more of everything than there is room for */
        for (AnalyseCase *one : {&c.a, &c.b})
            one->segment.thread(100 + i, "more").calls(
                50, HOOK_fdatasync, one->segment.target(TARGET_FILE, "/srv/data/" + std::to_string(i)),
                one->ticks((one == &c.a ? 2 : 5) * AnalyseCase::kMs));
    }
    for (AnalyseCase *one : {&c.a, &c.b}) {
        one->segment.counter(COUNTER_tcp_stalls_avoided) = one == &c.a ? 5 : 500;
        one->segment.counter(COUNTER_resolver_hits) = one == &c.a ? 5 : 500;
    }
    const difference &made = c.finish();
    for (unsigned width = SCREEN_MIN_WIDTH; width <= 240; width += 5) {
        std::string text = text_of(made, width);
        EXPECT_LE(widest(text), width) << text;
        EXPECT_LE(widest(text_of(made, width, true)), width);
        if (width >= 100) {
            EXPECT_NE(text.find("resolver: names answered"), std::string::npos) << text;
            EXPECT_LE(line_count(text), unsigned(DIFF_REPORT_LINES)) << text;
        }
    }
}

TEST(DiffText, TheVerdictIsTheFirstLine)
{
    DiffCase c(62.4, 31.2);
    fill(c);
    const difference &made = c.finish();
    EXPECT_EQ(text_of(made, 200).find(made.verdict), 0u);
}

TEST(DiffText, InFullShowsMeansQuantilesRatesAndTotals)
{
    DiffCase c(62.4, 31.2);
    fill(c);
    std::string text = text_of(c.finish(), 100, true);
    for (const char *word : {"p50 of a call", "p99 of a call", "time a second", "calls a second",
                             "time in all", "fsync", "/var/lib/app/audit.log", "new", "gone", "beyond noise"})
        EXPECT_NE(text.find(word), std::string::npos) << word;
}

TEST(DiffText, IsPlainWhereTheScreenIs)
{
    DiffCase c(62.4, 31.2);
    fill(c);
    const difference &made = c.finish();
    for (unsigned char byte : text_of(made, 100, true, false))
        EXPECT_TRUE(byte == '\n' || (byte >= 0x20 && byte < 0x7f)) << int(byte);
    EXPECT_EQ(text_of(made, 100).find('\033'), std::string::npos);
    EXPECT_NE(text_of(made, 100, false, true, true).find("\033["), std::string::npos);
}

TEST(DiffText, LetsNoHostileTextThrough)
{
    DiffCase c;
    const std::string evil = "\033]0;owned\a\033[2J\r\n\xc2\x9b"
                             "31m\xe2\x80\xae\xff\xfe%s%n";
    for (AnalyseCase *one : {&c.a, &c.b}) {
        one->segment.header().command = one->segment.string(evil);
        one->segment.thread(1, "main").calls(
            400, HOOK_fsync, one->segment.target(TARGET_FILE, "/data/" + evil),
            one->ticks((one == &c.a ? 1 : 5) * AnalyseCase::kMs));
    }
    const difference &made = c.finish();
    std::string text = text_of(made, 100) + text_of(made, 60, true) + json_of(made);
    for (const char *bad : {"\033", "\a", "\r", "\xc2\x9b", "\xe2\x80\xae", "\xff", "\xfe"})
        EXPECT_EQ(text.find(bad), std::string::npos);
    EXPECT_NE(text.find("%s%n"), std::string::npos) << "shown as it is, not interpreted";
}

TEST(JsonDiff, MatchesItsSchemaWithEveryTableInUse)
{
    DiffCase c(62.4, 31.2);
    fill(c);
    Parsed parsed(json_of(c.finish()));
    ASSERT_NE(parsed.root, nullptr);
    expect_schema_of(parsed.root, "diff.schema.json");
    for (const char *list : {"time", "targets", "hooks", "findings", "optimizers"})
        EXPECT_GT(json_array_size(json_object_get(parsed.root, list)), 0u) << list;
    EXPECT_STREQ(json_string_value(json_object_get(parsed.root, "basis")), "request");
}

TEST(JsonDiff, MatchesItsSchemaForEmptySegments)
{
    DiffCase c;
    Parsed parsed(json_of(c.finish()));
    ASSERT_NE(parsed.root, nullptr);
    expect_schema_of(parsed.root, "diff.schema.json");
    json_t *verdict = json_object_get(parsed.root, "verdict");
    EXPECT_STREQ(json_string_value(json_object_get(verdict, "judgement")), "unknown");
}

TEST(JsonDiff, TheSchemaRefusesWhatItShould)
{
    DiffCase c;
    client(c.a, 100, 1000, 1000);
    client(c.b, 100, 1000, 1000);
    Parsed parsed(json_of(c.finish()));
    json_t *row = json_array_get(json_object_get(parsed.root, "targets"), 0);
    json_object_set_new(json_object_get(row, "each_ns"), "judgement", json_string("better"));
    json_object_del(row, "p99_ns");
    json_object_set_new(parsed.root, "schema", json_integer(2));
    json_error_t error;
    json_t *text = json_load_file(STRONG_SOURCE_DIR "/tools/render/diff.schema.json", 0, &error);
    Schema schema(text);
    schema.check(parsed.root);
    EXPECT_EQ(schema.errors.size(), 3u);
    json_decref(text);
}

TEST(JsonDiff, NullIsWhatOneSideDoesNotHave)
{
    DiffCase c;
    client(c.a, 100, 1000000, 1000000);
    c.b.segment.thread(1, "main").calls(100, HOOK_fsync, c.b.segment.target(TARGET_FILE, "/x"), 1000);
    Parsed parsed(json_of(c.finish()));
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(parsed.root, "targets"), i, row)
    {
        if (std::string(json_string_value(json_object_get(row, "target"))) != "/x")
            continue;
        json_t *each = json_object_get(row, "each_ns");
        EXPECT_TRUE(json_is_null(json_object_get(each, "a")));
        EXPECT_NEAR(json_number_value(json_object_get(each, "b")), 500, 1);
    }
}

} // namespace
