/* live_resources.c: what the kernel and the allocator count, each with its history as a line of bars.
 *
 * The history is the segment's own series, a reading a second while the process makes calls, together with what was
 * read from outside at each look: that goes on while it rests, and knows more. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "analyse/units.h"
#include "render/live.h"

enum { HISTORY_MOST = 120 };
static const uint64_t NEAR_NS = 500000000; /* readings nearer than that are one place of the history */

enum unit { UNIT_CPU, UNIT_BYTES, UNIT_COUNT };

struct resource {
    const char *name;
    size_t fields[2]; /* added up; offset 0, at_ns, is none */
    enum unit unit;
    bool level; /* as it stands; else what is added a second */
};

#define FIELD(name) offsetof(struct model_resource, name)
static const struct resource resources[] = {
    {"CPU", {FIELD(cpu_user_ns), FIELD(cpu_system_ns)}, UNIT_CPU, false},
    {"CPU, system", {FIELD(cpu_system_ns), 0}, UNIT_CPU, false},
    {"main waits for CPU", {FIELD(run_delay_ns), 0}, UNIT_CPU, false},
    {"memory resident", {FIELD(rss_bytes), 0}, UNIT_BYTES, true},
    {"heap in use", {FIELD(heap_allocated_bytes), 0}, UNIT_BYTES, true},
    {"heap resident", {FIELD(heap_resident_bytes), 0}, UNIT_BYTES, true},
    {"allocated", {FIELD(allocated_bytes), 0}, UNIT_BYTES, false},
    {"read from disk", {FIELD(read_bytes), 0}, UNIT_BYTES, false},
    {"written to disk", {FIELD(written_bytes), 0}, UNIT_BYTES, false},
    {"minor faults", {FIELD(minor_faults), 0}, UNIT_COUNT, false},
    {"major faults", {FIELD(major_faults), 0}, UNIT_COUNT, false},
    {"switches, voluntary", {FIELD(voluntary_switches), 0}, UNIT_COUNT, false},
    {"switches, forced", {FIELD(involuntary_switches), 0}, UNIT_COUNT, false},
    {"threads", {FIELD(threads), 0}, UNIT_COUNT, true},
    {"descriptors", {FIELD(descriptors), 0}, UNIT_COUNT, true},
};

static uint64_t reading(const struct model_resource *record, const struct resource *resource)
{
    uint64_t value = *(const uint64_t *)((const char *)record + resource->fields[0]);
    if (!resource->fields[1] || value == MODEL_UNKNOWN)
        return value;
    uint64_t more = *(const uint64_t *)((const char *)record + resource->fields[1]);
    return more == MODEL_UNKNOWN ? more : value + more;
}

/* A series of values, oldest first; a rate belongs to the reading that ends it. */
struct series {
    double values[HISTORY_MOST];
    unsigned count;
    double highest;
    uint64_t last, last_at_ns; /* the reading before */
    bool begun;
};

static void put_value(struct series *series, double value)
{
    if (series->count == HISTORY_MOST) {
        memmove(series->values, series->values + 1, (HISTORY_MOST - 1) * sizeof(double));
        series->count--;
    }
    series->values[series->count++] = value;
    if (value > series->highest)
        series->highest = value;
}

static void take(struct series *series, const struct resource *resource,
                 const struct model_resource *record)
{
    uint64_t value = reading(record, resource);
    bool near = series->begun && record->at_ns < series->last_at_ns + NEAR_NS;
    if (value == MODEL_UNKNOWN || (near && !resource->level))
        return;
    if (near) /* the newer one counts */
        series->count--;
    double seconds = (double)(record->at_ns - series->last_at_ns) / 1e9;
    if (resource->level)
        put_value(series, (double)value);
    else if (series->begun)
        put_value(series, value < series->last ? 0 : (double)(value - series->last) / seconds);
    series->begun = true;
    series->last = value;
    series->last_at_ns = record->at_ns;
}

static void make_series(const struct live_input *input, const struct resource *resource,
                        struct series *ret_series)
{
    const struct model *model = &input->rates->model;
    size_t inside = 0, outside = 0;
    *ret_series = (struct series){0};
    while (inside < model->resource_count || outside < input->look_count) {
        const struct model_resource *a =
            inside < model->resource_count ? &model->resources[inside] : NULL;
        const struct model_resource *b =
            outside < input->look_count ? &input->looks[outside] : NULL;
        bool from_inside = a && (!b || a->at_ns <= b->at_ns);
        take(ret_series, resource, from_inside ? a : b);
        inside += from_inside;
        outside += !from_inside;
    }
}

/* The newest values, as many as there is room for, as bars an eighth high. */
static void draw(const struct screen *screen, const struct series *series, unsigned width,
                 char *buf, size_t size)
{
    static const char *const bars[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    static const char *const marks[] = {"_", ".", "-", "-", "=", "=", "#", "#"};
    unsigned shown = series->count < width ? series->count : width;
    size_t len = 0;
    buf[0] = 0;
    for (unsigned i = series->count - shown; i < series->count; i++) {
        double share = series->highest > 0 ? series->values[i] / series->highest : 0;
        unsigned step = (unsigned)(share * 7 + 0.5);
        const char *bar = (screen->unicode ? bars : marks)[step < 8 ? step : 7];
        if (len + 4 < size)
            len += (size_t)snprintf(buf + len, size - len, "%s", bar);
    }
}

static struct units_text words(enum unit unit, double value, bool level)
{
    struct units_text ret;
    struct units_text number = unit == UNIT_CPU     ? live_short(units_share(value / 1e9))
                               : unit == UNIT_BYTES ? live_short(units_bytes(units_whole(value)))
                                                    : live_count_text(value, level);
    snprintf(ret.text, sizeof(ret.text), "%.40s%s", number.text,
             level || unit == UNIT_CPU ? "" : "/s");
    return ret;
}

void live_resources_view(const struct live_input *input, struct live_table *table)
{
    static const struct live_column columns[] = {
        {"RESOURCE", NULL, 20, true, 0},
        {"NOW", NULL, 10, false, 0},
        {"HIGHEST", NULL, 10, false, 1},
        {"HISTORY, about a reading a second", NULL, 0, true, 0},
    };
    table->columns = columns;
    table->column_count = sizeof(columns) / sizeof(columns[0]);
    table->nothing = "no reading yet";
    unsigned room = input->screen->width > 43 ? input->screen->width - 43 : 16;
    for (unsigned i = 0; i < sizeof(resources) / sizeof(resources[0]); i++) {
        const struct resource *resource = &resources[i];
        struct series series;
        char history[HISTORY_MOST * 3 + 4];
        make_series(input, resource, &series);
        if (series.count == 0)
            continue;
        double now = series.values[series.count - 1];
        struct live_row *row = live_table_add(table, i);
        live_number(table, row, 0, -(double)i, resource->name); /* the order they are listed in */
        live_number(table, row, 1, now, words(resource->unit, now, resource->level).text);
        live_number(table, row, 2, series.highest,
                    words(resource->unit, series.highest, resource->level).text);
        draw(input->screen, &series, room < HISTORY_MOST ? room : HISTORY_MOST, history,
             sizeof(history));
        live_text(table, row, 3, history);
    }
}
