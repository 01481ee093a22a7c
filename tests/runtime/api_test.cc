// What a program reports with strong.h: names, operations, counts and gauges, in the segment.
#include "runtime_support.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cmath>
#include <limits>
#include <random>
#include <set>
#include <sys/wait.h>

using namespace runtime_test;

namespace
{
uint32_t target_of(const std::string &name)
{
    return name_number(name.c_str()) - 1;
}

// Of all targets with that name: threads that bring it up at the same moment may make several, for readers to merge.
Row row_named(unsigned hook, const std::string &name)
{
    Row sum{};
    for (uint32_t at = 1; at < segment->tables[TABLE_TARGETS].used; at++)
        if (target(at).kind == (uint32_t)TARGET_CUSTOM && target_text(at) == name) {
            Row one = row(hook, at);
            sum.calls += one.calls;
            sum.bytes += one.bytes;
            sum.ticks += one.ticks;
        }
    return sum;
}

// An operation that began so long ago.
void operation(uint32_t number, uint64_t ticks, uint64_t bytes = 0, int error = 0)
{
    operation_end({clock_ticks() - ticks, number, 0}, bytes, error);
}

hook_crowd crowd(unsigned hook)
{
    return *(const hook_crowd *)segment_record(TABLE_CROWD, hook);
}

const gauge_record *gauge(const std::string &name)
{
    const segment_table &table = segment->tables[TABLE_GAUGES];
    for (uint32_t i = 1; i < table.used && i < table.capacity; i++) {
        const auto *row = (const gauge_record *)segment_record(TABLE_GAUGES, i);
        if (row->key == (1ull << 32 | target_of(name)))
            return row;
    }
    return nullptr;
}
} // namespace

TEST(Api, TheTableIsWholeAndSaysItsSize)
{
    EXPECT_EQ(sizeof(strong_token), 16u);
    EXPECT_EQ(sizeof(strong_api_v1), 8 + 7 * sizeof(void *));
    EXPECT_EQ(offsetof(strong_api_v1, size), 0u);
    EXPECT_EQ(offsetof(strong_api_v1, enabled), 8u);
    EXPECT_EQ(offsetof(strong_api_v1, get_metrics), 8 + 6 * sizeof(void *));
}

// ---- names ----

RUNTIME_TEST(ApiNames, EqualTextsAreOneWhateverThePointer)
{
    Runtime runtime;
    std::string one = "checkout", two = one;
    EXPECT_EQ(name_number(one.c_str()), name_number(two.c_str()));
    EXPECT_NE(name_number("checkin"), name_number(one.c_str()));
    EXPECT_EQ(target_text(target_of("checkout")), "checkout");
    EXPECT_EQ(target(target_of("checkout")).kind, (uint32_t)TARGET_CUSTOM);
}

RUNTIME_TEST(ApiNames, ABufferThatIsUsedAgainMeansWhatItHoldsNow)
{
    Runtime runtime;
    char room[16];
    std::map<std::string, uint32_t> numbers;
    for (int round = 0; round < 3; round++)
        for (const char *name : {"a", "ab", "abc", "b", "bc", "c"}) {
            strcpy(room, name);
            uint32_t number = name_number(room);
            EXPECT_EQ(target_text(number - 1), name);
            EXPECT_EQ(numbers.emplace(name, number).first->second, number);
        }
}

RUNTIME_TEST(ApiNames, AreCutAndCleaned)
{
    Runtime runtime;
    EXPECT_EQ(target_text(target_of("a\tb\n\x1b[31mc\x7f")), "a?b??[31mc?");
    EXPECT_EQ(target_text(target_of("")), "(unnamed)");
    EXPECT_EQ(target_text(name_number(nullptr) - 1), "(unnamed)");
    EXPECT_EQ(target_text(target_of(std::string(63, 'x'))), std::string(63, 'x'));
    EXPECT_EQ(target_text(target_of(std::string(64, 'x'))), std::string(63, 'x'));
    EXPECT_EQ(target_of(std::string(1000, 'x')), target_of(std::string(64, 'x')));
    // not inside of a character, however long it is
    EXPECT_EQ(target_text(target_of(std::string(62, 'y') + "ü")), std::string(62, 'y'));
    EXPECT_EQ(target_text(target_of(std::string(61, 'y') + "ü")), std::string(61, 'y') + "ü");
    EXPECT_EQ(target_text(target_of(std::string(60, 'y') + "\xf0\x9f\x98\x80")), std::string(60, 'y'));
}

RUNTIME_TEST(ApiNames, BeyondTheLimitAreOther)
{
    Runtime runtime;
    std::set<uint32_t> targets;
    for (int i = 0; i < 300; i++) {
        uint32_t number = name_number(("name " + std::to_string(i)).c_str());
        EXPECT_EQ(number == 1, i >= CUSTOM_NAMES) << i;
        targets.insert(number);
        operation(number, 1000);
        gauge_set(number, i);
    }
    EXPECT_EQ(targets.size(), CUSTOM_NAMES + 1u);
    EXPECT_EQ(name_number("name 5"), *targets.begin() + 6) << "known ones stay known";
    EXPECT_EQ(row(HOOK_operation, 0).calls, 300u - CUSTOM_NAMES);
    EXPECT_EQ(counter(COUNTER_custom_names_full), 300u - CUSTOM_NAMES);
    EXPECT_EQ(counter(COUNTER_custom_gauges_lost), 300u - CUSTOM_NAMES);
    EXPECT_EQ(counter(COUNTER_target_table_full), 0u) << "there is room for others";
    ASSERT_NE(gauge("name 127"), nullptr);
    EXPECT_EQ(gauge("name 127")->last, 127);
}

RUNTIME_TEST(ApiNames, ThreadsThatBringThemUpTogetherKeepWithinTheLimit)
{
    Runtime runtime;
    constexpr int names = 2 * CUSTOM_NAMES;
    in_threads(MANY_THREADS, [](unsigned) {
        attach();
        for (int i = 0; i < names; i++)
            count_add(name_number(("name " + std::to_string(i)).c_str()), 1);
    });
    uint32_t customs = 0;
    for (uint32_t i = 1; i < segment->tables[TABLE_TARGETS].used; i++)
        customs += target(i).kind == TARGET_CUSTOM;
    EXPECT_EQ(customs, (uint32_t)CUSTOM_NAMES);
    uint64_t calls = 0;
    for (uint32_t i = 0; i < segment->tables[TABLE_TARGETS].used; i++)
        calls += row(HOOK_count, i).calls;
    EXPECT_EQ(calls, (uint64_t)MANY_THREADS * names);
}

RUNTIME_TEST(ApiNames, NumbersThatAreNotOursAreOther)
{
    Runtime runtime;
    for (uint32_t number : {0u, 1u, 1u << 20, UINT32_MAX}) {
        operation(number, 100);
        count_add(number, 1);
        gauge_set(number, 1);
    }
    EXPECT_EQ(row(HOOK_operation, 0).calls, 4u);
    EXPECT_EQ(row(HOOK_count, 0).calls, 4u);
    EXPECT_EQ(counter(COUNTER_custom_gauges_lost), 4u);
}

RUNTIME_TEST(ApiNames, LeaveRoomForWhatCallsTouch)
{
    Runtime runtime;
    for (uint32_t i = 0; i < 200; i++) {
        operation(name_number(("name " + std::to_string(i)).c_str()), 1000);
        count_add(name_number(("name " + std::to_string(i)).c_str()), 1);
        thread_count_derived(HOOK_open, 1000 + i, 100, 0, false);
    }
    thread_count_derived(HOOK_connect, 7, 100, 0, false);
    EXPECT_EQ(row(HOOK_connect, 7).calls, 1u) << "a peer still has a cell of its own";
    uint64_t operations = 0, counts = 0, opens = 0;
    for (uint32_t i = 0; i < 1200; i++) {
        operations += row(HOOK_operation, i).calls;
        counts += row(HOOK_count, i).calls;
        opens += row(HOOK_open, i).calls;
    }
    EXPECT_EQ(operations, 200u);
    EXPECT_EQ(counts, 200u);
    EXPECT_EQ(opens, 200u);
    EXPECT_GT(row(HOOK_open, 1090).calls, 0u);
}

// ---- operations ----

RUNTIME_TEST(ApiOperations, TheHistogramLiesBetweenWhatIsMeasuredInsideAndOutside)
{
    Runtime runtime;
    uint32_t number = name_number("spin");
    std::mt19937_64 random(3);
    uint64_t inside = 0, outside = 0;
    std::vector<uint64_t> inner(HISTOGRAM_BUCKETS), outer(HISTOGRAM_BUCKETS);
    for (int i = 0; i < 3000; i++) {
        uint64_t want = 1ull << random() % 18;
        uint64_t before = clock_ticks();
        strong_token token = operation_begin(number);
        uint64_t begin = clock_ticks(), end;
        while ((end = clock_ticks()) - begin < want)
            ;
        operation_end(token, 2, 0);
        uint64_t after = clock_ticks();
        inside += end - begin;
        outside += after - before;
        inner[histogram_bucket(end - begin)]++;
        outer[histogram_bucket(after - before)]++;
    }
    Row found = row(HOOK_operation, number - 1);
    EXPECT_EQ(found.calls, 3000u);
    EXPECT_EQ(found.histogram_sum(), 3000u);
    EXPECT_EQ(found.bytes, 6000u);
    EXPECT_EQ(found.errors, 0u);
    EXPECT_GE(found.ticks, inside);
    EXPECT_LE(found.ticks, outside);
    uint64_t below = 0, inner_below = 0, outer_below = 0;
    for (unsigned bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++) {
        below += found.histogram[bucket];
        inner_below += inner[bucket];
        outer_below += outer[bucket];
        ASSERT_LE(below, inner_below) << bucket;
        ASSERT_GE(below, outer_below) << bucket;
    }
}

RUNTIME_TEST(ApiOperations, AreNoSpans)
{
    Runtime runtime;
    strong_token outer = operation_begin(name_number("outer"));
    struct span span;
    span_begin(&span, HOOK_usleep, 0);
    EXPECT_EQ(thread_hot.block->now_hook, (uint32_t)HOOK_usleep);
    strong_token inner = operation_begin(name_number("inner"));
    EXPECT_EQ(thread_hot.block->now_hook, (uint32_t)HOOK_usleep);
    operation_end(inner, 0, 0);
    EXPECT_EQ(thread_hot.block->now_hook, (uint32_t)HOOK_usleep);
    EXPECT_EQ(thread_hot.outer, &span);
    span_end(&span, 0, 0);
    EXPECT_EQ(thread_hot.block->class_ticks[CLASS_SLEEP], row(HOOK_usleep, 0).ticks);
    uint64_t before = thread_hot.block->class_ticks[CLASS_SLEEP];
    operation_end(outer, 0, 0);
    EXPECT_EQ(thread_hot.block->class_ticks[CLASS_SLEEP], before);
    EXPECT_EQ(thread_hot.block->class_ticks[CLASS_CUSTOM], 0u);
    EXPECT_EQ(thread_hot.block->now_hook, 0u);
    EXPECT_EQ(row(HOOK_operation, target_of("outer")).calls, 1u);
    EXPECT_EQ(row(HOOK_operation, target_of("inner")).calls, 1u);
    EXPECT_GE(row(HOOK_operation, target_of("outer")).ticks, row(HOOK_usleep, 0).ticks);
}

RUNTIME_TEST(ApiOperations, SlowOnesLeaveAnEventAndFailedOnesTheirErrno)
{
    Runtime runtime(Environment{{"STRONG_SAMPLE_RATE", "0"}, {"STRONG_SLOW", "1ms"}});
    uint32_t number = name_number("serve");
    operation(number, clock_ns_to_ticks(100000));
    EXPECT_EQ(thread_hot.block->events_written, 0u);
    operation(number, clock_ns_to_ticks(2000000), 4096, ECONNRESET);
    ASSERT_EQ(thread_hot.block->events_written, 1u);
    const event_record &event = thread_hot.block->events[0];
    EXPECT_EQ(event.hook, HOOK_operation);
    EXPECT_EQ(event.target, number - 1);
    EXPECT_EQ(event.error, ECONNRESET);
    EXPECT_EQ(event.bytes, 4096u);
    EXPECT_GE(event.duration_ticks, clock_ns_to_ticks(2000000));
    EXPECT_EQ(row(HOOK_operation, number - 1).errors, 1u);
    uint64_t counted = 0;
    for (const error_count &error : thread_hot.block->errors)
        counted += error.key == ((uint32_t)HOOK_operation << 16 | ECONNRESET) ? error.count : 0;
    EXPECT_EQ(counted, 1u);
}

RUNTIME_TEST(ApiOperations, MayEndInAnotherThreadOrNever)
{
    Runtime runtime;
    uint32_t number = name_number("handed on");
    strong_token token = operation_begin(number);
    operation_begin(number);
    std::thread([&] {
        attach();
        operation_end(token, 0, 0);
    }).join();
    operation_end({0, number, 0}, 0, 0); // begun where nothing was measured
    EXPECT_EQ(row(HOOK_operation, number - 1).calls, 1u);
}

RUNTIME_TEST(ApiOperations, PreserveErrno)
{
    Runtime runtime(Environment{{"STRONG_SAMPLE_RATE", "1"}, {"STRONG_SLOW", "0"}});
    for (int i = 0; i < 200; i++) {
        errno = 4321;
        std::string name = "name " + std::to_string(i);
        operation_end(operation_begin(name_number(name.c_str())), 1, i % 3);
        count_add(name_number(name.c_str()), 1);
        gauge_set(name_number(name.c_str()), i % 2 ? 1.0 : NAN);
        char room[100];
        metrics_get(room, sizeof room);
        ASSERT_EQ(errno, 4321);
    }
}

// ---- counts ----

RUNTIME_TEST(ApiCounts, SumUpExactlyOverThreads)
{
    Runtime runtime;
    constexpr unsigned rounds = 5000;
    in_threads(MANY_THREADS, [](unsigned i) {
        attach();
        for (unsigned n = 0; n < rounds; n++) {
            count_add(name_number("all"), 3);
            count_add(name_number(i % 2 ? "odd" : "even"), i);
        }
    });
    Row all = row_named(HOOK_count, "all");
    EXPECT_EQ(all.calls, MANY_THREADS * rounds);
    EXPECT_EQ(all.bytes, 3 * MANY_THREADS * rounds);
    EXPECT_EQ(all.ticks, 0u);
    constexpr unsigned half = MANY_THREADS / 2; // 1 + 3 + 5 … is its square, 0 + 2 + 4 … that less each one's 1
    EXPECT_EQ(row_named(HOOK_count, "odd").bytes, rounds * half * half);
    EXPECT_EQ(row_named(HOOK_count, "even").bytes, rounds * half * (half - 1));
}

// ---- gauges ----

RUNTIME_TEST(ApiGauges, KeepTheLastTheLowestTheHighestAndTheSum)
{
    Runtime runtime;
    uint32_t number = name_number("queue");
    for (double value : {3.5, -2.0, 0.0, 7.25, 1.0})
        gauge_set(number, value);
    const gauge_record *row = gauge("queue");
    ASSERT_NE(row, nullptr);
    EXPECT_EQ(row->last, 1);
    EXPECT_EQ(gauge_value(~row->lowest), -2);
    EXPECT_EQ(gauge_value(row->highest), 7.25);
    EXPECT_EQ(row->sum, 9.75);
    EXPECT_EQ(row->count, 5u);
    EXPECT_LE(row->last_ticks, clock_ticks());
    EXPECT_GE(row->last_ticks, segment->start_ticks);
}

RUNTIME_TEST(ApiGauges, LeaveOutAndCountWhatIsNotFinite)
{
    Runtime runtime;
    uint32_t number = name_number("queue");
    for (double value : {std::nan(""), std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()})
        gauge_set(number, value);
    EXPECT_EQ(gauge("queue"), nullptr);
    EXPECT_EQ(counter(COUNTER_custom_gauges_lost), 3u);
    gauge_set(number, std::numeric_limits<double>::max());
    gauge_set(number, std::numeric_limits<double>::denorm_min());
    EXPECT_EQ(gauge_value(gauge("queue")->highest), std::numeric_limits<double>::max());
    EXPECT_EQ(gauge_value(~gauge("queue")->lowest), std::numeric_limits<double>::denorm_min());
}

RUNTIME_TEST(ApiGauges, AreExactOverThreads)
{
    Runtime runtime;
    name_number("shared"); // one target: brought up at the same moment it may be several, which readers merge
    constexpr unsigned each = 1250, all = MANY_THREADS * each;
    in_threads(MANY_THREADS, [](unsigned thread) {
        attach();
        for (unsigned i = 0; i < each; i++) {
            gauge_set(name_number("shared"), thread * each + i);
            gauge_set(name_number(("own " + std::to_string(thread)).c_str()), i);
        }
    });
    const gauge_record *shared = gauge("shared");
    ASSERT_NE(shared, nullptr);
    EXPECT_EQ(shared->count, all);
    EXPECT_EQ(gauge_value(~shared->lowest), 0);
    EXPECT_EQ(gauge_value(shared->highest), all - 1);
    EXPECT_EQ(shared->sum, (all - 1.0) * all / 2); // whole numbers: no rounding whatever the order
    for (unsigned thread = 0; thread < MANY_THREADS; thread++)
        EXPECT_EQ(gauge("own " + std::to_string(thread))->last, each - 1);
}

// ---- signal handlers ----

#if defined(__x86_64__)
namespace
{
uint64_t handled, handled_gauges;
uint32_t number_in_handler;

void handler(int)
{
    operation_end(operation_begin(number_in_handler), 1, 0);
    count_add(name_number("in handler"), 1);
    count_add(number_in_handler, 1);
    if (handled++ % 61 == 0) { // a loop of compare-and-swap that is disturbed at every instruction never ends
        gauge_set(number_in_handler, 1);
        handled_gauges++;
    }
}

// The CPU's trap flag: from here on a SIGTRAP after every instruction, but not inside the handler.
void step(bool on)
{
    if (on)
        __asm__ volatile("leaq -128(%%rsp), %%rsp; pushfq; orq $0x100, (%%rsp); popfq; leaq 128(%%rsp), %%rsp"
                         : : : "memory", "cc");
    else
        __asm__ volatile("leaq -128(%%rsp), %%rsp; pushfq; andq $~0x100, (%%rsp); popfq; leaq 128(%%rsp), %%rsp"
                         : : : "memory", "cc");
}
} // namespace

RUNTIME_TEST(ApiSignals, WhatAHandlerMeasuresIsCountedAfterWhicheverInstructionItComes)
{
#ifdef __SANITIZE_THREAD__
    GTEST_SKIP() << "TSan's own instructions outnumber ours a thousandfold, and a signal after each of them takes minutes";
#endif
    constexpr uint64_t kMine = 12;
    Runtime runtime(Environment{{"STRONG_SAMPLE_RATE", "1"}});
    uint32_t number = number_in_handler = name_number("both");
    signal(SIGTRAP, handler);
    for (uint64_t i = 0; i < kMine; i++) {
        step(true);
        operation_end(operation_begin(number), 1, 0);
        count_add(number, 1);
        gauge_set(number, 1);
        step(false);
    }
    signal(SIGTRAP, SIG_DFL);
    ASSERT_GT(handled, 100 * kMine) << "the handler must have come often within each call";
    EXPECT_GT(counter(COUNTER_nested_calls), kMine) << "... and while libstrong was in the middle of it";
    uint64_t all = kMine + handled;
    EXPECT_EQ(row(HOOK_operation, number - 1).calls + crowd(HOOK_operation).calls, all);
    EXPECT_EQ(row(HOOK_operation, number - 1).bytes + crowd(HOOK_operation).bytes, all);
    EXPECT_EQ(row(HOOK_operation, number - 1).histogram_sum(), row(HOOK_operation, number - 1).calls);
    uint64_t counted = row(HOOK_count, number - 1).calls + row(HOOK_count, target_of("in handler")).calls;
    EXPECT_EQ(counted + crowd(HOOK_count).calls, kMine + 2 * handled);
    EXPECT_EQ(gauge("both")->count, kMine + handled_gauges);
    EXPECT_EQ(gauge("both")->sum, (double)(kMine + handled_gauges));
}
#endif

// ---- fork ----

RUNTIME_TEST(ApiFork, TheChildCountsForItselfUnderTheSameNumbers)
{
    Runtime runtime;
    uint32_t number = name_number("shared name");
    operation(number, 1000);
    count_add(number, 5);
    gauge_set(number, 42);
    strong_token open = operation_begin(number);
    pid_t child = fork();
    if (child == 0) {
        process_fork_child();
        EXPECT_EQ(name_number("shared name"), number);
        EXPECT_EQ(gauge("shared name"), nullptr) << "its gauges begin anew";
        operation_end(open, 0, 0);
        count_add(number, 7);
        gauge_set(number, -1);
        gauge_set(name_number("its own"), 2);
        EXPECT_EQ(row(HOOK_operation, number - 1).calls, 1u);
        EXPECT_EQ(row(HOOK_count, number - 1).bytes, 7u);
        EXPECT_EQ(gauge("shared name")->count, 1u);
        EXPECT_EQ(gauge_value(gauge("shared name")->highest), -1);
        EXPECT_EQ(gauge("its own")->last, 2);
        segment_promote();
        EXPECT_EQ(segment_form, SEGMENT_SHARED);
        EXPECT_EQ(gauge("shared name")->last, -1) << "they move into its file";
        _exit(testing::Test::HasFailure());
    }
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    operation_end(open, 0, 0);
    EXPECT_EQ(row(HOOK_operation, number - 1).calls, 2u);
    EXPECT_EQ(row(HOOK_count, number - 1).bytes, 5u);
    EXPECT_EQ(gauge("shared name")->last, 42);
    EXPECT_EQ(gauge("shared name")->count, 1u);
}

RUNTIME_TEST(ApiFork, NamesBroughtUpByTheChildCountAgainstItsLimitAlone)
{
    Runtime runtime;
    for (int i = 0; i < CUSTOM_NAMES - 2; i++)
        name_number(("name " + std::to_string(i)).c_str());
    pid_t child = fork();
    if (child == 0) {
        process_fork_child();
        EXPECT_NE(name_number("one more"), 1u);
        EXPECT_NE(name_number("and another"), 1u);
        EXPECT_EQ(name_number("too many"), 1u);
        _exit(testing::Test::HasFailure());
    }
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    EXPECT_NE(name_number("the parent's"), 1u);
}

// ---- where there is little room ----

RUNTIME_TEST(ApiRoom, WithoutABlockOperationsAndCountsAreInTheCrowdRows)
{
    Runtime runtime(Environment{{"STRONG_SHM_SIZE", "1M"}});
    while (segment_take_pages(1))
        ;
    std::thread([] {
        attach();
        EXPECT_EQ(thread_hot.state, (uint32_t)THREAD_CROWD);
        operation(name_number("late"), 1000, 5, EIO);
        count_add(name_number("late"), 9);
        gauge_set(name_number("late"), 1);
    }).join();
    EXPECT_EQ(crowd(HOOK_operation).calls, 1u);
    EXPECT_EQ(crowd(HOOK_operation).errors, 1u);
    EXPECT_EQ(crowd(HOOK_operation).bytes, 5u);
    EXPECT_GE(crowd(HOOK_operation).ticks, 1000u);
    EXPECT_EQ(crowd(HOOK_count).calls, 1u);
    EXPECT_EQ(crowd(HOOK_count).bytes, 9u);
    ASSERT_NE(gauge("late"), nullptr);
}
