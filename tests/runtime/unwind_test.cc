// unwind: what a walk of the running thread's stack must return, checked against return addresses
// that the functions on it recorded themselves. The comparison with libunwind, in programs of
// strangers, is in unwind_oracle_test.cc; dlopen under load in unwind_stress_test.cc.
extern "C" {
#include "runtime/unwind.h"
}

#include "unwind_support.h"

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <random>
#include <sys/mman.h>
#include <thread>

using unwind_test::Chain;
using unwind_test::contains;
using unwind_test::keep_frame;
using unwind_test::run_under;
using unwind_test::stack_bounds;
using unwind_test::Walk;
using unwind_test::walk_here;

namespace
{
class Unwind : public testing::Test
{
  protected:
    static void SetUpTestSuite()
    {
        ASSERT_EQ(0, unwind_init());
    }
};

TEST_F(Unwind, ReturnsTheCallersInOrder)
{
    Chain chain;
    Walk walk;
    run_under(chain, 20, [&] { walk = walk_here(); });
    EXPECT_TRUE(contains(walk, chain));
    EXPECT_EQ(UNWIND_COMPLETE, walk.end);
}

TEST_F(Unwind, StartsInTheCallerWhenAsked)
{
    Walk walk;
    uintptr_t expected = 0;
    auto hook = [&]() __attribute__((noinline))
    {
        unwind_start start;
        unwind_start_caller(&start);
        expected = reinterpret_cast<uintptr_t>(__builtin_return_address(0));
        walk = unwind_test::walk_from(start, stack_bounds(start.sp));
    };
    Chain chain;
    run_under(chain, 5, [&] {
        hook();
        keep_frame();
    });
    ASSERT_FALSE(walk.pcs.empty());
    EXPECT_EQ(expected - 1, walk.pcs[0]);
    EXPECT_TRUE(contains(walk, chain));
    EXPECT_EQ(UNWIND_COMPLETE, walk.end);
}

TEST_F(Unwind, ReachesTheEndOfAThread)
{
    Chain chain;
    Walk walk;
    std::thread([&] { run_under(chain, 4, [&] { walk = walk_here(); }); }).join();
    EXPECT_TRUE(contains(walk, chain));
    EXPECT_EQ(UNWIND_COMPLETE, walk.end);
}

TEST_F(Unwind, StopsAtTheDepthAsked)
{
    Walk whole, cut, exact, none;
    Chain chain;
    run_under(chain, 10, [&] {
        for (Walk *walk : {&whole, &cut, &exact, &none})
            *walk = walk_here(walk == &cut     ? 5
                              : walk == &none  ? 0
                              : walk == &exact ? static_cast<unsigned>(whole.pcs.size())
                                               : unwind_test::deepest);
    });
    EXPECT_EQ(UNWIND_COMPLETE, whole.end);
    EXPECT_EQ(UNWIND_DEPTH, cut.end);
    ASSERT_EQ(5u, cut.pcs.size());
    EXPECT_TRUE(std::equal(cut.pcs.begin(), cut.pcs.end(), whole.pcs.begin()));
    EXPECT_EQ(UNWIND_COMPLETE, exact.end);
    EXPECT_EQ(whole.pcs, exact.pcs);
    EXPECT_EQ(UNWIND_DEPTH, none.end);
    EXPECT_TRUE(none.pcs.empty());
}

TEST_F(Unwind, WalksThroughCallbacksOfLibc)
{
    static Walk walk;
    Chain chain;
    run_under(chain, 3, [] {
        int values[] = {3, 1, 2};
        qsort(values, 3, sizeof *values, [](const void *left, const void *right) {
            walk = walk_here();
            return *static_cast<const int *>(left) - *static_cast<const int *>(right);
        });
        keep_frame();
    });
    EXPECT_TRUE(contains(walk, chain));
    EXPECT_EQ(UNWIND_COMPLETE, walk.end);
}

// What the handler of the signal tests saw. It must not allocate, so it keeps plain arrays.
struct PlainWalk {
    uintptr_t pcs[unwind_test::deepest];
    unsigned count;
    unwind_end end;

    void take(const unwind_start &start, const unwind_bounds &bounds)
    {
        count = unwind_walk(&start, &bounds, pcs, unwind_test::deepest, &end);
    }
    Walk walk() const
    {
        return {{pcs, pcs + count}, end};
    }
};

struct {
    PlainWalk here, context;
    uintptr_t interrupted;
    uintptr_t stack_high;
    bool on_alternate;
    unwind_bounds alternate;
} seen;

void signal_handler(int, siginfo_t *, void *ucontext)
{
    unwind_start start;
    unwind_start_context(ucontext, &start);
    seen.interrupted = start.pc;
    seen.context.take(start, {start.sp - 128, seen.stack_high, 0, 0});
    unwind_start_here(&start);
    seen.here.take(start, seen.on_alternate ? seen.alternate
                                            : unwind_bounds{start.sp - 128, seen.stack_high, 0, 0});
}

void raise_signal(int flags)
{
    struct sigaction action = {}, old = {};
    action.sa_sigaction = signal_handler;
    action.sa_flags = SA_SIGINFO | flags;
    seen.stack_high = stack_bounds().high;
    sigaction(SIGUSR1, &action, &old);
    raise(SIGUSR1);
    sigaction(SIGUSR1, &old, nullptr);
}

TEST_F(Unwind, WalksThroughASignalHandler)
{
    Chain chain;
    seen = {};
    run_under(chain, 6, [] { raise_signal(0); });
    const Walk here = seen.here.walk(), context = seen.context.walk();
    EXPECT_TRUE(contains(here, chain));
    EXPECT_EQ(UNWIND_COMPLETE, here.end);
    EXPECT_TRUE(contains(context, chain));
    EXPECT_EQ(UNWIND_COMPLETE, context.end);
    EXPECT_EQ(seen.interrupted, context.pcs[0]);
    // A reader subtracts 1 from all but the first, so an interrupted pc is recorded as pc + 1.
    EXPECT_EQ(1, std::count(here.pcs.begin(), here.pcs.end(), seen.interrupted + 1));
    ASSERT_GT(here.pcs.size(), context.pcs.size() + 1);
    EXPECT_TRUE(std::equal(context.pcs.rbegin(), context.pcs.rend() - 1, here.pcs.rbegin()));
}

class UnwindAlternateStack : public Unwind
{
  protected:
    static constexpr size_t size = 256 * 1024;

    void SetUp() override
    {
        stack_t stack = {};
        memory = std::make_unique<char[]>(size);
        stack.ss_sp = memory.get();
        stack.ss_size = size;
        ASSERT_EQ(0, sigaltstack(&stack, &old));
        seen = {};
        seen.on_alternate = true;
        seen.alternate.low = reinterpret_cast<uintptr_t>(memory.get());
        seen.alternate.high = seen.alternate.low + size;
    }
    void TearDown() override
    {
        sigaltstack(&old, nullptr);
    }
    std::unique_ptr<char[]> memory;
    stack_t old = {};
};

TEST_F(UnwindAlternateStack, ContinuesOnTheInterruptedStackWhenItsBoundsAreGiven)
{
    Chain chain;
    unwind_bounds interrupted = stack_bounds();
    seen.alternate.other_low = interrupted.low;
    seen.alternate.other_high = interrupted.high;
    // The handler stands lower than where the bounds were taken: the frames between were mapped.
    seen.alternate.other_low -= 64 * 1024;
    run_under(chain, 6, [] { raise_signal(SA_ONSTACK); });
    EXPECT_TRUE(contains(seen.here.walk(), chain));
    EXPECT_EQ(UNWIND_COMPLETE, seen.here.end);
}

TEST_F(UnwindAlternateStack, EndsAtTheInterruptedFrameOtherwise)
{
    Chain chain;
    run_under(chain, 6, [] { raise_signal(SA_ONSTACK); });
    EXPECT_EQ(UNWIND_BOUNDS, seen.here.end);
    ASSERT_GT(seen.here.count, 0u);
    EXPECT_EQ(seen.interrupted + 1, seen.here.pcs[seen.here.count - 1]);
}

#if defined(__x86_64__)
TEST_F(Unwind, StepsOverCodeWithoutTablesByItsFramePointer)
{
    // push rbp; mov rbp, rsp; mov rax, rdi; mov rdi, rsi; call rax; pop rbp; ret
    const unsigned char code[] = {0x55, 0x48, 0x89, 0xe5, 0x48, 0x89, 0xf8,
                                  0x48, 0x89, 0xf7, 0xff, 0xd0, 0x5d, 0xc3};
    void *page =
        mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ASSERT_NE(MAP_FAILED, page);
    std::memcpy(page, code, sizeof code);
    auto jitted = reinterpret_cast<void (*)(void (*)(void *), void *)>(page);

    Walk walk;
    Chain chain;
    unwind_statistics before, after;
    unwind_statistics_read(&before);
    run_under(chain, 5, [&] {
        jitted([](void *ret) { *static_cast<Walk *>(ret) = walk_here(); }, &walk);
        keep_frame();
    });
    unwind_statistics_read(&after);
    EXPECT_TRUE(contains(walk, chain));
    EXPECT_EQ(UNWIND_COMPLETE, walk.end);
    EXPECT_EQ(1,
              std::count(walk.pcs.begin(), walk.pcs.end(), reinterpret_cast<uintptr_t>(page) + 12));
    EXPECT_EQ(before.frame_pointer_steps + 1, after.frame_pointer_steps);
    munmap(page, 4096);
}

TEST_F(Unwind, LeavesInterruptedCodeWithoutTablesByTheReturnAddress)
{
    // push rbp; xor ebp, ebp; int3; pop rbp; ret: no frame pointer, one word pushed
    const unsigned char code[] = {0x55, 0x31, 0xed, 0xcc, 0x5d, 0xc3};
    void *page =
        mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ASSERT_NE(MAP_FAILED, page);
    std::memcpy(page, code, sizeof code);
    static uintptr_t pcs[2], expected;
    static unsigned count;
    struct sigaction action = {}, old = {};
    action.sa_sigaction = [](int, siginfo_t *, void *ucontext) {
        unwind_start start;
        unwind_end end;
        unwind_start_context(ucontext, &start);
        expected = reinterpret_cast<uintptr_t *>(start.sp)[1];
        unwind_bounds bounds = {start.sp - 128, start.sp + 256, 0, 0};
        count = unwind_walk(&start, &bounds, pcs, 2, &end);
    };
    action.sa_flags = SA_SIGINFO;
    ASSERT_EQ(0, sigaction(SIGTRAP, &action, &old));
    reinterpret_cast<void (*)()>(page)();
    sigaction(SIGTRAP, &old, nullptr);
    ASSERT_EQ(2u, count);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(page) + 4, pcs[0]);
    EXPECT_EQ(expected, pcs[1]);
    munmap(page, 4096);
}
#endif

TEST_F(Unwind, ReadsEachRuleOnceUntilAFlush)
{
    struct unwind_statistics counts[4];
    Chain chain;
    run_under(chain, 5, [&] {
        for (auto &count : counts) {
            if (&count == &counts[3])
                unwind_flush();
            walk_here();
            unwind_statistics_read(&count);
        }
    });
    EXPECT_EQ(counts[1].misses, counts[2].misses);
    EXPECT_GT(counts[3].misses, counts[2].misses + 5);
    EXPECT_EQ(counts[2].flushes + 1, counts[3].flushes);
}

TEST_F(Unwind, UsesNoKeptRulesDuringAnUnload)
{
    unwind_statistics before, during, after;
    Chain chain;
    Walk walk;
    run_under(chain, 5, [&] {
        walk_here();
        unwind_statistics_read(&before);
        unwind_unload_begin();
        for (unsigned i = 0; i < 2; i++)
            walk = walk_here();
        unwind_statistics_read(&during);
        unwind_unload_end();
        for (unsigned i = 0; i < 2; i++)
            walk_here();
        unwind_statistics_read(&after);
    });
    EXPECT_TRUE(contains(walk, chain));
    EXPECT_GE(during.misses, before.misses + 2 * walk.pcs.size());
    EXPECT_LE(after.misses, during.misses + walk.pcs.size() + 2);
}

TEST_F(Unwind, UsesNoRuleOfAnUnmappedLibrary)
{
    const std::string directory = STRONG_PROGRAMS_DIR;
    uintptr_t address[2] = {};
    for (unsigned i = 0; i < 2; i++) {
        void *library =
            dlopen((directory + (i ? "/libunwind_small.so" : "/libunwind_large.so")).c_str(),
                   RTLD_NOW | RTLD_LOCAL);
        ASSERT_NE(nullptr, library) << dlerror();
        auto through =
            reinterpret_cast<void (*)(void (*)(void *), void *)>(dlsym(library, "unwind_through"));
        address[i] = reinterpret_cast<uintptr_t>(through);
        Walk walk;
        Chain chain;
        run_under(chain, 5, [&] {
            through([](void *ret) { *static_cast<Walk *>(ret) = walk_here(); }, &walk);
            keep_frame();
        });
        EXPECT_TRUE(contains(walk, chain));
        EXPECT_EQ(UNWIND_COMPLETE, walk.end);
        unwind_unload_begin();
        ASSERT_EQ(0, dlclose(library));
        unwind_unload_end();
    }
    if (address[0] != address[1])
        GTEST_SKIP() << "the second library was not mapped where the first was";
}

// Memory between two inaccessible pages: a read outside the bounds ends the test.
class UnwindHostile : public Unwind
{
  protected:
    static constexpr size_t page = 4096, room = 4 * page;

    void SetUp() override
    {
        mapping = static_cast<char *>(
            mmap(nullptr, room + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
        ASSERT_NE(MAP_FAILED, static_cast<void *>(mapping));
        ASSERT_EQ(0, mprotect(mapping + page, room, PROT_READ | PROT_WRITE));
        bounds.low = reinterpret_cast<uintptr_t>(mapping + page);
        bounds.high = bounds.low + room;
    }
    void TearDown() override
    {
        munmap(mapping, room + 2 * page);
    }
    // Return addresses of every kind of frame, from walks through a signal handler and libc.
    static std::vector<uintptr_t> real_addresses()
    {
        Chain chain;
        seen = {};
        run_under(chain, 6, [] { raise_signal(0); });
        std::vector<uintptr_t> addresses = seen.here.walk().pcs;
        for (const char *name : {"qsort", "longjmp", "_dl_find_object", "memcpy", "vfork"})
            if (void *function = dlsym(RTLD_DEFAULT, name))
                for (unsigned offset = 0; offset < 64; offset++)
                    addresses.push_back(reinterpret_cast<uintptr_t>(function) + offset);
        return addresses;
    }
    char *mapping = nullptr;
    unwind_bounds bounds = {};
};

TEST_F(UnwindHostile, NeverReadsOutsideTheBounds)
{
    const std::vector<uintptr_t> addresses = real_addresses();
    std::mt19937_64 random(7);
    auto *words = reinterpret_cast<uint64_t *>(bounds.low);
    auto near_bounds = [&]() -> uintptr_t {
        switch (random() % 8) {
        case 0:
            return random();
        case 1:
            return random() % 64 - 32;
        case 2:
            return bounds.low - 64 + random() % 128;
        case 3:
            return bounds.high - 64 + random() % 128;
        default:
            return bounds.low + random() % room / 8 * 8;
        }
    };
    unsigned long frames = 0, ends[UNWIND_ENDS] = {};
    for (unsigned round = 0; round < 200000; round++) {
        if (round % 100 == 0)
            for (size_t i = 0; i < room / sizeof *words; i++)
                words[i] = random() % 2 ? near_bounds() : addresses[random() % addresses.size()];
        unwind_start start = {};
        start.pc = random() % 16 ? addresses[random() % addresses.size()] : near_bounds();
        start.sp = near_bounds();
        start.fp = near_bounds();
        unwind_bounds given = bounds;
        if (random() % 4 == 0)
            given.low = bounds.low + random() % room;
        if (random() % 4 == 0)
            given.high = bounds.low + random() % room; // may be below low
        if (random() % 4 == 0) {
            given.other_low = bounds.low;
            given.other_high = bounds.high;
        }
        uintptr_t pcs[64];
        unwind_end end = UNWIND_ENDS;
        unsigned count = unwind_walk(&start, &given, pcs, 64, &end);
        ASSERT_GE(count, 1u);
        ASSERT_LE(count, 64u);
        ASSERT_LT(end, UNWIND_ENDS);
        frames += count;
        ends[end]++;
    }
    EXPECT_GT(frames, 250000u); // the walks did go through the hostile memory
    EXPECT_GT(ends[UNWIND_BOUNDS], 1000u);
}

TEST_F(UnwindHostile, EndsOnAStackThatPointsToItself)
{
    const std::vector<uintptr_t> addresses = real_addresses();
    auto *words = reinterpret_cast<uint64_t *>(bounds.low);
    for (uintptr_t address : addresses) {
        for (size_t i = 0; i < room / sizeof *words; i++)
            words[i] = i % 2 ? address : bounds.low + 64;
        unwind_start start = {address, bounds.low + 64, bounds.low + 64, 0, nullptr};
        uintptr_t pcs[8192];
        unwind_end end = UNWIND_ENDS;
        unwind_walk(&start, &bounds, pcs, 8192, &end);
        EXPECT_NE(UNWIND_DEPTH, end); // room for 2,048 words: sp can only ascend
    }
}

TEST_F(UnwindHostile, AcceptsEmptyAndInvertedBounds)
{
    unwind_start start;
    unwind_start_here(&start);
    const uintptr_t top = ~uintptr_t{0};
    for (unwind_bounds given : {unwind_bounds{0, 0, 0, 0}, unwind_bounds{start.sp, start.sp, 0, 0},
                                unwind_bounds{start.sp + 8, start.sp, 0, 0},
                                unwind_bounds{0, 4, 0, 4}, unwind_bounds{top, 0, top, 0}}) {
        uintptr_t pcs[8];
        unwind_end end = UNWIND_ENDS;
        EXPECT_EQ(1u, unwind_walk(&start, &given, pcs, 8, &end));
        EXPECT_EQ(UNWIND_BOUNDS, end);
        EXPECT_EQ(start.pc, pcs[0]);
    }
}

TEST(TimingUnwind, AWarmWalkOfThirtyFramesTakesLessThanAMicrosecond)
{
#if !defined(__OPTIMIZE__) || defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "only an optimized build has the speed";
#endif
    ASSERT_EQ(0, unwind_init());
    Chain chain;
    std::vector<double> ns;
    run_under(chain, 40, [&] {
        const unwind_bounds bounds = stack_bounds();
        for (unsigned round = 0; round < 101; round++) {
            auto begin = std::chrono::steady_clock::now();
            for (unsigned i = 0; i < 100; i++) {
                uintptr_t pcs[30];
                unwind_start start;
                unwind_end end;
                unwind_start_here(&start);
                unwind_bounds here = {start.sp - 128, bounds.high, 0, 0};
                ASSERT_EQ(30u, unwind_walk(&start, &here, pcs, 30, &end));
            }
            std::chrono::duration<double, std::nano> took =
                std::chrono::steady_clock::now() - begin;
            ns.push_back(took.count() / 100);
        }
    });
    std::sort(ns.begin(), ns.end());
    EXPECT_LT(ns[ns.size() / 2], 1000.0);
}
} // namespace
