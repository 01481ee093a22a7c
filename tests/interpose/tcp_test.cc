// The optimizer "tcp" in real processes: the program sees the same, and the counters say what was done. How much time
// it gives is for scripts/bench network.
#include <gtest/gtest.h>

#include "interpose/interpose_support.h"

using namespace interpose_test;

namespace
{
struct Counts {
    uint64_t set, returned, armed, avoided, saved_ns;
};

Counts run_mode(const std::string &mode, const std::string &optimize)
{
    Directory segments;
    Outcome bare = run_bare({"tcp_tuning", mode});
    Outcome preloaded = run_preloaded(segments, {"tcp_tuning", mode}, {{"STRONG_OPTIMIZE", optimize}});
    EXPECT_EQ(bare, preloaded) << bare.describe() << preloaded.describe();
    EXPECT_EQ(preloaded.status, 0);
    auto found = segments_of(segments);
    EXPECT_EQ(found.size(), 1u);
    if (found.empty())
        return {};
    const Segment &segment = found[0];
    return {segment.counter(COUNTER_tcp_nodelay_set), segment.counter(COUNTER_tcp_nodelay_returned),
            segment.counter(COUNTER_tcp_quickack_armed), segment.counter(COUNTER_tcp_stalls_avoided),
            segment.counter(COUNTER_tcp_saved_ns)};
}

TEST(TcpTuning, DoesNothingWhenItIsNotSelected)
{
    Counts counts = run_mode("pairs", "safe,-tcp");
    EXPECT_EQ(counts.set + counts.returned + counts.armed + counts.avoided + counts.saved_ns, 0u);
}

TEST(TcpTuning, SetsNodelayOnceAfterAStallAndCountsWhatItAvoided)
{
    Counts counts = run_mode("pairs", "safe");
    EXPECT_EQ(counts.set, 1u);
    EXPECT_EQ(counts.returned, 0u);
    EXPECT_GT(counts.avoided, 0u);
    EXPECT_LT(counts.avoided, 24u) << "the stall that was measured cannot have been avoided";
    // each saved at most what such a stall takes, 60 ms by definition
    EXPECT_LE(counts.saved_ns, counts.avoided * 60000000u);
    EXPECT_GT(counts.saved_ns, 0u);
}

TEST(TcpTuning, ArmsQuickackWhereThePeerSplitsItsAnswers)
{
    Counts counts = run_mode("split", "safe");
    EXPECT_EQ(counts.set, 1u);
    EXPECT_GT(counts.armed, 1u);
    EXPECT_GT(counts.avoided, 0u);
}

TEST(TcpTuning, LeavesSocketsAloneWhoseOwnerChose)
{
    Counts counts = run_mode("owner", "safe");
    EXPECT_EQ(counts.set, 0u);
    EXPECT_EQ(counts.armed, 0u);
    EXPECT_EQ(counts.avoided, 0u);
}

TEST(TcpTuning, GivesStreamsOfSmallWritesBackToNagle)
{
    Counts counts = run_mode("stream", "safe");
    EXPECT_EQ(counts.set, 1u);
    EXPECT_EQ(counts.returned, 1u);
}
} // namespace
