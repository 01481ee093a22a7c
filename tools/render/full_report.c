/* full_report.c: see full_report.h. One function a table; every table is cut at a stated number of
 * rows and says how many it left out.
 */
#include "render/full_report.h"

#include <stdlib.h>
#include <string.h>

#include "analyse/units.h"
#include "render/memory_report.h"
#include "render/operation_report.h"
#include "render/optimizer_report.h"
#include "render/table.h"
#include "render/text_blocks.h"
#include "render/text_report.h"

enum { ROWS_MOST = 30, STACKS_MOST = 8, STACK_FRAMES = 16 };

/* ---- findings ---- */

static void findings(struct screen *screen, const struct analysis *analysis)
{
    unsigned number = 0;
    table_heading(screen, "Findings, by the most that fixing each can give back");
    for (unsigned i = 0; i < FINDING_COUNT; i++)
        if (analysis->findings[i].state == FINDING_FOUND)
            text_report_finding(screen, analysis, &analysis->findings[i], ++number, true);
    table_heading(screen, "Rules that found nothing");
    for (unsigned i = 0; i < FINDING_COUNT; i++) {
        static const char *const states[] = {"not found", "", "not applicable", "not measured"};
        const struct finding *finding = &analysis->findings[i];
        if (finding->state == FINDING_FOUND)
            continue;
        struct screen_line line;
        screen_begin(&line, screen);
        screen_column(&line, 2);
        screen_add(&line, STYLE_PLAIN, "%s", finding->name);
        screen_column(&line, 24);
        screen_add(&line, STYLE_DIM, "%s", states[finding->state]);
        screen_column(&line, 40);
        screen_add(&line, STYLE_DIM, "%s", finding->evidence);
        screen_end(&line, screen);
    }
}

/* ---- calls ---- */

static int by_time(const void *left, const void *right)
{
    const struct model_hook *a = *(const struct model_hook *const *)left;
    const struct model_hook *b = *(const struct model_hook *const *)right;
    if (a->ns != b->ns)
        return a->ns < b->ns ? 1 : -1;
    return a->calls < b->calls ? 1 : a->calls > b->calls ? -1 : a < b ? -1 : a > b;
}

static void call_titles(struct screen *screen, const char *name, unsigned at)
{
    struct screen_line line;
    static const char *const titles[] = {"calls", "errors", "bytes", "time", "p50", "p99", "max"};
    static const unsigned widths[] = {14, 9, 10, 10, 10, 10, 10};
    screen_begin(&line, screen);
    screen_column(&line, 2);
    screen_add(&line, STYLE_DIM, "%s", name);
    unsigned end = at;
    for (unsigned i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
        end += widths[i];
        screen_right(&line, end, STYLE_DIM, titles[i]);
    }
    screen_end(&line, screen);
}

static void call_row(struct screen *screen, const char *name, unsigned at, uint64_t calls,
                     uint64_t errors, uint64_t bytes, uint64_t ns, uint64_t max_ns,
                     const struct latency *latency)
{
    struct screen_line line;
    screen_begin(&line, screen);
    screen_column(&line, 2);
    screen_add_text(&line, STYLE_PLAIN, name, strlen(name), at - 3);
    screen_right(&line, at + 14, STYLE_PLAIN, units_count(calls).text);
    screen_right(&line, at + 23, STYLE_PLAIN, errors > 0 ? units_count(errors).text : "");
    screen_right(&line, at + 33, STYLE_PLAIN, bytes > 0 ? units_bytes(bytes).text : "");
    bool timed = ns > 0 || (latency != NULL && latency->total > 0);
    screen_right(&line, at + 43, STYLE_PLAIN, timed ? units_duration(ns).text : "");
    bool known = latency != NULL && latency->total > 0;
    screen_right(&line, at + 53, STYLE_PLAIN,
                 known ? units_duration(latency_percentile_ns(latency, 0.5)).text : "");
    screen_right(&line, at + 63, STYLE_PLAIN,
                 known ? units_duration(latency_percentile_ns(latency, 0.99)).text : "");
    screen_right(&line, at + 73, STYLE_PLAIN, timed ? units_duration(max_ns).text : "");
    screen_end(&line, screen);
}

static void hooks(struct screen *screen, const struct analysis *analysis)
{
    const struct model *model = analysis->model;
    const struct model_hook *order[HOOK_COUNT];
    size_t count = 0;
    for (unsigned hook = 1; hook < HOOK_COUNT; hook++)
        if (model->hooks[hook].calls > 0 && hook_classes[hook] != CLASS_CUSTOM)
            order[count++] = &model->hooks[hook];
    qsort(order, count, sizeof(order[0]), by_time);
    table_heading(screen, "Calls, by time");
    call_titles(screen, "call", 26);
    for (size_t i = 0; i < count; i++) {
        const struct model_hook *one = order[i];
        call_row(screen, hook_names[one - model->hooks], 26, one->calls, one->errors, one->bytes,
                 one->ns, one->max_ns, &one->latency);
    }
}

static void rows(struct screen *screen, const struct analysis *analysis)
{
    const struct model *model = analysis->model;
    size_t shown = 0;
    table_heading(screen, "Calls by what they touched, by time");
    call_titles(screen, "call on target", 44);
    for (size_t i = 0; i < model->row_count && shown < ROWS_MOST; i++) {
        const struct model_row *row = &model->rows[i];
        char name[600];
        if (row->target == 0 || hook_classes[row->hook] == CLASS_CUSTOM)
            continue;
        snprintf(name, sizeof(name), "%s %s", hook_names[row->hook],
                 text_blocks_target(analysis, row->target));
        call_row(screen, name, 44, row->calls, row->errors, row->bytes, row->ns, row->max_ns,
                 &row->latency);
        shown++;
    }
    size_t all = 0;
    for (size_t i = 0; i < model->row_count; i++)
        all += model->rows[i].target != 0 && hook_classes[model->rows[i].hook] != CLASS_CUSTOM;
    table_left_out(screen, all - shown);
}

/* ---- locks, errors, threads ---- */

static void locks(struct screen *screen, const struct analysis *analysis)
{
    if (analysis->lock_count == 0)
        return;
    table_heading(screen, "Lock waits: who waited, who held");
    call_titles(screen, "waiter < holder", 44);
    size_t count = analysis->lock_count < ROWS_MOST ? analysis->lock_count : ROWS_MOST;
    for (size_t i = 0; i < count; i++) {
        const struct analysis_lock *one = &analysis->locks[i];
        char name[600];
        snprintf(name, sizeof(name), "%s%s%s", one->waiter, one->holder[0] != '\0' ? " < " : "",
                 one->holder);
        call_row(screen, name, 44, one->waits, 0, 0, one->ns, one->max_ns, &one->latency);
    }
    table_left_out(screen, analysis->lock_count - count);
}

static void errors(struct screen *screen, const struct analysis *analysis)
{
    const struct model *model = analysis->model;
    if (model->error_count == 0)
        return;
    table_heading(screen, "Errors");
    size_t count = model->error_count < ROWS_MOST ? model->error_count : ROWS_MOST;
    for (size_t i = 0; i < count; i++) {
        const struct model_error *one = &model->errors[i];
        const char *name = strerrorname_np(one->error);
        struct screen_line line;
        screen_begin(&line, screen);
        screen_right(&line, 14, STYLE_PLAIN, units_count(one->count).text);
        screen_add(&line, STYLE_PLAIN, "  %s", hook_names[one->hook]);
        screen_column(&line, 36);
        screen_add(&line, STYLE_PLAIN, "%s", name != NULL ? name : "unknown");
        screen_end(&line, screen);
    }
    table_left_out(screen, model->error_count - count);
}

static void threads(struct screen *screen, const struct analysis *analysis)
{
    const struct model *model = analysis->model;
    if (model->thread_count == 0)
        return;
    table_heading(screen, "Threads alive at the end");
    size_t count = model->thread_count < ROWS_MOST ? model->thread_count : ROWS_MOST;
    for (size_t i = 0; i < count; i++) {
        const struct model_thread *one = &model->threads[i];
        uint64_t cpu = 0, waited = 0;
        for (unsigned class = 0; class <= CLASS_COUNT; class ++)
            cpu += one->class_cpu_ns[class];
        for (unsigned class = 0; class < CLASS_COUNT; class ++)
            waited += one->class_ns[class];
        struct screen_line line;
        screen_begin(&line, screen);
        screen_column(&line, 2);
        screen_add(&line, STYLE_PLAIN, "%d %s", (int)one->tid, one->name);
        screen_right(&line, 38, STYLE_PLAIN, units_duration(one->life_ns).text);
        screen_add(&line, STYLE_DIM, "  CPU %s, in calls %s", units_duration(cpu).text,
                   units_duration(waited).text);
        if (one->now_hook != HOOK_NONE && one->now_hook < HOOK_COUNT)
            screen_add(&line, STYLE_PLAIN, ", in %s for %s", hook_names[one->now_hook],
                       units_duration(one->now_ns).text);
        screen_end(&line, screen);
    }
    table_left_out(screen, model->thread_count - count);
}

/* ---- stacks ---- */

static void one_stack(struct screen *screen, const struct analysis *analysis,
                      const struct model_sample *sample)
{
    uint32_t depth;
    const struct model_frame *frames = model_stack_frames(analysis->model, sample->stack, &depth);
    for (uint32_t i = 0; i < depth && i < STACK_FRAMES; i++) {
        const struct symbol *symbol = symbols_function(analysis->symbols, &frames[i]);
        if (symbol->is_libstrong)
            continue;
        struct screen_line line;
        screen_begin(&line, screen);
        screen_column(&line, 15);
        screen_add_text(&line, STYLE_PLAIN, symbol->function, strlen(symbol->function), 60);
        if (symbol->named)
            screen_add(&line, STYLE_DIM, "  %s", symbol->module);
        screen_end(&line, screen);
    }
    if (depth > STACK_FRAMES)
        screen_print(screen, STYLE_DIM, "               … %s",
                     units_plural(depth - STACK_FRAMES, "more frame").text);
}

static void stacks(struct screen *screen, const struct analysis *analysis, enum sample_cost cost,
                   const char *title)
{
    const struct model_samples *samples = &analysis->model->samples[cost];
    if (samples->count == 0)
        return;
    table_heading(screen, title);
    for (size_t i = 0; i < samples->count && i < STACKS_MOST; i++) {
        const struct model_sample *sample = &samples->items[i];
        bool bytes = cost == SAMPLE_ALLOCATED;
        struct screen_line line;
        screen_begin(&line, screen);
        screen_right(&line, 12, STYLE_BOLD,
                     bytes ? units_bytes(sample->weight).text
                           : units_duration(sample->weight).text);
        screen_add(&line, STYLE_PLAIN, "   ");
        if (sample->hook != HOOK_NONE && sample->hook < HOOK_COUNT)
            screen_add(&line, STYLE_PLAIN, "in %s, ", hook_names[sample->hook]);
        screen_add(&line, STYLE_DIM, "%s", units_plural(sample->count, "sample").text);
        screen_end(&line, screen);
        one_stack(screen, analysis, sample);
    }
    table_left_out(screen, samples->count > STACKS_MOST ? samples->count - STACKS_MOST : 0);
}

/* ---- resources and settings ---- */

static void usage_line(struct screen *screen, const char *name, uint64_t value, bool bytes,
                       bool time)
{
    struct screen_line line;
    screen_begin(&line, screen);
    screen_column(&line, 2);
    screen_add(&line, STYLE_PLAIN, "%s", name);
    struct units_text text = {"not measured"};
    if (value != MODEL_UNKNOWN)
        text = bytes ? units_bytes(value) : time ? units_duration(value) : units_count(value);
    screen_right(&line, 44, value == MODEL_UNKNOWN ? STYLE_DIM : STYLE_PLAIN, text.text);
    screen_end(&line, screen);
}

static void resources(struct screen *screen, const struct analysis *analysis)
{
    const struct model_usage *usage = &analysis->model->usage;
    table_heading(screen, "Resources, between the first and the last reading");
    usage_line(screen, "CPU time, user", usage->cpu_user_ns, false, true);
    usage_line(screen, "CPU time, system", usage->cpu_system_ns, false, true);
    usage_line(screen, "waiting for a CPU (main thread)", usage->run_delay_ns, false, true);
    usage_line(screen, "resident memory, peak", usage->peak_rss_bytes, true, false);
    usage_line(screen, "resident memory, last", usage->rss_bytes, true, false);
    usage_line(screen, "page faults, minor", usage->minor_faults, false, false);
    usage_line(screen, "page faults, major", usage->major_faults, false, false);
    usage_line(screen, "context switches, voluntary", usage->voluntary_switches, false, false);
    usage_line(screen, "context switches, forced", usage->involuntary_switches, false, false);
    usage_line(screen, "read from storage", usage->read_bytes, true, false);
    usage_line(screen, "written to storage", usage->written_bytes, true, false);
    usage_line(screen, "threads, most", usage->threads, false, false);
    usage_line(screen, "open descriptors, most", usage->descriptors, false, false);
}

static void itself(struct screen *screen, const struct analysis *analysis)
{
    const struct model *model = analysis->model;
    table_heading(screen, "libstrong itself");
    for (unsigned i = 0; i < COUNTER_COUNT; i++) {
        if (model->counters[i] == 0)
            continue;
        struct screen_line line;
        screen_begin(&line, screen);
        screen_right(&line, 16, STYLE_PLAIN, units_count(model->counters[i]).text);
        screen_add(&line, STYLE_PLAIN, "  %s", counter_names[i]);
        screen_column(&line, 46);
        screen_add(&line, STYLE_DIM, "%s", counter_meanings[i]);
        screen_end(&line, screen);
    }
    table_heading(screen, "Settings");
    for (size_t i = 0; i < model->option_count; i++)
        screen_print(screen, STYLE_PLAIN, "  STRONG_%s=%s", model->options[i].name,
                     model->options[i].value);
}

void full_report_print(struct screen *screen, const struct analysis *analysis)
{
    text_report_header(screen, analysis);
    screen_blank(screen);
    text_report_time(screen, analysis);
    findings(screen, analysis);
    optimizer_report_table(screen, analysis);
    screen_blank(screen);
    text_blocks_functions(screen, analysis, ROWS_MOST);
    operation_report_tables(screen, analysis);
    hooks(screen, analysis);
    rows(screen, analysis);
    locks(screen, analysis);
    errors(screen, analysis);
    text_blocks_now(screen, analysis, ROWS_MOST);
    threads(screen, analysis);
    memory_report_tables(screen, analysis, &(struct view_form){0});
    stacks(screen, analysis, SAMPLE_CPU, "Heaviest stacks by CPU time");
    stacks(screen, analysis, SAMPLE_BLOCKED, "Heaviest stacks by time waited");
    stacks(screen, analysis, SAMPLE_LOCK_WAIT, "Heaviest stacks by time waited for locks");
    stacks(screen, analysis, SAMPLE_ALLOCATED, "Heaviest stacks by bytes allocated");
    resources(screen, analysis);
    itself(screen, analysis);
    text_blocks_notes(screen, analysis, ROWS_MOST);
}
