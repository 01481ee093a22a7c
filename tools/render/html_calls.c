/* html_calls.c: the page's tables of calls: by hook, by target, by both, by lock, by error. */
#include "render/html_parts.h"

#include <stdlib.h>
#include <string.h>

#include "render/json_values.h"
#include "render/text_blocks.h"

static const struct html_column call_columns[] = {
    {"Call", "text"}, {"Class", "text"}, {"Calls", "count"}, {"Errors", "count"}, {"Bytes", "bytes"}, {"Time", "ns"},
    {"p50", "ns"}, {"p90", "ns"}, {"p99", "ns"}, {"Longest", "ns"}, {NULL, NULL}};
static const struct html_column target_columns[] = {
    {"Target", "text"}, {"Kind", "text"}, {"Calls", "count"}, {"Errors", "count"}, {"Bytes", "bytes"}, {"Time", "ns"},
    {"Longest", "ns"}, {NULL, NULL}};
static const struct html_column row_columns[] = {
    {"Call", "text"}, {"Target", "text"}, {"Calls", "count"}, {"Errors", "count"}, {"Bytes", "bytes"}, {"Time", "ns"},
    {"p50", "ns"}, {"p90", "ns"}, {"p99", "ns"}, {"Longest", "ns"}, {NULL, NULL}};
static const struct html_column lock_columns[] = {
    {"Who waited", "text"}, {"Who held", "text"}, {"Waits", "count"}, {"Time", "ns"}, {"p50", "ns"}, {"p90", "ns"},
    {"p99", "ns"}, {"Longest", "ns"}, {NULL, NULL}};
static const struct html_column error_columns[] = {
    {"Call", "text"}, {"Error", "text"}, {"Meaning", "text"}, {"Count", "count"}, {NULL, NULL}};

/* Calls that were only counted have no time: that is not 0. */
static void append_counts(json_t *row, uint64_t calls, uint64_t errors, uint64_t bytes)
{
    append(row, number(calls));
    append(row, number(errors));
    append(row, number(bytes));
}

static int by_time(const void *left, const void *right)
{
    const struct model_hook *a = *(const struct model_hook *const *)left;
    const struct model_hook *b = *(const struct model_hook *const *)right;
    if (a->ns != b->ns)
        return a->ns < b->ns ? 1 : -1;
    return a->calls < b->calls ? 1 : a->calls > b->calls ? -1 : a < b ? -1 : a > b;
}

static void hooks(struct html_document *document, const struct model *model)
{
    const struct model_hook *order[HOOK_COUNT];
    size_t count = 0;
    struct html_table table = html_table_new(document, "calls", "Calls", call_columns);
    for (unsigned hook = 1; hook < HOOK_COUNT; hook++)
        if (model->hooks[hook].calls > 0 && hook_classes[hook] != CLASS_CUSTOM)
            order[count++] = &model->hooks[hook];
    qsort(order, count, sizeof(order[0]), by_time);
    for (size_t i = 0; i < count; i++) {
        const struct model_hook *one = order[i];
        size_t hook = (size_t)(one - model->hooks);
        bool timed = one->timed > 0;
        json_t *row = html_table_row(document, &table);
        append(row, html_word(document, hook_names[hook]));
        append(row, html_word(document, class_names[hook_classes[hook]]));
        append_counts(row, one->calls, one->errors, one->bytes);
        append(row, timed ? number(one->ns) : json_null());
        html_append_percentiles(row, &one->latency);
        append(row, timed ? number(one->max_ns) : json_null());
    }
    html_table_end(&table);
}

static int longer_first(const void *left, const void *right)
{
    const struct model_target *a = *(const struct model_target *const *)left;
    const struct model_target *b = *(const struct model_target *const *)right;
    if (a->ns != b->ns)
        return a->ns < b->ns ? 1 : -1;
    return a < b ? -1 : a > b;
}

static void targets(struct html_document *document, const struct analysis *analysis)
{
    const struct model *model = analysis->model;
    struct html_table table = html_table_new(document, "targets", "Targets", target_columns);
    const struct model_target **order = calloc(model->target_count + 1, sizeof(const struct model_target *));
    document->failed |= order == NULL;
    for (size_t i = 0; order != NULL && i < model->target_count; i++)
        order[i] = &model->targets[i];
    if (order != NULL)
        qsort(order, model->target_count, sizeof(const struct model_target *), longer_first);
    for (size_t i = 0; order != NULL && i < model->target_count; i++) {
        const struct model_target *one = order[i];
        bool touched = one->calls > 0 && one->kind != TARGET_CUSTOM;
        json_t *row = touched ? html_table_row(document, &table) : NULL;
        if (row == NULL)
            continue;
        append(row, html_path(document, text_blocks_target(analysis, (uint32_t)(one - model->targets))));
        append(row, html_word(document, target_kind_name(one->kind)));
        append_counts(row, one->calls, one->errors, one->bytes);
        append(row, number(one->ns));
        append(row, number(one->max_ns));
    }
    free(order);
    html_table_end(&table);
}

static void rows(struct html_document *document, const struct analysis *analysis)
{
    const struct model *model = analysis->model;
    struct html_table table = html_table_new(document, "rows", "Calls by target", row_columns);
    for (size_t i = 0; i < model->row_count; i++) {
        const struct model_row *one = &model->rows[i];
        bool touched = one->target != 0 && hook_classes[one->hook] != CLASS_CUSTOM;
        json_t *row = touched ? html_table_row(document, &table) : NULL;
        if (row == NULL)
            continue;
        append(row, html_word(document, hook_names[one->hook]));
        append(row, html_path(document, text_blocks_target(analysis, one->target)));
        append_counts(row, one->calls, one->errors, one->bytes);
        append(row, number(one->ns));
        html_append_percentiles(row, &one->latency);
        append(row, number(one->max_ns));
    }
    html_table_end(&table);
}

static void locks(struct html_document *document, const struct analysis *analysis)
{
    struct html_table table = html_table_new(document, "locks", "Lock waits", lock_columns);
    for (size_t i = 0; i < analysis->lock_count; i++) {
        const struct analysis_lock *one = &analysis->locks[i];
        json_t *row = html_table_row(document, &table);
        if (row == NULL)
            continue;
        append(row, html_path(document, one->waiter));
        append(row, one->holder[0] != '\0' ? html_path(document, one->holder) : json_null());
        append(row, number(one->waits));
        append(row, number(one->ns));
        html_append_percentiles(row, &one->latency);
        append(row, number(one->max_ns));
    }
    html_table_end(&table);
}

static void errors(struct html_document *document, const struct model *model)
{
    struct html_table table = html_table_new(document, "errors", "Errors", error_columns);
    for (size_t i = 0; i < model->error_count; i++) {
        const struct model_error *one = &model->errors[i];
        const char *name = strerrorname_np(one->error), *meaning = strerrordesc_np(one->error);
        json_t *row = html_table_row(document, &table);
        if (row == NULL)
            continue;
        append(row, html_word(document, hook_names[one->hook]));
        append(row, html_word(document, name != NULL ? name : "unknown"));
        append(row, html_word(document, meaning != NULL ? meaning : ""));
        append(row, number(one->count));
    }
    html_table_end(&table);
}

void html_calls_add(struct html_document *document, const struct analysis *analysis)
{
    hooks(document, analysis->model);
    targets(document, analysis);
    rows(document, analysis);
    locks(document, analysis);
    errors(document, analysis->model);
}
