/* difference_runs.c: a side that is several runs of the same thing says how much runs differ: the intervals of its
 * figures are widened to that. Processes that started each other, or replaced each other by exec, are one run.
 */
#include "analyse/difference_parts.h"

#include <errno.h>
#include <string.h>

/* A member that is an ancestor of this one, or the image it replaced. */
static bool is_before(const struct model_process *one, const struct model_process *other)
{
    return other->start_monotonic_ns <= one->start_monotonic_ns &&
           (other->pid == one->parent_pid || other->pid == one->pid);
}

int difference_runs_find(struct difference *difference, struct difference_side *side)
{
    side->runs = 1;
    side->run_of = arena_array(&difference->arena, side->member_count + 1, sizeof(*side->run_of));
    side->run_requests = arena_array(&difference->arena, DIFFERENCE_RUNS, sizeof(double));
    if (side->run_of == NULL || side->run_requests == NULL)
        return -ENOMEM;
    /* A parent may stand behind its child (the root is first whatever it replaced): until nothing moves. */
    for (size_t i = 0; i < side->member_count; i++)
        side->run_of[i] = (unsigned)i;
    for (bool moved = true; moved;) {
        moved = false;
        for (size_t i = 0; i < side->member_count; i++)
            for (size_t j = 0; j < side->member_count; j++)
                if (i != j && side->run_of[j] < side->run_of[i] &&
                    (is_before(&side->members[i]->processes[0], &side->members[j]->processes[0]) ||
                     is_before(&side->members[j]->processes[0], &side->members[i]->processes[0]))) {
                    side->run_of[i] = side->run_of[j];
                    moved = true;
                }
    }
    /* Numbered without gaps. */
    unsigned runs = 0;
    for (size_t i = 0; i < side->member_count; i++) {
        size_t first = side->run_of[i];
        unsigned number = runs < DIFFERENCE_RUNS ? runs : DIFFERENCE_RUNS - 1;
        if (first == i)
            runs++;
        side->run_of[i] = first == i ? number : side->run_of[first];
    }
    side->runs = runs < 1 ? 1 : runs < DIFFERENCE_RUNS ? runs : DIFFERENCE_RUNS;
    return 0;
}

/* ---- hooks and targets ---- */

static void widen_target(struct difference *difference, struct difference_row *row)
{
    struct noise_run runs[2][DIFFERENCE_RUNS] = {{{0}}};
    bool requests = strcmp(row->unit, "request") == 0;
    for (int side = 0; side < 2; side++) {
        if (row->run[side] == NULL)
            runs[side][0] = (struct noise_run){(double)row->ns[side], row->units[side]};
        for (unsigned i = 0; row->run[side] != NULL && i < difference->side[side].runs; i++) {
            const struct difference_run *one = &row->run[side][i];
            runs[side][i] = (struct noise_run){one->ns, requests ? one->exchanges : one->calls};
        }
    }
    noise_widen(&row->each, runs[0], difference->side[0].runs, runs[1], difference->side[1].runs);
}

static void widen_hook(struct difference *difference, struct difference_row *row)
{
    struct noise_run runs[2][DIFFERENCE_RUNS] = {{{0}}};
    for (int side = 0; side < 2; side++) {
        const struct difference_side *of = &difference->side[side];
        if (of->runs == 1)
            runs[side][0] = (struct noise_run){(double)row->ns[side], row->units[side]};
        for (size_t i = 0; of->runs > 1 && i < of->member_count; i++) {
            const struct model_hook *hook = &of->members[i]->hooks[row->hook];
            runs[side][of->run_of[i]].sum += (double)hook->ns;
            runs[side][of->run_of[i]].units += (double)hook->timed;
        }
    }
    noise_widen(&row->each, runs[0], difference->side[0].runs, runs[1], difference->side[1].runs);
}

/* ---- parts ---- */

/* Time of a part by run, and the units of the basis. */
static void runs_of_part(const struct difference *difference, int side,
                         struct noise_run parts[PART_COUNT][DIFFERENCE_RUNS])
{
    const struct difference_side *of = &difference->side[side];
    double units[DIFFERENCE_RUNS] = {0};
    for (size_t i = 0; of->runs > 1 && i < of->member_count; i++) {
        struct accounting time;
        unsigned run = of->run_of[i];
        accounting_make(of->members[i], &time);
        double seconds = (double)of->members[i]->duration_ns / 1e9;
        for (unsigned part = 0; part < PART_COUNT; part++)
            parts[part][run].sum += (double)time.parts[part];
        if (difference->basis == DIFFERENCE_SECOND && seconds > units[run])
            units[run] = seconds; /* its longest process */
    }
    for (unsigned run = 0; run < of->runs; run++) {
        double unit = difference->basis == DIFFERENCE_REQUEST ? of->run_requests[run]
                      : difference->basis == DIFFERENCE_RUN   ? 1
                                                              : units[run];
        for (unsigned part = 0; part < PART_COUNT; part++) {
            parts[part][run].units = of->runs > 1 ? unit : of->units;
            if (of->runs == 1)
                parts[part][run].sum = (double)of->analysis->time.parts[part];
        }
    }
}

/* Findings are made of the whole, not of each run: their gains are taken to vary from run to run as much as all the
 * time that is not idle. */
static void widen_findings(struct difference *difference,
                           struct noise_run runs[2][PART_COUNT][DIFFERENCE_RUNS])
{
    struct noise_run busy[2][DIFFERENCE_RUNS] = {{{0}}};
    for (int side = 0; side < 2; side++)
        for (unsigned run = 0; run < difference->side[side].runs; run++) {
            busy[side][run].units = runs[side][PART_CPU][run].units;
            for (unsigned part = 0; part < PART_IDLE; part++)
                busy[side][run].sum += part != PART_JOIN ? runs[side][part][run].sum : 0;
        }
    for (size_t i = 0; i < difference->finding_count; i++)
        noise_widen(&difference->findings[i].gain, busy[0], difference->side[0].runs, busy[1],
                    difference->side[1].runs);
}

void difference_runs_widen(struct difference *difference)
{
    if (difference->side[0].runs < 2 && difference->side[1].runs < 2)
        return;
    struct noise_run runs[2][PART_COUNT][DIFFERENCE_RUNS];
    memset(runs, 0, sizeof(runs));
    for (size_t i = 0; i < difference->target_count; i++)
        widen_target(difference, &difference->targets[i]);
    for (size_t i = 0; i < difference->hook_count; i++)
        widen_hook(difference, &difference->hooks[i]);
    for (int side = 0; side < 2; side++)
        runs_of_part(difference, side, runs[side]);
    for (unsigned part = 0; part < PART_COUNT; part++) {
        struct difference_part *one = &difference->parts[part];
        noise_widen(&one->time, runs[0][one->part], difference->side[0].runs, runs[1][one->part],
                    difference->side[1].runs);
    }
    widen_findings(difference, runs);
}
