/* live_calls.c: the views of calls: by function, by what they touch, by the program's own operations. */
#include <stdio.h>
#include <string.h>

#include "render/live.h"

/* Figures of calls, in the same columns wherever they stand. */
struct figures {
    uint64_t calls, errors, bytes, ns;
    const struct latency *latency;
};

enum { COUNT, TIME, BYTES, ERRORS, P50, P99 };

/* `first`: the column of the calls; the others follow. */
static void put_figures(const struct live_input *input, struct live_table *table,
                        struct live_row *row, unsigned first, const struct figures *figures)
{
    const struct rates *rates = input->rates;
    bool whole = input->totals;
    double calls = (double)figures->calls, errors = (double)figures->errors;
    double bytes = (double)figures->bytes;
    live_count(table, row, first + COUNT, whole ? calls : rates_per_second(rates, calls), whole);
    if (whole)
        live_time(table, row, first + TIME, figures->ns);
    else
        live_share(table, row, first + TIME, rates_share(rates, figures->ns));
    live_bytes(table, row, first + BYTES, whole ? bytes : rates_per_second(rates, bytes));
    live_count(table, row, first + ERRORS, whole ? errors : rates_per_second(rates, errors), whole);
    if (row && errors > 0)
        row->cells[first + ERRORS].style = STYLE_WARNING;
    if (!figures->latency || figures->latency->total == 0)
        return;
    live_time(table, row, first + P50, latency_percentile_ns(figures->latency, 0.5));
    live_time(table, row, first + P99, latency_percentile_ns(figures->latency, 0.99));
}

#define FIGURE_COLUMNS                                                                             \
    {"CALLS/s", "CALLS", 8, false, 0}, {"TIME%", "TIME", 8, false, 0},                             \
        {"BYTES/s", "BYTES", 8, false, 0}, {"ERR/s", "ERRORS", 6, false, 2},                       \
        {"P50", NULL, 7, false, 0}, {"P99", NULL, 7, false, 0}

/* ---- by function ---- */

void live_calls_view(const struct live_input *input, struct live_table *table)
{
    static const struct live_column columns[] = {
        {"CALL", NULL, 0, true, 0},
        {"CLASS", NULL, 8, true, 3},
        FIGURE_COLUMNS,
    };
    const struct model *model = &input->rates->model;
    table->columns = columns;
    table->column_count = sizeof(columns) / sizeof(columns[0]);
    table->nothing = "no call in this interval";
    for (unsigned i = 1; i < HOOK_COUNT; i++) {
        const struct model_hook *hook = &model->hooks[i];
        if (hook_kinds[i] == HOOK_KIND_PSEUDO || (hook->calls == 0 && hook->ns == 0))
            continue;
        struct live_row *row = live_table_add(table, i);
        live_text(table, row, 0, hook_names[i]);
        live_text(table, row, 1, class_names[hook_classes[i]]);
        struct figures figures = {hook->calls, hook->errors, hook->bytes, hook->ns, &hook->latency};
        put_figures(input, table, row, 2, &figures);
    }
}

/* ---- by target ---- */

static const char *target_text(const struct live_input *input, uint32_t index)
{
    const struct model_target *target = &input->rates->model.targets[index];
    if (target->text[0])
        return target->text;
    if (target->has_site[0] && input->symbols)
        return symbols_place(input->symbols, &target->site[0]);
    return "(unknown)";
}

/* Rows of a target together; what hooks derive (the life of a connection) is no call. */
static struct figures *add_up_targets(struct live_table *table, const struct model *model)
{
    struct figures *sums = arena_array(&table->arena, model->target_count + 1, sizeof(*sums));
    struct latency *latencies =
        arena_array(&table->arena, model->target_count + 1, sizeof(*latencies));
    for (size_t i = 0; sums && latencies && i < model->row_count; i++) {
        const struct model_row *row = &model->rows[i];
        struct figures *figures = &sums[row->target];
        if (hook_kinds[row->hook] == HOOK_KIND_PSEUDO)
            continue;
        figures->calls += row->calls;
        figures->errors += row->errors;
        figures->bytes += row->bytes;
        figures->ns += row->ns;
        figures->latency = &latencies[row->target];
        (void)latency_merge(&latencies[row->target], &table->arena,
                            &row->latency); /* without memory: fewer calls in it */
    }
    return latencies ? sums : NULL;
}

void live_targets_view(const struct live_input *input, struct live_table *table)
{
    static const struct live_column columns[] = {
        FIGURE_COLUMNS,
        {"TARGET", NULL, 0, true, 0},
    };
    const struct model *model = &input->rates->model;
    table->columns = columns;
    table->column_count = sizeof(columns) / sizeof(columns[0]);
    table->nothing = "nothing was touched in this interval";
    const struct figures *sums = add_up_targets(table, model);
    for (size_t i = 1; sums && i < model->target_count; i++) {
        /* locks have a view of their own, where both sides are named */
        if (model->targets[i].kind == TARGET_LOCK || (sums[i].calls == 0 && sums[i].ns == 0))
            continue;
        struct live_row *row = live_table_add(table, i);
        put_figures(input, table, row, 0, &sums[i]);
        live_text(table, row, 6, target_text(input, (uint32_t)i));
    }
}

/* ---- what the program measures itself (strong.h) ---- */

static void put_name(const struct live_input *input, struct live_table *table,
                     struct live_row *row, uint32_t target, const char *kind)
{
    char text[256];
    snprintf(text, sizeof(text), "%.200s%s", target_text(input, target), kind);
    live_text(table, row, 6, text);
}

/* Increments, and their sum, which is no bytes. */
static void put_count(const struct live_input *input, struct live_table *table,
                      struct live_row *row, const struct model_row *one)
{
    double times = (double)one->calls, sum = (double)one->bytes;
    bool whole = input->totals;
    live_count(table, row, COUNT, whole ? times : rates_per_second(input->rates, times), whole);
    live_count(table, row, BYTES, whole ? sum : rates_per_second(input->rates, sum), whole);
    put_name(input, table, row, one->target, " (count)");
}

static void put_gauges(const struct live_input *input, struct live_table *table)
{
    const struct model *model = &input->rates->model;
    for (size_t i = 0; i < model->gauge_count; i++) {
        const struct model_gauge *gauge = &model->gauges[i];
        struct live_row *row = live_table_add(table, UINT64_MAX - i);
        char value[32];
        snprintf(value, sizeof(value), "%.6g", gauge->last);
        live_number(table, row, BYTES, gauge->last, value);
        put_name(input, table, row, gauge->target, " (gauge)");
    }
}

void live_operations_view(const struct live_input *input, struct live_table *table)
{
    static const struct live_column columns[] = {
        {"TIMES/s", "TIMES", 8, false, 0}, {"TIME%", "TIME", 8, false, 0},
        {"VALUE", NULL, 8, false, 0},      {"ERR/s", "ERRORS", 6, false, 2},
        {"P50", NULL, 7, false, 0},        {"P99", NULL, 7, false, 0},
        {"OPERATION", NULL, 0, true, 0},
    };
    const struct model *model = &input->rates->model;
    table->columns = columns;
    table->column_count = sizeof(columns) / sizeof(columns[0]);
    table->nothing = "nothing that the program measures itself (strong.h) in this interval";
    for (size_t i = 0; i < model->row_count; i++) {
        const struct model_row *one = &model->rows[i];
        if ((one->hook != HOOK_operation && one->hook != HOOK_count) ||
            (one->calls == 0 && one->ns == 0))
            continue;
        struct live_row *row = live_table_add(table, (uint64_t)one->hook << 32 | one->target);
        if (one->hook == HOOK_count) {
            put_count(input, table, row, one);
            continue;
        }
        struct figures figures = {one->calls, one->errors, one->bytes, one->ns, &one->latency};
        put_figures(input, table, row, 0, &figures);
        put_name(input, table, row, one->target, "");
    }
    put_gauges(input, table);
}
