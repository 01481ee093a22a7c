// Every hook has a victim: a program that calls it and prints what it saw. Bare and preloaded, also
// with everything sampled, the prints, the messages and the exit are the same.
#include "interpose_support.h"

#include <algorithm>
#include <dirent.h>
#include <gtest/gtest.h>

using namespace interpose_test;

namespace
{
std::vector<std::string> victims()
{
    std::vector<std::string> names;
    DIR *directory = opendir((std::string(STRONG_SOURCE_DIR) + "/tests/programs").c_str());
    while (const dirent *entry = directory ? readdir(directory) : nullptr) {
        std::string name = entry->d_name;
        size_t dot = name.rfind('.');
        if (name.compare(0, 5, "hook_") == 0 && (name.substr(dot) == ".c" || name.substr(dot) == ".cc"))
            names.push_back(name.substr(0, dot));
    }
    if (directory)
        closedir(directory);
    std::sort(names.begin(), names.end());
    return names;
}

const Environment stress = {{"STRONG_SAMPLE_RATE", "1"},
                            {"STRONG_SLOW", "0"},
                            {"STRONG_CPU_HZ", "250"},
                            {"STRONG_ALLOC_PERIOD", "1KiB"},
                            {"STRONG_BLOCK_PERIOD", "1us"}};
} // namespace

class Victim : public testing::TestWithParam<std::string> {};

TEST_P(Victim, BehavesAsWithoutLibstrong)
{
    Outcome bare = run_bare({GetParam()});
    ASSERT_FALSE(bare.timed_out) << bare.describe();
    for (const Environment &environment : {Environment(), stress}) {
        Directory directory;
        Outcome preloaded = run_preloaded(directory, {GetParam()}, environment);
        EXPECT_TRUE(preloaded == bare) << (environment.empty() ? "" : "everything sampled\n") << "bare: "
                                       << bare.describe() << "\npreloaded: " << preloaded.describe();
        EXPECT_FALSE(directory.segments().empty());
        for (const std::string &path : directory.segments())
            EXPECT_NO_THROW(Segment(path).check());
    }
}

INSTANTIATE_TEST_SUITE_P(Programs, Victim, testing::ValuesIn(victims()),
                         [](const auto &one) { return one.param; });

TEST(Victims, CallEveryHook)
{
    Directory directory;
    for (const std::string &victim : victims())
        run_preloaded(directory, {victim}, {{"STRONG_KEEP", "100000"}});
    std::vector<uint64_t> calls(HOOK_COUNT);
    for (const std::string &path : directory.segments()) {
        std::vector<uint64_t> of_one = Segment(path).all_calls();
        for (unsigned hook = 1; hook < HOOK_COUNT; hook++)
            calls[hook] += of_one[hook];
    }
    for (unsigned hook = 1; hook < HOOK_COUNT; hook++)
        if (hook_kinds[hook] != HOOK_KIND_PSEUDO) {
            EXPECT_GT(calls[hook], 0u) << hook_names[hook] << " is called by no victim";
        }
}
