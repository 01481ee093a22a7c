/* The resource series and STRONG_REPORT in real processes. */
#include "process_support.h"

#include <algorithm>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

static std::string contents(const std::string &path)
{
    std::ifstream file(path);
    return std::string(std::istreambuf_iterator<char>(file), {});
}

static unsigned lines_with(const std::string &text, const std::string &what)
{
    std::istringstream lines(text);
    std::string line;
    unsigned count = 0;
    while (std::getline(lines, line))
        count += line.find(what) != std::string::npos;
    return count;
}

TEST(ResourceSeries, GoesOnInAProgramThatCallsNothing)
{
    SegmentDirectory directory;
    Outcome outcome = run_preloaded(directory, {"monitor_life", "compute", "3500"});
    ASSERT_EQ(outcome.status, 0);
    SegmentCopy segment(directory.files().at(0));
    std::vector<resource_record> series = segment.resources();
    ASSERT_GE(series.size(), 4u); /* start, two or more seconds, exit */
    const resource_record &first = series.front(), &tick = series[1], &last = series.back();
    EXPECT_EQ(first.rss_bytes, RESOURCE_UNKNOWN); /* nothing is opened at start */
    EXPECT_EQ(tick.rss_bytes, RESOURCE_UNKNOWN);
    EXPECT_EQ(tick.run_delay_ns, RESOURCE_UNKNOWN);
    EXPECT_NE(last.rss_bytes, RESOURCE_UNKNOWN);
    EXPECT_NE(last.run_delay_ns, RESOURCE_UNKNOWN);
    EXPECT_GT(last.rss_bytes, 100u << 10);
    EXPECT_LE(last.rss_bytes, last.peak_rss_bytes);
    EXPECT_EQ(tick.threads, 1u);
    for (size_t i = 1; i < series.size(); i++) {
        EXPECT_GT(series[i].ticks, series[i - 1].ticks);
        EXPECT_GE(series[i].cpu_user_ns, series[i - 1].cpu_user_ns);
    }
    EXPECT_GT(last.cpu_user_ns, 1000000000u);
}

TEST(ResourceSeries, AShortProcessHasAStartAndAnEnd)
{
    SegmentDirectory directory;
    run_preloaded(directory, {"monitor_life", "compute", "0"});
    std::vector<resource_record> series = SegmentCopy(directory.files().at(0)).resources();
    ASSERT_EQ(series.size(), 2u);
    EXPECT_EQ(series[1].run_delay_ns, RESOURCE_UNKNOWN); /* nor at the end of a brief one */
}

/* A control group of the CPU controller with a fifth of a CPU, wherever it is mounted; "" if we may not. */
class QuotaGroup {
public:
    QuotaGroup()
    {
        for (const char *mount : {"/sys/fs/cgroup/cpu", "/sys/fs/cgroup/cpu,cpuacct", "/sys/fs/cgroup"}) {
            std::string candidate = std::string(mount) + "/strong-test-" + std::to_string(getpid());
            bool first = access((std::string(mount) + "/cpu.shares").c_str(), F_OK) == 0;
            if (mkdir(candidate.c_str(), 0755) != 0)
                continue;
            bool set = first ? put(candidate + "/cpu.cfs_period_us", "100000") && put(candidate + "/cpu.cfs_quota_us", "20000")
                             : put(candidate + "/cpu.max", "20000 100000");
            if (set) {
                path = candidate;
                root = mount;
                return;
            }
            rmdir(candidate.c_str());
        }
    }
    ~QuotaGroup()
    {
        if (!path.empty() && rmdir(path.c_str()) != 0)
            fprintf(stderr, "%s stays\n", path.c_str());
    }
    /* Moves this process in; children follow. */
    bool enter() const { return put(path + "/cgroup.procs", "0"); }
    bool leave() const { return put(root + "/cgroup.procs", "0"); }
    std::string path, root;

private:
    static bool put(const std::string &file, const std::string &text)
    {
        std::ofstream stream(file);
        stream << text;
        stream.close();
        return !stream.fail();
    }
};

TEST(ResourceSeries, SeesThatTheControlGroupWasThrottled)
{
    QuotaGroup group;
    if (group.path.empty())
        GTEST_SKIP() << "this machine does not let us make a control group with a quota";
    SegmentDirectory directory;
    ASSERT_TRUE(group.enter());
    Outcome outcome = run_preloaded(directory, {"monitor_life", "compute", "500"});
    ASSERT_TRUE(group.leave());
    ASSERT_EQ(outcome.status, 0);
    SegmentCopy segment(directory.files().at(0));
    uint64_t periods = segment.counter(COUNTER_cgroup_end_throttled_periods) -
                       segment.counter(COUNTER_cgroup_start_throttled_periods);
    EXPECT_GT(periods, 3u); /* the first tick comes after about a second of the two and a half */
    EXPECT_GE(segment.counter(COUNTER_cgroup_periods), periods);
    EXPECT_GT(segment.counter(COUNTER_cgroup_end_throttled_ns), segment.counter(COUNTER_cgroup_start_throttled_ns) + 100000000);
}

TEST(SelfReport, LinesAndATableGoToTheFile)
{
    SegmentDirectory directory;
    std::string path = directory.path + "/report";
    Outcome outcome = run_preloaded(directory, {"monitor_life", "compute", "2500"},
                                    {{"STRONG_REPORT", path}, {"STRONG_REPORT_INTERVAL", "500ms"}});
    EXPECT_EQ(outcome.status, 0);
    EXPECT_EQ(outcome.out + outcome.err, "");
    std::string text = contents(path);
    EXPECT_GE(lines_with(text, " after "), 3u) << text;
    EXPECT_EQ(lines_with(text, "ended after"), 1u) << text;
    EXPECT_EQ(lines_with(text, "libstrong:"), (unsigned)std::count(text.begin(), text.end(), '\n'));
    struct stat status;
    ASSERT_EQ(stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST(SelfReport, GoesToStderrAndNotToStdout)
{
    SegmentDirectory directory;
    Outcome outcome = run_preloaded(directory, {"monitor_life", "threads", "8"}, {{"STRONG_REPORT", "stderr"}});
    EXPECT_EQ(lines_with(outcome.err, "ended after"), 1u) << outcome.err;
    EXPECT_EQ(outcome.out, "timers 1\n");
}

TEST(SelfReport, NothingIsWrittenUnlessAskedFor)
{
    SegmentDirectory directory;
    Outcome outcome = run_preloaded(directory, {"monitor_life", "compute", "1200"},
                                    {{"STRONG_REPORT_INTERVAL", "100ms"}, {"STRONG_REPORT", ""}});
    EXPECT_EQ(outcome.err, "");
}

TEST(SelfReport, NeverWritesIntoTheFileThatTookOverDescriptorTwo)
{
    SegmentDirectory directory;
    Outcome outcome = run_preloaded(directory, {"monitor_life", "nostderr"},
                                    {{"STRONG_REPORT", "stderr"}, {"STRONG_REPORT_INTERVAL", "100ms"}});
    EXPECT_EQ(outcome.status, 0);
    EXPECT_EQ(outcome.out, "descriptor 2 holds 0 bytes\n");
    EXPECT_EQ(SegmentCopy(directory.files().at(0)).notes(), (std::vector<std::string>{"STRONG_REPORT stopped: EBADF"}));
}

TEST(SelfReport, APipeWithoutReaderRaisesNoSignal)
{
    SegmentDirectory directory;
    Outcome outcome =
        run_preloaded(directory, {"monitor_life", "brokenpipe"},
                      {{"STRONG_REPORT", "stderr"}, {"STRONG_REPORT_INTERVAL", "100ms"}}, true);
    EXPECT_EQ(outcome.status, 0);
    EXPECT_EQ(outcome.out, "alive\n");
    EXPECT_EQ(SegmentCopy(directory.files().at(0)).notes(), (std::vector<std::string>{"STRONG_REPORT stopped: EPIPE"}));
}

TEST(SelfReport, RespectsTheLimitOfFileSizes)
{
    SegmentDirectory directory;
    std::string path = directory.path + "/report";
    Outcome outcome = run_preloaded(directory, {"monitor_life", "compute", "800"},
                                    {{"STRONG_REPORT", path}, {"STRONG_REPORT_INTERVAL", "100ms"}}, false, 0);
    EXPECT_EQ(outcome.status, 0);
    EXPECT_EQ(contents(path), "");
}

TEST(SelfReport, RefusesASymbolicLinkAndSaysSo)
{
    SegmentDirectory directory;
    std::string path = directory.path + "/report", victim = directory.path + "/victim";
    ASSERT_EQ(symlink(victim.c_str(), path.c_str()), 0);
    Outcome outcome = run_preloaded(directory, {"monitor_life", "compute", "0"}, {{"STRONG_REPORT", path}});
    EXPECT_EQ(outcome.status, 0);
    EXPECT_EQ(lines_with(outcome.err, "ELOOP"), 1u) << outcome.err;
    EXPECT_NE(access(victim.c_str(), F_OK), 0);
}

TEST(SelfReport, WritesIntoNoFileThatAnotherUserPutThere)
{
    SegmentDirectory directory;
    std::string path = directory.path + "/report", other = directory.path + "/other";
    auto write = [&] { return run_preloaded(directory, {"monitor_life", "compute", "0"}, {{"STRONG_REPORT", path}}); };
    std::ofstream(path) << "mine\n";
    EXPECT_EQ(lines_with(write().err, "STRONG_REPORT"), 0u);
    EXPECT_EQ(lines_with(contents(path), "ended after"), 1u);
    ASSERT_EQ(link(path.c_str(), other.c_str()), 0); // a file of ours, named by who wants it to grow
    Outcome named = write();
    EXPECT_EQ(lines_with(named.err, "report: it is another user's, or has another name"), 1u) << named.err;
    EXPECT_EQ(lines_with(contents(path), "ended after"), 1u);
    ASSERT_EQ(unlink(other.c_str()), 0);
    if (geteuid() != 0)
        return;
    ASSERT_EQ(chown(path.c_str(), 65534, 65534), 0);
    Outcome foreign = write();
    EXPECT_EQ(foreign.status, 0);
    EXPECT_EQ(lines_with(foreign.err, "report: it is another user's"), 1u) << foreign.err;
    EXPECT_EQ(lines_with(contents(path), "ended after"), 1u);
}

TEST(SelfReport, ARelativePathMeansTheDirectoryOfTheStart)
{
    SegmentDirectory directory;
    char before[4096];
    ASSERT_NE(getcwd(before, sizeof before), nullptr);
    ASSERT_EQ(chdir(directory.path.c_str()), 0);
    Outcome outcome = run_preloaded(directory, {"monitor_life", "compute", "0"}, {{"STRONG_REPORT", "report"}});
    ASSERT_EQ(chdir(before), 0);
    EXPECT_EQ(lines_with(contents(directory.path + "/report"), "ended after"), 1u) << outcome.err;
}
