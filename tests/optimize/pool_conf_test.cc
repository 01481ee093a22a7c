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
         {"", "narenas:4", "narenas_ratio:1,tcache:false", "tcache:true,dirty_decay_ms:-1",
          "thp:never", "thp:default,metadata_thp:auto", "percpu_arena:phycpu", "narenas:2,",
          "muzzy_decay_ms:0", "lg_tcache_nslots_mul:-16", "lg_extent_max_active_fit:6"})
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
    for (const char *text :
         {"background_thread:true", "prof:true", "stats_print:true", "abort:true",
          "abort_conf:true", "junk:true", "xmalloc:true", "utrace:true"})
        EXPECT_FALSE(check(text).right) << text;
}

TEST(PoolConf, TellsAWrongValueFromAWrongName)
{
    for (const char *text : {"narenas:many",
                             "narenas:",
                             "narenas",
                             "narenas:4x",
                             "narenas:-",
                             "narenas:--1",
                             "tcache:1",
                             "tcache:tru",
                             "tcache:truefalse",
                             "thp:sometimes",
                             "thp:alwaysnever",
                             "thp:default|always",
                             "narenas:1234567890123456789",
                             "narenas:0",
                             "narenas:-1",
                             "dirty_decay_ms:-2",
                             "dirty_decay_ms:999999999999999999",
                             "lg_tcache_nslots_mul:17",
                             "lg_tcache_flush_small_div:0",
                             "tcache_max:-1"}) {
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

// Every word, and every number at its ends, as jemalloc itself takes it: nothing that is accepted here
// is refused there.
TEST(PoolConf, WhatIsAcceptedIsTakenByJemalloc)
{
    for (const char *text : {"narenas:1",
                             "narenas_ratio:1",
                             "narenas:4094",
                             "narenas_ratio:16",
                             "oversize_threshold:0",
                             "oversize_threshold:1099511627776",
                             "dirty_decay_ms:-1",
                             "dirty_decay_ms:1099511627776",
                             "muzzy_decay_ms:-1",
                             "muzzy_decay_ms:1099511627776",
                             "tcache_max:0",
                             "tcache_max:8388608",
                             "tcache_nslots_small_min:1",
                             "tcache_nslots_small_min:8191",
                             "tcache_nslots_small_max:1",
                             "tcache_nslots_small_max:8191",
                             "tcache_nslots_large:1",
                             "tcache_nslots_large:8191",
                             "lg_tcache_nslots_mul:-16",
                             "lg_tcache_nslots_mul:16",
                             "tcache_gc_incr_bytes:1024",
                             "tcache_gc_delay_bytes:0",
                             "lg_tcache_flush_small_div:1",
                             "lg_tcache_flush_small_div:16",
                             "lg_tcache_flush_large_div:1",
                             "lg_tcache_flush_large_div:16",
                             "percpu_arena:disabled",
                             "percpu_arena:percpu",
                             "percpu_arena:phycpu",
                             "tcache:true",
                             "tcache:false",
                             "trust_madvise:true",
                             "trust_madvise:false",
                             "thp:default",
                             "thp:always",
                             "thp:never",
                             "metadata_thp:disabled",
                             "metadata_thp:auto",
                             "metadata_thp:always",
                             "hpa:true",
                             "hpa:false",
                             "lg_extent_max_active_fit:0",
                             "lg_extent_max_active_fit:64"}) {
        EXPECT_TRUE(check(text).right) << text;
        pool_test::isolated([&] {
            static std::string said;
            pool_test::load();
            strong_je_malloc_conf = text;
            strong_je_malloc_message = [](void *, const char *message) { said += message; };
            EXPECT_NE(strong_je_nallocx(100000, 0), 0u) << text;
            EXPECT_EQ(said, "") << text;
        });
    }
}
