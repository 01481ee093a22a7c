// Event records that change while a segment is copied: left out of the copy, and no others.
#include "tools/reader_case.h"

#include <sys/syscall.h>

#include <functional>

#include "tools/segment_seeds.h"

#define _Static_assert static_assert
extern "C" {
#include "read/second_look.h"
}
#undef _Static_assert

namespace {

// One thread with events 1…count: start, duration and all else of event n are n.
struct Ring {
    explicit Ring(unsigned count)
    {
        ThreadBuilder thread = segment.thread(100, "worker");
        for (unsigned n = 1; n <= count; n++)
            thread.event(HOOK_read, n, n, n, n, 0, n);
        offset = reinterpret_cast<uint8_t *>(&thread.block()) - segment.bytes().data();
    }
    SegmentBuilder segment;
    size_t offset; // of the thread's block
};

thread_block *block_at(unsigned char *bytes, size_t offset)
{
    return reinterpret_cast<thread_block *>(bytes + offset);
}

struct Copy {
    explicit Copy(SegmentBuilder &segment) : bytes(segment.bytes())
    {
        char message[SNAPSHOT_MESSAGE] = "";
        snapshot *taken = nullptr;
        EXPECT_EQ(snapshot_from_memory(bytes.data(), bytes.size(), &taken, message), 0) << message;
        copy.reset(taken);
    }
    std::vector<uint8_t> bytes;
    SnapshotPointer copy{nullptr, snapshot_free};
};

TEST(SecondLook, EmptiesWhatHasAnotherStartByNowAndNothingElse)
{
    TemporaryDirectory folder;
    Ring ring(20);
    Copy copy(ring.segment);
    thread_block *live = block_at(ring.segment.bytes().data(), ring.offset);
    live->events[3].start_ticks = 0;    // being overwritten
    live->events[7].start_ticks = 1000; // overwritten
    live->events[20] = {21, 21, HOOK_read, 0, 21, 21, 21}; // one more than the copy has
    ring.segment.write(folder / "1-1.strong");
    int fd = open((folder / "1-1.strong").c_str(), O_RDONLY | O_CLOEXEC);
    ASSERT_GE(fd, 0);
    second_look(fd, copy.copy.get());
    close(fd);
    const thread_block *seen = block_at(copy.copy->bytes, ring.offset);
    for (unsigned i = 0; i < 21; i++)
        EXPECT_EQ(seen->events[i].start_ticks, i == 3 || i == 7 || i == 20 ? 0 : i + 1) << i;
}

TEST(SecondLook, LeavesACopyAsItIsWhereTheFileHasBecomeShorter)
{
    TemporaryDirectory folder;
    Ring ring(20);
    Copy copy(ring.segment);
    ring.segment.write(folder / "1-1.strong");
    std::filesystem::resize_file(folder / "1-1.strong", SEGMENT_PAGE);
    int fd = open((folder / "1-1.strong").c_str(), O_RDONLY | O_CLOEXEC);
    ASSERT_GE(fd, 0);
    second_look(fd, copy.copy.get());
    close(fd);
    EXPECT_EQ(memcmp(copy.copy->bytes, copy.bytes.data(), copy.bytes.size()), 0);
}

// What a writer does between two reads of the file.
std::function<void(off_t, ssize_t)> after_read;

TEST(SecondLook, IsTakenAtWhatIsWrittenWhileAFileIsOpened)
{
    TemporaryDirectory folder;
    Ring ring(BLOCK_EVENTS);
    std::string path = folder / "1-1.strong";
    ring.segment.write(path);
    int fd = open(path.c_str(), O_WRONLY | O_CLOEXEC);
    ASSERT_GE(fd, 0);
    unsigned writes = 0;
    after_read = [&](off_t at, ssize_t got) { // the copy of the block is made: the writer goes on
        off_t event = static_cast<off_t>(ring.offset + offsetof(thread_block, events) + 5 * sizeof(event_record));
        if (at > event || at + got <= event || writes++ > 0)
            return;
        event_record next = {1000, 1000, HOOK_read, 0, 1000, 1000, 1000};
        ASSERT_EQ(pwrite(fd, &next, sizeof(next), event), static_cast<ssize_t>(sizeof(next)));
    };
    char message[SNAPSHOT_MESSAGE] = "";
    snapshot *taken = nullptr;
    int error = snapshot_open(path.c_str(), &taken, message);
    after_read = nullptr;
    close(fd);
    ASSERT_EQ(error, 0) << message;
    SnapshotPointer copy(taken, snapshot_free);
    EXPECT_GE(writes, 2u) << "no second look";
    const thread_block *seen = block_at(copy->bytes, ring.offset);
    for (unsigned i = 0; i < BLOCK_EVENTS; i++)
        EXPECT_EQ(seen->events[i].start_ticks, i == 5 ? 0 : i + 1) << i;
}

// The file is copied, not mapped: a writer that cuts it off between any two reads costs a line at most.
TEST(SecondLook, AFileCutOffBetweenAnyTwoReadsIsReadOrRefused)
{
    TemporaryDirectory folder;
    std::string path = folder / "1-1.strong";
    unsigned reads = 1;
    for (unsigned cut = 0; cut < reads && cut < 100; cut++)
        for (off_t size : {off_t(0), off_t(100), off_t(SEGMENT_PAGE), off_t(3 * SEGMENT_PAGE + 8)}) {
            Ring ring(BLOCK_EVENTS);
            ring.segment.write(path);
            reads = 0;
            after_read = [&](off_t, ssize_t) {
                if (reads++ == cut) {
                    ASSERT_EQ(truncate(path.c_str(), size), 0);
                }
            };
            char message[SNAPSHOT_MESSAGE] = "";
            snapshot *taken = nullptr;
            int error = snapshot_open(path.c_str(), &taken, message);
            after_read = nullptr;
            ASSERT_GT(reads, cut);
            if (error == 0) {
                model *made = nullptr;
                EXPECT_EQ(model_new(taken, false, &made), 0);
                model_free(made);
                snapshot_free(taken);
            } else {
                EXPECT_NE(message[0], 0);
            }
        }
    EXPECT_GE(reads, 3u) << "the header, the copy, the second look";
}

} // namespace

// Instead of libc's: the file may change after each read.
extern "C" ssize_t pread(int fd, void *buf, size_t size, off_t offset)
{
    ssize_t got = syscall(SYS_pread64, fd, buf, size, offset);
    if (after_read)
        after_read(offset, got);
    return got;
}
