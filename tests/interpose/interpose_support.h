// interpose_support: runs unmodified programs bare or preloaded, under limits and a watchdog, and reads
// the segments they leave, checking every reference on the way as a stranger's reader would.
#ifndef STRONG_TESTS_INTERPOSE_INTERPOSE_SUPPORT_H
#define STRONG_TESTS_INTERPOSE_INTERPOSE_SUPPORT_H

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#ifndef STRONG_ABI_NAMES
#define STRONG_ABI_NAMES
#endif
#define _Static_assert static_assert
#define class class_number
extern "C" {
#include "abi/segment.h"
}
#undef class
#undef _Static_assert

namespace interpose_test
{
using Environment = std::map<std::string, std::string>;

class Directory {
public:
    Directory();
    ~Directory();
    const std::string path;
    std::vector<std::string> names() const;    // of all entries, sorted
    std::vector<std::string> segments() const; // full paths, by start
};

struct Command {
    std::vector<std::string> arguments; // [0]: a program of tests/programs, or an absolute path
    Environment environment;
    bool preloaded = true;
    std::function<void()> before_exec; // in the child: limits, user, mounts
    unsigned seconds = 60;             // watchdog, far above what is needed
    bool wait_for_output = true;       // until the last holder of stdout and stderr is gone
};

struct Outcome {
    int status = -1; // as waitpid says it
    std::string out, err;
    bool timed_out = false;
    bool operator==(const Outcome &) const; // what a user of the program sees
    std::string describe() const;
};

// segments: where STRONG_DIR points, "": nowhere in particular.
Outcome run(const Command &command, const std::string &segments);
Outcome run_bare(const std::vector<std::string> &arguments, unsigned seconds = 60);
Outcome run_preloaded(const Directory &segments, const std::vector<std::string> &arguments,
                      Environment environment = {}, unsigned seconds = 60);

// Starts without waiting; the caller kills and reaps.
pid_t start(const Command &command, const std::string &segments, int out_fd);

bool long_form(); // STRONG_TEST_LONG=1

// A private copy of a segment. Every accessor throws std::runtime_error where the format is broken.
class Segment {
public:
    explicit Segment(const std::string &path);
    const segment_header &header() const;
    uint64_t counter(counter_id id) const;
    std::vector<uint64_t> all_calls() const; // by hook: cells, counted and crowd rows
    uint64_t calls(unsigned hook) const;
    uint64_t ticks(unsigned hook) const;
    uint64_t bytes(unsigned hook) const;
    double ns(unsigned hook) const;
    std::map<unsigned, uint64_t> errors() const; // by hook
    std::map<std::string, uint64_t> calls_by_target(unsigned hook) const;
    std::map<std::string, gauge_record> gauges() const;
    std::vector<std::string> notes() const;
    std::vector<sample_sum> sums(sample_cost cost) const;
    std::vector<live_record> live() const;              // those with a key
    std::vector<uint64_t> frames(uint32_t stack) const; // return addresses, leaf first
    const module_record *module_at(uint64_t address, std::string *ret_path) const;
    std::vector<thread_block> all_blocks() const;
    std::vector<resource_record> resources() const;
    uint64_t blocks() const;
    std::string command() const;
    void check() const; // walks everything

private:
    template <class T> const T &at(uint64_t offset) const;
    template <class T> const T &record(segment_table_id table, uint64_t index) const;
    std::string string(string_ref ref) const;
    uint64_t used(segment_table_id table) const;
    void each_block(const std::function<void(const thread_block &)> &visit) const;
    void each_cell(const std::function<void(const stat_cell &)> &visit) const;
    std::vector<char> bytes_;
};

// Thrown for a file without a magic number: one that its process is about to make, or gone.
struct NoSegment : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// The segments in a directory but for such: a child that outlives the program run may be at it.
std::vector<Segment> segments_of(const Directory &directory);
} // namespace interpose_test

#endif
