// Threads' caches: blocks pass between threads that allocate, free and end, and none is ever with
// two of them.
#include "pool_support.h"

#include <atomic>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <thread>

using namespace pool_test;

namespace
{
struct Block {
    unsigned char *ptr;
    size_t size;
    unsigned char value;
};

Block make(std::mt19937 &random)
{
    size_t size = random() % 10 ? random() % 600 : random() % 20000;
    Block block = {(unsigned char *)pool_malloc(size), size, (unsigned char)random()};
    EXPECT_NE(block.ptr, nullptr);
    fill(block.ptr, size, block.value);
    return block;
}

void drop(const Block &block)
{
    EXPECT_TRUE(holds(block.ptr, block.size, block.value))
        << "someone else wrote into a block of " << block.size;
    pool_free(block.ptr);
}
} // namespace

POOL_TEST(PoolCache, HandsBackTheBlockFreedLast)
{
    void *first = pool_malloc(100), *second = pool_malloc(100);
    pool_free(first);
    pool_free(second);
    EXPECT_EQ(pool_malloc(100), second);
    EXPECT_EQ(pool_malloc(100), first);
}

POOL_TEST(PoolCache, EmptiedItKeepsNothing)
{
    std::vector<void *> ptrs;
    for (unsigned i = 0; i < 20000; i++)
        ptrs.push_back(pool_malloc(i % 2000));
    for (void *ptr : ptrs)
        pool_free(ptr);
    pool_cache_empty();
    EXPECT_EQ(pool_cache_bytes(), 0u);
    void *ptr = pool_malloc(50);
    EXPECT_NE(ptr, nullptr) << "and goes on";
    pool_free(ptr);
}

POOL_TEST(PoolCache, KeepsNoMoreThanAThreadsShare)
{
    std::vector<void *> ptrs;
    for (size_t size = 16; size <= POOL_LARGEST; size += 16)
        for (unsigned i = 0; i < 300; i++)
            ptrs.push_back(pool_malloc(size));
    for (size_t size = POOL_LARGEST; size <= 2 * POOL_LARGEST_KEPT; size += 1024)
        for (unsigned i = 0; i < 30; i++)
            ptrs.push_back(pool_malloc(size));
    for (void *ptr : ptrs)
        pool_free(ptr);
    EXPECT_LE(pool_cache_bytes() - pool_span_free_bytes() - pool_depot_bytes(), (size_t)2200 << 10);
}

POOL_TEST(PoolCache, AThreadThatEndsHandsItToTheNext)
{
    std::set<void *> first, second;
    std::thread([&] {
        for (unsigned i = 0; i < 10; i++)
            first.insert(pool_malloc(200));
        for (void *ptr : first)
            pool_free(ptr);
    }).join();
    std::thread([&] {
        for (unsigned i = 0; i < 10; i++)
            second.insert(pool_malloc(200));
    }).join();
    EXPECT_EQ(first, second);
}

POOL_TEST(PoolCache, ManyThreadsAfterEachOtherNeedTheMemoryOfOne)
{
    auto life = [] {
        std::vector<void *> ptrs;
        for (unsigned i = 0; i < 200; i++)
            ptrs.push_back(pool_malloc(i * 10));
        for (void *ptr : ptrs)
            pool_free(ptr);
    };
    std::thread(life).join();
    size_t after_one = pool_cache_bytes();
    for (unsigned i = 0; i < 300; i++)
        std::thread(life).join();
    EXPECT_LE(pool_cache_bytes(), after_one * 2);
}

POOL_TEST(PoolCache, NoBlockIsWithTwoThreads)
{
    // A shared table of slots: each thread puts its blocks there and takes whatever lies there.
    struct Slot {
        std::mutex mutex;
        std::vector<Block> blocks;
    };
    std::vector<Slot> slots(16);
    in_threads(MANY_THREADS, [&](unsigned self) {
        std::mt19937 random(self + 1);
        std::vector<Block> own;
        for (unsigned round = 0; round < 7500; round++) {
            unsigned what = random() % 4;
            if (what < 2) {
                own.push_back(make(random));
            } else if (!own.empty()) {
                size_t pick = random() % own.size();
                Block mine = own[pick];
                own[pick] = own.back();
                own.pop_back();
                if (what == 2) {
                    drop(mine);
                    continue;
                }
                Slot &slot = slots[random() % slots.size()];
                std::vector<Block> theirs;
                {
                    std::lock_guard<std::mutex> lock(slot.mutex);
                    theirs.swap(slot.blocks);
                    slot.blocks.push_back(mine);
                }
                for (const Block &block : theirs)
                    drop(block);
            }
        }
        for (const Block &block : own)
            drop(block);
    });
    for (Slot &slot : slots)
        for (const Block &block : slot.blocks)
            drop(block);
}

// Passive false sharing: blocks that lay side by side are freed by threads of their own, which then
// allocate. What they get must not be in a line with the other's. Two threads, and one size a class: where two spans' worth
// of a class are free (pool_span.c, OWNED_APART) a further thread takes a span over instead of a new one, whoever uses the
// rest of it: that keeps memory bounded, and there a line can be shared.
POOL_TEST(PoolCache, ThreadsThatFreeNeighboursDoNotGetThemAgain)
{
    constexpr unsigned threads = 2;
    for (size_t size : {16, 24, 40, 64}) {
        std::vector<void *> given;
        for (unsigned i = 0; i < threads; i++)
            given.push_back(pool_malloc(size));
        std::mutex mutex;
        std::map<uintptr_t, std::set<unsigned>> users; // of each line
        std::atomic<unsigned> done{0};
        in_threads(threads, [&](unsigned self) {
            pool_free(given[self]);
            for (unsigned i = 0; i < 200; i++) {
                void *ptr = pool_malloc(size);
                uintptr_t first = (uintptr_t)ptr / 64, last = ((uintptr_t)ptr + size - 1) / 64;
                {
                    std::lock_guard<std::mutex> lock(mutex);
                    users[first].insert(self);
                    users[last].insert(self);
                }
                pool_free(ptr);
            }
            for (done++; done < threads;) // a cache passes on when its thread ends
                std::this_thread::yield();
        });
        for (const auto &line : users)
            EXPECT_EQ(line.second.size(), 1u) << size;
    }
}

POOL_TEST(PoolCache, BlocksOfOthersGoBackInTheEnd)
{
    std::vector<void *> ptrs;
    for (unsigned i = 0; i < 5000; i++)
        ptrs.push_back(pool_malloc(1 + i % 64));
    std::thread([&] {
        for (void *ptr : ptrs)
            pool_free(ptr);
        pool_cache_empty();
    }).join();
    pool_cache_empty();
    EXPECT_LE(pool_cache_bytes() - pool_depot_bytes(), 5 * (size_t)POOL_SPAN_BYTES);
}

POOL_TEST(PoolCache, BlocksOfThreadsThatHaveEndedAreFreedByOthers)
{
    std::vector<Block> left;
    for (unsigned round = 0; round < 50; round++) {
        std::vector<Block> made;
        std::thread([&] {
            std::mt19937 random(round);
            for (const Block &block : left)
                drop(block);
            for (unsigned i = 0; i < 300; i++)
                made.push_back(make(random));
        }).join();
        left = made;
    }
    for (const Block &block : left)
        drop(block);
}

POOL_TEST(PoolCache, AChildOfForkGoesOnWithAllBlocks)
{
    std::mt19937 random(3);
    std::vector<Block> blocks;
    for (unsigned i = 0; i < 3000; i++)
        blocks.push_back(make(random));
    isolated([&] {
        for (const Block &block : blocks)
            drop(block);
        for (unsigned i = 0; i < 3000; i++)
            drop(make(random));
    });
    for (const Block &block : blocks)
        drop(block);
}

POOL_TEST(PoolRealloc, KeepsContentsOverAllPairsOfSizes)
{
    std::vector<size_t> sizes;
    for (size_t base : {1, 16, 128, 1024, 4096, 8192, 10240, 16384, 65536, 131072, 2097152})
        for (long off : {-1, 0, 1})
            sizes.push_back(base + (size_t)off);
    for (size_t from : sizes)
        for (size_t to : sizes) {
            if (from == 0 || to == 0)
                continue;
            void *ptr = pool_malloc(from);
            fill(ptr, from, 99);
            ptr = pool_realloc(ptr, to);
            ASSERT_NE(ptr, nullptr);
            ASSERT_GE(pool_usable_size(ptr), to);
            ASSERT_TRUE(holds(ptr, from < to ? from : to, 99)) << from << " to " << to;
            fill(ptr, pool_usable_size(ptr), 98);
            pool_free(ptr);
        }
}

POOL_TEST(PoolRealloc, FollowsAModelThroughRandomResizing)
{
    std::mt19937 random(11);
    std::vector<Block> blocks(50);
    for (unsigned round = 0; round < 60000; round++) {
        Block &block = blocks[random() % blocks.size()];
        size_t size;
        switch (random() % 4) {
        case 0:
            size = block.size + random() % 200;
            break;
        case 1:
            size = block.size / (1 + random() % 5);
            break;
        case 2:
            size = random() % 3 ? random() % 3000 : random() % 300000;
            break;
        default:
            size = block.size * 2 < 400000 ? block.size * 2 : 0;
            break;
        }
        size_t kept = block.size < size ? block.size : size;
        auto *ptr = (unsigned char *)pool_realloc(block.ptr, size);
        if (block.ptr && size == 0) {
            ASSERT_EQ(ptr, nullptr);
        } else {
            ASSERT_NE(ptr, nullptr);
            ASSERT_TRUE(holds(ptr, kept, block.value)) << block.size << " to " << size;
            ASSERT_GE(pool_usable_size(ptr), size);
        }
        block = {ptr, size, (unsigned char)random()};
        fill(ptr, size, block.value);
    }
    for (const Block &block : blocks)
        if (block.ptr)
            drop(block);
}

POOL_TEST(PoolRealloc, AGrowingBufferTakesAtMostTwiceWhatItHolds)
{
    void *ptr = nullptr;
    for (size_t size = 1; size < 3000000; size += 1 + size / 100) {
        ptr = pool_realloc(ptr, size);
        ASSERT_LE(pool_usable_size(ptr), size * 5 / 2 + 32) << size;
    }
    pool_free(ptr);
}

POOL_TEST(PoolRealloc, ALargeBufferThatGoesOnGrowingStaysWhereItIs)
{
    void *ptr = nullptr;
    unsigned moves = 0;
    for (size_t size = 100; size < 3 << 20; size += 100) {
        void *old = ptr;
        ptr = pool_realloc(ptr, size);
        moves += size > 64 << 10 && ptr != old;
        ASSERT_GE(pool_usable_size(ptr), size);
        memset((char *)ptr + size - 100, (int)(size / 100), 100);
    }
    EXPECT_EQ(moves, 0u);
    for (size_t size = 100; size < 3 << 20; size += 100)
        ASSERT_TRUE(holds((char *)ptr + size - 100, 100, (unsigned char)(size / 100))) << size;
    EXPECT_GT(pool_room_bytes(), 0u);
    pool_free(ptr);
    EXPECT_EQ(pool_room_bytes(), 0u);
}

POOL_TEST(PoolRealloc, ABufferThatDoublesMovesToItsRoomEarlier)
{
    void *ptr = nullptr;
    for (size_t size = 16; size < 7 << 20; size *= 2) {
        void *old = ptr;
        ptr = pool_realloc(ptr, size);
        ASSERT_GE(pool_usable_size(ptr), size);
        EXPECT_TRUE(size <= 32 << 10 || ptr == old) << size;
        memset((char *)ptr + size / 2, (int)(size >> 4), size - size / 2);
    }
    for (size_t size = 32; size < 7 << 20; size *= 2)
        ASSERT_TRUE(holds((char *)ptr + size / 2, size / 2, (unsigned char)(size >> 4))) << size;
    pool_free(ptr);
    EXPECT_EQ(pool_room_bytes(), 0u);
}

POOL_TEST(PoolRealloc, RoomIsBoundedAndGivenBackHoweverABufferEnds)
{
    std::mt19937 random(5);
    std::vector<void *> buffers;
    for (unsigned i = 0; i < 100; i++) {
        void *ptr = nullptr;
        for (size_t size = 1000; size < 200000; size += 1000)
            ptr = pool_realloc(ptr, size);
        ASSERT_GE(pool_usable_size(ptr), 199000u);
        fill(ptr, 199000, i);
        buffers.push_back(ptr);
        ASSERT_LE(pool_room_bytes(), POOL_ROOM_MOST + POOL_ROOM_BYTES);
    }
    for (unsigned i = 0; i < 100; i++) { // grown beyond the room, made small, or freed as it is
        const size_t sizes[] = {9 << 20, 50000, 100, 7 << 20};
        size_t size = sizes[i % 4];
        ASSERT_TRUE(holds(buffers[i], 199000, i));
        buffers[i] = pool_realloc(buffers[i], size);
        ASSERT_TRUE(holds(buffers[i], size < 199000 ? size : 199000, i)) << size;
        ASSERT_GE(pool_usable_size(buffers[i]), size);
        pool_free(buffers[i]);
        size_t room = 0;
        for (unsigned other = i + 1; other < 100; other++)
            room += strong_je_sallocx(buffers[other], 0) - pool_usable_size(buffers[other]);
        ASSERT_EQ(pool_room_bytes(), room) << i;
    }
    EXPECT_EQ(pool_room_bytes(), 0u);
}
