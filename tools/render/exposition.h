/* exposition.h: the two text formats that Prometheus reads, from one description: OpenMetrics 1.0 and 0.0.4.
 *
 *   exposition_family(out, "strong_calls", EXPOSITION_COUNTER, "", "calls of a hook");
 *   exposition_begin(out, "_total"); exposition_label(out, "hook", "read"); exposition_end(out, 12034);
 *
 * The writer knows what differs: OpenMetrics names a counter's family without _total, has units, info and an end mark;
 * 0.0.4 has gauges in place of info. Label values are any clean text: backslashes, quotation marks and
 * newlines are escaped. Numbers are in base units. Samples of a family stand together, which is the caller's part.
 * Sources: OpenMetrics 1.0.0 (prometheus.io/docs/specs/om/open_metrics_spec), exposition formats 0.0.4.
 */
#ifndef STRONG_RENDER_EXPOSITION_H
#define STRONG_RENDER_EXPOSITION_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "read/latency.h"

enum exposition_format { EXPOSITION_OPENMETRICS, EXPOSITION_PROMETHEUS };

enum exposition_type { EXPOSITION_COUNTER, EXPOSITION_GAUGE, EXPOSITION_HISTOGRAM, EXPOSITION_INFO };

enum { EXPOSITION_LABELS = 4096 };

struct exposition {
    FILE *out;
    enum exposition_format format;
    const char *family;
    enum exposition_type type;
    char labels[EXPOSITION_LABELS]; /* of the sample that is being written */
    size_t len;
};

/* unit: "seconds", "bytes", "ratio" or "": the name must end in it. */
void exposition_family(struct exposition *exposition, const char *name, enum exposition_type type,
                       const char *unit, const char *help);

/* A sample of the family, by its type: a counter's name gets _total, an info's _info. */
void exposition_begin(struct exposition *exposition);
/* Left out where value is "". What does not fit is cut at a character's boundary. */
void exposition_label(struct exposition *exposition, const char *name, const char *value);
void exposition_end(struct exposition *exposition, double value);
/* Whole ns as seconds, without rounding. */
void exposition_end_ns(struct exposition *exposition, uint64_t ns);
/* In place of exposition_end, for a histogram: buckets, count and sum of the calls that have a bucket. */
void exposition_end_latency(struct exposition *exposition, const struct latency *latency, uint64_t sum_ns);

/* The end of the document. */
void exposition_finish(struct exposition *exposition);

#endif
