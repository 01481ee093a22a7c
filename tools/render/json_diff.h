/* json_diff.h: a difference as JSON, schema version 1 (render/diff.schema.json).
 *
 * Times in ns; what was not measured, or has no meaning on one side, is null. Fields may be added within a schema
 * version, never removed or changed.
 */
#ifndef STRONG_RENDER_JSON_DIFF_H
#define STRONG_RENDER_JSON_DIFF_H

#include <jansson.h>
#include <stdio.h>

#include "analyse/difference.h"

enum { JSON_DIFF_SCHEMA = 1 };

/* NULL when memory is exhausted. The caller owns the reference. */
json_t *json_diff_new(const struct difference *difference);
/* Writes it and a newline. 0 or -errno. */
int json_diff_print(FILE *out, const struct difference *difference);

#endif
