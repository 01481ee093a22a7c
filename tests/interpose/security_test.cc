// What SECURITY.md promises of the library and no other test shows: nothing of the program's data is kept, files are the
// user's alone, no descriptor and no thread stays.
#include "security_case.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace interpose_test;

namespace
{
// Where `word` stands in the files of a directory, with what surrounds it.
std::string places(const Directory &directory, const std::string &word)
{
    std::string found;
    for (const std::string &name : directory.names()) {
        std::string bytes = contents(directory.path + "/" + name);
        for (size_t at = bytes.find(word); at != std::string::npos; at = bytes.find(word, at + 1))
            found += name + " at " + std::to_string(at) + ": " + bytes.substr(at, 24).c_str() + "\n";
    }
    return found;
}

TEST(Security, NothingThatTheProgramReadsWritesOrHoldsIsKept)
{
    Directory directory;
    std::string path = directory.path + ".data";
    Outcome outcome = run_preloaded(directory, {"secret_bytes", path, "CANARY-argument"},
                                    with(everything, {{"STRONG_ARGUMENTS", "0"}, {"SECRET", "CANARY-environment"}}));
    EXPECT_EQ(outcome.out, "2068 through, child 0\n") << outcome.describe();
    EXPECT_EQ(outcome.err, "");
    ASSERT_GE(directory.segments().size(), 2u);
    EXPECT_EQ(places(directory, "CANARY"), "");
    // They went through calls that were measured and optimised, and what is kept by design is found.
    Segment segment(directory.segments()[0]);
    EXPECT_GT(segment.counter(COUNTER_connections_reused), 3u * 10);
    EXPECT_GE(segment.counter(COUNTER_memory_pool_active), 1u);
    EXPECT_NE(places(directory, path), "") << "the names of files are kept: this search finds nothing at all";
}

TEST(Security, NothingIsKeptOfTheRarerCallsEither)
{
    Directory directory;
    std::string path = directory.path + ".data";
    Environment environment = with(everything, {{"STRONG_ARGUMENTS", "0"}, {"SECRET", "CANARY-environment"}});
    Outcome outcome = run_preloaded(directory, {"secret_more", path, "CANARY-argument"}, environment);
    EXPECT_EQ(outcome.out, "5 children\n16 through, 0 missed\n") << outcome.describe();
    EXPECT_EQ(outcome.err, "");
    EXPECT_GE(directory.segments().size(), 6u) << "the children are measured too";
    EXPECT_EQ(places(directory, "CANARY"), "");
    // All of them were seen on the way.
    Segment segment(directory.segments()[0]);
    for (unsigned hook : {HOOK_preadv, HOOK_pwritev, HOOK_preadv2, HOOK_pwritev2, HOOK_readv, HOOK_writev, HOOK_sendfile,
                          HOOK_copy_file_range, HOOK_splice, HOOK_tee, HOOK_vmsplice, HOOK_dprintf, HOOK_sendmmsg,
                          HOOK_recvmmsg, HOOK_sendmsg, HOOK_recvmsg, HOOK_setsockopt, HOOK_ioctl, HOOK_msgsnd, HOOK_msgrcv,
                          HOOK_getaddrinfo, HOOK_res_send, HOOK_posix_spawn, HOOK_system, HOOK_popen})
        EXPECT_GE(segment.calls(hook), 1u) << hook;
    EXPECT_NE(places(directory, path), "") << "the names of files are kept: this search finds nothing at all";
}

TEST(Security, ArgumentsAreKeptUnlessTheyAreSwitchedOff)
{
    Directory directory;
    run_preloaded(directory, {"secret_bytes", directory.path + ".data", "CANARY-argument"}, {{"SECRET", "CANARY-environment"}});
    EXPECT_NE(places(directory, "CANARY-argument"), "");
    EXPECT_NE(places(directory, "CANARY-exec"), "");
    EXPECT_EQ(places(directory, "CANARY-environment"), "");
}

TEST(Security, EveryFileIsTheUsersAlone)
{
    Directory directory;
    Command command;
    command.arguments = {"secret_bytes", directory.path + ".data"};
    command.before_exec = [] { umask(0); };
    run(command, directory.path);
    ASSERT_FALSE(directory.names().empty());
    for (const std::string &name : directory.names()) {
        struct stat facts;
        ASSERT_EQ(lstat((directory.path + "/" + name).c_str(), &facts), 0);
        EXPECT_TRUE(S_ISREG(facts.st_mode)) << name;
        EXPECT_EQ(facts.st_mode & 07777, 0600u) << name;
        EXPECT_EQ(facts.st_uid, geteuid()) << name;
        EXPECT_EQ(facts.st_nlink, 1u) << name;
    }
}

// None is retained, whatever it did: not while its threads live, not in a child, not at exit; no thread was started.
TEST(Security, DescriptorsAndThreadsAreThoseOfTheBareProgram)
{
    Directory data;
    Outcome bare = run_bare({"held_descriptors", data.path + "/file"});
    ASSERT_EQ(bare.status, 0) << bare.describe();
    for (const char *when : {"with threads:", "child:", "after it:", "at exit:"})
        EXPECT_NE(bare.out.find(when), std::string::npos) << bare.out;
    for (const char *optimize : {"none", "safe", "all"}) {
        Directory directory;
        // What is kept for reuse may be held as long as the setting says, and then no longer. The summary is that at exit: one
        // in between is written by whichever thread is there, and its file is open for that moment.
        Environment environment = with(everything, {{"STRONG_OPTIMIZE", optimize}, {"STRONG_POOL_IDLE", "200ms"},
                                                    {"STRONG_REPORT", data.path + "/report"}});
        Outcome preloaded = run_preloaded(directory, {"held_descriptors", data.path + "/file"}, environment);
        EXPECT_TRUE(preloaded == bare) << optimize << " bare: " << bare.describe() << "\npreloaded: " << preloaded.describe();
        Segment segment(directory.segments().at(0));
        EXPECT_EQ(segment.counter(COUNTER_connections_reused) > 0, std::string(optimize) != "none") << optimize;
        EXPECT_GT(segment.counter(COUNTER_cpu_signals), 0u) << "it was at work";
        EXPECT_NE(contents(data.path + "/report"), "");
    }
}

} // namespace
