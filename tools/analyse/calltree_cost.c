/* calltree_cost.c: what the costs of calltree.h are called, and whether they were sampled. Pure functions of a model. */
#include "analyse/calltree.h"

bool calltree_measured(const struct model *model, enum calltree_cost cost)
{
    bool cpu = model->samples[SAMPLE_CPU].count > 0, waits = false;
    for (size_t i = 0; i < model->process_count; i++) {
        cpu |= model->processes[i].cpu_period_ns != 0;
        waits |= model->processes[i].block_period_ns != 0;
    }
    switch (cost) {
    case CALLTREE_CPU:
        return cpu;
    case CALLTREE_BLOCKED:
    case CALLTREE_LOCK:
        return waits;
    case CALLTREE_LIVE:
    case CALLTREE_PEAK: /* what was allocated lives in a row, or was freed from one */
        return model->heap.measured &&
               (model->heap.row_count > 0 || model->samples[SAMPLE_ALLOCATED].count == 0);
    default:
        return model->heap.measured;
    }
}

const char *calltree_cost_name(enum calltree_cost cost)
{
    static const char *const names[CALLTREE_COSTS] = {
        [CALLTREE_CPU] = "cpu",
        [CALLTREE_BLOCKED] = "blocked",
        [CALLTREE_LOCK] = "lock",
        [CALLTREE_ALLOCATED] = "allocated",
        [CALLTREE_LIVE] = "live",
        [CALLTREE_PEAK] = "peak",
        [CALLTREE_TEMPORARY] = "temporary",
    };
    return names[cost];
}

const char *calltree_cost_title(const struct model *model, enum calltree_cost cost)
{
    static const char *const titles[CALLTREE_COSTS] = {
        [CALLTREE_CPU] = "on CPU",
        [CALLTREE_BLOCKED] = "blocked",
        [CALLTREE_LOCK] = "lock wait",
        [CALLTREE_ALLOCATED] = "allocated",
        [CALLTREE_LIVE] = "live",
        [CALLTREE_PEAK] = "at the peak",
        [CALLTREE_TEMPORARY] = "freed at once",
    };
    enum process_state state = model->processes[0].state;
    if (cost == CALLTREE_LIVE && state != PROCESS_RUNNING && state != PROCESS_UNKNOWN)
        return "unfreed at exit";
    return titles[cost];
}

bool calltree_cost_is_bytes(enum calltree_cost cost)
{
    return cost >= CALLTREE_ALLOCATED;
}
