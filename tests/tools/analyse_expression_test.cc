/* Expressions: what they come to, and where each mistake is. */
#include "tools/analyse_case.h"

extern "C" {
#include "analyse/expression.h"
}

namespace
{

class ExpressionTest : public testing::Test
{
  protected:
    void SetUp() override
    {
        SegmentBuilder &segment = case_.segment;
        uint32_t server = segment.target(TARGET_TCP_OUT, "tcp://127.0.0.1:6379");
        segment.thread(1, "main").calls(100, HOOK_recv, server, AnalyseCase::ticks(2 * AnalyseCase::kMs), 50);
        segment.header().threads_peak = 7;
        case_.cpu(AnalyseCase::kSecond);
        analysis_ = &case_.finish();
    }
    void TearDown() override { arena_done(&arena_); }

    expression_result result(const std::string &text)
    {
        expression *parsed = nullptr;
        expression_error error = {};
        if (expression_parse(text.c_str(), &parsed, &error) != 0) {
            ADD_FAILURE() << text << ": " << error.message << " at " << error.at;
            return EXPRESSION_UNKNOWN;
        }
        metrics_context context = {analysis_->model, nullptr, analysis_, &arena_};
        expression_result found = expression_evaluate(parsed, &context, nullptr, 0, nullptr);
        expression_free(parsed);
        return found;
    }

    AnalyseCase case_{10};
    const analysis *analysis_ = nullptr;
    arena arena_ = {};
};

TEST_F(ExpressionTest, ComeToTrueOrFalse)
{
    for (const char *text :
         {"threads < 8", "threads<=7", "threads == 7", "threads!=6", "threads >= 7", "threads>6", "!(threads<7)",
          "network.p99 < 5ms && threads < 200", "threads < 1 || threads < 10", "(threads + 1) * 2 == 16",
          "threads - 2 - 1 == 4", "2 + 3 * 2 == 8", "12 / 3 / 2 == 2", "-threads < 0", "network.bytes == 5000B",
          "network.errors / network.calls < 1%", "network.errors/network.calls < 1", "network.rate == 10/s",
          "alloc.rate < 100MB/s", "cpu.share <= 80%", "network.p99 > 0", "0 < network.p99",
          "network.time / duration < 100%", "duration == 10s", "duration * 2 > 19 s",
          "network{target = \"tcp://127.0.0.1:6379\"} .calls != 100 || true_is_not_a_metric_here == 1 || 1==1"})
        if (!strstr(text, "true_is_not")) {
            EXPECT_EQ(result(text), EXPRESSION_TRUE) << text;
        }
    for (const char *text : {"threads < 7", "threads != 7", "!(threads == 7)", "threads == 7 && threads == 6",
                             "network.p99 < 1ms", "threads < 1 || threads > 100", "1 == 2"})
        EXPECT_EQ(result(text), EXPRESSION_FALSE) << text;
}

TEST_F(ExpressionTest, BindAndTighterThanOr)
{
    EXPECT_EQ(result("1==1 || 1==2 && 1==2"), EXPRESSION_TRUE);
    EXPECT_EQ(result("(1==1 || 1==2) && 1==2"), EXPRESSION_FALSE);
    EXPECT_EQ(result("!1==2"), EXPRESSION_TRUE) << "! is of the whole comparison";
}

TEST_F(ExpressionTest, KnowWhatFollowsWithoutTheUnknown)
{
    const std::string unknown = "sleep.p99 < 1s";
    EXPECT_EQ(result(unknown), EXPRESSION_UNKNOWN);
    EXPECT_EQ(result("!(" + unknown + ")"), EXPRESSION_UNKNOWN);
    EXPECT_EQ(result(unknown + " && 1==1"), EXPRESSION_UNKNOWN);
    EXPECT_EQ(result(unknown + " || 1==2"), EXPRESSION_UNKNOWN);
    EXPECT_EQ(result(unknown + " && 1==2"), EXPRESSION_FALSE);
    EXPECT_EQ(result("1==1 || " + unknown), EXPRESSION_TRUE);
    EXPECT_EQ(result("sleep.p99 * 0 < 1s"), EXPRESSION_UNKNOWN) << "not measured is no number";
    EXPECT_EQ(result("threads / 0 < 1"), EXPRESSION_UNKNOWN);
    EXPECT_EQ(result("threads * 1e300 * 1e300 > 1"), EXPRESSION_UNKNOWN) << "no infinity passes";
}

struct Mistake {
    const char *text, *part;
    size_t at;
};

class ExpressionMistake : public testing::TestWithParam<Mistake>
{
};

TEST_P(ExpressionMistake, IsNamedWithItsPlace)
{
    expression *parsed = nullptr;
    expression_error error = {};
    const Mistake &mistake = GetParam();
    ASSERT_EQ(expression_parse(mistake.text, &parsed, &error), -1) << mistake.text;
    EXPECT_NE(strstr(error.message, mistake.part), nullptr) << mistake.text << ": " << error.message;
    EXPECT_EQ(error.at, mistake.at) << mistake.text << ": " << error.message;
    EXPECT_EQ(strchr(error.message, '\n'), nullptr);
    EXPECT_EQ(parsed, nullptr);
}

INSTANTIATE_TEST_SUITE_P(
    Each, ExpressionMistake,
    testing::Values(
        Mistake{"", "missing", 0}, Mistake{"threads", "a comparison is missing", 7},
        Mistake{"netwrok.p99<5ms", "nearest: network.p99", 0}, Mistake{"1==1 && alloc.rat<1B/s", "alloc.rate", 8},
        Mistake{"network.p9<5ms", "nearest: p90", 0}, Mistake{"network<5ms", "which figure", 0},
        Mistake{"raed.p99<5ms", "nearest: read.p99", 0}, Mistake{"hook('raed').p99<5ms", "nearest: read", 0},
        Mistake{"finding('reconecting').gain<1s", "nearest: reconnecting", 0},
        Mistake{"finding('reconnecting').p99<1s", "no statistic 'p99'", 0},
        Mistake{"finding<1s", "finding of what", 0}, Mistake{"taget('x').p99<1s", "nearest: target", 0},
        Mistake{"gauge('x').p99<1s", "value", 0}, Mistake{"network.value<1", "no value", 0},
        Mistake{"count('x').p99<1s", "a count has", 0}, Mistake{"network.p99<5", "a unit is missing", 11},
        Mistake{"cpu.share<80", "write 80%, not 80", 9}, Mistake{"threads<5ms", "a time on the right", 7},
        Mistake{"threads+5ms<3", "on the right of '+'", 7}, Mistake{"alloc.rate<100mb/s", "nearest: MB", 14},
        Mistake{"duration<5parsecs", "no unit 'parsecs'", 10}, Mistake{"(threads<5", "')' is missing", 10},
        Mistake{"threads<5)", "nothing more", 9}, Mistake{"threads<5 6", "nothing more", 10},
        Mistake{"threads<", "missing at the end", 8}, Mistake{"threads=5", "write ==", 7},
        Mistake{"1<threads<5", "one comparison", 9}, Mistake{"(threads<5)+1<2", "not a value", 0},
        Mistake{"threads && 1==1", "a comparison is missing", 7}, Mistake{"target(x).p99<1s", "quotation marks", 7},
        Mistake{"target(\"x.p99<1s", "has no end", 7}, Mistake{"target(\"\").p99<1s", "empty", 7},
        Mistake{"network{port=\"1\"}.p99<1s", "target=", 8}, Mistake{"network.<1", "a name is missing", 8},
        Mistake{"threads{target=\"x\"}<1", "no metric", 0}, Mistake{"#<1", "should stand here", 0}));

TEST_F(ExpressionTest, HaveBoundsTheyKeep)
{
    expression *parsed = nullptr;
    expression_error error = {};
    std::string deep(1000, '('), minus(1000, '-'), no(1000, '!'), wide = "1==1", longest(5000, ' ');
    for (int i = 0; i < 200; i++)
        wide += "&&1==1";
    for (const std::string &text : {deep + "1==1" + std::string(1000, ')'), minus + "1<2", no + "(1==1)", wide, longest,
                                    "threads<" + std::string(1990, '9'), std::string(1000, 'a') + "<1",
                                    "1" + std::string(900, '*') + "1<2"}) {
        EXPECT_TRUE(expression_parse(text.c_str(), &parsed, &error) == -1 || text.find("999") != std::string::npos)
            << text.substr(0, 40);
        if (parsed)
            expression_free(parsed);
        parsed = nullptr;
        char pointed[512];
        expression_point(text.c_str(), &error, pointed, sizeof(pointed));
        EXPECT_LT(strlen(pointed), 400u);
    }
}

TEST_F(ExpressionTest, PointAtTheMistakeWhateverTheTextHolds)
{
    char pointed[512];
    expression_error error = {12, ""};
    EXPECT_STREQ(expression_point("1==1 && netw < 3", &error, pointed, sizeof(pointed)),
                 "  1==1 && netw < 3\n              ^\n");
    error.at = 4;
    std::string hostile = "a\x1b[31mb\nc";
    std::string shown = expression_point(hostile.c_str(), &error, pointed, sizeof(pointed));
    EXPECT_EQ(shown.find('\x1b'), std::string::npos);
    EXPECT_EQ(std::count(shown.begin(), shown.end(), '\n'), 2);
    error.at = 150;
    shown = expression_point(std::string(300, 'x').c_str(), &error, pointed, sizeof(pointed));
    EXPECT_EQ(shown.compare(0, 5, "  ..."), 0);
    EXPECT_LT(shown.size(), 220u);
}

TEST_F(ExpressionTest, ReportEachComparisonWithItsValues)
{
    expression *parsed = nullptr;
    expression_error error = {};
    ASSERT_EQ(expression_parse("threads*2<10 || sleep.p99<network.p50", &parsed, &error), 0) << error.message;
    metrics_context context = {analysis_->model, nullptr, nullptr, &arena_};
    expression_compared compared[4];
    size_t count = 0;
    EXPECT_EQ(expression_evaluate(parsed, &context, compared, 4, &count), EXPRESSION_UNKNOWN);
    ASSERT_EQ(count, 2u);
    char text[1200];
    EXPECT_STREQ(expression_compared_text(parsed, &compared[0], text, sizeof(text)), "threads*2 is 14, limit < 10");
    EXPECT_EQ(std::string(expression_compared_text(parsed, &compared[1], text, sizeof(text))).find(
                  "sleep.p99 is not measured: no such call, network.p50 is"), 0u) << text;
    EXPECT_EQ(compared[0].result, EXPRESSION_FALSE);
    EXPECT_FALSE(parsed->needs_analysis);
    expression_free(parsed);
    ASSERT_EQ(expression_parse("findings.critical == 0", &parsed, &error), 0);
    EXPECT_TRUE(parsed->needs_analysis);
    expression_free(parsed);
}

} // namespace
