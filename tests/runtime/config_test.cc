// STRONG_* settings: every kind of value, mistakes, and what is said about them.
#include "runtime_support.h"

#include <cmath>
#include <regex>
#include <sstream>

using namespace runtime_test;

namespace
{
constexpr uint64_t refused = 0xbad;

template <class Parse> uint64_t parsed(Parse parse, const char *text)
{
    uint64_t value = 12345;
    int ret = parse(text, &value);
    if (ret == 0)
        return value;
    EXPECT_LT(ret, 0);
    EXPECT_EQ(value, 12345u) << "a refused value changes nothing";
    return refused;
}

struct Value {
    const char *text;
    uint64_t expected;
};

void PrintTo(const Value &value, std::ostream *out)
{
    *out << '"' << value.text << '"';
}

unsigned lines(const std::string &text)
{
    return (unsigned)std::count(text.begin(), text.end(), '\n');
}
} // namespace

class ConfigDuration : public testing::TestWithParam<Value> {};

TEST_P(ConfigDuration, IsUnderstoodOrRefused)
{
    EXPECT_EQ(parsed(config_parse_duration, GetParam().text), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Values, ConfigDuration,
    testing::Values(Value{"0", 0}, Value{"10ms", 10000000}, Value{"1us", 1000}, Value{"17ns", 17},
                    Value{"1", 1000000000}, Value{"2s", 2000000000}, Value{"1.5s", 1500000000},
                    Value{"0.000001s", 1000}, Value{".5s", refused}, Value{"1.s", 1000000000},
                    Value{"2m", 120000000000}, Value{"1h", 3600000000000}, Value{"0.25ms", 250000},
                    Value{"1.9999999us", 1999}, Value{"", refused}, Value{"ms", refused}, Value{"-1s", refused},
                    Value{"+1s", refused}, Value{" 1s", refused}, Value{"1 s", refused}, Value{"1s ", refused},
                    Value{"1S", refused}, Value{"1sec", refused}, Value{"1e3", refused}, Value{"0x10", refused},
                    Value{"1..2s", refused}, Value{"nan", refused}, Value{"18446744073709551615ns", UINT64_MAX},
                    Value{"18446744073709551616ns", refused}, Value{"99999999999999999999999", refused},
                    Value{"18446744073709551615h", refused}, Value{"5124095h", 5124095u * 3600000000000u},
                    Value{"5124096h", refused}));

class ConfigSize : public testing::TestWithParam<Value> {};

TEST_P(ConfigSize, IsUnderstoodOrRefused)
{
    EXPECT_EQ(parsed(config_parse_size, GetParam().text), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(Values, ConfigSize,
                         testing::Values(Value{"0", 0}, Value{"512", 512}, Value{"512B", 512}, Value{"1K", 1024},
                                         Value{"1KB", 1024}, Value{"512KiB", 524288}, Value{"8MiB", 8388608},
                                         Value{"8M", 8388608}, Value{"1.5M", 1572864}, Value{"2G", 2147483648},
                                         Value{"2GiB", 2147483648}, Value{"1kb", refused}, Value{"1T", refused},
                                         Value{"K", refused}, Value{"-1K", refused}, Value{"1 K", refused},
                                         Value{"18446744073709551615", UINT64_MAX},
                                         Value{"18014398509481984K", refused}, Value{"1KiBs", refused}));

class ConfigCount : public testing::TestWithParam<Value> {};

TEST_P(ConfigCount, IsUnderstoodOrRefused)
{
    EXPECT_EQ(parsed(config_parse_count, GetParam().text), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(Values, ConfigCount,
                         testing::Values(Value{"0", 0}, Value{"99", 99}, Value{"007", 7}, Value{"1.0", refused},
                                         Value{"1.", refused}, Value{"-1", refused}, Value{"", refused},
                                         Value{"1k", refused}, Value{"0x1", refused},
                                         Value{"18446744073709551616", refused}));

struct Rate {
    const char *text;
    double expected; // < 0: refused
};

class ConfigRate : public testing::TestWithParam<Rate> {};

TEST_P(ConfigRate, IsUnderstoodOrRefused)
{
    double value = -1;
    int ret = config_parse_rate(GetParam().text, &value);
    EXPECT_EQ(ret < 0, GetParam().expected < 0);
    EXPECT_DOUBLE_EQ(value, GetParam().expected < 0 ? -1 : GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(Values, ConfigRate,
                         testing::Values(Rate{"0", 0}, Rate{"1", 1}, Rate{"0.1", 0.1}, Rate{"0.000001", 1e-6},
                                         Rate{"10%", 0.1}, Rate{"2.5%", 0.025}, Rate{"150%", 1.5}, Rate{".1", -1},
                                         Rate{"-0.1", -1}, Rate{"1e-3", -1}, Rate{"", -1}, Rate{"%", -1},
                                         Rate{"0,1", -1}));

struct Flag {
    const char *text;
    int expected; // -1: refused
};

class ConfigFlag : public testing::TestWithParam<Flag> {};

TEST_P(ConfigFlag, IsUnderstoodOrRefused)
{
    for (bool before : {false, true}) {
        bool value = before;
        EXPECT_EQ(config_parse_flag(GetParam().text, &value) < 0, GetParam().expected < 0);
        EXPECT_EQ(value, GetParam().expected < 0 ? before : GetParam().expected == 1);
    }
}

INSTANTIATE_TEST_SUITE_P(Values, ConfigFlag,
                         testing::Values(Flag{"0", 0}, Flag{"1", 1}, Flag{"no", 0}, Flag{"yes", 1}, Flag{"off", 0},
                                         Flag{"on", 1}, Flag{"false", 0}, Flag{"true", 1}, Flag{"2", -1},
                                         Flag{"", -1}, Flag{"YES", -1}, Flag{"1 ", -1}, Flag{"truee", -1}));

// ---- the environment as a whole ----

TEST(Config, DefaultsAreThoseOfTheList)
{
    Output output = run_child([] {
        configure({});
        EXPECT_TRUE(config.enabled);
        EXPECT_DOUBLE_EQ(config.sample_rate, 0.1);
        EXPECT_EQ(config.slow_ns, 10000000u);
        EXPECT_EQ(config.alloc_period_bytes, 524288u);
        EXPECT_EQ(config.block_period_ns, 1000000u);
        EXPECT_EQ(config.cpu_hz, 99u);
        EXPECT_EQ(config.stack_depth, 64u);
        EXPECT_STREQ(config.optimize, "safe");
        EXPECT_STREQ(config.report, "");
        EXPECT_EQ(config.report_interval_ns, 60000000000u);
        EXPECT_STREQ(config.dir, "");
        EXPECT_EQ(config.shm_size_bytes, 8388608u);
        EXPECT_EQ(config.keep, 64u);
        EXPECT_TRUE(config.arguments);
        EXPECT_EQ(config.log, 1u);
        EXPECT_STREQ(config.run, "");
    });
    EXPECT_EQ(output.status, 0);
    EXPECT_EQ(output.err, "") << "right settings are not spoken about";
}

TEST(Config, EmptyMeansUnset)
{
    Output output = run_child([] {
        configure({{"STRONG_CPU_HZ", ""}, {"STRONG_OPTIMIZE", ""}, {"STRONG_NO_SUCH_THING", ""}});
        EXPECT_EQ(config.cpu_hz, 99u);
        EXPECT_STREQ(config.optimize, "safe");
    });
    EXPECT_EQ(output.status, 0);
    EXPECT_EQ(output.err, "");
}

TEST(Config, TextsAreCopies)
{
    Output output = run_child([] {
        configure({{"STRONG_RUN", "before"}});
        memset(getenv("STRONG_RUN"), 'x', 6);
        EXPECT_STREQ(config.run, "before");
    });
    EXPECT_EQ(output.status, 0);
}

struct BadValue {
    const char *name, *value;
};

void PrintTo(const BadValue &bad, std::ostream *out)
{
    *out << bad.name << "=" << bad.value;
}

class ConfigBadValue : public testing::TestWithParam<BadValue> {};

TEST_P(ConfigBadValue, CostsOneLineAndKeepsTheDefault)
{
    const BadValue &bad = GetParam();
    char before[2048], after[2048];
    configure({});
    config_describe(before, sizeof before);
    Output output = run_child([&] {
        configure({{bad.name, bad.value}});
        config_describe(after, sizeof after);
        EXPECT_STREQ(before, after);
    });
    EXPECT_EQ(output.status, 0);
    EXPECT_EQ(lines(output.err), 1u) << output.err;
    EXPECT_EQ(output.err.find(std::string("libstrong: ") + bad.name + "=" + bad.value), 0u) << output.err;
    EXPECT_NE(output.err.find("using "), std::string::npos) << output.err;
}

INSTANTIATE_TEST_SUITE_P(
    Values, ConfigBadValue,
    testing::Values(BadValue{"STRONG_ENABLED", "maybe"}, BadValue{"STRONG_SAMPLE_RATE", "1.1"},
                    BadValue{"STRONG_SAMPLE_RATE", "-1"}, BadValue{"STRONG_SAMPLE_RATE", "often"},
                    BadValue{"STRONG_SLOW", "2h"}, BadValue{"STRONG_SLOW", "soon"},
                    BadValue{"STRONG_ALLOC_PERIOD", "2000G"}, BadValue{"STRONG_BLOCK_PERIOD", "1x"},
                    BadValue{"STRONG_CPU_HZ", "10001"}, BadValue{"STRONG_CPU_HZ", "1.5"},
                    BadValue{"STRONG_STACK_DEPTH", "0"}, BadValue{"STRONG_STACK_DEPTH", "128"},
                    BadValue{"STRONG_REPORT_INTERVAL", "99ms"}, BadValue{"STRONG_REPORT_INTERVAL", "25h"},
                    BadValue{"STRONG_SHM_SIZE", "1000K"}, BadValue{"STRONG_SHM_SIZE", "257M"},
                    BadValue{"STRONG_SHM_SIZE", "18446744073709551615"}, BadValue{"STRONG_KEEP", "100001"},
                    BadValue{"STRONG_KEEP", "-5"}, BadValue{"STRONG_ARGUMENTS", "2"}, BadValue{"STRONG_LOG", "3"}));

struct GoodValue {
    const char *name, *value, *line; // in config_describe's words
};

class ConfigBound : public testing::TestWithParam<GoodValue> {};

TEST_P(ConfigBound, IsInclusive)
{
    const GoodValue &good = GetParam();
    Output output = run_child([&] {
        configure({{good.name, good.value}});
        char room[2048];
        config_describe(room, sizeof room);
        EXPECT_NE(std::string(room).find(std::string(good.line) + "\n"), std::string::npos) << room;
    });
    EXPECT_EQ(output.status, 0);
    EXPECT_EQ(output.err, "");
}

INSTANTIATE_TEST_SUITE_P(
    Values, ConfigBound,
    testing::Values(GoodValue{"STRONG_SAMPLE_RATE", "0", "SAMPLE_RATE=0.000"},
                    GoodValue{"STRONG_SAMPLE_RATE", "1", "SAMPLE_RATE=1.000"},
                    GoodValue{"STRONG_SLOW", "1h", "SLOW=3600000000000ns"}, GoodValue{"STRONG_SLOW", "0", "SLOW=0ns"},
                    GoodValue{"STRONG_STACK_DEPTH", "1", "STACK_DEPTH=1"},
                    GoodValue{"STRONG_STACK_DEPTH", "127", "STACK_DEPTH=127"},
                    GoodValue{"STRONG_SHM_SIZE", "1M", "SHM_SIZE=1048576"},
                    GoodValue{"STRONG_SHM_SIZE", "256M", "SHM_SIZE=268435456"},
                    GoodValue{"STRONG_REPORT_INTERVAL", "100ms", "REPORT_INTERVAL=100000000ns"},
                    GoodValue{"STRONG_CPU_HZ", "0", "CPU_HZ=0"}, GoodValue{"STRONG_CPU_HZ", "10000", "CPU_HZ=10000"},
                    GoodValue{"STRONG_DIR", "/some/where", "DIR=/some/where"}));

struct Nearest {
    const char *name, *expected; // empty: none is near
};

void PrintTo(const Nearest &nearest, std::ostream *out)
{
    *out << nearest.name;
}

class ConfigUnknownName : public testing::TestWithParam<Nearest> {};

TEST_P(ConfigUnknownName, CostsOneLineWithTheNearestName)
{
    std::string name = std::string("STRONG_") + GetParam().name, nearest = GetParam().expected;
    Output output = run_child([&] { configure({{name, "1"}}); });
    EXPECT_EQ(output.status, 0);
    EXPECT_EQ(lines(output.err), 1u) << output.err;
    EXPECT_EQ(output.err.find("libstrong: unknown setting " + name), 0u) << output.err;
    EXPECT_NE(output.err.find(nearest.empty() ? "help options" : "did you mean STRONG_" + nearest + "?"),
              std::string::npos)
        << output.err;
}

INSTANTIATE_TEST_SUITE_P(Names, ConfigUnknownName,
                         testing::Values(Nearest{"ENABELD", "ENABLED"}, Nearest{"SAMPLERATE", "SAMPLE_RATE"},
                                         Nearest{"SAMPLE_RATES", "SAMPLE_RATE"}, Nearest{"CPU_HERZ", "CPU_HZ"},
                                         Nearest{"OPTIMISE", "OPTIMIZE"}, Nearest{"LOGS", "LOG"},
                                         Nearest{"SHMSIZE", "SHM_SIZE"}, Nearest{"ALOC_PERIOD", "ALLOC_PERIOD"},
                                         Nearest{"REPORT_INTERVALL", "REPORT_INTERVAL"}, Nearest{"DIRS", "DIR"},
                                         Nearest{"XYZZY", ""}, Nearest{"Q", ""},
                                         Nearest{"SOMETHING_VERY_LONG_THAT_NOBODY_EVER_MEANT", ""}));

TEST(Config, AForgedOrLongValueStillCostsOneLineThatEndsWithTheDefault)
{
    for (const std::string &value : {std::string("1\nlibstrong: forged \033[31mred"), std::string(4000, '9')}) {
        Output output = run_child([&] { configure({{"STRONG_KEEP", value}}); });
        EXPECT_EQ(lines(output.err), 1u) << output.err;
        EXPECT_EQ(output.err.find('\033'), std::string::npos);
        EXPECT_NE(output.err.find(": using 64\n"), std::string::npos) << output.err;
    }
}

TEST(Config, OtherVariablesAreNotOurs)
{
    Output output = run_child([] {
        configure({});
        setenv("STRONGER", "1", 1);
        setenv("XSTRONG_LOG", "9", 1);
        config_init();
    });
    EXPECT_EQ(output.status, 0);
    EXPECT_EQ(output.err, "");
}

TEST(Config, SilenceIsKeptWhereverTheVariableStands)
{
    for (const char *other : {"STRONG_AAAA", "STRONG_ZZZZ"}) { // before and behind STRONG_LOG
        Output output = run_child([&] { configure({{other, "1"}, {"STRONG_LOG", "0"}, {"STRONG_KEEP", "many"}}); });
        EXPECT_EQ(output.status, 0);
        EXPECT_EQ(output.err, "");
    }
}

TEST(Config, EveryMistakeHasItsOwnLine)
{
    Output output = run_child([] {
        configure({{"STRONG_KEEP", "many"}, {"STRONG_CPU_HZ", "fast"}, {"STRONG_TYPO", "1"}, {"STRONG_SLOW", "5ms"}});
        EXPECT_EQ(config.slow_ns, 5000000u) << "a right one among wrong ones counts";
    });
    EXPECT_EQ(output.status, 0);
    EXPECT_EQ(lines(output.err), 3u) << output.err;
    std::istringstream all(output.err);
    for (std::string line; std::getline(all, line);)
        EXPECT_EQ(line.find("libstrong: "), 0u) << line;
}

TEST(Config, ValuesOfAnyLengthDoNoHarm)
{
    Output output = run_child([] {
        configure({{"STRONG_CPU_HZ", std::string(100000, '9')}, {"STRONG_RUN", std::string(100000, 'r')},
                   {"STRONG_" + std::string(5000, 'N'), "1"}});
        EXPECT_EQ(config.cpu_hz, 99u);
        EXPECT_EQ(strlen(config.run), 100000u);
    });
    EXPECT_EQ(output.status, 0);
    EXPECT_LE(lines(output.err), 2u);
    EXPECT_LE(output.err.size(), 2048u);
}

TEST(Config, DescribesEveryOptionOnALineAndFitsAnyRoom)
{
    configure({});
    char room[2048];
    unsigned len = config_describe(room, sizeof room);
    EXPECT_EQ(len, strlen(room));
#define OPTION(NAME, field, kind, default_, low, high, meaning)                                                        \
    EXPECT_TRUE(std::regex_search(room, std::regex("(^|\n)" #NAME "=[^\n]*\n"))) << room;
#include "abi/options.def"
#undef OPTION
    char small[10];
    EXPECT_LT(config_describe(small, sizeof small), sizeof small);
    EXPECT_EQ(strncmp(small, room, sizeof small - 1), 0);
}

// ---- optimizers ----

struct Selection {
    const char *optimize, *name;
    bool safe, expected;
};

void PrintTo(const Selection &one, std::ostream *out)
{
    *out << '"' << one.optimize << "\" " << one.name << (one.safe ? " (safe)" : "");
}

class ConfigOptimizer : public testing::TestWithParam<Selection> {};

TEST_P(ConfigOptimizer, IsSelectedFromLeftToRight)
{
    const char *before = config.optimize;
    config.optimize = GetParam().optimize;
    EXPECT_EQ(config_optimizer_selected(GetParam().name, GetParam().safe), GetParam().expected);
    config.optimize = before;
}

INSTANTIATE_TEST_SUITE_P(
    Lists, ConfigOptimizer,
    testing::Values(Selection{"safe", "tcp", true, true}, Selection{"safe", "limit", false, false},
                    Selection{"none", "tcp", true, false}, Selection{"all", "limit", false, true},
                    Selection{"safe,limit", "limit", false, true}, Selection{"safe,-tcp", "tcp", true, false},
                    Selection{"safe,-tcp", "memory", true, true}, Selection{"tcp", "tcp", true, true},
                    Selection{"tcp", "memory", true, false}, Selection{"all,-limit", "limit", false, false},
                    Selection{"-limit,all", "limit", false, true}, Selection{"all,none", "limit", false, false},
                    Selection{"none,limit", "limit", false, true}, Selection{"limits", "limit", false, false},
                    Selection{"limi", "limit", false, false}, Selection{"", "tcp", true, false},
                    Selection{",,", "tcp", true, false}, Selection{"safe,", "tcp", true, true},
                    Selection{"-", "tcp", true, false}, Selection{"-memory", "memory", true, false},
                    Selection{"-memory", "tcp", true, true}, Selection{"-memory", "limit", false, false}, Selection{"tcp,-tcp,tcp", "tcp", true, true}));
