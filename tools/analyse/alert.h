/* alert.h: when a rule's condition becomes an alert, and when the alert ends: a state machine without a clock.
 *
 *             condition                 for `for`                  ended
 *   inactive ───────────▶ pending ──────────────────▶ firing ───────────────▶ resolved ─▶ inactive
 *
 * As Prometheus' alerting rules: a condition must hold at every evaluation for `for` before the alert fires (0: at
 * once), one evaluation without it ends pending, and a firing alert goes on for keep_firing_for after its condition
 * last held. A rule with a clearing condition (hysteresis) fires until that one holds, whatever became of the
 * first. Resolved lasts for one evaluation.
 *
 * Where a condition cannot be told the alert has no data: a pending one starts again afterwards, a firing one neither ends
 * nor is announced anew, however long nothing is known: silence is no recovery.
 *
 * Pure: time is whatever the caller says, in ns, and never goes back. Single-threaded.
 */
#ifndef STRONG_ANALYSE_ALERT_H
#define STRONG_ANALYSE_ALERT_H

#include <stdbool.h>
#include <stdint.h>

#include "analyse/expression.h"
#include "analyse/finding.h"

enum alert_state { ALERT_INACTIVE, ALERT_PENDING, ALERT_FIRING, ALERT_RESOLVED, ALERT_NO_DATA };

struct alert_terms {
    uint64_t for_ns, keep_firing_ns;
    bool has_clear; /* a firing alert ends by `clear` alone */
};

/* Zeros: inactive. */
struct alert {
    enum alert_state state;
    uint64_t since_ns;   /* of the state */
    uint64_t active_ns;  /* since when the condition holds; in pending and firing */
    uint64_t held_ns;    /* when it last held */
    bool firing;         /* it fired and has not ended: the states firing and, maybe, no data */
};

/* One evaluation. clear is looked at only where there is one. Returns whether the state changed. */
bool alert_update(struct alert *alert, const struct alert_terms *terms, enum expression_result condition,
                  enum expression_result clear, uint64_t now_ns);

/* "inactive", "pending", …, "no data". */
const char *alert_state_name(enum alert_state state);

enum { ALERT_LABELS = 16 };

/* What is told about an alert that changed its state; all text is clean. */
struct alert_notice {
    const char *name, *expression, *message; /* message: "" for none */
    const char *values; /* "network.p99 is 6.2 ms, limit < 5 ms" */
    enum finding_severity severity;
    enum alert_state before, state;
    const char *labels[ALERT_LABELS][2]; /* name, value */
    size_t label_count;
    int pid; /* of the oldest process watched; 0: none runs */
    const char *command, *run;
    uint64_t at_realtime_ns, active_realtime_ns; /* now; since when the condition holds (or held), 0: not known */
};

#endif
