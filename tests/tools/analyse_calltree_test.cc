/* The tree of calls: who called whom, in both directions, and that nothing is lost or counted twice. */
#include "tools/analyse_case.h"
#include "tools/reader_case.h"

#include <dlfcn.h>

extern "C" {
#include "analyse/calltree.h"
}

/* Found in this program's symbol table under these names. */
extern "C" __attribute__((noinline)) void pool_cache_of_the_calltree_test()
{
    asm volatile("nop; nop");
}
extern "C" __attribute__((noinline)) void pool_close_of_the_calltree_test()
{
    asm volatile("nop; nop; nop");
}

namespace
{

constexpr uint64_t kMs = AnalyseCase::kMs;

class CalltreeTest : public testing::Test
{
  protected:
    ~CalltreeTest() override
    {
        if (made_)
            calltree_done(&tree_);
    }

    const calltree &make(calltree_cost cost, calltree_order order = CALLTREE_ROOT_FIRST)
    {
        if (!analysed_)
            analysed_ = &case_.finish();
        if (made_)
            calltree_done(&tree_);
        EXPECT_EQ(calltree_make(analysed_->model, analysed_->symbols, cost, order, &tree_), 0);
        made_ = true;
        return tree_;
    }

    /* "total self samples" of the node at the end of a path from the root, "" where there is none. */
    std::string at(const std::vector<std::string> &path)
    {
        uint32_t node = 0;
        for (const std::string &name : path) {
            uint32_t child = tree_.nodes[node].first_child;
            while (child != CALLTREE_NONE && name != tree_.nodes[child].name)
                child = tree_.nodes[child].next_sibling;
            if (child == CALLTREE_NONE)
                return "";
            node = child;
        }
        const calltree_node &found = tree_.nodes[node];
        return std::to_string(found.total) + " " + std::to_string(found.self) + " " +
               std::to_string(found.samples);
    }

    std::vector<std::string> children(const std::vector<std::string> &path = {})
    {
        uint32_t node = 0;
        for (const std::string &name : path) {
            node = tree_.nodes[node].first_child;
            while (name != tree_.nodes[node].name)
                node = tree_.nodes[node].next_sibling;
        }
        std::vector<std::string> names;
        for (uint32_t child = tree_.nodes[node].first_child; child != CALLTREE_NONE;
             child = tree_.nodes[child].next_sibling)
            names.push_back(tree_.nodes[child].name);
        return names;
    }

    /* What calltree.h promises of every tree. */
    void expect_sound(uint64_t total)
    {
        EXPECT_STREQ(tree_.nodes[0].name, "all");
        EXPECT_EQ(tree_.nodes[0].total, total);
        std::vector<uint64_t> sums(tree_.count);
        std::vector<double> variances(tree_.count);
        for (size_t i = 0; i < tree_.count; i++) {
            const calltree_node &node = tree_.nodes[i];
            sums[i] += node.self;
            uint64_t before = UINT64_MAX;
            for (uint32_t child = node.first_child; child != CALLTREE_NONE;
                 child = tree_.nodes[child].next_sibling) {
                EXPECT_GT(child, i);
                EXPECT_EQ(tree_.nodes[child].parent, i);
                EXPECT_LE(tree_.nodes[child].total, before);
                before = tree_.nodes[child].total;
                sums[i] += tree_.nodes[child].total;
                variances[i] += tree_.nodes[child].variance;
            }
            EXPECT_EQ(node.total, sums[i]) << node.name;
            EXPECT_GE(node.variance, variances[i] * 0.999) << node.name;
        }
    }

    AnalyseCase case_;
    calltree tree_ = {};

  private:
    const analysis *analysed_ = nullptr;
    bool made_ = false;
};

TEST_F(CalltreeTest, SharesTheWayFromMainAndKeepsWhatEachFunctionCostItself)
{
    uint64_t main = case_.function("main"), parse = case_.function("parse"),
             read = case_.function("read_row");
    case_.cpu_sample(30, {parse, main});
    case_.cpu_sample(20, {read, parse, main});
    case_.cpu_sample(5, {main});
    const calltree &tree = make(CALLTREE_CPU);
    expect_sound(550 * kMs);
    EXPECT_EQ(tree.count, 4u);
    EXPECT_EQ(tree.samples, 55u);
    EXPECT_EQ(at({"main"}), "550000000 50000000 55");
    EXPECT_EQ(at({"main", "parse"}), "500000000 300000000 50");
    EXPECT_EQ(at({"main", "parse", "read_row"}), "200000000 200000000 20");
    EXPECT_EQ(tree.nodes[0].kind, CALLTREE_OTHER);
    EXPECT_EQ(tree.nodes[1].kind, CALLTREE_FUNCTION);
    EXPECT_STREQ(tree.nodes[1].module, "[jit]");
}

TEST_F(CalltreeTest, InvertedPutsWhatCostFirstAndItsCallersBelow)
{
    uint64_t main = case_.function("main"), parse = case_.function("parse"),
             copy = case_.function("copy");
    case_.cpu_sample(10, {copy, parse, main});
    case_.cpu_sample(20, {copy, main});
    case_.cpu_sample(5, {parse, main});
    make(CALLTREE_CPU, CALLTREE_LEAF_FIRST);
    expect_sound(350 * kMs);
    EXPECT_EQ(children(), (std::vector<std::string>{"copy", "parse"}));
    EXPECT_EQ(children({"copy"}), (std::vector<std::string>{"main", "parse"}));
    EXPECT_EQ(at({"copy"}), "300000000 0 30");
    EXPECT_EQ(at({"copy", "parse", "main"}), "100000000 100000000 10");
}

TEST_F(CalltreeTest, TakesEveryAddressOfAFunctionForThatFunctionAndRemembersTheHeaviest)
{
    uint64_t main = case_.function("main"), parse = case_.function("parse");
    case_.cpu_sample(3, {parse, main});
    case_.cpu_sample(9, {parse + 8, main + 8});
    case_.cpu_sample(4, {parse + 16, main});
    const calltree &tree = make(CALLTREE_CPU);
    expect_sound(160 * kMs);
    EXPECT_EQ(tree.count, 3u);
    EXPECT_EQ(tree.nodes[2].frame.address, parse + 8 - 1) << "of the call, not behind it";
}

TEST_F(CalltreeTest, EndsAWaitWithTheCallThatWaitedAndWhatItWaitedFor)
{
    uint64_t main = case_.function("main"), ask = case_.function("ask");
    uint32_t stack = case_.segment.stack({ask, main});
    uint32_t redis = case_.segment.target(TARGET_TCP_OUT, "tcp://127.0.0.1:6379");
    case_.segment.sample(SAMPLE_BLOCKED, HOOK_recv, redis, stack, 7,
                         AnalyseCase::ticks(70 * kMs));
    case_.segment.sample(SAMPLE_BLOCKED, HOOK_usleep, 0, stack, 1, AnalyseCase::ticks(2 * kMs));
    make(CALLTREE_BLOCKED);
    expect_sound(72 * kMs);
    EXPECT_EQ(at({"main", "ask", "recv", "tcp://127.0.0.1:6379"}), "70000000 70000000 7");
    EXPECT_EQ(at({"main", "ask", "usleep"}), "2000000 2000000 1");
    make(CALLTREE_BLOCKED, CALLTREE_LEAF_FIRST);
    expect_sound(72 * kMs);
    EXPECT_EQ(at({"tcp://127.0.0.1:6379", "recv", "ask", "main"}), "70000000 70000000 7");
}

TEST_F(CalltreeTest, SaysOfALockWhoHeldIt)
{
    uint64_t take = case_.function("take"), put = case_.function("put");
    uint32_t lock = case_.segment.site(TARGET_LOCK, take, put),
             other = case_.segment.site(TARGET_LOCK, take);
    uint32_t stack = case_.segment.stack({take});
    case_.segment.sample(SAMPLE_LOCK_WAIT, HOOK_pthread_mutex_lock, lock, stack, 2,
                         AnalyseCase::ticks(8 * kMs));
    case_.segment.sample(SAMPLE_LOCK_WAIT, HOOK_pthread_mutex_lock, other, stack, 1,
                         AnalyseCase::ticks(kMs));
    make(CALLTREE_LOCK);
    expect_sound(9 * kMs);
    EXPECT_EQ(at({"take", "pthread_mutex_lock"}), "9000000 1000000 3");
    EXPECT_EQ(at({"take", "pthread_mutex_lock", "held by put"}), "8000000 8000000 2");
}

TEST_F(CalltreeTest, HangsCutStacksAndSamplesWithoutOneWhereTheyCanBeSeen)
{
    uint64_t deep = case_.function("deep");
    case_.segment.sample(SAMPLE_CPU, HOOK_NONE, 0,
                         case_.segment.stack({deep}, 0, STACK_TRUNCATED), 2, 20 * kMs);
    case_.segment.sample(SAMPLE_CPU, HOOK_NONE, 0, 0, 1, 10 * kMs);
    make(CALLTREE_CPU);
    expect_sound(30 * kMs);
    EXPECT_EQ(at({"(cut)", "deep"}), "20000000 20000000 2");
    EXPECT_EQ(at({"(no stack)"}), "10000000 10000000 1");
    make(CALLTREE_CPU, CALLTREE_LEAF_FIRST);
    EXPECT_EQ(at({"deep", "(cut)"}), "20000000 20000000 2");
}

TEST_F(CalltreeTest, LeavesOutTheProfilerButNotTheAllocatorInIt)
{
    /* this test program under the library's name: its functions are the library's */
    TemporaryDirectory folder;
    std::string library = folder / "libstrong.so";
    ASSERT_EQ(symlink("/proc/self/exe", library.c_str()), 0);
    Dl_info own;
    ASSERT_NE(dladdr(reinterpret_cast<void *>(pool_cache_of_the_calltree_test), &own), 0);
    uint64_t bias = reinterpret_cast<uint64_t>(own.dli_fbase);
    case_.segment.module(library, bias, bias + (256 << 20), bias);
    uint64_t pool = reinterpret_cast<uint64_t>(pool_cache_of_the_calltree_test) + 1;
    uint64_t hook = reinterpret_cast<uint64_t>(pool_close_of_the_calltree_test) + 1;
    uint64_t main = case_.function("main"), back = case_.function("called_back");
    case_.cpu_sample(4, {pool, hook, main});
    case_.cpu_sample(2, {hook, main});
    case_.cpu_sample(1, {back, hook, main});
    make(CALLTREE_CPU);
    expect_sound(70 * kMs);
    EXPECT_EQ(at({"main"}), "70000000 20000000 7");
    EXPECT_EQ(at({"main", "pool_cache_of_the_calltree_test"}), "40000000 40000000 4");
    EXPECT_EQ(at({"main", "called_back"}), "10000000 10000000 1");
}

TEST_F(CalltreeTest, IsOneFunctionForAllOfAModuleWithoutSymbols)
{
    case_.segment.module("/nowhere/libsecret.so", 0x10000000, 0x10100000, 0x10000000);
    uint64_t main = case_.function("main");
    case_.cpu_sample(4, {0x10000050, main});
    case_.cpu_sample(3, {0x10004150, main});
    const calltree &tree = make(CALLTREE_CPU);
    expect_sound(70 * kMs);
    EXPECT_EQ(at({"main", "[libsecret.so]"}), "70000000 70000000 7");
    EXPECT_EQ(tree.count, 3u);
}

TEST_F(CalltreeTest, ReadsWhatLivesAndWhatLivedAtThePeakFromTheHeap)
{
    uint32_t keep = case_.segment.stack({case_.function("keep")});
    uint32_t burst = case_.segment.stack({case_.function("burst")});
    for (uint32_t stack : {keep, burst})
        case_.segment.sample(SAMPLE_ALLOCATED, HOOK_malloc, 0, stack, 10, 5 << 20);
    case_.segment.sample(SAMPLE_TEMPORARY, HOOK_malloc, 0, burst, 3, 1 << 20);
    case_.segment.live(keep, 4 << 20, 4, 4 << 20, 4);
    case_.segment.live(burst, 0, 0, 5 << 20, 5);
    make(CALLTREE_LIVE);
    expect_sound(4 << 20);
    EXPECT_EQ(at({"keep"}), "4194304 4194304 0");
    EXPECT_EQ(at({"burst"}), "") << "nothing of it lives";
    make(CALLTREE_PEAK);
    expect_sound(9 << 20);
    EXPECT_EQ(children(), (std::vector<std::string>{"burst", "keep"}));
    make(CALLTREE_ALLOCATED);
    expect_sound(10 << 20);
    make(CALLTREE_TEMPORARY);
    expect_sound(1 << 20);
    EXPECT_EQ(at({"burst"}), "1048576 1048576 3");
}

TEST_F(CalltreeTest, IsTheRootAloneWhereNothingWasSeen)
{
    for (int cost = 0; cost < CALLTREE_COSTS; cost++) {
        for (calltree_order order : {CALLTREE_ROOT_FIRST, CALLTREE_LEAF_FIRST}) {
            const calltree &tree = make(static_cast<calltree_cost>(cost), order);
            EXPECT_EQ(tree.count, 1u);
            expect_sound(0);
        }
    }
}

TEST_F(CalltreeTest, KeepsItsSumsBelowTheLimitOfAllSums)
{
    uint32_t stack = case_.segment.stack({case_.function("main")});
    uint32_t other = case_.segment.stack({case_.function("other")});
    for (uint32_t each : {stack, other})
        case_.segment.sample(SAMPLE_CPU, HOOK_NONE, 0, each, 1, UINT64_MAX);
    make(CALLTREE_CPU);
    expect_sound(1ull << 62);
}

TEST(CalltreeCost, IsMeasuredOnlyWhereItWasSampled)
{
    AnalyseCase c;
    c.segment.header().cpu_period_ns = 0;
    c.segment.header().alloc_period_bytes = 0;
    const model *model = c.finish().model;
    EXPECT_FALSE(calltree_measured(model, CALLTREE_CPU));
    EXPECT_TRUE(calltree_measured(model, CALLTREE_BLOCKED));
    EXPECT_TRUE(calltree_measured(model, CALLTREE_LOCK));
    for (calltree_cost cost : {CALLTREE_ALLOCATED, CALLTREE_LIVE, CALLTREE_PEAK, CALLTREE_TEMPORARY})
        EXPECT_FALSE(calltree_measured(model, cost));
}

TEST(CalltreeCost, SaysUnfreedAtExitOfAProcessThatEnded)
{
    AnalyseCase c;
    const model *model = c.finish().model;
    EXPECT_STREQ(calltree_cost_title(model, CALLTREE_LIVE), "unfreed at exit");
    EXPECT_STREQ(calltree_cost_title(model, CALLTREE_CPU), "on CPU");
    EXPECT_STREQ(calltree_cost_name(CALLTREE_LIVE), "live");
    EXPECT_TRUE(calltree_cost_is_bytes(CALLTREE_PEAK));
    EXPECT_FALSE(calltree_cost_is_bytes(CALLTREE_LOCK));
}

} // namespace
