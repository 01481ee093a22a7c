/* html_diff_tables.c: see html_diff_tables.h. A figure of both sides is always four cells: A, B, the change, the judgement. */
#include "render/html_diff_tables.h"

#include <math.h>
#include <stdio.h>

#include "render/json_values.h"

static void append_figure(struct html_document *document, json_t *row, const struct noise_figure *figure)
{
    static const char *const words[] = {"within noise", "less", "more", "not known"};
    append(row, real(figure->a));
    append(row, real(figure->b));
    append(row, real(noise_change(figure)));
    append(row, html_word(document, words[figure->judgement]));
}

/* ---- calls ---- */

static const struct html_column row_columns[] = {
    {"Target", "text"}, {"Time of each", "text"}, {"A", "ns"}, {"B", "ns"}, {"Change", "change"}, {"Judgement", "text"},
    {"p99 in A", "ns"}, {"p99 in B", "ns"}, {"Calls in A", "count"}, {"Calls in B", "count"}, {"A second in A", "per_second"},
    {"A second in B", "per_second"}, {NULL, NULL}};
static const struct html_column hook_columns[] = {
    {"Call", "text"}, {"Time of each", "text"}, {"A", "ns"}, {"B", "ns"}, {"Change", "change"}, {"Judgement", "text"},
    {"p99 in A", "ns"}, {"p99 in B", "ns"}, {"Calls in A", "count"}, {"Calls in B", "count"}, {"A second in A", "per_second"},
    {"A second in B", "per_second"}, {NULL, NULL}};

static void rows(struct html_document *document, const char *id, const char *title, const struct html_column *columns,
                 const struct difference_row *list, size_t count)
{
    struct html_table table = html_table_new(document, id, title, columns);
    for (size_t i = 0; i < count; i++) {
        const struct difference_row *one = &list[i];
        char unit[60];
        json_t *row = html_table_row(document, &table);
        if (row == NULL)
            continue;
        snprintf(unit, sizeof(unit), "%s%s", one->unit, one->idle ? ", idle" : "");
        append(row, html_path(document, one->name));
        append(row, html_word(document, unit));
        append_figure(document, row, &one->each);
        append(row, real(one->p99.a));
        append(row, real(one->p99.b));
        append(row, number(one->calls[0]));
        append(row, number(one->calls[1]));
        append(row, real(one->calls_a_second.a));
        append(row, real(one->calls_a_second.b));
    }
    html_table_end(&table);
}

/* ---- the rest ---- */

static void parts(struct html_document *document, const struct difference *difference)
{
    static const struct html_column columns[] = {
        {"Where the time went", "text"}, {"A", "ns"}, {"B", "ns"}, {"Change", "change"}, {"Judgement", "text"},
        {"A second in A", "ns"}, {"A second in B", "ns"}, {NULL, NULL}};
    struct html_table table = html_table_new(document, "parts", "Time", columns);
    for (unsigned i = 0; i < PART_COUNT; i++) {
        const struct difference_part *one = &difference->parts[i];
        json_t *row = html_table_row(document, &table);
        append(row, html_word(document, accounting_part_title(one->part)));
        append_figure(document, row, &one->time);
        append(row, real(one->time_a_second.a));
        append(row, real(one->time_a_second.b));
    }
    html_table_end(&table);
}

static void findings(struct html_document *document, const struct difference *difference)
{
    static const struct html_column columns[] = {
        {"Finding", "text"}, {"What became of it", "text"}, {"To gain in A", "ns"}, {"To gain in B", "ns"}, {"Change", "change"},
        {"Judgement", "text"}, {NULL, NULL}};
    struct html_table table = html_table_new(document, "findings", "Findings", columns);
    for (size_t i = 0; i < difference->finding_count; i++) {
        const struct difference_finding *one = &difference->findings[i];
        json_t *row = html_table_row(document, &table);
        append(row, html_word(document, one->of[0]->title));
        append(row, html_word(document, difference_change_name(one->change)));
        append_figure(document, row, &one->gain);
    }
    html_table_end(&table);
}

static void optimizers(struct html_document *document, const struct difference *difference)
{
    static const struct html_column columns[] = {
        {"Optimizer", "text"}, {"State in A", "text"}, {"State in B", "text"}, {"Acted in A", "number"}, {"Acted in B", "number"},
        {"Change", "change"}, {"Judgement", "text"}, {"Saved at most in A", "ns"}, {"Saved at most in B", "ns"}, {NULL, NULL}};
    struct html_table table = html_table_new(document, "optimizers", "Optimizers", columns);
    for (unsigned id = 0; id < OPTIMIZER_COUNT; id++) {
        const struct difference_optimizer *one = &difference->optimizers[id];
        json_t *row = html_table_row(document, &table);
        append(row, html_word(document, one->of[0]->name));
        append(row, html_word(document, optimizers_state_name(one->of[0]->state)));
        append(row, html_word(document, optimizers_state_name(one->of[1]->state)));
        append_figure(document, row, &one->acted);
        append(row, real(one->saved.a));
        append(row, real(one->saved.b));
    }
    html_table_end(&table);
}

void html_diff_tables_add(struct html_document *document, const struct difference *difference)
{
    rows(document, "targets", "Targets", row_columns, difference->targets, difference->target_count);
    rows(document, "hooks", "Calls", hook_columns, difference->hooks, difference->hook_count);
    parts(document, difference);
    findings(document, difference);
    optimizers(document, difference);
}
