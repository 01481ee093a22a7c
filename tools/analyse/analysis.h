/* analysis.h: everything strong-report concludes from a model, ready to be shown.
 *
 * analysis_new runs the accounting, the profile and every rule of findings.def, ranks the findings
 * and links those that follow from another. The model and the symbols must outlive it. Immutable
 * afterwards. Single-threaded.
 */
#ifndef STRONG_ANALYSE_ANALYSIS_H
#define STRONG_ANALYSE_ANALYSIS_H

#include <stdbool.h>
#include <stdint.h>

#include "analyse/accounting.h"
#include "analyse/finding.h"
#include "analyse/heap.h"
#include "analyse/optimizers.h"
#include "analyse/profile.h"
#include "read/arena.h"
#include "read/model.h"
#include "read/symbols.h"

/* Waits for one lock: who waited (a place in the code) and who held it. Longest first. */
struct analysis_lock {
    const char *waiter; /* "queue.c:88" */
    const char *holder; /* "" if not known */
    uint64_t waits, ns, max_ns;
    struct latency latency;
};

struct analysis_self {
    uint64_t sampling_ns; /* measured by libstrong itself: samples, stacks, resource records */
    uint64_t calls_ns;    /* estimated: calls times what one costs */
    double share;         /* of both, of the CPU time or the wall time, whichever is more */
    uint64_t samples, dropped;
    uint64_t overflows; /* rows, stacks, targets, … that found no room */
};

struct analysis {
    const struct model *model;
    struct symbols *symbols;
    struct arena arena;
    struct accounting time;
    struct accounting_thread *threads; /* of model->threads */
    struct profile profile;
    struct heap heap;
    struct analysis_lock *locks;
    size_t lock_count;
    struct analysis_self self;
    struct optimizer optimizers[OPTIMIZER_COUNT]; /* index enum optimizer_id */
    /* Row numbers grouped by target: those of target t are by_target[first_of[t] .. first_of[t +
     * 1]). */
    uint32_t *by_target, *first_of;
    struct finding findings[FINDING_COUNT]; /* in rank order: found first */
    size_t found;                           /* how many of them are FINDING_FOUND */
};

/* 0 and the analysis, to be freed with analysis_free, or -ENOMEM. */
int analysis_new(const struct model *model, struct symbols *symbols,
                 struct analysis **ret_analysis);
void analysis_free(struct analysis *analysis);

/* The finding of an id; never NULL. */
const struct finding *analysis_finding(const struct analysis *analysis, enum finding_id id);

/* The first finding worth a line of its own: found, not explained by another; NULL if none. */
const struct finding *analysis_first(const struct analysis *analysis);

#endif
