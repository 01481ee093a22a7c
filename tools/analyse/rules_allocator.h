/* rules_allocator.h: what the rules about memory share: how much of the CPU time is worth what, and which
 * setting of the memory pool can help. Single-threaded.
 */
#ifndef STRONG_ANALYSE_RULES_ALLOCATOR_H
#define STRONG_ANALYSE_RULES_ALLOCATOR_H

#include "analyse/rules.h"

/* Percent of the CPU time spent in the allocator that is worth a note, a warning, critical: a compiler or an
 * interpreter in good health spends up to a tenth there. */
enum {
    ALLOCATOR_PERCENT_LEAST = 8,
    ALLOCATOR_PERCENT_WARNING = 15,
    ALLOCATOR_PERCENT_CRITICAL = 30,
};

/* rules_found with severity by the gain's share of the CPU time; false where that is below
 * ALLOCATOR_PERCENT_LEAST. */
bool rules_allocator_found(struct analysis *analysis, struct finding *finding, uint64_t gain_ns,
                           uint64_t count);
/* False, and the finding's state and evidence say why, where nothing can be said about sites or cost. */
bool rules_allocator_measured(struct analysis *analysis, struct finding *finding);
/* rules_rests_on_samples; low where the two estimates of what the allocator costs disagree. */
void rules_allocator_rests_on(struct analysis *analysis, struct finding *finding, uint64_t samples);

/* "; or STRONG_OPTIMIZE=…: " and what the pool makes better, where it is off; else "". */
const char *rules_pool_advice(struct analysis *analysis, const char *better);
/* "STRONG_MEMORY_CONF=" with the pairs behind those that are in effect. */
const char *rules_pool_conf(struct analysis *analysis, const char *pairs);

#endif
