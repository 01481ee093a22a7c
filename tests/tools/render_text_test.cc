/* The verdict and its blocks: against golden files, at several widths, and with hostile text. */
#include "tools/render_case.h"

#include <sstream>

extern "C" {
#include "render/full_report.h"
#include "render/text_report.h"
#include "render/tree_report.h"
}

namespace
{

std::string verdict(const analysis &result, unsigned width, bool unicode = true,
                    bool colour = false)
{
    return render_on(width, unicode, colour, [&](screen *s) { text_report_print(s, &result); });
}

struct Golden {
    const char *name;
    unsigned width, pid;
    void (*fill)(AnalyseCase &);
    double seconds;
};

class TextReport : public testing::TestWithParam<Golden>
{
};

TEST_P(TextReport, LooksLikeItsGoldenFile)
{
    const Golden &golden = GetParam();
    AnalyseCase c(golden.seconds, 8 << 20, golden.pid);
    golden.fill(c);
    std::string text = verdict(c.finish(), golden.width);
    expect_golden(std::string("verdict_") + golden.name + ".txt", text);
    EXPECT_LE(widest(text), golden.width);
    if (golden.width >= 100) {
        EXPECT_LE(line_count(text), unsigned(TEXT_REPORT_LINES));
    }
}

INSTANTIATE_TEST_SUITE_P(Golden, TextReport,
                         testing::Values(Golden{"troubled_100", 100, 5000001, troubled, 62.4},
                                         Golden{"troubled_60", 60, 5000002, troubled, 62.4},
                                         Golden{"healthy_100", 100, 5000003, healthy, 6.4},
                                         Golden{"healthy_60", 60, 5000004, healthy, 6.4}),
                         [](const auto &info) { return std::string(info.param.name); });

TEST(TextReport, FitsAnyWidthFromForty)
{
    AnalyseCase c(62.4, 8 << 20);
    troubled(c);
    const analysis &result = c.finish();
    for (unsigned width = SCREEN_MIN_WIDTH; width <= 240; width += 5) {
        std::string text = verdict(result, width);
        EXPECT_LE(widest(text), width) << text;
        EXPECT_NE(text.find("econnecting"), std::string::npos);
    }
}

TEST(TextReport, IsPlainAsciiWhereTheScreenIs)
{
    AnalyseCase c(62.4, 8 << 20);
    troubled(c);
    for (unsigned char byte : verdict(c.finish(), 100, false))
        EXPECT_TRUE(byte == '\n' || (byte >= 0x20 && byte < 0x7f)) << int(byte);
}

TEST(TextReport, ColoursOnlyWhenAsked)
{
    AnalyseCase c(62.4, 8 << 20);
    troubled(c);
    const analysis &result = c.finish();
    EXPECT_EQ(verdict(result, 100).find('\033'), std::string::npos);
    std::string coloured = verdict(result, 100, true, true);
    EXPECT_NE(coloured.find("\033[33m"), std::string::npos);
    /* Each style ends on its own line. */
    std::istringstream lines(coloured);
    std::string line;
    while (std::getline(lines, line)) {
        size_t last = line.rfind('\033');
        if (last != std::string::npos) {
            EXPECT_EQ(line.compare(last, 4, "\033[0m"), 0) << line;
        }
    }
}

TEST(TextReport, LetsNoHostileTextThrough)
{
    AnalyseCase c(62.4, 8 << 20);
    const std::string evil = "\033]0;owned\a\033[2J\r\n\xc2\x9b"
                             "31m\xe2\x80\xae\xff\xfe";
    c.segment.header().executable = c.segment.string("/tmp/" + evil);
    c.segment.header().command = c.segment.string(evil + std::string("\0x", 2));
    uint32_t file = c.segment.target(TARGET_FILE, "/data/" + evil);
    uint32_t host = c.segment.target(TARGET_HOST, evil + ".example");
    c.segment.thread(1, evil.substr(0, 15))
        .calls(100, HOOK_fsync, file, c.ticks(100 * c.kMs))
        .calls(100, HOOK_getaddrinfo, host, c.ticks(20 * c.kMs));
    c.segment.note(evil);
    const analysis &result = c.finish();
    std::string text = verdict(result, 100) + render_on(100, true, false, [&](screen *s) {
                           full_report_print(s, &result);
                           const analysis *members[] = {&result};
                           tree_report_print(s, members, 1, 10);
                       });
    for (const char *bad : {"\033", "\a", "\r", "\xc2\x9b", "\xe2\x80\xae", "\xff", "\xfe"})
        EXPECT_EQ(text.find(bad), std::string::npos);
}

TEST(TextReport, ShowsWhereThreadsStandWhenTheProcessWasKilled)
{
    AnalyseCase c(30, 4 << 20);
    c.segment.header().state = SEGMENT_RUNNING;
    c.segment.header().end_ticks = 0;
    uint32_t lock = c.segment.site(TARGET_LOCK, c.function("take"));
    c.segment.thread(1, "main").inside(HOOK_pthread_join, 0, c.segment.kStartTicks);
    for (unsigned i = 2; i < 12; i++)
        c.segment.thread(i, "worker").inside(HOOK_pthread_mutex_lock, lock, c.segment.kStartTicks);
    std::string text = verdict(c.finish(), 100);
    EXPECT_NE(text.find("killed"), std::string::npos) << text;
    EXPECT_NE(text.find("10 threads"), std::string::npos) << text;
    EXPECT_NE(text.find("in pthread_mutex_lock for"), std::string::npos) << text;
}

TEST(FullReport, ListsEveryRuleWithItsState)
{
    AnalyseCase c(62.4, 8 << 20);
    troubled(c);
    const analysis &result = c.finish();
    std::string text =
        render_on(100, true, false, [&](screen *s) { full_report_print(s, &result); });
    for (unsigned i = 0; i < FINDING_COUNT; i++) {
        const finding &one = result.findings[i];
        EXPECT_NE(text.find(one.state == FINDING_FOUND ? one.title : one.name), std::string::npos)
            << one.name;
    }
    EXPECT_LE(widest(text), 100u);
}

TEST(TreeReport, ShowsChildrenBelowTheirParents)
{
    AnalyseCase parent(10, 1 << 20, 5000010), child(5, 1 << 20, 5000011),
        other(1, 1 << 20, 5000012);
    parent.segment.header().command = parent.segment.string("make");
    child.segment.header().command = child.segment.string("cc1");
    child.segment.header().parent_pid = 5000010;
    child.segment.header().start_boottime_ns += 1000;
    other.segment.header().command = other.segment.string("as");
    other.segment.header().parent_pid = 5000011;
    other.segment.header().start_boottime_ns += 2000;
    for (auto *c : {&parent, &child, &other})
        c->segment.thread(1, "main");
    const analysis *members[] = {&other.finish(), &child.finish(), &parent.finish()};
    std::string text =
        render_on(100, true, false, [&](screen *s) { tree_report_print(s, members, 3, 12); });
    EXPECT_LT(text.find("  make"), text.find("  └ cc1")) << text;
    EXPECT_LT(text.find("  └ cc1"), text.find("    └ as")) << text;
    std::string cut =
        render_on(100, true, false, [&](screen *s) { tree_report_print(s, members, 3, 4); });
    EXPECT_LE(line_count(cut), 4u);
    EXPECT_NE(cut.find("and 1 more"), std::string::npos) << cut;
}

} // namespace
