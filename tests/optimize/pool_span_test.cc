// Spans of blocks, against a model: which blocks are out, and who may get them.
#include "pool_support.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <random>
#include <set>

using namespace pool_test;

namespace
{
char *span_of(const void *ptr)
{
    return (char *)((uintptr_t)ptr & ~(uintptr_t)(POOL_SPAN_BYTES - 1));
}

std::vector<void *> take(unsigned class_number, unsigned count, unsigned owner = 1)
{
    std::vector<void *> ptrs(count);
    ptrs.resize(pool_span_take(class_number, owner, ptrs.data(), count));
    return ptrs;
}
} // namespace

POOL_TEST(PoolSpan, HandsOutEveryBlockOfASpanOnceAndInside)
{
    for (unsigned number = 1; number < POOL_CLASSES; number++) {
        size_t bytes = pool_class_bytes[number], blocks = POOL_SPAN_BYTES / bytes;
        std::vector<void *> ptrs = take(number, (unsigned)blocks * 3);
        ASSERT_EQ(ptrs.size(), blocks * 3);
        std::map<char *, unsigned> by_span;
        std::set<void *> seen;
        for (void *ptr : ptrs) {
            ASSERT_TRUE(seen.insert(ptr).second) << "twice";
            ASSERT_TRUE(pool_range_holds(ptr));
            ASSERT_EQ(pool_range_class(ptr), number);
            ASSERT_EQ(pool_range_class((char *)ptr + bytes - 1), number);
            size_t offset = (size_t)((char *)ptr - span_of(ptr));
            ASSERT_EQ(offset % bytes, 0u);
            ASSERT_LE(offset + bytes, (size_t)POOL_SPAN_BYTES);
            by_span[span_of(ptr)]++;
            fill(ptr, bytes, number);
        }
        EXPECT_EQ(by_span.size(), 3u);
        for (void *ptr : ptrs)
            ASSERT_TRUE(holds(ptr, bytes, number));
        pool_span_give(number, ptrs.data(), (unsigned)ptrs.size());
    }
    EXPECT_EQ(pool_span_free_bytes(), 0u) << "all spans went back whole";
}

POOL_TEST(PoolSpan, FollowsAModelThroughRandomTakesAndGives)
{
    std::mt19937 random(42);
    struct Block {
        void *ptr;
        unsigned class_number;
    };
    std::vector<Block> out;
    std::map<char *, size_t> where; // start → bytes, of all that is out
    const std::vector<unsigned> classes = {1, 3, 8, 20, 33, 40, POOL_CLASSES - 2, POOL_CLASSES - 1};
    for (unsigned round = 0; round < 20000; round++) {
        unsigned number = classes[random() % classes.size()], count = 1 + random() % 40;
        bool growing = round / 2000 % 2 == 0;
        if (random() % 100 < (growing ? 60u : 40u)) {
            for (void *ptr : take(number, count)) {
                size_t bytes = pool_class_bytes[number];
                auto after = where.lower_bound((char *)ptr);
                ASSERT_TRUE(after == where.end() || (char *)ptr + bytes <= after->first)
                    << "overlaps the next";
                ASSERT_TRUE(after == where.begin() ||
                            std::prev(after)->first + std::prev(after)->second <= (char *)ptr);
                where[(char *)ptr] = bytes;
                out.push_back({ptr, number});
            }
            continue;
        }
        std::vector<void *> back;
        for (size_t i = 0; i < out.size() && back.size() < count; i++) {
            size_t pick = random() % out.size();
            if (out[pick].class_number != number)
                continue;
            back.push_back(out[pick].ptr);
            where.erase((char *)out[pick].ptr);
            out[pick] = out.back();
            out.pop_back();
        }
        pool_span_give(number, back.data(), (unsigned)back.size());
    }
    // Everything back: the bytes said to be free are those of whole spans, of which none is kept on
    // a shelf.
    for (const Block &block : out)
        pool_span_give(block.class_number, &block.ptr, 1);
    EXPECT_EQ(pool_span_free_bytes(), 0u);
}

POOL_TEST(PoolSpan, LowestAddressesFirst)
{
    std::vector<void *> ptrs = take(5, 30);
    EXPECT_TRUE(std::is_sorted(ptrs.rbegin(), ptrs.rend()))
        << "the last of a batch is handed out first";
    void *again[3] = {ptrs[29], ptrs[28], ptrs[27]};
    pool_span_give(5, again, 3);
    std::vector<void *> fresh = take(5, 3);
    EXPECT_EQ(std::set<void *>(fresh.begin(), fresh.end()), std::set<void *>(again, again + 3))
        << "holes are used";
}

POOL_TEST(PoolSpan, WhatOneClassGivesUpServesAnother)
{
    unsigned blocks = POOL_SPAN_BYTES / pool_class_bytes[3];
    std::vector<void *> ptrs = take(3, blocks);
    char *span = span_of(ptrs[0]);
    pool_span_give(3, ptrs.data(), blocks);
    EXPECT_EQ(pool_range_class(span), 0u) << "nobody's while it is spare";
    std::vector<void *> others = take(POOL_CLASSES - 1, 1);
    EXPECT_EQ(span_of(others[0]), span);
    EXPECT_EQ(pool_range_class(span), POOL_CLASSES - 1u);
}

POOL_TEST(PoolSpan, KeepsFewSpareSpans)
{
    // Many more spans than may be spare come and go: jemalloc has the rest back.
    unsigned blocks = POOL_SPAN_BYTES / pool_class_bytes[10];
    size_t before = 0, after = 0, len = sizeof before;
    uint64_t epoch = 1;
    strong_je_mallctl("epoch", nullptr, nullptr, &epoch, sizeof epoch);
    strong_je_mallctl("stats.allocated", &before, &len, nullptr, 0);
    std::vector<void *> ptrs = take(10, blocks * 200);
    pool_span_give(10, ptrs.data(), (unsigned)ptrs.size());
    strong_je_mallctl("epoch", nullptr, nullptr, &epoch, sizeof epoch);
    strong_je_mallctl("stats.allocated", &after, &len, nullptr, 0);
    EXPECT_LE(after, before + (size_t)POOL_SPARE_SPANS * POOL_SPAN_BYTES);
}

POOL_TEST(PoolSpan, ABlockGivenBackTwiceIsIgnored)
{
    std::vector<void *> ptrs = take(7, 10);
    pool_span_give(7, &ptrs[4], 1);
    size_t bytes = pool_span_free_bytes();
    pool_span_give(7, &ptrs[4], 1);
    EXPECT_EQ(pool_span_free_bytes(), bytes);
    std::vector<void *> fresh = take(7, 200);
    EXPECT_EQ(std::count(fresh.begin(), fresh.end(), ptrs[4]), 1);
}

POOL_TEST(PoolSpan, ThreadsNeverShareABlock)
{
    std::mutex mutex;
    std::set<void *> out;
    in_threads(MANY_THREADS, [&](unsigned self) {
        std::mt19937 random(self);
        std::vector<void *> own;
        auto give = [&](size_t count) {
            std::vector<void *> back(own.end() - (long)count, own.end());
            own.resize(own.size() - count);
            {
                std::lock_guard<std::mutex> lock(mutex);
                for (void *ptr : back)
                    out.erase(ptr);
            }
            pool_span_give(12, back.data(), (unsigned)back.size());
        };
        for (unsigned round = 0; round < 400; round++) {
            if (own.size() >= 300 || random() % 2) {
                give(std::min<size_t>(own.size(), 20));
                continue;
            }
            std::vector<void *> more = take(12, 1 + random() % 50);
            std::lock_guard<std::mutex> lock(mutex);
            for (void *ptr : more)
                ASSERT_TRUE(out.insert(ptr).second);
            own.insert(own.end(), more.begin(), more.end());
        }
        give(own.size());
    });
    EXPECT_EQ(pool_span_free_bytes(), 0u);
}

POOL_TEST(PoolSpan, ThreadsTakeSmallBlocksFromSpansOfTheirOwn)
{
    std::vector<void *> one = take(2, 20, 1), two = take(2, 20, 2), again = take(2, 20, 1);
    EXPECT_NE(span_of(one[0]), span_of(two[0]));
    EXPECT_EQ(span_of(one[0]), span_of(again[0]));
    EXPECT_EQ(pool_range_entry(one[0]) >> 8, 1u);
    EXPECT_EQ(pool_range_entry(two[0]) >> 8, 2u);
    EXPECT_EQ(span_of(take(9, 20, 1)[0]), span_of(take(9, 20, 2)[0])) << "larger than a cache line";
}

POOL_TEST(PoolSpan, WhatAThreadHasLeftFreeServesOthers)
{
    // Owners come and go, and each takes little: they need the spans of two or three, not one each.
    std::set<char *> spans;
    for (unsigned owner = 0; owner < 8; owner++)
        for (void *ptr : take(4, 10, 1u << owner))
            spans.insert(span_of(ptr));
    EXPECT_LE(spans.size(), 3u);
}
