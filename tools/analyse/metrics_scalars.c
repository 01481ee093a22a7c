/* metrics_scalars.c: the value of each METRIC of metrics.def, one small function each. Between two models a
 * counter is the difference; a process that vanished in between cannot make one negative.
 */
#include "analyse/accounting.h"
#include "analyse/metrics.h"
#include "analyse/self.h"

/* ---- what spans the context ---- */

static double grown(uint64_t now, uint64_t before)
{
    return now > before ? (double)(now - before) : 0;
}

double metrics_seconds(const struct metrics_context *context)
{
    return grown(context->now->duration_ns, context->before ? context->before->duration_ns : 0) / 1e9;
}

double metrics_thread_seconds(const struct metrics_context *context)
{
    return grown(context->now->thread_ns, context->before ? context->before->thread_ns : 0) / 1e9;
}

double metrics_part_seconds(const struct metrics_context *context, enum accounting_part part)
{
    struct accounting now, before = {0};
    accounting_make(context->now, &now);
    if (context->before)
        accounting_make(context->before, &before);
    return grown(now.parts[part], before.parts[part]) / 1e9;
}

static struct metric_value over(double amount, double seconds)
{
    return seconds > 0 ? metrics_known(amount / seconds) : metrics_unknown("no time has passed");
}

static struct metric_value part_share(const struct metrics_context *context, enum accounting_part part)
{
    struct metric_value share =
        over(metrics_part_seconds(context, part), metrics_thread_seconds(context));
    if (share.value > 1) /* the clocks of the two are read at different moments */
        share.value = 1;
    return share;
}

static struct metric_value counter(const struct metrics_context *context, uint64_t now, uint64_t before)
{
    if (now == MODEL_UNKNOWN || (context->before && before == MODEL_UNKNOWN))
        return metrics_unknown("the kernel did not say, or only once");
    return metrics_known(grown(now, context->before ? before : 0));
}

#define COUNTED(field)                                                                             \
    counter(context, context->now->field, context->before ? context->before->field : 0)

/* ---- CPU ---- */

static struct metric_value metric_duration(const struct metrics_context *context)
{
    return metrics_known(metrics_seconds(context));
}

static struct metric_value metric_cpu_time(const struct metrics_context *context)
{
    struct accounting now;
    accounting_make(context->now, &now);
    if (!now.cpu_measured)
        return metrics_unknown("CPU time was neither read nor sampled");
    return metrics_known(metrics_part_seconds(context, PART_CPU));
}

static struct metric_value metric_cpu_share(const struct metrics_context *context)
{
    struct metric_value time = metric_cpu_time(context);
    return time.known ? part_share(context, PART_CPU) : time;
}

static struct metric_value metric_cpu_usage(const struct metrics_context *context)
{
    struct metric_value time = metric_cpu_time(context);
    return time.known ? over(time.value, metrics_seconds(context)) : time;
}

static struct metric_value metric_run_queue_share(const struct metrics_context *context)
{
    if (context->now->usage.run_delay_ns == MODEL_UNKNOWN &&
        (!context->now->live.looked || context->now->live.run_delay_all_ns == MODEL_UNKNOWN))
        return metrics_unknown("the kernel did not say");
    return part_share(context, PART_QUEUE);
}

static struct metric_value metric_unaccounted_share(const struct metrics_context *context)
{
    return part_share(context, PART_UNACCOUNTED);
}

static struct metric_value metric_lock_wait_share(const struct metrics_context *context)
{
    return part_share(context, PART_LOCK);
}

static struct metric_value metric_switches_rate(const struct metrics_context *context)
{
    struct metric_value own = COUNTED(usage.voluntary_switches);
    struct metric_value forced = COUNTED(usage.involuntary_switches);
    if (!own.known || !forced.known)
        return own.known ? forced : own;
    return over(own.value + forced.value, metrics_seconds(context));
}

/* ---- memory ---- */

static uint64_t allocator_sum(const struct model *model, bool bytes)
{
    uint64_t sum = 0;
    for (unsigned hook = HOOK_malloc; model && hook <= HOOK_pvalloc; hook++)
        if (hook != HOOK_free)
            sum += bytes ? model->hooks[hook].bytes : model->hooks[hook].calls;
    return sum;
}

static struct metric_value metric_alloc_bytes(const struct metrics_context *context)
{
    return metrics_known(grown(allocator_sum(context->now, true), allocator_sum(context->before, true)));
}

static struct metric_value metric_alloc_calls(const struct metrics_context *context)
{
    return metrics_known(
        grown(allocator_sum(context->now, false), allocator_sum(context->before, false)));
}

static struct metric_value metric_alloc_rate(const struct metrics_context *context)
{
    return over(metric_alloc_bytes(context).value, metrics_seconds(context));
}

static struct metric_value metric_alloc_live(const struct metrics_context *context)
{
    if (!context->now->heap.measured)
        return metrics_unknown("allocations were not sampled");
    return metrics_known((double)context->now->heap.live_bytes);
}

static struct metric_value metric_alloc_peak(const struct metrics_context *context)
{
    if (!context->now->heap.measured)
        return metrics_unknown("allocations were not sampled");
    return metrics_known((double)context->now->heap.peak_bytes);
}

/* A merged model has the readings of its first process only; the sums over all are in usage. */
static struct metric_value metric_memory_rss(const struct metrics_context *context)
{
    const struct model *model = context->now;
    uint64_t bytes = model->usage.rss_bytes;
    for (size_t i = 0; i < model->resource_count && model->process_count == 1; i++)
        if (model->resources[i].rss_bytes != MODEL_UNKNOWN)
            bytes = model->resources[i].rss_bytes;
    return bytes == MODEL_UNKNOWN ? metrics_unknown("not read: it was killed")
                                  : metrics_known((double)bytes);
}

static struct metric_value metric_memory_peak(const struct metrics_context *context)
{
    uint64_t bytes = context->now->usage.peak_rss_bytes;
    return bytes == MODEL_UNKNOWN ? metrics_unknown("never read") : metrics_known((double)bytes);
}

static struct metric_value metric_memory_faults(const struct metrics_context *context)
{
    return COUNTED(usage.major_faults);
}

/* ---- threads and descriptors ---- */

static bool runs(const struct model_process *process)
{
    return process->state == PROCESS_RUNNING || process->state == PROCESS_UNKNOWN;
}

static struct metric_value metric_threads(const struct metrics_context *context)
{
    double sum = 0;
    for (size_t i = 0; i < context->now->process_count; i++) {
        const struct model_process *process = &context->now->processes[i];
        sum += (double)(runs(process) ? process->threads_alive : process->threads_peak);
    }
    return metrics_known(sum);
}

static struct metric_value metric_threads_peak(const struct metrics_context *context)
{
    double sum = 0;
    for (size_t i = 0; i < context->now->process_count; i++)
        sum += (double)context->now->processes[i].threads_peak;
    return metrics_known(sum);
}

static uint64_t threads_started(const struct model *model)
{
    uint64_t sum = 0;
    for (size_t i = 0; model && i < model->process_count; i++)
        sum += model->processes[i].threads_started;
    return sum;
}

static struct metric_value metric_threads_started(const struct metrics_context *context)
{
    return metrics_known(grown(threads_started(context->now), threads_started(context->before)));
}

static struct metric_value metric_descriptors(const struct metrics_context *context)
{
    double sum = 0;
    for (size_t i = 0; i < context->now->process_count; i++) {
        const struct model_process *process = &context->now->processes[i];
        sum += (double)(runs(process) ? process->descriptors_open : process->descriptors_peak);
    }
    return metrics_known(sum);
}

static struct metric_value metric_descriptors_peak(const struct metrics_context *context)
{
    double sum = 0;
    for (size_t i = 0; i < context->now->process_count; i++)
        sum += (double)context->now->processes[i].descriptors_peak;
    return metrics_known(sum);
}

/* ---- errors, findings, libstrong itself ---- */

static uint64_t errors(const struct model *model)
{
    uint64_t sum = 0;
    for (unsigned hook = 1; model && hook < HOOK_COUNT; hook++)
        if (hook_kinds[hook] != HOOK_KIND_PSEUDO)
            sum += model->hooks[hook].errors;
    return sum;
}

static struct metric_value metric_errors_count(const struct metrics_context *context)
{
    return metrics_known(grown(errors(context->now), errors(context->before)));
}

static struct metric_value metric_errors_rate(const struct metrics_context *context)
{
    return over(metric_errors_count(context).value, metrics_seconds(context));
}

static struct metric_value found(const struct metrics_context *context, enum finding_severity severity)
{
    double count = 0;
    if (!context->analysis)
        return metrics_unknown("the rules did not run");
    for (size_t i = 0; i < context->analysis->found; i++) {
        const struct finding *finding = &context->analysis->findings[i];
        count += finding->severity == severity && !finding->explained_by;
    }
    return metrics_known(count);
}

static struct metric_value metric_findings_critical(const struct metrics_context *context)
{
    return found(context, SEVERITY_CRITICAL);
}

static struct metric_value metric_findings_warning(const struct metrics_context *context)
{
    return found(context, SEVERITY_WARNING);
}

static struct metric_value metric_findings_note(const struct metrics_context *context)
{
    return found(context, SEVERITY_NOTE);
}

static double self_seconds(const struct model *model)
{
    struct analysis_self self;
    if (!model)
        return 0;
    self_measure(model, &self);
    return (double)(self.sampling_ns + self.calls_ns) / 1e9;
}

static struct metric_value metric_self_cost(const struct metrics_context *context)
{
    double whole = metrics_part_seconds(context, PART_CPU), wall = metrics_seconds(context);
    double cost = self_seconds(context->now) - self_seconds(context->before);
    struct metric_value share = over(cost > 0 ? cost : 0, whole > wall ? whole : wall);
    if (share.value > 1)
        share.value = 1;
    return share;
}

static struct metric_value metric_self_samples(const struct metrics_context *context)
{
    return COUNTED(counters[COUNTER_samples_taken]);
}

static struct metric_value metric_self_dropped(const struct metrics_context *context)
{
    return COUNTED(counters[COUNTER_samples_dropped]);
}

static struct metric_value metric_self_overflows(const struct metrics_context *context)
{
    struct analysis_self now, before = {0};
    self_measure(context->now, &now);
    if (context->before)
        self_measure(context->before, &before);
    return metrics_known(grown(now.overflows, before.overflows));
}

struct metric_value metrics_scalar(enum metric_id id, const struct metrics_context *context)
{
    static struct metric_value (*const values[METRIC_ID_COUNT])(const struct metrics_context *) = {
#define METRIC(id, name, unit, kind, meaning) metric_##id,
#include "analyse/metrics.def"
    };
    return values[id](context);
}
