/* readme_test.cc: the README's table of settings says what options.def says. */
#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

namespace
{

struct Row {
    std::string name, fallback, meaning;
};

std::vector<Row> options()
{
    return {
#define OPTION(NAME, field, kind, default_, low, high, meaning) {#NAME, default_, meaning},
#include "abi/options.def"
#undef OPTION
    };
}

std::vector<std::string> table_lines()
{
    std::ifstream readme(STRONG_SOURCE_DIR "/README.md");
    std::vector<std::string> lines;
    for (std::string line; std::getline(readme, line);)
        if (line.rfind("| `STRONG_", 0) == 0)
            lines.push_back(line);
    return lines;
}

TEST(Readme, TableOfSettingsIsThatOfOptionsDef)
{
    std::vector<std::string> expected;
    for (const Row &row : options())
        expected.push_back("| `STRONG_" + row.name + "` | " +
                           (row.fallback.empty() ? "(empty)" : "`" + row.fallback + "`") + " | " + row.meaning + " |");
    EXPECT_EQ(table_lines(), expected) << "scripts/readme-options prints the table";
}

} // namespace
