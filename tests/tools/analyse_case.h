/* analyse_case.h: from a built segment to an analysis, the way strong-report goes: bytes, snapshot,
 * model, symbols, analysis. Function names come from a perf map of a process that does not exist.
 */
#ifndef STRONG_TESTS_ANALYSE_CASE_H
#define STRONG_TESTS_ANALYSE_CASE_H

#include <gtest/gtest.h>

#include <cstdio>
#include <memory>
#include <string>

#include "tools/segment_builder.h"

#define _Static_assert static_assert
extern "C" {
#include "analyse/analysis.h"
#include "read/snapshot.h"
}
#undef _Static_assert

class AnalyseCase
{
  public:
    static constexpr uint64_t kMs = 1000000, kUs = 1000, kSecond = 1000000000;

    /* A pid above every real one (4194304, PID_MAX_LIMIT), so that it is nobody's, and the one after it: no other test
     * process has them, nor do eight cases in a row of this one. Names are in a file by that pid. */
    static uint32_t nobody()
    {
        static uint32_t made;
        return 2 * 4194304 + static_cast<uint32_t>(getpid()) * 16 + made++ % 8 * 2;
    }
    explicit AnalyseCase(double seconds = 10, size_t bytes = 4 << 20, uint32_t pid = nobody())
        : segment(bytes), pid_(pid)
    {
        segment.lasts(seconds);
        segment.header().pid = pid;
    }
    ~AnalyseCase()
    {
        analysis_free(analysis_);
        symbols_free(symbols_);
        model_free(model_);
        snapshot_free(snapshot_);
        if (functions_ > 0)
            unlink(map_path().c_str());
    }
    AnalyseCase(const AnalyseCase &) = delete;
    AnalyseCase &operator=(const AnalyseCase &) = delete;

    static uint64_t ticks(uint64_t ns)
    {
        return ns * 2;
    }

    /* The return address of a call inside a function of that name. */
    uint64_t function(const std::string &name)
    {
        uint64_t start = 0x700000000000 + functions_++ * 0x1000;
        FILE *file = fopen(map_path().c_str(), functions_ == 1 ? "w" : "a");
        if (!file)
            throw std::runtime_error("no perf map");
        fprintf(file, "%lx %x %s\n", static_cast<unsigned long>(start), 0x1000, name.c_str());
        fclose(file);
        return start + 0x41;
    }

    /* CPU time as the kernel tells it: a first and a last reading. */
    void cpu(uint64_t user_ns, uint64_t system_ns = 0)
    {
        uint64_t end = (segment.header().end_ticks - segment.kStartTicks) / 2;
        resource_record &first = segment.resource(0);
        first.cpu_user_ns = first.cpu_system_ns = 0;
        resource_record &last = segment.resource(end);
        last.cpu_user_ns = user_ns;
        last.cpu_system_ns = system_ns;
    }

    void cpu_sample(uint64_t count, std::vector<uint64_t> frames)
    {
        segment.sample(SAMPLE_CPU, HOOK_NONE, 0, segment.stack(frames), count, count * 10 * kMs);
    }

    const analysis &finish()
    {
        char message[SNAPSHOT_MESSAGE];
        if (snapshot_from_memory(segment.bytes().data(), segment.bytes().size(), &snapshot_,
                                 message) != 0)
            throw std::runtime_error(message);
        if (model_new(snapshot_, false, &model_) != 0)
            throw std::runtime_error("no model");
        symbols_ = symbols_new(model_);
        if (analysis_new(model_, symbols_, &analysis_) != 0)
            throw std::runtime_error("no analysis");
        return *analysis_;
    }

    SegmentBuilder segment;

  private:
    std::string map_path() const
    {
        return "/tmp/perf-" + std::to_string(pid_) + ".map";
    }

    uint32_t pid_;
    unsigned functions_ = 0;
    snapshot *snapshot_ = nullptr;
    model *model_ = nullptr;
    symbols *symbols_ = nullptr;
    analysis *analysis_ = nullptr;
};

#endif
