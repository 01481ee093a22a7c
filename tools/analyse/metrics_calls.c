/* metrics_calls.c: statistics of calls: of a group, a hook, a target, an operation or count of strong.h.
 *
 * All come from one sum over the rows that a metric means (of a whole hook: the hook's own totals, which know the calls
 * that were only counted). Between two models the sums are subtracted, bucket by bucket for the
 * histogram, so quantiles are those of the calls in between.
 */
#include <stdio.h>
#include <string.h>

#include "analyse/accounting.h"
#include "analyse/metrics.h"
#include "read/text.h"

enum { NEAREST_AMONG = 256 };

struct sum {
    uint64_t calls, timed, errors, bytes, ns, max_ns;
    struct latency latency;
    bool failed; /* memory is exhausted */
};

static unsigned custom_hook(const struct metric *metric)
{
    return metric->subject == METRIC_OF_OPERATION ? HOOK_operation : HOOK_count;
}

static bool in_group(unsigned group, enum accounting_part part)
{
    if (group == PART_COUNT)
        return part == PART_IDLE || part == PART_JOIN || part == PART_PIPE;
    return part == (enum accounting_part)group;
}

static bool is_meant(const struct metric *metric, const struct model *model, const struct model_row *row)
{
    const struct model_target *target = &model->targets[row->target];
    enum target_kind kind = row->target == 0 ? TARGET_OTHER : target->kind;
    bool pseudo = hook_kinds[row->hook] == HOOK_KIND_PSEUDO;
    if (metric->target && (row->target == 0 || strcmp(target->text, metric->target) != 0))
        return false;
    switch (metric->subject) {
    case METRIC_OF_GROUP:
        return !pseudo && in_group(metric->index, accounting_part_of(row->hook, kind));
    case METRIC_OF_HOOK:
        return row->hook == metric->index;
    case METRIC_OF_TARGET:
        return !pseudo && row->target != 0 && strcmp(target->text, metric->name) == 0;
    case METRIC_OF_OPERATION:
    case METRIC_OF_TALLY:
        return row->hook == custom_hook(metric) && row->target != 0 &&
               strcmp(target->text, metric->name) == 0;
    default:
        return false;
    }
}

static void add_row(struct sum *sum, struct arena *arena, const struct model_row *row)
{
    sum->calls += row->calls;
    sum->timed += row->hook == HOOK_count ? 0 : row->calls;
    sum->errors += row->errors;
    sum->bytes += row->bytes;
    sum->ns += row->ns;
    if (row->max_ns > sum->max_ns)
        sum->max_ns = row->max_ns;
    if (latency_merge(&sum->latency, arena, &row->latency) != 0)
        sum->failed = true;
}

static struct sum sum_of(const struct metric *metric, const struct model *model, struct arena *arena)
{
    struct sum sum = {0};
    if (model && metric->subject == METRIC_OF_HOOK && !metric->target) {
        const struct model_hook *hook = &model->hooks[metric->index];
        return (struct sum){hook->calls, hook->timed, hook->errors,  hook->bytes,
                            hook->ns,    hook->max_ns, hook->latency, false};
    }
    for (size_t i = 0; model && i < model->row_count; i++)
        if (is_meant(metric, model, &model->rows[i]))
            add_row(&sum, arena, &model->rows[i]);
    return sum;
}

/* ---- the difference of two sums ---- */

static uint64_t less(uint64_t now, uint64_t before)
{
    return now > before ? now - before : 0;
}

static uint64_t bucket_of(const struct latency *latency, unsigned bucket)
{
    return bucket >= latency->first && bucket < latency->first + (unsigned)latency->len
               ? latency->counts[bucket - latency->first]
               : 0;
}

static int subtract(struct sum *sum, const struct sum *before, struct arena *arena)
{
    struct latency difference = {0};
    int error = 0;
    for (unsigned i = 0; i < sum->latency.len && !error; i++) {
        unsigned bucket = sum->latency.first + i;
        error = latency_add(&difference, arena, sum->latency.ns_per_tick, bucket,
                            less(sum->latency.counts[i], bucket_of(&before->latency, bucket)));
    }
    sum->latency = difference;
    sum->calls = less(sum->calls, before->calls);
    sum->timed = less(sum->timed, before->timed);
    sum->errors = less(sum->errors, before->errors);
    sum->bytes = less(sum->bytes, before->bytes);
    sum->ns = less(sum->ns, before->ns);
    sum->max_ns = latency_percentile_ns(&difference, 1);
    return error;
}

/* ---- what is not there ---- */

static const char *explain(const struct metrics_context *context, const char *format, const char *word,
                           const char *nearest)
{
    char text[METRIC_MESSAGE];
    int len = snprintf(text, sizeof(text), format, word, nearest ? "; nearest: " : "",
                       nearest ? nearest : "");
    const char *copy = arena_text(context->arena, text, len > 0 ? strnlen(text, sizeof(text)) : 0);
    return copy ? copy : "not known";
}

/* NULL where something in the segment has that name, else why there is no value. */
static const char *missing(const struct metric *metric, const struct metrics_context *context)
{
    const char *names[NEAREST_AMONG + 1] = {0};
    const char *wanted = metric->target ? metric->target : metric->name;
    const struct model *model = context->now;
    bool custom = metric->subject == METRIC_OF_OPERATION || metric->subject == METRIC_OF_TALLY;
    size_t count = 0;
    if (!wanted || (metric->subject == METRIC_OF_HOOK && !metric->target))
        return NULL;
    for (size_t i = 0; i < model->row_count; i++) {
        const struct model_row *row = &model->rows[i];
        const char *text = model->targets[row->target].text;
        bool kind = custom ? row->hook == custom_hook(metric) : hook_kinds[row->hook] != HOOK_KIND_PSEUDO;
        if (row->target == 0 || !kind || !*text)
            continue;
        if (strcmp(text, wanted) == 0)
            return NULL;
        if (count < NEAREST_AMONG)
            names[count++] = text;
    }
    const char *nearest = text_nearest(wanted, names);
    return explain(context, custom ? "nothing recorded as '%.80s'%s%.80s" : "no call on '%.80s'%s%.80s",
                   wanted, nearest);
}

/* ---- statistics ---- */

static struct metric_value ratio(double amount, double whole, const char *why)
{
    return whole > 0 ? metrics_known(amount / whole) : metrics_unknown(why);
}

static double part_seconds(const struct metric *metric, const struct metrics_context *context)
{
    if (metric->index != PART_COUNT)
        return metrics_part_seconds(context, (enum accounting_part)metric->index);
    return metrics_part_seconds(context, PART_IDLE) + metrics_part_seconds(context, PART_JOIN) +
           metrics_part_seconds(context, PART_PIPE);
}

/* Of a whole group what the time accounting says: without CPU time, calls that are not over included. */
static double seconds_in(const struct metric *metric, const struct metrics_context *context,
                         const struct sum *sum)
{
    if (metric->subject == METRIC_OF_GROUP && !metric->target)
        return part_seconds(metric, context);
    return (double)sum->ns / 1e9;
}

static struct metric_value quantile(const struct sum *sum, double share, bool in_interval)
{
    if (sum->latency.total == 0)
        return metrics_unknown(sum->calls ? "none of these calls was timed"
                               : in_interval ? "no such call in the interval" : "no such call");
    return metrics_known((double)latency_percentile_ns(&sum->latency, share) / 1e9);
}

/* Of a count what was added up, of anything else the calls. */
static double amount_of(const struct metric *metric, const struct sum *sum)
{
    return (double)(metric->subject == METRIC_OF_TALLY ? sum->bytes : sum->calls);
}

static struct metric_value statistic(const struct metric *metric, const struct metrics_context *context,
                                     const struct sum *sum)
{
    const char *none = context->before ? "no such call in the interval" : "no such call";
    double wall = metrics_seconds(context);
    switch ((enum metric_statistic)metric->statistic) {
    case STATISTIC_CALLS:
        return metrics_known((double)sum->calls);
    case STATISTIC_RATE:
        return ratio(amount_of(metric, sum), wall, "no time has passed");
    case STATISTIC_ERRORS:
        return metrics_known((double)sum->errors);
    case STATISTIC_ERROR_RATE:
        return ratio((double)sum->errors, wall, "no time has passed");
    case STATISTIC_ERROR_SHARE:
        return ratio((double)sum->errors, (double)sum->calls, none);
    case STATISTIC_BYTES:
        return metrics_known((double)sum->bytes);
    case STATISTIC_THROUGHPUT:
        return ratio((double)sum->bytes, wall, "no time has passed");
    case STATISTIC_TIME:
        return metrics_known(seconds_in(metric, context, sum));
    case STATISTIC_SHARE:
        return ratio(seconds_in(metric, context, sum), metrics_thread_seconds(context), "no time has passed");
    case STATISTIC_MEAN:
        return ratio((double)sum->ns / 1e9, (double)sum->timed, none);
    case STATISTIC_P50:
        return quantile(sum, 0.5, context->before);
    case STATISTIC_P90:
        return quantile(sum, 0.9, context->before);
    case STATISTIC_P95:
        return quantile(sum, 0.95, context->before);
    case STATISTIC_P99:
        return quantile(sum, 0.99, context->before);
    case STATISTIC_P999:
        return quantile(sum, 0.999, context->before);
    case STATISTIC_MAX:
        return sum->timed ? metrics_known((double)sum->max_ns / 1e9) : metrics_unknown(none);
    case STATISTIC_VALUE:
        break;
    }
    return metrics_known(amount_of(metric, sum));
}

static struct metric_value gauge_value_of(const struct metric *metric, const struct metrics_context *context)
{
    const char *names[MODEL_GAUGES + 1] = {0};
    const struct model *model = context->now;
    for (size_t i = 0; i < model->gauge_count; i++) {
        const char *name = model->targets[model->gauges[i].target].text;
        if (strcmp(name, metric->name) == 0)
            return metrics_known(model->gauges[i].last);
        if (i < MODEL_GAUGES)
            names[i] = name;
    }
    return metrics_unknown(explain(context, "no gauge '%.80s'%s%.80s", metric->name,
                                   text_nearest(metric->name, names)));
}

struct metric_value metrics_calls(const struct metric *metric, const struct metrics_context *context)
{
    if (metric->subject == METRIC_OF_LEVEL)
        return gauge_value_of(metric, context);
    const char *why = missing(metric, context);
    if (why)
        return metrics_unknown(why);
    struct sum sum = sum_of(metric, context->now, context->arena);
    if (context->before) {
        struct sum before = sum_of(metric, context->before, context->arena);
        sum.failed = sum.failed || before.failed || subtract(&sum, &before, context->arena) != 0;
    }
    if (sum.failed)
        return metrics_unknown("not enough memory");
    return statistic(metric, context, &sum);
}
