/* accounting.c: see accounting.h. Owns the sums over all threads, and nothing about findings.
 * Invariant: the parts sum to total_ns.
 */
#include "analyse/accounting_split.h"

#include <stdlib.h>

static uint64_t known_sum(uint64_t left, uint64_t right)
{
    return left == MODEL_UNKNOWN || right == MODEL_UNKNOWN ? MODEL_UNKNOWN : left + right;
}

/* CPU time of the process. Where the last reading is older than the last sign of life (a killed
 * process), what was sampled may know more. */
static uint64_t cpu_time(const struct model *model, uint64_t sampled_ns, bool *ret_measured)
{
    uint64_t used = known_sum(model->usage.cpu_user_ns, model->usage.cpu_system_ns);
    *ret_measured = used != MODEL_UNKNOWN || sampled_ns > 0;
    if (used == MODEL_UNKNOWN)
        return sampled_ns;
    uint64_t window = model->usage.window_ns == MODEL_UNKNOWN ? 0 : model->usage.window_ns;
    if (window + window / 50 < model->duration_ns && sampled_ns > used)
        return sampled_ns;
    return used;
}

static void split_rows(const struct model *model, struct accounting *accounting,
                       struct accounting_split *split)
{
    for (size_t i = 0; i < model->row_count; i++) {
        const struct model_row *row = &model->rows[i];
        enum target_kind kind = row->target == 0 ? TARGET_OTHER : model->targets[row->target].kind;
        accounting_split_add(split, row->hook, kind, row->ns);
        if (row->hook == HOOK_response)
            accounting->calls[PART_EVENT] += row->calls;
        else if (row->hook < HOOK_COUNT && hook_kinds[row->hook] != HOOK_KIND_PSEUDO)
            accounting->calls[accounting_part_of(row->hook, kind)] += row->calls;
    }
    accounting_split_settle(split);
}

/* Calls that threads are still inside of. What the threads do not explain (a merged or damaged
 * model) goes with the finished calls of the class. */
static void add_unfinished(const struct model *model, double waits[PART_COUNT],
                           double rest[CLASS_COUNT])
{
    for (unsigned class = 0; class < CLASS_COUNT; class ++)
        rest[class] = (double)model->classes[class].unfinished_ns;
    for (size_t i = 0; i < model->thread_count; i++) {
        const struct model_thread *thread = &model->threads[i];
        if (thread->now_hook == HOOK_NONE || thread->now_hook >= HOOK_COUNT)
            continue;
        enum target_kind kind =
            thread->now_target == 0 ? TARGET_OTHER : model->targets[thread->now_target].kind;
        unsigned class = model_class(thread->now_hook, kind);
        double ns = (double)thread->now_ns < rest[class] ? (double)thread->now_ns : rest[class];
        rest[class] -= ns;
        waits[accounting_part_of(thread->now_hook, kind)] += ns;
    }
}

static void add_classes(const struct model *model, const struct accounting_split *split,
                        double cpu_scale, const double rest[CLASS_COUNT], double waits[PART_COUNT])
{
    for (unsigned class = 0; class < CLASS_COUNT; class ++) {
        double ns = (double)model->classes[class].ns + rest[class];
        ns -= (double)model->classes[class].cpu_ns * cpu_scale;
        accounting_split_class(split, NULL, class, ns, waits);
    }
    waits[PART_UNACCOUNTED] = 0; /* whatever it is, it is the remainder */
}

/* Which target took most of a part, and how many took any. Left out when memory is exhausted. */
static void find_tops(const struct model *model, struct accounting *accounting)
{
    uint64_t(*ns)[PART_COUNT] = calloc(model->target_count + 1, sizeof(*ns));
    bool(*touched)[PART_COUNT] = calloc(model->target_count + 1, sizeof(*touched));
    for (size_t i = 0; ns != NULL && touched != NULL && i < model->row_count; i++) {
        const struct model_row *row = &model->rows[i];
        bool answers = row->hook == HOOK_response;
        if (row->target == 0 || (hook_kinds[row->hook] == HOOK_KIND_PSEUDO && !answers))
            continue;
        enum accounting_part part =
            answers ? PART_EVENT : accounting_part_of(row->hook, model->targets[row->target].kind);
        ns[row->target][part] += row->ns;
        touched[row->target][part] = true;
    }
    for (size_t t = 1; ns != NULL && touched != NULL && t < model->target_count; t++) {
        for (unsigned part = 0; part < PART_COUNT; part++) {
            accounting->target_count[part] += touched[t][part];
            if (ns[t][part] > accounting->top_ns[part]) {
                accounting->top_ns[part] = ns[t][part];
                accounting->top_target[part] = (uint32_t)t;
            }
        }
    }
    free(ns);
    free(touched);
}

/* Time that no call explains: how much of it was spent ready to run but without a CPU. */
static uint64_t queue_time(const struct model *model)
{
    if (model->live.looked && model->live.run_delay_all_ns != MODEL_UNKNOWN)
        return model->live.run_delay_all_ns;
    return model->usage.run_delay_ns == MODEL_UNKNOWN ? 0 : model->usage.run_delay_ns;
}

void accounting_make(const struct model *model, struct accounting *ret_accounting)
{
    struct accounting accounting = {.total_ns = model->thread_ns, .wall_ns = model->duration_ns};
    struct accounting_split split = {.interpreter_share = accounting_split_interpreter(model)};
    double waits[PART_COUNT] = {0}, rest[CLASS_COUNT];
    uint64_t sampled_ns = 0;
    for (unsigned class = 0; class <= CLASS_COUNT; class ++)
        sampled_ns += model->cpu_ns[class];
    uint64_t cpu_ns = cpu_time(model, sampled_ns, &accounting.cpu_measured);
    split_rows(model, &accounting, &split);
    add_unfinished(model, waits, rest);
    /* The samples say where the CPU time was; how much there was, the kernel knows better. */
    uint64_t spent_ns = cpu_ns < accounting.total_ns ? cpu_ns : accounting.total_ns;
    add_classes(model, &split, sampled_ns > 0 ? (double)spent_ns / (double)sampled_ns : 0, rest,
                waits);
    accounting.interpreter_ns = split.interpreter_ns < 0x1p62 ? (uint64_t)split.interpreter_ns : 1ull << 62;
    accounting.excess_ns = accounting_split_fit(accounting.total_ns, cpu_ns, waits, queue_time(model),
                                                accounting.parts);

    const struct model_usage *usage = &model->usage;
    accounting.crowded = usage->involuntary_switches != MODEL_UNKNOWN &&
                         usage->voluntary_switches != MODEL_UNKNOWN &&
                         usage->involuntary_switches > usage->voluntary_switches;
    accounting.runnable_ns = accounting.parts[PART_CPU] + accounting.parts[PART_QUEUE] +
                             (accounting.crowded ? accounting.parts[PART_UNACCOUNTED] : 0);

    uint64_t harmless =
        accounting.parts[PART_IDLE] + accounting.parts[PART_JOIN] + accounting.parts[PART_PIPE];
    accounting.work_ns = accounting.total_ns - harmless;
    if (accounting.work_ns < accounting.wall_ns)
        accounting.work_ns = accounting.wall_ns;
    find_tops(model, &accounting);
    *ret_accounting = accounting;
}
