// The segment's file: where it is made, what is refused, and which old ones go.
#include "runtime_support.h"

#include <cerrno>
#include <fcntl.h>
#include <fstream>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace runtime_test;

namespace
{
constexpr uint64_t size = 1 << 20;

// The file's descriptor, or -errno, for a directory named by STRONG_DIR.
long create(const std::string &directory, uint32_t pid = 4242, uint64_t start_us = 1000)
{
    configure({{"STRONG_DIR", directory}});
    return segment_file_create(size, pid, start_us * 1000);
}

void touch(const std::string &path)
{
    std::ofstream(path) << "x";
}

bool exists(const std::string &path)
{
    return access(path.c_str(), F_OK) == 0;
}

// A pid that was, and is not any more.
pid_t dead()
{
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    waitpid(child, nullptr, 0);
    return child;
}

std::string name_of(pid_t pid, uint64_t start_us)
{
    return std::to_string(pid) + "-" + std::to_string(start_us) + SEGMENT_SUFFIX;
}
} // namespace

RUNTIME_TEST(SegmentFile, IsPrivateSparseAndNamedByPidAndStart)
{
    Directory directory;
    long fd = create(directory.path);
    ASSERT_GE(fd, 0);
    EXPECT_EQ(directory.names(), std::vector<std::string>{"4242-1000.strong"});
    struct stat status;
    ASSERT_EQ(fstat((int)fd, &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u);
    EXPECT_EQ((uint64_t)status.st_size, size);
    EXPECT_EQ(status.st_blocks, 0);
    EXPECT_TRUE(fcntl((int)fd, F_GETFD) & FD_CLOEXEC);
    segment_file_remove();
    EXPECT_TRUE(directory.names().empty());
}

RUNTIME_TEST(SegmentFile, MakesTheDirectoryForItsOwnerAlone)
{
    Directory directory;
    umask(0);
    ASSERT_GE(create(directory.path + "/made"), 0);
    struct stat status;
    ASSERT_EQ(stat((directory.path + "/made").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0700u);
    segment_file_remove();
}

RUNTIME_TEST(SegmentFile, RefusesASymbolicLinkAsDirectory)
{
    Directory directory, elsewhere;
    ASSERT_EQ(symlink(elsewhere.path.c_str(), (directory.path + "/link").c_str()), 0);
    EXPECT_LT(create(directory.path + "/link"), 0);
    EXPECT_TRUE(elsewhere.names().empty());
}

RUNTIME_TEST(SegmentFile, RefusesADirectoryThatOthersCanWrite)
{
    for (mode_t mode : {0777, 0720, 0702, 01777}) {
        Directory directory;
        ASSERT_EQ(chmod(directory.path.c_str(), mode), 0);
        EXPECT_EQ(create(directory.path), -EPERM) << std::oct << mode;
        EXPECT_TRUE(directory.names().empty());
    }
}

RUNTIME_TEST(SegmentFile, RefusesADirectoryOfSomebodyElse)
{
    if (geteuid() != 0)
        return; // only root can give a directory away
    Directory directory;
    ASSERT_EQ(chown(directory.path.c_str(), 65534, 65534), 0);
    EXPECT_EQ(create(directory.path), -EPERM);
    EXPECT_TRUE(directory.names().empty());
}

RUNTIME_TEST(SegmentFile, RefusesAFileInPlaceOfTheDirectory)
{
    Directory directory;
    touch(directory.path + "/file");
    EXPECT_EQ(create(directory.path + "/file"), -ENOTDIR);
    EXPECT_EQ(create(directory.path + "/no/such/place"), -ENOENT);
}

RUNTIME_TEST(SegmentFile, NeverOpensWhatIsThereAlready)
{
    Directory directory, elsewhere;
    touch(directory.path + "/4242-1000.strong");
    EXPECT_EQ(create(directory.path), -EEXIST);
    ASSERT_EQ(symlink((elsewhere.path + "/victim").c_str(), (directory.path + "/4242-2000.strong").c_str()), 0);
    EXPECT_LT(create(directory.path, 4242, 2000), 0);
    EXPECT_TRUE(elsewhere.names().empty());
    struct stat status;
    ASSERT_EQ(stat((directory.path + "/4242-1000.strong").c_str(), &status), 0);
    EXPECT_EQ(status.st_size, 1);
}

RUNTIME_TEST(SegmentFile, AFileSizeLimitIsLookedAtBeforeItBites)
{
    Directory directory;
    for (rlim_t soft : {(rlim_t)0, (rlim_t)4096, (rlim_t)size - 1}) {
        rlimit limit = {soft, RLIM_INFINITY};
        ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0); // SIGXFSZ would end this process
        EXPECT_EQ(create(directory.path), -EFBIG);
        EXPECT_TRUE(directory.names().empty());
    }
    rlimit limit = {size, RLIM_INFINITY};
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
    EXPECT_GE(create(directory.path), 0);
}

RUNTIME_TEST(SegmentFile, ALongPathIsNoOverflow)
{
    EXPECT_LT(create("/tmp/" + std::string(5000, 'x')), 0);
}

RUNTIME_TEST(SegmentFile, WithoutOneTheRuntimeCountsPrivatelyAndSaysItOnce)
{
    Output output = run_child([] {
        Runtime runtime(Environment{{"STRONG_DIR", "/nowhere/at/all"}});
        EXPECT_EQ(segment_form, SEGMENT_PRIVATE);
        thread_count_derived(HOOK_read, 1, 1, 1, false);
        EXPECT_EQ(row(HOOK_read, 1).calls, 1u);
    });
    EXPECT_EQ(output.status, 0);
    EXPECT_EQ(std::count(output.err.begin(), output.err.end(), '\n'), 1) << output.err;
    EXPECT_NE(output.err.find("ENOENT"), std::string::npos) << output.err;
}

RUNTIME_TEST(SegmentFile, HoldsNoDescriptor)
{
    int before = dup(0);
    close(before);
    Runtime runtime;
    int after = dup(0);
    EXPECT_EQ(after, before);
}

// ---- retention ----

RUNTIME_TEST(Retention, TheOldestOfTheDeadGoAndTheNewestStay)
{
    Runtime runtime(Environment{{"STRONG_KEEP", "10"}});
    pid_t gone = dead();
    for (uint64_t start = 1; start <= 50; start++)
        touch(runtime.directory() + "/" + name_of(gone, start));
    segment_file_collect();
    std::vector<std::string> left;
    for (uint64_t start = 1; start <= 50; start++)
        if (exists(runtime.directory() + "/" + name_of(gone, start)))
            left.push_back(name_of(gone, start));
    EXPECT_EQ(left.size(), 9u) << "and our own";
    for (uint64_t start = 42; start <= 50; start++)
        EXPECT_TRUE(exists(runtime.directory() + "/" + name_of(gone, start))) << start;
}

RUNTIME_TEST(Retention, NothingOfALivingProcessGoes)
{
    Runtime runtime(Environment{{"STRONG_KEEP", "0"}});
    std::string own = runtime.directory() + "/" + name_of(getpid(), 1);
    std::string parent = runtime.directory() + "/" + name_of(getppid(), 2);
    std::string gone = runtime.directory() + "/" + name_of(dead(), 3);
    for (const std::string &path : {own, parent, gone})
        touch(path);
    segment_file_collect();
    EXPECT_TRUE(exists(own));
    EXPECT_TRUE(exists(parent));
    EXPECT_FALSE(exists(gone));
}

RUNTIME_TEST(Retention, WhatIsNotASegmentIsLeftAlone)
{
    Runtime runtime(Environment{{"STRONG_KEEP", "0"}});
    pid_t gone = dead();
    std::vector<std::string> others = {"notes.txt", name_of(gone, 1) + ".bak", "x" + name_of(gone, 1), "1-2",
                                       "-5.strong", "5-.strong", "5.strong", "a-b.strong"};
    for (const std::string &name : others)
        touch(runtime.directory() + "/" + name);
    segment_file_collect();
    for (const std::string &name : others)
        EXPECT_TRUE(exists(runtime.directory() + "/" + name)) << name;
}

RUNTIME_TEST(Retention, OneStartInEightLooks)
{
    Runtime runtime(Environment{{"STRONG_KEEP", "0"}});
    std::string old = runtime.directory() + "/" + name_of(dead(), 1);
    unsigned looked = 0;
    for (uint32_t pid = 1000; pid < 1064; pid++) {
        touch(old);
        segment->pid = pid;
        segment_collect_sometimes();
        looked += !exists(old);
    }
    EXPECT_EQ(looked, 8u);
}

RUNTIME_TEST(Retention, TheWholeWeighsAtMost256MiBAtTheStartsThatWeigh)
{
    Runtime runtime;
    segment->pid &= ~15u; // one start in sixteen weighs
    pid_t gone = dead();
    int fd = -1;
    for (uint64_t start = 1; start <= 6; start++) {
        fd = open((runtime.directory() + "/" + name_of(gone, start)).c_str(), O_CREAT | O_RDWR, 0600);
        ASSERT_EQ(posix_fallocate(fd, 0, 60 << 20), 0);
        close(fd);
    }
    segment_file_collect();
    for (uint64_t start = 1; start <= 6; start++)
        EXPECT_EQ(exists(runtime.directory() + "/" + name_of(gone, start)), start >= 3) << start;
}
