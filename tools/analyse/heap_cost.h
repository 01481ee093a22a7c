/* heap_cost.h: heap.cost and heap.trend, for heap.c alone. After heap's calls are counted. */
#ifndef STRONG_ANALYSE_HEAP_COST_H
#define STRONG_ANALYSE_HEAP_COST_H

#include "analyse/analysis.h"

void heap_cost_make(struct analysis *analysis);

#endif
