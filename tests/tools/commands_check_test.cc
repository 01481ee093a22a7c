/* strong-report check as CI meets it: what it prints, and its exit codes. */
#include "tools/shell_case.h"

namespace
{

class CheckTest : public ShellTest
{
  protected:
    void SetUp() override
    {
        ShellTest::SetUp();
        SegmentBuilder segment(256 << 10);
        uint32_t server = segment.target(TARGET_TCP_OUT, "tcp://127.0.0.1:6379");
        segment.thread(1, "main").calls(100, HOOK_recv, server, 4000000, 50);
        segment.write(segments() + "/4194304-1.strong");
    }

    static bool has(const std::string &text, const std::string &part)
    {
        return text.find(part) != std::string::npos;
    }
};

TEST_F(CheckTest, SaysWhatHoldsAndWhatDoesNot)
{
    Outcome outcome = shell("$R check 'network.p99<5ms' 'network.p99 < 1ms && threads < 200'");
    EXPECT_EQ(outcome.code, 99) << outcome.err;
    EXPECT_EQ(outcome.err, "");
    EXPECT_TRUE(has(outcome.out, "✓ network.p99<5ms\n")) << outcome.out;
    EXPECT_TRUE(has(outcome.out, "✗ network.p99 < 1ms && threads < 200\n")) << outcome.out;
    EXPECT_TRUE(has(outcome.out, "    network.p99 is 2.0 ms, limit < 1.0 ms\n")) << outcome.out;
    EXPECT_TRUE(has(outcome.out, "    threads is 1, limit < 200\n")) << outcome.out;
    EXPECT_EQ(shell("$R check 'network.p99<5ms' threads==1").code, 0);
    EXPECT_EQ(shell("$R check --of=victim 'network.calls==100'").code, 0);
    EXPECT_EQ(shell("$R check --of=segments/4194304-1.strong 'network.calls==100'").code, 0);
}

TEST_F(CheckTest, UsesNoOtherCharactersWhereTheTerminalHasNone)
{
    std::string out = shell("LC_ALL=C $R check 'network.p99<5us'").out;
    EXPECT_TRUE(has(out, "FAIL network.p99<5us\n") && has(out, "limit < 5.0 us")) << out;
    for (char letter : out)
        EXPECT_GE(letter, 0) << out;
}

TEST_F(CheckTest, NeverPassesWhatWasNotMeasured)
{
    Outcome outcome = shell("$R check 'file.p99<5ms' 'threads<200'");
    EXPECT_EQ(outcome.code, 3);
    EXPECT_TRUE(has(outcome.out, "? file.p99<5ms\n    file.p99 is not measured: no such call")) << outcome.out;
    EXPECT_EQ(shell("$R check '!(file.p99<5ms)'").code, 3);
    EXPECT_EQ(shell("$R check 'file.p99<5ms || threads<200'").code, 0) << "holds whatever it is";
    EXPECT_EQ(shell("$R check 'file.p99<5ms' 'threads>200'").code, 99) << "a breach is a breach";
    EXPECT_EQ(shell("$R check --of=nobody 'threads<200'").code, 3);
    EXPECT_EQ(shell("$R check 'target(\"tcp://127.0.0.1:6380\").errors == 0'").code, 3);
}

TEST_F(CheckTest, RefusesWrongExpressionsBeforeItReadsAnything)
{
    Outcome outcome = shell("$R check 'network.p99>5s' 'netwrok.p99<5ms'");
    EXPECT_EQ(outcome.code, 2);
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(outcome.err, "strong-report check: no metric 'netwrok.p99'; nearest: network.p99\n"
                           "  netwrok.p99<5ms\n  ^\n");
    EXPECT_EQ(shell("$R check --of=nobody 'threads<'").code, 2);
    for (const char *line : {"$R check", "$R check --jsn 'threads<2'", "$R check --file=missing", "$R check --file=."}) {
        outcome = shell(line);
        EXPECT_EQ(outcome.code, 2) << line;
        EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << line << outcome.err;
    }
}

TEST_F(CheckTest, TakesExpressionsFromAFile)
{
    std::ofstream(folder / "limits") << "# limits\n\n  network.p99 < 5ms  \r\nthreads < 200\n";
    Outcome outcome = shell("$R check --file=limits 'network.calls == 100'");
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(std::count(outcome.out.begin(), outcome.out.end(), '\n'), 6) << outcome.out;
    std::ofstream(folder / "limits") << "threads < 200\nthreads < 5ms\n";
    outcome = shell("$R check --file=limits");
    EXPECT_EQ(outcome.code, 2);
    EXPECT_TRUE(has(outcome.err, "limits:2: a count on the left")) << outcome.err;
}

TEST_F(CheckTest, PrintsJsonForPrograms)
{
    Outcome outcome = shell("$R check --json 'network.p99<1ms' 'file.p99<1s' 'findings.critical>=0' | "
                            "jq -c '[.holds, (.checks[] | [.result, .comparisons[0].unit, .comparisons[0].why != null])]'");
    EXPECT_EQ(outcome.out, "[false,[\"breached\",\"seconds\",false],[\"not_measured\",\"seconds\",true],"
                           "[\"holds\",\"count\",false]]\n") << outcome.err;
    EXPECT_EQ(shell("$R check --json 'network.p99<1ms' > /dev/null").code, 99);
    outcome = shell("$R check --quiet 'network.p99<1ms'");
    EXPECT_EQ(outcome.code, 99);
    EXPECT_EQ(outcome.out + outcome.err, "");
}

TEST_F(CheckTest, IsExplainedFromItsTables)
{
    std::string help = shell("COLUMNS=400 $R help metrics").out;
#define METRIC(id, name, unit, kind, meaning) EXPECT_TRUE(has(help, "  " name) && has(help, meaning)) << name;
#define STATISTIC(id, name, unit, kind, meaning) EXPECT_TRUE(has(help, "  ." name)) << name;
#include "analyse/metrics.def"
    EXPECT_TRUE(has(shell("$R help check").out, "99 goes before 3"));
    EXPECT_TRUE(has(shell("$R help metrcs").err, "nearest: metrics"));
}

} // namespace
