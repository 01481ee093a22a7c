/* Findings as a whole: rank, severity, what explains what. Each rule: analyse_rules_*_test.cc. */
#include "tools/rule_case.h"

using namespace rule_case;

namespace
{

TEST(Findings, RankBySeverityThenGain)
{
    AnalyseCase c(10);
    uint32_t redis = c.segment.target(TARGET_TCP_OUT, "tcp://127.0.0.1:6379");
    uint32_t file = c.segment.target(TARGET_FILE, "/data");
    auto main = c.segment.thread(1, "main");
    main.calls(1000, HOOK_connect, redis, t(kMs)).calls(1000, HOOK_connection, redis, t(kMs), 1);
    main.calls(500, HOOK_fsync, file, t(10 * kMs));
    const analysis &result = c.finish();
    EXPECT_EQ(result.findings[0].id, FINDING_fsync_bound);
    EXPECT_EQ(result.findings[1].id, FINDING_reconnecting);
    EXPECT_EQ(result.found, 2u);
    EXPECT_EQ(analysis_first(&result), &result.findings[0]);
}

TEST(Findings, AConsequenceIsShownUnderItsCause)
{
    AnalyseCase c(10);
    allocations(c, 600, 350);
    const analysis &result = c.finish();
    const finding *cause = analysis_finding(&result, FINDING_allocation_pressure);
    const finding *consequence = analysis_finding(&result, FINDING_cpu_bound);
    ASSERT_EQ(consequence->state, FINDING_FOUND);
    EXPECT_EQ(consequence->explained_by, cause);
    EXPECT_EQ(analysis_first(&result), cause);
}

TEST(Findings, ASmallCauseDoesNotExplainALargeEffect)
{
    AnalyseCase c(10);
    allocations(c, 100, 900);
    const analysis &result = c.finish();
    ASSERT_EQ(analysis_finding(&result, FINDING_allocation_pressure)->state, FINDING_FOUND);
    EXPECT_EQ(analysis_finding(&result, FINDING_cpu_bound)->explained_by, nullptr);
}

TEST(Findings, AnIdleServerHasNone)
{
    AnalyseCase c(60);
    auto main = c.segment.thread(1, "redis-server");
    main.calls(600, HOOK_epoll_wait, 0, t(100 * kMs));
    for (unsigned i = 2; i < 6; i++)
        c.segment.thread(i, "bio").inside(HOOK_pthread_cond_wait, 0, c.segment.kStartTicks + 1000);
    c.cpu(100 * kMs);
    const analysis &result = c.finish();
    EXPECT_EQ(result.found, 0u) << result.findings[0].evidence;
    EXPECT_EQ(analysis_first(&result), nullptr);
}

TEST(Findings, AProgramOfAFewMillisecondsHasNothingAboveANote)
{
    AnalyseCase c(0.005);
    uint32_t file = c.segment.target(TARGET_FILE, "/tmp/x");
    c.segment.thread(1, "main").calls(30, HOOK_fsync, file, t(100 * kUs));
    const analysis &result = c.finish();
    EXPECT_EQ(result.findings[0].severity, SEVERITY_NOTE);
}

} // namespace
