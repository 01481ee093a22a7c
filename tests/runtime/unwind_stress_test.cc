// unwind: threads walk, and a signal interrupts them anywhere to walk again, while others load and
// unload a library: what libunwind deadlocks at. No stall, and every frame that is known is right.
extern "C" {
#include "runtime/unwind.h"
}

#include "unwind_support.h"

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <sys/time.h>
#include <thread>

using namespace unwind_test;

namespace
{
constexpr auto run_time = std::chrono::seconds(3);
constexpr auto stall_time = std::chrono::seconds(20);

struct Progress {
    std::atomic<unsigned long> walks{0}, wrong{0};
};

std::atomic<bool> stop;
Progress walker_progress, loader_progress, signal_progress;
thread_local uintptr_t thread_high;

// Where walks of interrupted stacks ended early, for the message.
struct {
    uintptr_t pc;
    unsigned count;
    unwind_end end;
} incomplete[16];

std::string describe_incomplete()
{
    std::string text;
    for (const auto &walk : incomplete) {
        Dl_info info = {};
        if (walk.pc != 0 && dladdr(reinterpret_cast<void *>(walk.pc), &info) != 0)
            text += std::string("\n") + info.dli_fname + " " +
                    (info.dli_sname ? info.dli_sname : "?") + " +" +
                    std::to_string(walk.pc - reinterpret_cast<uintptr_t>(info.dli_fbase));
        else
            text += "\n" + std::to_string(walk.pc);
        text += " end " + std::to_string(walk.end) + " after " + std::to_string(walk.count);
    }
    return text;
}

// The bounds are kept for the thread: its signal handler must not allocate.
void learn_stack()
{
    thread_high = stack_bounds().high;
}

void __attribute__((noinline)) check_chain(const Chain &chain, Progress &progress)
{
    uintptr_t pcs[deepest];
    unwind_start start;
    unwind_end end;
    unwind_start_here(&start);
    unwind_bounds bounds = {start.sp - 128, thread_high, 0, 0};
    unsigned count = unwind_walk(&start, &bounds, pcs, deepest, &end);
    bool right = end == UNWIND_COMPLETE &&
                 std::search(pcs, pcs + count, chain.begin(), chain.end()) != pcs + count;
    progress.walks++;
    progress.wrong += !right;
}

void on_profile(int, siginfo_t *, void *ucontext)
{
    if (thread_high == 0)
        return;
    uintptr_t pcs[deepest];
    unwind_start start;
    unwind_end end;
    unwind_start_context(ucontext, &start);
    unwind_bounds bounds = {start.sp - 128, thread_high, 0, 0};
    unsigned count = unwind_walk(&start, &bounds, pcs, deepest, &end);
    signal_progress.walks++;
    if (end != UNWIND_COMPLETE) {
        unsigned long place = signal_progress.wrong++;
        if (place < std::size(incomplete))
            incomplete[place] = {pcs[count - 1], count, end};
    }
}

void walk_and_allocate()
{
    learn_stack();
    while (!stop) {
        Chain chain;
        run_under(chain, 12, [&] {
            for (unsigned i = 0; i < 20; i++) {
                void *volatile memory = malloc(100 + i);
                check_chain(chain, walker_progress);
                free(memory);
            }
        });
    }
    thread_high = 0;
}

void load_and_unload(const char *name)
{
    learn_stack();
    while (!stop) {
        void *library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
        if (library == nullptr) {
            loader_progress.wrong++;
            continue;
        }
        auto through =
            reinterpret_cast<void (*)(void (*)(void *), void *)>(dlsym(library, "unwind_through"));
        Chain chain;
        run_under(chain, 6, [&] {
            through([](void *known) { check_chain(*static_cast<Chain *>(known), loader_progress); },
                    &chain);
            keep_frame();
        });
        unwind_unload_begin();
        dlclose(library);
        unwind_unload_end();
    }
    thread_high = 0;
}

TEST(UnwindStress, NeitherStallsNorErrsWhileLibrariesComeAndGo)
{
#if defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "ThreadSanitizer holds signals back, so nothing is interrupted";
#endif
    ASSERT_EQ(0, unwind_init());
    struct sigaction action = {}, old = {};
    action.sa_sigaction = on_profile;
    action.sa_flags = SA_SIGINFO | SA_RESTART;
    sigaction(SIGPROF, &action, &old);
    std::thread threads[] = {
        std::thread(walk_and_allocate), std::thread(walk_and_allocate),
        std::thread(load_and_unload, STRONG_PROGRAMS_DIR "/libunwind_small.so"),
        std::thread(load_and_unload, STRONG_PROGRAMS_DIR "/libunwind_large.so")};
    itimerval often = {{0, 1000}, {0, 1000}};
    setitimer(ITIMER_PROF, &often, nullptr);

    const auto begin = std::chrono::steady_clock::now();
    auto moved = begin;
    unsigned long last[2] = {};
    while (std::chrono::steady_clock::now() - begin < run_time || last[0] == 0 || last[1] == 0) {
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        unsigned long now[2] = {walker_progress.walks, loader_progress.walks};
        if (now[0] != last[0] && now[1] != last[1]) {
            moved = std::chrono::steady_clock::now();
            std::copy(now, now + 2, last);
        } else if (std::chrono::steady_clock::now() - moved > stall_time) {
            fprintf(stderr, "stalled after %lu and %lu walks\n", now[0], now[1]);
            abort(); // its threads cannot be joined
        }
    }
    stop = true;
    for (auto &thread : threads)
        thread.join();
    itimerval never = {};
    setitimer(ITIMER_PROF, &never, nullptr);
    sigaction(SIGPROF, &old, nullptr);

    EXPECT_EQ(0u, walker_progress.wrong) << "of " << walker_progress.walks;
    EXPECT_EQ(0u, loader_progress.wrong) << "of " << loader_progress.walks;
    EXPECT_GT(signal_progress.walks, 20u);
    // At a few instructions the tables cannot be followed: see unwind.h.
    EXPECT_LE(static_cast<double>(signal_progress.wrong),
              1 + 0.01 * static_cast<double>(signal_progress.walks))
        << describe_incomplete();
    RecordProperty("walks", std::to_string(walker_progress.walks));
    RecordProperty("loads", std::to_string(loader_progress.walks));
    RecordProperty("signals", std::to_string(signal_progress.walks));
    RecordProperty("signals_not_complete", std::to_string(signal_progress.wrong));
}
} // namespace
