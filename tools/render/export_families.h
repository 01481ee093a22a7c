/* export_families.h: what the Prometheus formats hold: every family once, whichever format and however many processes.
 *
 * Each process is a set of series with the labels pid, command (the program's name, without arguments) and run. Of the
 * targets of a process the FAMILIES_TARGETS with most time are named; the calls on all others are under
 * "(other)", so nothing is missing from a sum. What was not measured has no sample. Single-threaded.
 */
#ifndef STRONG_RENDER_EXPORT_FAMILIES_H
#define STRONG_RENDER_EXPORT_FAMILIES_H

#include "read/lookup.h"
#include "render/export.h"
#include "render/exposition.h"

enum { FAMILIES_TARGETS = 30, FAMILIES_LOCKS = 20 };

/* The targets that a server has named already: they stay named, and once there are FAMILIES_TARGETS of a process no
 * other one is, or the sums under "(other)" would fall. Zeros: none yet. */
struct families_named {
    struct lookup names; /* hash of pid, start, kind and text -> 0 */
};

/* named NULL: the targets with most time now. 0 or -ENOMEM. */
int export_families(FILE *out, const struct export_source *source, enum exposition_format format,
                    struct families_named *named);

/* ---- export_series.c, for export_families.c ---- */

/* Calls of one hook on one target (or on all those that are not named), or an operation or count of strong.h. */
struct families_series {
    unsigned hook;
    enum hook_class kind;
    const char *target;
    uint64_t calls, errors, bytes, ns;
    struct latency latency;
};

struct families_member {
    const struct analysis *analysis;
    const struct model *model;
    const struct model_process *process;
    char pid[16], image[16];
    struct arena arena;
    struct families_series *series; /* by hook, class, target; no two alike */
    size_t series_count;
};

int export_series_make(struct families_member *member, struct families_named *named);

#endif
