/* process_support.h: runs a victim bare or preloaded, and reads the segments it left. */
#ifndef STRONG_TESTS_MONITOR_PROCESS_SUPPORT_H
#define STRONG_TESTS_MONITOR_PROCESS_SUPPORT_H

#include "c_headers.h"

#include <map>
#include <string>
#include <vector>

struct Outcome {
    int status = 0; /* as waitpid says it */
    std::string out, err;
};

/* A directory for one test's segments, removed with its contents. */
class SegmentDirectory {
public:
    SegmentDirectory();
    ~SegmentDirectory();
    const std::string path;
    std::vector<std::string> files() const;
};

using Environment = std::map<std::string, std::string>;

/* arguments[0] is a program of tests/programs. close_stderr_reader: descriptor 2 is a pipe nobody reads. */
Outcome run_bare(const std::vector<std::string> &arguments);
Outcome run_preloaded(const SegmentDirectory &directory, const std::vector<std::string> &arguments,
                      Environment environment = {}, bool close_stderr_reader = false,
                      long file_size_limit = -1);

/* A segment in private memory, trusted: our own library wrote it a moment ago. */
class SegmentCopy {
public:
    explicit SegmentCopy(const std::string &path);
    const segment_header &header() const { return at<segment_header>(0); }
    uint64_t counter(counter_id id) const;
    std::vector<std::string> notes() const;
    std::vector<resource_record> resources() const;
    std::vector<sample_sum> sums(sample_cost cost) const;
    /* Leaf of a sample's stack, as an address inside the instruction; 0: no stack. */
    uint64_t leaf(const sample_sum &sum) const;
    std::vector<thread_block> blocks() const;

private:
    template <class T> const T &at(uint64_t offset) const
    {
        return *reinterpret_cast<const T *>(bytes_.data() + offset);
    }
    template <class T> const T &record(segment_table_id table, uint64_t index) const
    {
        return at<T>(header().tables[table].offset + index * sizeof(T));
    }
    uint64_t used(segment_table_id table) const;
    std::vector<char> bytes_;
};

#endif
