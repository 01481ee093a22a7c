/* optimizers.h: what libstrong's optimizers did in a process, from its counters and its effective options.
 *
 * One row for each optimizer of the `safe` set. Whether one is selected follows the rule of
 * STRONG_OPTIMIZE (abi/options.def); what it did follows the counters that bear its name
 * (abi/counters.def). Pure functions of the model; texts live in the arena that is passed.
 */
#ifndef STRONG_ANALYSE_OPTIMIZERS_H
#define STRONG_ANALYSE_OPTIMIZERS_H

#include <stdbool.h>
#include <stdint.h>

#include "read/model.h"

enum optimizer_id {
    OPTIMIZER_MEMORY,
    OPTIMIZER_TCP,
    OPTIMIZER_CONNECTIONS,
    OPTIMIZER_RESOLVER,
    OPTIMIZER_COUNT,
};

enum optimizer_state {
    OPTIMIZER_OFF,     /* STRONG_OPTIMIZE leaves it out */
    OPTIMIZER_UNUSED,  /* selected; there was nothing for it to do */
    OPTIMIZER_ASIDE,   /* selected; it stepped aside by itself */
    OPTIMIZER_ACTIVE,  /* at work: one of its counters says so */
    OPTIMIZER_UNKNOWN, /* no counter says anything, and the settings were not recorded */
};

enum { OPTIMIZER_REASONS = 16 };

/* Why something was left undone: the end of the counter's name, what it means, what helps. */
struct optimizer_reason {
    const char *name;
    const char *meaning;
    const char *advice;
    uint64_t count;
};

struct optimizer {
    enum optimizer_id id;
    const char *name; /* as STRONG_OPTIMIZE spells it */
    enum optimizer_state state;
    uint64_t acted;       /* times it helped; MODEL_UNKNOWN: it does not count them */
    uint64_t chances;     /* times it could have; MODEL_UNKNOWN: not known. At least `acted` */
    uint64_t saved_ns;    /* MODEL_UNKNOWN: it keeps no account */
    uint64_t refused;     /* sum of the reasons */
    struct optimizer_reason reasons[OPTIMIZER_REASONS]; /* largest first; those with a count */
    unsigned reason_count;
};

void optimizers_make(const struct model *model, struct optimizer ret_optimizers[OPTIMIZER_COUNT]);

/* Whether a value of STRONG_OPTIMIZE selects an optimizer of the safe set: libstrong's own rule. */
bool optimizers_selected(const char *option, const char *name);

/* As STRONG_OPTIMIZE spells it. */
const char *optimizers_name(enum optimizer_id id);

/* active, unused, aside, off, unknown: as JSON spells it. */
const char *optimizers_state_name(enum optimizer_state state);

/* "reused 12,031 of 12,034, saved at most 27.1 s; refused 3: 2 state, 1 unfinished": one line. "" without memory. */
const char *optimizers_text(const struct model *model, const struct optimizer *optimizer,
                            struct arena *arena);

/* Whether a counter is one of its own: the name says so. */
bool optimizers_owns(enum optimizer_id id, enum counter_id counter);

/* What a count of it is called: "connects reused", "stalls avoided", "names answered". */
const char *optimizers_unit(enum optimizer_id id);

/* An effective option that is a duration (as recorded, "5000000000ns", or as people write it) in ns, or a
 * count; MODEL_UNKNOWN where it was not recorded or is neither. */
uint64_t optimizers_option(const struct model *model, const char *name);

#endif
