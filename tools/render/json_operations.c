/* json_operations.c: see json_operations.h. */
#include "render/json_operations.h"

#include "render/json_values.h"
#include "render/text_blocks.h"

static json_t *operation_of(const struct analysis *analysis, const struct model_row *one)
{
    bool known = one->latency.total > 0;
    json_t *row = json_object();
    set(row, "name", text(text_blocks_target(analysis, one->target)));
    set(row, "calls", number(one->calls));
    set(row, "errors", number(one->errors));
    set(row, "bytes", number(one->bytes));
    set(row, "total_ns", number(one->ns));
    set(row, "max_ns", number(one->max_ns));
    set(row, "p50_ns", known ? number(latency_percentile_ns(&one->latency, 0.5)) : json_null());
    set(row, "p90_ns", known ? number(latency_percentile_ns(&one->latency, 0.9)) : json_null());
    set(row, "p99_ns", known ? number(latency_percentile_ns(&one->latency, 0.99)) : json_null());
    return row;
}

static json_t *count_of(const struct analysis *analysis, const struct model_row *one)
{
    json_t *row = json_object();
    set(row, "name", text(text_blocks_target(analysis, one->target)));
    set(row, "increments", number(one->calls));
    set(row, "sum", number(one->bytes));
    return row;
}

static json_t *gauge_of(const struct analysis *analysis, const struct model_gauge *one)
{
    json_t *row = json_object();
    set(row, "name", text(text_blocks_target(analysis, one->target)));
    set(row, "last", real(one->last));
    set(row, "lowest", real(one->lowest));
    set(row, "highest", real(one->highest));
    set(row, "mean", real(one->mean));
    set(row, "count", number(one->count));
    set(row, "last_at_ns", number(one->last_ns));
    return row;
}

void json_operations_set(json_t *document, const struct analysis *analysis)
{
    const struct model *model = analysis->model;
    json_t *operations = json_array(), *counts = json_array(), *gauges = json_array();
    for (size_t i = 0; i < model->row_count; i++) {
        const struct model_row *one = &model->rows[i];
        if (one->hook == HOOK_operation && one->calls > 0)
            append(operations, operation_of(analysis, one));
        else if (one->hook == HOOK_count && one->calls > 0)
            append(counts, count_of(analysis, one));
    }
    for (size_t i = 0; i < model->gauge_count; i++)
        append(gauges, gauge_of(analysis, &model->gauges[i]));
    set(document, "operations", operations);
    set(document, "counts", counts);
    set(document, "gauges", gauges);
}
