/* operation_report.c: see operation_report.h. The time of operations lies over that of the calls inside, and of other
 * operations: no share of anything is printed, and no sum.
 */
#include "render/operation_report.h"

#include <string.h>

#include "analyse/units.h"
#include "render/table.h"
#include "render/text_blocks.h"

static size_t rows_of(const struct model *model, unsigned hook)
{
    size_t count = 0;
    for (size_t i = 0; i < model->row_count; i++)
        count += model->rows[i].hook == hook && model->rows[i].calls > 0;
    return count;
}

static const char *percentile(const struct latency *latency, double share, struct units_text *room)
{
    *room = (struct units_text){""};
    if (latency->total > 0)
        *room = units_duration(latency_percentile_ns(latency, share));
    return room->text;
}

/* ---- a few lines ---- */

static void operation_line(struct screen *screen, const struct analysis *analysis,
                           const struct model_row *row)
{
    struct units_text room;
    struct screen_line line;
    const char *name = text_blocks_target(analysis, row->target);
    screen_begin(&line, screen);
    screen_right(&line, 11, STYLE_PLAIN, units_duration(row->ns).text);
    screen_add(&line, STYLE_PLAIN, "   ");
    unsigned width = screen->width > 64 ? screen->width - 64 : screen->width - line.columns - 1;
    screen_add_text(&line, STYLE_PLAIN, name, strlen(name), width);
    if (screen->width > 64) {
        screen_add(&line, STYLE_DIM, "  %s", units_plural(row->calls, "time").text);
        if (row->latency.total > 0) {
            screen_add(&line, STYLE_DIM, ", p50 %s", percentile(&row->latency, 0.5, &room));
            screen_add(&line, STYLE_DIM, ", p99 %s", percentile(&row->latency, 0.99, &room));
        }
        if (row->errors > 0)
            screen_add(&line, STYLE_WARNING, ", %s failed", units_count(row->errors).text);
    }
    screen_end(&line, screen);
}

static void rest_line(struct screen *screen, size_t operations, size_t counts, size_t gauges)
{
    const struct {
        size_t count;
        const char *what;
    } parts[] = {{operations, "more operation"}, {counts, "count"}, {gauges, "gauge"}};
    struct screen_line line;
    bool first = true;
    screen_begin(&line, screen);
    screen_column(&line, 4);
    for (unsigned i = 0; i < 3; i++) {
        if (parts[i].count == 0)
            continue;
        screen_add(&line, STYLE_DIM, "%s%s", first ? "and " : ", ",
                   units_plural(parts[i].count, parts[i].what).text);
        first = false;
    }
    screen_add(&line, STYLE_DIM, ": strong-report --full");
    screen_end(&line, screen);
}

void operation_report_lines(struct screen *screen, const struct analysis *analysis, bool blank, unsigned most)
{
    const struct model *model = analysis->model;
    size_t operations = rows_of(model, HOOK_operation), counts = rows_of(model, HOOK_count);
    if (operations + counts + model->gauge_count == 0 || most < 2)
        return;
    if (blank)
        screen_blank(screen);
    screen_print(screen, STYLE_BOLD, "Operations of the program");
    size_t room = most - 1, shown = 0;
    bool rest = operations > room || counts + model->gauge_count > 0;
    for (size_t i = 0; i < model->row_count && shown + rest < room; i++) {
        if (model->rows[i].hook != HOOK_operation || model->rows[i].calls == 0)
            continue;
        operation_line(screen, analysis, &model->rows[i]);
        shown++;
    }
    if (rest)
        rest_line(screen, operations - shown, counts, model->gauge_count);
}

/* ---- tables ---- */

static void operations_table(struct screen *screen, const struct analysis *analysis)
{
    static const struct table_column columns[] = {{"time", 10, 0}, {"times", 12, 40}, {"p50", 9, 60},
                                                  {"p90", 9, 90},  {"p99", 9, 60},    {"max", 9, 80},
                                                  {"failed", 9, 90}, {"bytes", 10, 100}};
    const struct table table = {screen, columns, 8, "operation", 0, true};
    const struct model *model = analysis->model;
    if (rows_of(model, HOOK_operation) == 0)
        return;
    table_heading(screen, "Operations of the program");
    table_about(screen, "What it measures itself. An operation holds calls and other operations: the times overlap, "
                        "and are in no other table.");
    table_titles(&table);
    for (size_t i = 0; i < model->row_count; i++) {
        const struct model_row *one = &model->rows[i];
        if (one->hook != HOOK_operation || one->calls == 0)
            continue;
        struct units_text room;
        struct table_row row;
        table_begin(&row, &table);
        table_cell(&row, STYLE_PLAIN, units_duration(one->ns).text);
        table_cell(&row, STYLE_PLAIN, units_count(one->calls).text);
        table_cell(&row, STYLE_PLAIN, percentile(&one->latency, 0.5, &room));
        table_cell(&row, STYLE_PLAIN, percentile(&one->latency, 0.9, &room));
        table_cell(&row, STYLE_PLAIN, percentile(&one->latency, 0.99, &room));
        table_cell(&row, STYLE_PLAIN, units_duration(one->max_ns).text);
        table_cell(&row, STYLE_PLAIN, one->errors > 0 ? units_count(one->errors).text : "");
        table_cell(&row, STYLE_PLAIN, one->bytes > 0 ? units_bytes(one->bytes).text : "");
        table_end(&row, text_blocks_target(analysis, one->target), "");
    }
}

static void counts_table(struct screen *screen, const struct analysis *analysis)
{
    static const struct table_column columns[] = {{"sum", 16, 0}, {"times", 14, 40}};
    const struct table table = {screen, columns, 2, "count", 0, true};
    const struct model *model = analysis->model;
    if (rows_of(model, HOOK_count) == 0)
        return;
    table_heading(screen, "Counts of the program");
    table_titles(&table);
    for (size_t i = 0; i < model->row_count; i++) {
        const struct model_row *one = &model->rows[i];
        if (one->hook != HOOK_count || one->calls == 0)
            continue;
        struct table_row row;
        table_begin(&row, &table);
        table_cell(&row, STYLE_PLAIN, units_count(one->bytes).text);
        table_cell(&row, STYLE_PLAIN, units_count(one->calls).text);
        table_end(&row, text_blocks_target(analysis, one->target), "");
    }
}

static void value_cell(struct table_row *row, double value)
{
    char text[40];
    snprintf(text, sizeof(text), "%.6g", value);
    table_cell(row, STYLE_PLAIN, text);
}

static void gauges_table(struct screen *screen, const struct analysis *analysis)
{
    static const struct table_column columns[] = {{"last", 14, 0},  {"lowest", 14, 60}, {"mean", 14, 90},
                                                  {"highest", 14, 60}, {"times", 12, 90}};
    const struct table table = {screen, columns, 5, "gauge", 0, true};
    const struct model *model = analysis->model;
    if (model->gauge_count == 0)
        return;
    table_heading(screen, "Gauges of the program");
    table_titles(&table);
    for (size_t i = 0; i < model->gauge_count; i++) {
        const struct model_gauge *one = &model->gauges[i];
        struct table_row row;
        table_begin(&row, &table);
        value_cell(&row, one->last);
        value_cell(&row, one->lowest);
        value_cell(&row, one->mean);
        value_cell(&row, one->highest);
        table_cell(&row, STYLE_PLAIN, units_count(one->count).text);
        table_end(&row, text_blocks_target(analysis, one->target), "");
    }
}

void operation_report_tables(struct screen *screen, const struct analysis *analysis)
{
    operations_table(screen, analysis);
    counts_table(screen, analysis);
    gauges_table(screen, analysis);
}
