/* html_latencies.c: how long calls took: histograms, and single calls out of the flight recorder. */
#include "render/html_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analyse/units.h"
#include "render/json_values.h"
#include "render/text_blocks.h"

enum { BINS_OF_OCTAVE = 4, BINS = 64 * BINS_OF_OCTAVE };

void html_append_percentiles(json_t *row, const struct latency *latency)
{
    static const double shares[] = {0.5, 0.9, 0.99};
    for (unsigned i = 0; i < 3; i++)
        append(row, latency->total > 0 ? number(latency_percentile_ns(latency, shares[i])) : json_null());
}

/* ---- histograms ---- */

struct timed {
    uint32_t hook, target; /* target 0: all of the hook's calls */
    uint64_t ns;
    const struct latency *latency;
};

static int longer_first(const void *left, const void *right)
{
    const struct timed *a = left, *b = right;
    if (a->ns != b->ns)
        return a->ns < b->ns ? 1 : -1;
    return a->hook != b->hook ? (a->hook < b->hook ? -1 : 1) : a->target < b->target ? -1 : a->target > b->target;
}

/* Counts in bins of equal width on a logarithmic scale, from the first to the last that has any. */
static void set_bins(json_t *object, const struct latency *latency)
{
    uint64_t bins[BINS] = {0};
    unsigned first = BINS, last = 0;
    json_t *counts = json_array();
    for (unsigned i = 0; i < latency->len; i++) {
        if (latency->counts[i] == 0)
            continue;
        double ns = (double)histogram_middle(latency->first + i) * latency->ns_per_tick;
        double at = ns > 1 ? floor(log2(ns) * BINS_OF_OCTAVE) : 0;
        unsigned bin = at < BINS - 1 ? (unsigned)at : BINS - 1;
        bins[bin] += latency->counts[i];
        first = bin < first ? bin : first;
        last = bin > last ? bin : last;
    }
    for (unsigned bin = first; bin <= last && bin < BINS; bin++)
        append(counts, number(bins[bin]));
    set(object, "first", number(first < BINS ? first : 0));
    set(object, "counts", counts);
}

static json_t *histogram_of(struct html_document *document, const struct analysis *analysis, const struct timed *one)
{
    json_t *object = json_object();
    set(object, "hook", html_word(document, hook_names[one->hook]));
    set(object, "target",
        one->target != 0 ? html_path(document, text_blocks_target(analysis, one->target)) : json_null());
    set(object, "total", number(one->latency->total));
    set(object, "p50", number(latency_percentile_ns(one->latency, 0.5)));
    set(object, "p90", number(latency_percentile_ns(one->latency, 0.9)));
    set(object, "p99", number(latency_percentile_ns(one->latency, 0.99)));
    set(object, "max", number(one->latency->max_ns));
    set_bins(object, one->latency);
    return object;
}

/* The life of a thread or a connection is none; the program's own operations are as good as calls. */
static bool is_call(uint32_t hook)
{
    return hook_kinds[hook] != HOOK_KIND_PSEUDO || hook == HOOK_operation;
}

/* A hook that made (nearly) all its calls on one target says nothing beside that target's row. */
static bool has_main_target(const struct model *model, uint32_t hook)
{
    for (size_t i = 0; i < model->row_count; i++)
        if (model->rows[i].hook == hook && model->rows[i].target != 0 &&
            (double)model->rows[i].latency.total >= 0.95 * (double)model->hooks[hook].latency.total)
            return true;
    return false;
}

void html_histograms_add(struct html_document *document, const struct analysis *analysis)
{
    const struct model *model = analysis->model;
    json_t *array = json_array();
    size_t count = 0;
    struct timed *all = calloc(model->row_count + HOOK_COUNT, sizeof(*all));
    document->failed |= all == NULL;
    for (uint32_t hook = 1; all != NULL && hook < HOOK_COUNT; hook++)
        if (model->hooks[hook].latency.total > 0 && is_call(hook) && !has_main_target(model, hook))
            all[count++] = (struct timed){hook, 0, model->hooks[hook].ns, &model->hooks[hook].latency};
    for (size_t i = 0; all != NULL && i < model->row_count; i++) {
        const struct model_row *row = &model->rows[i];
        if (row->target != 0 && row->latency.total > 0 && is_call(row->hook))
            all[count++] = (struct timed){row->hook, row->target, row->ns, &row->latency};
    }
    if (all != NULL)
        qsort(all, count, sizeof(*all), longer_first);
    for (size_t i = 0; i < count && i < document->limits.histograms; i++)
        append(array, histogram_of(document, analysis, &all[i]));
    free(all);
    set(document->root, "histograms", array);
}

/* ---- single calls ---- */

enum event_column { EVENT_START_US, EVENT_NS, EVENT_HOOK, EVENT_TARGET, EVENT_CLASS, EVENT_ERROR, EVENT_TID, EVENT_COLUMNS };

static int slower_first(const void *left, const void *right)
{
    const struct model_event *a = *(const struct model_event *const *)left;
    const struct model_event *b = *(const struct model_event *const *)right;
    if (a->duration_ns != b->duration_ns)
        return a->duration_ns < b->duration_ns ? 1 : -1;
    return a < b ? -1 : a > b;
}

static void add_event(struct html_document *document, const struct analysis *analysis, const struct model_event *event,
                      json_t *const *columns)
{
    enum target_kind kind = analysis->model->targets[event->target].kind;
    const char *error = event->error != 0 ? strerrorname_np(event->error) : NULL;
    append(columns[EVENT_START_US], number(event->start_ns / 1000));
    append(columns[EVENT_NS], number(event->duration_ns));
    append(columns[EVENT_HOOK], html_word(document, hook_names[event->hook]));
    append(columns[EVENT_TARGET],
           html_short_path(document, event->target != 0 ? text_blocks_target(analysis, event->target) : ""));
    append(columns[EVENT_CLASS], number(model_class(event->hook, kind)));
    append(columns[EVENT_ERROR], event->error == 0 ? json_null()
                                                   : html_word(document, error != NULL ? error : "unknown error"));
    append(columns[EVENT_TID], event->tid > 0 ? number((uint64_t)event->tid) : json_null());
}

static void set_note(json_t *object, const struct model *model, size_t shown)
{
    char note[400];
    uint64_t slow = optimizers_option(model, "SLOW");
    int len = snprintf(note, sizeof(note), "Each thread keeps its last calls: all slower than %s, and a share of the "
                                           "others. %s here",
                       slow != MODEL_UNKNOWN ? units_duration(slow).text : "STRONG_SLOW", units_plural(shown, "call").text);
    if (shown < model->event_count)
        len += snprintf(note + len, sizeof(note) - (size_t)len, ", the slowest of %s",
                        units_count(model->event_count).text);
    snprintf(note + len, sizeof(note) - (size_t)len, "; %s older were overwritten.",
             units_count(model->events_overwritten).text);
    set(object, "note", text(note));
}

void html_events_add(struct html_document *document, const struct analysis *analysis)
{
    const struct model *model = analysis->model;
    json_t *object = json_object(), *lists = json_array(), *classes = json_array(), *columns[EVENT_COLUMNS];
    const struct model_event **order = calloc(model->event_count + 1, sizeof(const struct model_event *));
    document->failed |= order == NULL;
    for (unsigned i = 0; i < EVENT_COLUMNS; i++)
        append(lists, columns[i] = json_array());
    for (size_t i = 0; order != NULL && i < model->event_count; i++)
        order[i] = &model->events[i];
    if (order != NULL)
        qsort(order, model->event_count, sizeof(const struct model_event *), slower_first);
    size_t shown = model->event_count < document->limits.events ? model->event_count : document->limits.events;
    for (size_t i = 0; order != NULL && i < shown; i++)
        add_event(document, analysis, order[i], columns);
    free(order);
    for (unsigned class = 0; class < CLASS_COUNT; class ++)
        append(classes, text(class_names[class]));
    set(object, "columns", lists);
    set(object, "classes", classes);
    set_note(object, model, shown);
    set(document->root, "events", object);
}
