// Places and limits that leave libstrong without a file, memory or the right to be there: the program
// does not notice.
#include "interpose_support.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace interpose_test;

namespace
{
// A program that does a bit of everything and says how it went.
const std::vector<std::string> probe = {"survive_threads", "short", "200"};
const char expected[] = "200 short lives\n";

void limit(int resource, rlim_t value)
{
    rlimit both = {value, value};
    if (setrlimit(resource, &both) < 0)
        _exit(126);
}

// A tmpfs of its own in a mount namespace of its own.
void mount_small(const std::string &path, const char *options, unsigned long flags)
{
    if (unshare(CLONE_NEWNS) < 0 || mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) < 0 ||
        mount("tmpfs", path.c_str(), "tmpfs", flags, options) < 0)
        _exit(125);
}

// Bare and preloaded under the same conditions; what libstrong says on stderr is checked apart.
struct Pair {
    Outcome bare, preloaded;
};

Pair both(const Directory &directory, Command command)
{
    command.preloaded = false;
    Pair pair;
    pair.bare = run(command, "");
    command.preloaded = true;
    pair.preloaded = run(command, directory.path);
    return pair;
}

unsigned lines(const std::string &text)
{
    unsigned count = 0;
    for (char letter : text)
        count += letter == '\n';
    return count;
}

void expect_unharmed(const Pair &pair, unsigned most_lines)
{
    EXPECT_EQ(pair.preloaded.status, pair.bare.status) << pair.bare.describe() << pair.preloaded.describe();
    EXPECT_EQ(pair.preloaded.out, pair.bare.out);
    EXPECT_EQ(pair.preloaded.timed_out, pair.bare.timed_out);
    EXPECT_LE(lines(pair.preloaded.err), lines(pair.bare.err) + most_lines) << pair.preloaded.err;
    EXPECT_EQ(pair.preloaded.err.find("ERROR: ld.so"), std::string::npos);
}

bool is_root()
{
    return geteuid() == 0;
}
} // namespace

class FullDirectory : public testing::TestWithParam<const char *> {};

// From nothing at all to nearly enough: the file system is full at start, or while tables grow.
TEST_P(FullDirectory, IsNoSigbus)
{
    if (!is_root())
        GTEST_SKIP() << "mounting needs root";
    Directory directory;
    const std::vector<std::vector<std::string>> programs = {probe,
                                                            {"survive_kernel", "targets", "10000"},
                                                            {"survive_threads", "many", "300"},
                                                            {"survive_process", "storm"}};
    for (const std::vector<std::string> &arguments : programs) {
        Command command;
        command.arguments = arguments;
        command.environment = {{"STRONG_SAMPLE_RATE", "1"}, {"STRONG_ALLOC_PERIOD", "1KiB"}};
        std::string options = std::string("mode=0700,size=") + GetParam();
        command.before_exec = [&] { mount_small(directory.path, options.c_str(), 0); };
        expect_unharmed(both(directory, command), 400);
    }
}

INSTANTIATE_TEST_SUITE_P(Sizes, FullDirectory, testing::Values("4k", "16k", "32k", "64k", "128k", "512k"));

TEST(Limits, AReadOnlyDirectoryCostsOneLine)
{
    if (!is_root())
        GTEST_SKIP() << "mounting needs root";
    Directory directory;
    Command command;
    command.arguments = probe;
    command.before_exec = [&] { mount_small(directory.path, "mode=0700", MS_RDONLY); };
    Pair pair = both(directory, command);
    expect_unharmed(pair, 1);
    EXPECT_NE(pair.preloaded.err.find("EROFS"), std::string::npos) << pair.preloaded.err;
}

TEST(Limits, AMissingDirectoryCostsOneLine)
{
    Directory directory;
    Command command;
    command.arguments = probe;
    command.environment = {{"STRONG_DIR", directory.path + "/not/there"}};
    Pair pair = both(directory, command);
    expect_unharmed(pair, 1);
    EXPECT_NE(pair.preloaded.err.find("ENOENT"), std::string::npos) << pair.preloaded.err;
}

TEST(Limits, WithoutDevShmTheTemporaryDirectoryServes)
{
    if (!is_root())
        GTEST_SKIP() << "mounting needs root";
    Directory directory;
    Command command;
    command.arguments = probe;
    command.environment = {{"STRONG_DIR", ""}, {"TMPDIR", directory.path}};
    command.before_exec = [] { mount_small("/dev/shm", "", MS_RDONLY); };
    expect_unharmed(both(directory, command), 0);
    std::string made = directory.path + "/strong-" + std::to_string(geteuid());
    struct stat status;
    ASSERT_EQ(stat(made.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0700u);
    std::string remove = "rm -r " + made;
    EXPECT_EQ(system(remove.c_str()), 0);
}

TEST(Limits, AnAddressSpaceTooSmallForTheSegmentIsTheProgramsOwn)
{
    // The library itself takes 4 MB of addresses (half of it jemalloc's page tree, untouched): with 6 MB in all the
    // loader has no room left for libc, before a line of ours runs.
    for (rlim_t megabytes : {8, 12, 20, 64}) {
        Directory directory;
        Command command;
        command.arguments = {"survive_start"};
        command.before_exec = [=] { limit(RLIMIT_AS, megabytes << 20); };
        Pair pair = both(directory, command);
        if (pair.bare.status == 0) // too little even for the program itself tells nothing
            expect_unharmed(pair, 1);
    }
    Directory directory;
    Command command;
    command.arguments = {"survive_kernel", "memory"};
    command.before_exec = [] { limit(RLIMIT_AS, 600 << 20); };
    expect_unharmed(both(directory, command), 1);
}

TEST(Limits, FewDescriptorsAreAllForTheProgram)
{
    for (rlim_t count : {3, 4, 5, 10, 100}) {
        Directory directory;
        Command command;
        command.arguments = {"survive_kernel", "descriptors", "200"};
        // The loader needs a descriptor before libstrong is there: with too few it preloads nothing.
        command.before_exec = [=] { limit(RLIMIT_NOFILE, count); };
        Pair pair = both(directory, command);
        if (pair.bare.status == 0 && pair.preloaded.err.find("LD_PRELOAD cannot be preloaded") == std::string::npos)
            expect_unharmed(pair, 1);
        else
            EXPECT_LE(count, 3u) << pair.bare.describe();
    }
}

TEST(Limits, NoFileMayGrow)
{
    Directory directory;
    Command command;
    command.arguments = probe;
    command.before_exec = [] { limit(RLIMIT_FSIZE, 0); };
    Pair pair = both(directory, command);
    expect_unharmed(pair, 1);
    EXPECT_NE(pair.preloaded.err.find("EFBIG"), std::string::npos) << pair.preloaded.err;
    EXPECT_TRUE(directory.names().empty());
}

TEST(Limits, ADirectoryOfAStrangerIsRefused)
{
    if (!is_root())
        GTEST_SKIP() << "only root can give a directory away";
    Directory directory;
    ASSERT_EQ(chown(directory.path.c_str(), 65534, 65534), 0);
    Command command;
    command.arguments = probe;
    expect_unharmed(both(directory, command), 1);
    EXPECT_TRUE(directory.names().empty());
}

// ---- staying out ----

TEST(StaysOut, SwitchedOffItTouchesNothing)
{
    Directory directory;
    for (const char *no : {"0", "no", "off", "false"}) {
        Outcome outcome = run_preloaded(directory, probe, {{"STRONG_ENABLED", no}, {"STRONG_CPU_HZ", "not a number"}});
        EXPECT_EQ(outcome.out, expected);
        EXPECT_EQ(outcome.err, "");
        EXPECT_TRUE(directory.names().empty()) << no;
    }
}

TEST(StaysOut, ProgramsWithPrivilegesOfAnother)
{
    if (!is_root())
        GTEST_SKIP() << "making a set-user-id program needs root";
    // The loader takes a preload for a privileged program only from its own directories, and only when
    // the library is set-user-id too; then AT_SECURE is what keeps libstrong out. It is tried both ways;
    // the second in a mount namespace in which libstrong stands where a library nobody uses was.
    Directory directory, segments;
    ASSERT_EQ(chmod(directory.path.c_str(), 0755), 0);
    ASSERT_EQ(chown(segments.path.c_str(), 65534, 65534), 0);
    std::string program = directory.path + "/secure", library = directory.path + "/library";
    std::string copies = "cp " STRONG_PROGRAMS_DIR "/survive_process " + program + " && cp " STRONG_SO " " + library +
                         " && chmod 4755 " + program + " " + library;
    ASSERT_EQ(system(copies.c_str()), 0);
    auto become_nobody = [] {
        if (setgid(65534) < 0 || setuid(65534) < 0)
            _exit(126);
    };
    Command command;
    command.arguments = {program, "secure"};
    command.environment = {{"STRONG_CPU_HZ", "not a number"}};
    command.before_exec = become_nobody;
    Outcome outcome = run(command, segments.path);
    EXPECT_EQ(outcome.out, "secure 1 mapped 0\n") << outcome.describe();
    EXPECT_EQ(outcome.err.find("libstrong:"), std::string::npos) << outcome.err;
    EXPECT_TRUE(segments.names().empty());

    Dl_info libc;
    ASSERT_NE(dladdr((void *)&abort, &libc), 0);
    std::string place = libc.dli_fname;
    place = place.substr(0, place.rfind('/')) + "/libBrokenLocale.so.1"; // of glibc itself
    command.preloaded = false;
    command.environment["LD_PRELOAD"] = "libBrokenLocale.so.1";
    command.environment["STRONG_DIR"] = segments.path;
    command.before_exec = [&] {
        if (unshare(CLONE_NEWNS) < 0 || mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) < 0 ||
            mount(library.c_str(), place.c_str(), nullptr, MS_BIND, nullptr) < 0)
            _exit(125);
        become_nobody();
    };
    outcome = run(command, "");
    EXPECT_EQ(outcome.out, "secure 1 mapped 1\n") << outcome.describe();
    EXPECT_EQ(outcome.err, "");
    EXPECT_TRUE(segments.names().empty());
}
