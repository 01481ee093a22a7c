/* self.c: see self.h. */
#include "analyse/self.h"

/* What a hook costs beside the sampling that libstrong measures itself, as scripts/bench finds it: a timed call
 * (+39 ns), and a counted one (+1.3 to +1.6 ns for a pair: lock and unlock, malloc and free). An operation of strong.h
 * costs as much as a timed call, strong_count 8 ns, strong_gauge 20 ns. */
enum { SELF_TIMED_NS = 39, SELF_COUNTED_NS = 1, SELF_COUNT_NS = 8, SELF_GAUGE_NS = 20 };

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
        self.calls_ns += (one->calls > timed ? one->calls - timed : 0) *
                         (hook == HOOK_count ? SELF_COUNT_NS : SELF_COUNTED_NS);
    }
    for (size_t i = 0; i < model->gauge_count; i++)
        self.calls_ns += model->gauges[i].count < UINT64_C(1) << 48 ? model->gauges[i].count * SELF_GAUGE_NS : 0;
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
