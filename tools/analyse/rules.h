/* rules.h: what the rules share: sums over rows, call sites, texts, and how a finding is filled.
 *
 * A rule is `void rules_<id>(struct analysis *, struct finding *)` with the texts about it, rules_<id>_about, in front. It gets a finding with state
 * FINDING_NOT_FOUND and its name and title set, and changes what it knows better. Severity follows
 * from the share of thread time that the gain is (rules_found); the rule or findings.def may lower
 * it. Texts come from rules_text and live as long as the analysis. Single-threaded.
 */
#ifndef STRONG_ANALYSE_RULES_H
#define STRONG_ANALYSE_RULES_H

#include "analyse/analysis.h"
#include "analyse/confidence.h"
#include "analyse/units.h"

#define FINDING(id, title, ceiling, rule)                                                          \
    void rule(struct analysis *analysis, struct finding *finding);                                 \
    extern const struct finding_about rule##_about;
#define EXPLAINS(cause, consequence)
#define REFINES(particular, general)
#include "analyse/findings.def"
#undef FINDING
#undef EXPLAINS
#undef REFINES

#define RULES_CRITICAL_SHARE 0.20
#define RULES_WARNING_SHARE 0.05
#define RULES_LEAST_SHARE 0.01 /* below this a bottleneck is not worth a line */

enum { RULES_ANY_TARGET = UINT32_MAX };

/* Sets of hooks: their ids, ended by HOOK_NONE. */
extern const uint16_t rules_connect_hooks[];
extern const uint16_t rules_read_hooks[];  /* read, recv and their kin */
extern const uint16_t rules_write_hooks[]; /* write, send and their kin */
extern const uint16_t rules_poll_hooks[];  /* waits for readiness */
extern const uint16_t rules_close_hooks[];
extern const uint16_t rules_open_hooks[];   /* of files, by name */
extern const uint16_t rules_lookup_hooks[]; /* names to addresses, and back */

struct rules_sum {
    uint64_t calls, errors, bytes, ns, max_ns;
};

/* Sum of the rows of these hooks on one target, or on any. */
struct rules_sum rules_sum(struct analysis *analysis, const uint16_t *hooks, uint32_t target);
/* Their histogram: costs memory, so only for what is shown. */
struct latency rules_latency(struct analysis *analysis, const uint16_t *hooks, uint32_t target);
bool rules_has(const uint16_t *hooks, unsigned hook);

/* Formats into the arena; "" when memory is exhausted. */
const char *rules_text(struct analysis *analysis, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* "redis.c:40" of the call that took most time in these hooks on this target (or any), from
 * samples;
 * "" where no sample was taken. cost: SAMPLE_BLOCKED, SAMPLE_LOCK_WAIT or SAMPLE_CPU. */
const char *rules_site(struct analysis *analysis, enum sample_cost cost, const uint16_t *hooks,
                       uint32_t target);
/* " (called at redis.c:40)" or "". */
const char *rules_called_at(struct analysis *analysis, const char *site);

/* Name of a target for people: its text, or the place of its call. */
const char *rules_target_name(struct analysis *analysis, uint32_t target);

/* State found, gain, share, and the severity that follows; FINDING_NOT_FOUND if the share is too
 * small to matter. Returns whether it is found. Confidence from the count and the window. */
bool rules_found(struct analysis *analysis, struct finding *finding, uint64_t gain_ns,
                 uint64_t count);
/* Found whatever the share: for what is wrong without costing time. */
void rules_found_anyway(struct analysis *analysis, struct finding *finding, uint64_t gain_ns,
                        uint64_t count, enum finding_severity severity);
/* The finding rests on this many samples; on readings: confidence from that instead of the count. */
void rules_rests_on_samples(struct analysis *analysis, struct finding *finding, uint64_t samples);
void rules_rests_on_readings(struct analysis *analysis, struct finding *finding, uint64_t readings);
/* The bound rests on more than what was measured. */
void rules_rests_on_more(struct finding *finding);
void rules_limit(struct finding *finding, enum finding_severity ceiling);
void rules_not_applicable(struct finding *finding, const char *why);
void rules_not_measured(struct finding *finding, const char *why);
void rules_percentiles(struct finding *finding, const struct latency *latency);

/* Process time in seconds, at least a millisecond. */
double rules_seconds(const struct analysis *analysis);

#endif
