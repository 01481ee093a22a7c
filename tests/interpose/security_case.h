// security_case.h: a run with everything switched on and sampled, and the bytes of a file; for the security tests.
#ifndef STRONG_TESTS_INTERPOSE_SECURITY_CASE_H
#define STRONG_TESTS_INTERPOSE_SECURITY_CASE_H

#include "interpose_support.h"

#include <fstream>
#include <sstream>
#include <string>

namespace interpose_test
{
const Environment everything = {{"STRONG_SAMPLE_RATE", "1"}, {"STRONG_SLOW", "0"}, {"STRONG_ALLOC_PERIOD", "64"},
                                {"STRONG_BLOCK_PERIOD", "1us"}, {"STRONG_CPU_HZ", "1000"}, {"STRONG_OPTIMIZE", "all"}};

inline Environment with(const Environment &environment, Environment more)
{
    more.insert(environment.begin(), environment.end()); // which leaves what is there
    return more;
}

inline std::string contents(const std::string &path)
{
    std::ifstream file(path, std::ios::binary);
    std::ostringstream all;
    all << file.rdbuf();
    return all.str();
}
} // namespace interpose_test

#endif
