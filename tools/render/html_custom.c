/* html_custom.c: the page's tables of what the program measures itself (strong.h): operations, counts, gauges. */
#include "render/html_parts.h"

#include "render/json_values.h"
#include "render/text_blocks.h"

static const struct html_column operation_columns[] = {
    {"Operation", "text"}, {"Ended", "count"}, {"Errors", "count"}, {"Time", "ns"}, {"p50", "ns"}, {"p90", "ns"},
    {"p99", "ns"}, {"Longest", "ns"}, {NULL, NULL}};
static const struct html_column count_columns[] = {
    {"Count", "text"}, {"Increments", "count"}, {"Sum", "count"}, {NULL, NULL}};
static const struct html_column gauge_columns[] = {
    {"Gauge", "text"}, {"Last", "number"}, {"Lowest", "number"}, {"Mean", "number"}, {"Highest", "number"},
    {"Times set", "count"}, {NULL, NULL}};

static void operations(struct html_document *document, const struct analysis *analysis)
{
    const struct model *model = analysis->model;
    struct html_table table = html_table_new(document, "operations", "Operations", operation_columns);
    set(table.object, "empty", text("The program measures no operations of its own (strong.h)."));
    for (size_t i = 0; i < model->row_count; i++) {
        const struct model_row *one = &model->rows[i];
        json_t *row = one->hook == HOOK_operation ? html_table_row(document, &table) : NULL;
        if (row == NULL)
            continue;
        append(row, html_word(document, text_blocks_target(analysis, one->target)));
        append(row, number(one->calls));
        append(row, number(one->errors));
        append(row, number(one->ns));
        html_append_percentiles(row, &one->latency);
        append(row, number(one->max_ns));
    }
    html_table_end(&table);
}

static void counts(struct html_document *document, const struct analysis *analysis)
{
    const struct model *model = analysis->model;
    if (model->hooks[HOOK_count].calls == 0)
        return;
    struct html_table table = html_table_new(document, "counts", "Counts", count_columns);
    for (size_t i = 0; i < model->row_count; i++) {
        const struct model_row *one = &model->rows[i];
        json_t *row = one->hook == HOOK_count ? html_table_row(document, &table) : NULL;
        if (row == NULL)
            continue;
        append(row, html_word(document, text_blocks_target(analysis, one->target)));
        append(row, number(one->calls));
        append(row, number(one->bytes));
    }
    html_table_end(&table);
}

static void gauges(struct html_document *document, const struct analysis *analysis)
{
    const struct model *model = analysis->model;
    if (model->gauge_count == 0)
        return;
    struct html_table table = html_table_new(document, "gauges", "Gauges", gauge_columns);
    for (size_t i = 0; i < model->gauge_count; i++) {
        const struct model_gauge *one = &model->gauges[i];
        json_t *row = html_table_row(document, &table);
        if (row == NULL)
            continue;
        append(row, html_word(document, text_blocks_target(analysis, one->target)));
        append(row, real(one->last));
        append(row, real(one->lowest));
        append(row, real(one->mean));
        append(row, real(one->highest));
        append(row, number(one->count));
    }
    html_table_end(&table);
}

void html_custom_add(struct html_document *document, const struct analysis *analysis)
{
    operations(document, analysis);
    counts(document, analysis);
    gauges(document, analysis);
}
