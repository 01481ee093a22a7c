// strong.h alone, as the strictest of its users compile it.
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <gtest/gtest.h>
#include <string>

#include "interpose_support.h"

namespace
{
struct Dialect {
    const char *name, *compiler, *flags;
};

const char *const use = R"(#include <strong.h>
int main(void)
{
    struct strong_token token;
    size_t length;
    STRONG_SCOPE("all of it");
    token = strong_measure_begin("a part");
    {
        STRONG_SCOPE("inner");
        strong_count("n", 1);
        strong_gauge("g", 1.5);
    }
    strong_measure_end_with(token, 10, 0);
    strong_measure_end(strong_measure_begin("b"));
    length = strong_get_metrics(NULL, 0);
    return strong_enabled() && length == 0;
}
)";

std::string compile(const Dialect &dialect, const std::string &source, const std::string &more)
{
    interpose_test::Directory place;
    bool cxx = std::string(dialect.compiler).find("++") != std::string::npos;
    std::string file = place.path + (cxx ? "/use.cc" : "/use.c");
    std::ofstream(file) << source;
    std::string command = std::string(dialect.compiler) + " -fsyntax-only " + dialect.flags + " " + more +
                          " -Wall -Wextra -Wshadow -Wconversion -Wsign-conversion -Werror -I" STRONG_SOURCE_DIR
                          "/preload/include " + file + " 2>&1";
    FILE *compiler = popen(command.c_str(), "r");
    std::string said(20000, '\0');
    said.resize(fread(&said[0], 1, said.size(), compiler));
    return pclose(compiler) == 0 ? said : "failed: " + said;
}
} // namespace

class ApiHeaderDialect : public testing::TestWithParam<Dialect> {
};

TEST_P(ApiHeaderDialect, CompilesWithoutAWarningMeasuringAndDisabled)
{
    EXPECT_EQ(compile(GetParam(), use, ""), "");
    EXPECT_EQ(compile(GetParam(), use, "-DSTRONG_DISABLE"), "");
    EXPECT_EQ(compile(GetParam(), "#include <strong.h>\n#include <strong.h>\nint nothing_used;\n", ""), "");
}

// A scope's name must be a literal, a count's amount a number: with STRONG_DISABLE too.
TEST(ApiHeader, ChecksWhatItIsGiven)
{
    for (const Dialect &dialect : {Dialect{"", "gcc", "-std=c99"}, Dialect{"", "g++", "-std=c++11"}})
        for (const char *more : {"", "-DSTRONG_DISABLE"}) {
            std::string start = "#include <strong.h>\nvoid f(const char *name, void *p) { (void)name; (void)p; ";
            EXPECT_EQ(compile(dialect, start + "STRONG_SCOPE(\"x\"); }\n", more), "");
            EXPECT_NE(compile(dialect, start + "STRONG_SCOPE(name); }\n", more), "");
            EXPECT_NE(compile(dialect, start + "strong_count(name, p); }\n", more), "");
            EXPECT_NE(compile(dialect, start + "strong_gauge(5, 1.0); }\n", more), "");
        }
}

INSTANTIATE_TEST_SUITE_P(
    In, ApiHeaderDialect,
    testing::Values(Dialect{"gcc_c89", "gcc", "-std=c89 -pedantic"}, Dialect{"gcc_c99", "gcc", "-std=c99 -pedantic"},
                    Dialect{"gcc_gnu17", "gcc", "-std=gnu17 -pedantic"},
                    Dialect{"clang_c89", "clang", "-std=c89 -pedantic"}, Dialect{"clang_c11", "clang", "-std=c11 -pedantic"},
                    Dialect{"gxx_11", "g++", "-std=c++11 -pedantic -Wold-style-cast"},
                    Dialect{"gxx_20", "g++", "-std=c++20 -pedantic -Wold-style-cast"},
                    Dialect{"clangxx_11", "clang++", "-std=c++11 -pedantic -Wold-style-cast"},
                    Dialect{"clangxx_20", "clang++", "-std=c++20 -pedantic -Wold-style-cast"}),
    [](const auto &info) { return std::string(info.param.name); });
