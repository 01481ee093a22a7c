/* What `export html` and `diff --html` write, in headless Chromium: used by keyboard and pointer, judged by axe-core,
 * and kept as screenshots in the build tree (artefacts/html). What is asked of the pages is in html.mjs. */
#include "readers_case.h"

#include <filesystem>

#include "tools/diff_case.h"

namespace
{

constexpr uint64_t kSecond = AnalyseCase::kSecond, kMs = AnalyseCase::kMs;
const std::string kHostile = "</script><img src=x onerror=alert(1)>";

/* What html.mjs knows of the comparison: 300 requests a side. */
void profile(AnalyseCase &c, const std::vector<std::pair<std::string, uint64_t>> &counts)
{
    uint64_t main = c.function("main");
    c.segment.header().command = c.segment.string("server");
    for (const auto &[name, count] : counts)
        c.cpu_sample(count, {c.function(name), main});
    c.cpu(counts[0].second * 10 * kMs);
    client(c, 300, counts[0].second * 1000, kMs);
}

/* The troubled client of render_case.h, with a profile of known figures, readings, and a name that means harm. */
void fill(AnalyseCase &c)
{
    auto t = AnalyseCase::ticks;
    troubled(c);
    c.segment.header().tables[TABLE_SUMS].used = 1;
    uint64_t main = c.function("main");
    c.cpu_sample(900, {c.function("parse"), main});
    c.cpu_sample(300, {c.function("send"), main});
    c.segment.header().alloc_period_bytes = 0;
    uint32_t harm = c.segment.target(TARGET_FILE, kHostile);
    auto thread = c.segment.thread(5000007, "<b>bold</b>");
    thread.calls(50, HOOK_write, harm, t(2 * kMs), 100);
    for (unsigned i = 0; i < 100; i++)
        thread.event(i % 2 ? HOOK_write : HOOK_fsync, harm, c.segment.kStartTicks + t(i * 500 * kMs), t((i % 7 + 1) * 3 * kMs));
    c.segment.header().tables[TABLE_RESOURCES].used = 1;
    for (unsigned second = 0; second <= 60; second++) {
        resource_record &reading = c.segment.resource(second * kSecond);
        reading.cpu_user_ns = second * (150 + second) * kMs;
        reading.cpu_system_ns = second * 50 * kMs;
        reading.rss_bytes = (20 + second % 17) << 20;
        reading.peak_rss_bytes = (20 + std::min(second, 16u)) << 20;
        reading.threads = 3 + second % 2;
        reading.descriptors = 12;
        reading.minor_faults = second * 1000;
        reading.voluntary_switches = second * 300;
    }
}

class HtmlTest : public ReadersTest
{
};

TEST_F(HtmlTest, WorksInABrowserByKeyboardAndPointerAndIsAccessible)
{
    AnalyseCase report(60, 8 << 20, 5000401), a(60, 1 << 20, 5000402), b(60, 1 << 20, 5000403);
    fill(report);
    profile(a, {{"parse", 900}, {"send", 300}});
    profile(b, {{"parse", 300}, {"send", 310}, {"cache", 150}});
    report.segment.write(folder / "report.strong");
    a.segment.write(folder / "a.strong");
    b.segment.write(folder / "b.strong");
    std::string artefacts = STRONG_ARTEFACTS_DIR "/html";
    std::filesystem::create_directories(artefacts);
    must("$R export html report.strong -o report.html && $R diff --html a.strong b.strong -o diff.html");
    Outcome outcome = shell("timeout 100 node $READERS/html.mjs '" + artefacts + "' report.html diff.html");
    EXPECT_EQ(outcome.code, 0) << outcome.err << outcome.out;
    for (const char *checked :
         {"costs", "keyboard", "search", "invert", "pointer", "twin", "sort", "theme", "help", "moments", "paper", "names",
          "comparison", "policy", "report is accessible, light", "report is accessible, dark", "diff is accessible, light",
          "diff is accessible, dark", "report fits 360 columns, dark", "diff fits 360 columns, dark",
          "nothing was said, asked for or thrown"})
        EXPECT_NE(outcome.out.find("ok: " + std::string(checked) + "\n"), std::string::npos) << checked << " was not checked";
    for (const char *size : {"1440x900", "360x740"})
        for (const char *theme : {"light", "dark"})
            for (const char *page : {"report", "diff"}) {
                std::string picture = artefacts + "/" + page + "-" + size + "-" + theme + ".png";
                EXPECT_EQ(slurp(picture).substr(0, 4), "\x89PNG") << picture;
            }
}

} // namespace
