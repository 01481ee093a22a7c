/* `list`: processes as a tree of runs, with what they used, cut and chosen. */
#include "tools/render_case.h"
#include "tools/shell_case.h"

#include <regex>

namespace
{

constexpr uint64_t kSecond = 1000000000, kMs = 1000000;

struct Process {
    uint32_t pid, parent;
    std::string name, run;
    uint64_t second; /* when it began */
    uint32_t state = SEGMENT_EXITED;
    bool forked = false;
};

class ListTest : public ShellTest
{
  protected:
    static constexpr uint32_t kBase = 4194304; /* above every real pid */

    /* One with 1.5 s of CPU time, the first half second of which was an earlier image's, and 30 MiB. */
    void add(const Process &process, bool readings = true)
    {
        SegmentBuilder segment(256 << 10);
        segment_header &header = segment.header();
        header.pid = kBase + process.pid;
        header.parent_pid = process.parent ? kBase + process.parent : 1;
        header.executable = segment.string("/usr/bin/" + process.name);
        header.command = segment.string("/usr/bin/" + process.name + " --flag");
        if (!process.run.empty())
            header.run = segment.string(process.run);
        header.state = process.state;
        header.forked = process.forked;
        header.start_realtime_ns += process.second * kSecond;
        header.start_boottime_ns += process.second * kSecond;
        resource_record &first = segment.resource(1);
        first.cpu_user_ns = 400 * kMs;
        first.cpu_system_ns = 100 * kMs;
        if (readings) {
            resource_record &last = segment.resource(kSecond);
            last.cpu_user_ns = 1800 * kMs;
            last.cpu_system_ns = 200 * kMs;
            last.peak_rss_bytes = 30 << 20;
        }
        uint32_t file = segment.target(TARGET_FILE, "/data/x");
        segment.thread(header.pid, "main").calls(100, HOOK_fsync, file, 10000000);
        segment.write(segments() + "/" + std::to_string(header.pid) + "-" +
                      std::to_string(header.start_boottime_ns / 1000) + ".strong");
    }

    std::vector<std::string> lines(const std::string &arguments)
    {
        std::istringstream out(must("$R list " + arguments));
        std::vector<std::string> found;
        for (std::string line; std::getline(out, line);)
            found.push_back(line);
        return found;
    }

    /* The same without what stands before the command. */
    std::vector<std::string> commands(const std::string &arguments)
    {
        std::vector<std::string> found;
        for (const std::string &line : lines(arguments)) {
            if (line.find(" --flag") == std::string::npos)
                continue;
            std::string::size_type at = line.find("MiB  ");
            found.push_back(at == std::string::npos ? line : line.substr(at + 5));
        }
        return found;
    }

    void add_nightly()
    {
        add({1, 0, "shell", "nightly", 10});
        add({2, 1, "sh", "nightly", 11, SEGMENT_EXECED});
        add({2, 1, "compiler", "nightly", 12});
        add({3, 2, "linker", "nightly", 13});
        add({4, 1, "tests", "nightly", 14});
    }
};

TEST_F(ListTest, GroupsByRunAndShowsWhoCameFromWhom)
{
    add({9, 0, "alone", "", 5});
    add_nightly();
    EXPECT_EQ(commands(""), (std::vector<std::string>{"└ shell --flag", "  └ sh --flag",
                                                      "  → compiler --flag", "    └ linker --flag",
                                                      "  └ tests --flag", "alone --flag"}));
    std::vector<std::string> all = lines("");
    ASSERT_EQ(all.size(), 8u);
    EXPECT_NE(all[1].find("run nightly  5 processes  CPU 7.5 s  most memory 30.0 MiB"), std::string::npos)
        << all[1];
    EXPECT_NE(all[2].find("4194305  exited"), std::string::npos) << all[2];
    EXPECT_NE(all[2].find("1.5 s"), std::string::npos) << "without what an earlier image used";
    EXPECT_NE(all[3].find("exec'd"), std::string::npos);
}

TEST_F(ListTest, PutsTheNewestRunFirst)
{
    add({1, 0, "first", "monday", 10});
    add({2, 0, "third", "", 30});
    add({3, 0, "second", "tuesday", 20});
    add({4, 1, "latest", "monday", 40});
    EXPECT_EQ(commands(""), (std::vector<std::string>{"└ first --flag", "  └ latest --flag",
                                                      "third --flag", "└ second --flag"}));
}

TEST_F(ListTest, TellsWhatWasNotMeasuredFromNothing)
{
    add({1, 0, "short", "", 10}, false);
    std::vector<std::string> all = lines("");
    ASSERT_EQ(all.size(), 2u);
    EXPECT_EQ(all[1].find("0 ns"), std::string::npos) << all[1];
    EXPECT_NE(all[1].find(" - "), std::string::npos);
}

TEST_F(ListTest, ShowsWhatAWordMeans)
{
    add_nightly();
    add({9, 0, "alone", "", 5});
    EXPECT_EQ(commands("link").size(), 1u) << "a part of a name";
    EXPECT_EQ(commands("nightly").size(), 5u);
    EXPECT_EQ(commands("4194306").size(), 2u) << "both images";
    EXPECT_EQ(commands("linker"), (std::vector<std::string>{"└ linker --flag"}))
        << "what it came from is not listed, and it is not indented for that";
    Outcome outcome = shell("$R list nosuch");
    EXPECT_EQ(outcome.code, 3);
    EXPECT_EQ(outcome.out, "");
    EXPECT_NE(outcome.err.find("'nosuch'"), std::string::npos);
    outcome = shell("$R list --running");
    EXPECT_EQ(outcome.code, 3);
    EXPECT_NE(outcome.err.find("no measured process runs"), std::string::npos) << outcome.err;
}

TEST_F(ListTest, SaysHowManyItLeavesOut)
{
    for (uint32_t i = 0; i < 70; i++)
        add({100 + i, i ? 100u : 0u, "worker" + std::to_string(i), "many", 10 + i});
    std::vector<std::string> cut = lines(""), all = lines("--all");
    EXPECT_EQ(cut.size(), 50u);
    EXPECT_EQ(cut.back(), "and 23 more: --all");
    EXPECT_EQ(all.size(), 72u);
    EXPECT_NE(cut[1].find("70 processes"), std::string::npos) << "totals are of all of them";
    EXPECT_EQ(must("$R list --json | jq length"), "70\n");
    for (uint32_t i = 0; i < 70; i++)
        add({300 + i, 0, "single", "", 200 + i});
    cut = lines("");
    EXPECT_EQ(cut.size(), 50u);
    EXPECT_EQ(cut.back(), "and 92 more: --all");
}

TEST_F(ListTest, NamesTheFirstFindingOfEach)
{
    SegmentBuilder segment(256 << 10);
    segment.lasts(10);
    segment.header().pid = kBase + 1;
    uint32_t file = segment.target(TARGET_FILE, "/data/journal");
    segment.thread(kBase + 1, "main").calls(900, HOOK_fsync, file, 16 * kMs);
    segment.write(segments() + "/4194305-5000000.strong");
    EXPECT_EQ(must("$R list").find("at most"), std::string::npos);
    std::vector<std::string> all = lines("--long");
    ASSERT_EQ(all.size(), 3u);
    EXPECT_NE(all[2].find(": at most 7."), std::string::npos) << all[2];
}

TEST_F(ListTest, KeepsItsFieldsAndAddsWhatWasUsed)
{
    add({1, 0, "server", "nightly", 10});
    EXPECT_EQ(must("$R list --json | jq -c '.[0] | [.pid, .parent_pid, .state, .exe, .cmdline, .run, "
                   ".cpu_ns, .peak_rss_bytes]'"),
              "[4194305,1,\"exited\",\"/usr/bin/server\",\"/usr/bin/server --flag\",\"nightly\","
              "1500000000,31457280]\n");
    EXPECT_EQ(must("$R list --json | jq -c '.[0] | keys | length'"), "12\n");
    add({2, 0, "short", "", 20}, false);
    EXPECT_EQ(must("$R list short --json | jq -c '.[0] | [.cpu_ns, .peak_rss_bytes]'"), "[null,null]\n");
}

TEST_F(ListTest, FitsTheTerminalAndAsciiWhereItMust)
{
    add_nightly();
    std::string text = must("COLUMNS=70 script -qec '$R list' /dev/null | tr -d '\\r'");
    EXPECT_LE(widest(std::regex_replace(text, std::regex("\033\\[[0-9;]*m"), "")), 70u) << text;
    for (char letter : must("LC_ALL=C $R list"))
        ASSERT_LT(static_cast<unsigned char>(letter), 0x80);
}

} // namespace
