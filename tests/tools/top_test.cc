/* One process looked at again and again, and what top makes of keys and of processes that come and go. The
 * segments are written by the test; the processes they name are its own sleepers. */
#include "tools/render_case.h"
#include "tools/shell_case.h"

#include <csignal>

extern "C" {
#include "commands/follow.h"
#include "commands/top.h"
}

namespace {

/* A process that lives until the test ends it. */
class Sleeper {
public:
    Sleeper()
    {
        pid = fork();
        if (pid == 0) {
            for (;;)
                pause();
        }
    }
    ~Sleeper() { end(); }
    void end()
    {
        if (pid <= 0)
            return;
        kill(pid, SIGKILL);
        waitpid(pid, nullptr, 0);
        pid = 0;
    }
    pid_t pid;
};

uint64_t now_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return uint64_t(now.tv_sec) * 1000000000 + uint64_t(now.tv_nsec);
}

/* The segment of a sleeper, as its library would go on writing it. */
class Running {
public:
    Running(const std::string &folder, pid_t pid, const std::string &name, const std::string &run = "")
        : segment(512 << 10)
    {
        static unsigned number;
        segment_header &header = segment.header();
        header.pid = static_cast<uint32_t>(pid);
        header.executable = segment.string("/usr/bin/" + name);
        header.command = segment.string(name);
        if (!run.empty())
            header.run = segment.string(run);
        header.state = SEGMENT_RUNNING;
        header.end_ticks = 0;
        header.start_boottime_ns = now_ns(CLOCK_BOOTTIME) + 1000000000 + number;
        header.start_realtime_ns = now_ns(CLOCK_REALTIME) + number;
        header.clock_first_ns = now_ns(CLOCK_MONOTONIC) - 10000000000;
        path = folder + "/" + std::to_string(pid) + "-" + std::to_string(1000 + number++) + ".strong";
        file = segment.target(TARGET_FILE, "/data/" + name);
        main_offset = segment.header().tables[TABLE_POOL].offset;
        main().counted(HOOK_malloc, 1000, 100000);
        main().calls(100, HOOK_write, file, 2000, 10);
        write();
    }
    ThreadBuilder main()
    {
        if (!made)
            segment.thread(segment.header().pid, "main");
        made = true;
        return ThreadBuilder(segment, main_offset);
    }
    void write() { segment.write(path); }

    SegmentBuilder segment;
    std::string path;
    uint32_t file;

private:
    uint64_t main_offset;
    bool made = false;
};

struct FollowDone {
    void operator()(follow *one) const { follow_free(one); }
};
using FollowPointer = std::unique_ptr<follow, FollowDone>;

class TopTest : public ShellTest {
protected:
    void SetUp() override
    {
        ShellTest::SetUp();
        setenv("STRONG_DIR", segments().c_str(), 1);
    }
    ~TopTest() override { unsetenv("STRONG_DIR"); }

    FollowPointer follow_file(const std::string &path)
    {
        char message[SNAPSHOT_MESSAGE] = "";
        directory found = {};
        EXPECT_EQ(directory_read_file(&found, path.c_str(), message), 0) << message;
        FollowPointer made(found.count ? follow_new(&found.entries[0]) : nullptr);
        directory_done(&found);
        return made;
    }
    static std::string state_of(const follow *one)
    {
        char state[64];
        follow_state(one, state, sizeof(state));
        return state;
    }
    static std::string print(top *shown, unsigned height = 24)
    {
        return render_on(100, true, false, [&](screen *out) { top_print(shown, out, height, 0); });
    }
};

using FollowTest = TopTest;

TEST_F(FollowTest, KnowsWhatHappenedSinceTheLastLook)
{
    Sleeper sleeper;
    Running one(segments(), sleeper.pid, "server");
    FollowPointer follow = follow_file(one.path);
    ASSERT_TRUE(follow);
    EXPECT_FALSE(follow_rates(follow.get(), false));
    ASSERT_EQ(follow_look(follow.get()), 0);
    EXPECT_TRUE(follow_rates(follow.get(), false)->whole) << "there is nothing to compare with yet";
    one.main().calls(7, HOOK_write, one.file, 2000, 10);
    one.write();
    ASSERT_EQ(follow_look(follow.get()), 0);
    EXPECT_EQ(follow_rates(follow.get(), false)->model.hooks[HOOK_write].calls, 7u);
    EXPECT_EQ(follow_rates(follow.get(), true)->model.hooks[HOOK_write].calls, 107u);
    EXPECT_EQ(state_of(follow.get()), "running");
    EXPECT_FALSE(follow_ended(follow.get()));
    EXPECT_GE(follow->look_count, 1u);
}

TEST_F(FollowTest, KeepsTheLastFiguresOfAProcessThatWasKilled)
{
    Sleeper sleeper;
    Running one(segments(), sleeper.pid, "server");
    FollowPointer follow = follow_file(one.path);
    ASSERT_EQ(follow_look(follow.get()), 0);
    one.main().calls(7, HOOK_write, one.file, 2000, 10);
    one.write();
    ASSERT_EQ(follow_look(follow.get()), 0);
    one.main().calls(2, HOOK_write, one.file, 2000, 10);
    one.write();
    sleeper.end();
    ASSERT_EQ(follow_look(follow.get()), 0);
    EXPECT_TRUE(follow_ended(follow.get()));
    EXPECT_EQ(state_of(follow.get()), "killed");
    EXPECT_NE(std::string(follow->note).find("killed"), std::string::npos);
    EXPECT_EQ(follow_rates(follow.get(), false)->model.hooks[HOOK_write].calls, 7u);
    EXPECT_EQ(follow_rates(follow.get(), true)->model.hooks[HOOK_write].calls, 109u);
    ASSERT_EQ(follow_look(follow.get()), 0);
    EXPECT_EQ(follow_rates(follow.get(), false)->model.hooks[HOOK_write].calls, 7u);
    ASSERT_TRUE(follow_findings(follow.get(), 0));
    EXPECT_EQ(follow_findings(follow.get(), 0), follow_findings(follow.get(), 0)) << "made once";
}

TEST_F(FollowTest, SaysWithWhatStatusAProcessExited)
{
    Sleeper sleeper;
    Running one(segments(), sleeper.pid, "server");
    FollowPointer follow = follow_file(one.path);
    ASSERT_EQ(follow_look(follow.get()), 0);
    one.segment.lasts(12);
    one.segment.header().state = SEGMENT_EXITED;
    one.segment.header().exit_status = 3;
    one.write();
    ASSERT_EQ(follow_look(follow.get()), 0);
    EXPECT_EQ(state_of(follow.get()), "exited with status 3");
    EXPECT_TRUE(follow_ended(follow.get()));
}

TEST_F(FollowTest, GoesOnWithTheImageThatReplacedTheOneItWatched)
{
    Sleeper sleeper;
    Running one(segments(), sleeper.pid, "starter");
    FollowPointer follow = follow_file(one.path);
    ASSERT_EQ(follow_look(follow.get()), 0);
    one.segment.lasts(12);
    one.segment.header().state = SEGMENT_EXECED;
    one.write();
    Running two(segments(), sleeper.pid, "server");
    ASSERT_EQ(follow_look(follow.get()), 0);
    EXPECT_EQ(follow->path, two.path);
    EXPECT_STREQ(follow->command, "server");
    EXPECT_NE(std::string(follow->note).find("replaced by exec: now server"), std::string::npos);
    EXPECT_TRUE(follow_rates(follow.get(), false)->whole) << "nothing of the old one is subtracted";
    two.main().calls(5, HOOK_write, two.file, 2000, 10);
    two.write();
    ASSERT_EQ(follow_look(follow.get()), 0);
    EXPECT_EQ(follow_rates(follow.get(), false)->model.hooks[HOOK_write].calls, 5u);
}

TEST_F(FollowTest, KeepsItsFiguresWhenTheSegmentGoesOrSpoils)
{
    Sleeper sleeper;
    Running one(segments(), sleeper.pid, "server");
    FollowPointer follow = follow_file(one.path);
    ASSERT_EQ(follow_look(follow.get()), 0);
    std::ofstream(one.path) << std::string(8192, 'x');
    EXPECT_NE(follow_look(follow.get()), 0);
    EXPECT_NE(std::string(follow->note).find("not a libstrong segment"), std::string::npos);
    EXPECT_FALSE(follow_ended(follow.get()));
    unlink(one.path.c_str());
    EXPECT_NE(follow_look(follow.get()), 0);
    EXPECT_TRUE(follow_ended(follow.get()));
    EXPECT_EQ(state_of(follow.get()), "segment gone");
    EXPECT_EQ(follow_rates(follow.get(), true)->model.hooks[HOOK_write].calls, 100u);
}

TEST_F(TopTest, ShowsTheProcessesThatComeAndForAWhileThoseThatWent)
{
    Sleeper first, second;
    Running one(segments(), first.pid, "first");
    top shown;
    ASSERT_EQ(top_init(&shown, nullptr, 1000), 0);
    ASSERT_EQ(top_look(&shown), 0);
    EXPECT_NE(print(&shown).find("1 measured process runs"), std::string::npos) << print(&shown);
    Running two(segments(), second.pid, "second");
    ASSERT_EQ(top_look(&shown), 0);
    std::string text = print(&shown);
    EXPECT_NE(text.find("2 measured processes run"), std::string::npos) << text;
    EXPECT_NE(text.find("second"), std::string::npos);
    first.end();
    ASSERT_EQ(top_look(&shown), 0);
    EXPECT_NE(print(&shown).find("killed"), std::string::npos) << print(&shown);
    for (int i = 0; i < 12; i++)
        ASSERT_EQ(top_look(&shown), 0);
    EXPECT_EQ(print(&shown).find("first"), std::string::npos);
    top_done(&shown);
}

TEST_F(TopTest, TakesAWordForAPidARunANameOrAFile)
{
    Sleeper first, second, third;
    Running one(segments(), first.pid, "server", "nightly");
    Running two(segments(), second.pid, "client", "nightly");
    Running three(segments(), third.pid, "other");
    struct {
        std::string word;
        size_t count;
    } cases[] = {{"nightly", 2}, {"client", 1}, {std::to_string(third.pid), 1}, {one.path, 1}};
    for (const auto &each : cases) {
        top shown;
        ASSERT_EQ(top_init(&shown, each.word.c_str(), 1000), 0) << each.word;
        EXPECT_EQ(shown.follow_count, each.count) << each.word;
        EXPECT_EQ(shown.view, each.count == 1 ? LIVE_calls : LIVE_processes) << each.word;
        top_done(&shown);
    }
}

TEST_F(TopTest, FollowsTheMarkedProcessAndComesBackToIt)
{
    Sleeper first, second;
    Running one(segments(), first.pid, "first"), two(segments(), second.pid, "second");
    top shown;
    ASSERT_EQ(top_init(&shown, nullptr, 1000), 0);
    ASSERT_EQ(top_look(&shown), 0);
    shown.sort[LIVE_processes] = 8; /* by the command */
    print(&shown);
    EXPECT_EQ(shown.selected_id, uint64_t(first.pid));
    shown.selected = 1;
    shown.marked_anew = true;
    print(&shown);
    EXPECT_EQ(shown.selected_id, uint64_t(second.pid));
    shown.reverse[LIVE_processes] = true;
    print(&shown);
    EXPECT_EQ(shown.selected, 0u) << "the mark goes where its process goes";
    ASSERT_TRUE(top_show(&shown, LIVE_calls));
    ASSERT_TRUE(shown.subject);
    EXPECT_EQ(shown.subject->pid, second.pid);
    shown.totals = true;
    ASSERT_EQ(top_look(&shown), 0);
    std::string text = print(&shown);
    EXPECT_NE(text.find("write"), std::string::npos) << text;
    ASSERT_TRUE(top_show(&shown, LIVE_processes));
    print(&shown);
    EXPECT_EQ(shown.selected_id, uint64_t(second.pid));
    top_done(&shown);
}

TEST_F(TopTest, FillsTheHeightThereIsAndScrolls)
{
    std::vector<std::unique_ptr<Sleeper>> sleepers;
    std::vector<std::unique_ptr<Running>> running;
    for (int i = 0; i < 9; i++) {
        sleepers.push_back(std::make_unique<Sleeper>());
        running.push_back(std::make_unique<Running>(segments(), sleepers.back()->pid,
                                                    "program" + std::to_string(i)));
    }
    top shown;
    ASSERT_EQ(top_init(&shown, nullptr, 1000), 0);
    ASSERT_EQ(top_look(&shown), 0);
    shown.sort[LIVE_processes] = 8;
    EXPECT_EQ(line_count(print(&shown, 24)), 11u);
    EXPECT_EQ(line_count(print(&shown, 6)), 6u);
    for (unsigned height : {0u, 1u, 2u, 3u})
        EXPECT_LE(line_count(print(&shown, height)), 3u) << "the head, and the heading, and no crash";
    shown.selected = 8;
    shown.marked_anew = true;
    std::string text = print(&shown, 6);
    EXPECT_NE(text.find("program8"), std::string::npos) << text;
    EXPECT_EQ(text.find("program0"), std::string::npos);
    snprintf(shown.filter, sizeof(shown.filter), "gram3");
    EXPECT_EQ(line_count(print(&shown, 24)), 3u);
    top_done(&shown);
}

TEST_F(TopTest, BatchPrintsBlocksOfTheSameColumns)
{
    Sleeper sleeper;
    Running one(segments(), sleeper.pid, "server");
    std::string pid = std::to_string(sleeper.pid);
    Outcome outcome = shell("$R top " + pid + " --batch --totals --count=2 --interval=100ms --view=calls");
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(outcome.err, "");
    std::istringstream lines(outcome.out);
    std::string line, name, class_, calls;
    int headings = 0, rows = 0;
    while (std::getline(lines, line)) {
        headings += line.rfind("CALL ", 0) == 0;
        if (line.rfind("write ", 0) == 0) {
            std::istringstream(line) >> name >> class_ >> calls;
            EXPECT_EQ(calls, "100");
            rows++;
        }
    }
    EXPECT_EQ(headings, 2) << outcome.out;
    EXPECT_EQ(rows, 2);
    EXPECT_TRUE(outcome.out.find("malloc") != std::string::npos);
    EXPECT_EQ(outcome.out.find('\033'), std::string::npos);
    EXPECT_EQ(shell("$R top " + pid + " --batch --totals --count=1 --rows=1 --sort=calls | grep -c '^malloc'").out,
              "1\n");
}

TEST_F(TopTest, BatchEndsWithItsProcessAndWithItsReader)
{
    Sleeper sleeper;
    Running one(segments(), sleeper.pid, "server");
    Outcome outcome = shell("(trap '' PIPE; timeout 20 $R top --batch --interval=100ms; echo code $? >&2) | head -n 3");
    EXPECT_EQ(outcome.err, "code 0\n") << "no word about a pipe that was closed";
    sleeper.end();
    outcome = shell("timeout 20 $R top " + one.path + " --batch --view=calls");
    EXPECT_EQ(outcome.code, 0);
    EXPECT_NE(outcome.err.find("it has ended (killed)"), std::string::npos) << outcome.err;
    EXPECT_NE(outcome.out.find("write"), std::string::npos);
    EXPECT_NE(outcome.out.find("since the start"), std::string::npos);
    outcome = shell("timeout 20 $R top --batch --count=1 --interval=100ms");
    EXPECT_EQ(outcome.code, 0);
    EXPECT_NE(outcome.out.find("no measured process runs"), std::string::npos) << outcome.out;
}

TEST_F(TopTest, RefusesInOneLineWhatItCannotDo)
{
    Sleeper first, second;
    Running one(segments(), first.pid, "first"), two(segments(), second.pid, "second");
    struct {
        const char *line, *said;
        int code;
    } cases[] = {
        {"$R top --view=cals", "nearest: calls", 2},
        {"$R top --batch --sort=P98 --view=calls first", "nearest: P9", 2},
        {"$R top --interval=0s", "not a time", 2},
        {"$R top --interval=5x", "not a time", 2},
        {"$R top --interval=nan", "not a time", 2},
        {"$R top --count=3", "--batch", 2},
        {"$R top --batch --count=0", "whole number", 2},
        {"$R top --batch --width=10", "whole number", 2},
        {"$R top --batch --colour", "unknown option --colour", 2},
        {"$R top first second", "one process", 2},
        {"$R top --batch --view=calls", "name one by its pid", 2},
        {"$R top nosuchprogram", "no process, run or file", 3},
        {"$R top 4199999", "no segment of process 4199999", 3},
        {"$R top", "no terminal", 2},
        {"TERM=dumb script -qec '$R top' /dev/null >&2", "cannot be drawn on", 2},
        {"TERM=nonesuch script -qec '$R top' /dev/null >&2", "no terminal of type 'nonesuch'", 2},
        {"TERM= script -qec '$R top' /dev/null >&2", "TERM does not say", 2},
    };
    for (const auto &each : cases) {
        Outcome outcome = shell(each.line);
        EXPECT_EQ(outcome.code, each.code) << each.line << outcome.err;
        EXPECT_NE(outcome.err.find(each.said), std::string::npos) << each.line << "\n" << outcome.err;
        EXPECT_EQ(line_count(outcome.err), 1u) << each.line << "\n" << outcome.err;
        EXPECT_EQ(outcome.out, "") << each.line;
    }
}

} // namespace
