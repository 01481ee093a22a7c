/* strong-report as its user meets it: output, messages, exit codes. */
#include "tools/reader_case.h"

#include <sys/wait.h>

#include <csignal>
#include <fstream>

namespace {

struct Outcome {
    int code; /* 128 + signal where one ended it */
    std::string out, err;
};

std::string slurp(const std::string &path)
{
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

class CommandsTest : public testing::Test {
protected:
    void SetUp() override
    {
        ASSERT_EQ(mkdir((folder / "segments").c_str(), 0700), 0);
        ASSERT_EQ(mkdir((folder / "home").c_str(), 0700), 0);
    }

    /* Runs a shell command line in which $R is strong-report. */
    Outcome shell(const std::string &line)
    {
        std::string out = folder / "out", err = folder / "err";
        pid_t pid = fork();
        if (pid == 0) {
            setenv("R", STRONG_REPORT_BIN, 1);
            setenv("STRONG_DIR", (folder / "segments").c_str(), 1);
            setenv("HOME", (folder / "home").c_str(), 1);
            setenv("LC_ALL", "C.UTF-8", 1);
            for (const char *name : {"XDG_CONFIG_HOME", "COLUMNS", "LD_PRELOAD", "STRONG_CPU_HZ"})
                unsetenv(name);
            if (!freopen(out.c_str(), "w", stdout) || !freopen(err.c_str(), "w", stderr) ||
                !freopen("/dev/null", "r", stdin) || chdir(folder.path().c_str()) != 0)
                _exit(99);
            execl("/bin/bash", "bash", "-c", line.c_str(), nullptr);
            _exit(99);
        }
        int status = 0;
        waitpid(pid, &status, 0);
        return {WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status), slurp(out),
                slurp(err)};
    }

    std::string add(uint32_t pid, const std::string &executable, bool running = false,
                    const std::string &run = "", uint64_t second = 0)
    {
        SegmentBuilder segment(256 << 10);
        segment_header &header = segment.header();
        header.pid = 4194304 + pid;
        header.executable = segment.string(executable);
        header.command = segment.string(executable.substr(executable.rfind('/') + 1));
        if (!run.empty())
            header.run = segment.string(run);
        header.start_realtime_ns += second * 1000000000;
        header.start_boottime_ns += second * 1000000000;
        if (running) {
            struct timespec now;
            clock_gettime(CLOCK_BOOTTIME, &now);
            header.pid = pid;
            header.state = SEGMENT_RUNNING;
            header.end_ticks = 0;
            header.start_boottime_ns = uint64_t(now.tv_sec + 1) * 1000000000;
            clock_gettime(CLOCK_MONOTONIC, &now);
            header.clock_first_ns = uint64_t(now.tv_sec - 1) * 1000000000;
        }
        uint32_t file = segment.target(TARGET_FILE, "/data/" + std::to_string(pid));
        segment.thread(header.pid, "main").calls(100, HOOK_fsync, file, 10000000);
        std::string path = folder / ("segments/" + std::to_string(header.pid) + "-" +
                                     std::to_string(header.start_boottime_ns / 1000) + ".strong");
        segment.write(path);
        return path;
    }

    TemporaryDirectory folder;
};

bool has(const std::string &text, const std::string &part)
{
    return text.find(part) != std::string::npos;
}

/* A process of this test's that lives until the test ends. */
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
    ~Sleeper()
    {
        kill(pid, SIGKILL);
        waitpid(pid, nullptr, 0);
    }
    pid_t pid;
};

TEST_F(CommandsTest, ReportShowsOnePartOfItAfterItsName)
{
    std::string path = add(1, "/usr/bin/server");
    Outcome outcome = shell("$R report memory " + path);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_TRUE(has(outcome.out, "asked for")) << outcome.out;
    EXPECT_FALSE(has(outcome.out, "thread-seconds")) << outcome.out;
    EXPECT_EQ(shell("$R report memory").out, outcome.out) << "the only one there is";
    EXPECT_EQ(shell("$R memory").code, 3) << "without `report` it is something to report";
    EXPECT_EQ(shell("$R report memory a b").code, 2);
    EXPECT_TRUE(has(shell("$R help report").out, "memory"));
}

TEST_F(CommandsTest, ReportPrintsEveryPartQuietlyAlsoIntoAClosedPipeAndOnATinyTerminal)
{
    add(1, "/usr/bin/server");
    Outcome help = shell("$R help report");
    for (const char *part : {"memory", "cpu", "blocked", "locks", "network", "files", "threads", "resources"}) {
        EXPECT_TRUE(has(help.out, std::string("  ") + part)) << help.out;
        Outcome outcome = shell(std::string("$R report ") + part + " server");
        EXPECT_EQ(outcome.code, 0) << part << outcome.err;
        EXPECT_EQ(outcome.err, "") << part;
        EXPECT_EQ(outcome.out.substr(0, 6), "server") << part;
        outcome = shell(std::string("set -o pipefail; $R report ") + part + " | head -1");
        EXPECT_EQ(outcome.err, "") << part;
        EXPECT_EQ(std::count(outcome.out.begin(), outcome.out.end(), '\n'), 1) << part;
        EXPECT_EQ(shell(std::string("COLUMNS=20 $R report ") + part).code, 0) << part;
        EXPECT_EQ(shell(std::string("$R report ") + part + " --json").out.substr(0, 1), "{") << "the whole document";
    }
    EXPECT_EQ(shell("$R report network --callers").code, 2) << "it has no tree";
    EXPECT_EQ(shell("$R report cpu --callees --lines=3").code, 0);
}

TEST_F(CommandsTest, ReportNamesTheNearestPartAndWhatItsOptionsNeed)
{
    add(1, "/usr/bin/server");
    Outcome outcome = shell("$R report memmory");
    EXPECT_EQ(outcome.code, 2);
    EXPECT_TRUE(has(outcome.err, "strong-report report memory")) << outcome.err;
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
    outcome = shell("$R report memmory server");
    EXPECT_EQ(outcome.code, 2);
    EXPECT_TRUE(has(outcome.err, "no part 'memmory'; nearest: memory")) << outcome.err;
    outcome = shell("$R report memory --callers --cost=alocated");
    EXPECT_EQ(outcome.code, 2);
    EXPECT_TRUE(has(outcome.err, "nearest: allocated")) << outcome.err;
    EXPECT_EQ(shell("$R report memory --callers --cost=cpu").code, 2);
    EXPECT_EQ(shell("$R report memory --callers --callees").code, 2);
    EXPECT_EQ(shell("$R report memory --cost=live").code, 2) << "of which tree?";
    EXPECT_EQ(shell("$R report memory --lines=0").code, 2);
    EXPECT_EQ(shell("$R --lines=5").code, 2);
    outcome = shell("$R --callers");
    EXPECT_EQ(outcome.code, 2);
    EXPECT_TRUE(has(outcome.err, "--callers needs a part")) << outcome.err;
    EXPECT_EQ(shell("$R report memory --callers --cost=live").code, 0);
}

TEST_F(CommandsTest, SayWhatToRunWhenThereIsNothing)
{
    Outcome outcome = shell("$R");
    EXPECT_EQ(outcome.code, 3);
    EXPECT_EQ(outcome.out, "");
    EXPECT_TRUE(has(outcome.err, "strong-report run -- ")) << outcome.err;
    EXPECT_EQ(shell("$R 4199999").code, 3);
    EXPECT_EQ(shell("$R list").code, 3);
}

TEST_F(CommandsTest, ReportTheNewestFinishedOne)
{
    add(1, "/bin/older", false, "", 0);
    add(2, "/bin/newer", false, "", 60);
    Outcome outcome = shell("$R");
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(outcome.out.substr(0, 5), "newer");
    EXPECT_EQ(outcome.err, "");
    EXPECT_LE(std::count(outcome.out.begin(), outcome.out.end(), '\n'), 40);
}

TEST_F(CommandsTest, ReportTheOneThatRuns)
{
    Sleeper sleeper;
    add(1, "/bin/finished", false, "", 1000000000);
    add(static_cast<uint32_t>(sleeper.pid), "/bin/alive", true);
    Outcome outcome = shell("$R");
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(outcome.out.substr(0, 5), "alive");
}

TEST_F(CommandsTest, ShowATableWhenSeveralRun)
{
    Sleeper one, two;
    add(static_cast<uint32_t>(one.pid), "/bin/alive", true);
    add(static_cast<uint32_t>(two.pid), "/bin/alive", true);
    Outcome outcome = shell("$R");
    EXPECT_EQ(outcome.code, 2);
    EXPECT_EQ(outcome.out, "");
    EXPECT_TRUE(has(outcome.err, std::to_string(one.pid)));
    EXPECT_TRUE(has(outcome.err, std::to_string(two.pid)));
    EXPECT_EQ(shell("$R alive").code, 2);
    EXPECT_EQ(shell("$R " + std::to_string(two.pid)).code, 0);
}

TEST_F(CommandsTest, FindByPidNameRunAndFile)
{
    std::string path = add(1, "/bin/alpha", false, "nightly");
    add(2, "/bin/beta", false, "nightly", 1);
    add(3, "/bin/gamma", false, "", 2);
    EXPECT_EQ(shell("$R 4194305").out.substr(0, 5), "alpha");
    EXPECT_EQ(shell("$R beta").out.substr(0, 4), "beta");
    EXPECT_EQ(shell("$R report gamma").out.substr(0, 5), "gamma");
    EXPECT_EQ(shell("$R " + path).out.substr(0, 5), "alpha");
    Outcome run = shell("$R --json nightly");
    EXPECT_EQ(run.code, 0);
    EXPECT_TRUE(has(run.out, "/data/1") && has(run.out, "/data/2")) << "both processes, merged";
    EXPECT_TRUE(has(shell("$R --json --merge alpha").out, "/data/2"));
    EXPECT_FALSE(has(shell("$R --json alpha").out, "/data/2"));
    Outcome tree = shell("$R --tree nightly");
    EXPECT_EQ(tree.code, 0);
    EXPECT_TRUE(has(tree.out, "alpha") && has(tree.out, "beta") && !has(tree.out, "gamma")) << tree.out;
}

TEST_F(CommandsTest, RefuseABadSegmentInOneLine)
{
    std::string path = add(1, "/bin/alpha");
    std::filesystem::resize_file(path, 20000);
    Outcome outcome = shell("$R " + path);
    EXPECT_EQ(outcome.code, 1);
    EXPECT_EQ(outcome.out, "");
    EXPECT_TRUE(has(outcome.err, "truncated"));
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
    Outcome unnamed = shell("$R");
    EXPECT_EQ(unnamed.code, 1) << "there is one, but it cannot be read";
    EXPECT_TRUE(has(unnamed.err, "truncated"));
    EXPECT_EQ(shell("$R ./nothing.strong").code, 1);
}

TEST_F(CommandsTest, NameTheNearestOfWhatTheyDoNotKnow)
{
    struct {
        const char *line, *nearest;
    } const table[] = {
        {"$R --jsn", "--json"},           {"$R lsit", "list"},
        {"$R runn -- true", "run"},       {"$R run --cpu-zh=9 -- true", "--cpu-hz"},
        {"$R gc --al", "--all"},          {"$R help optoins", "options"},
        {"$R list --jsno", "--json"},
    };
    for (auto &row : table) {
        Outcome outcome = shell(row.line);
        EXPECT_EQ(outcome.code, 2) << row.line;
        EXPECT_TRUE(has(outcome.err, row.nearest)) << row.line << ": " << outcome.err;
        EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
        EXPECT_EQ(outcome.out, "");
    }
}

TEST_F(CommandsTest, RefuseWrongUsage)
{
    for (const char *line : {"$R --width=abc", "$R --width", "$R --json=1", "$R a b", "$R run",
                             "$R gc --keep=-1", "$R list some thing", "$R -x"}) {
        Outcome outcome = shell(line);
        EXPECT_EQ(outcome.code, 2) << line << ": " << outcome.err;
        EXPECT_EQ(outcome.out, "") << line;
    }
}

TEST_F(CommandsTest, DiffTakesFilesPidsRunsNamesAndFolders)
{
    std::string one = add(1, "/bin/first", false, "before", 0);
    add(2, "/bin/second", false, "after", 60);
    add(3, "/bin/second", false, "after", 90);
    for (const char *pair : {"before after", "4194305 4194306", "first second", "segments segments"}) {
        Outcome outcome = shell(std::string("$R diff ") + pair);
        EXPECT_EQ(outcome.code, 0) << pair << outcome.err;
        EXPECT_EQ(outcome.err, "") << pair;
        EXPECT_LE(std::count(outcome.out.begin(), outcome.out.end(), '\n'), 40) << pair;
        EXPECT_FALSE(has(outcome.out, "\x1b")) << pair;
    }
    EXPECT_TRUE(has(shell("$R diff before after").out, "and 1 more")) << "a run is merged";
    EXPECT_TRUE(has(shell("$R diff segments before").out, "and 2 more")) << "a folder is merged";
    EXPECT_TRUE(has(shell("$R diff " + one + " before").out, "A and B are the same run"));
    EXPECT_TRUE(has(shell("cp " + one + " kept.strong; $R diff kept.strong before --json").out,
                    "\"same_run\": true"));
    EXPECT_GT(shell("$R diff before after --full").out.size(), shell("$R diff before after").out.size());
}

TEST_F(CommandsTest, DiffKnowsFromSeveralRunsWhatDiffersBetweenRuns)
{
    ASSERT_EQ(mkdir((folder / "a").c_str(), 0700), 0);
    ASSERT_EQ(mkdir((folder / "b").c_str(), 0700), 0);
    /* Each run's calls agree with each other, and no run with the next. */
    const unsigned waits_ms[2][4] = {{20, 35, 24, 30}, {31, 38, 25, 34}};
    for (unsigned side = 0; side < 2; side++)
        for (unsigned run = 0; run < 4; run++) {
            SegmentBuilder segment(256 << 10);
            segment.header().pid = 4194304 + 10 * side + run;
            segment.header().start_realtime_ns += (side * 10ull + run) * 100000000000;
            segment.header().clock_first_ns += (side * 10ull + run) * 100000000000;
            segment.lasts(10);
            segment.thread(1, "main").calls(
                200, HOOK_fsync, segment.target(TARGET_FILE, "/data/journal"), waits_ms[side][run] * 2000000);
            segment.write(folder / (std::string(side ? "b/" : "a/") + std::to_string(run) + ".strong"));
        }
    Outcome one = shell("$R diff a/0.strong b/0.strong"), all = shell("$R diff a b");
    EXPECT_TRUE(has(one.out, "55 % more time in calls on /data/journal")) << one.out << one.err;
    EXPECT_TRUE(has(one.out, "One run each says nothing")) << one.out;
    EXPECT_TRUE(has(all.out, "No difference beyond noise")) << all.out << all.err;
    EXPECT_TRUE(has(all.out, "(4 of A, 4 of B)")) << all.out;
    EXPECT_TRUE(has(shell("$R diff --json a b").out, "\"runs\": 4"));
}

TEST_F(CommandsTest, DiffRefusesWhatIsNotTwoThings)
{
    add(1, "/bin/first");
    for (const char *line : {"$R diff", "$R diff first", "$R diff first first first",
                             "$R diff --nonsense first first", "$R diff --width=7 first first"}) {
        Outcome outcome = shell(line);
        EXPECT_EQ(outcome.code, 2) << line;
        EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
        EXPECT_EQ(outcome.out, "") << line;
    }
    EXPECT_EQ(shell("$R diff first nobody").code, 3);
    EXPECT_EQ(shell("$R diff nobody first").code, 3);
    EXPECT_EQ(shell("mkdir none; $R diff first none").code, 3);
    EXPECT_TRUE(has(shell("$R diff first none").err, "none"));
    EXPECT_TRUE(has(shell("$R help diff").out, "--full"));
    EXPECT_EQ(shell("$R diff first first > /dev/full").code, 1);
}

TEST_F(CommandsTest, DiffSaysInOneLineWhichSideCannotBeRead)
{
    std::string good = add(1, "/bin/first");
    SegmentBuilder newer(256 << 10), other(256 << 10), clock(256 << 10);
    newer.header().version = SEGMENT_VERSION + 1;
    newer.write(folder / "newer.strong");
    clock.header().ns_per_tick_q40 = 0;
    clock.write(folder / "clock.strong");
    std::ofstream(folder / "empty.strong").close();
    ASSERT_EQ(shell("head -c 100000 " + good + " > cut.strong").code, 0);
    for (const char *name : {"newer.strong", "clock.strong", "empty.strong", "cut.strong"})
        for (const std::string &words : {std::string(name) + " " + good, good + " " + name}) {
            Outcome outcome = shell("$R diff " + words);
            EXPECT_EQ(outcome.code, 1) << words;
            EXPECT_EQ(outcome.out, "") << words;
            EXPECT_TRUE(has(outcome.err, name)) << outcome.err;
            EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
        }
    EXPECT_TRUE(has(shell("$R diff newer.strong " + good).err, "version"));
    EXPECT_TRUE(has(shell("$R diff cut.strong " + good).err, "truncated"));
    /* In a folder what cannot be read is named, and the rest counts. */
    ASSERT_EQ(shell("mkdir set; cp " + good + " cut.strong set; cp " + good + " set/other.strong").code, 0);
    Outcome outcome = shell("$R diff set " + good);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_TRUE(has(outcome.err, "cut.strong")) << outcome.err;
    EXPECT_EQ(shell("mkdir bad; cp cut.strong bad; $R diff bad " + good).code, 1);
}

TEST_F(CommandsTest, ReportAFolderOfSegments)
{
    add(1, "/bin/first");
    add(2, "/bin/second", false, "", 60);
    Outcome outcome = shell("$R segments");
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_TRUE(has(outcome.out, "and 1 more")) << outcome.out;
}

TEST_F(CommandsTest, ListAsATreeAndAsJson)
{
    add(1, "/bin/alpha\x1b[31m");
    Outcome table = shell("$R list");
    EXPECT_EQ(table.code, 0);
    EXPECT_TRUE(has(table.out, "4194305") && has(table.out, "exited") && has(table.out, "alpha"));
    EXPECT_FALSE(has(table.out, "\x1b"));
    Outcome json = shell("$R list --json");
    EXPECT_TRUE(has(json.out, "\"pid\": 4194305")) << json.out;
    EXPECT_EQ(shell("$R list --running").code, 3);
}

TEST_F(CommandsTest, CollectFinishedSegments)
{
    for (uint32_t pid = 1; pid <= 3; pid++)
        add(pid, "/bin/x", false, "", pid);
    EXPECT_TRUE(has(shell("$R gc --keep=2").out, "removed 1 segment,"));
    EXPECT_TRUE(has(shell("$R gc --all").out, "removed 2 segments"));
    EXPECT_EQ(shell("$R").code, 3);
}

TEST_F(CommandsTest, StopQuietlyWhenNobodyReads)
{
    add(1, "/bin/alpha");
    Outcome outcome = shell("(trap '' PIPE; $R --full; echo code $? >&2) | true");
    EXPECT_FALSE(has(outcome.err, "strong-report:")) << outcome.err;
    outcome = shell("$R > /dev/full");
    EXPECT_EQ(outcome.code, 1);
    EXPECT_TRUE(has(outcome.err, "cannot write"));
}

TEST_F(CommandsTest, RunPassesTheExitCodeOn)
{
    EXPECT_EQ(shell("$R run --no-report -- true").code, 0);
    EXPECT_EQ(shell("$R run --no-report -- sh -c 'exit 37'").code, 37);
    EXPECT_EQ(shell("$R run --no-report -- sh -c 'kill -TERM $$'").code, 128 + SIGTERM);
    EXPECT_EQ(shell("$R run --no-report -- /nonexistent/program").code, 127);
    EXPECT_EQ(shell("$R run --no-report -- /etc/passwd").code, 126);
    EXPECT_TRUE(has(shell("$R run -- /nonexistent/program").err, "No such file"));
}

TEST_F(CommandsTest, RunLeavesTheProgramsStreamsAlone)
{
    Outcome outcome = shell("echo input | $R run --no-report -- sh -c 'cat; echo error >&2'");
    EXPECT_EQ(outcome.out, "input\n");
    EXPECT_EQ(outcome.err, "error\n");
}

TEST_F(CommandsTest, RunPutsOursBeforeWhatIsPreloadedAlready)
{
    Outcome outcome = shell("cp /bin/true fake.so; LD_PRELOAD= $R run --library=$PWD/fake.so --no-report "
                            "-- sh -c 'echo $LD_PRELOAD' 2>/dev/null");
    EXPECT_TRUE(has(outcome.out, "/fake.so\n")) << outcome.out;
    outcome = shell("ASAN_OPTIONS=verify_asan_link_order=0 LD_PRELOAD=libm.so.6 $R run --library=$PWD/fake.so --no-report "
                    "-- sh -c 'echo $LD_PRELOAD' 2>/dev/null");
    EXPECT_TRUE(has(outcome.out, "/fake.so:libm.so.6\n")) << outcome.out;
}

TEST_F(CommandsTest, RunTakesSettingsFromOptionsThenEnvironmentThenFile)
{
    std::ofstream(folder / "config.ini") << "cpu_hz = 11\n[strong]\nSTRONG_SLOW = 5ms\nkeep=7\n[other]\nx=1\n";
    Outcome outcome = shell("STRONG_SLOW=6ms STRONG_KEEP= $R run --config=config.ini --cpu-hz=13 --no-report "
                            "-- sh -c 'echo $STRONG_CPU_HZ $STRONG_SLOW $STRONG_KEEP'");
    EXPECT_EQ(outcome.out, "13 6ms 7\n") << outcome.err;
    ASSERT_EQ(system(("mkdir -p " + (folder / "home/.config/strong") + " && cp " + (folder / "config.ini") +
                      " " + (folder / "home/.config/strong/config.ini"))
                         .c_str()),
              0);
    EXPECT_EQ(shell("$R run --no-report -- sh -c 'echo $STRONG_CPU_HZ'").out, "11\n");
    std::ofstream(folder / "bad.ini") << "cpu_zh = 11\n";
    outcome = shell("$R run --config=bad.ini --no-report -- true");
    EXPECT_EQ(outcome.code, 2);
    EXPECT_TRUE(has(outcome.err, "cpu-hz")) << outcome.err;
    EXPECT_EQ(shell("$R run --config=missing.ini --no-report -- true").code, 2);
}

TEST_F(CommandsTest, RunSaysWhatCannotBePreloadedAndRunsIt)
{
    std::ofstream(folder / "static.c") << "int main(void) { return 5; }\n";
    ASSERT_EQ(shell("cc -static -o static static.c").code, 0);
    Outcome outcome = shell("$R run -- ./static");
    EXPECT_EQ(outcome.code, 5);
    EXPECT_TRUE(has(outcome.err, "static binary")) << outcome.err;
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
    std::ofstream(folder / "script") << "#! " << (folder / "static") << " x\n";
    outcome = shell("chmod +x script; $R run -- ./script");
    EXPECT_EQ(outcome.code, 5);
    EXPECT_TRUE(has(outcome.err, "static binary")) << "scripts are their interpreter: " << outcome.err;
}

/* Patches one field of a copy of a dynamic program, so that no cross compiler is needed. */
TEST_F(CommandsTest, RunRecognisesOtherMachinesMuslAndGo)
{
    std::ofstream(folder / "dynamic.c") << "int main(void) { return 6; }\n";
    ASSERT_EQ(shell("cc -o dynamic dynamic.c").code, 0);
    std::string bytes = slurp(folder / "dynamic");
    std::string foreign = bytes;
    foreign[18] = 40; /* e_machine: EM_ARM */
    std::ofstream(folder / "foreign") << foreign;
    std::string musl = bytes;
    size_t at = musl.find("/lib64/ld-linux-x86-64.so.2");
    if (at == std::string::npos)
        GTEST_SKIP() << "not an x86-64 glibc program";
    musl.replace(at, 27, std::string("/lib/ld-musl-x86_64.so.1\0\0\0", 27));
    std::ofstream(folder / "musl") << musl;
    std::string go = bytes;
    at = go.find(std::string("\4\0\0\0\x14\0\0\0\3\0\0\0GNU\0", 16));
    ASSERT_NE(at, std::string::npos);
    go.replace(at + 12, 4, std::string("Go\0\0", 4));
    std::ofstream(folder / "go") << go;
    EXPECT_TRUE(has(shell("chmod +x foreign musl go; $R run -- ./foreign").err, "another machine"));
    EXPECT_TRUE(has(shell("$R run -- ./musl").err, "musl"));
    Outcome outcome = shell("$R run --no-report -- ./go");
    EXPECT_EQ(outcome.code, 6);
    EXPECT_TRUE(has(outcome.err, "Go program")) << outcome.err;
}

TEST_F(CommandsTest, RunReportsOnStderrAndLeavesStdoutToTheProgram)
{
    if (access(STRONG_SO, R_OK) != 0)
        GTEST_SKIP() << "no libstrong.so in this build";
    Outcome outcome = shell("$R run --name=mine -- /bin/cat /etc/passwd");
    EXPECT_EQ(outcome.code, 0);
    EXPECT_EQ(outcome.out, slurp("/etc/passwd"));
    EXPECT_TRUE(has(outcome.err, "cat /etc/passwd")) << outcome.err;
    EXPECT_TRUE(has(outcome.err, "Where ")) << outcome.err;
    Outcome later = shell("$R --json mine");
    EXPECT_TRUE(has(later.out, "\"name\": \"cat\"")) << later.err;
    outcome = shell("$R run --json --output=report.json -- sh -c 'exit 3'");
    EXPECT_EQ(outcome.code, 3);
    EXPECT_EQ(outcome.err, "");
    EXPECT_TRUE(has(slurp(folder / "report.json"), "\"exit_status\": 3"));
}

TEST_F(CommandsTest, RunMergesTheProcessesItStarted)
{
    if (access(STRONG_SO, R_OK) != 0)
        GTEST_SKIP() << "no libstrong.so in this build";
    Outcome outcome = shell("$R run --json --output=report.json -- sh -c 'cat /etc/passwd > /dev/null; "
                            "cat /etc/group > /dev/null; exec cat /etc/hostname > /dev/null'");
    EXPECT_EQ(outcome.code, 0);
    std::string report = slurp(folder / "report.json");
    for (const char *file : {"/etc/passwd", "/etc/group", "/etc/hostname"})
        EXPECT_TRUE(has(report, file)) << file;
    EXPECT_TRUE(has(report, "\"cmdline\": \"cat /etc/hostname\""))
        << "what the first process became by exec is what the user started";
}

TEST_F(CommandsTest, RunPassesSignalsOn)
{
    Outcome outcome = shell("$R run --no-report -- sh -c 'trap \"echo got; exit 9\" TERM; echo ready > flag; "
                            "while :; do sleep 0.05; done' & "
                            "while [ ! -s flag ]; do sleep 0.02; done; kill -TERM $!; wait $!; echo code $?");
    EXPECT_EQ(outcome.out, "got\ncode 9\n") << outcome.err;
}

} // namespace
