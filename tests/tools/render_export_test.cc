/* The formats that are drawn from trees of calls: complete, escaped, and valid where there is nothing to say. */
#include "tools/export_case.h"
#include "tools/json_schema.h"

#include <sstream>

namespace
{

struct Folded {
    std::vector<std::string> stacks;
    uint64_t total = 0;
};

/* Reads the lines as their simplest reader does: up to the first blank, and the number behind it. */
Folded read_folded(const std::string &text)
{
    Folded folded;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        size_t blank = line.find(' ');
        EXPECT_NE(blank, std::string::npos) << line;
        std::string weight = line.substr(blank + 1);
        EXPECT_EQ(weight.find_first_not_of("0123456789"), std::string::npos) << line;
        folded.stacks.push_back(line.substr(0, blank));
        folded.total += std::stoull(weight);
    }
    return folded;
}

TEST(ExportFolded, IsALineForEachStackWithItsWeight)
{
    AnalyseCase c;
    uint64_t main = c.function("main"), parse = c.function("parse"), read = c.function("read_row");
    c.cpu_sample(30, {parse, main});
    c.cpu_sample(20, {read, parse, main});
    EXPECT_EQ(export_text(export_folded, c.finish()),
              "main;parse 300000000\nmain;parse;read_row 200000000\n");
}

TEST(ExportFolded, SumsUpToAllThatWasSampledOfTheCostAskedFor)
{
    AnalyseCase c;
    hostile(c);
    const analysis &analysed = c.finish();
    for (calltree_cost cost : {CALLTREE_CPU, CALLTREE_BLOCKED, CALLTREE_ALLOCATED, CALLTREE_LIVE, CALLTREE_PEAK}) {
        calltree tree;
        ASSERT_EQ(calltree_make(analysed.model, analysed.symbols, cost, CALLTREE_ROOT_FIRST, &tree), 0);
        Folded folded = read_folded(export_text(export_folded, analysed, cost));
        EXPECT_EQ(folded.total, tree.nodes[0].total) << calltree_cost_name(cost);
        EXPECT_EQ(folded.stacks.size(), hostile_names().size());
        EXPECT_GT(folded.total, 0u);
        calltree_done(&tree);
    }
}

TEST(ExportFolded, KeepsTheFormatsOwnCharactersOutOfNames)
{
    AnalyseCase c;
    hostile(c);
    std::string text = export_text(export_folded, c.finish());
    EXPECT_NE(text.find("main;semi:colon_12_and_blanks 50000000\n"), std::string::npos) << text;
    EXPECT_EQ(text.find('\033'), std::string::npos);
    for (const std::string &stack : read_folded(text).stacks)
        EXPECT_EQ(std::count(stack.begin(), stack.end(), ';'), 1) << stack;
}

TEST(ExportFolded, IsEmptyWhereNothingWasSampled)
{
    AnalyseCase c;
    EXPECT_EQ(export_text(export_folded, c.finish()), "");
}

json_t *profile_named(json_t *root, const char *name)
{
    json_t *one;
    size_t i;
    json_array_foreach(json_object_get(root, "profiles"), i, one)
    {
        if (strcmp(json_string_value(json_object_get(one, "name")), name) == 0)
            return one;
    }
    return nullptr;
}

/* "main;parse 3": the stacks of a profile in words, in the order of the file. */
std::vector<std::string> stacks_of(json_t *root, json_t *profile)
{
    json_t *frames = json_object_get(json_object_get(root, "shared"), "frames"), *stack, *frame;
    json_t *weights = json_object_get(profile, "weights");
    std::vector<std::string> found;
    size_t i, j;
    json_array_foreach(json_object_get(profile, "samples"), i, stack)
    {
        std::string text;
        json_array_foreach(stack, j, frame)
        {
            json_t *named = json_array_get(frames, static_cast<size_t>(json_integer_value(frame)));
            text += (j ? ";" : "") + std::string(json_string_value(json_object_get(named, "name")));
        }
        found.push_back(text + " " +
                        std::to_string(json_integer_value(json_array_get(weights, i))));
    }
    EXPECT_EQ(json_array_size(weights), found.size());
    return found;
}

TEST(ExportSpeedscope, HasEveryMeasuredCostAsAProfileWithSharedFrames)
{
    AnalyseCase c;
    uint64_t main = c.function("main"), parse = c.function("parse");
    uint32_t stack = c.segment.stack({parse, main});
    c.cpu_sample(3, {parse, main});
    c.segment.sample(SAMPLE_ALLOCATED, HOOK_malloc, 0, stack, 2, 4096);
    c.segment.sample(SAMPLE_BLOCKED, HOOK_usleep, 0, stack, 1, AnalyseCase::ticks(5000));
    Parsed document(export_text(export_speedscope, c.finish()));
    using Stacks = std::vector<std::string>;
    json_t *cpu = profile_named(document.root, "on CPU"),
           *allocated = profile_named(document.root, "allocated"),
           *blocked = profile_named(document.root, "blocked");
    EXPECT_EQ(stacks_of(document.root, cpu), Stacks{"main;parse 30000000"});
    EXPECT_EQ(stacks_of(document.root, allocated), Stacks{"main;parse 4096"});
    EXPECT_EQ(stacks_of(document.root, blocked), Stacks{"main;parse;usleep 5000"});
    EXPECT_STREQ(json_string_value(json_object_get(cpu, "unit")), "nanoseconds");
    EXPECT_STREQ(json_string_value(json_object_get(allocated, "unit")), "bytes");
    EXPECT_EQ(json_integer_value(json_object_get(cpu, "endValue")), 30000000);
    json_t *frames = json_object_get(json_object_get(document.root, "shared"), "frames");
    EXPECT_EQ(json_array_size(frames), 3u) << "main, parse, usleep";
}

TEST(ExportSpeedscope, LeavesOutWhatWasNotMeasured)
{
    AnalyseCase c;
    c.segment.header().alloc_period_bytes = 0;
    Parsed document(export_text(export_speedscope, c.finish()));
    EXPECT_EQ(profile_named(document.root, "allocated"), nullptr);
    ASSERT_NE(profile_named(document.root, "on CPU"), nullptr) << "measured, and nothing seen";
    EXPECT_EQ(json_array_size(json_object_get(profile_named(document.root, "on CPU"), "samples")), 0u);
}

TEST(ExportSpeedscope, HoldsTheOneCostAskedFor)
{
    AnalyseCase c;
    hostile(c);
    Parsed document(export_text(export_speedscope, c.finish(), CALLTREE_LIVE));
    EXPECT_EQ(json_array_size(json_object_get(document.root, "profiles")), 1u);
    EXPECT_NE(profile_named(document.root, "unfreed at exit"), nullptr);
}

TEST(ExportSpeedscope, SurvivesHostileNames)
{
    AnalyseCase c;
    hostile(c);
    std::string text = export_text(export_speedscope, c.finish());
    Parsed document(text);
    EXPECT_EQ(text.find('<'), std::string::npos) << "it may be put into a page";
    EXPECT_EQ(text.find('\033'), std::string::npos);
    std::vector<std::string> stacks = stacks_of(document.root, profile_named(document.root, "on CPU"));
    EXPECT_EQ(stacks.size(), hostile_names().size());
    EXPECT_NE(std::find(stacks.begin(), stacks.end(), "main;a\"b\\c 10000000"), stacks.end());
}

TEST(ExportFormats, WriteNumbersThatOverflowASum)
{
    AnalyseCase c;
    uint32_t stack = c.segment.stack({c.function("main")}), other = c.segment.stack({c.function("main") + 8});
    for (uint32_t each : {stack, other})
        for (sample_cost cost : {SAMPLE_ALLOCATED, SAMPLE_CPU, SAMPLE_BLOCKED})
            for (unsigned hook : {HOOK_malloc, HOOK_realloc, HOOK_calloc})
                c.segment.sample(cost, hook, 0, each, UINT64_MAX, UINT64_MAX);
    const analysis &analysed = c.finish();
    for (const export_format *format = export_formats; format->name; format++)
        EXPECT_NE(export_text(format->write, analysed), "") << format->name;
}

TEST(ExportFormats, HaveNamesMeaningsAndSuffixesOfTheirOwn)
{
    std::set<std::string> names, suffixes;
    for (const export_format *format = export_formats; format->name; format++) {
        EXPECT_TRUE(names.insert(format->name).second);
        EXPECT_NE(format->meaning[0], '\0') << format->name;
        EXPECT_NE(format->file_suffix[0], '\0') << format->name;
        EXPECT_NE(format->file_suffix[0], '.') << format->name;
    }
    EXPECT_GE(names.size(), 4u);
}

} // namespace
