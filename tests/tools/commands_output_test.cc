/* Where data goes: a file that is whole or not there, whatever ends the command that writes it. */
#include "tools/reader_case.h"

#include <sys/resource.h>
#include <sys/wait.h>

#include <csignal>
#include <fstream>
#include <functional>

extern "C" {
#include "commands/commands.h"
#include "commands/output.h"
}

namespace
{

struct Ended {
    int status; /* as waitpid gives it */
    std::string err;
};

std::string slurp(const std::string &path)
{
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void spill(const std::string &path, const std::string &text)
{
    std::ofstream(path) << text;
}

class OutputTest : public testing::Test
{
  protected:
    void SetUp() override
    {
        ASSERT_EQ(mkdir(place().c_str(), 0700), 0);
    }

    std::string place(const std::string &name = "") const
    {
        return folder_ / (name.empty() ? "place" : "place/" + name);
    }

    /* In a process of its own, whose stderr is kept. */
    Ended in_child(const std::function<int()> &what)
    {
        std::string err = folder_ / "err";
        pid_t pid = fork();
        if (pid == 0) {
            if (!freopen(err.c_str(), "w", stderr))
                _exit(99);
            int code = what();
            fflush(stderr);
            _exit(code);
        }
        int status = 0;
        waitpid(pid, &status, 0);
        return {status, slurp(err)};
    }

    /* Writes `bytes` letters there and closes with `code`. */
    static int write(const std::string &path, size_t bytes, int code = EXIT_OK)
    {
        output out;
        int opened = output_open("export", path.c_str(), &out);
        if (opened != EXIT_OK)
            return opened;
        for (size_t i = 0; i < bytes; i++)
            fputc('x', out.file);
        return output_close(&out, code);
    }

    std::vector<std::string> left() const
    {
        std::vector<std::string> names;
        for (const auto &entry : std::filesystem::directory_iterator(place()))
            names.push_back(entry.path().filename());
        std::sort(names.begin(), names.end());
        return names;
    }

    TemporaryDirectory folder_;
};

using Names = std::vector<std::string>;

TEST_F(OutputTest, IsThereUnderItsNameOnlyOnceItIsWhole)
{
    output out;
    std::string path = place("a");
    ASSERT_EQ(output_open("export", path.c_str(), &out), EXIT_OK);
    fputs("half", out.file);
    fflush(out.file);
    EXPECT_FALSE(std::filesystem::exists(place("a")));
    fputs(" and half", out.file);
    EXPECT_EQ(output_close(&out, EXIT_OK), EXIT_OK);
    EXPECT_EQ(slurp(place("a")), "half and half");
    EXPECT_EQ(left(), Names{"a"});
}

TEST_F(OutputTest, LeavesNothingOfACommandThatFailed)
{
    EXPECT_EQ(write(place("a"), 10, EXIT_NO_DATA), EXIT_NO_DATA);
    EXPECT_EQ(left(), Names{});
    spill(place("a"), "older");
    EXPECT_EQ(write(place("a"), 10, EXIT_FAILED), EXIT_FAILED);
    EXPECT_EQ(slurp(place("a")), "older");
    EXPECT_EQ(left(), Names{"a"});
}

TEST_F(OutputTest, SaysThatTheDiskIsFullAndKeepsTheOlderFile)
{
    spill(place("a"), "older");
    for (const char *name : {"a", "b"}) {
        Ended ended = in_child([&] {
            rlimit small = {4096, 4096};
            setrlimit(RLIMIT_FSIZE, &small);
            return write(place(name), 100000);
        });
        EXPECT_EQ(WEXITSTATUS(ended.status), EXIT_FAILED);
        EXPECT_EQ(ended.err,
                  "strong-report export: cannot write " + place(name) + ": File too large\n");
    }
    EXPECT_EQ(slurp(place("a")), "older");
    EXPECT_EQ(left(), Names{"a"});
}

TEST_F(OutputTest, SaysThatADeviceTakesNothing)
{
    for (size_t bytes : {10, 100000}) {
        Ended ended = in_child([&] { return write("/dev/full", bytes); });
        EXPECT_EQ(WEXITSTATUS(ended.status), EXIT_FAILED);
        EXPECT_EQ(ended.err,
                  "strong-report export: cannot write /dev/full: No space left on device\n");
        ended = in_child([&] { return freopen("/dev/full", "w", stdout) ? write("-", bytes) : 99; });
        EXPECT_EQ(WEXITSTATUS(ended.status), EXIT_FAILED);
        EXPECT_EQ(ended.err, "strong-report export: cannot write to standard output: No space left "
                             "on device\n");
    }
}

class OutputSignalTest : public OutputTest, public testing::WithParamInterface<int>
{
};

TEST_P(OutputSignalTest, LeavesNothingHalfWritten)
{
    spill(place("a"), "older");
    for (const char *name : {"a", "b"}) {
        Ended ended = in_child([&] {
            output out;
            signal(GetParam(), SIG_DFL);
            std::string path = place(name);
            if (output_open("export", path.c_str(), &out) != EXIT_OK)
                return 98;
            fputs("half", out.file);
            fflush(out.file);
            raise(GetParam());
            return 97;
        });
        EXPECT_TRUE(WIFSIGNALED(ended.status)) << ended.status;
        EXPECT_EQ(WTERMSIG(ended.status), GetParam());
    }
    EXPECT_EQ(slurp(place("a")), "older");
    EXPECT_EQ(left(), Names{"a"});
}

INSTANTIATE_TEST_SUITE_P(Deadly, OutputSignalTest,
                         testing::Values(SIGTERM, SIGINT, SIGHUP, SIGPIPE));

TEST_F(OutputTest, LeavesIgnoredSignalsAndThoseOfTheCommandAlone)
{
    std::string path = place("a");
    Ended ended = in_child([&] {
        signal(SIGHUP, SIG_IGN);
        signal(SIGTERM, [](int) {});
        output out;
        if (output_open("export", path.c_str(), &out) != EXIT_OK)
            return 98;
        fputs("all", out.file);
        raise(SIGHUP);
        raise(SIGTERM);
        return output_close(&out, EXIT_OK);
    });
    EXPECT_EQ(ended.status, 0) << ended.err;
    EXPECT_EQ(slurp(place("a")), "all");
}

TEST_F(OutputTest, GivesTheSignalsBack)
{
    struct sigaction before, after;
    sigaction(SIGTERM, nullptr, &before);
    EXPECT_EQ(write(place("a"), 10), EXIT_OK);
    sigaction(SIGTERM, nullptr, &after);
    EXPECT_EQ(before.sa_handler, after.sa_handler);
    sigaction(SIGXFSZ, nullptr, &after);
    EXPECT_EQ(after.sa_handler, SIG_DFL);
}

TEST_F(OutputTest, KeepsTheModeOfAnOlderFileAndLeavesANewOnesToTheUmask)
{
    spill(place("old"), "older");
    ASSERT_EQ(chmod(place("old").c_str(), 0600), 0);
    mode_t mask = umask(027);
    EXPECT_EQ(write(place("old"), 10), EXIT_OK);
    EXPECT_EQ(write(place("new"), 10), EXIT_OK);
    umask(mask);
    struct stat facts;
    ASSERT_EQ(stat(place("old").c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 07777, 0600u);
    ASSERT_EQ(stat(place("new").c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 07777, 0640u);
}

TEST_F(OutputTest, ReplacesWhatALinkNamesAndNotTheLink)
{
    ASSERT_EQ(mkdir(place("below").c_str(), 0700), 0);
    ASSERT_EQ(symlink("below/b", place("a").c_str()), 0);
    ASSERT_EQ(symlink("c", place("below/b").c_str()), 0);
    EXPECT_EQ(write(place("a"), 3), EXIT_OK) << "which leads to nothing yet";
    EXPECT_EQ(slurp(place("below/c")), "xxx");
    EXPECT_EQ(write(place("a"), 2), EXIT_OK);
    EXPECT_EQ(slurp(place("below/c")), "xx");
    EXPECT_TRUE(std::filesystem::is_symlink(place("a")));
    EXPECT_TRUE(std::filesystem::is_symlink(place("below/b")));
    ASSERT_EQ(symlink("loop", place("loop").c_str()), 0);
    Ended ended = in_child([&] { return write(place("loop"), 2); });
    EXPECT_NE(ended.err.find("Too many levels"), std::string::npos) << ended.err;
}

TEST_F(OutputTest, WritesStraightToWhatIsNoFile)
{
    EXPECT_EQ(write("/dev/null", 1000), EXIT_OK);
    EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
    ASSERT_EQ(mkfifo(place("pipe").c_str(), 0600), 0);
    pid_t reader = fork();
    if (reader == 0) {
        std::string text = slurp(place("pipe"));
        _exit(text == "xxx" ? 0 : 1);
    }
    EXPECT_EQ(write(place("pipe"), 3), EXIT_OK);
    int status = 0;
    waitpid(reader, &status, 0);
    EXPECT_EQ(status, 0);
    EXPECT_EQ(left(), Names{"pipe"});
}

TEST_F(OutputTest, NamesAPlaceThatCannotBeWritten)
{
    spill(place("file"), "");
    for (const auto &[path, why] : std::vector<std::pair<std::string, std::string>>{
             {place("none/a"), "No such file or directory"},
             {place("file/a"), "Not a directory"},
             {place(), "Is a directory"},
             {place("bad\033[31m/a"), "No such file or directory"}}) {
        Ended ended = in_child([&path = path] { return write(path, 1); });
        EXPECT_EQ(WEXITSTATUS(ended.status), EXIT_FAILED);
        EXPECT_NE(ended.err.find(why), std::string::npos) << ended.err;
        EXPECT_EQ(std::count(ended.err.begin(), ended.err.end(), '\n'), 1) << ended.err;
        EXPECT_EQ(ended.err.find('\033'), std::string::npos);
    }
    EXPECT_EQ(WEXITSTATUS(in_child([] { return write("", 1); }).status), EXIT_FAILED);
    EXPECT_EQ(left(), Names{"file"});
}

TEST_F(OutputTest, TakesADashOrNothingForStandardOutput)
{
    for (const char *path : {"-", static_cast<const char *>(nullptr)}) {
        output out;
        ASSERT_EQ(output_open("export", path, &out), EXIT_OK);
        EXPECT_EQ(out.file, stdout);
        EXPECT_EQ(output_close(&out, EXIT_OK), EXIT_OK);
        EXPECT_NE(fileno(stdout), -1) << "is not closed";
    }
}

TEST_F(OutputTest, IsSilentWhenTheReaderOfStandardOutputWentAway)
{
    Ended ended = in_child([] {
        int ends[2];
        if (pipe(ends) != 0)
            return 99;
        signal(SIGPIPE, SIG_IGN);
        dup2(ends[1], 1);
        close(ends[0]);
        return write("-", 100000);
    });
    EXPECT_EQ(WEXITSTATUS(ended.status), EXIT_FAILED);
    EXPECT_EQ(ended.err, "");
}

} // namespace
