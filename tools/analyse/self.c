/* self.c: see self.h. */
#include "analyse/self.h"

/* What a hook costs beside the sampling that libstrong measures itself, as scripts/bench finds it: a timed call
 * (+39 ns), and a counted one (+1.3 to +1.6 ns for a pair: lock and unlock, malloc and free). */
enum { SELF_TIMED_NS = 39, SELF_COUNTED_NS = 1 };

void self_measure(const struct model *model, struct analysis_self *ret_self)
{
    const uint64_t *counters = model->counters;
    struct analysis_self self = {0};
    self.sampling_ns =
        (uint64_t)((double)counters[COUNTER_self_ticks] * model->processes[0].ns_per_tick);
    for (unsigned hook = 1; hook < HOOK_COUNT; hook++) {
        const struct model_hook *one = &model->hooks[hook];
        if (hook_kinds[hook] == HOOK_KIND_PSEUDO && hook_classes[hook] != CLASS_CUSTOM)
            continue;
        uint64_t timed = hook_kinds[hook] == HOOK_KIND_TIMED ? one->calls : one->timed;
        self.calls_ns += timed * SELF_TIMED_NS;
        self.calls_ns += (one->calls > timed ? one->calls - timed : 0) * SELF_COUNTED_NS;
    }
    self.samples = counters[COUNTER_samples_taken];
    self.dropped = counters[COUNTER_samples_dropped];
    self.overflows = counters[COUNTER_stack_table_full] + counters[COUNTER_sum_table_full] +
                     counters[COUNTER_target_table_full] + counters[COUNTER_string_heap_full] +
                     counters[COUNTER_module_table_full] + counters[COUNTER_thread_blocks_full] +
                     counters[COUNTER_cell_table_full] + counters[COUNTER_histogram_full] +
                     counters[COUNTER_live_table_full] + counters[COUNTER_fd_table_full] +
                     counters[COUNTER_custom_names_full] + counters[COUNTER_custom_gauges_lost];
    *ret_self = self;
}
