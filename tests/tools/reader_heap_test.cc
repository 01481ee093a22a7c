/* From the heap's tables to the model: which fields are the peak, what is merged, what is clamped. */
#include "tools/reader_case.h"

#include <cmath>

namespace {

const model_heap_row *heap_row(const model &in, uint64_t address)
{
    for (size_t i = 0; i < in.heap.row_count; i++) {
        const model_stack &stack = in.stacks[in.heap.rows[i].stack];
        if (stack.depth > 0 && in.frames[stack.frame].address == address - 1)
            return &in.heap.rows[i];
    }
    return nullptr;
}

TEST(ModelHeap, TakesThePeakFromTheRowThatKeptItAndElseFromWhatIsLive)
{
    SegmentBuilder segment;
    uint32_t changed = segment.stack({0x1001}), same = segment.stack({0x2001});
    segment.header().heap_peak_epoch = 7;
    segment.live(changed, 100, 1, 900, 9, 7);
    segment.live(same, 500, 5, 333, 3, 6);
    ModelPointer m = model_of(segment);
    ASSERT_EQ(m->heap.row_count, 2u);
    EXPECT_EQ(heap_row(*m, 0x1001)->peak_bytes, 900u);
    EXPECT_EQ(heap_row(*m, 0x1001)->live_bytes, 100u);
    EXPECT_EQ(heap_row(*m, 0x2001)->peak_bytes, 500u) << "unchanged since the peak";
    EXPECT_EQ(heap_row(*m, 0x2001)->peak_objects, 5);
    EXPECT_EQ(m->heap.rows, heap_row(*m, 0x1001)) << "most at the peak first";
}

TEST(ModelHeap, MergesRowsOfOneStackAndTakesNegativeAsNothing)
{
    SegmentBuilder segment;
    uint32_t stack = segment.stack({0x1001}), again = segment.stack({0x1001});
    segment.live(stack, 1000, 2, 1000, 2).lifetime_q8[2] = 512;
    segment.live(again, 50, 1, 60, 1).lifetime_q8[2] = 128;
    segment.live(stack, 0, 0, 0, 0).live_bytes = -400;
    ModelPointer m = model_of(segment);
    ASSERT_EQ(m->heap.row_count, 1u);
    EXPECT_EQ(m->heap.rows[0].live_bytes, 1050u);
    EXPECT_EQ(m->heap.rows[0].peak_bytes, 1060u);
    EXPECT_EQ(m->heap.rows[0].live_objects, 3);
    EXPECT_EQ(m->heap.rows[0].lifetimes[2], 2.5);
    EXPECT_EQ(m->damaged, 0u);
}

TEST(ModelHeap, TakesTotalsFromTheHeaderAndTheMomentOfThePeak)
{
    SegmentBuilder segment;
    segment.header().heap_live_bytes = static_cast<uint64_t>(-5);
    segment.header().heap_peak_bytes = 4096;
    segment.header().heap_peak_ticks = SegmentBuilder::kStartTicks + 2000;
    ModelPointer m = model_of(segment);
    EXPECT_TRUE(m->heap.measured);
    EXPECT_EQ(m->heap.live_bytes, 0u) << "some bytes below 0 for a moment";
    EXPECT_EQ(m->heap.peak_bytes, 4096u);
    EXPECT_EQ(m->heap.peak_at_ns, 1000u);
}

TEST(ModelHeap, IsNotMeasuredWithoutAPeriod)
{
    SegmentBuilder segment;
    segment.header().alloc_period_bytes = 0;
    ModelPointer m = model_of(segment);
    EXPECT_FALSE(m->heap.measured);
}

TEST(ModelHeap, SumsBySizeAndByThread)
{
    SegmentBuilder segment;
    segment.thread(7, "one");
    segment.thread(8, "two").exited(100);
    segment.size_row(100) = {1000, 10 * 256, 600, 6 * 256, 100, 256, 200, 512, {256}, {}};
    segment.owner_row(1) = {5000, 256, 0, 0, 0, 0, 0, 0, {}, {}};
    segment.owner_row(0) = {10, 256, 0, 0, 0, 0, 0, 0, {}, {}};
    ModelPointer m = model_of(segment);
    const model_heap_sum &sum = m->heap.sizes[heap_size_index(100)];
    EXPECT_EQ(sum.allocated_bytes, 1000u);
    EXPECT_EQ(sum.remote_objects, 2);
    EXPECT_EQ(sum.lifetimes[0], 1);
    ASSERT_EQ(m->heap.owner_count, 2u);
    EXPECT_EQ(m->heap.owners[0].tid, 8) << "most bytes first, ended or not";
    EXPECT_STREQ(m->heap.owners[0].name, "two");
}

TEST(ModelHeap, SurvivesRowsThatMakeNoSense)
{
    SegmentBuilder segment;
    live_record &row = segment.live(0xffffff, UINT64_MAX / 2, 1, 5, 1);
    row.live_squares = -INFINITY;
    row.peak_squares = NAN;
    row.largest_bytes = UINT64_MAX;
    segment.live(1, 1, 1, 1, 1).key = 77ull << 32 | 5;
    segment.size_row(8).allocated_bytes = UINT64_MAX;
    segment.owner_row(15).allocated_bytes = UINT64_MAX; /* no such thread */
    segment.header().tables[TABLE_LIVE].used = UINT64_MAX;
    segment.header().tables[TABLE_OWNERS].used = UINT64_MAX;
    ModelPointer m = model_of(segment);
    ASSERT_EQ(m->heap.row_count, 1u);
    EXPECT_EQ(m->heap.rows[0].stack, 0u) << "a stack that is not there";
    EXPECT_LE(m->heap.rows[0].live_bytes, UINT64_MAX / 4);
    EXPECT_EQ(m->heap.rows[0].live_variance, 0);
    EXPECT_EQ(m->heap.owner_count, 0u);
    EXPECT_EQ(m->damaged, 1u);
}

TEST(ModelHeap, ReadsTheSampledCostsAndTheTimedCalls)
{
    SegmentBuilder segment;
    uint32_t stack = segment.stack({0x1001});
    segment.sample(SAMPLE_TEMPORARY, HOOK_free, 0, stack, 2, 300);
    segment.sample(SAMPLE_GROWN, HOOK_realloc, 0, stack, 1, 70);
    ThreadBuilder thread = segment.thread(1, "t");
    thread.block().timed_calls[1] = 3;
    thread.block().timed_ticks[1] = 600;
    ModelPointer m = model_of(segment);
    EXPECT_EQ(m->samples[SAMPLE_TEMPORARY].weight, 300u);
    EXPECT_EQ(m->samples[SAMPLE_GROWN].items[0].objects, 1);
    EXPECT_EQ(m->heap.timed_calls[HEAP_TIMED_FREE], 3u);
    EXPECT_EQ(m->heap.timed_ns[HEAP_TIMED_FREE], 300u);
}

TEST(ModelHeap, AddsTheHeapsOfARun)
{
    SegmentBuilder one, two;
    one.live(one.stack({0x1001}), 100, 1, 200, 2);
    one.header().heap_peak_ticks = SegmentBuilder::kStartTicks + 2000;
    two.live(two.stack({0x1001}), 1000, 1, 2000, 2);
    two.thread(9, "t");
    two.owner_row(0).allocated_bytes = 3000;
    two.header().start_ticks += 4000;
    two.header().heap_peak_ticks = two.header().start_ticks + 2000;
    ModelPointer a = model_of(one), b = model_of(two);
    const model *both[] = {a.get(), b.get()};
    model *merged = nullptr;
    ASSERT_EQ(model_merge(both, 2, &merged), 0);
    EXPECT_EQ(merged->heap.live_bytes, 1100u);
    EXPECT_EQ(merged->heap.peak_bytes, 2200u);
    EXPECT_EQ(merged->heap.peak_at_ns, 3000u) << "of the one with most, since the first began";
    ASSERT_EQ(merged->heap.row_count, 2u);
    EXPECT_EQ(merged->frames[merged->stacks[merged->heap.rows[0].stack].frame].process, 1u);
    EXPECT_EQ(merged->heap.owners[0].process, 1u);
    model_free(merged);
}

TEST(ModelHeap, ReadsTheAllocatorsOwnAccount)
{
    SegmentBuilder segment;
    segment.resource(0).heap_active_bytes = 4096;
    ModelPointer m = model_of(segment);
    EXPECT_EQ(m->resources[0].heap_active_bytes, 4096u);
    EXPECT_EQ(m->resources[0].heap_retained_bytes, MODEL_UNKNOWN);
}

} // namespace
