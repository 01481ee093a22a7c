/* The two text formats of Prometheus: names, escapes, numbers, buckets. */
#include "tools/reader_case.h"

#define _Static_assert static_assert
extern "C" {
#include "render/exposition.h"
}
#undef _Static_assert

#include <functional>
#include <limits>

namespace
{

std::string written(exposition_format format, const std::function<void(exposition *)> &write)
{
    char *text = nullptr;
    size_t len = 0;
    exposition to = {};
    to.out = open_memstream(&text, &len);
    to.format = format;
    write(&to);
    fclose(to.out);
    std::string found(text, len);
    free(text);
    return found;
}

void one(exposition *to, exposition_type type, const char *name, const char *unit, double value)
{
    exposition_family(to, name, type, unit, "Help.");
    exposition_begin(to);
    exposition_end(to, value);
}

TEST(Exposition, NamesCountersAndInfoAsEachFormatWantsThem)
{
    auto counter = [](exposition *to) { one(to, EXPOSITION_COUNTER, "a_bytes", "bytes", 3); };
    EXPECT_EQ(written(EXPOSITION_OPENMETRICS, counter),
              "# HELP a_bytes Help.\n# TYPE a_bytes counter\n# UNIT a_bytes bytes\na_bytes_total 3\n");
    EXPECT_EQ(written(EXPOSITION_PROMETHEUS, counter),
              "# HELP a_bytes_total Help.\n# TYPE a_bytes_total counter\na_bytes_total 3\n");
    auto info = [](exposition *to) { one(to, EXPOSITION_INFO, "a", "", 1); };
    EXPECT_EQ(written(EXPOSITION_OPENMETRICS, info), "# HELP a Help.\n# TYPE a info\na_info 1\n");
    EXPECT_EQ(written(EXPOSITION_PROMETHEUS, info), "# HELP a_info Help.\n# TYPE a_info gauge\na_info 1\n");
    EXPECT_EQ(written(EXPOSITION_OPENMETRICS, exposition_finish), "# EOF\n");
    EXPECT_EQ(written(EXPOSITION_PROMETHEUS, exposition_finish), "");
}

TEST(Exposition, EscapesAndBoundsLabels)
{
    std::string text = written(EXPOSITION_PROMETHEUS, [](exposition *to) {
        exposition_family(to, "a", EXPOSITION_GAUGE, "", "Help.");
        exposition_begin(to);
        exposition_label(to, "x", "q\" b\\ n\n");
        exposition_label(to, "empty", "");
        exposition_label(to, "y", "é");
        exposition_end(to, 0);
        exposition_begin(to);
        exposition_label(to, "long", std::string(600, '"').c_str());
        std::string wide;
        for (int i = 0; i < 400; i++)
            wide += "é";
        exposition_label(to, "wide", wide.c_str());
        for (int i = 0; i < 20; i++)
            exposition_label(to, "more", wide.c_str());
        exposition_end(to, 0);
    });
    EXPECT_NE(text.find("a{x=\"q\\\" b\\\\ n\\n\",y=\"é\"} 0\n"), std::string::npos) << text;
    EXPECT_LT(text.size(), 5000u);
    std::string last = text.substr(text.find("a{long"));
    EXPECT_EQ(last.compare(last.size() - 5, 5, "\"} 0\n"), 0) << "closed";
    EXPECT_NE(last.find("é\",more"), std::string::npos) << "cut between characters";
}

TEST(Exposition, WritesNumbersInFull)
{
    std::string text = written(EXPOSITION_PROMETHEUS, [](exposition *to) {
        one(to, EXPOSITION_GAUGE, "a", "", 1e15);
        one(to, EXPOSITION_GAUGE, "a", "", 0.25);
        one(to, EXPOSITION_GAUGE, "a", "", -3);
        one(to, EXPOSITION_GAUGE, "a", "", std::numeric_limits<double>::infinity());
        one(to, EXPOSITION_GAUGE, "a", "", std::numeric_limits<double>::quiet_NaN());
        exposition_begin(to);
        exposition_end_ns(to, 12000000345);
    });
    for (const char *line : {"a 1000000000000000\n", "a 0.25\n", "a -3\n", "a +Inf\n", "a NaN\n", "a 12.000000345\n"})
        EXPECT_NE(text.find(line), std::string::npos) << line << text;
}

TEST(Exposition, CountsEveryCallOnceInItsBuckets)
{
    SegmentBuilder segment(256 << 10);
    uint32_t file = segment.target(TARGET_FILE, "/x");
    auto thread = segment.thread(1, "main");
    for (uint64_t ticks = 4; ticks < 1ull << 42; ticks = ticks * 3 / 2 + 1)
        thread.call(HOOK_fsync, file, ticks);
    ModelPointer model = model_of(segment);
    const latency &calls = row_of(*model, HOOK_fsync, "/x")->latency;
    std::string text = written(EXPOSITION_OPENMETRICS, [&](exposition *to) {
        exposition_family(to, "a_seconds", EXPOSITION_HISTOGRAM, "seconds", "Help.");
        exposition_begin(to);
        exposition_label(to, "x", "y");
        exposition_end_latency(to, &calls, 5);
    });
    unsigned long last = 0, lines = 0, value = 0;
    for (size_t at = text.find("_bucket"); at != std::string::npos; at = text.find("_bucket", at + 1)) {
        value = strtoul(text.c_str() + text.find("} ", at) + 2, nullptr, 10);
        EXPECT_GE(value, last) << "cumulative";
        last = value;
        lines++;
    }
    EXPECT_EQ(value, calls.total);
    EXPECT_EQ(lines, 26u);
    EXPECT_NE(text.find("a_seconds_bucket{x=\"y\",le=\"1e-06\"} "), std::string::npos) << text;
    EXPECT_NE(text.find("le=\"+Inf\"} " + std::to_string(calls.total) + "\n"), std::string::npos);
    EXPECT_NE(text.find("a_seconds_count{x=\"y\"} " + std::to_string(calls.total) + "\na_seconds_sum{x=\"y\"} 0.000000005\n"),
              std::string::npos);
    EXPECT_EQ(text.find("le=\"1.0\"") != std::string::npos, true);
}

} // namespace
