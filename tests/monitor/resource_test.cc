/* The pure parts of monitor/resource.c: halving the series, parsing files of /proc. */
#include "c_headers.h"

#include <gtest/gtest.h>
#include <vector>

static std::vector<resource_record> series(unsigned count)
{
    std::vector<resource_record> records(count);
    for (unsigned i = 0; i < count; i++) {
        memset(&records[i], 0, sizeof records[i]);
        records[i].ticks = i * 10;
        records[i].cpu_user_ns = i;
    }
    return records;
}

static std::vector<uint64_t> ticks(const std::vector<resource_record> &records)
{
    std::vector<uint64_t> result;
    for (const resource_record &record : records)
        result.push_back(record.ticks);
    return result;
}

TEST(Resource, HalvingKeepsTheFirstRecordAndEverySecondAfterIt)
{
    std::vector<resource_record> records = series(8);
    EXPECT_EQ(resource_halve(records.data(), 8), 5u);
    EXPECT_EQ(ticks(records), (std::vector<uint64_t>{0, 10, 30, 50, 70, 0, 0, 0}));
    EXPECT_EQ(records[4].cpu_user_ns, 7u);
}

TEST(Resource, HalvingAnOddSeriesKeepsItsLastButOne)
{
    std::vector<resource_record> records = series(7);
    EXPECT_EQ(resource_halve(records.data(), 7), 4u);
    EXPECT_EQ(ticks(records), (std::vector<uint64_t>{0, 10, 30, 50, 0, 0, 0}));
}

TEST(Resource, HalvingNothingLeavesTheReservedRecord)
{
    std::vector<resource_record> records = series(2);
    EXPECT_EQ(resource_halve(records.data(), 1), 1u);
    EXPECT_EQ(resource_halve(records.data(), 2), 2u);
    EXPECT_EQ(records[1].ticks, 10u);
}

TEST(Resource, AHalvingCutShortLeavesNoTickThatIncreasesTwice)
{
    /* A kill between two copies: records[kept..] still hold the old ones, whose ticks a reader drops
     * because they do not increase over the last. */
    std::vector<resource_record> records = series(9);
    records[2] = records[3];
    records[3] = records[5];
    std::vector<uint64_t> seen;
    uint64_t last = 0;
    for (const resource_record &record : records) {
        if (record.ticks > last)
            seen.push_back(last = record.ticks);
    }
    EXPECT_EQ(seen, (std::vector<uint64_t>{10, 30, 50, 60, 70, 80}));
}

static const char io_text[] = "rchar: 323934931\n"
                              "wchar: 323929600\n"
                              "syscr: 632687\n"
                              "syscw: 632675\n"
                              "read_bytes: 4096\n"
                              "write_bytes: 323932160\n"
                              "cancelled_write_bytes: 7";

TEST(Resource, FieldIsFoundAtTheStartOfALineOnly)
{
    EXPECT_EQ(resource_field(io_text, "read_bytes"), 4096u);
    EXPECT_EQ(resource_field(io_text, "write_bytes"), 323932160u);
    EXPECT_EQ(resource_field(io_text, "rchar"), 323934931u);
    EXPECT_EQ(resource_field("cancelled_write_bytes: 7\n", "write_bytes"), RESOURCE_UNKNOWN);
}

TEST(Resource, FieldWithoutNewlineAtTheEndIsRead)
{
    EXPECT_EQ(resource_field(io_text, "cancelled_write_bytes"), 7u);
}

TEST(Resource, AbsentOrUnreadableFieldIsUnknown)
{
    EXPECT_EQ(resource_field("", "read_bytes"), RESOURCE_UNKNOWN);
    EXPECT_EQ(resource_field("read_bytes:\n", "read_bytes"), RESOURCE_UNKNOWN);
    EXPECT_EQ(resource_field("read_bytes: many\n", "read_bytes"), RESOURCE_UNKNOWN);
    EXPECT_EQ(resource_field("read_bytes_more: 3\n", "read_bytes"), RESOURCE_UNKNOWN);
}

TEST(Resource, WordsAreCountedFromZero)
{
    EXPECT_EQ(resource_word("1321259 17 4\n", 0), 1321259u);
    EXPECT_EQ(resource_word("1321259 17 4\n", 1), 17u);
    EXPECT_EQ(resource_word("1321259 17 4\n", 2), 4u);
    EXPECT_EQ(resource_word("1321259 17 4\n", 3), RESOURCE_UNKNOWN);
    EXPECT_EQ(resource_word("", 0), RESOURCE_UNKNOWN);
}
