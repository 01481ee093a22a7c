// What makes remembered names void: files, environment, namespaces, addresses; and that nothing else does.
#include "resolver_support.h"

#include <cstdlib>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace resolver_test;

namespace
{
// A mount and a network namespace of its own, with files of its own in /etc. false: not permitted.
bool own_world()
{
    if (unshare(CLONE_NEWNS | CLONE_NEWNET) != 0 || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
        return false;
    return mount("none", "/etc", "tmpfs", 0, nullptr) == 0;
}

void write_text(const std::string &path, const char *text)
{
    FILE *file = fopen(path.c_str(), "w");
    ASSERT_NE(file, nullptr) << path;
    fputs(text, file);
    fclose(file);
}

// The number changes once over the action, and then stays.
void expect_change(const char *what, const std::function<void()> &action)
{
    uint64_t before = resolver_watch_look();
    EXPECT_EQ(resolver_watch_look(), before) << "before " << what;
    action();
    EXPECT_NE(resolver_watch_look(), before) << what;
}
} // namespace

#define IN_A_WORLD_OF_ITS_OWN()                                                                                        \
    if (!own_world())                                                                                                  \
    GTEST_SKIP() << "needs root"

RESOLVER_TEST(ResolverWatch, SeesFilesComeChangeAndGo)
{
    IN_A_WORLD_OF_ITS_OWN();
    for (const char *name : {"hosts", "resolv.conf", "nsswitch.conf", "gai.conf", "host.conf", "services"}) {
        std::string path = std::string("/etc/") + name;
        expect_change("made", [&] { write_text(path, "# one\n"); });
        expect_change("longer", [&] { write_text(path, "# longer\n"); });
        usleep(20000); // the file system's own clock
        expect_change("another text of the same length", [&] { write_text(path, "# LONGER\n"); });
        expect_change("replaced", [&] {
            write_text(path + ".new", "# LONGER\n");
            rename((path + ".new").c_str(), path.c_str());
        });
        expect_change("gone", [&] { unlink(path.c_str()); });
    }
}

RESOLVER_TEST(ResolverWatch, SeesTheEnvironmentThatLibcsResolverReads)
{
    for (const char *name : {"LOCALDOMAIN", "RES_OPTIONS", "HOSTALIASES", "RESOLV_HOST_CONF", "RESOLV_MULTI"}) {
        expect_change(name, [&] { setenv(name, "a", 1); });
        expect_change(name, [&] { setenv(name, "b", 1); });
        expect_change(name, [&] { unsetenv(name); });
    }
    uint64_t before = resolver_watch_look();
    setenv("HOME", "/elsewhere", 1);
    EXPECT_EQ(resolver_watch_look(), before);
}

RESOLVER_TEST(ResolverWatch, SeesTheFileOfAliasesChange)
{
    Directory directory;
    std::string path = directory.file("aliases");
    setenv("HOSTALIASES", path.c_str(), 1);
    expect_change("made", [&] { write_text(path, "a b\n"); });
    expect_change("changed", [&] { write_text(path, "a b\nc d\n"); });
}

RESOLVER_TEST(ResolverWatch, SeesAnotherNetworkAndItsAddresses)
{
    if (geteuid() != 0)
        GTEST_SKIP() << "needs root";
    expect_change("another network namespace", [] { ASSERT_EQ(unshare(CLONE_NEWNET), 0); });
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    struct ifreq loopback = {};
    strcpy(loopback.ifr_name, "lo");
    expect_change("an interface comes up", [&] {
        loopback.ifr_flags = IFF_UP | IFF_RUNNING;
        ASSERT_EQ(ioctl(fd, SIOCSIFFLAGS, &loopback), 0);
    });
    expect_change("another address", [&] {
        auto *address = (sockaddr_in *)&loopback.ifr_addr;
        *address = {};
        address->sin_family = AF_INET;
        address->sin_addr.s_addr = htonl(0x7f000002);
        ASSERT_EQ(ioctl(fd, SIOCSIFADDR, &loopback), 0);
    });
    close(fd);
}

RESOLVER_TEST(ResolverWatch, SeesAnotherHostName)
{
    if (geteuid() != 0)
        GTEST_SKIP() << "needs root";
    ASSERT_EQ(unshare(CLONE_NEWUTS), 0);
    expect_change("another name", [] { ASSERT_EQ(sethostname("other", 5), 0); });
}

RESOLVER_TEST(ResolverWatch, LooksOnceASecondAndAtOnceWhenHurried)
{
    uint64_t first = resolver_watch_scope(start_ns);
    setenv("LOCALDOMAIN", "a", 1);
    EXPECT_EQ(resolver_watch_scope(start_ns + RESOLVER_LOOK_NS - 1), first);
    EXPECT_EQ(counter(COUNTER_resolver_flushes), 0u);
    uint64_t next_one = resolver_watch_scope(start_ns + RESOLVER_LOOK_NS);
    EXPECT_NE(next_one, first);
    EXPECT_EQ(counter(COUNTER_resolver_flushes), 1u);
    setenv("LOCALDOMAIN", "b", 1);
    EXPECT_EQ(resolver_watch_scope(start_ns + RESOLVER_LOOK_NS + 1), next_one);
    resolver_watch_hurry();
    EXPECT_NE(resolver_watch_scope(start_ns + RESOLVER_LOOK_NS + 2), next_one);
}

RESOLVER_TEST(ResolverWatch, LeavesNoDescriptor)
{
    int before = open("/dev/null", O_RDONLY);
    close(before);
    for (unsigned i = 0; i < 100; i++)
        resolver_watch_look();
    int after = open("/dev/null", O_RDONLY);
    EXPECT_EQ(after, before);
    close(after);
}
