// Clocks of processes in another time namespace.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#define _Static_assert static_assert
extern "C" {
#include "read/process.h"
}
#undef _Static_assert

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif

namespace
{
constexpr int64_t kSecond = 1000000000, kMonotonic = 1000000 * kSecond, kBoottime = 2000000 * kSecond + 500;

// In a child: a new time namespace for its own children.
bool unshare_time()
{
    const char offsets[] = "monotonic 1000000 0\nboottime 2000000 500\n";
    if (unshare(CLONE_NEWTIME) != 0)
        return false;
    int fd = open("/proc/self/timens_offsets", O_WRONLY);
    bool done = fd >= 0 && write(fd, offsets, sizeof offsets - 1) == (ssize_t)sizeof offsets - 1;
    close(fd);
    return done;
}

// How far we are ahead as the one in the namespace sees it; its exit code says so.
int look_from_inside(pid_t outside)
{
    bool same = process_clock_ahead(getpid(), CLOCK_MONOTONIC) == 0;
    bool behind = process_clock_ahead(outside, CLOCK_MONOTONIC) == -kMonotonic &&
                  process_clock_ahead(outside, CLOCK_BOOTTIME) == -kBoottime;
    return same && behind ? 0 : 1;
}
} // namespace

TEST(ProcessClock, IsOursInOurNamespaceAndWhereNobodyIs)
{
    EXPECT_EQ(process_clock_ahead(getpid(), CLOCK_MONOTONIC), 0);
    EXPECT_EQ(process_clock_ahead(getppid(), CLOCK_BOOTTIME), 0);
    EXPECT_EQ(process_clock_ahead(0, CLOCK_BOOTTIME), 0);
    EXPECT_EQ(process_clock_ahead(0x7ffffff0, CLOCK_MONOTONIC), 0);
}

TEST(ProcessClock, IsAheadByTheOffsetOfItsNamespace)
{
    int ready[2], over[2];
    ASSERT_EQ(pipe(ready) + pipe(over), 0);
    pid_t outside = getpid(), inside = 0, child = fork();
    if (child == 0) {
        close(over[1]);
        if (unshare_time())
            inside = fork();
        else
            inside = -1;
        if (inside != 0) {
            (void)!write(ready[1], &inside, sizeof inside);
            int status = 0;
            waitpid(inside, &status, 0);
            _exit(WEXITSTATUS(status));
        }
        char byte;
        int seen = look_from_inside(outside);
        (void)!read(over[0], &byte, 1); // until it has been looked at
        _exit(seen);
    }
    close(over[0]);
    ASSERT_EQ(read(ready[0], &inside, sizeof inside), (ssize_t)sizeof inside);
    int64_t monotonic = process_clock_ahead(inside, CLOCK_MONOTONIC), boottime = process_clock_ahead(inside, CLOCK_BOOTTIME);
    close(over[1]);
    int status = 0;
    waitpid(child, &status, 0);
    for (int fd : {ready[0], ready[1]})
        close(fd);
    if (inside < 0)
        GTEST_SKIP() << "a time namespace cannot be made here";
    EXPECT_EQ(monotonic, kMonotonic);
    EXPECT_EQ(boottime, kBoottime);
    EXPECT_EQ(status, 0) << "seen from inside";
}
