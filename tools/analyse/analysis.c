/* analysis.c: see analysis.h. Owns the order of work: accounting, profile, locks, own cost, rules,
 * severity ceilings, what explains what, rank.
 */
#include "analyse/analysis.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyse/locks.h"
#include "analyse/rules.h"
#include "analyse/self.h"

struct rule {
    enum finding_severity ceiling;
    void (*run)(struct analysis *analysis, struct finding *finding);
};

#define FINDING(id, title, ceiling, rule) {SEVERITY_##ceiling, rule},
#define EXPLAINS(cause, consequence)
#define REFINES(particular, general)
static const struct rule rules[FINDING_COUNT] = {
#include "analyse/findings.def"
};
#undef FINDING
#undef EXPLAINS
#undef REFINES

#define FINDING(id, title, ceiling, rule)
#define EXPLAINS(cause, consequence) {FINDING_##cause, FINDING_##consequence, false},
#define REFINES(particular, general) {FINDING_##particular, FINDING_##general, true},
static const struct {
    uint8_t cause, consequence;
    bool whatever_rank;
} explanations[] = {
#include "analyse/findings.def"
};
#undef FINDING
#undef EXPLAINS
#undef REFINES

/* ---- preparation ---- */

static int index_rows(struct analysis *analysis)
{
    const struct model *model = analysis->model;
    analysis->by_target = arena_array(&analysis->arena, model->row_count + 1, sizeof(uint32_t));
    analysis->first_of = arena_array(&analysis->arena, model->target_count + 2, sizeof(uint32_t));
    if (analysis->by_target == NULL || analysis->first_of == NULL)
        return -ENOMEM;
    uint32_t *first = analysis->first_of;
    for (size_t i = 0; i < model->row_count; i++)
        first[model->rows[i].target + 1]++;
    for (size_t t = 0; t < model->target_count; t++)
        first[t + 1] += first[t];
    uint32_t *next = arena_array(&analysis->arena, model->target_count + 1, sizeof(*next));
    if (next == NULL)
        return -ENOMEM;
    memcpy(next, first, model->target_count * sizeof(*next));
    for (size_t i = 0; i < model->row_count; i++)
        analysis->by_target[next[model->rows[i].target]++] = (uint32_t)i;
    return 0;
}

static void measure_self(struct analysis *analysis)
{
    struct analysis_self *self = &analysis->self;
    self_measure(analysis->model, self);
    /* Of the CPU time of a busy program, of the wall time of an idle one: what it can have slowed.
     */
    uint64_t whole = analysis->time.parts[PART_CPU];
    if (whole < analysis->time.wall_ns)
        whole = analysis->time.wall_ns;
    double cost = (double)(self->sampling_ns + self->calls_ns);
    self->share = whole > 0 ? cost / (double)whole : 0;
    if (self->share > 1)
        self->share = 1;
}

/* ---- the rules ---- */

/* How to see whether a fix helped: the same command once more, under a name, and the difference. What was
 * measured is named by its run, or by its pid. */
static const char *verify_text(struct analysis *analysis)
{
    const struct model_process *process = &analysis->model->processes[0];
    const char *before = process->run;
    if (before[0] == '\0')
        before = rules_text(analysis, "%d", (int)process->pid);
    return rules_text(analysis,
                      "strong-report diff %s after, where after is what strong-report run --name=after "
                      "-- %s measures",
                      before, process->command[0] != '\0' ? process->command : "COMMAND");
}

static void run_rules(struct analysis *analysis)
{
    const char *verify = verify_text(analysis);
    for (unsigned i = 0; i < FINDING_COUNT; i++) {
        struct finding *finding = &analysis->findings[i];
        *finding = (struct finding){.id = (enum finding_id)i,
                                    .name = finding_name((enum finding_id)i),
                                    .title = finding_title((enum finding_id)i),
                                    .evidence = "",
                                    .where = "",
                                    .assumption = "",
                                    .fix = "",
                                    .risk = "",
                                    .verify = verify};
        rules[i].run(analysis, finding);
        rules_limit(finding, rules[i].ceiling);
    }
}

/* Where nothing ran long enough, a large share of next to nothing is still nothing. */
static void limit_short_runs(struct analysis *analysis)
{
    if (analysis->time.wall_ns >= 50000000)
        return;
    for (unsigned i = 0; i < FINDING_COUNT; i++)
        if (analysis->findings[i].gain_ns < 10000000)
            rules_limit(&analysis->findings[i], SEVERITY_NOTE);
}

static int rank(const void *left, const void *right)
{
    const struct finding *a = left, *b = right;
    bool a_found = a->state == FINDING_FOUND, b_found = b->state == FINDING_FOUND;
    if (a_found != b_found)
        return a_found ? -1 : 1;
    bool a_explained = a->explained_by != NULL, b_explained = b->explained_by != NULL;
    if (a_found && a_explained != b_explained)
        return a_explained ? 1 : -1;
    if (a_found && a->severity != b->severity)
        return a->severity > b->severity ? -1 : 1;
    if (a_found && a->gain_ns != b->gain_ns)
        return a->gain_ns > b->gain_ns ? -1 : 1;
    if (a_found && a->confidence != b->confidence)
        return a->confidence > b->confidence ? -1 : 1;
    return (int)a->id - (int)b->id;
}

/* A consequence is explained when its cause ranks above it (or refines it) and is at least half as large: a small
 * cause does not explain a large effect. The findings are ranked already; they are ranked again,
 * because what is explained goes to the end. */
static void explain(struct analysis *analysis)
{
    enum { NOTHING = FINDING_COUNT };
    unsigned cause_of[FINDING_COUNT];
    struct finding *by_id[FINDING_COUNT];
    for (unsigned i = 0; i < FINDING_COUNT; i++) {
        by_id[analysis->findings[i].id] = &analysis->findings[i];
        cause_of[i] = NOTHING;
    }
    for (size_t i = 0; i < sizeof(explanations) / sizeof(explanations[0]); i++) {
        struct finding *cause = by_id[explanations[i].cause];
        struct finding *consequence = by_id[explanations[i].consequence];
        if (cause->state != FINDING_FOUND || consequence->state != FINDING_FOUND ||
            (explanations[i].whatever_rank ? cause->severity < consequence->severity
                                          : cause > consequence) || cause->gain_ns * 2 < consequence->gain_ns ||
            cause_of[consequence->id] != NOTHING)
            continue;
        cause_of[consequence->id] = cause->id;
        consequence->explained_by =
            cause; /* for rank(); set right below once nothing moves any more */
        rules_limit(consequence, SEVERITY_NOTE);
    }
    qsort(analysis->findings, FINDING_COUNT, sizeof(analysis->findings[0]), rank);
    for (unsigned i = 0; i < FINDING_COUNT; i++)
        by_id[analysis->findings[i].id] = &analysis->findings[i];
    for (unsigned id = 0; id < FINDING_COUNT; id++)
        by_id[id]->explained_by = cause_of[id] == NOTHING ? NULL : by_id[cause_of[id]];
}

static int fill(struct analysis *analysis)
{
    accounting_make(analysis->model, &analysis->time);
    analysis->threads = arena_array(&analysis->arena, analysis->model->thread_count + 1,
                                    sizeof(*analysis->threads));
    if (analysis->threads == NULL)
        return -ENOMEM;
    accounting_threads(analysis->model, analysis->threads);
    int error = index_rows(analysis);
    if (error == 0)
        error =
            profile_make(analysis->model, analysis->symbols, &analysis->arena, &analysis->profile);
    if (error == 0)
        error = heap_make(analysis);
    if (error == 0)
        error = locks_make(analysis);
    if (error != 0)
        return error;
    measure_self(analysis);
    optimizers_make(analysis->model, analysis->optimizers);
    run_rules(analysis);
    limit_short_runs(analysis);
    qsort(analysis->findings, FINDING_COUNT, sizeof(analysis->findings[0]), rank);
    explain(analysis);
    for (unsigned i = 0; i < FINDING_COUNT; i++)
        analysis->found += analysis->findings[i].state == FINDING_FOUND;
    return 0;
}

int analysis_new(const struct model *model, struct symbols *symbols, struct analysis **ret_analysis)
{
    struct analysis *analysis = calloc(1, sizeof(*analysis));
    if (analysis == NULL)
        return -ENOMEM;
    analysis->model = model;
    analysis->symbols = symbols;
    int error = fill(analysis);
    if (error != 0) {
        analysis_free(analysis);
        return error;
    }
    *ret_analysis = analysis;
    return 0;
}

void analysis_free(struct analysis *analysis)
{
    if (analysis == NULL)
        return;
    arena_done(&analysis->arena);
    free(analysis);
}

const struct finding *analysis_finding(const struct analysis *analysis, enum finding_id id)
{
    unsigned i = 0;
    while (analysis->findings[i].id != id)
        i++;
    return &analysis->findings[i];
}

const struct finding *analysis_first(const struct analysis *analysis)
{
    const struct finding *first = &analysis->findings[0];
    return first->state == FINDING_FOUND && first->explained_by == NULL ? first : NULL;
}
