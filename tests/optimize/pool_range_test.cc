// The stretch of addresses: what is held, and what is left of it once the program has a limit.
#include "pool_support.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sys/mman.h>
#include <sys/resource.h>

using namespace pool_test;

namespace
{
size_t address_space()
{
    size_t pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    EXPECT_EQ(fscanf(file, "%zu", &pages), 1);
    fclose(file);
    return pages * 4096;
}
} // namespace

TEST(PoolRange, HoldsNothingBeforeItIsThere)
{
    int local = 0;
    isolated([&] {
        EXPECT_FALSE(pool_range_holds(&local));
        EXPECT_FALSE(pool_range_holds(nullptr));
    });
}

POOL_TEST(PoolRange, HoldsItsOwnAndNothingElse)
{
    int local = 0;
    static int global;
    EXPECT_FALSE(pool_range_holds(nullptr));
    EXPECT_FALSE(pool_range_holds(&local));
    EXPECT_FALSE(pool_range_holds(&global));
    EXPECT_TRUE(pool_range_holds((void *)pool_range.base));
    EXPECT_TRUE(pool_range_holds((void *)(pool_range.base + pool_range.size - 1)));
    EXPECT_FALSE(pool_range_holds((void *)(pool_range.base + pool_range.size)));
    EXPECT_FALSE(pool_range_holds((void *)(pool_range.base - 1)));
    EXPECT_EQ(pool_range.base % ((size_t)2 << 20), 0u);
}

POOL_TEST(PoolRange, GivesEachPieceOnceAndLargeOnesAligned)
{
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS;
    char *before = nullptr;
    size_t bytes_before = 0;
    for (size_t bytes :
         {(size_t)4096, (size_t)5000, (size_t)3 << 20, (size_t)4096, (size_t)2 << 20}) {
        auto *piece = (char *)pool_range_map(nullptr, bytes, PROT_READ | PROT_WRITE, flags, -1, 0);
        ASSERT_NE((void *)piece, MAP_FAILED);
        ASSERT_TRUE(pool_range_holds(piece) && pool_range_holds(piece + bytes - 1));
        ASSERT_GE(piece, before + bytes_before);
        if (bytes >= (size_t)2 << 20) {
            EXPECT_EQ((uintptr_t)piece % ((size_t)2 << 20), 0u);
        }
        memset(piece, 1, bytes);
        before = piece, bytes_before = bytes;
    }
    EXPECT_EQ(pool_range_unmap(before, 4096), 0);
    EXPECT_EQ(before[0], 0) << "unmapped: its pages are dropped";
    EXPECT_EQ(pool_range_map(nullptr, pool_range.size, PROT_READ, flags, -1, 0), MAP_FAILED);
    EXPECT_EQ(errno, ENOMEM);
    EXPECT_NE(pool_range_map(nullptr, 4096, PROT_READ, flags, -1, 0), MAP_FAILED)
        << "a refusal costs nothing";
}

POOL_TEST(PoolRange, IsNotMadeUnderALimit)
{
    isolated([] {
        pool_range = {};
        rlimit limit = {(rlim_t)1 << 60, RLIM_INFINITY};
        ASSERT_EQ(setrlimit(RLIMIT_AS, &limit), 0);
        pool_range_init();
        EXPECT_EQ(pool_range.size, 0u);
    });
}

POOL_TEST(PoolRange, ShrunkItTakesLittleAddressSpaceAndStillServes)
{
    isolated([] {
        void *small = pool_malloc(100), *large = pool_malloc(100000);
        size_t before = address_space(), size = pool_range.size;
        uintptr_t end = pool_range.base + size;
        pool_range_shrink();
        size_t after = address_space();
        EXPECT_GE(before - after, size - ((size_t)64 << 20));
        EXPECT_LT(pool_range.size, (size_t)64 << 20);
        EXPECT_FALSE(pool_range_holds((void *)(end - 1)));
        EXPECT_TRUE(pool_range_holds(small) && pool_range_holds(large));
        // What the kernel now puts in the old place is not the pool's, and freeing it is libc's
        // business.
        void *other = mmap((void *)(end - ((size_t)1 << 30)), 4096, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
        ASSERT_NE(other, MAP_FAILED) << "given back";
        EXPECT_FALSE(pool_range_holds(other));
        fill(small, 100, 1);
        fill(large, 100000, 2);
        pool_free(small);
        pool_free(large);
        // Beyond what the pool has, libc serves, and gets its own back.
        std::vector<void *> ptrs;
        bool foreign = false;
        for (unsigned i = 0; i < 200; i++) {
            ptrs.push_back(pool_malloc(500000));
            ASSERT_NE(ptrs.back(), nullptr);
            foreign |= !pool_range_holds(ptrs.back());
            fill(ptrs.back(), 500000, i);
        }
        EXPECT_TRUE(foreign);
        for (unsigned i = 0; i < 200; i++) {
            ptrs[i] = pool_realloc(ptrs[i], 600000);
            ASSERT_TRUE(holds(ptrs[i], 500000, i));
            EXPECT_GE(pool_usable_size(ptrs[i]), 600000u);
            pool_free(ptrs[i]);
        }
        before = address_space(), size = pool_range.size;
        pool_range_shrink();
        EXPECT_EQ(pool_range.size, size) << "a second time nothing happens";
        EXPECT_EQ(address_space(), before);
    });
}
