/* readme_test.cc: the README's table of settings says what options.def says; the tests that SECURITY.md names are there. */
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
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

std::string text_of(const std::filesystem::path &path)
{
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

// In backquotes: `folder/file_test.cc`, `folder/file_test.cc: TheTest`, `AnotherTest` of the file named last.
TEST(Security, EveryTestThatItNamesIsThere)
{
    const std::string tests = STRONG_SOURCE_DIR "/tests/", text = text_of(STRONG_SOURCE_DIR "/SECURITY.md");
    const std::regex named("`(?:([a-z_]+/[a-z_0-9]+_test\\.cc)(?:: )?)?([A-Z][A-Za-z0-9]+)?`");
    std::string file;
    unsigned count = 0;
    for (std::sregex_iterator at(text.begin(), text.end(), named), end; at != end; ++at) {
        if ((*at)[1].matched)
            file = text_of(tests + (*at)[1].str());
        EXPECT_FALSE(file.empty()) << at->str();
        if (!(*at)[2].matched)
            continue;
        count++;
        EXPECT_NE(file.find((*at)[2].str() + ")"), std::string::npos) << at->str();
    }
    EXPECT_GT(count, 15u);
}

} // namespace
