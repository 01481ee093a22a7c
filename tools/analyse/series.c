/* series.c: see series.h. Owns which fields of a reading are shown, and how. */
#include "analyse/series.h"

#include <math.h>
#include <stddef.h>

#define FIELD(name) offsetof(struct model_resource, name)

static const struct {
    const char *name;
    size_t field;
    enum series_unit unit;
    bool rate;
} kinds[SERIES_KINDS] = {
    {"CPU, user", FIELD(cpu_user_ns), SERIES_SHARE, true},
    {"CPU, system", FIELD(cpu_system_ns), SERIES_SHARE, true},
    {"waiting for a CPU", FIELD(run_delay_ns), SERIES_SHARE, true},
    {"resident memory", FIELD(rss_bytes), SERIES_BYTES, false},
    {"resident memory, peak", FIELD(peak_rss_bytes), SERIES_BYTES, false},
    {"page faults, minor", FIELD(minor_faults), SERIES_COUNT, true},
    {"page faults, major", FIELD(major_faults), SERIES_COUNT, true},
    {"switches, voluntary", FIELD(voluntary_switches), SERIES_COUNT, true},
    {"switches, forced", FIELD(involuntary_switches), SERIES_COUNT, true},
    {"threads", FIELD(threads), SERIES_COUNT, false},
    {"open descriptors", FIELD(descriptors), SERIES_COUNT, false},
    {"read from storage", FIELD(read_bytes), SERIES_BYTES, true},
    {"written to storage", FIELD(written_bytes), SERIES_BYTES, true},
    {"asked of malloc", FIELD(allocated_bytes), SERIES_BYTES, true},
    {"allocator: live", FIELD(heap_allocated_bytes), SERIES_BYTES, false},
    {"allocator: in use", FIELD(heap_active_bytes), SERIES_BYTES, false},
    {"allocator: resident", FIELD(heap_resident_bytes), SERIES_BYTES, false},
    {"allocator: retained", FIELD(heap_retained_bytes), SERIES_BYTES, false},
    {"allocator: its own", FIELD(heap_metadata_bytes), SERIES_BYTES, false},
};

static uint64_t value_of(const struct model_resource *reading, size_t field)
{
    return *(const uint64_t *)(const void *)((const char *)reading + field);
}

static void add(struct series *series, double value, uint64_t at_ns)
{
    series->values[series->count] = value;
    series->at_seconds[series->count++] = (double)at_ns / 1e9;
}

static void take_values(struct series *series, const struct model *model, size_t field)
{
    for (size_t i = 0; i < model->resource_count; i++)
        if (value_of(&model->resources[i], field) != MODEL_UNKNOWN)
            add(series, (double)value_of(&model->resources[i], field), model->resources[i].at_ns);
}

static void take_rates(struct series *series, const struct model *model, size_t field)
{
    const struct model_resource *before = NULL;
    double scale = series->unit == SERIES_SHARE ? 1 : 1e9;
    for (size_t i = 0; i < model->resource_count; i++) {
        const struct model_resource *reading = &model->resources[i];
        uint64_t value = value_of(reading, field);
        if (value == MODEL_UNKNOWN)
            continue;
        uint64_t apart =
            before != NULL && reading->at_ns > before->at_ns ? reading->at_ns - before->at_ns : 0;
        bool only =
            before != NULL && series->count == 0 && i + 1 == model->resource_count && apart > 0;
        if (before != NULL && apart < SERIES_APART_NS && !only)
            continue;
        if (before != NULL) {
            uint64_t then = value_of(before, field);
            add(series, (value > then ? (double)(value - then) : 0) / (double)apart * scale,
                reading->at_ns);
        }
        before = reading;
    }
}

static void summarise(struct series *series)
{
    double sum_x = 0, sum_y = 0, sum_xx = 0, sum_xy = 0, n = (double)series->count;
    series->slope = NAN;
    if (series->count == 0)
        return;
    series->least = series->most = series->values[0];
    series->last = series->values[series->count - 1];
    for (size_t i = 0; i < series->count; i++) {
        double x = series->at_seconds[i] - series->at_seconds[0], y = series->values[i];
        series->least = y < series->least ? y : series->least;
        series->most = y > series->most ? y : series->most;
        sum_x += x;
        sum_y += y;
        sum_xx += x * x;
        sum_xy += x * y;
    }
    series->mean = sum_y / n;
    double spread = n * sum_xx - sum_x * sum_x;
    if (series->count >= 3 && spread > 0)
        series->slope = (n * sum_xy - sum_x * sum_y) / spread;
}

bool series_make(const struct model *model, struct arena *arena,
                 struct series ret_series[SERIES_KINDS])
{
    for (unsigned i = 0; i < SERIES_KINDS; i++) {
        struct series *series = &ret_series[i];
        *series =
            (struct series){.name = kinds[i].name, .unit = kinds[i].unit, .rate = kinds[i].rate};
        series->values = arena_array(arena, model->resource_count + 1, sizeof(double));
        series->at_seconds = arena_array(arena, model->resource_count + 1, sizeof(double));
        if (series->values == NULL || series->at_seconds == NULL)
            return false;
        if (series->rate)
            take_rates(series, model, kinds[i].field);
        else
            take_values(series, model, kinds[i].field);
        summarise(series);
    }
    return true;
}
