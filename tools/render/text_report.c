/* text_report.c: see text_report.h. Owns what is on the first screen and in which order; the words
 * of a finding come from its rule. The blocks below the findings take what lines are left of 40.
 */
#include "render/text_report.h"

#include <stdlib.h>
#include <string.h>

#include "analyse/units.h"
#include "render/operation_report.h"
#include "render/optimizer_report.h"
#include "render/text_blocks.h"

enum {
    WIDE = 80,          /* from here on: bars and details */
    SHOWN_FINDINGS = 3, /* with their fix */
    SHOWN_NOTES = 3,
    FINDING_LINES = 6,
};

/* ---- what ran ---- */

static void add_state(struct screen_line *line, const struct model_process *process)
{
    if (process->state == PROCESS_EXITED && process->exit_status == 0)
        return;
    if (process->state == PROCESS_EXITED)
        screen_add(line, STYLE_WARNING, ", exit status %d", process->exit_status);
    else
        screen_add(line, STYLE_NOTE, ", %s",
                   process->stopped != NULL ? process->stopped : model_state_name(process->state));
}

void text_report_header(struct screen *screen, const struct analysis *analysis)
{
    const struct model *model = analysis->model;
    const struct model_process *process = &model->processes[0];
    const struct analysis_self *self = &analysis->self;
    const char *command = text_blocks_command(process);
    char facts[200], cost[200];
    struct screen_line line;
    uint64_t threads = 0;
    for (size_t i = 0; i < model->process_count; i++)
        threads += model->processes[i].threads_started;
    int len = snprintf(facts, sizeof(facts), "pid %d", (int)process->pid);
    if (model->process_count > 1)
        len += snprintf(facts + len, sizeof(facts) - (size_t)len, " and %zu more",
                        model->process_count - 1);
    snprintf(facts + len, sizeof(facts) - (size_t)len, "   %s, %s",
             units_duration(model->duration_ns).text, units_plural(threads, "thread").text);
    snprintf(cost, sizeof(cost), "libstrong cost %s (estimated), %s dropped",
             units_share(self->share).text, units_plural(self->dropped, "sample").text);

    /* One line where all of it fits; else the cost has the second one. */
    unsigned rest = screen_columns(facts) + 3 + 16; /* 16: the state, where it is worth a word */
    bool plain = process->state == PROCESS_EXITED && process->exit_status == 0;
    if (plain)
        rest -= 16;
    bool one_line = screen_columns(command) + rest + 3 + screen_columns(cost) <= screen->width;
    screen_begin(&line, screen);
    screen_add_text(&line, STYLE_BOLD, command, strlen(command),
                    screen->width > rest + 10 ? screen->width - rest : 10);
    screen_add(&line, STYLE_PLAIN, "   %s", facts);
    add_state(&line, process);
    if (!one_line) {
        screen_end(&line, screen);
        screen_begin(&line, screen);
    }
    screen_add(&line, STYLE_DIM, "%s%s", one_line ? "   " : "", cost);
    screen_end(&line, screen);
}

/* ---- where the time went ---- */

static void add_detail(struct screen_line *line, const struct analysis *analysis,
                       enum accounting_part part)
{
    const struct accounting *time = &analysis->time;
    char text[400] = "";
    uint32_t top = time->top_target[part];
    const char *name = top != 0 ? analysis->model->targets[top].text : "";
    switch (part) {
    case PART_CPU:
        if (!time->cpu_measured)
            snprintf(text, sizeof(text), "not measured");
        else if (analysis->heap.cost.known && analysis->heap.cost.share > 0.01)
            snprintf(text, sizeof(text), "of which malloc/free %s",
                     units_duration(
                         (uint64_t)(analysis->heap.cost.share * (double)time->parts[PART_CPU]))
                         .text);
        break;
    case PART_CONNECT:
        snprintf(text, sizeof(text), "%s, %s", units_plural(time->calls[part], "connect").text,
                 units_plural(time->target_count[part], "target").text);
        break;
    case PART_EVENT:
        if (top != 0 && name[0] != '\0')
            snprintf(text, sizeof(text), "%s, %s", name, units_plural(time->calls[part], "answer").text);
        break;
    case PART_LOCK:
        if (time->interpreter_ns * 2 > time->parts[part])
            snprintf(text, sizeof(text), "Python's interpreter lock %s",
                     units_duration(time->interpreter_ns).text);
        else if (analysis->lock_count > 0)
            snprintf(text, sizeof(text), "%s%s%s", analysis->locks[0].waiter,
                     analysis->locks[0].holder[0] != '\0' ? " held by " : "",
                     analysis->locks[0].holder);
        break;
    case PART_SLEEP:
        snprintf(text, sizeof(text), "%s", units_plural(time->calls[part], "sleep").text);
        break;
    case PART_NETWORK:
    case PART_RESOLVE:
    case PART_FILE:
    case PART_PIPE:
        if (top != 0 && name[0] != '\0')
            snprintf(text, sizeof(text), "%s %s", name, units_duration(time->top_ns[part]).text);
        break;
    case PART_UNACCOUNTED:
        if (time->crowded && time->parts[part] * 10 > time->total_ns)
            snprintf(text, sizeof(text), "the CPU was taken away %s times",
                     units_count(analysis->model->usage.involuntary_switches).text);
        break;
    default:
        break;
    }
    unsigned columns =
        line->screen->width > line->columns + 1 ? line->screen->width - line->columns - 1 : 0;
    if (text[0] != '\0' && columns >= 10)
        screen_add_text(line, STYLE_DIM, text, strlen(text), columns);
}

static void time_row(struct screen *screen, const struct analysis *analysis,
                     enum accounting_part part)
{
    const struct accounting *time = &analysis->time;
    double share = time->total_ns > 0 ? (double)time->parts[part] / (double)time->total_ns : 0;
    bool wide = screen->width >= WIDE;
    unsigned bar = !wide ? 0 : screen->width >= 100 ? 14 : 8;
    struct screen_line line;
    screen_begin(&line, screen);
    screen_column(&line, 2);
    screen_add_text(&line, STYLE_PLAIN, accounting_part_title(part),
                    strlen(accounting_part_title(part)), wide ? 26 : screen->width - 22);
    unsigned at = wide ? 29 + bar : screen->width - 19;
    if (wide) {
        screen_column(&line, 29);
        if (part != PART_IDLE && part != PART_UNACCOUNTED)
            screen_bar(&line, share, bar);
    }
    screen_right(&line, at + 8, STYLE_PLAIN, units_share(share).text);
    screen_right(&line, at + 19, STYLE_PLAIN, units_duration(time->parts[part]).text);
    if (wide) {
        screen_add(&line, STYLE_PLAIN, "   ");
        add_detail(&line, analysis, part);
    }
    screen_end(&line, screen);
}

void text_report_time(struct screen *screen, const struct analysis *analysis)
{
    const struct accounting *time = &analysis->time;
    double seconds = (double)time->total_ns / 1e9;
    if (seconds >= 0.1)
        screen_print(screen, STYLE_BOLD, "Where %.*f thread-seconds went", seconds < 10 ? 2 : 1,
                     seconds);
    else
        screen_print(screen, STYLE_BOLD, "Where %.2f thread-milliseconds went", seconds * 1e3);
    time_row(screen, analysis, PART_CPU);
    bool shown[PART_COUNT] = {[PART_CPU] = true};
    shown[PART_IDLE] = shown[PART_UNACCOUNTED] = true;
    /* The waits, longest first, down to a thousandth. */
    for (unsigned count = 0; count < 6; count++) {
        unsigned longest = PART_CPU;
        for (unsigned part = 0; part < PART_COUNT; part++)
            if (!shown[part] && time->parts[part] * 1000 >= time->total_ns &&
                (longest == PART_CPU || time->parts[part] > time->parts[longest]) &&
                time->parts[part] > 0)
                longest = part;
        if (longest == PART_CPU)
            break;
        shown[longest] = true;
        time_row(screen, analysis, (enum accounting_part)longest);
    }
    if (time->parts[PART_IDLE] > 0)
        time_row(screen, analysis, PART_IDLE);
    time_row(screen, analysis, PART_UNACCOUNTED);
}

/* ---- findings ---- */

static enum screen_style severity_style(enum finding_severity severity)
{
    return severity == SEVERITY_CRITICAL  ? STYLE_CRITICAL
           : severity == SEVERITY_WARNING ? STYLE_WARNING
                                          : STYLE_NOTE;
}

static void finding_heading(struct screen *screen, const struct analysis *analysis,
                            const struct finding *finding, unsigned number)
{
    struct screen_line line;
    char gain[80] = "", confidence[40];
    double share = analysis->time.total_ns > 0
                       ? (double)finding->gain_ns / (double)analysis->time.total_ns
                       : 0;
    if (finding->gain_ns > 0)
        snprintf(gain, sizeof(gain), "at most %s (%.0f %%)", units_duration(finding->gain_ns).text,
                 share * 100);
    snprintf(confidence, sizeof(confidence), "confidence %s",
             finding_confidence_name(finding->confidence));
    screen_begin(&line, screen);
    screen_add(&line, severity_style(finding->severity), "%2u  %s", number, finding->title);
    if (screen->width >= WIDE) {
        screen_right(&line, screen->width - 20, STYLE_BOLD, gain);
        screen_right(&line, screen->width, STYLE_DIM, confidence);
    } else if (gain[0] != '\0') {
        screen_end(&line, screen);
        screen_begin(&line, screen);
        screen_column(&line, 4);
        screen_add(&line, STYLE_BOLD, "%s", gain);
    }
    screen_end(&line, screen);
}

void text_report_finding(struct screen *screen, const struct analysis *analysis,
                         const struct finding *finding, unsigned number, bool detail)
{
    enum { LABEL = 8 };
    unsigned most = screen->width < WIDE || detail ? 5 : 2;
    finding_heading(screen, analysis, finding, number);
    if (finding->evidence[0] != '\0')
        screen_wrap(screen, 4, NULL, 0, finding->evidence, most);
    if (detail && finding->explained_by != NULL)
        screen_wrap(screen, 4, "follows", LABEL, finding->explained_by->title, 1);
    if (detail && finding->gain_ns > 0)
        screen_wrap(screen, 4, "if", LABEL, finding->assumption, most);
    if (finding->fix[0] != '\0')
        screen_wrap(screen, 4, "fix", LABEL, finding->fix, most < 3 ? 3 : most);
    if (detail)
        screen_wrap(screen, 4, "risk", LABEL, finding->risk, most);
    if (detail || number == 1)
        screen_wrap(screen, 4, "verify", LABEL, finding->verify, screen->width < WIDE ? 4 : 2);
}

/* One or two lines: what it is and why. */
static void note_lines(struct screen *screen, const struct finding *finding)
{
    char text[1200];
    snprintf(text, sizeof(text), "%s: %s", finding->title, finding->evidence);
    screen_wrap(screen, 2, "note", 6, text, 2);
}

static void findings_block(struct screen *screen, const struct analysis *analysis, unsigned shown)
{
    unsigned number = 0, notes = 0, more = 0;
    screen_print(screen, STYLE_BOLD, "Bottlenecks, by the most that fixing each can give back");
    for (unsigned i = 0; i < FINDING_COUNT; i++) {
        const struct finding *finding = &analysis->findings[i];
        if (finding->state != FINDING_FOUND || finding->explained_by != NULL)
            continue;
        /* The first is always shown; a title, two lines of evidence and three of advice need room. */
        if (finding->severity > SEVERITY_NOTE && number < shown &&
            (number == 0 || screen->width < 100 ||
             screen->lines + FINDING_LINES < TEXT_REPORT_LINES))
            text_report_finding(screen, analysis, finding, ++number, false);
        else if (finding->severity == SEVERITY_NOTE && notes < SHOWN_NOTES - 1 &&
                 screen->lines + 3 < TEXT_REPORT_LINES) {
            notes++;
            note_lines(screen, finding);
        } else {
            more++;
        }
    }
    if (more > 0)
        screen_print(screen, STYLE_DIM, "    and %s: strong-report --full",
                     units_plural(more, "more finding").text);
}

/* Nothing to fix: then what it does with its time is the answer. True: the last line is blank. */
static bool nothing_found(struct screen *screen, const struct analysis *analysis)
{
    unsigned notes = 0;
    screen_print(screen, STYLE_BOLD, "No bottleneck found that is worth a change");
    for (unsigned i = 0; i < FINDING_COUNT && notes < SHOWN_NOTES; i++) {
        const struct finding *finding = &analysis->findings[i];
        if (finding->state == FINDING_FOUND && finding->explained_by == NULL) {
            note_lines(screen, finding);
            notes++;
        }
    }
    screen_blank(screen);
    unsigned before = screen->lines;
    text_blocks_functions(screen, analysis, 4);
    text_blocks_targets(screen, analysis, 4);
    return screen->lines == before;
}

void text_report_print(struct screen *screen, const struct analysis *analysis)
{
    unsigned first = screen->lines;
    text_report_header(screen, analysis);
    screen_blank(screen);
    text_report_time(screen, analysis);
    screen_blank(screen);
    optimizer_report_lines(screen, analysis);
    const struct finding *top = analysis_first(analysis);
    bool blank = false;
    if (top == NULL || top->severity == SEVERITY_NOTE)
        blank = nothing_found(screen, analysis);
    else
        findings_block(screen, analysis, SHOWN_FINDINGS);
    unsigned used = screen->lines - first;
    if (used + 3 <= TEXT_REPORT_LINES)
        operation_report_lines(screen, analysis, !blank,
                               TEXT_REPORT_LINES - used - 1 > OPERATION_REPORT_LINES
                                   ? OPERATION_REPORT_LINES
                                   : TEXT_REPORT_LINES - used - 1);
    enum process_state state = analysis->model->processes[0].state;
    used = screen->lines - first;
    if ((state == PROCESS_RUNNING || state == PROCESS_KILLED) && used + 4 <= TEXT_REPORT_LINES) {
        text_blocks_now(screen, analysis,
                        TEXT_REPORT_LINES - used - 2 > 6 ? 6 : TEXT_REPORT_LINES - used - 2);
        used = screen->lines - first;
    }
    if (used + 3 <= TEXT_REPORT_LINES)
        text_blocks_notes(screen, analysis,
                          TEXT_REPORT_LINES - used - 1 > 5 ? 5 : TEXT_REPORT_LINES - used - 1);
}
