/* Which segments are found, how they are linked, what is collected. */
#include "tools/reader_case.h"

#define _Static_assert static_assert
extern "C" {
#include "read/directory.h"
}
#undef _Static_assert

namespace {

class DirectoryTest : public testing::Test {
protected:
    void SetUp() override { setenv("STRONG_DIR", folder.path().c_str(), 1); }
    void TearDown() override
    {
        directory_done(&listed);
        unsetenv("STRONG_DIR");
    }

    /* A segment of `pid`, started at that second. */
    SegmentBuilder segment(uint32_t pid, uint32_t parent, uint64_t second)
    {
        SegmentBuilder made(128 << 10);
        segment_header &header = made.header();
        header.pid = 4194304 + pid;
        header.parent_pid = 4194304 + parent;
        header.start_realtime_ns = (1700000000 + second) * 1000000000;
        header.start_boottime_ns = (1000 + second) * 1000000000;
        return made;
    }
    std::string write(SegmentBuilder &made)
    {
        std::string path = folder / (std::to_string(made.header().pid) + "-" +
                                     std::to_string(made.header().start_boottime_ns / 1000) +
                                     ".strong");
        made.write(path);
        return path;
    }
    void read()
    {
        directory_done(&listed);
        ASSERT_EQ(directory_read(&listed, false), 0);
    }
    /* "pid:depth …" in tree order. */
    std::string tree()
    {
        std::vector<size_t> order(listed.count);
        std::string text;
        directory_tree(&listed, order.data());
        for (size_t index : order)
            text += std::to_string(listed.entries[index].summary.header.pid - 4194304) + ":" +
                    std::to_string(listed.entries[index].depth) + " ";
        return text;
    }

    TemporaryDirectory folder;
    directory listed = {};
};

TEST_F(DirectoryTest, IsEmptyWhereThereIsNoDirectory)
{
    setenv("STRONG_DIR", (folder / "nowhere").c_str(), 1);
    read();
    EXPECT_EQ(listed.count, 0u);
}

TEST_F(DirectoryTest, TakesOnlyNamesOfSegments)
{
    SegmentBuilder made = segment(1, 0, 0);
    write(made);
    for (const char *name : {"notes.txt", "12.strong", "x-1.strong", "1-x.strong", "1-1.strong.bak",
                             "-1-1.strong", "0-5.strong"})
        made.write(folder / name);
    read();
    EXPECT_EQ(listed.count, 1u);
    EXPECT_EQ(listed.refused_count, 0u);
    EXPECT_STREQ(listed.entries[0].name, "victim");
    EXPECT_STREQ(listed.entries[0].summary.command, "victim --flag");
    EXPECT_EQ(listed.entries[0].duration_ns, 1000000000u);
}

TEST_F(DirectoryTest, KeepsWhatItCannotReadApart)
{
    SegmentBuilder made = segment(1, 0, 0);
    made.header().version = 9;
    write(made);
    read();
    EXPECT_EQ(listed.count, 0u);
    ASSERT_EQ(listed.refused_count, 1u);
    EXPECT_NE(std::string(listed.refused[0].message).find("version 9"), std::string::npos);
}

TEST_F(DirectoryTest, PutsChildrenBelowTheirParents)
{
    SegmentBuilder root = segment(10, 1, 0), first = segment(11, 10, 1), grandchild = segment(13, 11, 2),
                   second = segment(12, 10, 3), stranger = segment(20, 2, 1);
    for (SegmentBuilder *each : {&second, &grandchild, &root, &stranger, &first})
        write(*each);
    read();
    EXPECT_EQ(tree(), "10:0 11:1 13:2 12:1 20:0 ");
}

TEST_F(DirectoryTest, FollowsExecThroughItsImages)
{
    SegmentBuilder shell = segment(10, 1, 0), program = segment(10, 1, 1), child = segment(11, 10, 2);
    shell.header().state = SEGMENT_RUNNING; /* exec came so hard that nobody closed it */
    write(shell);
    write(program);
    write(child);
    read();
    ASSERT_EQ(listed.count, 3u);
    EXPECT_EQ(listed.entries[0].state, PROCESS_EXECED);
    EXPECT_TRUE(listed.entries[0].superseded);
    EXPECT_EQ(listed.entries[0].next_image, 1u);
    EXPECT_EQ(listed.entries[2].parent, 1u) << "the image that was there when the child began";
    EXPECT_EQ(tree(), "10:0 10:1 11:2 ");
}

TEST_F(DirectoryTest, DoesNotLinkAReusedPid)
{
    SegmentBuilder first = segment(10, 1, 0), forked = segment(10, 7, 50), exited = segment(11, 1, 0),
                   later = segment(11, 1, 60);
    first.header().state = SEGMENT_RUNNING; /* killed */
    forked.header().forked = 1;             /* so this pid is another process now */
    for (SegmentBuilder *each : {&first, &forked, &exited, &later})
        write(*each);
    read();
    for (size_t i = 0; i < listed.count; i++)
        EXPECT_EQ(listed.entries[i].next_image, DIRECTORY_NONE) << i;
    EXPECT_EQ(listed.entries[0].state, PROCESS_KILLED);
}

TEST_F(DirectoryTest, CollectsTheOldestFinishedFirst)
{
    std::vector<std::string> paths;
    for (uint32_t i = 0; i < 5; i++) {
        SegmentBuilder made = segment(10 + i, 1, i);
        paths.push_back(write(made));
    }
    SegmentBuilder running = segment(0, 1, 0);
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    running.header().pid = getpid();
    running.header().state = SEGMENT_RUNNING;
    running.header().start_boottime_ns = uint64_t(now.tv_sec + 1) * 1000000000; /* not before this process */
    std::string alive = write(running);
    read();
    uint64_t bytes = 0;
    EXPECT_EQ(directory_collect(&listed, 2, UINT64_MAX / 2, &bytes), 3u);
    EXPECT_GT(bytes, 0u);
    for (size_t i = 0; i < 5; i++)
        EXPECT_EQ(std::filesystem::exists(paths[i]), i >= 3) << i;
    EXPECT_TRUE(std::filesystem::exists(alive));
    read();
    EXPECT_EQ(directory_collect(&listed, 100, 1, &bytes), 2u) << "beyond the bytes to keep";
    EXPECT_TRUE(std::filesystem::exists(alive));
}

TEST_F(DirectoryTest, CollectsUnreadableFilesOnlyOfProcessesThatAreGone)
{
    SegmentBuilder dead = segment(1, 0, 0), alive = segment(2, 0, 0);
    dead.header().version = alive.header().version = 9;
    alive.header().pid = getpid();
    std::string gone = write(dead), stays = write(alive);
    read();
    uint64_t bytes;
    EXPECT_EQ(directory_collect(&listed, 0, 0, &bytes), 1u);
    EXPECT_FALSE(std::filesystem::exists(gone));
    EXPECT_TRUE(std::filesystem::exists(stays));
}

} // namespace
