// isolated: how tests of process-wide state run: each in a process of its own, and threads that start at once.
// For the suites of any folder; needs Google Test alone.
#pragma once

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace isolation
{

// Runs body in a child process; its failures are failures of the test.
inline void isolated(const std::function<void()> &body)
{
    fflush(nullptr);
    pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        alarm(110); // a hang is a failure
        body();
        exit(testing::Test::HasFailure());
    }
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_TRUE(WIFEXITED(status)) << "ended by signal " << WTERMSIG(status);
    EXPECT_EQ(WEXITSTATUS(status), 0) << "see the failures above";
}

// How many threads a test of what threads share has: enough that each of them is often stopped in the middle by the
// others on any machine. What such a test expects follows from this, and the rounds of each thread are few instead.
constexpr unsigned MANY_THREADS = 16;

// Runs body(0) … body(count - 1) in threads that start together.
inline void in_threads(unsigned count, const std::function<void(unsigned)> &body)
{
    std::atomic<unsigned> waiting{count};
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < count; i++)
        threads.emplace_back([&, i] {
            waiting--;
            while (waiting > 0)
                std::this_thread::yield();
            body(i);
        });
    for (std::thread &thread : threads)
        thread.join();
}

} // namespace isolation
