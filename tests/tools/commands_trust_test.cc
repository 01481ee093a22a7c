/* Paths that the user did not type, and files that are none: refused in one line, without waiting, and the rest goes on. */
#include "tools/shell_case.h"

#define _Static_assert static_assert
extern "C" {
#include "read/trusted.h"
}
#undef _Static_assert

namespace
{

const uid_t STRANGER = 65534;

bool has(const std::string &text, const std::string &part)
{
    return text.find(part) != std::string::npos;
}

class TrustTest : public ShellTest
{
  protected:
    void expect_one_line(const std::string &text, const std::string &named)
    {
        EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1) << text;
        EXPECT_TRUE(has(text, named)) << text;
    }

    std::string add_segment(const std::string &in)
    {
        SegmentBuilder segment(128 << 10);
        segment.header().pid = 4194304 + 7;
        segment.header().executable = segment.string("/usr/bin/app");
        segment.header().command = segment.string("app");
        std::string path = in + "/4194311-1000.strong";
        segment.write(path);
        return path;
    }

    /* What trusted_open says of it: "" where it was opened. */
    std::string why(const std::string &path, unsigned demands, uid_t owner = 0)
    {
        char text[TRUSTED_WHY] = "";
        int fd = trusted_open(path.c_str(), demands, owner, nullptr, text);
        EXPECT_EQ(fd < 0, text[0] != 0) << text;
        if (fd >= 0)
            close(fd);
        return text;
    }
};

TEST_F(TrustTest, JudgesWhatWasOpenedByWhoChoseThePath)
{
    std::string file = folder / "file", link = folder / "link", fifo = folder / "fifo";
    std::ofstream(file) << "x\n";
    ASSERT_EQ(chmod(file.c_str(), 0600), 0);
    ASSERT_EQ(symlink(file.c_str(), link.c_str()), 0);
    ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
    for (unsigned demands : {unsigned(TRUSTED_PLAIN), unsigned(TRUSTED_OWN), TRUSTED_OWN | unsigned(TRUSTED_AS_IT_IS)}) {
        EXPECT_EQ(why(file, demands), "");
        EXPECT_EQ(why(fifo, demands), "a fifo");
        EXPECT_EQ(why("/dev/zero", demands), "a device");
        EXPECT_EQ(why(folder.path(), demands), "a directory");
        EXPECT_EQ(why(link, demands), demands & TRUSTED_AS_IT_IS ? "a symbolic link" : "");
    }
    for (mode_t mode : {0620, 0602, 0666}) {
        ASSERT_EQ(chmod(file.c_str(), mode), 0);
        EXPECT_EQ(why(file, TRUSTED_PLAIN), "");
        EXPECT_EQ(why(file, TRUSTED_OWNER), "");
        EXPECT_TRUE(has(why(file, TRUSTED_OWN), "others may write to it")) << mode;
        EXPECT_TRUE(has(why(link, TRUSTED_OWN), "others may write to it")) << mode << ": what a link leads to counts";
    }
    if (geteuid() != 0)
        return;
    ASSERT_EQ(chmod(file.c_str(), 0644), 0);
    ASSERT_EQ(chown(file.c_str(), STRANGER, STRANGER), 0);
    EXPECT_EQ(why(file, TRUSTED_OWN), "belongs to user 65534, not to you");
    EXPECT_EQ(why(file, TRUSTED_OWN, STRANGER), "");
    EXPECT_EQ(why(file, TRUSTED_PLAIN), "");
}

TEST_F(TrustTest, TakesNoSettingFromAFileThatAnotherCouldHaveWritten)
{
    std::string place = folder / "home/.config/strong", file = place + "/config.ini";
    std::filesystem::create_directories(place);
    auto cpu_hz = [&](mode_t mode, uid_t owner) {
        std::ofstream(file) << "cpu_hz = 11\n";
        EXPECT_EQ(chmod(file.c_str(), mode), 0);
        EXPECT_EQ(chown(file.c_str(), owner, gid_t(-1)), 0);
        Outcome outcome = shell("$R run --library=$LIB --no-report -- sh -c 'echo hz=$STRONG_CPU_HZ'");
        EXPECT_EQ(outcome.code, 0);
        return outcome;
    };
    Outcome good = cpu_hz(0644, geteuid());
    EXPECT_EQ(good.out, "hz=11\n");
    EXPECT_EQ(good.err, "");
    for (mode_t mode : {0664, 0646}) {
        Outcome open = cpu_hz(mode, geteuid());
        EXPECT_EQ(open.out, "hz=\n");
        expect_one_line(open.err, "config.ini: others may write to it");
        EXPECT_TRUE(has(open.err, "no setting is taken from it")) << open.err;
    }
    if (geteuid() == 0) {
        Outcome foreign = cpu_hz(0644, STRANGER);
        EXPECT_EQ(foreign.out, "hz=\n");
        expect_one_line(foreign.err, "config.ini: belongs to user 65534, not to you");
    }
    /* The same file is the user's own choice when it is typed. */
    EXPECT_EQ(chmod(file.c_str(), 0664), 0);
    EXPECT_EQ(shell("$R run --library=$LIB --config=" + file + " --no-report -- sh -c 'echo hz=$STRONG_CPU_HZ'").out, "hz=11\n");
}

TEST_F(TrustTest, WaitsForNoFifoAndReadsNoDevice)
{
    std::filesystem::create_directories(folder / "home/.config/strong");
    ASSERT_EQ(mkfifo((folder / "home/.config/strong/config.ini").c_str(), 0600), 0);
    ASSERT_EQ(mkfifo((folder / "fifo").c_str(), 0600), 0);
    std::string path = add_segment(segments());
    struct Case {
        std::string line, named;
        int code;
    };
    const Case cases[] = {
        {"run --library=$LIB --no-report -- true", "config.ini: a fifo", 0},
        {"run --config=fifo -- true", "fifo: a fifo", 2},
        {"run --config=/dev/zero -- true", "/dev/zero: a device", 2},
        {"check --file=fifo --of=" + path, "fifo: a fifo", 2},
        {"check --file=/dev/zero --of=" + path, "/dev/zero: a device", 2},
        {"watch --rules=fifo --dry-run", "fifo: a fifo", 2},
        {"watch --rules=/dev/zero --dry-run", "/dev/zero: a device", 2},
        {"watch --rules=rules.ini --sink=exec:./fifo --dry-run", "./fifo: is not a program", 2},
        {"report fifo", "fifo: a fifo, not a segment", 1},
        {"diff fifo " + path, "fifo: a fifo, not a segment", 1},
        {"export folded --output=fifo " + path, "cannot write fifo", 1},
    };
    std::ofstream(folder / "rules.ini") << "[a]\nexpr = duration > 0s\n";
    for (const Case &one : cases) {
        bool typed = !has(one.named, "config.ini");
        Outcome outcome = shell((typed ? "HOME=/nonexistent timeout 20 $R " : "timeout 20 $R ") + one.line);
        EXPECT_EQ(outcome.code, one.code) << one.line << "\n" << outcome.err;
        EXPECT_EQ(outcome.out, "") << one.line;
        EXPECT_TRUE(has(outcome.err, one.named)) << one.line << "\n" << outcome.err;
        EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << one.line << "\n" << outcome.err;
    }
    /* A program is run all the same, only not measured, or not reported on. */
    Outcome library = shell("HOME=/nonexistent timeout 20 $R run --library=fifo -- echo ran");
    EXPECT_EQ(library.code, 0);
    EXPECT_EQ(library.out, "ran\n");
    EXPECT_TRUE(has(library.err, "runs unmeasured")) << library.err;
    Outcome output = shell("HOME=/nonexistent timeout 20 $R run --library=$LIB --output=fifo -- echo ran");
    EXPECT_EQ(output.code, 0);
    EXPECT_EQ(output.out, "ran\n");
    expect_one_line(output.err, "cannot write fifo");
    /* What a shell makes of <(...) is no trap, nor is "none". */
    EXPECT_EQ(shell("$R run --library=$LIB --config=/dev/null --no-report -- echo ran").out, "ran\n");
    EXPECT_EQ(shell("$R check --file=<(sleep 0.1; echo 'duration >= 0s') --of=" + path).code, 0);
}

TEST_F(TrustTest, LooksIntoNoFolderThatAnotherCouldHaveFilled)
{
    std::string path = add_segment(segments());
    EXPECT_TRUE(has(must("$R list"), "app"));
    struct Case {
        mode_t mode;
        uid_t owner;
        std::string why;
    };
    std::vector<Case> cases = {{0770, geteuid(), "others may write to it (mode 770)"}, {0702, geteuid(), "others may write to it"}};
    for (const Case &one : cases) {
        ASSERT_EQ(chmod(segments().c_str(), one.mode), 0);
        std::ofstream(folder / "rules.ini") << "[a]\nexpr = duration > 0s\n";
        for (const char *command : {"list", "report", "report app", "gc --all", "diff app app", "top --batch --count=1", "watch --once --interval=100ms --rules=rules.ini"}) {
            Outcome outcome = shell(std::string("$R ") + command);
            EXPECT_TRUE(has(outcome.err, segments() + ": not looked into: " + one.why)) << command << "\n" << outcome.err;
            EXPECT_FALSE(has(outcome.out, "/usr/bin/app")) << command << outcome.out;
            EXPECT_EQ(access(path.c_str(), F_OK), 0) << command;
        }
        /* A folder that is typed is the user's own choice; each file in it is judged as ever. */
        EXPECT_TRUE(has(must("$R report " + segments()), "app"));
    }
    ASSERT_EQ(chmod(segments().c_str(), 0700), 0);
    ASSERT_EQ(symlink(segments().c_str(), (folder / "link").c_str()), 0);
    Outcome link = shell("STRONG_DIR=" + (folder / "link") + " $R list");
    expect_one_line(link.err, "link: not looked into: a symbolic link");
    ASSERT_EQ(mkfifo((folder / "fifo").c_str(), 0600), 0);
    Outcome fifo = shell("STRONG_DIR=" + (folder / "fifo") + " timeout 20 $R list");
    expect_one_line(fifo.err, "fifo: not looked into: Not a directory");
}

TEST_F(TrustTest, LooksIntoNoFolderOfAnotherUser)
{
    if (geteuid() != 0)
        GTEST_SKIP() << "needs root to make another user's folder";
    std::string own = folder / "strong-0", other = folder / "strong-65534";
    for (const std::string &place : {own, other})
        ASSERT_EQ(mkdir(place.c_str(), 0700), 0);
    add_segment(own);
    auto list = [&] { return shell("unset STRONG_DIR; TMPDIR=" + folder.path() + " $R list --all"); };
    ASSERT_EQ(chown(own.c_str(), STRANGER, STRANGER), 0);
    Outcome taken = list();
    EXPECT_TRUE(has(taken.err, own + ": not looked into: belongs to user 65534, not to you")) << taken.err;
    EXPECT_FALSE(has(taken.out, "app")) << taken.out;
    ASSERT_EQ(chown(own.c_str(), 0, 0), 0);
    EXPECT_TRUE(has(list().out, "app"));
    /* Root looks into everybody's, but only where the folder is who its name says. */
    std::filesystem::remove_all(own);
    add_segment(other);
    ASSERT_EQ(chown(other.c_str(), STRANGER, STRANGER), 0);
    EXPECT_TRUE(has(list().out, "app"));
    ASSERT_EQ(chown(other.c_str(), 12345, 12345), 0);
    EXPECT_TRUE(has(list().err, other + ": not looked into: belongs to user 12345")) << list().err;
}

TEST_F(TrustTest, RunsNoProgramThatARulesFileNamesWhichOthersMayWrite)
{
    std::ofstream(folder / "rules.ini") << "[sink]\nto = exec:/bin/true\n[a]\nexpr = duration > 0s\n";
    ASSERT_EQ(chmod((folder / "rules.ini").c_str(), 0644), 0);
    EXPECT_EQ(shell("$R watch --rules=rules.ini --dry-run").code, 0);
    ASSERT_EQ(chmod((folder / "rules.ini").c_str(), 0664), 0);
    Outcome outcome = shell("$R watch --rules=rules.ini --dry-run");
    EXPECT_EQ(outcome.code, 2);
    expect_one_line(outcome.err, "it names a program to run, and others may write to it");
    std::ofstream(folder / "rules.ini") << "[sink]\nto = stderr\n[a]\nexpr = duration > 0s\n";
    EXPECT_EQ(shell("$R watch --rules=rules.ini --dry-run").code, 0) << "a file that only measures may be a group's";
}

/* Whoever may write a folder can give a segment a second name, but not another content or owner. */
TEST_F(TrustTest, ASecondNameOfASegmentIsReadAsTheFirst)
{
    std::string path = add_segment(segments()), second = folder / "again.strong";
    ASSERT_EQ(link(path.c_str(), second.c_str()), 0);
    EXPECT_EQ(must("$R report --json " + second), must("$R report --json " + path));
    if (geteuid() != 0)
        return;
    ASSERT_EQ(chmod(folder.path().c_str(), 0755), 0);
    Outcome stranger = shell("setpriv --reuid=65534 --clear-groups $R report " + second);
    EXPECT_EQ(stranger.code, 1);
    expect_one_line(stranger.err, "again.strong: belongs to user 0, not to you");
}

} // namespace
