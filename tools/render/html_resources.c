/* html_resources.c: the readings of what a process used, by column, for the page's timelines. A long run's are thinned:
 * every so many-th is kept, so rates between two of them stay true.
 */
#include "render/html_parts.h"

#include <stddef.h>

#include "render/json_values.h"

struct series {
    const char *group; /* the chart's title; NULL: the one above goes on */
    const char *unit;
    const char *title;
    size_t field;
    double rate; /* 0: a level; else what the difference of two readings is scaled by, a second */
};

#define FIELD(name) offsetof(struct model_resource, name)

static const struct series all_series[] = {
    {"CPU (100 % is one CPU)", "share", "user", FIELD(cpu_user_ns), 1e-9},
    {NULL, NULL, "system", FIELD(cpu_system_ns), 1e-9},
    {NULL, NULL, "main thread waiting for a CPU", FIELD(run_delay_ns), 1e-9},
    {"Resident memory", "bytes", "resident", FIELD(rss_bytes), 0},
    {NULL, NULL, "peak", FIELD(peak_rss_bytes), 0},
    {"The allocator's account", "bytes", "allocated", FIELD(heap_allocated_bytes), 0},
    {NULL, NULL, "active", FIELD(heap_active_bytes), 0},
    {NULL, NULL, "resident", FIELD(heap_resident_bytes), 0},
    {NULL, NULL, "retained", FIELD(heap_retained_bytes), 0},
    {"Allocated by the program", "bytes_per_second", "asked for", FIELD(allocated_bytes), 1},
    {"Threads", "count", "alive", FIELD(threads), 0},
    {"File descriptors", "count", "open", FIELD(descriptors), 0},
    {"Context switches", "per_second", "waiting", FIELD(voluntary_switches), 1},
    {NULL, NULL, "forced", FIELD(involuntary_switches), 1},
    {"Page faults", "per_second", "minor", FIELD(minor_faults), 1},
    {NULL, NULL, "major", FIELD(major_faults), 1},
    {"Storage", "bytes_per_second", "read", FIELD(read_bytes), 1},
    {NULL, NULL, "written", FIELD(written_bytes), 1},
};

/* A process has a thread: the reading at the start can be older than the counts of threads and descriptors. */
static uint64_t field_of(const struct model_resource *resource, size_t field)
{
    bool counted = resource->threads > 0;
    if (!counted && (field == FIELD(threads) || field == FIELD(descriptors)))
        return MODEL_UNKNOWN;
    return *(const uint64_t *)((const char *)resource + field);
}

static bool kept(const struct model *model, size_t index, size_t every)
{
    return index % every == 0 || index + 1 == model->resource_count;
}

static json_t *values_of(const struct model *model, size_t field, size_t every)
{
    json_t *values = json_array();
    for (size_t i = 0; i < model->resource_count; i++)
        if (kept(model, i, every))
            append(values, number(field_of(&model->resources[i], field)));
    return values;
}

static bool known(const struct model *model, size_t field)
{
    size_t readings = 0;
    for (size_t i = 0; i < model->resource_count; i++)
        readings += field_of(&model->resources[i], field) != MODEL_UNKNOWN;
    return readings > 1;
}

static json_t *groups_of(const struct model *model, size_t every)
{
    json_t *groups = json_array(), *list = NULL;
    for (unsigned i = 0; i < sizeof(all_series) / sizeof(all_series[0]); i++) {
        const struct series *one = &all_series[i];
        if (one->group != NULL) {
            json_t *group = json_object();
            list = json_array();
            set(group, "title", text(one->group));
            set(group, "unit", text(one->unit));
            set(group, "series", list);
            append(groups, group);
        }
        if (!known(model, one->field))
            continue;
        json_t *series = json_object();
        set(series, "title", text(one->title));
        set(series, "rate", json_boolean(one->rate > 0));
        set(series, "scale", real(one->rate));
        set(series, "values", values_of(model, one->field, every));
        append(list, series);
    }
    return groups;
}

void html_resources_add(struct html_document *document, const struct model *model)
{
    json_t *object = json_object();
    size_t most = document->limits.readings > 2 ? document->limits.readings : 2;
    size_t every = (model->resource_count + most - 1) / most;
    if (every == 0)
        every = 1;
    set(object, "at", values_of(model, FIELD(at_ns), every));
    set(object, "groups", groups_of(model, every));
    set(object, "every", number(every));
    set(object, "note", text(model->process_count > 1 ? "Of the first process alone." : ""));
    set(document->root, "resources", object);
}
