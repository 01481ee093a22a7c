/* blocked_view.c: `strong-report report blocked`: where threads waited, for what and how long, told apart from waiting for
 * work; and what they are inside of now.
 *
 * What a call waits for is decided by what it touched (accounting_part_of): reading from an accepted connection is
 * waiting for work, reading from one of our own is waiting for the peer.
 */
#include <stdlib.h>

#include "analyse/calls.h"
#include "analyse/units.h"
#include "render/call_table.h"
#include "render/call_tree_report.h"
#include "render/latency_chart.h"
#include "render/table.h"
#include "render/text_blocks.h"
#include "render/view_text.h"

enum { TREE_LINES = 16, CHARTS = 3, THREADS = 12 };

static bool is_idle(const struct model *model, const struct model_row *row)
{
    return accounting_part_of(row->hook, calls_kind(model, row)) == PART_IDLE;
}

static bool is_blocked(const struct model *model, const struct model_row *row)
{
    enum accounting_part part = accounting_part_of(row->hook, calls_kind(model, row));
    return part != PART_IDLE && part != PART_UNACCOUNTED;
}

/* ---- by kind ---- */

static int longest_first(const void *left, const void *right)
{
    const uint64_t *a = left, *b = right;
    return a[0] != b[0] ? (a[0] < b[0] ? 1 : -1) : a[1] < b[1] ? -1 : 1;
}

static void part_row(const struct table *table, const struct analysis *analysis,
                     enum accounting_part part)
{
    const struct accounting *time = &analysis->time;
    char text[80], detail[400] = "";
    struct table_row row;
    uint32_t top = time->top_target[part];
    if (top != 0)
        snprintf(detail, sizeof(detail), "most on %s", calls_target_name(analysis, top));
    table_begin(&row, table);
    table_cell(&row, STYLE_PLAIN, units_duration(time->parts[part]).text);
    table_cell(&row, STYLE_PLAIN,
               table_share(text, sizeof(text), (double)time->parts[part], (double)time->total_ns));
    table_cell(&row, STYLE_PLAIN, time->calls[part] > 0 ? units_count(time->calls[part]).text : "");
    table_end(&row, accounting_part_title(part), detail);
}

static void by_kind(struct screen *screen, const struct analysis *analysis)
{
    static const struct table_column columns[] = {
        {"time", 10, 0}, {"share", 7, 0}, {"calls", 12, 60}};
    const struct table table = {screen, columns, 3, "waiting for", 0, true};
    const struct accounting *time = &analysis->time;
    uint64_t order[PART_COUNT][2], blocked = 0;
    size_t count = 0;
    char title[300];
    for (unsigned part = PART_NETWORK; part < PART_QUEUE; part++) {
        if (part == PART_IDLE || part == PART_EVENT)
            continue;
        blocked += time->parts[part];
        if (time->parts[part] == 0 && time->calls[part] == 0)
            continue;
        order[count][0] = time->parts[part];
        order[count++][1] = part;
    }
    qsort(order, count, sizeof(order[0]), longest_first);
    snprintf(title, sizeof(title), "Blocked for %s, and %s idle, of %s",
             units_duration(blocked).text, units_duration(time->parts[PART_IDLE]).text,
             units_duration(time->total_ns).text);
    table_heading(screen, title);
    table_about(screen, "of the life of all threads, by kind; calls not finished yet are in it, "
                        "CPU time in calls is "
                        "not");
    table_titles(&table);
    for (size_t i = 0; i < count; i++)
        part_row(&table, analysis, (enum accounting_part)order[i][1]);
    part_row(&table, analysis, PART_IDLE);
    if (time->parts[PART_EVENT] > 0)
        part_row(&table, analysis, PART_EVENT);
    if (time->parts[PART_QUEUE] > 0)
        part_row(&table, analysis, PART_QUEUE);
}

void blocked_view(struct screen *screen, const struct analysis *analysis,
                  const struct view_form *form)
{
    struct arena arena = {0};
    size_t hook_count = 0, row_count = 0, idle_count = 0;
    struct view_form tree = {VIEW_CALLEES, CALLTREE_BLOCKED,
                             form->rows > 0 ? form->rows : TREE_LINES, form->whole};
    const struct calls *hooks = calls_of_hooks(analysis, &arena, is_blocked, &hook_count);
    const struct calls *rows = calls_of_rows(analysis, &arena, is_blocked, &row_count);
    const struct calls *idle = calls_of_rows(analysis, &arena, is_idle, &idle_count);
    by_kind(screen, analysis);
    if (hooks != NULL && rows != NULL && idle != NULL) {
        call_table_print(screen, form, "Blocked, by call that ended (exact; CPU time included)",
                         "call", "shorter call", hooks, hook_count);
        call_table_print(screen, form, "Blocked, by call that ended and what it touched",
                         "call on what", "shorter row", rows, row_count);
        call_table_print(screen, form, "Idle, by call that ended: waiting for work", "call on what",
                         "shorter row", idle, idle_count);
        latency_chart_worst(screen, rows, row_count, CHARTS);
    }
    call_tree_report_print(screen, analysis, &tree);
    text_blocks_now(screen, analysis,
                    form->whole      ? 100000
                    : form->rows > 0 ? (unsigned)form->rows
                                     : THREADS);
    arena_done(&arena);
}
