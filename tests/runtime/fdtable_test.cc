// What descriptor numbers mean, from opening to closing.
#include "runtime_support.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/un.h>
#include <unistd.h>

using namespace runtime_test;

namespace
{
uint32_t peer()
{
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(6379);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return targets_address(TARGET_TCP_OUT, (const sockaddr *)&address, sizeof address);
}

// A connection made on a number, without the kernel.
void connected(int fd)
{
    fdtable_socket(fd, AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    fdtable_connected(fd, peer(), false);
}

Row connections()
{
    return row(HOOK_connection, peer());
}
} // namespace

RUNTIME_TEST(FdTable, AnOpenedNumberHasItsTargetUntilItIsClosed)
{
    Runtime runtime;
    uint32_t file = fdtable_path("/data/file");
    fdtable_opened(100, file, TARGET_FILE);
    EXPECT_EQ(fdtable_target(100), file);
    EXPECT_EQ(segment->descriptors_open, 1u);
    fdtable_closing(100);
    EXPECT_EQ(segment->descriptors_open, 0u);
    EXPECT_EQ(segment->descriptors_peak, 1u);
    EXPECT_EQ(fdtable_target(100), 0u) << "the kernel knows no descriptor 100";
    fdtable_closing(100);
    EXPECT_EQ(segment->descriptors_open, 0u) << "closing twice counts once";
}

RUNTIME_TEST(FdTable, DuplicatesMeanTheSame)
{
    Runtime runtime;
    fdtable_opened(100, fdtable_path("/a"), TARGET_FILE);
    fdtable_opened(101, fdtable_path("/b"), TARGET_FILE);
    fdtable_duplicated(100, 101); // dup2 over an open one
    EXPECT_EQ(fdtable_target(101), fdtable_path("/a"));
    fdtable_duplicated(100, 2000); // on another page
    EXPECT_EQ(fdtable_target(2000), fdtable_path("/a"));
    fdtable_closing(100);
    EXPECT_EQ(fdtable_target(101), fdtable_path("/a"));
    EXPECT_EQ(segment->descriptors_open, 2u);
    fdtable_duplicated(101, 101);
    EXPECT_EQ(segment->descriptors_open, 2u);
}

RUNTIME_TEST(FdTable, ARangeClosesAllOfItAndNothingElse)
{
    Runtime runtime;
    for (int fd : {900, 1023, 1024, 1025, 5000, 70000})
        fdtable_opened(fd, fdtable_path("/x"), TARGET_FILE);
    fdtable_closing_range(1023, 5000);
    EXPECT_EQ(segment->descriptors_open, 2u);
    EXPECT_NE(fdtable_target(900), 0u);
    EXPECT_NE(fdtable_target(70000), 0u);
    for (int fd : {1023, 1024, 1025, 5000})
        EXPECT_EQ(fdtable_entry(fd, true)->flags & FD_KNOWN, 0) << fd;
    fdtable_closing_range(0, UINT32_MAX);
    EXPECT_EQ(segment->descriptors_open, 0u);
    fdtable_closing_range(10, 5); // the wrong way round
}

RUNTIME_TEST(FdTable, NumbersOutOfRangeAreRefusedAndCounted)
{
    Runtime runtime;
    EXPECT_EQ(fdtable_entry(-1, true), nullptr);
    EXPECT_EQ(fdtable_entry(FDTABLE_PAGE * FDTABLE_PAGES, true), nullptr);
    EXPECT_EQ(counter(COUNTER_fd_table_full), 1u) << "negative ones are mistakes of the program";
    EXPECT_NE(fdtable_entry(FDTABLE_PAGE * FDTABLE_PAGES - 1, true), nullptr);
    fdtable_opened(INT32_MAX, 1, TARGET_FILE);
    fdtable_closing(INT32_MAX);
    fdtable_closing(-1);
    fdtable_duplicated(-1, -1);
    EXPECT_EQ(fdtable_target(-1), 0u);
    EXPECT_EQ(segment->descriptors_open, 0u);
}

RUNTIME_TEST(FdTable, AskingPreservesErrnoAndNamesWhatTheKernelKnows)
{
    Runtime runtime;
    std::string path = runtime.directory() + "/some file";
    int file = open(path.c_str(), O_CREAT | O_RDWR, 0600), pipes[2], null = open("/dev/null", O_RDONLY);
    ASSERT_EQ(pipe(pipes), 0);
    errno = 1234;
    EXPECT_EQ(target_text(fdtable_target(file)), path);
    EXPECT_EQ(targets_kind(fdtable_target(file)), TARGET_FILE);
    EXPECT_EQ(targets_kind(fdtable_target(pipes[0])), TARGET_PIPE);
    EXPECT_EQ(target_text(fdtable_target(null)), "/dev/null");
    EXPECT_EQ(targets_kind(fdtable_target(null)), TARGET_DEVICE);
    EXPECT_EQ(fdtable_target(9999), 0u);
    EXPECT_EQ(errno, 1234);
}

RUNTIME_TEST(FdTable, InheritedConnectionsAreAskedFor)
{
    Runtime runtime;
    int listener = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t len = sizeof address;
    ASSERT_EQ(bind(listener, (sockaddr *)&address, len), 0);
    ASSERT_EQ(listen(listener, 1), 0);
    getsockname(listener, (sockaddr *)&address, &len);
    ASSERT_EQ(connect(client, (sockaddr *)&address, len), 0);
    std::string text = "tcp://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    EXPECT_EQ(target_text(fdtable_target(client)), text);
    EXPECT_EQ(targets_kind(fdtable_target(client)), TARGET_TCP_OUT);
    EXPECT_EQ(target_text(fdtable_target(listener)), text);
    EXPECT_EQ(targets_kind(fdtable_target(listener)), TARGET_TCP_IN);
    fdtable_bound(listener);
    fdtable_accepted(500, listener);
    EXPECT_EQ(fdtable_target(500), fdtable_target(listener));
    EXPECT_TRUE(fdtable_entry(500, false)->flags & FD_STREAM);
}

RUNTIME_TEST(FdTable, AfterSeccompNothingIsAsked)
{
    Runtime runtime;
    targets_string(TARGET_HOST, "commits the table, which is not done later");
    seccomp_entered = true;
    EXPECT_EQ(targets_kind(fdtable_target(0)), TARGET_UNKNOWN);
    EXPECT_EQ(targets_kind(fdtable_target(9999)), TARGET_UNKNOWN);
}

RUNTIME_TEST(FdTable, EachClosedConnectionIsOneRowWithItsExchanges)
{
    Runtime runtime;
    connected(100);
    for (int i = 0; i < 3; i++) {
        fdtable_wrote(100, 5000, clock_ticks());
        fdtable_read_done(100, clock_ticks());
        fdtable_read_done(100, clock_ticks()); // the rest of the same answer
    }
    EXPECT_EQ(connections().calls, 0u);
    fdtable_closing(100);
    connected(100);
    fdtable_closing(100);
    Row all = connections();
    EXPECT_EQ(all.calls, 2u);
    EXPECT_EQ(all.bytes, 3u) << "exchanges";
    EXPECT_EQ(all.errors, 1u) << "one closed without any";
}

RUNTIME_TEST(FdTable, ADuplicateDoesNotCountTheConnectionTwice)
{
    Runtime runtime;
    connected(100);
    fdtable_duplicated(100, 101);
    fdtable_closing(101);
    fdtable_closing(100);
    EXPECT_EQ(connections().calls, 1u);
}

RUNTIME_TEST(FdTable, AsynchronousConnectsBeginOnce)
{
    Runtime runtime;
    fdtable_socket(100, AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    fdtable_connected(100, peer(), true);
    EXPECT_TRUE(fdtable_entry(100, false)->flags & FD_CONNECTING);
    uint64_t since = fdtable_entry(100, false)->since_ticks;
    fdtable_connected(100, peer(), false); // connect again asks for the outcome
    EXPECT_EQ(fdtable_entry(100, false)->since_ticks, since);
    EXPECT_FALSE(fdtable_entry(100, false)->flags & FD_CONNECTING);
    fdtable_closing(100);
    EXPECT_EQ(connections().calls, 1u);
}

RUNTIME_TEST(FdTable, AnAnswerTakesFromTheLastWriteToTheReadThatFollows)
{
    Runtime runtime;
    connected(100);
    fdtable_wrote(100, 10, clock_ticks());
    fdtable_wrote(100, 10, clock_ticks());
    fdtable_entry(100, false)->moved_ticks -= clock_ns_to_ticks(50000000); // the clock is moved, not waited for
    fdtable_read_done(100, clock_ticks());
    fdtable_read_done(100, clock_ticks()); // more of the same answer
    Row answers = row(HOOK_response, peer());
    EXPECT_EQ(answers.calls, 1u);
    EXPECT_GE(clock_ticks_to_ns(answers.ticks), 49000000u);

    fdtable_opened(101, peer(), TARGET_TCP_IN); // a client's: what it sends next is no answer
    fdtable_wrote(101, 10, clock_ticks());
    fdtable_read_done(101, clock_ticks());
    EXPECT_EQ(row(HOOK_response, peer()).calls, 1u);
}

// ---- Nagle ----

struct StallCase {
    const char *name;
    int writes;
    uint64_t bytes;
    unsigned wait_ms;
    bool nodelay;
    uint64_t stalls;
};

void PrintTo(const StallCase &one, std::ostream *out)
{
    *out << one.name;
}

class FdTableStall : public testing::TestWithParam<StallCase> {};

TEST_P(FdTableStall, IsSeenWhenAndOnlyWhenItIsOne)
{
    isolated([] {
        const StallCase &one = GetParam();
        Runtime runtime;
        connected(100);
        if (one.nodelay)
            fdtable_option(100, IPPROTO_TCP, TCP_NODELAY);
        for (int i = 0; i < one.writes; i++)
            fdtable_wrote(100, one.bytes, clock_ticks());
        // The clock is moved, not waited for.
        fdtable_entry(100, false)->moved_ticks -= clock_ns_to_ticks(one.wait_ms * UINT64_C(1000000));
        fdtable_read_done(100, clock_ticks());
        EXPECT_EQ(row(HOOK_nagle_stall, peer()).calls, one.stalls);
    });
}

INSTANTIATE_TEST_SUITE_P(Cases, FdTableStall,
                         testing::Values(StallCase{"two small writes, 42 ms", 2, 10, 42, false, 1},
                                         StallCase{"one small write", 1, 10, 42, false, 0},
                                         StallCase{"large writes", 2, 4000, 42, false, 0},
                                         StallCase{"a fast answer", 2, 10, 5, false, 0},
                                         StallCase{"a slow server", 2, 10, 100, false, 0},
                                         StallCase{"NODELAY is set", 2, 10, 42, true, 0},
                                         StallCase{"many small writes", 300, 1, 42, false, 1}));

#if !defined(__SANITIZE_THREAD__) // entries are plain words by design: see fdtable.c
RUNTIME_TEST(FdTable, ThreadsOnTheSameNumbersDoNoHarm)
{
    Runtime runtime;
    in_threads(MANY_THREADS, [](unsigned thread) {
        attach();
        for (int i = 0; i < 5000; i++) {
            int fd = 100 + i % 3000; // three pages made by whoever comes first
            fdtable_opened(fd, thread + 1, TARGET_FILE);
            fdtable_duplicated(fd, fd + 1);
            fdtable_closing(fd);
        }
    });
    for (int fd = 100; fd < 3200; fd++) {
        fd_entry *entry = fdtable_entry(fd, false);
        if (entry && (entry->flags & FD_KNOWN)) {
            EXPECT_TRUE(entry->target >= 1 && entry->target <= MANY_THREADS) << fd;
        }
    }
}
#endif
