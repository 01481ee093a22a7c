/* Samples by function, and how far their sums can be from the truth. */
#include "tools/analyse_case.h"

#include <cmath>

static const profile_function *function_of(const analysis &result, const std::string &name)
{
    for (size_t i = 0; i < result.profile.count; i++)
        if (result.profile.functions[i].name == name)
            return &result.profile.functions[i];
    return nullptr;
}

TEST(Profile, EachFigureHasTheIntervalOfItsSamples)
{
    AnalyseCase c(10);
    uint64_t caller = c.function("serve"), hot = c.function("crunch");
    c.segment.thread(1, "main");
    c.cpu_sample(400, {hot, caller});
    c.cpu_sample(100, {caller});
    c.segment.sample(SAMPLE_BLOCKED, HOOK_recv, 0, c.segment.stack({caller}), 25, c.kSecond * 2);
    const analysis &result = c.finish();
    const profile_function *crunch = function_of(result, "crunch"), *serve = function_of(result, "serve");
    ASSERT_NE(crunch, nullptr);
    ASSERT_NE(serve, nullptr);
    /* n samples of one weight: the standard error is the sum over the root of n. */
    EXPECT_NEAR(profile_margin(crunch->cpu_self_variance), 1.96 * 4e9 / sqrt(400), 1e3);
    EXPECT_NEAR(profile_margin(crunch->cpu_variance), 1.96 * 4e9 / sqrt(400), 1e3);
    EXPECT_NEAR(profile_margin(serve->cpu_self_variance), 1.96 * 1e9 / sqrt(100), 1e3);
    EXPECT_NEAR(profile_margin(serve->cpu_variance), 1.96 * sqrt(4e9 * 4e9 / 400 + 1e9 * 1e9 / 100), 1e3);
    EXPECT_NEAR(profile_margin(serve->blocked_variance), 1.96 * 1e9 / sqrt(25), 1e3);
    EXPECT_EQ(profile_margin(crunch->blocked_variance), 0u);
}
