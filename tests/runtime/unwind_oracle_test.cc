// unwind: the same walks by libunwind, in programs that know nothing of either. libprobe_unwind.so
// is preloaded into them, interrupts them at random points or after every single instruction, and
// counts the frames on which both agree.
#include <algorithm>
#include <cmath>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>
#include <string>
#include <unistd.h>

namespace
{
struct Victim {
    const char *name;    // of the test
    const char *mode;    // of the probe
    std::string command; // its arguments included
    unsigned long least_points;
};

std::string program(const char *name, unsigned milliseconds)
{
    return std::string(STRONG_PROGRAMS_DIR "/") + name + " " + std::to_string(milliseconds);
}

const char *const python = "/usr/bin/python3 -c '"
                           "import json, re, time, zlib, hashlib, decimal, collections\n"
                           "until = time.time() + 2\n"
                           "def fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)\n"
                           "while time.time() < until:\n"
                           "    d = [{\"a\": i, \"b\": [1, {\"c\": str(i)}]} for i in range(200)]\n"
                           "    json.loads(json.dumps(d)); json.dumps(d, indent=1)\n"
                           "    re.findall(r\"([0-9]+)(a|b)*x?\", \"abc123ab\" * 200)\n"
                           "    fib(12); sorted(range(1000), key=lambda x: -x)\n"
                           "    hashlib.sha256(b\"x\" * 10000).hexdigest()\n"
                           "    zlib.compress(b\"hello\" * 1000); decimal.Decimal(3).sqrt()\n"
                           "    collections.Counter(\"abc\" * 100)\n"
                           "'";

class UnwindOracle : public testing::TestWithParam<Victim>
{
};

TEST_P(UnwindOracle, AgreesOnNearlyEveryFrame)
{
    const Victim &victim = GetParam();
    std::string path =
        testing::TempDir() + "unwind_oracle." + victim.name + "." + std::to_string(getpid());
    std::string command = std::string("UNWIND_PROBE=") + victim.mode +
                          " UNWIND_PROBE_POINTS=150000 UNWIND_PROBE_OUT=" + path +
                          " LD_PRELOAD=" STRONG_PROGRAMS_DIR "/libprobe_unwind.so exec " +
                          victim.command;
    // A shell that knows LD_PRELOAD only for the program it becomes.
    ASSERT_EQ(0, std::system(command.c_str())) << command;
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    unlink(path.c_str());
    std::string word;
    unsigned long points = 0, frames = 0, equal = 0;
    text >> word >> points >> word >> frames >> word >> equal;
    EXPECT_GE(points, victim.least_points) << text.str();
    // One in a thousand is lost where no rule tells (libgcc's jump into a handler has its return address in rcx). Of points
    // taken at random each loses all of its frames: three standard errors of so many points.
    double few = 0.001 * static_cast<double>(frames);
    if (victim.mode == std::string("timer"))
        few += 3 * std::sqrt(few * static_cast<double>(frames) / static_cast<double>(std::max(points, 1ul)));
    EXPECT_LE(static_cast<double>(frames - equal), few) << text.str();
    RecordProperty("points", static_cast<int>(points));
    RecordProperty("frames", static_cast<int>(frames));
    RecordProperty("equal", static_cast<int>(equal));
}

INSTANTIATE_TEST_SUITE_P(
    Programs, UnwindOracle,
    testing::Values(
        Victim{"COptimizedAtRandom", "timer", program("unwind_c", 1500), 300},
        Victim{"CUnoptimizedAtRandom", "timer", program("unwind_c_o0", 1500), 300},
        Victim{"CWithoutFramePointerAtRandom", "timer", program("unwind_c_o3", 1500), 300},
        Victim{"CxxAtRandom", "timer", program("unwind_cxx", 1500), 300},
        Victim{"PythonAtRandom", "timer", python, 400}
#if defined(__x86_64__)
        ,
        Victim{"COptimizedAtEveryInstruction", "step", program("unwind_c", 0), 30000},
        Victim{"CUnoptimizedAtEveryInstruction", "step", program("unwind_c_o0", 0), 30000},
        Victim{"CWithoutFramePointerAtEveryInstruction", "step", program("unwind_c_o3", 0), 30000},
        Victim{"CxxAtEveryInstruction", "step", program("unwind_cxx", 0), 100000}
#endif
        ),
    [](const auto &info) { return std::string(info.param.name); });
} // namespace
