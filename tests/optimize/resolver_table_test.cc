// Slots that threads and processes read and write at once, and in which a process may die.
#include "resolver_support.h"

#include <csignal>
#include <random>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace resolver_test;

namespace
{
// The answer's number is in every byte of its addresses: a mixture of two answers is seen.
bool found(const Table &table, const resolver_key &key, uint64_t now_ns, std::string *ret_text = nullptr)
{
    resolver_entry entry;
    resolver_terms terms = terms_at(now_ns);
    if (!resolver_table_find(&table.table, &key, &terms, &entry))
        return false;
    addrinfo *list = nullptr;
    EXPECT_TRUE(resolver_entry_unpack(&entry, malloc, free, &list));
    if (ret_text)
        *ret_text = text_of(list);
    freeaddrinfo(list);
    return true;
}

bool store(const Table &table, const resolver_key &key, uint64_t now_ns, unsigned nodes = 2, uint8_t number = 1)
{
    resolver_entry entry = entry_of(key, nodes, now_ns, number);
    return resolver_table_store(&table.table, &entry, now_ns);
}

std::string expected(unsigned nodes, uint8_t number)
{
    addrinfo *list = list_of(nodes, nullptr, number);
    std::string text = text_of(list);
    freeaddrinfo(list);
    return text;
}
} // namespace

class ResolverTable : public testing::TestWithParam<bool>
{
};

TEST_P(ResolverTable, FindsWhatWasStored)
{
    Table table(64, GetParam());
    for (unsigned i = 0; i < 16; i++) {
        resolver_key key = key_of("host" + std::to_string(i));
        EXPECT_FALSE(found(table, key, start_ns));
        EXPECT_TRUE(store(table, key, start_ns, 1 + i % 5, (uint8_t)i));
        std::string text;
        ASSERT_TRUE(found(table, key, start_ns, &text));
        EXPECT_EQ(text, expected(1 + i % 5, (uint8_t)i));
        EXPECT_FALSE(found(table, key, start_ns + 7 * second));
    }
}

TEST_P(ResolverTable, KeepsOneEntryForAKey)
{
    Table table(4, GetParam());
    resolver_key key = key_of("again"), neighbours[3] = {key_of("a"), key_of("b"), key_of("c")};
    for (const resolver_key &neighbour : neighbours)
        EXPECT_TRUE(store(table, neighbour, start_ns));
    for (unsigned i = 0; i < 20; i++)
        EXPECT_TRUE(store(table, key, start_ns + i, 2, (uint8_t)i));
    std::string text;
    ASSERT_TRUE(found(table, key, start_ns + 20, &text));
    EXPECT_EQ(text, expected(2, 19));
    for (const resolver_key &neighbour : neighbours)
        EXPECT_TRUE(found(table, neighbour, start_ns + 20)) << "there was room for four";
}

TEST_P(ResolverTable, GivesUpWhatIsOverBeforeWhatIsOld)
{
    Table table(4, GetParam());
    for (unsigned i = 0; i < 4; i++)
        EXPECT_TRUE(store(table, key_of("host" + std::to_string(i)), start_ns + i * second));
    EXPECT_TRUE(store(table, key_of("more"), start_ns + 3 * second));
    EXPECT_FALSE(found(table, key_of("host0"), start_ns + 3 * second)) << "the oldest";
    for (unsigned i = 1; i < 4; i++)
        EXPECT_TRUE(found(table, key_of("host" + std::to_string(i)), start_ns + 3 * second));
}

TEST_P(ResolverTable, LeavesASlotAloneThatIsBeingWrittenAndTakesItOverLater)
{
    Table table(4, GetParam());
    resolver_key key = key_of("stuck");
    EXPECT_TRUE(store(table, key, start_ns));
    for (uint32_t i = 0; i < 4; i++) // somebody began at start_ns and never ended
        table.table.slots[i].lock = (start_ns / 1000000) << 32 | (table.table.slots[i].lock + 1);
    EXPECT_FALSE(found(table, key, start_ns));
    EXPECT_FALSE(store(table, key, start_ns + second / 4));
    EXPECT_FALSE(found(table, key, start_ns + second / 4));
    EXPECT_TRUE(store(table, key, start_ns + second));
    EXPECT_TRUE(found(table, key, start_ns + second));
}

TEST_P(ResolverTable, TakesOverLocksThatMakeNoSense)
{
    std::mt19937_64 random(7);
    for (unsigned i = 0; i < 1000; i++) {
        Table table(4, GetParam());
        for (uint32_t slot = 0; slot < 4; slot++) {
            table.table.slots[slot].lock = random();
            for (uint64_t &word : table.table.slots[slot].words)
                word = random();
        }
        resolver_key key = key_of("garbage");
        EXPECT_FALSE(found(table, key, start_ns));
        uint64_t now = start_ns;
        for (unsigned tries = 0; tries < 3 && !store(table, key, now); tries++)
            now += second;
        EXPECT_TRUE(GetParam() || found(table, key, now));
    }
}

INSTANTIATE_TEST_SUITE_P(Tables, ResolverTable, testing::Bool(),
                         [](const auto &tags) { return tags.param ? "WithTags" : "Plain"; });

TEST(ResolverTable, StoresANameInAFreshSetOnlyTheSecondTime)
{
    Table table(64, true);
    resolver_key key = key_of("once");
    EXPECT_FALSE(resolver_table_warm(&table.table, key.hash));
    EXPECT_TRUE(resolver_table_warm(&table.table, key.hash));
    EXPECT_FALSE(found(table, key, start_ns));
    EXPECT_TRUE(store(table, key, start_ns));
    EXPECT_TRUE(found(table, key, start_ns));
}

TEST(ResolverTable, NeverShowsAMixtureToManyThreads)
{
    Table table(4); // one set: they are all in each other's way
    std::vector<resolver_key> keys;
    std::vector<std::vector<resolver_entry>> entries;
    for (unsigned i = 0; i < 6; i++) {
        keys.push_back(key_of("host" + std::to_string(i)));
        entries.emplace_back();
        for (unsigned number = 0; number < 8; number++)
            entries[i].push_back(entry_of(keys[i], 1 + number, start_ns, (uint8_t)number));
    }
    std::atomic<unsigned> hits{0}, mixtures{0};
    isolation::in_threads(isolation::MANY_THREADS, [&](unsigned thread) {
        std::mt19937 random(thread);
        resolver_terms terms = terms_at(start_ns);
        for (unsigned i = 0; i < 10000; i++) {
            unsigned which = random() % 6, number = random() % 8;
            if (thread < isolation::MANY_THREADS / 2) {
                resolver_table_store(&table.table, &entries[which][number], start_ns);
                continue;
            }
            resolver_entry entry;
            if (!resolver_table_find(&table.table, &keys[which], &terms, &entry))
                continue;
            hits++;
            const resolver_entry &whole = entries[which].at(entry.nodes - 1u);
            mixtures += memcmp(&entry, &whole, whole.used_bytes) != 0;
        }
    });
    EXPECT_EQ(mixtures, 0u);
    EXPECT_GT(hits, 100u);
}

TEST(ResolverTable, SurvivesTwoHundredDeathsWhileWriting)
{
    Table table(4);
    std::vector<resolver_key> keys;
    for (unsigned i = 0; i < 4; i++)
        keys.push_back(key_of("host" + std::to_string(i)));
    auto *begun = static_cast<std::atomic<unsigned> *>( // children that have begun to write
        mmap(nullptr, sizeof(std::atomic<unsigned>), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    ASSERT_NE(static_cast<void *>(begun), MAP_FAILED);
    std::mt19937 random(1);
    unsigned stuck = 0;
    uint64_t now = start_ns;
    for (unsigned death = 0; death < 200; death++, now += second) {
        pid_t child = fork();
        ASSERT_GE(child, 0);
        if (child == 0) {
            for (unsigned i = 0;; i++) {
                resolver_entry entry = entry_of(keys[i % 4], 1 + i % 8, now, (uint8_t)i);
                for (unsigned repeat = 0; repeat < 200; repeat++) {
                    resolver_table_store(&table.table, &entry, now);
                    *begun = death + 1;
                }
            }
        }
        while (*begun != death + 1) // it is not killed before it writes, however slowly it starts
            usleep(50);
        usleep(random() % 1500);
        kill(child, SIGKILL);
        waitpid(child, nullptr, 0);
        for (uint32_t slot = 0; slot < 4; slot++)
            stuck += table.table.slots[slot].lock & 1;
        for (const resolver_key &key : keys) {
            std::string text;
            if (found(table, key, now, &text)) { // whole, whoever wrote it
                unsigned nodes = (unsigned)std::count(text.begin(), text.end(), '\n');
                bool known = false;
                for (unsigned number = 0; number < 256 && !known; number++)
                    known = text == expected(nodes, (uint8_t)number);
                EXPECT_TRUE(known);
            }
            EXPECT_TRUE(store(table, key, now + second)) << "a second later nobody is writing any more";
            EXPECT_TRUE(found(table, key, now + second));
        }
    }
    munmap(begun, sizeof(*begun));
    EXPECT_GT(stuck, 5u) << "no child died in the middle: this test shows nothing";
}
