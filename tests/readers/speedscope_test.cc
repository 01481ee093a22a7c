/* What `export speedscope` writes, judged by the schema that speedscope publishes. */
#include "readers_case.h"
#include "tools/export_case.h"

#include <fstream>

namespace
{

class SpeedscopeTest : public ReadersTest
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
}

} // namespace
