/* json_operations.h: what the program measures itself with strong.h, in the report's JSON document. */
#ifndef STRONG_RENDER_JSON_OPERATIONS_H
#define STRONG_RENDER_JSON_OPERATIONS_H

#include <jansson.h>

#include "analyse/analysis.h"

/* Sets "operations", "counts" and "gauges"; each has at most a few hundred rows (abi/segment.h, CUSTOM_NAMES; of a
 * merged run that for each process), so none is cut. */
void json_operations_set(json_t *document, const struct analysis *analysis);

#endif
