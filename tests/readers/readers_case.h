/* readers_case.h: what the tests with other people's readers share: shell lines, and programs that were really
 * recorded. A reader that is not installed fails the test (scripts/setup installs them all).
 */
#ifndef STRONG_TESTS_READERS_CASE_H
#define STRONG_TESTS_READERS_CASE_H

#include "tools/shell_case.h"

class ReadersTest : public ShellTest
{
  protected:
    /* The segment that a program leaves: settings ("STRONG_CPU_HZ=999"), then its name and arguments. */
    std::string record(const std::string &settings, const std::string &line)
    {
        must(settings + " LD_PRELOAD=$LIB " + line + " >/dev/null");
        std::string found;
        for (const auto &entry : std::filesystem::directory_iterator(segments()))
            found = entry.path();
        EXPECT_NE(found, "") << "no segment of " << line;
        return found;
    }
};

#endif
