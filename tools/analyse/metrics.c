/* metrics.c: the catalogue, and from a name to what it means. Owns the grammar of names; values are in
 * metrics_scalars.c and metrics_calls.c. Keeps no state.
 */
#include "analyse/metrics.h"

#include <stdio.h>
#include <string.h>

#include "read/text.h"

/* Names that a mistyped one is compared with: the catalogue and every hook. */
enum { NAMES_MOST = HOOK_COUNT + 128 };

const struct metric_entry metrics_scalars[] = {
#define METRIC(id, name, unit, kind, meaning) {name, QUANTITY_##unit, METRIC_##kind, meaning},
#include "analyse/metrics.def"
    {0},
};
const struct metric_entry metrics_groups[] = {
#define GROUP(part, name, meaning) {name, QUANTITY_NUMBER, METRIC_COUNTER, meaning},
#include "analyse/metrics.def"
    {0},
};
const struct metric_entry metrics_called[] = {
#define CALLED(id, name, meaning) {name, QUANTITY_NUMBER, METRIC_COUNTER, meaning},
#include "analyse/metrics.def"
    {0},
};
const struct metric_entry metrics_statistics[] = {
#define STATISTIC(id, name, unit, kind, meaning) {name, QUANTITY_##unit, METRIC_##kind, meaning},
#include "analyse/metrics.def"
    {0},
};
const struct metric_entry metrics_finding_figures[] = {
#define FINDING_FIGURE(id, name, unit, kind, meaning) {name, QUANTITY_##unit, METRIC_##kind, meaning},
#include "analyse/metrics.def"
    {0},
};
static const unsigned group_parts[] = {
#define GROUP(part, name, meaning) PART_##part,
#include "analyse/metrics.def"
};
static const char *const finding_names[] = {
#define FINDING(id, title, ceiling, rule) #id,
#define EXPLAINS(cause, consequence)
#define REFINES(particular, general)
#include "analyse/findings.def"
#undef FINDING
#undef EXPLAINS
#undef REFINES
    NULL,
};

const char *metrics_kind_name(enum metric_kind kind)
{
    static const char *const names[] = {"gauge", "counter", "rate", "quantile", "share"};
    return names[kind];
}

static int find(const struct metric_entry *entries, const char *name)
{
    for (int i = 0; entries[i].name; i++)
        if (strcmp(entries[i].name, name) == 0)
            return i;
    return -1;
}

static unsigned find_hook(const char *name)
{
    for (unsigned hook = 1; hook < HOOK_COUNT; hook++)
        if (strcmp(hook_names[hook], name) == 0)
            return hook;
    return HOOK_NONE;
}

/* ---- what was probably meant ---- */

static size_t add_names(const char **names, size_t count, const struct metric_entry *entries)
{
    for (; entries->name && count < NAMES_MOST; entries++)
        names[count++] = entries->name;
    names[count] = NULL;
    return count;
}

static void add_hooks(const char **names, size_t count)
{
    for (unsigned hook = 1; hook < HOOK_COUNT && count < NAMES_MOST; hook++)
        names[count++] = hook_names[hook];
    names[count] = NULL;
}

static int wrong(char *message, const char *what, const char *word, const char *const *names,
                 const char *see)
{
    const char *nearest = text_nearest(word, names);
    if (nearest)
        snprintf(message, METRIC_MESSAGE, "no %s '%.60s'; nearest: %s", what, word, nearest);
    else
        snprintf(message, METRIC_MESSAGE, "no %s '%.60s'; see strong-report help %s", what, word, see);
    return -1;
}

/* The whole of it may be nearly a METRIC, or its head nearly something that has statistics. */
static int wrong_metric(char *message, const char *text, const char *head, const char *tail)
{
    const char *names[NAMES_MOST + 1];
    if (find(metrics_called, head) >= 0) {
        snprintf(message, METRIC_MESSAGE, "%s of what? %s(\"...\")", head, head);
        return -1;
    }
    add_names(names, 0, metrics_scalars);
    const char *nearest = text_nearest(text, names);
    if (nearest) {
        snprintf(message, METRIC_MESSAGE, "no metric '%.60s'; nearest: %s", text, nearest);
        return -1;
    }
    add_hooks(names, add_names(names, 0, metrics_groups));
    nearest = text_nearest(head, names);
    if (nearest)
        snprintf(message, METRIC_MESSAGE, "no metric '%.60s'; nearest: %s%s%.60s", text, nearest,
                 *tail ? "." : "", tail);
    else
        snprintf(message, METRIC_MESSAGE, "no metric '%.60s'; see strong-report help metrics", text);
    return -1;
}

static int wrong_statistic(char *message, const struct metric_entry *entries, const char *word)
{
    const char *names[NAMES_MOST + 1];
    add_names(names, 0, entries);
    return wrong(message, "statistic", word, names, "metrics");
}

/* ---- from a path to a metric ---- */

static int take_statistic(struct metric *metric, const struct metric_entry *entries, const char *head,
                          const char *word, char *message)
{
    if (!*word) {
        snprintf(message, METRIC_MESSAGE, "which figure of '%.60s'? for example .%s", head,
                 entries == metrics_statistics ? "p99" : entries->name);
        return -1;
    }
    int found = find(entries, word);
    if (found < 0)
        return wrong_statistic(message, entries, word);
    metric->statistic = (unsigned)found;
    metric->unit = entries[found].unit;
    return 0;
}

static int unfit(char *message, const char *what, const char *has)
{
    snprintf(message, METRIC_MESSAGE, "%.60s has %s", what, has);
    return -1;
}

/* name("…").statistic */
static int resolve_called(struct metric *metric, const struct metric_path *path, const char *head,
                          const char *tail, char *message)
{
    const char *names[NAMES_MOST + 1];
    int found = find(metrics_called, head);
    if (found < 0) {
        add_names(names, 0, metrics_called);
        return wrong(message, "function", head, names, "metrics");
    }
    metric->subject = (enum metric_subject)found;
    metric->name = path->name;
    if (metric->subject == METRIC_OF_HOOK) {
        metric->index = find_hook(path->name);
        if (metric->index == HOOK_NONE) {
            add_hooks(names, 0);
            return wrong(message, "hook", path->name, names, "metrics");
        }
    }
    if (metric->subject == METRIC_OF_RULE) {
        while (finding_names[metric->index] && strcmp(finding_names[metric->index], path->name) != 0)
            metric->index++;
        if (!finding_names[metric->index])
            return wrong(message, "finding", path->name, finding_names, "findings");
        return take_statistic(metric, metrics_finding_figures, head, tail, message);
    }
    if (take_statistic(metric, metrics_statistics, head, tail, message) != 0)
        return -1;
    bool is_value = metric->statistic == STATISTIC_VALUE, is_rate = metric->statistic == STATISTIC_RATE;
    if (metric->subject == METRIC_OF_LEVEL && !is_value)
        return unfit(message, "a gauge", "its value: gauge(\"…\").value");
    if (metric->subject == METRIC_OF_TALLY && !is_value && !is_rate && metric->statistic != STATISTIC_CALLS)
        return unfit(message, "a count", "its value, its rate and its calls");
    if (metric->subject < METRIC_OF_TALLY && is_value)
        return unfit(message, head, "no value; counts and gauges have");
    return 0;
}

int metrics_resolve(const struct metric_path *path, struct metric *ret_metric,
                    char message[METRIC_MESSAGE])
{
    struct metric metric = {.target = path->target};
    char head[sizeof(path->text)];
    snprintf(head, sizeof(head), "%s", path->text);
    int found = path->name || path->target ? -1 : find(metrics_scalars, head);
    if (found >= 0) {
        metric.subject = METRIC_OF_PROCESS;
        metric.index = (unsigned)found;
        metric.unit = metrics_scalars[found].unit;
        *ret_metric = metric;
        return 0;
    }
    char *dot = path->parts > 1 ? strrchr(head, '.') : NULL;
    const char *tail = dot ? dot + 1 : "";
    if (dot)
        *dot = '\0';
    int failed;
    if (path->name) {
        failed = resolve_called(&metric, path, head, tail, message);
    } else {
        found = find(metrics_groups, head);
        metric.subject = found >= 0 ? METRIC_OF_GROUP : METRIC_OF_HOOK;
        metric.index = found >= 0 ? group_parts[found] : find_hook(head);
        if (metric.subject == METRIC_OF_HOOK && metric.index == HOOK_NONE)
            return wrong_metric(message, path->text, head, tail);
        failed = take_statistic(&metric, metrics_statistics, head, tail, message);
        if (!failed && metric.statistic == STATISTIC_VALUE)
            failed = unfit(message, head, "no value; counts and gauges have");
    }
    if (!failed)
        *ret_metric = metric;
    return failed;
}

bool metrics_needs_analysis(const struct metric *metric)
{
    return metric->subject == METRIC_OF_RULE ||
           (metric->subject == METRIC_OF_PROCESS &&
            (metric->index == METRIC_ID_findings_critical || metric->index == METRIC_ID_findings_warning ||
             metric->index == METRIC_ID_findings_note));
}

/* ---- values ---- */

static struct metric_value finding_value(const struct metric *metric, const struct metrics_context *context)
{
    if (!context->analysis)
        return metrics_unknown("the rules did not run");
    const struct finding *finding =
        analysis_finding(context->analysis, (enum finding_id)metric->index);
    if (finding->state == FINDING_NOT_MEASURED)
        return metrics_unknown(*finding->evidence ? finding->evidence : "not measured");
    bool found = finding->state == FINDING_FOUND;
    switch ((enum metric_finding_figure)metric->statistic) {
    case FINDING_FIGURE_FOUND:
        return metrics_known(found);
    case FINDING_FIGURE_GAIN:
        return metrics_known(found ? (double)finding->gain_ns / 1e9 : 0);
    case FINDING_FIGURE_SHARE:
        break;
    }
    return metrics_known(found ? finding->share : 0);
}

struct metric_value metrics_value(const struct metric *metric, const struct metrics_context *context)
{
    if (metric->subject == METRIC_OF_PROCESS)
        return metrics_scalar((enum metric_id)metric->index, context);
    if (metric->subject == METRIC_OF_RULE)
        return finding_value(metric, context);
    return metrics_calls(metric, context);
}
