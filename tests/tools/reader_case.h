/* reader_case.h: a directory that goes away, and segments to models in one step, for the reader's tests. */
#ifndef STRONG_TESTS_READER_CASE_H
#define STRONG_TESTS_READER_CASE_H

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include "tools/segment_builder.h"

#define _Static_assert static_assert
extern "C" {
#include "read/model.h"
#include "read/snapshot.h"
}
#undef _Static_assert

class TemporaryDirectory {
public:
    TemporaryDirectory()
    {
        const char *base = getenv("TMPDIR");
        std::string pattern = std::string(base && *base ? base : "/tmp") + "/strong-test-XXXXXX";
        if (!mkdtemp(pattern.data()))
            throw std::runtime_error("mkdtemp");
        path_ = pattern;
    }
    ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
    TemporaryDirectory(const TemporaryDirectory &) = delete;
    TemporaryDirectory &operator=(const TemporaryDirectory &) = delete;

    std::string operator/(const std::string &name) const { return path_ + "/" + name; }
    const std::string &path() const { return path_; }

private:
    std::string path_;
};

using SnapshotPointer = std::unique_ptr<snapshot, decltype(&snapshot_free)>;
using ModelPointer = std::unique_ptr<model, decltype(&model_free)>;

/* The model of a built segment; fails the test where the reader refuses it. */
inline ModelPointer model_of(SegmentBuilder &segment, bool superseded = false)
{
    char message[SNAPSHOT_MESSAGE] = "";
    snapshot *taken = nullptr;
    model *made = nullptr;
    EXPECT_EQ(snapshot_from_memory(segment.bytes().data(), segment.bytes().size(), &taken, message),
              0)
        << message;
    if (taken) {
        EXPECT_EQ(model_new(taken, superseded, &made), 0);
    }
    snapshot_free(taken);
    return ModelPointer(made, model_free);
}

inline const model_row *row_of(const model &in, unsigned hook, const std::string &target)
{
    for (size_t i = 0; i < in.row_count; i++)
        if (in.rows[i].hook == hook && target == in.targets[in.rows[i].target].text)
            return &in.rows[i];
    return nullptr;
}

#endif
