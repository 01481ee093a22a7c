// Sizes and their classes, against a search through the list and against what jemalloc says itself.
#include "pool_support.h"

#include <random>

using namespace pool_test;

namespace
{
// jemalloc's class, by the table and the code that memory_pool.c sets for a large block.
uint64_t large_bytes(size_t size)
{
    return pool_class_bytes[pool_large_class(size)];
}
} // namespace

TEST(PoolClasses, EverySizeIsServedByTheLeastClassThatHoldsIt)
{
    pool_classes_init();
    for (size_t size = 0; size <= POOL_LARGEST; size++) {
        size_t least = 1;
        while (pool_class_bytes[least] < size)
            least++;
        ASSERT_EQ(pool_class(size), least) << size;
        ASSERT_LT(least, (size_t)POOL_CLASSES);
    }
}

TEST(PoolClasses, RiseInMultiplesOfSixteenAndWasteAtMostAnEighth)
{
    pool_classes_init();
    EXPECT_EQ(pool_class_bytes[0], 0u);
    EXPECT_EQ(pool_class_bytes[1], 16u);
    EXPECT_EQ(pool_class_bytes[POOL_CLASSES - 1], (uint64_t)POOL_LARGEST);
    for (unsigned i = 2; i < POOL_CLASSES; i++) {
        uint64_t bytes = pool_class_bytes[i], below = pool_class_bytes[i - 1];
        EXPECT_EQ(bytes % 16, 0u);
        EXPECT_LT(below, bytes);
        EXPECT_TRUE(bytes <= 128 || (bytes - below - 16) * 8 <= below) << bytes;
        EXPECT_TRUE(bytes <= 4096 || POOL_SPAN_BYTES / bytes < POOL_SPAN_BYTES / below) << bytes;
    }
    EXPECT_GT(pool_class_bytes[POOL_CLASSES], (uint64_t)POOL_LARGEST);
}

POOL_TEST(PoolClasses, LargeOnesAreThoseOfJemalloc)
{
    std::mt19937_64 random(7);
    std::vector<size_t> sizes;
    for (unsigned shift = 13; shift < 46; shift++) {
        size_t power = (size_t)1 << shift;
        for (size_t quarter = 0; quarter < 4; quarter++)
            for (long off : {-1, 0, 1})
                sizes.push_back(power + quarter * (power / 4) + (size_t)off);
        for (unsigned i = 0; i < 300; i++)
            sizes.push_back(power + random() % power);
    }
    unsigned tried = 0;
    for (size_t size : sizes) {
        if (size <= POOL_LARGEST)
            continue;
        ASSERT_EQ(large_bytes(size), strong_je_nallocx(size, 0)) << size;
        ASSERT_LT(pool_large_class(size), (unsigned)POOL_CODES);
        tried++;
    }
    EXPECT_GT(tried, 10000u);
}

POOL_TEST(PoolClasses, TellTheUsableSizeOfEveryBlock)
{
    for (size_t size = 0; size < 200000; size += size < 9000 ? 1 : 997) {
        void *ptr = pool_malloc(size);
        ASSERT_TRUE(ptr && pool_range_holds(ptr));
        size_t usable = pool_usable_size(ptr);
        ASSERT_EQ(usable, size <= POOL_LARGEST ? pool_class_bytes[pool_class(size)]
                                               : strong_je_sallocx(ptr, 0));
        ASSERT_GE(usable, size);
        fill(ptr, usable, 1);
        pool_free(ptr);
    }
}
