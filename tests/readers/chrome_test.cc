/* What `export chrome` writes, checked against the format and shown by a viewer. */
#include "speedscope_case.h"
#include "tools/export_case.h"
#include "tools/segment_seeds.h"

#include <fstream>

namespace
{

using ChromeTraceTest = SpeedscopeViewer;

TEST_F(ChromeTraceTest, KeepsToTheFormatForProgramsForHostileNamesAndForNothing)
{
    record("STRONG_SAMPLE_RATE=1 STRONG_BLOCK_PERIOD=100us", "$PROGRAMS/export_mixed");
    must("$R export chrome export_mixed -o mixed.json");
    must("rm segments/*");
    int number = 0;
    for (SegmentBuilder &segment : segment_seeds())
        segment.write(segments() + "/seed" + std::to_string(number++) + ".strong");
    must("$R export chrome segments -o all.json");
    must("for i in 0 1 2; do $R export chrome segments/seed$i.strong -o $i.json || exit; done");
    {
        AnalyseCase c;
        hostile(c);
        std::ofstream(folder / "hostile.json") << export_text(export_chrome, c.finish());
    }
    must("node $READERS/trace.mjs mixed.json");
    must("node $READERS/trace.mjs --overlapping all.json 0.json 1.json 2.json hostile.json");
    EXPECT_GE(std::stoi(must("grep -c '\"name\":\"usleep\"' mixed.json")), 40);
    must("sed 's/\"dur\":/\"dur\":-/' mixed.json >wrong.json");
    EXPECT_EQ(shell("node $READERS/trace.mjs wrong.json").code, 1) << "the check can fail";

    std::string shown = view("mixed.json");
    EXPECT_NE(shown.find("export_mixed (pid "), std::string::npos) << shown;
    EXPECT_NE(shown.find("|usleep {\"caller\":\"sleep_often\"}|"), std::string::npos) << shown;
}

} // namespace
