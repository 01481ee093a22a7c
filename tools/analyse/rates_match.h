/* rates_match.h: which record of one look at a process is which of a later look; for rates.c only.
 *
 * map[i] is the index in `after` of what `before` has at i, LOOKUP_NONE where it is not there any more.
 * Nearly all records keep their places, so those are compared first. The maps belong to the arena;
 * NULL when memory is exhausted. Single-threaded.
 */
#ifndef STRONG_ANALYSE_RATES_MATCH_H
#define STRONG_ANALYSE_RATES_MATCH_H

#include "read/lookup.h"
#include "read/model.h"

uint32_t *rates_match_targets(struct arena *arena, const struct model *before,
                              const struct model *after);
uint32_t *rates_match_stacks(struct arena *arena, const struct model *before,
                             const struct model *after);

/* The thread of `before` that is after->threads[index], or NULL: it began in between. */
const struct model_thread *rates_match_thread(const struct model *before, const struct model *after,
                                              size_t index);

#endif
