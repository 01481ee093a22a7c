/* monitor/report_text.c: the words of STRONG_REPORT. */
#include "c_headers.h"

#include <gtest/gtest.h>
#include <string>

static const char strings[] = "\0tcp://127.0.0.1:6379\0evil\033[2J\nname\0redis-server";
static const struct string_ref redis = {1, 20}, evil = {22, 13}, program = {36, 12};

static report_facts busy_server()
{
    report_facts facts = {};
    facts.pid = 4242;
    facts.run_ns = 62400000000;
    facts.interval_ns = 10000000000;
    facts.cpu_ns = 13120000000;
    facts.threads = 4;
    facts.thread_ns = 40000000000;
    facts.class_ns[CLASS_NETWORK] = 15200000000;
    facts.class_ns[CLASS_LOCK] = 3160000000;
    facts.class_ns[CLASS_FILE] = 400000000;
    facts.class_ns[CLASS_SLEEP] = 100000000;
    facts.class_calls[CLASS_NETWORK] = 12034;
    facts.class_calls[CLASS_LOCK] = 7;
    facts.slowest = redis;
    facts.slowest_ns = 6100000000;
    facts.allocations = 120340;
    facts.samples_dropped = 3;
    return facts;
}

static std::string line_of(const report_facts &facts, unsigned size = 512)
{
    std::string room(size, 'x');
    struct text text = text_in(&room[0], size);
    report_line(&text, &facts, strings);
    return std::string(room.data(), text.len);
}

TEST(Report, LineNamesTheThreeLargestClassesAndTheSlowestTarget)
{
    EXPECT_EQ(line_of(busy_server()),
              "libstrong: pid 4242 after 62.4 s: CPU 131.2 %, 4 threads; network 38.0 %, lock 7.9 %, file 1.0 % "
              "of thread time; slowest tcp://127.0.0.1:6379 6.1 s; 12034 allocations/s, 3 samples dropped\n");
}

TEST(Report, LineOfAPureComputationHasNoClasses)
{
    report_facts facts = {};
    facts.pid = 7;
    facts.run_ns = facts.interval_ns = facts.cpu_ns = facts.thread_ns = 1000000000;
    facts.threads = 1;
    EXPECT_EQ(line_of(facts), "libstrong: pid 7 after 1.0 s: CPU 100.0 %, 1 thread; 0 allocations/s, 0 samples dropped\n");
}

TEST(Report, LineOfAnEmptyIntervalDividesByNothing)
{
    report_facts facts = {};
    EXPECT_EQ(line_of(facts), "libstrong: pid 0 after 0.0 s: CPU -, 0 threads; 0 allocations/s, 0 samples dropped\n");
}

TEST(Report, NamesCannotSteerATerminalOrForgeALine)
{
    report_facts facts = busy_server();
    facts.slowest = evil;
    std::string line = line_of(facts);
    EXPECT_NE(line.find("slowest evil?[2J?name 6.1 s"), std::string::npos) << line;
    EXPECT_EQ(line.find('\033'), std::string::npos);
    EXPECT_EQ(line.find('\n'), line.size() - 1);
}

TEST(Report, LineIsCutAtItsRoom)
{
    EXPECT_EQ(line_of(busy_server(), 40).size(), 39u);
}

TEST(Report, TableHasARowForEachClassThatWasCalledMostTimeFirst)
{
    std::string room(3072, 'x');
    struct text text = text_in(&room[0], 3072);
    report_facts facts = busy_server();
    facts.samples_taken = 900;
    facts.samples_dropped = 0;
    report_table(&text, &facts, strings, program);
    EXPECT_EQ(std::string(room.data(), text.len),
              "libstrong: redis-server, pid 4242, ended after 62.4 s: CPU 13.1 s (21.0 %), in calls (time, share of "
              "thread time):\n"
              "libstrong:   network    15.2 s      38.0 %    12034 calls\n"
              "libstrong:   lock       3.2 s       7.9 %     7 calls\n"
              "libstrong:   slowest tcp://127.0.0.1:6379 6.1 s\n"
              "libstrong:   120340 allocations, 900 samples taken, 0 dropped; more: strong-report 4242\n");
}
