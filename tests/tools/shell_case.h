/* shell_case.h: strong-report as a shell calls it, in a folder that goes away: for tests of whole command lines.
 *
 * In a line $R is strong-report, $LIB libstrong.so, $PROGRAMS the victims and $READERS the folder of other people's
 * readers; STRONG_DIR is the folder's "segments".
 */
#ifndef STRONG_TESTS_SHELL_CASE_H
#define STRONG_TESTS_SHELL_CASE_H

#include "tools/reader_case.h"

#include <sys/wait.h>

#include <fstream>

class ShellTest : public testing::Test
{
  protected:
    struct Outcome {
        int code; /* 128 + signal where one ended it */
        std::string out, err;
    };

    void SetUp() override
    {
        ASSERT_EQ(mkdir(segments().c_str(), 0700), 0);
        ASSERT_EQ(mkdir((folder / "home").c_str(), 0700), 0);
    }

    static std::string slurp(const std::string &path)
    {
        std::ifstream file(path, std::ios::binary);
        return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    }

    std::string segments() const
    {
        return folder / "segments";
    }

    Outcome shell(const std::string &line)
    {
        std::string out = folder / "out", err = folder / "err";
        pid_t pid = fork();
        if (pid == 0) {
            setenv("R", STRONG_REPORT_BIN, 1);
            setenv("LIB", STRONG_SO, 1);
            setenv("PROGRAMS", STRONG_PROGRAMS_DIR, 1);
            setenv("READERS", STRONG_SOURCE_DIR "/tests/readers", 1);
            setenv("STRONG_DIR", segments().c_str(), 1);
            setenv("HOME", (folder / "home").c_str(), 1);
            setenv("LC_ALL", "C.UTF-8", 1);
            for (const char *name : {"XDG_CONFIG_HOME", "COLUMNS", "LD_PRELOAD"})
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

    /* Runs it and demands that it succeeds. */
    std::string must(const std::string &line)
    {
        Outcome outcome = shell(line);
        EXPECT_EQ(outcome.code, 0) << line << "\n" << outcome.err << outcome.out.substr(0, 2000);
        return outcome.out;
    }

    TemporaryDirectory folder;
};

#endif
