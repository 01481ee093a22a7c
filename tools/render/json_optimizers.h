/* json_optimizers.h: what the optimizers did, as the member "optimizers" of the JSON report. */
#ifndef STRONG_RENDER_JSON_OPTIMIZERS_H
#define STRONG_RENDER_JSON_OPTIMIZERS_H

#include <jansson.h>

#include "analyse/analysis.h"

/* One object for each optimizer, also for those that are off. NULL when memory is exhausted. */
json_t *json_optimizers_new(const struct analysis *analysis);

#endif
