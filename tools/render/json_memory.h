/* json_memory.h: the heap as the member "memory" of the JSON report. */
#ifndef STRONG_RENDER_JSON_MEMORY_H
#define STRONG_RENDER_JSON_MEMORY_H

#include <jansson.h>

#include "analyse/analysis.h"

/* Adds to `truncated` how many sites and threads were left out. NULL when memory is exhausted. */
json_t *json_memory_new(const struct analysis *analysis, json_t *truncated);

#endif
