/* What `export speedscope` and `export folded` write, judged by the schema that speedscope publishes and by what it
 * shows. */
#include "speedscope_case.h"
#include "tools/export_case.h"

#include <fstream>

namespace
{

class SpeedscopeTest : public SpeedscopeViewer
{
  protected:
    Outcome validate(const std::string &documents)
    {
        return shell("node $READERS/validate.mjs "
                     "$READERS/node_modules/speedscope/dist/release/file-format-schema.json " +
                     documents);
    }
};

TEST_F(SpeedscopeTest, IsValidForAProgramForHostileNamesAndForNothing)
{
    record("STRONG_CPU_HZ=999", "$PROGRAMS/export_mixed");
    must("$R export speedscope export_mixed -o mixed.json");
    EXPECT_EQ(must("jq -r '[.profiles[].name] | join(\",\")' mixed.json"),
              "on CPU,blocked,lock wait,allocated,unfreed at exit,at the peak,freed at once\n");
    EXPECT_EQ(must("jq '[.profiles[] | (.samples | length) == (.weights | length) and (.weights | "
                   "add // 0) == .endValue] | all' mixed.json"),
              "true\n");
    {
        AnalyseCase hostile_case;
        hostile(hostile_case);
        std::ofstream(folder / "hostile.json")
            << export_text(export_speedscope, hostile_case.finish());
        AnalyseCase empty;
        empty.segment.header().cpu_period_ns = empty.segment.header().alloc_period_bytes = 0;
        std::ofstream(folder / "empty.json") << export_text(export_speedscope, empty.finish());
    }
    Outcome outcome = validate("mixed.json hostile.json empty.json");
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    must("sed 's/\"nanoseconds\"/\"count\"/' mixed.json >wrong.json");
    EXPECT_EQ(validate("wrong.json").code, 1) << "a unit that speedscope does not know";

    std::string shown = view("mixed.json");
    std::string cpu = must("jq -j '.profiles[0].endValue / 10000 | round / 100' mixed.json");
    EXPECT_NE(shown.find("|on CPU|" + cpu), std::string::npos) << cpu << "\n" << shown;
    EXPECT_NE(shown.find("|unfreed at exit|"), std::string::npos) << shown;
    EXPECT_NE(shown.find("|burn_hot|"), std::string::npos) << shown;
}

TEST_F(SpeedscopeTest, ShowsFoldedStacksWithOurTotals)
{
    record("STRONG_CPU_HZ=999", "$PROGRAMS/export_mixed");
    must("$R export folded export_mixed -o mixed.folded");
    std::string total = must("awk '{ sum += $2 } END { printf \"%d\", sum }' mixed.folded");
    EXPECT_EQ(total + "\n", must("$R report --json export_mixed | jq '[.functions[].cpu_self_ns] | add'"));
    std::string hot = must("$R report --json export_mixed | jq -j '.functions[] | select(.function == "
                           "\"burn_hot\") | .cpu_self_ns'");
    for (size_t at = hot.size(); at > 3; at -= 3)
        hot.insert(at - 3, ",");
    std::string shown = view("mixed.folded");
    EXPECT_TRUE(std::regex_search(shown, std::regex("\\|" + hot + " \\(\\d+%\\)\\|burn_hot\\|")))
        << hot << "\n" << shown;
}

} // namespace
