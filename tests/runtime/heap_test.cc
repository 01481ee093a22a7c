// The heap profile's rows and its peak, against models that do it the long way. Long because the models and the
// checks against them are shared by all the cases.
#include "runtime_support.h"

#include <atomic>
#include <cmath>
#include <random>
#include <sys/wait.h>
#include <unistd.h>

using namespace runtime_test;

namespace
{
struct Share {
    int64_t bytes = 0, objects_q8 = 0;
    double squares = 0;
    bool operator==(const Share &other) const
    {
        return bytes == other.bytes && objects_q8 == other.objects_q8 && squares == other.squares;
    }
};

struct Rows {
    std::map<uint32_t, Share> live, peak; // by stack, as a reader takes them
};

Rows read_rows()
{
    Rows result;
    const segment_table &table = segment->tables[TABLE_LIVE];
    for (uint32_t i = 1; i < table.used; i++) {
        const auto *row = (const live_record *)segment_record(TABLE_LIVE, i);
        if (!row->key)
            continue;
        uint32_t stack = live_record_stack(row);
        auto put = [&](std::map<uint32_t, Share> &where, int64_t bytes, int64_t objects, double squares) {
            Share &share = where[stack];
            share.bytes += bytes, share.objects_q8 += objects, share.squares += squares;
        };
        put(result.live, row->live_bytes, row->live_objects_q8, row->live_squares);
        if (row->peak_epoch == segment->heap_peak_epoch)
            put(result.peak, row->peak_bytes, row->peak_objects_q8, row->peak_squares);
        else
            put(result.peak, row->live_bytes, row->live_objects_q8, row->live_squares);
    }
    return result;
}

heap_change change(uint32_t stack, uint64_t weight, uint64_t bytes = 64)
{
    heap_change result = {};
    result.stack = stack;
    result.bytes = bytes;
    result.weight = weight;
    result.objects_q8 = weight * 2;
    result.variance = (double)weight * 3;
    return result;
}

int64_t sum(const std::map<uint32_t, Share> &rows)
{
    int64_t total = 0;
    for (const auto &[stack, share] : rows)
        total += share.bytes;
    return total;
}

const heap_record &size_row(uint64_t bytes)
{
    return *(const heap_record *)segment_record(TABLE_SIZES, heap_size_index(bytes));
}

const void *address(uint64_t number)
{
    return (const void *)(0x7f0000000000u + number * 16);
}

bool release(uint64_t number, bool by_free = true)
{
    live_entry entry;
    if (!live_take(address(number), &entry))
        return false;
    heap_freed(&entry, by_free);
    return true;
}

const live_record &only_live_row()
{
    const live_record *found = nullptr;
    for (uint32_t i = 1; i < segment->tables[TABLE_LIVE].used; i++) {
        const auto *row = (const live_record *)segment_record(TABLE_LIVE, i);
        if (row->key && live_record_stack(row))
            found = row;
    }
    EXPECT_NE(found, nullptr);
    return *found;
}

void count_a_malloc()
{
    thread_count(HOOK_malloc, 64);
}
} // namespace

RUNTIME_TEST(Heap, ThePeakOfEveryRowIsWhatABruteForceModelRemembers)
{
    Runtime runtime;
    std::mt19937 random(7);
    for (int sequence = 0; sequence < 40; sequence++) {
        unsigned stacks = 1 + random() % 12, bias = 35 + random() % 40;
        std::map<uint32_t, Share> live = read_rows().live, peak = read_rows().peak;
        std::vector<heap_change> alive;
        for (int step = 0; step < 400; step++) {
            if (alive.empty() || random() % 100 < bias) {
                heap_change born = change(1 + random() % stacks, 1 + random() % 5000);
                heap_rows_live(&born);
                alive.push_back(born);
                Share &share = live[born.stack];
                share.bytes += born.weight, share.objects_q8 += born.objects_q8, share.squares += born.variance;
                if (sum(live) > sum(peak))
                    peak = live;
            } else {
                std::swap(alive[random() % alive.size()], alive.back());
                heap_change gone = alive.back();
                alive.pop_back();
                heap_rows_freed(&gone);
                Share &share = live[gone.stack];
                share.bytes -= gone.weight, share.objects_q8 -= gone.objects_q8, share.squares -= gone.variance;
            }
            Rows rows = read_rows();
            ASSERT_EQ((int64_t)segment->heap_live_bytes, sum(live));
            ASSERT_EQ((int64_t)segment->heap_peak_bytes, sum(peak));
            for (const auto &[stack, share] : live)
                ASSERT_TRUE(rows.live[stack] == share) << sequence << "/" << step;
            for (const auto &[stack, share] : rows.peak)
                ASSERT_TRUE(share == peak[stack]) << sequence << "/" << step << " stack " << stack;
        }
        for (const heap_change &one : alive)
            heap_rows_freed(&one);
    }
    EXPECT_EQ(segment->heap_live_bytes, 0u);
}

RUNTIME_TEST(Heap, ThreadsChangeTheSameRowsAndTheSumsAreExact)
{
    Runtime runtime;
    in_threads(MANY_THREADS, [](unsigned thread) {
        std::mt19937 random(thread);
        std::vector<heap_change> alive;
        for (int i = 0; i < 10000; i++) {
            if (alive.size() < 50 || random() % 2) {
                alive.push_back(change(1 + random() % 5, 1 + random() % 1000, 1 + random() % 4000));
                heap_rows_live(&alive.back());
                heap_rows_allocated(&alive.back());
            } else {
                heap_rows_freed(&alive.back());
                alive.pop_back();
            }
        }
        for (const heap_change &one : alive)
            heap_rows_freed(&one);
    });
    Rows rows = read_rows();
    EXPECT_EQ(segment->heap_live_bytes, 0u);
    for (const auto &[stack, share] : rows.live)
        EXPECT_TRUE(share == Share()) << stack;
    for (unsigned i = 0; i < segment->tables[TABLE_SIZES].used; i++) {
        const auto *row = (const heap_record *)segment_record(TABLE_SIZES, i);
        EXPECT_EQ(row->allocated_bytes, row->freed_bytes) << i;
        EXPECT_EQ(row->allocated_objects_q8, row->freed_objects_q8) << i;
    }
    // Each row's share may be off by what the other threads were changing at the moment of the peak.
    EXPECT_NEAR((double)sum(rows.peak), (double)segment->heap_peak_bytes, MANY_THREADS * 4 * 1000.0);
}

RUNTIME_TEST(Heap, OneOwnerOneStackAtATimeKeepsAnExactPeakInThreadsToo)
{
    Runtime runtime;
    // All threads only grow: the peak is the end, whatever the interleaving.
    in_threads(MANY_THREADS, [](unsigned thread) {
        for (int i = 0; i < 5000; i++) {
            heap_change born = change(1 + (thread + (unsigned)i) % 7, 1 + (unsigned)i % 100);
            heap_rows_live(&born);
        }
    });
    Rows rows = read_rows();
    EXPECT_EQ(segment->heap_peak_bytes, segment->heap_live_bytes);
    EXPECT_EQ(sum(rows.live), (int64_t)segment->heap_live_bytes);
}

RUNTIME_TEST(Heap, RowsThatFindNoRoomCountUnderNoStackAndStillAddUp)
{
    Runtime runtime(Environment{{"STRONG_SHM_SIZE", "1M"}});
    uint32_t capacity = segment->tables[TABLE_LIVE].capacity;
    ASSERT_LT(capacity, 1000u);
    for (uint32_t stack = 1; stack <= 1000; stack++) {
        heap_change born = change(stack, 10);
        heap_rows_live(&born);
    }
    EXPECT_EQ(sum(read_rows().live), 10000);
    EXPECT_EQ(segment->heap_live_bytes, 10000u);
    EXPECT_EQ(counter(COUNTER_live_rows_full), 1000u - (capacity - 2)) << "row 0 is reserved, one row is no stack's";
    for (uint32_t stack = 1; stack <= 1000; stack++) {
        heap_change gone = change(stack, 10);
        heap_rows_freed(&gone);
    }
    for (const auto &[stack, share] : read_rows().live)
        EXPECT_EQ(share.bytes, 0) << stack;
}

RUNTIME_TEST(Heap, SizesHaveTheRowOfTheirIndexInclusiveOfTheLimit)
{
    Runtime runtime;
    for (uint64_t bytes : {1ul, 16ul, 17ul, 20ul, 21ul, 4096ul, 4097ul, 1ul << 30}) {
        heap_change born = change(1, 100, bytes);
        heap_rows_allocated(&born);
        unsigned index = heap_size_index(bytes);
        EXPECT_LE(bytes, heap_size_limit(index));
        if (index) {
            EXPECT_GT(bytes, heap_size_limit(index - 1));
        }
        EXPECT_GE(size_row(bytes).allocated_bytes, 100u);
    }
    EXPECT_EQ(size_row(1).allocated_bytes, 200u) << "1 and 16";
    EXPECT_EQ(size_row(18).allocated_bytes, 200u) << "17 and 20";
    EXPECT_EQ(size_row(4097).allocated_bytes, 100u);
    EXPECT_EQ(counter(COUNTER_heap_rows_full), 0u);
}

RUNTIME_TEST(Heap, AFreeTakesOffWhatTheAllocationPutOn)
{
    Runtime runtime;
    attach();
    for (unsigned i = 0; i < 500; i++)
        heap_allocated(HOOK_malloc, address(i), 1 + i * i, 1 + i * i);
    EXPECT_GT(segment->heap_live_bytes, 0u);
    for (unsigned i = 0; i < 500; i++)
        ASSERT_TRUE(release(i));
    EXPECT_EQ(segment->heap_live_bytes, 0u);
    const live_record &row = only_live_row();
    EXPECT_EQ(row.live_bytes, 0);
    EXPECT_EQ(row.live_objects_q8, 0);
    EXPECT_EQ(row.live_squares, 0);
    EXPECT_EQ(row.largest_bytes, 1u + 499 * 499);
    uint64_t weight[2] = {}, objects[2] = {};
    for (const sample_sum &one : sums())
        if (sample_key_cost(one.key) == SAMPLE_ALLOCATED || sample_key_cost(one.key) == SAMPLE_FREED) {
            weight[sample_key_cost(one.key) == SAMPLE_FREED] += one.weight;
            objects[sample_key_cost(one.key) == SAMPLE_FREED] += one.objects_q8;
        }
    EXPECT_EQ(weight[0], weight[1]);
    EXPECT_EQ(objects[0], objects[1]);
}

RUNTIME_TEST(Heap, TheVarianceOfASampleThatHadToBeTakenIsNothing)
{
    Runtime runtime;
    attach();
    heap_allocated(HOOK_malloc, address(1), 100u << 20, 100u << 20); // 200 periods
    EXPECT_EQ(only_live_row().live_bytes, 100 << 20);
    EXPECT_EQ(only_live_row().live_squares, 0);
    ASSERT_TRUE(release(1));
    heap_allocated(HOOK_malloc, address(2), 64, 64);
    double weight = (double)only_live_row().live_bytes;
    EXPECT_NEAR(weight, 512 * 1024, 64);
    EXPECT_DOUBLE_EQ(only_live_row().live_squares, weight * (weight - 64));
}

RUNTIME_TEST(Heap, TemporaryIsFreedBeforeTheNextAllocationOrWithinAMillisecond)
{
    Runtime runtime;
    attach();
    auto temporary = [&] { return size_row(64).temporary_bytes; };
    count_a_malloc();
    heap_allocated(HOOK_malloc, address(1), 64, 64);
    usleep(3000);
    ASSERT_TRUE(release(1));
    uint64_t one = temporary();
    EXPECT_GT(one, 0u) << "old, but nothing was allocated since";
    count_a_malloc();
    heap_allocated(HOOK_malloc, address(1), 64, 64);
    usleep(3000);
    count_a_malloc();
    ASSERT_TRUE(release(1));
    EXPECT_EQ(temporary(), one) << "old, and something was";
    count_a_malloc();
    heap_allocated(HOOK_malloc, address(1), 64, 64);
    usleep(3000);
    ASSERT_TRUE(release(1, false));
    EXPECT_EQ(temporary(), one) << "a realloc is itself the next allocation";
    for (int attempt = 0; temporary() == one && attempt < 100; attempt++) { // a busy machine may take a millisecond
        count_a_malloc();
        heap_allocated(HOOK_malloc, address(1), 64, 64);
        count_a_malloc();
        ASSERT_TRUE(release(1));
    }
    EXPECT_GT(temporary(), one) << "young";
    uint64_t weight = 0;
    for (const sample_sum &each : sums())
        if (sample_key_cost(each.key) == SAMPLE_TEMPORARY)
            weight += each.weight;
    EXPECT_EQ(weight, temporary());
}

RUNTIME_TEST(Heap, RemoteIsFreedByAnotherThreadAlsoWhenThatHasTheSameBlock)
{
    Runtime runtime;
    attach();
    heap_allocated(HOOK_malloc, address(1), 64, 64);
    ASSERT_TRUE(release(1));
    EXPECT_EQ(size_row(64).remote_bytes, 0u);
    std::thread([] {
        attach();
        heap_allocated(HOOK_malloc, address(1), 64, 64);
        heap_allocated(HOOK_malloc, address(2), 64, 64);
    }).join();
    ASSERT_TRUE(release(1));
    uint64_t one = size_row(64).remote_bytes;
    EXPECT_GT(one, 0u);
    std::thread([] { // takes over the block of the one above
        attach();
        EXPECT_EQ(blocks().size(), 2u);
        EXPECT_TRUE(release(2));
    }).join();
    EXPECT_EQ(size_row(64).remote_bytes, 2 * one);
    const auto *owner = (const heap_record *)segment_record(TABLE_OWNERS, 2);
    EXPECT_EQ(owner->remote_bytes, 2 * one);
    EXPECT_EQ(owner->freed_bytes, owner->allocated_bytes);
    EXPECT_EQ(find_sum(sample_key(SAMPLE_REMOTE, 0, 0, 0)), nullptr) << "it is under the allocating stack";
}

RUNTIME_TEST(Heap, LifetimesFallIntoTheirDecades)
{
    Runtime runtime;
    attach();
    const uint64_t ages_ns[] = {500, 5000, 50000, 500000, 5000000, 50000000, 500000000, 5000000000u,
                                50000000000u, 500000000000u, 5000000000000u, 50000000000000u};
    static_assert(sizeof ages_ns / sizeof *ages_ns == HEAP_LIFETIMES);
    unsigned end = 6; // a younger one would measure how long this machine leaves us off, the oldest are older than it
    while (end < HEAP_LIFETIMES && clock_ns_to_ticks(ages_ns[end]) < clock_ticks())
        end++;
    for (unsigned i = 6; i < end; i++) {
        live_entry entry = {64, 6400, clock_ticks() - clock_ns_to_ticks(ages_ns[i]), thread_hot.owner, 0, 3};
        heap_change born = change(3, 6400);
        heap_rows_live(&born);
        heap_freed(&entry, true);
    }
    for (unsigned i = 6; i < end; i++) {
        EXPECT_EQ(size_row(64).lifetime_q8[i], 25600u) << i;
        EXPECT_EQ(only_live_row().lifetime_q8[i], 25600u) << i;
    }
}

RUNTIME_TEST(Heap, GrowthCountsTheBytesThatWereThereAndTheCalls)
{
    Runtime runtime;
    attach();
    heap_grown(HOOK_realloc, 100u << 20, 200u << 20);
    const sample_sum *grown = nullptr;
    std::vector<sample_sum> all = sums();
    for (const sample_sum &one : all)
        if (sample_key_cost(one.key) == SAMPLE_GROWN)
            grown = &one;
    ASSERT_NE(grown, nullptr);
    EXPECT_EQ(grown->weight, 100u << 20);
    EXPECT_EQ(grown->objects_q8, 256u);
    EXPECT_EQ(sample_key_hook(grown->key), (unsigned)HOOK_realloc);
}

RUNTIME_TEST(Heap, WhatCannotBeFollowedDoesNotLookLive)
{
    Runtime runtime;
    attach();
    uint64_t added = 0;
    while (counter(COUNTER_live_table_full) == 0 && added < 100000)
        heap_allocated(HOOK_malloc, address(added++), 1u << 30, 1u << 30);
    ASSERT_EQ(counter(COUNTER_live_table_full), 1u);
    EXPECT_EQ(segment->heap_live_bytes, (added - 1) << 30);
    EXPECT_EQ(size_row(1u << 30).allocated_bytes, added << 30);
}

RUNTIME_TEST(Heap, AForkedChildBeginsWithNothingLiveAndNeverGoesBelow)
{
    Runtime runtime;
    attach();
    for (unsigned i = 0; i < 100; i++)
        heap_allocated(HOOK_malloc, address(i), 1000, 1000);
    uint64_t before = segment->heap_live_bytes;
    pid_t child = fork();
    if (child == 0) {
        process_fork_child();
        attach();
        EXPECT_EQ(segment->heap_live_bytes, 0u);
        for (unsigned i = 0; i < 100; i++)
            EXPECT_FALSE(release(i)) << "the parent's";
        EXPECT_EQ(segment->heap_live_bytes, 0u);
        heap_allocated(HOOK_malloc, address(5), 1000, 1000);
        EXPECT_GT(segment->heap_live_bytes, 0u);
        EXPECT_EQ(segment->heap_peak_bytes, segment->heap_live_bytes);
        EXPECT_TRUE(release(5));
        EXPECT_EQ(segment->heap_live_bytes, 0u);
        for (const auto &[stack, share] : read_rows().live)
            EXPECT_EQ(share.bytes, 0) << stack;
        _exit(testing::Test::HasFailure());
    }
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    EXPECT_EQ(segment->heap_live_bytes, before) << "the parent keeps its own";
    for (unsigned i = 0; i < 100; i++)
        EXPECT_TRUE(release(i));
    EXPECT_EQ(segment->heap_live_bytes, 0u);
}

RUNTIME_TEST(Heap, ATimedCallLosesTheClocksCostAndIsCutAt100Microseconds)
{
    Runtime runtime;
    attach();
    thread_block *block = thread_hot.block;
    EXPECT_LT(clock_ticks_to_ns(heap_clock_cost_ticks), 5000u);
    heap_timed(block, 1, heap_clock_cost_ticks + 77);
    heap_timed(block, 1, heap_clock_cost_ticks / 2);
    EXPECT_EQ(block->timed_calls[1], 2u);
    EXPECT_EQ(block->timed_ticks[1], 77u);
    EXPECT_EQ(block->timed_calls[0], 0u);
    heap_timed(block, 0, clock_ns_to_ticks(50000000));
    EXPECT_NEAR((double)clock_ticks_to_ns(block->timed_ticks[0]), 100000, 1000);
    EXPECT_EQ(counter(COUNTER_timed_cut), 1u);
}

RUNTIME_TEST(Heap, TheAllocatorIsReadOutsideHandlersOnly)
{
    Runtime runtime;
    static std::atomic<int> reads;
    allocator_read = [](allocator_state *ret) {
        reads++;
        *ret = {1, 2, 3, 4, 5};
        return true;
    };
    allocator_state state;
    EXPECT_FALSE(allocator_latest(clock_ticks(), &state));
    attach();
    signal(SIGUSR1, [](int) { allocator_look_last(clock_ticks()); });
    raise(SIGUSR1);
    EXPECT_EQ(reads, 0);
    allocator_look_last(clock_ticks());
    EXPECT_EQ(reads, 1);
    ASSERT_TRUE(allocator_latest(clock_ticks(), &state));
    EXPECT_EQ(state.metadata_bytes, 5u);
    EXPECT_EQ(counter(COUNTER_allocator_in_use_bytes), 1u);
    EXPECT_FALSE(allocator_latest(clock_ticks() + clock_ns_to_ticks(4000000000u), &state)) << "too old";
}

RUNTIME_TEST(Heap, AResizedBlockKeepsItsBirthAndItsFreeTakesOffWhatItHas)
{
    Runtime runtime;
    attach();
    heap_allocated(HOOK_malloc, address(1), 5000, 5000);
    uint32_t stack = live_record_stack(&only_live_row());
    uint64_t drawn = 5000;
    for (unsigned i = 1; drawn < (4u << 20); i++, drawn = drawn * 5 / 4) {
        live_entry entry;
        ASSERT_TRUE(live_take(address(i), &entry));
        heap_resized(address(i + 1), &entry, drawn, drawn);
        live_entry now;
        ASSERT_TRUE(live_take(address(i + 1), &now));
        ASSERT_TRUE(live_add(address(i + 1), &now));
        EXPECT_EQ(now.stack, stack);
        EXPECT_EQ(now.ticks, entry.ticks);
        ASSERT_EQ(only_live_row().live_bytes, (int64_t)segment->heap_live_bytes);
        double size = (double)now.bytes, weight = size / sampler_one_minus_exp((double)drawn / (512 << 10));
        if (now.bytes == drawn) {
            ASSERT_NEAR((double)segment->heap_live_bytes, weight, 1);
        }
        ASSERT_EQ(segment->heap_peak_bytes, segment->heap_live_bytes);
        if (drawn * 5 / 4 >= (4u << 20)) {
            ASSERT_TRUE(release(i + 1));
        }
    }
    EXPECT_EQ(segment->heap_live_bytes, 0u);
    EXPECT_EQ(only_live_row().live_bytes, 0);
    EXPECT_EQ(only_live_row().live_objects_q8, 0);
    EXPECT_EQ(only_live_row().live_squares, 0);
    for (segment_table_id table : {TABLE_SIZES, TABLE_OWNERS})
        for (unsigned i = 0; i < segment->tables[table].used; i++) {
            const auto *row = (const heap_record *)segment_record(table, i);
            EXPECT_EQ(row->allocated_bytes, row->freed_bytes) << table << " " << i;
            EXPECT_EQ(row->allocated_objects_q8, row->freed_objects_q8) << table << " " << i;
        }
    uint64_t bytes[2] = {}, objects[2] = {};
    for (const sample_sum &one : sums()) {
        ASSERT_TRUE(sample_key_cost(one.key) == SAMPLE_ALLOCATED || sample_key_cost(one.key) == SAMPLE_FREED ||
                    sample_key_cost(one.key) == SAMPLE_TEMPORARY);
        if (sample_key_cost(one.key) == SAMPLE_TEMPORARY)
            continue;
        EXPECT_EQ(sample_key_stack(one.key), stack);
        bytes[sample_key_cost(one.key) == SAMPLE_FREED] += one.weight;
        objects[sample_key_cost(one.key) == SAMPLE_FREED] += one.objects_q8;
    }
    EXPECT_EQ(bytes[0], bytes[1]);
    EXPECT_EQ(objects[0], objects[1]);
}

RUNTIME_TEST(Heap, ABufferThatCreepsIsFollowedInStepsOfASixtyFourth)
{
    Runtime runtime;
    attach();
    heap_allocated(HOOK_malloc, address(1), 1 << 20, 1 << 20);
    for (uint64_t size = 1 << 20; size < 4 << 20; size += 1000) {
        live_entry entry;
        ASSERT_TRUE(live_take(address(1), &entry));
        heap_resized(address(1), &entry, size, size);
        double exact = (double)size / sampler_one_minus_exp((double)size / (512 << 10));
        ASSERT_NEAR((double)segment->heap_live_bytes, exact, exact / 60);
    }
    ASSERT_TRUE(release(1));
    EXPECT_EQ(segment->heap_live_bytes, 0u);
}
