/* alert.c: see alert.h. */
#include "analyse/alert.h"

const char *alert_state_name(enum alert_state state)
{
    static const char *const names[] = {"inactive", "pending", "firing", "resolved", "no data"};
    return names[state];
}

/* Does a firing alert go on? UNKNOWN where that cannot be told. */
static enum expression_result goes_on(const struct alert *alert, const struct alert_terms *terms,
                                      enum expression_result condition, enum expression_result clear,
                                      uint64_t now_ns)
{
    if (terms->has_clear) {
        if (clear == EXPRESSION_UNKNOWN)
            return EXPRESSION_UNKNOWN;
        condition = clear == EXPRESSION_TRUE ? EXPRESSION_FALSE : EXPRESSION_TRUE;
    }
    if (condition != EXPRESSION_FALSE)
        return condition;
    return now_ns - alert->held_ns < terms->keep_firing_ns ? EXPRESSION_TRUE : EXPRESSION_FALSE;
}

static enum alert_state next_of_firing(struct alert *alert, const struct alert_terms *terms,
                                       enum expression_result condition, enum expression_result clear,
                                       uint64_t now_ns)
{
    bool held = terms->has_clear ? clear == EXPRESSION_FALSE : condition == EXPRESSION_TRUE;
    if (held)
        alert->held_ns = now_ns;
    switch (goes_on(alert, terms, condition, clear, now_ns)) {
    case EXPRESSION_UNKNOWN:
        return ALERT_NO_DATA;
    case EXPRESSION_TRUE:
        return ALERT_FIRING;
    default:
        alert->firing = false;
        return ALERT_RESOLVED;
    }
}

static enum alert_state next_of_quiet(struct alert *alert, const struct alert_terms *terms,
                                      enum expression_result condition, uint64_t now_ns)
{
    if (condition == EXPRESSION_UNKNOWN)
        return ALERT_NO_DATA;
    if (condition == EXPRESSION_FALSE)
        return ALERT_INACTIVE;
    if (alert->state != ALERT_PENDING)
        alert->active_ns = now_ns;
    alert->held_ns = now_ns;
    if (now_ns - alert->active_ns < terms->for_ns)
        return ALERT_PENDING;
    alert->firing = true;
    return ALERT_FIRING;
}

bool alert_update(struct alert *alert, const struct alert_terms *terms, enum expression_result condition,
                  enum expression_result clear, uint64_t now_ns)
{
    enum alert_state next = alert->firing ? next_of_firing(alert, terms, condition, clear, now_ns)
                                          : next_of_quiet(alert, terms, condition, now_ns);
    if (next == alert->state)
        return false;
    alert->state = next;
    alert->since_ns = now_ns;
    return true;
}
