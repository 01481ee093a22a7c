// One of those who ask the same asks libc; none of the others hangs, whatever becomes of that one.
#include "resolver_support.h"

#include <chrono>
#include <csetjmp>
#include <pthread.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace resolver_test;
using namespace std::chrono_literals;

namespace
{
double seconds(const std::function<void()> &body)
{
    auto begin = std::chrono::steady_clock::now();
    body();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

// Leads a flight in a thread of its own until it is told to end.
class Leader
{
public:
    explicit Leader(uint64_t hash)
        : thread_([this, hash] {
              resolver_flight flight = resolver_flight_board(hash);
              role = flight.role;
              boarded = true;
              while (!over)
                  std::this_thread::sleep_for(1ms);
              if (lands)
                  resolver_flight_land(&flight);
          })
    {
        while (!boarded)
            std::this_thread::yield();
    }
    void end(bool land)
    {
        lands = land;
        over = true;
        thread_.join();
    }
    std::atomic<int> role{-1};
    std::atomic<bool> boarded{false}, over{false}, lands{true};

private:
    std::thread thread_;
};
} // namespace

RESOLVER_TEST(ResolverFlight, LetsOneOfManyAskAndTheOthersWait)
{
    for (unsigned round = 0; round < 100; round++) {
        std::atomic<unsigned> asked{0}, at_once{0}, most{0};
        std::atomic<bool> known{false};
        isolation::in_threads(isolation::MANY_THREADS, [&](unsigned) {
            if (known)
                return;
            resolver_flight flight = resolver_flight_board(0x1234567800000000u + round);
            if (!known) {
                asked++;
                most = std::max(most.load(), ++at_once);
                std::this_thread::sleep_for(200us);
                known = true;
                at_once--;
            }
            if (flight.role == FLIGHT_LEADS)
                resolver_flight_land(&flight);
        });
        EXPECT_EQ(asked, 1u) << "round " << round;
    }
}

RESOLVER_TEST(ResolverFlight, OfDifferentQuestionsDoNotWaitForEachOther)
{
    Leader leader(uint64_t{1} << 32 | 5);
    resolver_flight other = resolver_flight_board(uint64_t{2} << 32 | 5);
    EXPECT_EQ(other.role, FLIGHT_LEADS);
    resolver_flight_land(&other);
    leader.end(true);
}

RESOLVER_TEST(ResolverFlight, GoesAloneWhereAllGatesAreTaken)
{
    std::vector<std::unique_ptr<Leader>> leaders;
    for (uint64_t i = 1; i <= 4; i++)
        leaders.push_back(std::make_unique<Leader>(i << 32 | 5));
    EXPECT_EQ(resolver_flight_board(uint64_t{9} << 32 | 5).role, FLIGHT_ALONE);
    for (auto &leader : leaders)
        leader->end(true);
}

RESOLVER_TEST(ResolverFlight, IsTakenOverFromAThreadThatIsGone)
{
    Leader leader(42);
    leader.end(false); // as a cancelled thread: never landed
    resolver_flight flight;
    EXPECT_LT(seconds([&] { flight = resolver_flight_board(42); }), 2.0);
    EXPECT_EQ(flight.role, FLIGHT_LEADS);
    resolver_flight_land(&flight);
    EXPECT_EQ(resolver_flight_board(42).role, FLIGHT_LEADS) << "and nothing is left of it";
}

RESOLVER_TEST(ResolverFlight, IsClearedAwayWhenItsLeaderJumpedOutAndComesBack)
{
    (void)resolver_flight_board(42); // and out by longjmp
    std::thread waiter([] { EXPECT_EQ(resolver_flight_board(42).role, FLIGHT_WAITED); });
    std::this_thread::sleep_for(100ms);
    resolver_flight other = resolver_flight_board(77); // the same thread asks for something else
    waiter.join();
    EXPECT_EQ(other.role, FLIGHT_LEADS);
    resolver_flight_land(&other);
}

RESOLVER_TEST(ResolverFlight, LetsAThreadThatWaitsBeCancelled)
{
#if defined(__SANITIZE_ADDRESS__)
    GTEST_SKIP() << "ASan keeps the frames of a cancelled thread poisoned";
#endif
    Leader leader(42);
    pthread_t thread;
    pthread_create(
        &thread, nullptr,
        [](void *) -> void * {
            resolver_flight_board(42);
            return nullptr;
        },
        nullptr);
    std::this_thread::sleep_for(20ms);
    pthread_cancel(thread);
    void *result = nullptr;
    EXPECT_LT(seconds([&] { pthread_join(thread, &result); }), 2.0);
    EXPECT_EQ(result, PTHREAD_CANCELED);
    leader.end(true);
}

RESOLVER_TEST(ResolverFlight, HasNoneInTheChildOfFork)
{
    Leader leader(42);
    pid_t child = fork();
    if (child == 0) {
        resolver_flight_fork_child();
        _exit(resolver_flight_board(42).role == FLIGHT_LEADS ? 0 : 1);
    }
    int status = -1;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
    leader.end(true);
}
