// What SECURITY.md promises and no other test shows: nothing of the program's data is kept, files are the user's alone,
// switched off there is no system call of ours, and a truncated or hostile segment harms no reader.
#include "interpose_support.h"

#include <algorithm>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <set>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

using namespace interpose_test;

namespace
{
const Environment everything = {{"STRONG_SAMPLE_RATE", "1"}, {"STRONG_SLOW", "0"}, {"STRONG_ALLOC_PERIOD", "64"},
                                {"STRONG_BLOCK_PERIOD", "1us"}, {"STRONG_CPU_HZ", "1000"}, {"STRONG_OPTIMIZE", "all"}};

Environment with(Environment environment, const Environment &more)
{
    environment.insert(more.begin(), more.end());
    return environment;
}

std::string contents(const std::string &path)
{
    std::ifstream file(path, std::ios::binary);
    std::ostringstream all;
    all << file.rdbuf();
    return all.str();
}

// Where `word` stands in the files of a directory, with what surrounds it.
std::string places(const Directory &directory, const std::string &word)
{
    std::string found;
    for (const std::string &name : directory.names()) {
        std::string bytes = contents(directory.path + "/" + name);
        for (size_t at = bytes.find(word); at != std::string::npos; at = bytes.find(word, at + 1))
            found += name + " at " + std::to_string(at) + ": " + bytes.substr(at, 24).c_str() + "\n";
    }
    return found;
}

TEST(Security, NothingThatTheProgramReadsWritesOrHoldsIsKept)
{
    Directory directory;
    std::string path = directory.path + ".data";
    Outcome outcome = run_preloaded(directory, {"secret_bytes", path, "CANARY-argument"},
                                    with(everything, {{"STRONG_ARGUMENTS", "0"}, {"SECRET", "CANARY-environment"}}));
    EXPECT_EQ(outcome.out, "2068 through, child 0\n") << outcome.describe();
    EXPECT_EQ(outcome.err, "");
    ASSERT_GE(directory.segments().size(), 2u);
    EXPECT_EQ(places(directory, "CANARY"), "");
    // They went through calls that were measured and optimised, and what is kept by design is found.
    Segment segment(directory.segments()[0]);
    EXPECT_GT(segment.counter(COUNTER_connections_reused), 3u * 10);
    EXPECT_GE(segment.counter(COUNTER_memory_pool_active), 1u);
    EXPECT_NE(places(directory, path), "") << "the names of files are kept: this search finds nothing at all";
}

TEST(Security, ArgumentsAreKeptUnlessTheyAreSwitchedOff)
{
    Directory directory;
    run_preloaded(directory, {"secret_bytes", directory.path + ".data", "CANARY-argument"}, {{"SECRET", "CANARY-environment"}});
    EXPECT_NE(places(directory, "CANARY-argument"), "");
    EXPECT_NE(places(directory, "CANARY-exec"), "");
    EXPECT_EQ(places(directory, "CANARY-environment"), "");
}

TEST(Security, EveryFileIsTheUsersAlone)
{
    Directory directory;
    Command command;
    command.arguments = {"secret_bytes", directory.path + ".data"};
    command.before_exec = [] { umask(0); };
    run(command, directory.path);
    ASSERT_FALSE(directory.names().empty());
    for (const std::string &name : directory.names()) {
        struct stat facts;
        ASSERT_EQ(lstat((directory.path + "/" + name).c_str(), &facts), 0);
        EXPECT_TRUE(S_ISREG(facts.st_mode)) << name;
        EXPECT_EQ(facts.st_mode & 07777, 0600u) << name;
        EXPECT_EQ(facts.st_uid, geteuid()) << name;
        EXPECT_EQ(facts.st_nlink, 1u) << name;
    }
}

// The system calls of a program, by strace, without their results: addresses differ.
std::vector<std::string> calls(const Environment &environment, bool preloaded)
{
    Directory log;
    std::string path = log.path + "/strace";
    Command command;
    command.preloaded = false;
    command.arguments = {"/usr/bin/strace", "-f", "-o", path};
    if (preloaded) {
        for (const auto &[name, value] : environment)
            command.arguments.insert(command.arguments.end(), {"-E", name + "=" + value});
        command.arguments.insert(command.arguments.end(), {"-E", std::string("LD_PRELOAD=") + STRONG_SO});
    }
    command.arguments.insert(command.arguments.end(), {"/bin/cat", "/dev/null"});
    Outcome outcome = run(command, "");
    EXPECT_EQ(outcome.status, 0) << outcome.describe();
    std::ifstream file(path);
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) {
        std::string call = line.substr(line.find_first_not_of("0123456789 "));
        lines.push_back(call.substr(0, call.find('(')) + (call.rfind("openat(", 0) == 0 ? call.substr(6, call.find(')') - 6) : ""));
    }
    std::sort(lines.begin(), lines.end());
    return lines;
}

TEST(Security, SwitchedOffItMakesNoSystemCallBeyondTheLoaders)
{
    if (access("/usr/bin/strace", X_OK) != 0)
        GTEST_SKIP() << "needs strace";
    std::vector<std::string> bare = calls({}, false), off = calls({{"STRONG_ENABLED", "0"}}, true), more;
    ASSERT_GT(bare.size(), 10u);
    std::set_difference(off.begin(), off.end(), bare.begin(), bare.end(), std::back_inserter(more));
    // What the loader does for any preloaded library: it opens, maps, protects it and closes it.
    unsigned opened = 0;
    std::string others;
    for (const std::string &call : more) {
        if (call.rfind("openat", 0) == 0 && call.find(STRONG_SO) != std::string::npos)
            opened++;
        else if (std::set<std::string>{"read", "pread64", "fstat", "newfstatat", "mmap", "mprotect", "close", "munmap"}.count(call) == 0)
            others += call + "\n";
    }
    EXPECT_EQ(opened, 1u);
    EXPECT_EQ(others, "");
    // The same search finds libstrong at work.
    std::vector<std::string> on = calls({}, true);
    EXPECT_TRUE(std::any_of(on.begin(), on.end(), [](const std::string &call) { return call.find("strong-") != std::string::npos; }));
}

// What a terminal, a page or a parser would take for its own is in none of the forms of a report.
TEST(Security, NamesFullOfEscapesAreHarmlessInEveryForm)
{
    Directory directory;
    std::string evil = directory.path + ".\x1b]0;title\x07\x1b[31mred\n<script>alert(1)\"'`";
    Outcome outcome = run_preloaded(directory, {"secret_bytes", evil}, everything);
    ASSERT_EQ(outcome.status, 0) << outcome.describe();
    const std::vector<std::vector<std::string>> forms = {
        {"report"}, {"report", "--full"}, {"report", "--json"}, {"list"}, {"export", "folded", "--cost=allocated"},
        {"export", "speedscope"}, {"export", "chrome"}, {"export", "openmetrics"}, {"export", "prometheus"}, {"export", "json"},
        {"export", "html"}};
    for (const std::vector<std::string> &form : forms) {
        Command command;
        command.preloaded = false;
        command.arguments = {STRONG_REPORT_BIN};
        command.arguments.insert(command.arguments.end(), form.begin(), form.end());
        if (form[0] != "list")
            command.arguments.push_back(directory.segments()[0]);
        command.environment = {{"STRONG_DIR", directory.path}};
        Outcome shown = run(command, "");
        std::ostringstream name;
        std::copy(form.begin(), form.end(), std::ostream_iterator<std::string>(name, " "));
        EXPECT_EQ(shown.status, 0) << name.str() << shown.describe();
        EXPECT_FALSE(shown.out.empty()) << name.str();
        EXPECT_EQ(shown.out.find('\x1b'), std::string::npos) << name.str();
        EXPECT_EQ(shown.out.find('\x07'), std::string::npos) << name.str();
        if (form.back() == "html") {
            EXPECT_EQ(shown.out.find("<script>alert(1)"), std::string::npos);
            EXPECT_NE(shown.out.find("alert(1)"), std::string::npos) << "the name is not in the page at all";
        }
    }
}
} // namespace
