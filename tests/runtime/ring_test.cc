// The flight recorder: a reader finds whole records or none.
#include "runtime_support.h"

#include <atomic>
#include <memory>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace runtime_test;

namespace
{
std::unique_ptr<thread_block> empty_block()
{
    return std::unique_ptr<thread_block>(new thread_block());
}

event_record numbered(uint64_t number)
{
    event_record event = {};
    event.start_ticks = number;
    event.duration_ticks = number * 2;
    event.hook = (uint16_t)(number % 100 + 1);
    event.error = (uint16_t)(number % 7);
    event.target = (uint32_t)number;
    event.bytes = (uint32_t)number;
    event.stack = (uint32_t)number;
    return event;
}

bool whole(const event_record &event)
{
    event_record expected = numbered(event.start_ticks);
    return memcmp(&event, &expected, sizeof event) == 0;
}
} // namespace

TEST(Ring, KeepsWhatWasPushed)
{
    auto block = empty_block();
    event_record event = numbered(42);
    ring_push(block.get(), &event);
    EXPECT_EQ(block->events_written, 1u);
    EXPECT_EQ(memcmp(&block->events[0], &event, sizeof event), 0);
    EXPECT_EQ(block->events[1].start_ticks, 0u);
}

TEST(Ring, DropsTheOldestWhenFull)
{
    auto block = empty_block();
    constexpr uint64_t pushed = BLOCK_EVENTS * 3 + 5;
    for (uint64_t i = 1; i <= pushed; i++) {
        event_record event = numbered(i);
        ring_push(block.get(), &event);
    }
    EXPECT_EQ(block->events_written, pushed);
    for (uint64_t i = pushed - BLOCK_EVENTS + 1; i <= pushed; i++)
        EXPECT_TRUE(whole(block->events[(i - 1) % BLOCK_EVENTS]) &&
                    block->events[(i - 1) % BLOCK_EVENTS].start_ticks == i)
            << i;
}

// The copy is made as a reader makes it: word by word, start_ticks before and after.
TEST(Ring, ATornRecordIsNeverTakenForAWholeOne)
{
    auto block = empty_block();
    std::atomic<bool> stop{false};
    std::atomic<uint64_t> seen{0}, torn{0};
    std::thread reader([&] {
        while (!stop) {
            for (event_record &place : block->events) {
                event_record copy;
                copy.start_ticks = __atomic_load_n(&place.start_ticks, __ATOMIC_ACQUIRE);
                auto *from = (uint64_t *)&place, *to = (uint64_t *)&copy;
                for (size_t word = 1; word < sizeof place / 8; word++)
                    to[word] = __atomic_load_n(&from[word], __ATOMIC_RELAXED);
                __atomic_thread_fence(__ATOMIC_ACQUIRE); // pairs with the fence in ring_push
                if (copy.start_ticks == 0 ||
                    __atomic_load_n(&place.start_ticks, __ATOMIC_RELAXED) != copy.start_ticks)
                    continue;
                seen++;
                torn += !whole(copy);
            }
        }
    });
    for (uint64_t i = 1; seen < 300000 && i < UINT64_C(1) << 31; i++) {
        event_record event = numbered(i);
        ring_push(block.get(), &event);
    }
    stop = true;
    reader.join();
    EXPECT_GE(seen, 300000u);
    EXPECT_EQ(torn, 0u);
}

// A kill lands between any two stores: the record being written is empty, the others are whole.
TEST(Ring, AKillInTheMiddleLeavesWholeRecordsOrEmptyOnes)
{
    void *shared = mmap(nullptr, sizeof(thread_block), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ASSERT_NE(shared, MAP_FAILED);
    auto *block = (thread_block *)shared;
    for (int round = 0; round < 30; round++) {
        memset(shared, 0, sizeof *block);
        pid_t child = fork();
        if (child == 0)
            for (uint64_t i = 1;; i++) {
                event_record event = numbered(i);
                ring_push(block, &event);
            }
        while (__atomic_load_n(&block->events_written, __ATOMIC_RELAXED) < 1000)
            sched_yield();
        usleep(100 + (unsigned)round * 37);
        kill(child, SIGKILL);
        waitpid(child, nullptr, 0);
        unsigned empty = 0;
        for (const event_record &event : block->events) {
            empty += event.start_ticks == 0;
            EXPECT_TRUE(event.start_ticks == 0 || whole(event)) << event.start_ticks;
        }
        EXPECT_LE(empty, 1u);
    }
    munmap(shared, sizeof(thread_block));
}
