/* json_report.h: the report as JSON, schema version 1 (render/report.schema.json).
 *
 * Times in ns, sizes in bytes, shares from 0 to 1; what was not measured is null, never 0. Text is
 * valid UTF-8. Fields may be added within a schema version, never removed or changed.
 */
#ifndef STRONG_RENDER_JSON_REPORT_H
#define STRONG_RENDER_JSON_REPORT_H

#include <jansson.h>
#include <stddef.h>
#include <stdio.h>

#include "analyse/analysis.h"

enum { JSON_REPORT_SCHEMA = 1 };

/* The document; NULL when memory is exhausted. members: the single processes of a merged run, or
 * NULL and 0. The caller owns the reference. */
json_t *json_report_new(const struct analysis *analysis, const struct analysis *const *members,
                        size_t count);

/* Writes it and a newline. 0 or -errno. */
int json_report_print(FILE *out, const struct analysis *analysis,
                      const struct analysis *const *members, size_t count);

#endif
