/* Alerts over simulated time: when they fire, when they end, and what no data does to them. */
#include <gtest/gtest.h>

#include <string>

#define _Static_assert static_assert
extern "C" {
#include "analyse/alert.h"
}

namespace
{

constexpr uint64_t kSecond = 1000000000;

/* Evaluates once a second: t true, f false, u not known; a second line, where there is one, is the clearing condition.
 * The states as letters: i p F r n. */
std::string states(const alert_terms &terms, const std::string &conditions, const std::string &clears = "",
                   alert *ret_alert = nullptr)
{
    alert one = {};
    std::string found;
    auto result = [](char letter) {
        return letter == 't' ? EXPRESSION_TRUE : letter == 'f' ? EXPRESSION_FALSE : EXPRESSION_UNKNOWN;
    };
    for (size_t i = 0; i < conditions.size(); i++) {
        enum alert_state before = one.state;
        bool changed = alert_update(&one, &terms, result(conditions[i]), clears.empty() ? EXPRESSION_UNKNOWN : result(clears[i]),
                                    (100 + i) * kSecond);
        EXPECT_EQ(changed, before != one.state);
        found += "ipFrn"[one.state];
    }
    if (ret_alert)
        *ret_alert = one;
    return found;
}

alert_terms terms(unsigned for_seconds = 0, unsigned keep_seconds = 0, bool has_clear = false)
{
    return {for_seconds * kSecond, keep_seconds * kSecond, has_clear};
}

TEST(Alert, FiresAtOnceWithoutAFor)
{
    EXPECT_EQ(states(terms(), "ftttfff"), "iFFFrii");
}

TEST(Alert, IsPendingUntilItsForHasPassed)
{
    EXPECT_EQ(states(terms(3), "fttttff"), "ipppFri");
    EXPECT_EQ(states(terms(3), "ttftttt"), "ppipppF") << "one evaluation without it starts again";
}

TEST(Alert, MayFireAgainRightAfterItEnded)
{
    EXPECT_EQ(states(terms(), "tftf"), "FrFr");
    EXPECT_EQ(states(terms(2), "tttfttt"), "ppFrppF");
}

TEST(Alert, KeepsFiringForAWhileAfterItsConditionLastHeld)
{
    EXPECT_EQ(states(terms(0, 3), "tffffff"), "FFFriii");
    EXPECT_EQ(states(terms(0, 3), "tfftffff"), "FFFFFFri") << "the while begins anew";
    EXPECT_EQ(states(terms(2, 3), "ttff"), "ppii") << "pending is not kept";
}

TEST(Alert, EndsByItsClearingConditionAlone)
{
    EXPECT_EQ(states(terms(0, 0, true), "tffff", "ffftf"), "FFFri") << "between the two limits it goes on";
    EXPECT_EQ(states(terms(0, 0, true), "tttt", "ffft"), "FFFr");
    EXPECT_EQ(states(terms(0, 2, true), "tfffff", "fttttt"), "FFriii") << "and then keeps firing";
    EXPECT_EQ(states(terms(2, 0, true), "tfttt", "ttttt"), "pippF") << "clear does not matter before it fires";
}

TEST(Alert, HasNoDataWhereItCannotTell)
{
    EXPECT_EQ(states(terms(), "uufu"), "nnin");
    EXPECT_EQ(states(terms(2), "tuttt"), "pnppF") << "no data is no evidence: pending starts again";
    EXPECT_EQ(states(terms(), "tuuf"), "Fnnr") << "silence is no recovery";
    EXPECT_EQ(states(terms(3), "ttttuut"), "pppFnnF") << "it never stopped firing";
    EXPECT_EQ(states(terms(0, 0, true), "tffff", "fuuft"), "FnnFr");
}

TEST(Alert, RemembersThatItFiredThroughNoData)
{
    alert one;
    states(terms(), "tuu", "", &one);
    EXPECT_TRUE(one.firing);
    EXPECT_EQ(one.active_ns, 100 * kSecond);
    states(terms(), "tuuf", "", &one);
    EXPECT_FALSE(one.firing);
}

TEST(Alert, KnowsSinceWhenItsConditionHolds)
{
    alert one;
    states(terms(3), "fftttt", "", &one);
    EXPECT_EQ(one.state, ALERT_FIRING);
    EXPECT_EQ(one.active_ns, 102 * kSecond);
    EXPECT_EQ(one.since_ns, 105 * kSecond);
    EXPECT_STREQ(alert_state_name(ALERT_NO_DATA), "no data");
}

} // namespace
