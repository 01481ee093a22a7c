// libstrong's private memory.
#include "runtime_support.h"

#include <algorithm>
#include <sys/resource.h>

using namespace runtime_test;

namespace
{
struct Piece {
    unsigned char *at;
    size_t bytes;
};

void expect_apart(std::vector<Piece> pieces)
{
    std::sort(pieces.begin(), pieces.end(), [](const Piece &a, const Piece &b) { return a.at < b.at; });
    for (size_t i = 1; i < pieces.size(); i++)
        ASSERT_LE(pieces[i - 1].at + pieces[i - 1].bytes, pieces[i].at);
}

Piece take(size_t bytes, unsigned char mark)
{
    auto *at = (unsigned char *)arena_take(bytes);
    EXPECT_NE(at, nullptr);
    EXPECT_EQ((uintptr_t)at % 16, 0u) << bytes;
    EXPECT_EQ(std::count(at, at + bytes, 0), (ptrdiff_t)bytes) << "fresh memory is zeros";
    memset(at, mark, bytes);
    return {at, bytes};
}
} // namespace

RUNTIME_TEST(Arena, GivesAlignedZeroedMemoryThatDoesNotOverlap)
{
    std::vector<Piece> pieces;
    for (size_t bytes : {1, 15, 16, 17, 100, 4096, 16384, 16385, 65536, 200000})
        for (int i = 0; i < 20; i++)
            pieces.push_back(take(bytes, (unsigned char)(i + 1)));
    expect_apart(pieces);
    for (size_t i = 0; i < pieces.size(); i++)
        EXPECT_EQ(std::count(pieces[i].at, pieces[i].at + pieces[i].bytes, (unsigned char)(i % 20 + 1)),
                  (ptrdiff_t)pieces[i].bytes);
}

RUNTIME_TEST(Arena, ThreadsNeverGetTheSameMemory)
{
    std::vector<std::vector<Piece>> pieces(MANY_THREADS);
    in_threads(MANY_THREADS, [&](unsigned thread) {
        for (size_t i = 0; i < 500; i++)
            pieces[thread].push_back(take(i * 7 % 600 + 1, (unsigned char)(thread + 1)));
    });
    std::vector<Piece> all;
    for (unsigned thread = 0; thread < MANY_THREADS; thread++)
        for (const Piece &piece : pieces[thread]) {
            auto mark = (unsigned char)(thread + 1);
            ASSERT_EQ(std::count(piece.at, piece.at + piece.bytes, mark), (ptrdiff_t)piece.bytes);
            all.push_back(piece);
        }
    expect_apart(all);
}

RUNTIME_TEST(Arena, AForkedChildHasTheContentsButWipedMemory)
{
    auto *kept = (char *)arena_take(100), *wiped = (char *)arena_take_wiped(100);
    ASSERT_NE(kept, nullptr);
    ASSERT_NE(wiped, nullptr);
    EXPECT_EQ((uintptr_t)wiped % 4096, 0u);
    strcpy(kept, "kept");
    strcpy(wiped, "gone in the child");
    Output output = run_child([&] {
        EXPECT_STREQ(kept, "kept");
        EXPECT_STREQ(wiped, "");
        strcpy(wiped, "the child's");
    });
    EXPECT_EQ(output.status, 0);
    EXPECT_STREQ(wiped, "gone in the child");
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) // they need the address space themselves
RUNTIME_TEST(Arena, RefusedMemoryIsNullAndNoCrash)
{
    rlimit limit = {1, 1};
    ASSERT_EQ(setrlimit(RLIMIT_AS, &limit), 0);
    void *small = nullptr;
    for (int i = 0; i < 100; i++)
        small = arena_take(1000); // .bss first, then nothing
    void *large = arena_take(1 << 20), *wiped = arena_take_wiped(4096);
    limit = {RLIM_INFINITY, 1};
    EXPECT_EQ(small, nullptr);
    EXPECT_EQ(large, nullptr);
    EXPECT_EQ(wiped, nullptr);
}
#endif
