// STRONG_MEMORY_CONF: what is accepted, and what the one line about a mistake can say.
#include "pool_support.h"

#include <string>

namespace
{
struct Verdict {
    bool right;
    std::string wrong, nearest; // nearest "-": none is near
};

Verdict check(const char *text, unsigned size = 80)
{
    char buf[80];
    const char *nearest = nullptr;
    const char *wrong = pool_conf_check(text, buf, size, &nearest);
    return {!wrong, wrong ? wrong : "", wrong ? (nearest ? nearest : "-") : ""};
}
} // namespace

TEST(PoolConf, AcceptsRightPairs)
{
    for (const char *text :
         {"", "narenas:4", "narenas_ratio:1,cache_oblivious:false", "tcache:true,dirty_decay_ms:-1", "thp:never",
          "thp:default,metadata_thp:auto", "percpu_arena:phycpu", "narenas:2,", "lg_extent_max_active_fit:6"})
        EXPECT_TRUE(check(text).right) << text << ": " << check(text).wrong;
}

TEST(PoolConf, NamesTheFirstWrongPairAndTheNearestName)
{
    Verdict verdict = check("narenas:4,dirty_decay:100,nonsense:1");
    EXPECT_EQ(verdict.wrong, "dirty_decay:100");
    EXPECT_EQ(verdict.nearest, "dirty_decay_ms");
    verdict = check("narena:4");
    EXPECT_EQ(verdict.nearest, "narenas");
    verdict = check("xxxxxxxxxxxxxx:1");
    EXPECT_FALSE(verdict.right);
    EXPECT_EQ(verdict.nearest, "-");
}

TEST(PoolConf, RefusesWhatWouldBreakAPromise)
{
    for (const char *text : {"background_thread:true", "prof:true", "stats_print:true", "abort:true", "abort_conf:true",
                             "junk:true", "xmalloc:true", "utrace:true"})
        EXPECT_FALSE(check(text).right) << text;
}

TEST(PoolConf, TellsAWrongValueFromAWrongName)
{
    for (const char *text :
         {"narenas:many", "narenas:", "narenas", "narenas:4x", "narenas:-", "narenas:--1", "tcache:1", "tcache:tru",
          "tcache:truefalse", "thp:sometimes", "thp:alwaysnever", "thp:default|always", "narenas:1234567890123456789"}) {
        Verdict verdict = check(text);
        EXPECT_FALSE(verdict.right) << text;
        EXPECT_EQ(verdict.wrong, text);
        EXPECT_EQ(verdict.nearest, "") << text;
    }
}

TEST(PoolConf, RefusesEmptyPairsAndStrayColons)
{
    for (const char *text : {",narenas:1", "narenas:1,,tcache:true", ":1", "narenas:1:2"})
        EXPECT_FALSE(check(text).right) << text;
}

TEST(PoolConf, CutsAWrongPairToTheRoomItHas)
{
    std::string text = "narenas:" + std::string(500, 'x');
    EXPECT_EQ(check(text.c_str(), 20).wrong, text.substr(0, 19));
    text = std::string(500, 'y') + ":1";
    EXPECT_EQ(check(text.c_str(), 20).wrong, text.substr(0, 19));
}
