/* diff_report.c: see diff_report.h. Owns what is shown and in which order; the lines are diff_lines'. */
#include "render/diff_report.h"

#include <stdio.h>

#include "analyse/units.h"
#include "render/diff_lines.h"

enum { PARTS_SHOWN = 7, TARGETS_SHOWN = 5, HOOKS_SHOWN = 4, FINDINGS_SHOWN = 5, ROWS_FULL = 100 };

static void more(struct screen *screen, size_t count)
{
    if (count > 0)
        screen_print(screen, STYLE_DIM, "  and %zu more: --full", count);
}

static bool is_visible(const struct difference_part *one)
{
    return one->ns[0] != MODEL_UNKNOWN && one->ns[1] != MODEL_UNKNOWN && (one->ns[0] > 0 || one->ns[1] > 0);
}

static void parts(struct screen *screen, const struct difference *difference, unsigned most)
{
    char title[80];
    unsigned shown = 0;
    snprintf(title, sizeof(title), "Where the time went, a %s",
             difference->basis == DIFFERENCE_SECOND ? "second of the run"
                                                    : difference_basis_name(difference->basis));
    screen_blank(screen);
    diff_lines_heading(screen, title);
    for (unsigned i = 0; i < PART_COUNT && shown < most; i++) {
        const struct difference_part *one = &difference->parts[i];
        if (!is_visible(one))
            continue;
        shown++;
        diff_lines_figure(screen, 2, accounting_part_title(one->part), "", &one->time, DIFF_TIME);
    }
}

static const char *unit_text(const struct difference_row *row, char *buf, size_t size)
{
    bool accepted = row->hook == HOOK_NONE && (row->kind == TARGET_TCP_IN || row->kind == TARGET_UNIX_IN);
    snprintf(buf, size, "%s %s%s%s", row->kind == TARGET_CUSTOM ? "an" : "a", row->unit, accepted ? ", accepted" : "", row->idle ? ", idle" : "");
    return buf;
}

/* The time of a call or a request. Where one side has none there is no time to compare, but how often it is called
 * says whether that is chance. */
static void row_line(struct screen *screen, const struct difference_row *row)
{
    char buf[40];
    struct noise_figure each = row->each;
    bool in_a = row->timed[0] > 0, in_b = row->timed[1] > 0;
    if (in_a != in_b) {
        each = row->calls_a_second;
        each.a = row->each.a;
        each.b = row->each.b;
    }
    diff_lines_figure(screen, 2, row->name, unit_text(row, buf, sizeof(buf)), &each, DIFF_TIME);
}

/* What changed, and of the rest what costs most: the rows are in that order. */
static void rows(struct screen *screen, const char *title, const struct difference_row *list,
                 size_t count, size_t most)
{
    size_t shown = 0, left = 0;
    for (size_t i = 0; i < count; i++) {
        if (list[i].ns[0] == 0 && list[i].ns[1] == 0)
            continue;
        if (shown == most) {
            left++;
            continue;
        }
        if (shown++ == 0) {
            screen_blank(screen);
            diff_lines_heading(screen, title);
        }
        row_line(screen, &list[i]);
    }
    more(screen, left);
}

static void findings(struct screen *screen, const struct difference *difference, size_t most)
{
    if (difference->finding_count == 0)
        return;
    char title[80];
    snprintf(title, sizeof(title), "Findings, most to gain a %s",
             difference_basis_name(difference->basis));
    screen_blank(screen);
    diff_lines_heading(screen, title);
    size_t count = difference->finding_count;
    for (size_t i = 0; i < count && i < most; i++)
        diff_lines_finding(screen, &difference->findings[i], difference->basis);
    more(screen, count > most ? count - most : 0);
}

static bool did_something(const struct difference_optimizer *one)
{
    return (one->of[0]->acted != MODEL_UNKNOWN && (one->of[0]->acted > 0 || one->of[1]->acted > 0)) ||
           one->of[0]->state != one->of[1]->state;
}

static void optimizers(struct screen *screen, const struct difference *difference, bool full)
{
    bool heading = false;
    for (unsigned id = 0; id < OPTIMIZER_COUNT; id++) {
        const struct difference_optimizer *one = &difference->optimizers[id];
        if (!full && !did_something(one))
            continue;
        if (!heading) {
            screen_blank(screen);
            diff_lines_heading(screen, "What the optimizers did");
        }
        heading = true;
        diff_lines_optimizer(screen, one, difference->basis);
    }
}

/* Lines the optimizers will take. */
static unsigned optimizer_lines(const struct difference *difference)
{
    unsigned lines = 0;
    for (unsigned id = 0; id < OPTIMIZER_COUNT; id++)
        if (did_something(&difference->optimizers[id]))
            lines += difference->optimizers[id].of[0]->acted != MODEL_UNKNOWN ? 2 : 1;
    return lines > 0 ? lines + 2 : 0;
}

void diff_report_print(struct screen *screen, const struct difference *difference)
{
    enum { FOOTER = 3, MARGINS = 3 }; /* a blank line, a heading, "and more" */
    unsigned first = screen->lines;
    diff_lines_header(screen, difference);
    if (difference->verdict_judgement == NOISE_UNKNOWN)
        return;
    parts(screen, difference, PARTS_SHOWN);
    /* What is left goes to the tables in the order of their use. */
    unsigned used = screen->lines - first + FOOTER + optimizer_lines(difference);
    unsigned room = used < DIFF_REPORT_LINES ? DIFF_REPORT_LINES - used : 0;
    unsigned wanted = difference->finding_count > 0 ? 1 + MARGINS : 0;
    unsigned for_targets = room > wanted + MARGINS ? room - wanted - MARGINS : 0;
    if (for_targets > 0)
        rows(screen, "What was touched, time", difference->targets, difference->target_count,
             for_targets < TARGETS_SHOWN ? for_targets : TARGETS_SHOWN);
    used = screen->lines - first + FOOTER + optimizer_lines(difference);
    room = used < DIFF_REPORT_LINES ? DIFF_REPORT_LINES - used : 0;
    unsigned for_findings = room > MARGINS ? room - MARGINS : 0;
    unsigned findings_shown = for_findings < FINDINGS_SHOWN ? for_findings : FINDINGS_SHOWN;
    if (findings_shown > difference->finding_count)
        findings_shown = (unsigned)difference->finding_count;
    unsigned for_hooks = room > findings_shown + 2 * MARGINS ? room - findings_shown - 2 * MARGINS : 0;
    if (for_hooks > 0)
        rows(screen, "Calls, mean time", difference->hooks, difference->hook_count,
             for_hooks < HOOKS_SHOWN ? for_hooks : HOOKS_SHOWN);
    if (findings_shown > 0)
        findings(screen, difference, findings_shown);
    optimizers(screen, difference, false);
    diff_lines_footer(screen, difference, false);
}

/* ---- in full ---- */

static void row_in_full(struct screen *screen, const struct difference_row *row)
{
    row_line(screen, row);
    if (row->latency[0].total > 0 || row->latency[1].total > 0) {
        diff_lines_figure(screen, 4, "p50 of a call", "", &row->p50, DIFF_TIME);
        diff_lines_figure(screen, 4, "p99 of a call", "", &row->p99, DIFF_TIME);
        diff_lines_figure(screen, 4, "time a second", "", &row->time_a_second, DIFF_TIME);
        diff_lines_total(screen, 4, "time in all", row->ns[0], row->ns[1], DIFF_TIME);
    }
    diff_lines_figure(screen, 4, "calls a second", "", &row->calls_a_second, DIFF_NUMBER);
    diff_lines_total(screen, 4, "calls", row->calls[0], row->calls[1], DIFF_NUMBER);
    if (row->errors[0] > 0 || row->errors[1] > 0)
        diff_lines_total(screen, 4, "errors", row->errors[0], row->errors[1], DIFF_NUMBER);
    if (row->bytes[0] > 0 || row->bytes[1] > 0)
        diff_lines_total(screen, 4, "bytes", row->bytes[0], row->bytes[1], DIFF_NUMBER);
}

static void rows_in_full(struct screen *screen, const char *title, const struct difference_row *list,
                         size_t count)
{
    if (count == 0)
        return;
    screen_blank(screen);
    diff_lines_heading(screen, title);
    for (size_t i = 0; i < count && i < ROWS_FULL; i++)
        row_in_full(screen, &list[i]);
    if (count > ROWS_FULL)
        screen_print(screen, STYLE_DIM, "  and %zu more: --json", count - ROWS_FULL);
}

void diff_report_full(struct screen *screen, const struct difference *difference)
{
    diff_lines_header(screen, difference);
    parts(screen, difference, PART_COUNT);
    screen_blank(screen);
    diff_lines_heading(screen, "Where the time went, in all");
    for (unsigned i = 0; i < PART_COUNT; i++)
        if (is_visible(&difference->parts[i]))
            diff_lines_total(screen, 2, accounting_part_title(difference->parts[i].part),
                             difference->parts[i].ns[0], difference->parts[i].ns[1], DIFF_TIME);
    rows_in_full(screen, "What was touched", difference->targets, difference->target_count);
    rows_in_full(screen, "Calls", difference->hooks, difference->hook_count);
    findings(screen, difference, FINDING_COUNT);
    optimizers(screen, difference, true);
    diff_lines_footer(screen, difference, true);
}
