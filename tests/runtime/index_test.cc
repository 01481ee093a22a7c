// The lock-free hash index.
#include "runtime_support.h"

#include <set>

using namespace runtime_test;

namespace
{
std::set<uint32_t> found(const struct index &index, uint64_t hash)
{
    std::set<uint32_t> rows;
    uint32_t cursor = 0, row;
    while ((row = index_next(&index, hash, &cursor)))
        rows.insert(row);
    return rows;
}

uint64_t hash_of(uint64_t number)
{
    return index_hash(0, &number, sizeof number);
}
} // namespace

RUNTIME_TEST(Index, FindsWhatWasPut)
{
    struct index index;
    ASSERT_EQ(index_init(&index, 4096), 0);
    for (uint32_t row = 1; row <= 2000; row++)
        ASSERT_TRUE(index_put(&index, hash_of(row), row));
    for (uint32_t row = 1; row <= 2000; row++)
        ASSERT_EQ(found(index, hash_of(row)).count(row), 1u) << row;
    for (uint32_t row = 5001; row <= 6000; row++)
        EXPECT_TRUE(found(index, hash_of(row)).empty());
}

RUNTIME_TEST(Index, EqualHashesGiveAllTheirRows)
{
    struct index index;
    ASSERT_EQ(index_init(&index, 256), 0);
    for (uint32_t row : {7u, 9u, 11u})
        ASSERT_TRUE(index_put(&index, hash_of(1), row));
    EXPECT_EQ(found(index, hash_of(1)), (std::set<uint32_t>{7, 9, 11}));
}

RUNTIME_TEST(Index, AFullNeighbourhoodRefusesAndKeepsWhatItHas)
{
    struct index index;
    ASSERT_EQ(index_init(&index, 256), 0);
    uint64_t hash = hash_of(1);
    unsigned taken = 0;
    while (taken < 1000 && index_put(&index, hash, taken + 1))
        taken++;
    EXPECT_GE(taken, 16u);
    EXPECT_LT(taken, 256u);
    EXPECT_EQ(found(index, hash).size(), taken);
}

RUNTIME_TEST(Index, WithoutMemoryNothingIsKeptAndNothingFails)
{
    struct index index = {};
    EXPECT_FALSE(index_put(&index, 1, 1));
    EXPECT_TRUE(found(index, 1).empty());
}

RUNTIME_TEST(Index, ConcurrentPutsAreAllFound)
{
    struct index index;
    ASSERT_EQ(index_init(&index, 32768), 0);
    constexpr uint32_t each = 750;
    in_threads(MANY_THREADS, [&](unsigned thread) {
        for (uint32_t i = 0; i < each; i++) {
            uint32_t row = thread * each + i + 1;
            ASSERT_TRUE(index_put(&index, hash_of(row), row));
            ASSERT_EQ(found(index, hash_of(row)).count(row), 1u);
        }
    });
    for (uint32_t row = 1; row <= MANY_THREADS * each; row++)
        ASSERT_EQ(found(index, hash_of(row)).count(row), 1u) << row;
}

RUNTIME_TEST(Index, ConcurrentPutsOfOneHashAreAllFound)
{
    struct index index;
    ASSERT_EQ(index_init(&index, 256), 0);
    constexpr uint32_t each = 3;
    in_threads(MANY_THREADS, [&](unsigned thread) {
        for (uint32_t i = 0; i < each; i++)
            ASSERT_TRUE(index_put(&index, hash_of(1), thread * each + i + 1));
    });
    EXPECT_EQ(found(index, hash_of(1)).size(), MANY_THREADS * each);
}

RUNTIME_TEST(Index, IsEmptyInAForkedChild)
{
    struct index index;
    ASSERT_EQ(index_init(&index, 256), 0);
    ASSERT_TRUE(index_put(&index, hash_of(1), 1));
    Output output = run_child([&] { EXPECT_TRUE(found(index, hash_of(1)).empty()); });
    EXPECT_EQ(output.status, 0);
    EXPECT_EQ(found(index, hash_of(1)).size(), 1u);
}

TEST(IndexHash, IsNeverZeroAndDependsOnEverything)
{
    std::set<uint64_t> seen;
    for (uint64_t hash_seed = 0; hash_seed < 4; hash_seed++)
        for (unsigned len = 0; len < 64; len++) {
            char bytes[64] = {};
            uint64_t hash = index_hash(hash_seed, bytes, len);
            EXPECT_NE(hash, 0u);
            EXPECT_TRUE(seen.insert(hash).second) << hash_seed << " " << len;
            for (unsigned at = 0; at < len; at++) {
                bytes[at] = 1;
                EXPECT_TRUE(seen.insert(index_hash(hash_seed, bytes, len)).second);
                bytes[at] = 0;
            }
        }
}
