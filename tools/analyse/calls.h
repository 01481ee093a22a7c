/* calls.h: sums of calls, whatever they are grouped by: a hook, a target, a kind of lock.
 *
 * Counts are exact. `calls` is all of them, `timed` those with a duration (counted hooks are timed only where they
 * had to wait or to reach the kernel); ns, max_ns and the histogram are of the timed ones, their time on a CPU
 * included. Histograms live in the arena that is passed. Single-threaded.
 */
#ifndef STRONG_ANALYSE_CALLS_H
#define STRONG_ANALYSE_CALLS_H

#include <stddef.h>
#include <stdint.h>

#include "analyse/analysis.h"

struct calls {
    const char *name;
    const char *detail; /* more about it, or "" */
    uint64_t calls, timed, errors, bytes, ns, max_ns;
    struct latency latency;
};

/* Where memory is exhausted the percentiles are those of a part of the calls. */
void calls_add_row(struct calls *sum, struct arena *arena, const struct model_row *row);
void calls_add_hook(struct calls *sum, struct arena *arena, const struct model_hook *hook);

/* Longest time first, then most calls, then by name. */
void calls_sort(struct calls *items, size_t count);

/* Which rows calls_of_hooks and calls_of_rows take: all those for which it returns true. */
typedef bool calls_filter(const struct model *model, const struct model_row *row);

/* Rows summed by hook, sorted; names are those of the hooks. NULL when memory is exhausted. */
struct calls *calls_of_hooks(const struct analysis *analysis, struct arena *arena,
                             calls_filter *filter, size_t *ret_count);
/* Rows as they are, sorted: the name is that of the hook, the detail what was touched ("" for (other)). */
struct calls *calls_of_rows(const struct analysis *analysis, struct arena *arena,
                            calls_filter *filter, size_t *ret_count);
/* Rows summed by what was touched, those of (other) by hook; names as in calls_of_rows the detail. */
struct calls *calls_of_targets(const struct analysis *analysis, struct arena *arena,
                               calls_filter *filter, size_t *ret_count);

/* Kinds of target that a row is about; (other) where it is target 0. */
enum target_kind calls_kind(const struct model *model, const struct model_row *row);

/* The name of a target for people: its text, or the place of its call. As long as model and symbols live. */
const char *calls_target_name(const struct analysis *analysis, uint32_t target);

#endif
