/* What `export json` writes, read by ajv with the schema that is published. */
#include "readers_case.h"

#include "tools/segment_seeds.h"

namespace
{

class JsonTest : public ReadersTest
{
  protected:
    Outcome validate(const std::string &documents)
    {
        return shell("node $READERS/validate.mjs " STRONG_SOURCE_DIR
                     "/tools/render/report.schema.json " +
                     documents);
    }
};

TEST_F(JsonTest, IsValidForOneProcessForARunAndForNothing)
{
    int number = 0;
    for (SegmentBuilder &segment : segment_seeds())
        segment.write(segments() + "/seed" + std::to_string(number++) + ".strong");
    must("for i in 0 1 2; do $R export json segments/seed$i.strong -o $i.json || exit; done");
    must("$R export json segments -o all.json");
    Outcome outcome = validate("0.json 1.json 2.json all.json");
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(must("jq '.processes | length' all.json"), "3\n");
}

TEST_F(JsonTest, IsFoundWantingWhereAFieldIsMissing)
{
    seed_client().write(segments() + "/seed.strong");
    must("$R export json segments/seed.strong | jq 'del(.wall_ns)' >less.json");
    Outcome outcome = validate("less.json");
    EXPECT_EQ(outcome.code, 1);
    EXPECT_NE(outcome.err.find("wall_ns"), std::string::npos) << outcome.err;
}

} // namespace
