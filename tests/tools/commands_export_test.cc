/* `strong-report export` as its user meets it: what it writes where, what it refuses. */
#include "tools/json_schema.h"
#include "tools/segment_seeds.h"
#include "tools/shell_case.h"

namespace
{

class ExportCommandTest : public ShellTest
{
  protected:
    void SetUp() override
    {
        ShellTest::SetUp();
        seed_client().write(segments() + "/seed.strong");
    }

    void expect_refused(const std::string &line, const std::string &message)
    {
        Outcome outcome = shell(line);
        EXPECT_EQ(outcome.code, 2) << line;
        EXPECT_EQ(outcome.err, "strong-report export: " + message + "\n");
        EXPECT_EQ(outcome.out, "");
    }
};

TEST_F(ExportCommandTest, WritesTheDocumentOfTheReport)
{
    std::string wanted = must("$R report --json segments/seed.strong");
    EXPECT_EQ(must("$R export json segments/seed.strong"), wanted);
    for (const char *option : {"-o a.json", "-oa.json", "--output a.json", "--output=a.json"}) {
        EXPECT_EQ(must(std::string("$R export json segments/seed.strong ") + option), "");
        EXPECT_EQ(slurp(folder / "a.json"), wanted) << option;
        must("rm a.json");
    }
}

TEST_F(ExportCommandTest, TakesAWholeRunAsOneWithItsProcesses)
{
    seed_killed().write(segments() + "/other.strong");
    Parsed document(must("$R export json segments"));
    EXPECT_EQ(json_array_size(json_object_get(document.root, "processes")), 2u);
}

TEST_F(ExportCommandTest, NamesTheNearestFormatAndCost)
{
    expect_refused("$R export jsn segments/seed.strong", "no format 'jsn'; nearest: json");
    expect_refused("$R export json --cost=blokced", "--cost: no cost 'blokced'; nearest: blocked");
    expect_refused("$R export json --cost=wrong",
                   "--cost: no cost 'wrong'; there are: cpu, blocked, lock, allocated, live, peak, "
                   "temporary");
    expect_refused("$R export json --outputs=x", "unknown option --outputs; nearest: --output");
    expect_refused("$R export json -o", "-o needs a value: -o FILE");
    expect_refused("$R export json -q", "unknown option -q; see strong-report help export");
    expect_refused("$R export json a b", "one process, file or run at a time; not 'b' too");
}

TEST_F(ExportCommandTest, ListsTheFormatsWhereNoneIsNearOrNamed)
{
    for (const char *line : {"$R export", "$R export wrong-altogether"}) {
        Outcome outcome = shell(line);
        EXPECT_EQ(outcome.code, 2);
        EXPECT_NE(outcome.err.find("json"), std::string::npos) << outcome.err;
        EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1);
    }
    EXPECT_NE(must("$R help export").find("json "), std::string::npos);
}

TEST_F(ExportCommandTest, LeavesNoFileWhereThereIsNothingToExport)
{
    EXPECT_EQ(shell("$R export json nobody -o a.json").code, 3);
    EXPECT_EQ(shell("$R export json nothing.strong -o a.json").code, 1);
    must("head -c 1000 segments/seed.strong >cut.strong");
    EXPECT_EQ(shell("$R export json cut.strong -o a.json").code, 1);
    EXPECT_FALSE(std::filesystem::exists(folder / "a.json"));
}

TEST_F(ExportCommandTest, KeepsWhatIsNoTextOffATerminal)
{
    Outcome outcome = shell("script -qec '$R export pprof segments/seed.strong' /dev/null");
    EXPECT_EQ(outcome.code, 2);
    EXPECT_EQ(outcome.out, "strong-report export: pprof is binary: name a file for it, -o NAME.pb.gz\r\n");
    EXPECT_EQ(must("$R export pprof segments/seed.strong | gzip -t && echo whole"), "whole\n");
    EXPECT_NE(must("script -qec '$R export folded segments/seed.strong' /dev/null"), "");
}

TEST_F(ExportCommandTest, SaysThatTheDiskIsFull)
{
    Outcome outcome = shell("ulimit -f 1; $R export json segments/seed.strong -o a.json 2>/dev/stdout "
                            "| cat");
    EXPECT_NE(outcome.out.find("cannot write a.json: File too large"), std::string::npos)
        << outcome.out;
    EXPECT_FALSE(std::filesystem::exists(folder / "a.json"));
    outcome = shell("$R export json segments/seed.strong >/dev/full");
    EXPECT_EQ(outcome.code, 1);
    EXPECT_EQ(outcome.err, "strong-report export: cannot write to standard output: No space left on "
                           "device\n");
    EXPECT_EQ(shell("set -o pipefail; $R export json segments/seed.strong | true").err, "");
}

TEST_F(ExportCommandTest, SaysWhenTheCostAskedForWasNotSampled)
{
    SegmentBuilder segment = seed_client();
    segment.header().alloc_period_bytes = 0;
    segment.write(segments() + "/none.strong");
    Outcome outcome = shell("$R export json --cost=live segments/none.strong");
    EXPECT_EQ(outcome.code, 0);
    EXPECT_EQ(outcome.err, "strong-report export: nothing of the cost live was sampled\n");
    EXPECT_EQ(shell("$R export json --cost=live segments/seed.strong").err, "");
}

} // namespace
