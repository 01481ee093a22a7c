/* What `export openmetrics`, `export prometheus` and `serve` write, read by prometheus_client and promtool; the rules that
 * are installed, judged by promtool.
 */
#include "readers_case.h"

#include "tools/segment_seeds.h"

#include <cerrno>
#include <csignal>
#include <thread>

namespace
{

class MetricsReadersTest : public ReadersTest
{
  protected:
    /* Both exports of a segment, valid for promtool and prometheus_client and equal to the report; the samples. */
    long compared(const std::string &subject)
    {
        must("$R export openmetrics " + subject + " -o m.om && $R export prometheus " + subject + " -o m.prom && "
             "$R --json " + subject + " >m.json");
        must("promtool check metrics <m.prom");
        std::string count = must("/usr/bin/python3 $READERS/compare_metrics.py m.om m.prom m.json");
        return strtol(count.c_str(), nullptr, 10);
    }
};

TEST_F(MetricsReadersTest, AreReadWithoutAComplaintAndSayWhatTheReportSays)
{
    record("STRONG_CPU_HZ=999", "$PROGRAMS/truth_calls");
    EXPECT_GT(compared("truth_calls"), 100);
}

TEST_F(MetricsReadersTest, AreValidForEverySeedAndForNothing)
{
    int number = 0;
    for (SegmentBuilder &segment : segment_seeds())
        segment.write(segments() + "/seed" + std::to_string(number++) + ".strong");
    for (const char *seed : {"seed0", "seed1", "seed2"})
        EXPECT_GT(compared(std::string("segments/") + seed + ".strong"), 20) << seed;
}

TEST_F(MetricsReadersTest, EscapeWhatStrangersWrote)
{
    SegmentBuilder segment(256 << 10);
    segment.header().run = segment.string("run \"x\" \\");
    uint32_t file = segment.target(TARGET_FILE, "/tmp/\"} 1\n# EOF\\\x1b[31mé\xff");
    segment.thread(1, "main").calls(5, HOOK_fsync, file, 1000000);
    segment.write(segments() + "/hostile.strong");
    compared("segments/hostile.strong");
    EXPECT_EQ(must("grep -c '^# EOF$' m.om"), "1\n");
    EXPECT_EQ(must("grep -c 'target=\"/tmp/\\\\\"} 1 # EOF.*é?\"' m.prom | head -1"), must("grep -c 'hook=\"fsync\",class=\"file\",target' m.prom"));
}

TEST_F(MetricsReadersTest, StayBoundedHoweverManyTargetsThereAre)
{
    SegmentBuilder segment(4 << 20);
    auto thread = segment.thread(1, "main");
    for (int i = 0; i < 300; i++)
        thread.calls(2, HOOK_fsync, segment.target(TARGET_FILE, "/data/" + std::to_string(i)), 100000 + i * 1000);
    segment.write(segments() + "/many.strong");
    compared("segments/many.strong");
    EXPECT_EQ(must("grep -c 'call_duration_seconds_count.*hook=\"fsync\"' m.om"), "31\n") << "30 and (other)";
    EXPECT_EQ(must("grep 'call_duration_seconds_count.*(other)' m.om | sed 's/.* //'"), "540\n");
    EXPECT_EQ(must("grep -c 'target=\"/data/299\"' m.om"), must("grep -c 'target=\"/data/270\"' m.om")) << "the longest";
    EXPECT_EQ(shell("grep -q 'target=\"/data/269\"' m.om").code, 1);
}

TEST_F(MetricsReadersTest, TellSeveralProcessesApart)
{
    for (int i = 0; i < 3; i++) {
        SegmentBuilder segment(256 << 10);
        segment.header().pid += i / 2; /* the first two: images of one process */
        segment.header().start_boottime_ns += i;
        segment.thread(1, "main").calls(5 + i, HOOK_fsync, segment.target(TARGET_FILE, "/x"), 1000000);
        segment.write(segments() + "/" + std::to_string(i) + ".strong");
    }
    must("$R export prometheus segments >m.prom; promtool check metrics <m.prom");
    EXPECT_EQ(must("grep strong_calls_total m.prom | grep -v '#' | sed 's/.* //' | sort | tr '\\n' ' '"), "5 6 7 ");
    EXPECT_EQ(must("grep -c 'image=\"2\"' m.prom | head -1") != "0\n", true);
    must("$R export openmetrics segments >m.om");
    must("/usr/bin/python3 -c 'from prometheus_client.openmetrics.parser import text_string_to_metric_families as f; "
         "print(len(list(f(open(\"m.om\").read()))))'");
}

TEST_F(MetricsReadersTest, AreServedInTheFormatThatIsAskedFor)
{
    std::string line =
        "LD_PRELOAD=$LIB sleep 60 & victim=$!\n"
        "$R serve --listen=127.0.0.1:0 2>told & server=$!\n"
        "for i in {1..500}; do url=$(sed -n 's/.*\\(http:.*\\)\\//\\1/p' told); [ -n \"$url\" ] && break; sleep 0.02; done\n"
        "for i in {1..500}; do curl -s $url/metrics | grep -q 'strong_process_running.*sleep' && break; sleep 0.02; done\n"
        "curl -s -D plain.head $url/metrics >plain\n"
        "curl -s -D open.head -H 'Accept: application/openmetrics-text;version=1.0.0,text/plain;q=0.5' $url/metrics >open\n"
        "curl -s -I $url/metrics >head.only\n"
        "promtool check metrics <plain || exit 1\n"
        "kill $victim; kill -TERM $server; wait $server; echo ended $?\n";
    EXPECT_EQ(must(line), "ended 0\n");
    EXPECT_NE(slurp(folder / "plain.head").find("text/plain; version=0.0.4"), std::string::npos);
    EXPECT_NE(slurp(folder / "open.head").find("application/openmetrics-text; version=1.0.0"), std::string::npos);
    EXPECT_NE(slurp(folder / "head.only").find("200 OK"), std::string::npos);
    EXPECT_EQ(must("tail -1 open"), "# EOF\n");
    must("/usr/bin/python3 -c 'from prometheus_client.openmetrics.parser import text_string_to_metric_families as f; "
         "assert any(s.labels.get(\"command\") == \"sleep\" for m in f(open(\"open\").read()) for s in m.samples)'");
}

TEST_F(MetricsReadersTest, HaveRulesThatPrometheusTakesAndThatFireWhenTheyShould)
{
    must("cp " STRONG_SOURCE_DIR "/tools/share/strong.rules.yml $READERS/strong.rules.test.yml .");
    must("promtool check rules strong.rules.yml");
    must("promtool test rules strong.rules.test.yml");
    Outcome spoiled = shell("sed -i 's/== 3/== 2/' strong.rules.yml; promtool test rules strong.rules.test.yml");
    EXPECT_NE(spoiled.code, 0) << "a test that cannot fail";
    /* every family that a rule names is one we export */
    seed_client().write(segments() + "/seed.strong");
    must("$R export prometheus segments/seed.strong >m.prom");
    must("for name in $(grep -o 'strong_[a-z_]*' strong.rules.yml | sort -u); do "
         "grep -q \"^# TYPE ${name%_bucket}\" m.prom || grep -q \"^# TYPE ${name%_count} \" m.prom || exit 1; done");
}

} // namespace
