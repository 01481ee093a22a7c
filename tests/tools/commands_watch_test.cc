/* strong-report watch on segments that change under its eyes: rules files, alerts, sinks, signals. */
#include "tools/shell_case.h"

#include <csignal>
#include <cstring>
#include <functional>
#include <thread>

namespace
{

bool has(const std::string &text, const std::string &part)
{
    return text.find(part) != std::string::npos;
}

class WatchTest : public ShellTest
{
  protected:
    void SetUp() override
    {
        ShellTest::SetUp();
        start_process();
        std::ofstream(folder / "rules.ini") << "[busy]\nexpr = fsync.calls > 50\nmessage = too many\nlabels = team=storage\n"
                                               "[seen]\nexpr = duration > 0s\nseverity = note\n";
    }

    void start_process()
    {
        sleeper_ = pid_ = fork();
        if (sleeper_ == 0) {
            for (;;)
                pause();
        }
        clock_gettime(CLOCK_BOOTTIME, &booted_);
        write_calls(0);
    }

    /* Until the watcher has had two looks at what is there: what comes now is news to it. */
    testing::AssertionResult soon_watching() { return soon_told("seen (note): firing"); }

    void TearDown() override
    {
        end_process();
        if (watcher_ > 0) {
            kill(watcher_, SIGKILL);
            waitpid(watcher_, nullptr, 0);
        }
    }

    void end_process()
    {
        if (sleeper_ > 0) {
            kill(sleeper_, SIGKILL);
            waitpid(sleeper_, nullptr, 0);
        }
        sleeper_ = 0;
    }

    /* The segment of the sleeping process, as if it had made so many calls: replaced as a whole. */
    void write_calls(unsigned calls)
    {
        SegmentBuilder segment(256 << 10);
        segment_header &header = segment.header();
        header.pid = static_cast<uint32_t>(pid_);
        header.state = SEGMENT_RUNNING;
        header.end_ticks = 0;
        header.start_boottime_ns = uint64_t(booted_.tv_sec + 1) * 1000000000;
        header.executable = segment.string("/bin/app");
        header.command = segment.string("app");
        timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        header.clock_first_ns = uint64_t(now.tv_sec - 1) * 1000000000;
        uint32_t file = segment.target(TARGET_FILE, "/data/x");
        segment.thread(header.pid, "main").calls(calls, HOOK_fsync, file, 10000);
        segment.write(folder / "next");
        std::string name = std::to_string(header.pid) + "-" + std::to_string(header.start_boottime_ns / 1000);
        ASSERT_EQ(rename((folder / "next").c_str(), (segments() + "/" + name + ".strong").c_str()), 0);
    }

    void start(const std::string &arguments)
    {
        watcher_ = fork();
        if (watcher_ == 0) {
            setenv("STRONG_DIR", segments().c_str(), 1);
            setenv("LC_ALL", "C.UTF-8", 1);
            if (!freopen((folder / "told").c_str(), "w", stderr) || chdir(folder.path().c_str()) != 0)
                _exit(99);
            std::string line = "exec " STRONG_REPORT_BIN " watch --interval=100ms --rules=rules.ini " + arguments;
            execl("/bin/bash", "bash", "-c", line.c_str(), nullptr);
            _exit(99);
        }
    }

    std::string told() { return slurp(folder / "told"); }

    /* Until something is so; a test that waits longer than this has failed. */
    testing::AssertionResult soon(const std::function<bool()> &is_so)
    {
        for (int i = 0; i < 1000; i++) {
            if (is_so())
                return testing::AssertionSuccess();
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
        return testing::AssertionFailure() << "not within 10 s; told:\n" << told();
    }

    testing::AssertionResult soon_told(const std::string &part)
    {
        return soon([&] { return has(told(), part); });
    }

    int finish(int number = SIGTERM)
    {
        int status = 0;
        if (number)
            kill(watcher_, number);
        waitpid(watcher_, &status, 0);
        watcher_ = 0;
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }

    /* A rules file that must be refused: with one message that names all the parts. */
    void expect_refused(const std::string &text, const std::string &message)
    {
        std::ofstream(folder / "bad.ini") << text;
        Outcome outcome = shell("$R watch --rules=bad.ini --dry-run");
        EXPECT_EQ(outcome.code, 2) << text;
        EXPECT_EQ(outcome.out, "") << text;
        EXPECT_TRUE(has(outcome.err, "bad.ini:" + message)) << text << "\n" << outcome.err;
    }

    pid_t sleeper_ = 0, pid_ = 0, watcher_ = 0;
    timespec booted_ = {};
};

TEST_F(WatchTest, FiresOnWhatHappensInAnIntervalAndEndsWithIt)
{
    std::ofstream(folder / "page") << "#!/bin/sh\ncat >> paged\n";
    ASSERT_EQ(shell("chmod +x page").code, 0);
    start("--sink=stderr --sink=exec:./page app");
    ASSERT_TRUE(soon_watching());
    write_calls(100);
    ASSERT_TRUE(soon_told("busy (warning): firing: too many: fsync.calls is 100, limit > 50; app, pid "));
    ASSERT_TRUE(soon_told("busy (warning): resolved"));
    ASSERT_TRUE(soon([&] { return has(slurp(folder / "paged"), "\"state\":\"resolved\""); }));
    EXPECT_EQ(finish(), 0);
    std::string paged = slurp(folder / "paged");
    EXPECT_TRUE(has(paged, "{\"schema\":1,\"rule\":\"busy\",\"state\":\"firing\",\"previous\":\"inactive\"")) << paged;
    EXPECT_TRUE(has(paged, "\"labels\":{\"team\":\"storage\"}")) << paged;
    EXPECT_EQ(shell("grep -c busy paged").out, "2\n") << paged;
}

TEST_F(WatchTest, OutlivesTheProcessAndSeesTheNextOne)
{
    start("app");
    ASSERT_TRUE(soon_watching());
    end_process();
    ASSERT_TRUE(soon_told("busy (warning): no data: too many: nothing runs that is measured"));
    start_process(); /* another one of that name */
    ASSERT_TRUE(soon_told("busy (warning): inactive")) << "what it did is 0";
    write_calls(70);
    ASSERT_TRUE(soon_told("firing: too many: fsync.calls is 70"));
    EXPECT_EQ(finish(), 0);
}

TEST_F(WatchTest, EndsWithTheProcessThatAPidNames)
{
    start(std::to_string(sleeper_));
    ASSERT_TRUE(soon_watching());
    end_process();
    EXPECT_EQ(finish(0), 0);
    EXPECT_TRUE(has(told(), "has ended")) << told();
    EXPECT_EQ(shell("$R watch --rules=rules.ini 4194399").code, 3);
}

TEST_F(WatchTest, ReadsItsRulesAgainAndKeepsTheOldOnesWhereTheNewAreWrong)
{
    start("app");
    ASSERT_TRUE(soon_watching());
    std::ofstream(folder / "rules.ini") << "[busy]\nexpr = fsync.calls > \n";
    kill(watcher_, SIGHUP);
    ASSERT_TRUE(soon_told("stay in force"));
    EXPECT_TRUE(has(told(), "rules.ini:2: a value is missing at the end")) << told();
    write_calls(60);
    ASSERT_TRUE(soon_told("busy (warning): firing"));
    std::ofstream(folder / "rules.ini") << "[idle]\nexpr = fsync.calls < 1\nseverity = note\n";
    kill(watcher_, SIGHUP);
    ASSERT_TRUE(soon_told("idle (note): firing"));
    EXPECT_TRUE(has(told(), "read rules.ini again: 1 rule")) << told();
    EXPECT_EQ(finish(SIGINT), 0);
}

TEST_F(WatchTest, GoesOnWhateverBecomesOfAProgramItTells)
{
    std::ofstream(folder / "broken") << "#!/bin/sh\nexit 7\n";
    std::ofstream(folder / "hangs") << "#!/bin/sh\nsleep 60 & sleep 60\n";
    ASSERT_EQ(shell("chmod +x broken hangs").code, 0);
    start("--sink=exec:./broken --sink=exec:./hangs --sink=stderr --sink=webhook:http://user:secret@127.0.0.1:9/x app");
    ASSERT_TRUE(soon_watching());
    write_calls(100);
    ASSERT_TRUE(soon_told("resolved"));
    ASSERT_TRUE(soon_told("exec:./broken: exit code 7"));
    EXPECT_EQ(finish(), 0);
    EXPECT_TRUE(has(told(), "exec:./hangs: was ended: watching is over")) << told();
    EXPECT_TRUE(has(told(), "webhook:http://127.0.0.1:9: an alert was not delivered")) << told();
    EXPECT_FALSE(has(told(), "secret")) << told();
}

TEST_F(WatchTest, EvaluatesOnceForScripts)
{
    Outcome outcome = shell("$R watch --rules=rules.ini --once --interval=100ms app");
    EXPECT_EQ(outcome.code, 99) << outcome.err;
    EXPECT_TRUE(has(outcome.out, "no      busy (warning): fsync.calls is 0, limit > 50\n")) << outcome.out;
    EXPECT_TRUE(has(outcome.out, "yes     seen (note): duration is ")) << outcome.out;
    outcome = shell("$R watch --rules=rules.ini --once --interval=100ms nobody");
    EXPECT_EQ(outcome.code, 3);
    end_process();
    write_calls(80); /* a segment without a process: its whole life */
    outcome = shell("$R watch --rules=rules.ini --once segments/*.strong");
    EXPECT_EQ(outcome.code, 99) << outcome.err;
    EXPECT_EQ(shell("$R watch --rules=rules.ini --count=2 --interval=100ms nobody").code, 0);
}

TEST_F(WatchTest, NamesTheLineOfEachMistakeAndTheNearestKey)
{
    expect_refused("[a]\nexpr = threads > 1\nsevrity = note\n", "3: no key 'sevrity'; nearest: severity");
    expect_refused("[a]\nexpr = threads > 1\nseverity = bad\n", "3: no severity 'bad'; there are: note, warning, critical");
    expect_refused("[a]\n\nexpr = thraeds > 1\n", "3: no metric 'thraeds'; nearest: threads");
    expect_refused("[a]\nexpr = threads > 1\nclear = threads < 1ms\n", "3: a count on the left");
    expect_refused("[a]\nexpr = threads > 1\nfor = soon\n", "3: 'soon' is not a duration");
    expect_refused("[a]\nfor = 1s\n", "1: the rule [a] has no expr");
    expect_refused("[a]\n[b]\nexpr = threads > 1\n", "1: nothing stands below");
    expect_refused("[b]\nexpr = threads > 1\n[a]\n", "3: nothing stands below");
    expect_refused("[a]\nexpr = threads > 1\n[b]\nexpr = threads > 1\n[a]\nexpr = threads > 1\n", "5: the rule [a] is there already, in line 1");
    expect_refused("[a]\nexpr = threads > 1\nexpr = threads > 2\n", "3: 'expr' is there already, in line 2");
    expect_refused("[a]\nexpr = threads > 1\nrubbish\n", "3: this is neither");
    expect_refused("expr = threads > 1\n", "1: 'expr' stands before");
    expect_refused("[sink]\nat = stderr\n", "2: no key 'at'");
    expect_refused("[sink]\nto = stderr\n", "2: no rule in it");
    expect_refused("[a]\nexpr = threads > 1\nlabels = 9=x\n", "3: '9=x' is not a label");
    expect_refused("[a]\nexpr = threads > 1\nlabels = severity=x\n", "3: the label 'severity' is set by");
    expect_refused("[a]\nmessage = " + std::string(300, 'x') + "\n", "2: the line is longer than");
    expect_refused("[" + std::string(60, 'x') + "]\nexpr = threads > 1\n", "1: the name in [ ] is longer");
    expect_refused("", "0: no rule in it");
}

TEST_F(WatchTest, TakesLongValuesAndTheExampleThatIsInstalled)
{
    std::ofstream(folder / "long.ini") << "; a comment\n[a]\nexpr = threads > 1000 ||\n    threads > 2000\n\n[b]\nexpr: duration > 1h\n";
    EXPECT_EQ(shell("$R watch --rules=long.ini --dry-run").out, "long.ini: 2 rules, 1 sink: all right\n");
    Outcome outcome = shell("$R watch --rules=" STRONG_SOURCE_DIR "/tools/share/watch.ini --dry-run");
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_TRUE(has(outcome.out, "7 rules, 1 sink: all right")) << outcome.out;
}

TEST_F(WatchTest, RefusesWrongUsageInOneLine)
{
    for (const char *line :
         {"$R watch", "$R watch --rules=missing.ini", "$R watch --rules=.", "$R watch --rules=rules.ini --sink=sterr",
          "$R watch --rules=rules.ini --sink=mail:me", "$R watch --rules=rules.ini --sink=exec:true",
          "$R watch --rules=rules.ini --sink=exec:/etc/passwd", "$R watch --rules=rules.ini --sink=exec:/none",
          "$R watch --rules=rules.ini --sink=webhook:ftp://x/", "$R watch --rules=rules.ini --sink=stderr:x",
          "$R watch --rules=rules.ini --interval=1ms", "$R watch --rules=rules.ini --interval=5",
          "$R watch --rules=rules.ini --count=0", "$R watch --rules=rules.ini a b"}) {
        Outcome outcome = shell(line);
        EXPECT_EQ(outcome.code, 2) << line << outcome.err;
        EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << line << outcome.err;
    }
    EXPECT_TRUE(has(shell("$R watch --rules=rules.ini --sink=sterr").err, "nearest: stderr"));
    EXPECT_TRUE(has(shell("$R help watch").out, "keep_firing_for"));
}

} // namespace
