// Cells, histograms, quotas: every call is somewhere.
#include "runtime_support.h"

#include <random>
#include <set>

using namespace runtime_test;

namespace
{
// A call whose time is known, as span_end counts it.
void count(unsigned hook, uint32_t target, uint64_t ticks, uint64_t bytes = 0, bool failed = false)
{
    thread_count_derived(hook, target, ticks, bytes, failed);
}

std::vector<uint64_t> buckets_of(const std::vector<uint64_t> &values)
{
    std::vector<uint64_t> histogram(HISTOGRAM_BUCKETS);
    for (uint64_t value : values)
        histogram[histogram_bucket(value)]++;
    return histogram;
}

uint64_t cells()
{
    uint64_t result = 0;
    for (const thread_block *block : blocks())
        for (unsigned page = 0; page < block->pages_used; page++)
            for (unsigned i = 0; block->page_kind[page] == PAGE_CELLS && i < PAGE_CELL_COUNT; i++)
                result += ((const stat_cell *)segment_at(block->page_offset[page]))[i].key != 0;
    return result;
}

// Calls of a hook over all targets, and in the crowd rows.
uint64_t calls_of(unsigned hook)
{
    uint64_t result = ((const hook_crowd *)segment_record(TABLE_CROWD, hook))->calls;
    for (const thread_block *block : blocks())
        for (unsigned page = 0; page < block->pages_used; page++)
            for (unsigned i = 0; block->page_kind[page] == PAGE_CELLS && i < PAGE_CELL_COUNT; i++) {
                const auto &cell = ((const stat_cell *)segment_at(block->page_offset[page]))[i];
                if (cell.key && cell_hook(cell.key) == hook)
                    result += cell.calls;
            }
    return result;
}
} // namespace

RUNTIME_TEST(Cells, ACellIsFoundAgainAndOthersAreApart)
{
    Runtime runtime;
    struct thread *self = thread_hot.self;
    stat_cell *cell = thread_cell(self, cell_key(HOOK_read, 5));
    ASSERT_NE(cell, nullptr);
    EXPECT_EQ(thread_cell(self, cell_key(HOOK_read, 5)), cell);
    EXPECT_NE(thread_cell(self, cell_key(HOOK_read, 6)), cell);
    EXPECT_NE(thread_cell(self, cell_key(HOOK_write, 5)), cell);
    EXPECT_EQ(cell->key, cell_key(HOOK_read, 5));
}

RUNTIME_TEST(Cells, SumsAreThoseOfTheCalls)
{
    Runtime runtime;
    count(HOOK_read, 3, 100, 10);
    count(HOOK_read, 3, 1000, 20, true);
    count(HOOK_read, 3, 50, 30);
    Row one = row(HOOK_read, 3);
    EXPECT_EQ(one.calls, 3u);
    EXPECT_EQ(one.errors, 1u);
    EXPECT_EQ(one.bytes, 60u);
    EXPECT_EQ(one.ticks, 1150u);
    EXPECT_EQ(thread_cell(thread_hot.self, cell_key(HOOK_read, 3))->max_ticks_high, 1000u / 16);
}

class CellHistogram : public testing::TestWithParam<unsigned> {};

TEST_P(CellHistogram, HoldsEveryCallWhateverItsForm)
{
    isolated([] {
        Runtime runtime;
        std::mt19937_64 random(GetParam());
        std::vector<uint64_t> values;
        for (unsigned i = 0; i < GetParam(); i++) {
            values.push_back(random() >> (18 + random() % 46));
            count(HOOK_write, 9, values.back());
        }
        Row one = row(HOOK_write, 9);
        EXPECT_EQ(one.calls, values.size());
        EXPECT_EQ(one.histogram, buckets_of(values));
        EXPECT_EQ(counter(COUNTER_histogram_full), 0u);
    });
}

INSTANTIATE_TEST_SUITE_P(Calls, CellHistogram, testing::Values(1u, 39u, 40u, 41u, 42u, 80u, 1000u, 100000u));

RUNTIME_TEST(Cells, AHistogramThatFindsNoRoomIsCountedCallByCall)
{
    Runtime runtime;
    uint64_t added = 0;
    for (uint32_t target = 1; target <= 200; target++) // 200 cells, 20 octaves each: more than there are lines
        for (unsigned i = 0; i < 100; i++, added++)
            count(HOOK_connect, target, UINT64_C(16) << (i % 20));
    uint64_t in_histograms = 0, calls = 0;
    for (uint32_t target = 0; target <= 200; target++) {
        Row one = row(HOOK_connect, target);
        in_histograms += one.histogram_sum();
        calls += one.calls;
    }
    EXPECT_EQ(calls, added);
    EXPECT_GT(counter(COUNTER_histogram_full), 0u);
    EXPECT_EQ(in_histograms + counter(COUNTER_histogram_full), added);
}

RUNTIME_TEST(Cells, FilesLeaveRoomForPeersAndTheRestGoesToOther)
{
    Runtime runtime;
    for (uint32_t target = 1; target <= 1000; target++)
        count(HOOK_open, target, 10);
    uint64_t files = 1000 - row(HOOK_open, 0).calls;
    EXPECT_GT(files, 100u);
    EXPECT_LT(files, BLOCK_CELL_PAGES * (unsigned)PAGE_CELL_COUNT * 2 / 3);
    EXPECT_EQ(counter(COUNTER_cell_table_full), 1000 - files);
    EXPECT_EQ(calls_of(HOOK_open), 1000u);
    for (uint32_t target = 1; target <= 50; target++)
        count(HOOK_connect, target, 10);
    EXPECT_EQ(row(HOOK_connect, 0).calls, 0u) << "peers still have rows of their own";
    EXPECT_EQ(calls_of(HOOK_connect), 50u);
}

RUNTIME_TEST(Cells, WhenEverythingIsFullEveryHookStillCounts)
{
    Runtime runtime;
    for (uint32_t target = 1; target <= 5000; target++)
        count(HOOK_connect, target, 10);
    uint64_t before = cells();
    for (unsigned hook = HOOK_read; hook < HOOK_read + 60; hook++)
        for (uint32_t target = 1; target <= 3; target++)
            count(hook, target, 10);
    EXPECT_GE(cells(), before + 60) << "an (other) row for each";
    EXPECT_LE(cells(), BLOCK_CELL_PAGES * (uint64_t)PAGE_CELL_COUNT);
    for (unsigned hook = HOOK_read; hook < HOOK_read + 60; hook++)
        EXPECT_EQ(row(hook, 0).calls, 3u) << hook_names[hook];
    EXPECT_EQ(calls_of(HOOK_connect), 5000u);
}

RUNTIME_TEST(Cells, FarMoreHooksThanRoomLoseNothing)
{
    Runtime runtime;
    for (uint32_t target = 1; target <= 5000; target++)
        count(HOOK_connect, target, 10);
    for (unsigned hook = HOOK_COUNTED_END; hook < HOOK_COUNT; hook++)
        count(hook, 1, 10);
    uint64_t total = 0;
    for (unsigned hook = HOOK_COUNTED_END; hook < HOOK_COUNT; hook++)
        total += calls_of(hook);
    EXPECT_EQ(total, 5000u + (HOOK_COUNT - HOOK_COUNTED_END));
}

RUNTIME_TEST(Cells, AUsedUpPoolLosesNothingEither)
{
    Runtime runtime(Environment{{"STRONG_SHM_SIZE", "1M"}});
    while (segment_take_pages(1))
        ;
    for (uint32_t target = 1; target <= 500; target++)
        count(HOOK_connect, target, 10);
    EXPECT_EQ(calls_of(HOOK_connect), 500u);
}

RUNTIME_TEST(Cells, ErrorsAreCountedByHookAndNumber)
{
    Runtime runtime;
    for (int i = 0; i < 10; i++)
        thread_error(HOOK_read, EAGAIN);
    thread_error(HOOK_read, EBADF);
    thread_error(HOOK_write, EAGAIN);
    std::map<uint32_t, uint64_t> found;
    for (const error_count &one : thread_hot.block->errors)
        if (one.key)
            found[one.key] += one.count;
    EXPECT_EQ(found, (std::map<uint32_t, uint64_t>{{HOOK_read << 16 | EAGAIN, 10},
                                                   {HOOK_read << 16 | EBADF, 1},
                                                   {HOOK_write << 16 | EAGAIN, 1}}));
}

// ---- threads and their blocks ----

RUNTIME_TEST(Threads, OneAfterTheOtherShareABlockAndNothingIsLost)
{
    Runtime runtime;
    for (int i = 0; i < 300; i++)
        std::thread([] {
            attach();
            for (int n = 0; n < 50; n++)
                count(HOOK_read, 1, 100);
        }).join();
    EXPECT_LE(blocks().size(), 2u);
    EXPECT_EQ(row(HOOK_read, 1).calls, 300u * 50);
    EXPECT_EQ(row(HOOK_thread_life, 0).calls, 300u);
    EXPECT_EQ(segment->threads_started, 301u);
    EXPECT_EQ(segment->threads_alive, 1u);
}

RUNTIME_TEST(Threads, AtOnceHaveBlocksOfTheirOwn)
{
    Runtime runtime;
    in_threads(MANY_THREADS, [](unsigned thread) {
        attach();
        ASSERT_EQ(thread_hot.state, (uint32_t)THREAD_READY);
        for (int n = 0; n < 2000; n++)
            count(HOOK_write, thread + 1, 100, 7);
    });
    for (uint32_t target = 1; target <= MANY_THREADS; target++) {
        EXPECT_EQ(row(HOOK_write, target).calls, 2000u);
        EXPECT_EQ(row(HOOK_write, target).bytes, 14000u);
    }
    EXPECT_LE(blocks().size(), MANY_THREADS + 1u);
    EXPECT_EQ(segment->threads_alive, 1u);
    for (const thread_block *block : blocks())
        EXPECT_TRUE(block->state == THREAD_FREE || block == thread_hot.block);
}

RUNTIME_TEST(Threads, WithoutABlockTheyCountInTheCrowd)
{
    Runtime runtime(Environment{{"STRONG_SHM_SIZE", "1M"}});
    while (segment_take_pages(1))
        ;
    std::thread([] {
        attach();
        EXPECT_EQ(thread_hot.state, (uint32_t)THREAD_CROWD);
        struct span span;
        span_begin(&span, HOOK_read, 1);
        span_end(&span, 5, EIO);
    }).join();
    const auto *crowd = (const hook_crowd *)segment_record(TABLE_CROWD, HOOK_read);
    EXPECT_EQ(crowd->calls, 1u);
    EXPECT_EQ(crowd->bytes, 5u);
    EXPECT_EQ(crowd->errors, 1u);
    EXPECT_EQ(counter(COUNTER_thread_blocks_full), 1u);
}

RUNTIME_TEST(Threads, AreFoundByTheirKernelIdWhileTheyLive)
{
    Runtime runtime;
    uint32_t id = 0;
    std::thread([&] {
        attach();
        id = thread_id();
        EXPECT_EQ(thread_find(id), thread_hot.self);
        thread_hold(&id, (const void *)0x1234);
        EXPECT_EQ(thread_held_site(thread_hot.self, &id), (const void *)0x1234);
        EXPECT_EQ(thread_held_site(thread_hot.self, &runtime), nullptr);
    }).join();
    EXPECT_EQ(thread_find(id), nullptr);
    EXPECT_EQ(thread_find(0), nullptr);
}

// ---- spans ----

RUNTIME_TEST(Spans, NestedCallsCountBothButTheClassOnce)
{
    Runtime runtime;
    uint64_t begin = clock_ticks();
    struct span outer, inner;
    span_begin(&outer, HOOK_system, 0);
    span_begin(&inner, HOOK_waitpid, 0);
    EXPECT_EQ(thread_hot.block->now_hook, (uint32_t)HOOK_waitpid);
    while (clock_ticks() - begin < 100000)
        ;
    span_end(&inner, 0, 0);
    EXPECT_EQ(thread_hot.block->now_hook, (uint32_t)HOOK_system);
    span_end(&outer, 0, 0);
    uint64_t end = clock_ticks();
    EXPECT_EQ(thread_hot.block->now_hook, 0u);
    EXPECT_EQ(row(HOOK_system, 0).calls, 1u);
    EXPECT_EQ(row(HOOK_waitpid, 0).calls, 1u);
    EXPECT_LE(thread_hot.block->class_ticks[CLASS_PROCESS], end - begin);
    EXPECT_GE(thread_hot.block->class_ticks[CLASS_PROCESS], row(HOOK_system, 0).ticks);
}

static __attribute__((noinline)) void leave_open(unsigned hook)
{
    struct span span;
    span_begin(&span, hook, 0);
    __asm__ volatile("" : : "r"(&span) : "memory");
}

static __attribute__((noinline)) void overwrite_stack()
{
    volatile char room[512];
    for (unsigned i = 0; i < sizeof room; i++)
        room[i] = (char)i;
}

RUNTIME_TEST(Spans, OneThatWasLeftByAJumpIsForgotten)
{
    Runtime runtime;
    leave_open(HOOK_poll);
    overwrite_stack();
    struct span span;
    span_begin(&span, HOOK_read, 0);
    span_end(&span, 0, 0);
    EXPECT_EQ(thread_hot.outer, nullptr);
    EXPECT_EQ(thread_hot.block->now_hook, 0u);
    EXPECT_EQ(row(HOOK_read, 0).calls, 1u);
    EXPECT_EQ(row(HOOK_poll, 0).calls, 0u);
}

RUNTIME_TEST(Spans, PreserveErrno)
{
    Runtime runtime(Environment{{"STRONG_SAMPLE_RATE", "1"}, {"STRONG_BLOCK_PERIOD", "1ns"}, {"STRONG_SLOW", "0"}});
    for (int i = 0; i < 100; i++) {
        errno = 1234;
        struct span span;
        span_begin(&span, HOOK_read, 0);
        span_end(&span, 0, i % 2 ? EIO : 0);
        ASSERT_EQ(errno, 1234);
    }
    EXPECT_EQ(thread_hot.block->events_written, 100u);
    EXPECT_GT(counter(COUNTER_samples_taken), 0u);
}

RUNTIME_TEST(Spans, TheShareOfEventsIsTheSampleRate)
{
    Runtime runtime(Environment{{"STRONG_SAMPLE_RATE", "0.1"}, {"STRONG_SLOW", "1h"}});
    thread_hot.random = 88172645463325252;
    constexpr int calls = 100000;
    for (int i = 0; i < calls; i++) {
        struct span span;
        span_begin(&span, HOOK_read, 0);
        span_end(&span, 0, 0);
    }
    double share = (double)thread_hot.block->events_written / calls;
    EXPECT_NEAR(share, 0.1, 0.01); // gaps are whole numbers: the bias is part of the bound
}
