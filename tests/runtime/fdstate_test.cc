// Which descriptor numbers an optimizer may trust: one owner at a time, whoever races. Long because the races share the
// model that says what each thread may see.
#include "runtime_support.h"

#include <atomic>
#include <random>
#include <unistd.h>

#define _Static_assert static_assert
extern "C" {
#include "runtime/fdstate.h"
}
#undef _Static_assert

using namespace runtime_test;

namespace
{
const Environment no_optimizer = {{"STRONG_OPTIMIZE", "none"}};

struct Tracking : Runtime {
    Tracking() : Runtime(no_optimizer)
    {
        fdstate_wanted = true;
    }
};

int state_of(int index)
{
    return (int)(fdstate_records[index].word >> 16 & 0xff);
}
unsigned calls_in(int index)
{
    return (unsigned)(fdstate_records[index].word & 0xffff);
}

void add(int set, int fd, uint32_t events, uint64_t data, int operation = EPOLL_CTL_ADD)
{
    epoll_event event = {};
    event.events = events;
    event.data.u64 = data;
    fdstate_epoll(set, operation, fd, &event);
}

// A record taken all the way into libstrong's keeping, as close() does.
int kept_from(int fd, int own)
{
    int index = fdstate_enter(fd);
    EXPECT_GE(index, 0);
    EXPECT_TRUE(fdstate_move(index, FDSTATE_OPEN, FDSTATE_CLOSING));
    EXPECT_TRUE(fdstate_keep(index, own));
    return index;
}
} // namespace

RUNTIME_TEST(FdState, NothingIsFollowedUnlessAnOptimizerWantsIt)
{
    Runtime runtime(no_optimizer);
    EXPECT_EQ(fdstate_track(10), -1);
    EXPECT_FALSE(fdstate_tracked(10));
    EXPECT_EQ(fdstate_enter(10), -1);
    fdstate_drop(10, COUNTER_connections_refused_shared);
    EXPECT_EQ(counter(COUNTER_connections_refused_shared), 0u);
}

RUNTIME_TEST(FdState, OneCallIsInFlightAtATime)
{
    Tracking tracking;
    int index = fdstate_track(10);
    ASSERT_GE(index, 0);
    EXPECT_TRUE(fdstate_tracked(10));
    EXPECT_EQ(state_of(index), FDSTATE_OPEN);
    EXPECT_EQ(calls_in(index), 0u);
    EXPECT_EQ(fdstate_enter(10), index);
    EXPECT_EQ(calls_in(index), 1u);
    EXPECT_TRUE(fdstate_leave(index));
    EXPECT_EQ(fdstate_enter(10), index) << "again, after the first has left";
    EXPECT_TRUE(fdstate_leave(index));
}

RUNTIME_TEST(FdState, OnlyTheFileThatWasMeantIsDropped)
{
    Tracking tracking;
    int index = fdstate_track(10);
    uint32_t generation = fdstate_generation(index);
    EXPECT_FALSE(fdstate_drop_open(index, generation + 1, COUNTER_connections_refused_option)) << "another file's";
    EXPECT_EQ(fdstate_enter(10), index);
    EXPECT_TRUE(fdstate_alone(index));
    EXPECT_TRUE(fdstate_drop_open(index, generation, COUNTER_connections_refused_option)) << "also from beside a call";
    EXPECT_FALSE(fdstate_drop_open(index, generation, COUNTER_connections_refused_option)) << "and once";
    EXPECT_FALSE(fdstate_alone(index));
    EXPECT_FALSE(fdstate_move(index, FDSTATE_OPEN, FDSTATE_CLOSING));
    fdstate_leave(index);
    EXPECT_FALSE(fdstate_tracked(10));
    EXPECT_EQ(counter(COUNTER_connections_refused_option), 1u);
    ASSERT_GE(fdstate_track(11), 0);
    index = kept_from(11, 900);
    EXPECT_FALSE(fdstate_drop_open(index, fdstate_generation(index), COUNTER_connections_refused_option)) << "kept";
    EXPECT_EQ(fdstate_kept(900), index);
}

RUNTIME_TEST(FdState, TwoCallsAtOnceEndTheFollowingForGood)
{
    Tracking tracking;
    int index = fdstate_track(10);
    EXPECT_EQ(fdstate_enter(10), index);
    EXPECT_EQ(fdstate_enter(10), -1) << "the second one is on its own";
    EXPECT_FALSE(fdstate_move(index, FDSTATE_OPEN, FDSTATE_CLOSING)) << "the first may judge nothing any more";
    EXPECT_FALSE(fdstate_leave(index));
    EXPECT_EQ(fdstate_enter(10), -1);
    EXPECT_FALSE(fdstate_tracked(10));
    EXPECT_EQ(state_of(index), FDSTATE_FREE);
    EXPECT_EQ(counter(COUNTER_connections_refused_shared), 1u);
}

RUNTIME_TEST(FdState, ADropWaitsForTheCallInFlight)
{
    Tracking tracking;
    int index = fdstate_track(10);
    uint32_t generation = fdstate_generation(index);
    EXPECT_EQ(fdstate_enter(10), index);
    fdstate_drop(10, COUNTER_connections_refused_option);
    EXPECT_FALSE(fdstate_tracked(10));
    EXPECT_EQ(fdstate_generation(index), generation) << "its index is not another file's yet";
    EXPECT_FALSE(fdstate_leave(index));
    EXPECT_EQ(state_of(index), FDSTATE_FREE);
    EXPECT_NE(fdstate_generation(index), generation);
    EXPECT_EQ(counter(COUNTER_connections_refused_option), 1u);
    fdstate_drop(10, COUNTER_connections_refused_option);
    EXPECT_EQ(counter(COUNTER_connections_refused_option), 1u) << "once";
}

RUNTIME_TEST(FdState, ARecordThatIsUsedAgainIsAnotherGeneration)
{
    Tracking tracking;
    int index = fdstate_track(10);
    uint32_t generation = fdstate_generation(index);
    fdstate_drop(10, COUNTER_COUNT);
    int again = fdstate_track(11);
    EXPECT_EQ(again, index) << "the last one used comes first";
    EXPECT_NE(fdstate_generation(again), generation);
    EXPECT_EQ(fdstate_enter(10), -1) << "the former number does not lead here";
    EXPECT_EQ(fdstate_enter(11), again);
    EXPECT_TRUE(fdstate_leave(again));
}

RUNTIME_TEST(FdState, AStaleMarkIsNotTheNewFile)
{
    Tracking tracking;
    int index = fdstate_track(10);
    uint32_t stale = fdtable_entry(10, false)->tracked;
    fdstate_drop(10, COUNTER_COUNT);
    EXPECT_EQ(fdstate_track(11), index);
    fdtable_entry(10, false)->tracked = stale; // as a thread holds it that was stopped before its look
    EXPECT_EQ(fdstate_enter(10), -1);
    EXPECT_EQ(fdstate_kept(10), -1);
    EXPECT_FALSE(fdstate_close_later(10));
    fdstate_drop(10, COUNTER_connections_refused_shared);
    EXPECT_EQ(counter(COUNTER_connections_refused_shared), 0u);
    EXPECT_EQ(fdstate_enter(11), index) << "nothing of that has hurt the new file";
    EXPECT_TRUE(fdstate_leave(index));
}

RUNTIME_TEST(FdState, AClosedConnectionIsKeptUnderAnotherNumber)
{
    Tracking tracking;
    int index = fdstate_track(10);
    EXPECT_EQ(kept_from(10, 5000), index);
    EXPECT_EQ(state_of(index), FDSTATE_KEPT);
    EXPECT_EQ(calls_in(index), 0u);
    EXPECT_EQ(fdstate_kept(5000), index);
    EXPECT_EQ(fdstate_kept(10), -1);
    EXPECT_FALSE(fdstate_tracked(10));
    EXPECT_EQ(fdstate_enter(5000), -1) << "not the program's";
    EXPECT_EQ(calls_in(index), 0u);
}

RUNTIME_TEST(FdState, WhoComesWhileANumberIsClosingPreventsTheKeeping)
{
    Tracking tracking;
    int index = fdstate_track(10);
    EXPECT_EQ(fdstate_enter(10), index);
    EXPECT_TRUE(fdstate_move(index, FDSTATE_OPEN, FDSTATE_CLOSING));
    EXPECT_EQ(fdstate_enter(10), -1) << "goes on to libc with the file we were about to keep";
    EXPECT_FALSE(fdstate_keep(index, 5000));
    EXPECT_FALSE(fdstate_tracked(5000));
    EXPECT_FALSE(fdstate_tracked(10));
    fdstate_free(index);
    fdstate_leave(index);
    EXPECT_EQ(state_of(index), FDSTATE_FREE);
    EXPECT_EQ(calls_in(index), 0u);
}

RUNTIME_TEST(FdState, ADropWhileANumberIsClosingPreventsTheKeeping)
{
    Tracking tracking;
    int index = fdstate_track(10);
    EXPECT_EQ(fdstate_enter(10), index);
    EXPECT_TRUE(fdstate_move(index, FDSTATE_OPEN, FDSTATE_CLOSING));
    fdstate_drop(10, COUNTER_COUNT); // dup
    EXPECT_FALSE(fdstate_keep(index, 5000));
    EXPECT_FALSE(fdstate_tracked(5000));
    fdstate_free(index);
    fdstate_leave(index);
    EXPECT_EQ(state_of(index), FDSTATE_FREE);
}

RUNTIME_TEST(FdState, ANumberOpenedAnewWhileItsFormerFileIsKeptIsFollowedOnItsOwn)
{
    Tracking tracking;
    int index = fdstate_track(10);
    EXPECT_EQ(fdstate_enter(10), index);
    EXPECT_TRUE(fdstate_move(index, FDSTATE_OPEN, FDSTATE_CLOSING));
    fdstate_replaced(10); // another thread's socket(), right after the number was closed
    int other = fdstate_track(10);
    EXPECT_NE(other, index);
    EXPECT_TRUE(fdstate_keep(index, 5000));
    EXPECT_EQ(fdstate_kept(5000), index);
    EXPECT_EQ(fdstate_enter(10), other);
    EXPECT_TRUE(fdstate_leave(other));
}

RUNTIME_TEST(FdState, AKeptOneTakesThePlaceOfAFreshSocket)
{
    Tracking tracking;
    int kept = fdstate_track(10);
    kept_from(10, 5000);
    int fresh = fdstate_track(10);
    ASSERT_NE(fresh, kept);
    EXPECT_EQ(fdstate_enter(10), fresh);
    EXPECT_TRUE(fdstate_move(kept, FDSTATE_KEPT, FDSTATE_RESERVED));
    EXPECT_FALSE(fdstate_move(kept, FDSTATE_KEPT, FDSTATE_RESERVED)) << "taken once";
    EXPECT_TRUE(fdstate_move(fresh, FDSTATE_OPEN, FDSTATE_RESERVED));
    bool closed = true;
    EXPECT_TRUE(fdstate_pass(kept, fresh, &closed));
    EXPECT_FALSE(closed);
    EXPECT_EQ(state_of(fresh), FDSTATE_FREE);
    EXPECT_EQ(calls_in(fresh), 0u);
    EXPECT_FALSE(fdstate_tracked(5000));
    EXPECT_EQ(calls_in(kept), 1u) << "the caller's";
    EXPECT_TRUE(fdstate_leave(kept));
    EXPECT_EQ(fdstate_enter(10), kept);
    EXPECT_TRUE(fdstate_leave(kept));
}

RUNTIME_TEST(FdState, WhoUsesTheNumberDuringTheHandOverEndsTheFollowing)
{
    for (int how = 0; how < 2; how++) {
        isolated([how] {
            Tracking tracking;
            int kept = fdstate_track(10);
            kept_from(10, 5000);
            int fresh = fdstate_track(10);
            EXPECT_EQ(fdstate_enter(10), fresh);
            EXPECT_TRUE(fdstate_move(kept, FDSTATE_KEPT, FDSTATE_RESERVED));
            EXPECT_TRUE(fdstate_move(fresh, FDSTATE_OPEN, FDSTATE_RESERVED));
            if (how == 0)
                EXPECT_EQ(fdstate_enter(10), -1); // a read
            else
                fdstate_drop(10, COUNTER_COUNT); // a dup
            bool closed;
            EXPECT_FALSE(fdstate_pass(kept, fresh, &closed));
            EXPECT_FALSE(fdstate_tracked(10));
            EXPECT_FALSE(fdstate_tracked(5000));
            EXPECT_EQ(state_of(kept), FDSTATE_FREE);
            EXPECT_EQ(state_of(fresh), FDSTATE_FREE);
            EXPECT_EQ(calls_in(kept) + calls_in(fresh), 0u);
        });
    }
}

RUNTIME_TEST(FdState, ACloseDuringTheHandOverIsCarriedOutAtItsEnd)
{
    Tracking tracking;
    int kept = fdstate_track(10);
    kept_from(10, 5000);
    int fresh = fdstate_track(10);
    EXPECT_EQ(fdstate_enter(10), fresh);
    EXPECT_FALSE(fdstate_close_later(10)) << "an open number is closed by whoever closes it";
    EXPECT_TRUE(fdstate_move(kept, FDSTATE_KEPT, FDSTATE_RESERVED));
    EXPECT_TRUE(fdstate_move(fresh, FDSTATE_OPEN, FDSTATE_RESERVED));
    EXPECT_TRUE(fdstate_close_later(10));
    bool closed = false;
    fdstate_pass(kept, fresh, &closed);
    EXPECT_TRUE(closed);
    EXPECT_EQ(state_of(fresh), FDSTATE_FREE);
}

RUNTIME_TEST(FdState, AReservedNumberIsOpenAgainAfterRelease)
{
    Tracking tracking;
    int index = fdstate_track(10);
    EXPECT_EQ(fdstate_enter(10), index);
    EXPECT_TRUE(fdstate_move(index, FDSTATE_OPEN, FDSTATE_RESERVED));
    EXPECT_FALSE(fdstate_release(index));
    EXPECT_TRUE(fdstate_move(index, FDSTATE_OPEN, FDSTATE_RESERVED));
    EXPECT_TRUE(fdstate_close_later(10));
    EXPECT_TRUE(fdstate_release(index)) << "whoever reserved it closes it";
    EXPECT_TRUE(fdstate_leave(index));
}

RUNTIME_TEST(FdState, EpollSetsAreKnownWithEventsAndData)
{
    Tracking tracking;
    int index = fdstate_track(10);
    const fdstate &record = fdstate_records[index];
    add(20, 10, EPOLLIN, 1);
    add(21, 10, EPOLLOUT | EPOLLET, 2);
    ASSERT_EQ(record.set_count, 2u);
    EXPECT_EQ(record.sets[1].set, 21);
    EXPECT_EQ(record.sets[1].events, EPOLLOUT | EPOLLET);
    EXPECT_EQ(record.sets[1].data, 2u);
    add(20, 10, EPOLLIN | EPOLLOUT, 3, EPOLL_CTL_MOD);
    ASSERT_EQ(record.set_count, 2u);
    EXPECT_EQ(record.sets[0].events, EPOLLIN | EPOLLOUT);
    EXPECT_EQ(record.sets[0].data, 3u);
    fdstate_epoll(20, EPOLL_CTL_DEL, 10, nullptr);
    ASSERT_EQ(record.set_count, 1u);
    EXPECT_EQ(record.sets[0].set, 21);
    fdstate_epoll(99, EPOLL_CTL_DEL, 10, nullptr);
    EXPECT_EQ(record.set_count, 1u);
    EXPECT_EQ(calls_in(index), 0u);
}

RUNTIME_TEST(FdState, MoreSetsThanAreKeptAreUnknownForGood)
{
    for (int operation : {EPOLL_CTL_ADD, EPOLL_CTL_MOD}) {
        isolated([operation] {
            Tracking tracking;
            int index = fdstate_track(10), neighbour = fdstate_track(11);
            for (int set = 0; set < FDSTATE_SETS; set++)
                add(20 + set, 10, EPOLLIN, 0);
            EXPECT_EQ(fdstate_records[index].set_count, (uint32_t)FDSTATE_SETS);
            uint64_t word = fdstate_records[neighbour].word;
            add(30, 10, EPOLLIN, ~0ull, operation); // MOD: it was added where nobody saw it
            EXPECT_EQ(fdstate_records[index].set_count, (uint32_t)FDSTATE_SETS_UNKNOWN);
            EXPECT_EQ(fdstate_records[neighbour].word, word);
            fdstate_epoll(20, EPOLL_CTL_DEL, 10, nullptr);
            EXPECT_EQ(fdstate_records[index].set_count, (uint32_t)FDSTATE_SETS_UNKNOWN);
        });
    }
}

RUNTIME_TEST(FdState, SetsOfADuplicatedEpollDescriptorAreUnknown)
{
    Tracking tracking;
    int index = fdstate_track(10);
    fdstate_set_shared();
    add(20, 10, EPOLLIN, 0);
    EXPECT_EQ(fdstate_records[index].set_count, (uint32_t)FDSTATE_SETS_UNKNOWN);
}

RUNTIME_TEST(FdState, RegistrationsThatFireOnceCannotBeRepeated)
{
    for (uint32_t events : {(uint32_t)EPOLLONESHOT, (uint32_t)EPOLLEXCLUSIVE}) {
        isolated([events] {
            Tracking tracking;
            int index = fdstate_track(10);
            add(20, 10, EPOLLIN | events, 0);
            EXPECT_EQ(fdstate_records[index].set_count, (uint32_t)FDSTATE_SETS_UNKNOWN);
        });
    }
}

RUNTIME_TEST(FdState, AForkMarksWhatWasOpenBefore)
{
    Tracking tracking;
    int before = fdstate_track(10);
    fdstate_forking();
    int after = fdstate_track(11);
    EXPECT_NE(fdstate_records[before].forks, fdstate_forks);
    EXPECT_EQ(fdstate_records[after].forks, fdstate_forks);
}

RUNTIME_TEST(FdState, TheChildOfForkHasNoRecords)
{
    Tracking tracking;
    fdstate_track(10);
    int busy = fdstate_track(11);
    fdstate_track(12);
    kept_from(12, 5000);
    fdstate_enter(11);
    fdstate_fork_child();
    EXPECT_EQ(fdstate_enter(10), -1);
    EXPECT_EQ(fdstate_enter(11), -1);
    EXPECT_EQ(fdstate_kept(5000), -1);
    EXPECT_EQ(calls_in(busy), 0u) << "the thread that was in it is not in this process";
    fdstate_replaced(10);
    int index = fdstate_track(10);
    ASSERT_GE(index, 0);
    EXPECT_EQ(fdstate_enter(10), index);
    EXPECT_TRUE(fdstate_leave(index));
}

RUNTIME_TEST(FdState, NumbersGivenUpUnseenDoNotUseUpTheRecords)
{
    Tracking tracking;
    for (int i = 0; i < 3 * FDSTATE_MOST; i++) {
        ASSERT_GE(fdstate_track(10), 0) << i;
        fdtable_entry(10, false)->tracked = 0; // the mark was lost
    }
}

RUNTIME_TEST(FdState, AFullTableFollowsNothingMoreAndRecovers)
{
    Tracking tracking;
    for (int fd = 0; fd < FDSTATE_MOST; fd++)
        ASSERT_GE(fdstate_track(fd), 0) << fd;
    EXPECT_EQ(fdstate_track(FDSTATE_MOST), -1);
    EXPECT_FALSE(fdstate_tracked(FDSTATE_MOST));
    fdstate_drop(500, COUNTER_COUNT);
    EXPECT_GE(fdstate_track(FDSTATE_MOST), 0);
}

namespace
{
/* Threads that do everything at once on the same few numbers, as a bad program does. Each record has a word of `owner`
 * that only its owner may write; two at a time would be seen. */
void race(unsigned threads, unsigned rounds)
{
    enum { NUMBERS = 4, KEPT_FROM = 5000 };
    static std::atomic<int> owner[FDSTATE_MOST];
    static std::atomic<uint64_t> twice, entered, handed_on;
    std::atomic<int> next_kept{KEPT_FROM};
    fdstate_track(9); // makes the records
    fdstate_drop(9, COUNTER_COUNT);
    in_threads(threads, [&](unsigned me) {
        attach();
        std::mt19937 random(me + 1);
        auto own = [&](int index) {
            int nobody = 0;
            if (!owner[index].compare_exchange_strong(nobody, (int)me + 1))
                twice++;
        };
        auto disown = [&](int index) {
            int mine = (int)me + 1;
            if (!owner[index].compare_exchange_strong(mine, 0))
                twice++;
        };
        std::vector<std::pair<int, uint32_t>> kept; // this thread's own pool
        for (unsigned round = 0; round < rounds; round++) {
            int fd = 10 + (int)(random() % NUMBERS);
            unsigned what = random() % 16;
            if (what < 4) { // socket()
                fdstate_replaced(fd);
                fdstate_track(fd);
            } else if (what < 9) { // read()
                int index = fdstate_enter(fd);
                if (index >= 0) {
                    own(index);
                    entered++;
                    disown(index);
                    fdstate_leave(index);
                }
            } else if (what < 10) { // dup()
                fdstate_drop(fd, COUNTER_COUNT);
            } else if (what < 13) { // close()
                int index = fdstate_close_later(fd) ? -1 : fdstate_enter(fd);
                if (index >= 0) {
                    own(index);
                    if (!fdstate_move(index, FDSTATE_OPEN, FDSTATE_CLOSING)) {
                        fdstate_drop(fd, COUNTER_COUNT);
                        disown(index);
                        fdstate_leave(index);
                    } else {
                        disown(index);
                        if (fdstate_keep(index, next_kept++)) {
                            kept.emplace_back(index, fdstate_generation(index));
                        } else {
                            fdstate_free(index);
                            fdstate_leave(index);
                        }
                    }
                }
            } else if (!kept.empty()) { // connect()
                int index = fdstate_enter(fd);
                if (index >= 0) {
                    auto [other, generation] = kept.back();
                    kept.pop_back();
                    ASSERT_EQ(fdstate_generation(other), generation) << "nobody else knows of it";
                    if (!fdstate_move(other, FDSTATE_KEPT, FDSTATE_RESERVED)) { // who came late is just leaving
                        fdstate_free(other);
                        fdstate_leave(index);
                        continue;
                    }
                    if (fdstate_move(index, FDSTATE_OPEN, FDSTATE_RESERVED)) {
                        own(index);
                        own(other);
                        disown(index);
                        bool closed;
                        bool followed = (disown(other), fdstate_pass(other, index, &closed));
                        if (followed) {
                            handed_on++;
                            fdstate_leave(other);
                        }
                        if (closed)
                            fdstate_drop(fd, COUNTER_COUNT);
                    } else {
                        fdstate_free(other);
                        fdstate_leave(other);
                        fdstate_leave(index);
                    }
                }
            }
        }
        for (auto [index, generation] : kept) {
            EXPECT_EQ(fdstate_generation(index), generation);
            fdstate_free(index);
        }
    });
    EXPECT_EQ(twice, 0u) << "a record had two owners";
    EXPECT_GT(entered, 0u);
    EXPECT_GT(handed_on, 0u);
    for (int fd = 10; fd < 10 + NUMBERS; fd++)
        fdstate_drop(fd, COUNTER_COUNT);
    for (int i = 0; i < FDSTATE_MOST; i++) {
        EXPECT_EQ(calls_in(i), 0u) << "record " << i << " is stuck";
        EXPECT_LE(state_of(i), FDSTATE_OPEN) << "record " << i;
    }
    for (int fd = 100; fd < 100 + FDSTATE_MOST; fd++)
        EXPECT_GE(fdstate_track(fd), 0) << "a record was lost";
}
} // namespace

RUNTIME_TEST(FdState, TwoThreadsOnTheSameNumbersNeverOwnOneFile)
{
    Tracking tracking;
    race(2, 200000);
}

RUNTIME_TEST(FdState, ManyThreadsOnTheSameNumbersNeverOwnOneFile)
{
    Tracking tracking;
    race(MANY_THREADS, 30000);
}
