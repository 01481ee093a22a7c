/* locks_view.c: `strong-report report locks`: what threads waited for each other for, who held it, and how often a lock
 * was free.
 *
 * Locks are tried first and timed only where somebody else holds them: the free ones are counted, not timed. Conditions,
 * semaphores, barriers and joins are meetings: waiting there is often what the program wants.
 */
#include <stdlib.h>

#include "analyse/calls.h"
#include "analyse/operations.h"
#include "analyse/units.h"
#include "render/call_table.h"
#include "render/call_tree_report.h"
#include "render/latency_chart.h"
#include "render/table.h"
#include "render/view_text.h"

enum { TREE_LINES = 16, CHARTS = 2 };

static bool is_lock(enum lock_kind kind)
{
    return kind == LOCK_KIND_MUTEX || kind == LOCK_KIND_READ || kind == LOCK_KIND_WRITE ||
           kind == LOCK_KIND_SPIN || kind == LOCK_KIND_FILE;
}

static bool is_meeting_row(const struct model *model, const struct model_row *row)
{
    enum lock_kind kind = operations_lock_kind(row->hook);
    (void)model;
    return kind != LOCK_KIND_NONE && (!is_lock(kind) || kind == LOCK_KIND_FILE);
}

/* ---- by kind ---- */

static void kind_row(const struct table *table, const struct calls *one)
{
    char text[80];
    struct table_row row;
    const struct latency *latency = &one->latency;
    table_begin(&row, table);
    table_cell(&row, STYLE_PLAIN, units_duration(one->ns).text);
    table_cell(&row, STYLE_PLAIN, units_count(one->calls).text);
    table_cell(&row, STYLE_PLAIN, units_count(one->timed).text);
    table_cell(&row, STYLE_PLAIN,
               table_share(text, sizeof(text), (double)one->timed, (double)one->calls));
    table_cell(&row, STYLE_PLAIN,
               latency->total > 0 ? units_duration(latency_percentile_ns(latency, 0.5)).text : "");
    table_cell(&row, STYLE_PLAIN,
               latency->total > 0 ? units_duration(latency_percentile_ns(latency, 0.99)).text : "");
    table_cell(&row, STYLE_PLAIN, one->timed > 0 ? units_duration(one->max_ns).text : "");
    table_cell(&row, STYLE_PLAIN, one->errors > 0 ? units_count(one->errors).text : "");
    table_end(&row, one->name, "");
}

static void by_kind(struct screen *screen, const struct analysis *analysis, struct arena *arena)
{
    static const struct table_column columns[] = {
        {"waited", 10, 0}, {"taken", 12, 50}, {"had to wait", 12, 50}, {"share", 7, 60},
        {"p50", 9, 90},    {"p99", 9, 70},    {"max", 9, 80},          {"errors", 9, 110}};
    const struct table table = {screen, columns, 8, "kind", 0, true};
    struct calls kinds[LOCK_KIND_COUNT] = {{0}};
    uint64_t taken = 0, waits = 0, ns = 0;
    char title[300], about[300];
    for (unsigned hook = 1; hook < HOOK_COUNT; hook++) {
        enum lock_kind kind = operations_lock_kind(hook);
        if (kind == LOCK_KIND_NONE || analysis->model->hooks[hook].calls == 0)
            continue;
        calls_add_hook(&kinds[kind], arena, &analysis->model->hooks[hook]);
        if (!is_lock(kind))
            continue;
        taken += analysis->model->hooks[hook].calls;
        waits += analysis->model->hooks[hook].timed;
        ns += analysis->model->hooks[hook].ns;
    }
    for (unsigned kind = 0; kind < LOCK_KIND_COUNT; kind++) {
        kinds[kind].name = operations_lock_name((enum lock_kind)kind);
        kinds[kind].detail = "";
    }
    calls_sort(kinds, LOCK_KIND_COUNT);
    if (kinds[0].calls == 0) {
        table_heading(screen, "Locks");
        screen_print(screen, STYLE_DIM, "  it took no lock and met no other thread");
        return;
    }
    snprintf(title, sizeof(title), "Locks: waited %s for %s of %s", units_duration(ns).text,
             units_count(waits).text, units_plural(taken, "lock").text);
    if (taken == 0)
        snprintf(title, sizeof(title), "Locks: it took none, but met other threads");
    table_heading(screen, title);
    snprintf(about, sizeof(about),
             "counts and times are exact; %s were free and cost no wait; waits that have not ended "
             "are in report threads",
             units_count(taken > waits ? taken - waits : 0).text);
    table_about(screen, about);
    table_titles(&table);
    for (unsigned i = 0; i < LOCK_KIND_COUNT; i++)
        if (kinds[i].calls > 0)
            kind_row(&table, &kinds[i]);
}

/* ---- by place ---- */

static struct calls *by_place(const struct analysis *analysis, struct arena *arena)
{
    struct calls *items = arena_array(arena, analysis->lock_count + 1, sizeof(*items));
    for (size_t i = 0; items != NULL && i < analysis->lock_count; i++) {
        const struct analysis_lock *lock = &analysis->locks[i];
        char *held = arena_array(arena, 1, 400);
        if (held == NULL)
            return NULL;
        snprintf(held, 400, "%s%s", lock->holder[0] != '\0' ? "held by " : "", lock->holder);
        items[i] = (struct calls){.name = lock->waiter[0] != '\0' ? lock->waiter : "(other)",
                                  .detail = held,
                                  .calls = lock->waits,
                                  .timed = lock->waits,
                                  .ns = lock->ns,
                                  .max_ns = lock->max_ns,
                                  .latency = lock->latency};
    }
    return items;
}

void locks_view(struct screen *screen, const struct analysis *analysis,
                const struct view_form *form)
{
    struct arena arena = {0};
    struct view_form tree = {VIEW_CALLEES, CALLTREE_LOCK, form->rows > 0 ? form->rows : TREE_LINES,
                             form->whole};
    size_t meeting_count = 0;
    const struct calls *places = by_place(analysis, &arena);
    const struct calls *meets = calls_of_rows(analysis, &arena, is_meeting_row, &meeting_count);
    by_kind(screen, analysis, &arena);
    if (places != NULL && meets != NULL) {
        call_table_print(screen, form, "Waits for locks, by who waited and who held", "waiter",
                         "shorter wait", places, analysis->lock_count);
        call_table_print(screen, form,
                         "Meetings: conditions, semaphores, barriers, joins, file locks, by place",
                         "waiter", "shorter wait", meets, meeting_count);
        latency_chart_worst(screen, places, analysis->lock_count, CHARTS);
    }
    call_tree_report_print(screen, analysis, &tree);
    arena_done(&arena);
}
