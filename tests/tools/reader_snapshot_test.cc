/* What is opened, what is refused, and how the refusal reads. */
#include "tools/reader_case.h"

#include <sys/wait.h>

#include "tools/segment_seeds.h"

namespace {

struct Result {
    int error;
    std::string message;
};

Result open_path(const std::string &path)
{
    char message[SNAPSHOT_MESSAGE] = "";
    snapshot *taken = nullptr;
    int error = snapshot_open(path.c_str(), &taken, message);
    snapshot_free(taken);
    return {error, message};
}

Result open_bytes(const std::vector<uint8_t> &bytes)
{
    char message[SNAPSHOT_MESSAGE] = "";
    snapshot *taken = nullptr;
    int error = snapshot_from_memory(bytes.data(), bytes.size(), &taken, message);
    snapshot_free(taken);
    return {error, message};
}

void expect_one_line(const Result &result)
{
    EXPECT_FALSE(result.message.empty());
    EXPECT_EQ(result.message.find('\n'), std::string::npos) << result.message;
}

TEST(Snapshot, ReadsAFileAndNothingBeyondIt)
{
    TemporaryDirectory folder;
    SegmentBuilder segment = seed_client();
    segment.write(folder / "1-1.strong");
    char message[SNAPSHOT_MESSAGE];
    snapshot *taken = nullptr;
    ASSERT_EQ(snapshot_open((folder / "1-1.strong").c_str(), &taken, message), 0) << message;
    ASSERT_EQ(taken->size, segment.bytes().size());
    EXPECT_EQ(memcmp(taken->bytes, segment.bytes().data(), taken->size), 0);
    snapshot_free(taken);
}

TEST(Snapshot, ReadsASparseFileAsIfTheHolesWereZeros)
{
    TemporaryDirectory folder;
    SegmentBuilder segment = seed_client();
    std::string path = folder / "1-1.strong";
    int fd = open(path.c_str(), O_RDWR | O_CREAT, 0600);
    ASSERT_GE(fd, 0);
    const std::vector<uint8_t> &bytes = segment.bytes();
    ASSERT_EQ(ftruncate(fd, static_cast<off_t>(bytes.size())), 0);
    static const uint8_t zeros[SEGMENT_PAGE] = {};
    for (size_t at = 0; at < bytes.size(); at += SEGMENT_PAGE)
        if (memcmp(bytes.data() + at, zeros, SEGMENT_PAGE) != 0) {
            ASSERT_EQ(pwrite(fd, bytes.data() + at, SEGMENT_PAGE, static_cast<off_t>(at)),
                      static_cast<ssize_t>(SEGMENT_PAGE));
        }
    close(fd);
    char message[SNAPSHOT_MESSAGE];
    snapshot *taken = nullptr;
    ASSERT_EQ(snapshot_open(path.c_str(), &taken, message), 0) << message;
    EXPECT_EQ(memcmp(taken->bytes, bytes.data(), bytes.size()), 0);
    snapshot_free(taken);
}

TEST(Snapshot, RefusesATruncatedFileAtEveryBoundary)
{
    TemporaryDirectory folder;
    SegmentBuilder segment = seed_client();
    std::vector<size_t> sizes = {0, 1, sizeof(segment_header), SEGMENT_PAGE - 1, SEGMENT_PAGE};
    for (const segment_table &table : segment.header().tables) {
        size_t end = table.offset + size_t(table.capacity) * table.record_bytes;
        for (size_t size : {table.offset - 1, table.offset, table.offset + 1, end - 1, end, end + 1})
            sizes.push_back(size);
    }
    for (size_t size : sizes) {
        if (size >= segment.bytes().size())
            continue;
        segment.write(folder / "1-1.strong");
        std::filesystem::resize_file(folder / "1-1.strong", size);
        Result result = open_path(folder / "1-1.strong");
        EXPECT_LT(result.error, 0) << size;
        expect_one_line(result);
        if (size >= SEGMENT_PAGE) {
            EXPECT_NE(result.message.find("truncated"), std::string::npos) << result.message;
        }
    }
}

TEST(Snapshot, NamesTheVersionItFoundAndTheOneItReads)
{
    SegmentBuilder segment = seed_empty();
    segment.header().version = 77;
    Result result = open_bytes(segment.bytes());
    EXPECT_EQ(result.error, -EPROTO);
    EXPECT_NE(result.message.find("version 77"), std::string::npos) << result.message;
    EXPECT_NE(result.message.find("version " + std::to_string(SEGMENT_VERSION)), std::string::npos);
}

TEST(Snapshot, RefusesAnotherBuildsRecordsUnderTheSameVersion)
{
    for (int field = 0; field < 7; field++) {
        SegmentBuilder segment = seed_empty();
        segment_header &header = segment.header();
        uint32_t *fields[] = {&header.header_bytes,  &header.hook_count, &header.class_count,
                              &header.counter_count, &header.block_bytes, &header.cell_bytes,
                              &header.event_bytes};
        ++*fields[field];
        EXPECT_EQ(open_bytes(segment.bytes()).error, -EPROTO) << field;
    }
}

TEST(Snapshot, SaysThatAFileIsNoSegment)
{
    TemporaryDirectory folder;
    std::string path = folder / "notes.txt";
    FILE *file = fopen(path.c_str(), "w");
    for (int i = 0; i < 2000; i++)
        fprintf(file, "line %d\n", i);
    fclose(file);
    Result result = open_path(path);
    EXPECT_EQ(result.error, -EINVAL);
    EXPECT_NE(result.message.find("not a libstrong segment"), std::string::npos) << result.message;
}

TEST(Snapshot, SaysThatASegmentIsStillBeingMade)
{
    SegmentBuilder segment = seed_empty();
    segment.header().magic = 0;
    EXPECT_EQ(open_bytes(segment.bytes()).error, -EAGAIN);
}

TEST(Snapshot, RefusesEverythingThatIsNotARegularFile)
{
    TemporaryDirectory folder;
    seed_client().write(folder / "real.strong");
    ASSERT_EQ(symlink((folder / "real.strong").c_str(), (folder / "link.strong").c_str()), 0);
    ASSERT_EQ(mkfifo((folder / "fifo.strong").c_str(), 0600), 0);
    ASSERT_EQ(mkdir((folder / "folder.strong").c_str(), 0700), 0);
    for (const char *name : {"link.strong", "fifo.strong", "folder.strong"}) {
        Result result = open_path(folder / name); /* a fifo must not block */
        EXPECT_EQ(result.error, -EINVAL) << name;
        expect_one_line(result);
    }
    EXPECT_EQ(open_path("/dev/null").error, -EINVAL);
    EXPECT_EQ(open_path(folder / "missing.strong").error, -ENOENT);
}

TEST(Snapshot, RefusesAnotherUsersFile)
{
    if (geteuid() != 0)
        GTEST_SKIP() << "needs root to become somebody else";
    TemporaryDirectory folder;
    seed_client().write(folder / "root.strong");
    chmod((folder / "root.strong").c_str(), 0644);
    chmod(folder.path().c_str(), 0755);
    pid_t child = fork();
    if (child == 0) {
        if (setresuid(65534, 65534, 65534) != 0)
            _exit(99);
        Result result = open_path(folder / "root.strong");
        _exit(result.error == -EPERM &&
                      result.message.find("belongs to user 0") != std::string::npos
                  ? 0
                  : 1);
    }
    int status;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
    ASSERT_EQ(chown((folder / "root.strong").c_str(), 65534, 65534), 0);
    EXPECT_EQ(open_path(folder / "root.strong").error, 0) << "root reads everybody's";
}

TEST(Snapshot, RefusesTablesThatLeaveTheSegment)
{
    for (int id = 0; id < TABLE_COUNT; id++) {
        for (int spoil = 0; spoil < 6; spoil++) {
            SegmentBuilder segment = seed_client();
            segment_table &table = segment.header().tables[id];
            switch (spoil) {
            case 0: table.offset = UINT64_MAX - 7; break;
            case 1: table.offset = segment.bytes().size(); table.capacity += 1; break;
            case 2: table.offset += 1; break;
            case 3: table.capacity = UINT32_MAX; break;
            case 4: table.record_bytes += 1; break;
            case 5: table.offset = 8; break;
            }
            Result result = open_bytes(segment.bytes());
            EXPECT_EQ(result.error, -EINVAL) << "table " << id << " spoiled by " << spoil;
            expect_one_line(result);
        }
    }
}

TEST(Snapshot, ClampsCountsToTheCapacity)
{
    SegmentBuilder segment = seed_client();
    char message[SNAPSHOT_MESSAGE];
    snapshot *taken = nullptr;
    segment.header().tables[TABLE_TARGETS].used = UINT64_MAX;
    ASSERT_EQ(snapshot_from_memory(segment.bytes().data(), segment.bytes().size(), &taken, message),
              0);
    EXPECT_EQ(snapshot_count(taken, TABLE_TARGETS), segment.header().tables[TABLE_TARGETS].capacity);
    snapshot_free(taken);
}

TEST(Snapshot, FollowsNoReferenceOutOfTheHeap)
{
    SegmentBuilder segment = seed_client();
    char message[SNAPSHOT_MESSAGE];
    snapshot *taken = nullptr;
    size_t len = 99;
    ASSERT_EQ(snapshot_from_memory(segment.bytes().data(), segment.bytes().size(), &taken, message),
              0);
    uint32_t capacity = segment.header().tables[TABLE_STRINGS].capacity;
    EXPECT_NE(snapshot_string(taken, {capacity - 4, 4}, &len), nullptr);
    EXPECT_EQ(snapshot_string(taken, {capacity - 4, 5}, &len), nullptr);
    EXPECT_EQ(snapshot_string(taken, {capacity, 1}, &len), nullptr);
    EXPECT_EQ(snapshot_string(taken, {UINT32_MAX, 2}, &len), nullptr);
    EXPECT_EQ(snapshot_string(taken, {1, UINT32_MAX}, &len), nullptr);
    EXPECT_STREQ(snapshot_string(taken, {UINT32_MAX, 0}, &len), "");
    const segment_table &pool = segment.header().tables[TABLE_POOL];
    EXPECT_NE(snapshot_pages(taken, pool.offset, SEGMENT_PAGE), nullptr);
    EXPECT_EQ(snapshot_pages(taken, pool.offset + 8, 8), nullptr);
    EXPECT_EQ(snapshot_pages(taken, pool.offset - SEGMENT_PAGE, 8), nullptr);
    EXPECT_EQ(snapshot_pages(taken, pool.offset + uint64_t(pool.capacity) * SEGMENT_PAGE, 1), nullptr);
    EXPECT_EQ(snapshot_pages(taken, UINT64_MAX - SEGMENT_PAGE + 1, SEGMENT_PAGE), nullptr);
    snapshot_free(taken);
}

TEST(Snapshot, PutsNoEscapeSequencesIntoMessages)
{
    Result result = open_path("/nonexistent/\x1b[2Jx\n.strong");
    EXPECT_EQ(result.message.find('\x1b'), std::string::npos);
    expect_one_line(result);
}

/* Each word in use replaced by awkward numbers: read or refused, never followed astray (the
 * sanitizers watch), and every sum bounded. */
TEST(Snapshot, SurvivesEveryWordBeingHostile)
{
    std::vector<SegmentBuilder> seeds = segment_seeds();
    for (SegmentBuilder &seed : seeds) {
        for (size_t at = 0; at + 8 <= seed.bytes().size(); at += 8) {
            uint64_t before;
            memcpy(&before, seed.bytes().data() + at, 8);
            if (before == 0)
                continue;
            for (uint64_t value : {uint64_t(0), UINT64_MAX, before ^ uint64_t(0x8000000080000000),
                                   before + 1}) {
                memcpy(seed.bytes().data() + at, &value, 8);
                char message[SNAPSHOT_MESSAGE];
                snapshot *taken = nullptr;
                model *made = nullptr;
                if (snapshot_from_memory(seed.bytes().data(), seed.bytes().size(), &taken,
                                         message) == 0) {
                    ASSERT_EQ(model_new(taken, false, &made), 0);
                    ASSERT_LE(made->thread_ns, uint64_t(1) << 62);
                }
                model_free(made);
                snapshot_free(taken);
            }
            memcpy(seed.bytes().data() + at, &before, 8);
        }
    }
}

} // namespace
