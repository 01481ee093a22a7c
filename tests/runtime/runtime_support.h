// runtime_support: for tests of the runtime without the hooks. The runtime is made to be started once
// in a process, so a test that needs it runs in a child process of its own:
//
//   RUNTIME_TEST(Sums, AddUp) { Runtime runtime; … EXPECT_EQ(…); }
#ifndef STRONG_TESTS_RUNTIME_RUNTIME_SUPPORT_H
#define STRONG_TESTS_RUNTIME_RUNTIME_SUPPORT_H

#include "c_headers.h"

#include "isolated.h"

#include <functional>
#include <gtest/gtest.h>
#include <map>
#include <string>
#include <thread>
#include <vector>

namespace runtime_test
{
// A directory that goes away with everything in it.
class Directory {
public:
    Directory();
    ~Directory();
    const std::string path;
    std::vector<std::string> names() const; // of the entries, sorted
    std::vector<std::string> segments() const;

private:
    const pid_t owner_;
};

using Environment = std::map<std::string, std::string>;

// Replaces every STRONG_* variable of this process and reads the settings anew.
void configure(const Environment &environment);

// Starts the stages of the runtime, in the order of boot.def and without the monitors; the segment is
// in a directory of its own unless the environment names one.
class Runtime {
public:
    explicit Runtime(Environment environment = {});
    ~Runtime();
    const std::string &directory() const { return directory_.path; }

private:
    Directory directory_;
};

struct Output {
    int status; // as waitpid says it
    std::string err;
};

// Runs body in a child process and returns its status and what it wrote to descriptor 2.
Output run_child(const std::function<void()> &body);

using isolation::isolated;

using isolation::in_threads;
using isolation::MANY_THREADS;

// thread_attach, for threads of a test.
void attach();

uint64_t counter(counter_id id);
std::string text_of(string_ref ref);
const target_record &target(uint32_t row);
std::string target_text(uint32_t row);
const sample_sum *find_sum(uint64_t key); // NULL: none
std::vector<sample_sum> sums();           // rows with a key, as they stand

// A cell as a reader finds it, in whatever thread block.
struct Row {
    uint64_t calls = 0, errors = 0, bytes = 0, ticks = 0;
    std::vector<uint64_t> histogram = std::vector<uint64_t>(HISTOGRAM_BUCKETS);
    uint64_t histogram_sum() const;
};
Row row(unsigned hook, uint32_t target); // summed over all blocks
std::vector<const thread_block *> blocks();
} // namespace runtime_test

#define RUNTIME_TEST(suite, name)                                                                  \
    static void suite##_##name##_body();                                                           \
    TEST(suite, name)                                                                              \
    {                                                                                              \
        runtime_test::isolated(suite##_##name##_body);                                             \
    }                                                                                              \
    static void suite##_##name##_body()

#endif
