// The X-macro lists: what their readers take for granted.
#include "c_headers.h"

#include <fstream>
#include <gtest/gtest.h>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace
{
struct Line {
    std::string macro, first, second;
};

// MACRO(first, second…) lines of preload/abi/NAME.def, comments taken out.
std::vector<Line> read_list(const std::string &name)
{
    std::ifstream file(std::string(STRONG_SOURCE_DIR) + "/preload/abi/" + name);
    EXPECT_TRUE(file.good()) << name;
    std::string text((std::istreambuf_iterator<char>(file)), {});
    for (size_t begin; (begin = text.find("/*")) != std::string::npos;)
        text.erase(begin, text.find("*/", begin) + 2 - begin);
    std::regex form("(?:^|\n)([A-Z_]+)\\(([A-Za-z0-9_]+), *([A-Za-z0-9_]+)");
    std::vector<Line> lines;
    for (std::sregex_iterator at(text.begin(), text.end(), form), end; at != end; ++at)
        lines.push_back({(*at)[1], (*at)[2], (*at)[3]});
    return lines;
}

template <class Names> void expect_unique(const Names &names)
{
    std::set<std::string> seen;
    for (const auto &name : names)
        EXPECT_TRUE(seen.insert(name).second) << name << " twice";
}
} // namespace

TEST(HookList, IdsFitIntoASampleKey)
{
    EXPECT_LT((int)HOOK_COUNT, 4096);
    EXPECT_GT((int)HOOK_COUNT, 200);
}

TEST(HookList, IsTheFileLineByLine)
{
    std::vector<Line> lines = read_list("hooks.def");
    ASSERT_EQ(lines.size() + 1, (size_t)HOOK_COUNT);
    for (size_t i = 0; i < lines.size(); i++) {
        EXPECT_EQ(lines[i].second, hook_names[i + 1]);
        int kind = lines[i].macro == "HOOK_COUNTED"  ? HOOK_KIND_COUNTED
                   : lines[i].macro == "HOOK_PSEUDO" ? HOOK_KIND_PSEUDO
                                                     : HOOK_KIND_TIMED;
        EXPECT_EQ(kind, hook_kinds[i + 1]) << lines[i].second;
        std::string class_name = class_names[hook_classes[i + 1]];
        for (char &letter : class_name)
            letter = (char)toupper(letter);
        EXPECT_EQ(lines[i].first, class_name) << lines[i].second;
    }
}

TEST(HookList, NamesNothingTwice)
{
    expect_unique(hook_names);
}

TEST(HookList, CountedHooksComeFirstAndDerivedRowsLast)
{
    for (int id = 1; id < HOOK_COUNT; id++)
        EXPECT_EQ(hook_kinds[id] == HOOK_KIND_COUNTED, id < (int)HOOK_COUNTED_END) << hook_names[id];
    for (int id = 2; id < HOOK_COUNT; id++)
        EXPECT_LE(hook_kinds[id - 1], hook_kinds[id]) << hook_names[id];
}

TEST(HookList, CountedIndexIsTheIdItself)
{
    EXPECT_EQ((int)HOOK_COUNTED_INDEX_malloc, (int)HOOK_malloc);
    EXPECT_EQ((int)HOOK_COUNTED_INDEX_puts, (int)HOOK_puts);
    EXPECT_EQ(sizeof(thread_block::counted) / sizeof(hook_counted), (size_t)HOOK_COUNTED_END);
}

TEST(HookList, EveryFunctionWithAnLfsTwinHasItToo)
{
    std::set<std::string> names(hook_names + 1, hook_names + HOOK_COUNT);
    for (const char *name : {"open", "openat", "creat", "fopen", "freopen", "pread", "pwrite", "preadv", "pwritev",
                             "fcntl", "sendfile", "lockf", "truncate", "ftruncate", "fallocate", "posix_fallocate"}) {
        EXPECT_EQ(names.count(name), 1u) << name;
        EXPECT_EQ(names.count(std::string(name) + "64"), 1u) << name << "64";
    }
}

TEST(CounterList, IsTheFileLineByLineAndNamesNothingTwice)
{
    std::vector<Line> lines = read_list("counters.def");
    ASSERT_EQ(lines.size(), (size_t)COUNTER_COUNT);
    for (size_t i = 0; i < lines.size(); i++) {
        EXPECT_EQ(lines[i].first, counter_names[i]);
        EXPECT_TRUE(std::set<std::string>({"count", "bytes", "ticks", "ns"}).count(lines[i].second))
            << lines[i].first << " is in " << lines[i].second;
        EXPECT_GT(std::string(counter_meanings[i]).size(), 10u) << lines[i].first;
    }
    expect_unique(counter_names);
}

TEST(OptionList, NamesNothingTwiceAndFieldsAreNamesInSmallLetters)
{
    std::vector<Line> lines = read_list("options.def");
    ASSERT_GE(lines.size(), 15u);
    std::vector<std::string> names, fields;
    for (const Line &line : lines) {
        ASSERT_EQ(line.macro, "OPTION");
        names.push_back(line.first);
        fields.push_back(line.second);
        std::string small;
        for (char letter : line.first)
            small += (char)tolower(letter);
        EXPECT_EQ(line.second.compare(0, small.size(), small), 0) << line.second << " for " << line.first;
    }
    expect_unique(names);
    expect_unique(fields);
}

TEST(ClassList, HasANameForEveryClassAndEveryClassAHook)
{
    expect_unique(class_names);
    std::set<int> used(hook_classes + 1, hook_classes + HOOK_COUNT);
    EXPECT_EQ(used.size(), (size_t)CLASS_COUNT);
}
