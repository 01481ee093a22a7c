/* difference.c: see difference.h. Owns the order of work, the basis, and the comparison of where the
 * time went; rows are difference_rows.c's, findings and optimizers difference_findings.c's, the sentence is
 * difference_verdict.c's.
 */
#include "analyse/difference_parts.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { REQUESTS_LEAST = 20 };

const char *difference_basis_name(enum difference_basis basis)
{
    static const char *const names[] = {"second", "request", "run"};
    return names[basis];
}

const char *difference_change_name(enum difference_change change)
{
    static const char *const names[] = {"none",   "gone", "appeared", "smaller",
                                        "larger", "kept", "unknown"};
    return names[change];
}

double difference_weight(const struct difference *difference, double each_a, double units_a,
                         double each_b, double units_b)
{
    const struct accounting *a = &difference->side[0].analysis->time;
    const struct accounting *b = &difference->side[1].analysis->time;
    double change = fabs((units_b > 0 ? each_b : 0) - (units_a > 0 ? each_a : 0));
    double of_a = a->work_ns > 0 && units_a > 0 ? change * units_a / (double)a->work_ns : 0;
    double of_b = b->work_ns > 0 && units_b > 0 ? change * units_b / (double)b->work_ns : 0;
    double weight = fmax(of_a, of_b);
    return isfinite(weight) ? weight : 0;
}

/* ---- the sides ---- */

static int by_start(const void *left, const void *right)
{
    const struct model_process *a = left, *b = right;
    return a->start_monotonic_ns < b->start_monotonic_ns ? -1
                                                         : a->start_monotonic_ns > b->start_monotonic_ns;
}

/* Seconds in which at least one process lived: runs of a set may lie hours apart. */
static double lived_seconds(const struct model *model)
{
    struct model_process *order = calloc(model->process_count, sizeof(*order));
    double ns = 0;
    uint64_t end = 0;
    if (order == NULL)
        return (double)model->duration_ns / 1e9;
    memcpy(order, model->processes, model->process_count * sizeof(*order));
    qsort(order, model->process_count, sizeof(*order), by_start);
    for (size_t i = 0; i < model->process_count; i++) {
        uint64_t start = order[i].start_monotonic_ns, stop;
        if (__builtin_add_overflow(start, order[i].duration_ns, &stop))
            stop = UINT64_MAX;
        start = start > end || i == 0 ? start : end;
        if (stop > start)
            ns += (double)(stop - start);
        end = stop > end ? stop : end;
    }
    free(order);
    return ns / 1e9;
}

static bool is_whole_run(const struct model *model)
{
    return model->processes[0].state == PROCESS_EXITED;
}

static void choose_basis(struct difference *difference)
{
    struct difference_side *a = &difference->side[0], *b = &difference->side[1];
    const struct model *left = a->analysis->model, *right = b->analysis->model;
    if (a->requests >= REQUESTS_LEAST && b->requests >= REQUESTS_LEAST) {
        difference->basis = DIFFERENCE_REQUEST;
        a->units = (double)a->requests;
        b->units = (double)b->requests;
    } else if (difference->same_command && is_whole_run(left) && is_whole_run(right) &&
               left->process_count * b->runs == right->process_count * a->runs) {
        difference->basis = DIFFERENCE_RUN;
        a->units = a->runs;
        b->units = b->runs;
    } else {
        a->units = a->seconds;
        b->units = b->seconds;
    }
}

/* ---- where the time went ---- */

/* The calls behind a part: its rows together, for the spread of its time. A wait is what its calls took less the
 * CPU time sampled inside them (accounting.h), so the error of those samples is in it too: each stands for a period,
 * and one more or less is chance even where there was none. */
static struct noise_calls calls_of_part(const struct analysis *analysis, enum accounting_part part)
{
    const struct model *model = analysis->model;
    struct noise_calls sum = {0, (double)analysis->time.parts[part], 0, 0};
    double of_class[CLASS_COUNT] = {0}, of_part[CLASS_COUNT] = {0};
    for (size_t i = 0; i < model->row_count; i++) {
        const struct model_row *row = &model->rows[i];
        enum target_kind kind = model->targets[row->target].kind;
        if (row->hook == HOOK_response && part == PART_EVENT) { /* what such a loop waits for */
            struct noise_calls one = noise_spread(row->calls, row->ns, &row->latency);
            sum.count += one.count;
            sum.squares_ns2 += isfinite(one.squares_ns2) ? one.squares_ns2 : 0;
        }
        if (hook_kinds[row->hook] == HOOK_KIND_PSEUDO)
            continue;
        enum hook_class class = model_class(row->hook, kind);
        of_class[class] += (double)row->ns;
        if (accounting_part_of(row->hook, kind) != part)
            continue;
        struct noise_calls one = noise_spread(row->calls, row->ns, &row->latency);
        of_part[class] += (double)row->ns;
        sum.count += one.count;
        sum.squares_ns2 += isfinite(one.squares_ns2) ? one.squares_ns2 : 0;
    }
    double period = (double)model->processes[0].cpu_period_ns;
    for (unsigned class = 0; class < CLASS_COUNT; class ++)
        if (of_part[class] > 0)
            sum.squares_ns2 += period * ((double)model->classes[class].cpu_ns + period) *
                               of_part[class] / of_class[class];
    return sum;
}

/* What no call explains is what is left of the whole: the errors of all others are in it. */
static struct noise_calls calls_of_rest(const struct analysis *analysis)
{
    struct noise_calls sum = {0, (double)analysis->time.parts[PART_UNACCOUNTED], 0, 0};
    for (unsigned part = PART_NETWORK; part < PART_QUEUE; part++) {
        struct noise_calls one = calls_of_part(analysis, (enum accounting_part)part);
        sum.count += one.count;
        sum.squares_ns2 += one.squares_ns2;
    }
    return sum;
}

/* CPU time is the kernel's account: there is no sum of calls behind it whose spread could be known, so only the
 * floor judges. */
static void compare_part(struct difference *difference, struct difference_part *one)
{
    struct noise_calls calls[2];
    struct difference_side *side = difference->side;
    bool known = true, exact = one->part == PART_CPU || one->part == PART_QUEUE;
    for (int i = 0; i < 2; i++) {
        const struct accounting *time = &side[i].analysis->time;
        bool measured = one->part != PART_CPU || time->cpu_measured;
        one->ns[i] = measured ? time->parts[one->part] : MODEL_UNKNOWN;
        known &= measured;
        calls[i] = one->part == PART_UNACCOUNTED ? calls_of_rest(side[i].analysis)
                                                 : calls_of_part(side[i].analysis, one->part);
    }
    double a = (double)one->ns[0], b = (double)one->ns[1];
    if (!known) {
        one->time = one->time_a_second = noise_unknown(NAN, NAN);
    } else if (exact) {
        one->time = noise_between(a / side[0].units, 0, b / side[1].units, 0);
        one->time_a_second = noise_between(a / side[0].seconds, 0, b / side[1].seconds, 0);
    } else {
        one->time = noise_time(&calls[0], side[0].units, &calls[1], side[1].units);
        one->time_a_second = noise_time(&calls[0], side[0].seconds, &calls[1], side[1].seconds);
    }
    one->weight = known ? difference_weight(difference, one->time.a, side[0].units, one->time.b,
                                            side[1].units)
                        : 0;
}

static bool is_idle(enum accounting_part part)
{
    return part == PART_IDLE || part == PART_JOIN || part == PART_UNACCOUNTED;
}

static int heavier_part(const void *left, const void *right)
{
    const struct difference_part *a = left, *b = right;
    bool a_beyond = difference_beyond(a->time.judgement), b_beyond = difference_beyond(b->time.judgement);
    if (a_beyond != b_beyond)
        return a_beyond ? -1 : 1;
    if (is_idle(a->part) != is_idle(b->part))
        return is_idle(a->part) ? 1 : -1;
    if (a->weight != b->weight)
        return a->weight < b->weight ? 1 : -1;
    return (int)a->part - (int)b->part;
}

/* ---- all of it ---- */

static bool is_same_run(const struct model *a, const struct model *b)
{
    bool same = a->process_count == b->process_count && a->duration_ns == b->duration_ns;
    for (size_t i = 0; same && i < a->process_count; i++)
        same = a->processes[i].pid == b->processes[i].pid &&
               a->processes[i].start_realtime_ns == b->processes[i].start_realtime_ns &&
               a->processes[i].start_boottime_ns == b->processes[i].start_boottime_ns;
    return same;
}

static int fill(struct difference *difference)
{
    const struct model *a = difference->side[0].analysis->model;
    const struct model *b = difference->side[1].analysis->model;
    for (int i = 0; i < 2; i++) {
        double seconds = lived_seconds(difference->side[i].analysis->model);
        difference->side[i].seconds = seconds > 1e-6 ? seconds : 1e-6;
    }
    difference->same_command = strcmp(a->processes[0].command, b->processes[0].command) == 0 &&
                               strcmp(a->processes[0].name, b->processes[0].name) == 0;
    difference->same_run = is_same_run(a, b);
    int error = difference_runs_find(difference, &difference->side[0]);
    if (error == 0)
        error = difference_runs_find(difference, &difference->side[1]);
    if (error == 0)
        error = difference_rows_gather(difference);
    if (error != 0)
        return error;
    choose_basis(difference);
    for (unsigned part = 0; part < PART_COUNT; part++) {
        difference->parts[part] = (struct difference_part){.part = (enum accounting_part)part};
        compare_part(difference, &difference->parts[part]);
    }
    difference_rows_judge(difference);
    difference_findings_compare(difference);
    difference_runs_widen(difference);
    difference_rows_order(difference);
    difference_findings_order(difference);
    qsort(difference->parts, PART_COUNT, sizeof(difference->parts[0]), heavier_part);
    difference_findings_optimizers(difference);
    return difference_verdict_choose(difference);
}

int difference_new(const struct difference_source *a, const struct difference_source *b,
                   struct difference **ret_difference)
{
    struct difference *difference = calloc(1, sizeof(*difference));
    if (difference == NULL)
        return -ENOMEM;
    difference->side[0] = (struct difference_side){
        .analysis = a->analysis, .members = a->members, .member_count = a->count};
    difference->side[1] = (struct difference_side){
        .analysis = b->analysis, .members = b->members, .member_count = b->count};
    int error = fill(difference);
    if (error != 0) {
        difference_free(difference);
        return error;
    }
    *ret_difference = difference;
    return 0;
}

void difference_free(struct difference *difference)
{
    if (difference == NULL)
        return;
    arena_done(&difference->arena);
    free(difference);
}
