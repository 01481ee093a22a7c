/* rule_case.h: a rule decides about a built segment: one line of a table for each case. A file of tests is one theme:
 *
 *   const RuleCase kCases[] = {{"ASentence", FINDING_id, FINDING_FOUND, build, SEVERITY_WARNING, "text in the evidence"}, …};
 *   RULE_CASES(Network, kCases)
 */
#ifndef STRONG_TESTS_RULE_CASE_H
#define STRONG_TESTS_RULE_CASE_H

#include <functional>

#include "tools/analyse_case.h"

struct RuleCase {
    const char *name; /* a sentence */
    finding_id id;
    finding_state state;
    std::function<void(AnalyseCase &)> build;
    int severity = -1;              /* enum finding_severity, where it matters */
    const char *evidence = nullptr; /* text in it */
    double seconds = 10;
};

inline void PrintTo(const RuleCase &one, std::ostream *out)
{
    *out << one.name;
}

inline void rule_decides(const RuleCase &one)
{
    AnalyseCase c(one.seconds, 8 << 20);
    one.build(c);
    const analysis &result = c.finish();
    const finding *found = analysis_finding(&result, one.id);
    EXPECT_STREQ(finding_state_name(found->state), finding_state_name(one.state)) << found->evidence;
    if (one.severity >= 0) {
        EXPECT_STREQ(finding_severity_name(found->severity),
                     finding_severity_name(static_cast<finding_severity>(one.severity)))
            << found->evidence << " share " << found->share;
    }
    if (one.evidence) {
        EXPECT_NE(std::string(found->evidence).find(one.evidence), std::string::npos) << found->evidence;
    }
    if (found->state == FINDING_NOT_APPLICABLE || found->state == FINDING_NOT_MEASURED) {
        EXPECT_STRNE(found->evidence, "") << "why?";
    }
    if (found->state != FINDING_FOUND)
        return;
    EXPECT_LE(found->gain_ns, result.time.total_ns);
    EXPECT_GT(found->window_ns, 0u);
    EXPECT_NE(std::string(found->verify).find("strong-report diff "), std::string::npos);
    for (const char *text : {found->evidence, found->assumption, found->fix, found->risk})
        EXPECT_STRNE(text, "");
}

#define RULE_CASES(theme, cases)                                                                   \
    class Rule##theme : public testing::TestWithParam<RuleCase>                                    \
    {                                                                                              \
    };                                                                                             \
    TEST_P(Rule##theme, Decides)                                                                   \
    {                                                                                              \
        rule_decides(GetParam());                                                                  \
    }                                                                                              \
    INSTANTIATE_TEST_SUITE_P(Table, Rule##theme, testing::ValuesIn(cases),                         \
                             [](const auto &info) { return std::string(info.param.name); });

namespace rule_case
{

constexpr uint64_t kMs = AnalyseCase::kMs, kUs = AnalyseCase::kUs, kSecond = AnalyseCase::kSecond;

inline uint64_t t(uint64_t ns)
{
    return AnalyseCase::ticks(ns);
}

inline void nothing(AnalyseCase &c)
{
    c.segment.thread(1, "main");
}

/* Connections to one peer, and what their lives came to. */
inline void connections(AnalyseCase &c, unsigned count, uint64_t connect_ns, unsigned exchanges,
                 uint64_t life_ns)
{
    uint32_t redis = c.segment.target(TARGET_TCP_OUT, "tcp://127.0.0.1:6379");
    auto main = c.segment.thread(1, "main");
    main.calls(count, HOOK_connect, redis, t(connect_ns));
    main.calls(count, HOOK_connection, redis, t(life_ns), exchanges);
}

/* A process that has readings, one a second. */
inline void series(AnalyseCase &c, unsigned seconds, std::function<void(unsigned, resource_record &)> fill)
{
    c.segment.lasts(seconds);
    c.segment.thread(1, "main");
    for (unsigned second = 0; second <= seconds; second++)
        fill(second, c.segment.resource(second * kSecond));
}

inline void allocations(AnalyseCase &c, unsigned in_malloc, unsigned elsewhere)
{
    uint64_t parse = c.function("parse_row"), malloc_ = c.function("malloc");
    c.segment.thread(1, "main").counted(HOOK_malloc, 1000000, 64000000).counted(HOOK_free, 1000000);
    if (in_malloc > 0)
        c.cpu_sample(in_malloc, {malloc_, parse});
    if (elsewhere > 0)
        c.cpu_sample(elsewhere, {parse});
    c.segment.sample(SAMPLE_ALLOCATED, HOOK_malloc, 0, c.segment.stack({parse}), 100, 64000000);
    c.cpu((in_malloc + elsewhere) * 10 * kMs);
}

} // namespace rule_case

#endif
