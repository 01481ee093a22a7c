/* The verdict on real programs whose bottleneck other tools know: scripts/verdicts does the work, in its short form. Each
 * runs alone (suite name Timing*), because a bottleneck is a matter of time.
 */
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdio>
#include <string>

namespace
{

class TimingRealProgram : public testing::TestWithParam<const char *>
{
};

TEST_P(TimingRealProgram, IsJudgedRightlyAndItsFixMovesWhatWasPromised)
{
    std::string command = std::string(STRONG_SOURCE_DIR "/scripts/verdicts --short --library " STRONG_SO
                                      " --report " STRONG_REPORT_BIN " --programs " STRONG_PROGRAMS_DIR " ") +
                          GetParam() + " 2>&1";
    FILE *pipe = popen(command.c_str(), "r");
    ASSERT_NE(pipe, nullptr);
    std::string output;
    char text[4096];
    for (size_t len; (len = fread(text, 1, sizeof(text), pipe)) > 0;)
        output.append(text, len);
    int status = pclose(pipe);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << output;
    for (const char *line : {"first    ", "fix      ", "bound    ", "diff     "})
        EXPECT_NE(output.find(line), std::string::npos) << output;
}

/* The suite's full name is the prefix and the class; it too has to start with Timing. */
INSTANTIATE_TEST_SUITE_P(Timing, TimingRealProgram, testing::Values("redis", "nginx", "postgres", "lock"),
                         [](const auto &info) { return std::string(info.param); });

} // namespace
