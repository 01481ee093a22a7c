/* metrics.h: the catalogue of named figures (metrics.def), and their values in a model.
 *
 * A reference is resolved once, by name, before anything is read; its value is then asked for as often as one likes,
 * in one model (its whole life) or between two (watch: what happened in an interval).
 *
 *   cpu.share                                     a METRIC
 *   network.p99  read.p99                         a group or a hook, and a statistic
 *   network{target="tcp://127.0.0.1:6379"}.p99    only what touched that target
 *   target("tcp://127.0.0.1:6379").p99            everything on that target
 *   operation("checkout").p99  finding("reconnecting").gain
 *
 * "Not measured" is not 0, and never passes for a value: quantiles of no calls, a cost that was not sampled, a target
 * that nothing touched. Single-threaded.
 */
#ifndef STRONG_ANALYSE_METRICS_H
#define STRONG_ANALYSE_METRICS_H

#include <stdbool.h>
#include <stddef.h>

#include "analyse/analysis.h"
#include "analyse/quantity.h"
#include "read/arena.h"
#include "read/model.h"

enum { METRIC_MESSAGE = 256 };

enum metric_kind { METRIC_GAUGE, METRIC_COUNTER, METRIC_RATE, METRIC_QUANTILE, METRIC_SHARE };

enum metric_id {
#define METRIC(id, name, unit, kind, meaning) METRIC_ID_##id,
#include "analyse/metrics.def"
    METRIC_ID_COUNT,
};

enum metric_statistic {
#define STATISTIC(id, name, unit, kind, meaning) STATISTIC_##id,
#include "analyse/metrics.def"
};

enum metric_finding_figure {
#define FINDING_FIGURE(id, name, unit, kind, meaning) FINDING_FIGURE_##id,
#include "analyse/metrics.def"
};

/* What a reference is about. */
enum metric_subject {
#define CALLED(id, name, meaning) METRIC_OF_##id,
#include "analyse/metrics.def"
    METRIC_OF_PROCESS, /* a METRIC: index is enum metric_id */
    METRIC_OF_GROUP,   /* index is enum accounting_part, PART_COUNT: the group "wait" */
};

/* For lists; each ends with a NULL name. */
struct metric_entry {
    const char *name;
    struct quantity_unit unit;
    enum metric_kind kind;
    const char *meaning;
};
extern const struct metric_entry metrics_scalars[], metrics_groups[], metrics_called[],
    metrics_statistics[], metrics_finding_figures[];
const char *metrics_kind_name(enum metric_kind kind);

struct metric {
    enum metric_subject subject;
    unsigned index;     /* see enum metric_subject; of a hook, its id; of a finding, its id */
    unsigned statistic; /* enum metric_statistic, or of a finding enum metric_finding_figure */
    const char *name;   /* of target, operation, count, gauge; else NULL */
    const char *target; /* {target="…"}, or NULL for any */
    struct quantity_unit unit;
};

/* What stands in the text: parts of the path, the word in parentheses, the target in braces. */
struct metric_path {
    char text[128]; /* "network.p99", "target.p99": all parts, joined by dots */
    unsigned parts; /* how many */
    const char *name, *target; /* or NULL; must outlive the metric */
};

/* 0, or -1 with a message that names the nearest valid name. */
int metrics_resolve(const struct metric_path *path, struct metric *ret_metric,
                    char message[METRIC_MESSAGE]);

/* Can its value be told only after the rules have run (analysis_new)? */
bool metrics_needs_analysis(const struct metric *metric);

struct metrics_context {
    const struct model *now;
    const struct model *before;      /* the same processes, earlier; NULL: since they started */
    const struct analysis *analysis; /* of `now`; NULL: what needs it is not measured */
    struct arena *arena;             /* for histograms and texts made on the way */
};

struct metric_value {
    bool known;
    double value;
    const char *why; /* where it is not known: in a few words */
};

struct metric_value metrics_value(const struct metric *metric, const struct metrics_context *context);

/* ---- for the metrics_*.c files ---- */

static inline struct metric_value metrics_known(double value)
{
    return (struct metric_value){true, value, NULL};
}

static inline struct metric_value metrics_unknown(const char *why)
{
    return (struct metric_value){false, 0, why};
}

/* Seconds and thread-seconds that the context spans. */
double metrics_seconds(const struct metrics_context *context);
double metrics_thread_seconds(const struct metrics_context *context);
/* A part of the time accounting within the context, in seconds. */
double metrics_part_seconds(const struct metrics_context *context, enum accounting_part part);

struct metric_value metrics_scalar(enum metric_id id, const struct metrics_context *context);
struct metric_value metrics_calls(const struct metric *metric, const struct metrics_context *context);

#endif
