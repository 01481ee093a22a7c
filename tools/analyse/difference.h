/* difference.h: what changed from one measurement to another: time, calls, targets, findings, optimizers.
 *
 * Each side is an analysis of one process or of a merged set, which may be several runs. Runs of different length and load compare by a
 * common unit: times of a call or a request as they are; the whole run's time per `basis`, which is a request
 * where both sides made requests, else the run where both ran the same command to its end, else a second.
 * Every figure is judged against its noise (analyse/noise.h). Targets are matched by kind and name, call sites
 * by the place in the source. What waits for work or for a child (accounting_part) is kept apart from the rest.
 * The analyses must outlive it. Immutable once made. Single-threaded.
 */
#ifndef STRONG_ANALYSE_DIFFERENCE_H
#define STRONG_ANALYSE_DIFFERENCE_H

#include <stdbool.h>

#include "analyse/analysis.h"
#include "analyse/noise.h"

enum difference_basis { DIFFERENCE_SECOND, DIFFERENCE_REQUEST, DIFFERENCE_RUN };

/* What is compared: an analysis, and where it is merged, the models it is made of (else NULL and 0). Runs of the same
 * command among them tell what differs from run to run. */
struct difference_source {
    const struct analysis *analysis;
    const struct model *const *members;
    size_t count;
};

enum { DIFFERENCE_RUNS = 32 }; /* more count as the last */

/* One side as a whole. */
struct difference_side {
    const struct analysis *analysis;
    const struct model *const *members;
    size_t member_count;
    unsigned *run_of; /* a member's run: processes that started each other are one */
    unsigned runs;    /* at least 1 */
    double *run_requests;
    double seconds; /* during which any of its processes lived */
    double units;   /* of the basis */
    uint64_t calls;    /* timed ones */
    uint64_t requests; /* exchanges on its outbound connections */
};

/* Calls of one hook, or on one target; of kind TARGET_CUSTOM: operations of that name (strong.h), whose time lies over
 * that of the calls inside. */
struct difference_row {
    const char *name;
    enum target_kind kind; /* of a target */
    unsigned hook;         /* of a hook */
    bool idle;             /* waits for work or for somebody's end: less of it is no gain */
    bool answers;          /* a peer's answers, whoever waited for them: beside the row of the calls on it */
    const char *unit;      /* what `each` is the time of: "call", "request", "lookup", "wait", "answer", "operation" */
    uint64_t calls[2], timed[2], errors[2], bytes[2], ns[2];
    double units[2];
    struct latency latency[2];
    struct noise_figure each;            /* ns per unit */
    struct noise_figure p50, p99;        /* ns of a call */
    struct noise_figure calls_a_second;
    struct noise_figure time_a_second;   /* ns */
    double weight; /* the difference in `each`, or the whole where one side has none, as a share of the work */
    /* while it is filled */
    uint64_t writes[2], exchanges[2];
    struct difference_run *run[2]; /* by run, or NULL */
};

struct difference_run {
    double ns, calls, exchanges;
};

struct difference_part {
    enum accounting_part part;
    uint64_t ns[2]; /* MODEL_UNKNOWN: not measured */
    struct noise_figure time; /* ns per basis */
    struct noise_figure time_a_second;
    double weight;
};

enum difference_change {
    CHANGE_NONE,    /* within noise */
    CHANGE_GONE,
    CHANGE_APPEARED,
    CHANGE_SMALLER,
    CHANGE_LARGER,
    CHANGE_KEPT,    /* found in both; it promises no time, so there is nothing to compare */
    CHANGE_UNKNOWN, /* not measured on one side */
};

struct difference_finding {
    const struct finding *of[2];
    enum difference_change change;
    struct noise_figure gain; /* ns per basis */
};

/* What an optimizer did. */
struct difference_optimizer {
    enum optimizer_id id;
    const struct optimizer *of[2];
    struct noise_figure acted; /* per basis; NAN where it keeps no account */
    struct noise_figure saved; /* ns per basis */
    bool changed;              /* its state, or one of these beyond noise */
};

struct difference {
    struct arena arena;
    struct difference_side side[2];
    enum difference_basis basis;
    bool same_run;     /* both are the same process and the same moment */
    bool same_command;
    struct difference_part parts[PART_COUNT]; /* beyond noise first, idle last, by weight */
    struct difference_row *targets, *hooks;   /* in the same order; hooks: those of class custom are left out */
    size_t target_count, hook_count;
    struct difference_finding findings[FINDING_COUNT]; /* found on either side, changed ones first */
    size_t finding_count;
    struct difference_optimizer optimizers[OPTIMIZER_COUNT];
    const char *verdict; /* one sentence */
    enum noise_judgement verdict_judgement; /* of the figure it is about; NOISE_WITHIN: nothing changed */
};

/* 0 and the difference, to be freed with difference_free, or -ENOMEM. */
int difference_new(const struct difference_source *a, const struct difference_source *b,
                   struct difference **ret_difference);
void difference_free(struct difference *difference);

/* second, request, run. */
const char *difference_basis_name(enum difference_basis basis);
/* none, gone, appeared, smaller, larger, kept, unknown: as JSON spells it. */
const char *difference_change_name(enum difference_change change);

#endif
