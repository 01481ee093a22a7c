/* metrics_text.h: Prometheus text format 0.0.4, line by line into memory of the caller.
 *
 *   struct metrics_text out = metrics_text_in(buf, size);
 *   metrics_family(&out, "strong_program_value", "gauge", "what strong_gauge was given last");
 *   metrics_name(&out, "strong_program_value", "name", name, len);
 *   metrics_value(&out, 1.5);
 *
 * A line that does not fit whole is left out, and so is every line after it; `needed` counts them all. Private to
 * metrics.c and the tests. Pure; no libc that knows a locale; any context.
 */
#ifndef STRONG_API_METRICS_TEXT_H
#define STRONG_API_METRICS_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/text.h"

struct metrics_text {
    char *buf;
    size_t size, len, needed;
    bool full;
    unsigned line_len;
    char line[384]; /* the longest: a name of 63 bytes, all of them escaped */
};

struct metrics_text metrics_text_in(char *buf, size_t size);

/* The two lines before a family's samples. */
void metrics_family(struct metrics_text *out, const char *family, const char *type, const char *help);

/* Begins a sample: family{label="value"}; len 0: no label. */
void metrics_name(struct metrics_text *out, const char *family, const char *label, const char *value, unsigned len);
/* One more label of the sample that was begun; its text needs no escape. */
void metrics_label(struct metrics_text *out, const char *label, const char *value);

/* Ends a sample. */
void metrics_count(struct metrics_text *out, uint64_t value);
void metrics_seconds(struct metrics_text *out, uint64_t ns);
void metrics_value(struct metrics_text *out, double value); /* finite; to 15 digits */

#endif
