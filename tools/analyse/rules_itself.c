/* rules_itself.c: the rules about libstrong: what it costs, what it lost, what it does not see, and optimizers that are
 * off though they would help.
 */
#include "analyse/rules_optimizers.h"

#include <stdio.h>
#include <string.h>

/* ---- what it costs ---- */

#define COST_SHARE 0.03
#define COST_WARNING_SHARE 0.10

/* Where most samples come from decides what to set. */
static const char *cost_fix(struct analysis *analysis)
{
    const struct model *model = analysis->model;
    const struct analysis_self *self = &analysis->self;
    const struct model_process *process = &model->processes[0];
    uint64_t allocated = model->samples[SAMPLE_ALLOCATED].samples + model->samples[SAMPLE_FREED].samples;
    uint64_t cpu = model->samples[SAMPLE_CPU].samples;
    uint64_t blocked = model->samples[SAMPLE_BLOCKED].samples + model->samples[SAMPLE_LOCK_WAIT].samples;
    if (self->calls_ns > self->sampling_ns)
        return "most is the timing of its calls, which is not sampled: measure for a while, then run without libstrong "
               "(STRONG_ENABLED=0)";
    if (allocated >= cpu && allocated >= blocked)
        return rules_text(analysis, "STRONG_ALLOC_PERIOD=%lluKiB: most samples are of allocations",
                          (unsigned long long)(process->alloc_period_bytes / 1024 * 8));
    if (cpu >= blocked)
        return rules_text(analysis, "STRONG_CPU_HZ=%llu: most samples are of CPU time",
                          process->cpu_period_ns > 0 ? (unsigned long long)(250000000 / process->cpu_period_ns) + 1
                                                     : 25ull);
    return rules_text(analysis, "STRONG_BLOCK_PERIOD=%lluus: most samples are of waits",
                      (unsigned long long)(process->block_period_ns / 1000 * 8));
}

const struct finding_about rules_measuring_costs_about = {
    .looks_for = "What libstrong itself costs.",
    .precondition = "Applies to every program.",
    .formula =
        "Found from 3 % of the time on; a warning from 10 %: samples are measured, calls estimated. "
        "No time is promised: it is not the program's.",
    .fix = "Longer periods: STRONG_ALLOC_PERIOD, STRONG_CPU_HZ, STRONG_BLOCK_PERIOD.",
    .risk = "Fewer samples make wider intervals.",
};

void rules_measuring_costs(struct analysis *analysis, struct finding *finding)
{
    const struct analysis_self *self = &analysis->self;
    finding->evidence = rules_text(analysis, "%s (estimated): samples %s, calls %s", units_share(self->share).text,
                                   units_duration(self->sampling_ns).text, units_duration(self->calls_ns).text);
    const char *facts = finding->evidence;
    if (self->share < COST_SHARE)
        return;
    rules_found_anyway(analysis, finding, 0, self->samples,
                       self->share >= COST_WARNING_SHARE ? SEVERITY_WARNING : SEVERITY_NOTE);
    rules_rests_on_more(finding);
    finding->where = "libstrong.so";
    finding->evidence = facts;
    finding->assumption = "no time of the program's own is gained; a call is taken to cost what it costs in "
                          "scripts/bench";
    finding->fix = cost_fix(analysis);
    finding->risk = "fewer samples make wider intervals";
}

/* ---- what it lost ---- */

static const uint8_t lost_counters[] = {
    COUNTER_samples_dropped,    COUNTER_stack_table_full,   COUNTER_sum_table_full, COUNTER_target_table_full,
    COUNTER_string_heap_full,   COUNTER_module_table_full,  COUNTER_thread_blocks_full,
    COUNTER_cell_table_full,    COUNTER_histogram_full,     COUNTER_live_table_full, COUNTER_commit_failed};

const struct finding_about rules_samples_lost_about = {
    .looks_for = "Samples, rows and names that found no room in the shared memory.",
    .precondition = "Applies to every program.",
    .formula =
        "Found where one of its counters of lost things is not 0; a warning where a tenth of the "
        "samples was dropped. No time is promised.",
    .fix = "Raise STRONG_SHM_SIZE.",
    .risk = "That much more of /dev/shm, which containers keep small.",
};

void rules_samples_lost(struct analysis *analysis, struct finding *finding)
{
    const struct analysis_self *self = &analysis->self;
    const uint64_t *counters = analysis->model->counters;
    const char *list = "";
    uint64_t lost = 0;
    for (size_t i = 0; i < sizeof(lost_counters); i++) {
        uint64_t count = counters[lost_counters[i]];
        lost += count;
        if (count > 0)
            list = rules_text(analysis, "%s%s%s %s", list, list[0] != '\0' ? ", " : "", units_count(count).text,
                              counter_names[lost_counters[i]]);
    }
    double dropped = (double)self->dropped / ((double)self->samples + (double)self->dropped + 1);
    finding->evidence = rules_text(analysis, "%s taken, nothing lost", units_plural(self->samples, "sample").text);
    if (lost == 0)
        return;
    uint64_t size = optimizers_option(analysis->model, "SHM_SIZE");
    rules_found_anyway(analysis, finding, 0, lost, dropped > 0.10 ? SEVERITY_WARNING : SEVERITY_NOTE);
    finding->confidence = CONFIDENCE_HIGH; /* counted */
    finding->where = "libstrong.so";
    finding->evidence = rules_text(analysis, "%s; what they stand for is counted under (other) or left out", list);
    finding->assumption = "no time is gained; what is shown is less exact, and says so";
    finding->fix = rules_text(analysis, "STRONG_SHM_SIZE=%lluMiB: more room for its tables",
                              (unsigned long long)(size != MODEL_UNKNOWN && size >= 1048576 && size < (1u << 27)
                                                       ? size / 1048576 * 2
                                                       : 256));
    finding->risk = "that much more of /dev/shm, which containers keep small";
}

/* ---- what it does not see ---- */

const struct finding_about rules_cpu_sampling_aside_about = {
    .looks_for =
        "Programs whose CPU time libstrong does not sample because they use the signal "
        "themselves, or no timer could be had.",
    .precondition = "Applies where CPU sampling is on (STRONG_CPU_HZ).",
    .formula = "Found where it stepped aside or threads have no timer. No time is promised.",
    .fix = "Run it without its own profiler, or raise the limit of pending signals.",
    .risk = "None known.",
};

void rules_cpu_sampling_aside(struct analysis *analysis, struct finding *finding)
{
    const uint64_t *counters = analysis->model->counters;
    uint64_t taken = counters[COUNTER_cpu_signal_taken], failed = counters[COUNTER_cpu_timers_failed];
    if (analysis->model->processes[0].cpu_period_ns == 0 && taken == 0 && failed == 0) {
        rules_not_applicable(finding, "CPU sampling is off: STRONG_CPU_HZ=0");
        return;
    }
    finding->evidence = rules_text(analysis, "%s", units_plural(counters[COUNTER_cpu_signals], "CPU sample").text);
    if (taken == 0 && failed == 0)
        return;
    rules_found_anyway(analysis, finding, 0, taken + failed, SEVERITY_NOTE);
    finding->confidence = CONFIDENCE_HIGH;
    finding->where = "libstrong.so";
    finding->evidence = taken > 0 ? "the program uses the sampling signal (SIGPROF) itself, so CPU time is not sampled"
                                  : rules_text(analysis, "%s without a CPU timer",
                                               units_plural(failed, "thread").text);
    finding->assumption = "no time is gained; what runs on the CPU is not known by function";
    finding->fix = taken > 0 ? "run it without its own profiler, or look at its profiler's answer"
                             : "raise the limit of pending signals (ulimit -i): each timer counts as one";
    finding->risk = "none known";
}

/* ---- optimizers that are off ---- */

static const struct {
    enum optimizer_id optimizer;
    enum finding_id finding;
} cures[] = {
    {OPTIMIZER_CONNECTIONS, FINDING_reconnecting},     {OPTIMIZER_TCP, FINDING_nagle_stall},
    {OPTIMIZER_RESOLVER, FINDING_repeated_lookups},    {OPTIMIZER_MEMORY, FINDING_allocation_pressure},
    {OPTIMIZER_MEMORY, FINDING_temporary_allocations}, {OPTIMIZER_MEMORY, FINDING_cross_thread_frees},
    {OPTIMIZER_MEMORY, FINDING_realloc_chains},        {OPTIMIZER_MEMORY, FINDING_allocation_churn},
};

const struct finding_about rules_optimizers_off_about = {
    .looks_for = "Optimizers that are switched off though what they cure was found.",
    .precondition = "Applies where STRONG_OPTIMIZE leaves one out.",
    .formula =
        "Found where one of memory, tcp, connections and resolver is off and a finding that it "
        "cures is found. Bound: that finding's.",
    .fix = "Switch it on: STRONG_OPTIMIZE=safe.",
    .risk = "The README says what each changes and when it steps aside.",
};

void rules_optimizers_off(struct analysis *analysis, struct finding *finding)
{
    const struct finding *top = NULL;
    enum optimizer_id cure = OPTIMIZER_COUNT;
    unsigned off = 0;
    for (unsigned i = 0; i < OPTIMIZER_COUNT; i++) {
        if (analysis->optimizers[i].state == OPTIMIZER_UNKNOWN) {
            rules_not_measured(finding, "its settings were not recorded");
            return;
        }
        off += analysis->optimizers[i].state == OPTIMIZER_OFF;
    }
    if (off == 0) {
        rules_not_applicable(finding, "no optimizer is off");
        return;
    }
    for (size_t i = 0; i < sizeof(cures) / sizeof(cures[0]); i++) {
        const struct finding *one = &analysis->findings[cures[i].finding];
        if (analysis->optimizers[cures[i].optimizer].state == OPTIMIZER_OFF && one->state == FINDING_FOUND &&
            (top == NULL || one->gain_ns > top->gain_ns)) {
            top = one;
            cure = cures[i].optimizer;
        }
    }
    finding->evidence = rules_text(analysis, "%s off, none of which was needed",
                                   units_plural(off, "optimizer").text);
    if (top == NULL)
        return;
    rules_found_anyway(analysis, finding, top->gain_ns, top->count, SEVERITY_NOTE);
    finding->confidence = top->confidence;
    finding->where = analysis->optimizers[cure].name;
    finding->evidence = rules_text(analysis, "%s is off, and would have had work: %s", finding->where, top->title);
    finding->assumption = top->assumption;
    finding->fix = rules_optimizer_setting(analysis, cure);
    finding->risk = "the README says what it changes and when it steps aside";
}
