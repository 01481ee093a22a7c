// Where libstrong is to do nothing it makes no system call: switched off, and in programs with privileges of their files.
#include "security_case.h"

#include <algorithm>
#include <filesystem>
#include <functional>
#include <gtest/gtest.h>
#include <iterator>
#include <sched.h>
#include <set>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

using namespace interpose_test;

namespace
{
// The system calls of a program, by strace with `options`, without their results: addresses differ.
std::vector<std::string> calls(const std::vector<std::string> &options, const std::vector<std::string> &program,
                               const std::function<void()> &before_exec = nullptr, std::string *ret_out = nullptr)
{
    Directory log;
    std::string path = log.path + "/strace";
    Command command;
    command.preloaded = false;
    command.before_exec = before_exec;
    command.arguments = {"/usr/bin/strace", "-f", "-o", path};
    command.arguments.insert(command.arguments.end(), options.begin(), options.end());
    command.arguments.insert(command.arguments.end(), program.begin(), program.end());
    Outcome outcome = run(command, "");
    EXPECT_EQ(outcome.status, 0) << outcome.describe();
    if (ret_out)
        *ret_out = outcome.out + outcome.err;
    std::ifstream file(path);
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) {
        std::string call = line.substr(line.find_first_not_of("0123456789 "));
        lines.push_back(call.substr(0, call.find('(')) + (call.rfind("openat(", 0) == 0 ? call.substr(6, call.find(')') - 6) : ""));
    }
    std::sort(lines.begin(), lines.end());
    return lines;
}

// What `with` has beyond `without` and beyond what the loader does for any preloaded library: it opens, maps, protects
// it and closes it.
std::string beyond_the_loader(const std::vector<std::string> &with, const std::vector<std::string> &without,
                              const std::string &library)
{
    std::vector<std::string> more;
    std::set_difference(with.begin(), with.end(), without.begin(), without.end(), std::back_inserter(more));
    unsigned opened = 0;
    std::string others;
    for (const std::string &call : more) {
        if (call.rfind("openat", 0) == 0 && call.find(library) != std::string::npos)
            opened++;
        else if (std::set<std::string>{"read", "pread64", "fstat", "newfstatat", "mmap", "mprotect", "close", "munmap"}.count(call) == 0)
            others += call + "\n";
    }
    EXPECT_EQ(opened, 1u);
    return others;
}

TEST(Security, SwitchedOffItMakesNoSystemCallBeyondTheLoaders)
{
    if (access("/usr/bin/strace", X_OK) != 0)
        GTEST_SKIP() << "needs strace";
    const std::vector<std::string> program = {"/bin/cat", "/dev/null"};
    const std::string preload = std::string("LD_PRELOAD=") + STRONG_SO;
    std::vector<std::string> bare = calls({}, program), off = calls({"-E", "STRONG_ENABLED=0", "-E", preload}, program);
    ASSERT_GT(bare.size(), 10u);
    EXPECT_EQ(beyond_the_loader(off, bare, STRONG_SO), "");
    // The same search finds libstrong at work.
    std::vector<std::string> on = calls({"-E", preload}, program);
    EXPECT_TRUE(std::any_of(on.begin(), on.end(), [](const std::string &call) { return call.find("strong-") != std::string::npos; }));
}

// Whose file has privileges: by its owner, its group, or its capabilities.
struct Privilege {
    const char *name;
    mode_t mode;
    bool capabilities;
};

bool give(const std::string &program, const Privilege &privilege)
{
    if (chmod(program.c_str(), privilege.mode) != 0)
        return false;
    const uint32_t raw_sockets[] = {0x02000001 /* version 2, effective */, 1u << 13, 0, 0, 0};
    return !privilege.capabilities || setxattr(program.c_str(), "security.capability", raw_sockets, sizeof raw_sockets, 0) == 0;
}

// The system preloads it into every program, /etc/ld.so.preload, so that the loader takes it into privileged ones too: in a
// namespace of mounts with an /etc of its own. Only AT_SECURE keeps it out of them.
TEST(Security, LoadedIntoAPrivilegedProgramItMakesNoSystemCallBeyondTheLoaders)
{
    if (geteuid() != 0 || access("/usr/bin/strace", X_OK) != 0)
        GTEST_SKIP() << "making privileged programs, and following them, needs root and strace";
    Directory place, segments;
    std::string program = place.path + "/program", library = place.path + "/library", etc = place.path + "/etc";
    ASSERT_EQ(system(("chmod 755 " + place.path + " && chmod 777 " + segments.path + " && cp " STRONG_SO " " + library + " && mkdir " + etc +
                      " && cp /etc/passwd /etc/group /etc/ld.so.cache " + etc + " && chmod 755 " + library)
                         .c_str()),
              0);
    auto enter = [&](bool preload) {
        std::ofstream(etc + "/ld.so.preload") << (preload ? library : "") << "\n";
        return [etc] {
            if (unshare(CLONE_NEWNS) < 0 || mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) < 0 ||
                mount(etc.c_str(), "/etc", nullptr, MS_BIND, nullptr) < 0)
                _exit(125);
        };
    };
    Command probe;
    probe.preloaded = false;
    probe.arguments = {"/bin/true"};
    probe.before_exec = enter(false);
    if (run(probe, "").status != 0)
        GTEST_SKIP() << "no namespace of mounts may be made here";
    const std::vector<std::string> options = {"-u", "nobody", "-E", "STRONG_DIR=" + segments.path + "/own", "-E", "STRONG_CPU_HZ=x",
                                              "-E", "STRONG_REPORT=" + segments.path + "/report", "-E", "STRONG_LOG=2"};
    for (const Privilege &privilege : {Privilege{"none", 0755, false}, Privilege{"user", 04755, false}, Privilege{"group", 02755, false},
                                       Privilege{"capabilities", 0755, true}}) {
        SCOPED_TRACE(privilege.name);
        bool privileged = std::string(privilege.name) != "none";
        ASSERT_EQ(system(("rm -f " + program + " && cp " STRONG_PROGRAMS_DIR "/survive_process " + program).c_str()), 0);
        if (!give(program, privilege))
            continue; // a file system without capabilities
        std::string out;
        std::vector<std::string> bare = calls(options, {program, "secure"}, enter(false), &out);
        EXPECT_EQ(out, privileged ? "secure 1 mapped 0\n" : "secure 0 mapped 0\n");
        std::vector<std::string> loaded = calls(options, {program, "secure"}, enter(true), &out);
        std::string beyond = beyond_the_loader(loaded, bare, library);
        if (privileged) {
            EXPECT_EQ(out, "secure 1 mapped 1\n");
            EXPECT_EQ(beyond, "");
            EXPECT_TRUE(segments.names().empty());
        } else { // the same search finds it at work
            EXPECT_NE(out.find("secure 0 mapped 1\n"), std::string::npos) << out;
            EXPECT_NE(beyond.find(segments.path + "/own"), std::string::npos) << beyond;
            EXPECT_FALSE(segments.names().empty());
            std::filesystem::remove_all(segments.path + "/own");
            std::filesystem::remove(segments.path + "/report");
        }
    }
}
} // namespace
