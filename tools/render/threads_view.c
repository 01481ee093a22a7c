/* threads_view.c: `strong-report report threads`: what each thread did with its life, adding up, where it stands, and which
 * threads waited most for each other. Threads that ended are one line: their blocks went to their successors.
 */
#include <stdlib.h>

#include "analyse/units.h"
#include "render/table.h"
#include "render/text_blocks.h"
#include "render/view_text.h"

enum { THREADS_NOW = 16 };

/* Parts that are shown as one column. */
enum group {
    GROUP_CPU,
    GROUP_NETWORK,
    GROUP_FILE,
    GROUP_LOCK,
    GROUP_SLEEP,
    GROUP_OTHER,
    GROUP_IDLE,
    GROUP_REST,
    GROUP_COUNT,
};

static enum group group_of(unsigned part)
{
    switch ((enum accounting_part)part) {
    case PART_CPU:
        return GROUP_CPU;
    case PART_NETWORK:
    case PART_CONNECT:
    case PART_RESOLVE:
        return GROUP_NETWORK;
    case PART_FILE:
        return GROUP_FILE;
    case PART_LOCK:
        return GROUP_LOCK;
    case PART_SLEEP:
        return GROUP_SLEEP;
    case PART_IDLE:
    case PART_EVENT:
        return GROUP_IDLE;
    case PART_QUEUE:
    case PART_UNACCOUNTED:
        return GROUP_REST;
    default:
        return GROUP_OTHER;
    }
}

struct line {
    const struct model_thread *thread;
    const struct accounting_thread *time;
    uint64_t groups[GROUP_COUNT];
    uint64_t life, busy; /* busy: neither idle nor unexplained */
};

static void sum_up(struct line *line, const uint64_t parts[PART_COUNT])
{
    for (unsigned part = 0; part < PART_COUNT; part++)
        line->groups[group_of(part)] += parts[part];
    for (unsigned group = 0; group < GROUP_COUNT; group++)
        line->life += line->groups[group];
    line->busy = line->life - line->groups[GROUP_IDLE] - line->groups[GROUP_REST];
}

static int busiest_first(const void *left, const void *right)
{
    const struct line *a = left, *b = right;
    if (a->busy != b->busy)
        return a->busy < b->busy ? 1 : -1;
    return a->thread < b->thread ? -1 : a->thread > b->thread;
}

static int longest_lock_first(const void *left, const void *right)
{
    const struct line *a = left, *b = right;
    if (a->groups[GROUP_LOCK] != b->groups[GROUP_LOCK])
        return a->groups[GROUP_LOCK] < b->groups[GROUP_LOCK] ? 1 : -1;
    return a->thread < b->thread ? -1 : a->thread > b->thread;
}

/* ---- rows ---- */

static void group_row(const struct table *table, const struct line *line, bool cpu_known,
                      const char *name, const char *detail)
{
    struct table_row row;
    char text[40];
    table_begin(&row, table);
    table_cell(&row, STYLE_BOLD, units_duration(line->busy).text);
    table_cell(&row, STYLE_PLAIN, units_duration(line->life).text);
    for (unsigned group = 0; group < GROUP_COUNT; group++) {
        table_share(text, sizeof(text), (double)line->groups[group], (double)line->life);
        table_cell(&row, STYLE_PLAIN, group == GROUP_CPU && !cpu_known ? "?" : text);
    }
    table_end(&row, name, detail);
}

/* The call it spent most time in. */
static void most_in(char *buf, size_t size, const struct model_thread *thread)
{
    const struct model_call *most = NULL;
    for (size_t i = 0; i < thread->call_count; i++)
        if (hook_kinds[thread->calls[i].hook] != HOOK_KIND_PSEUDO &&
            (most == NULL || thread->calls[i].ns > most->ns))
            most = &thread->calls[i];
    buf[0] = '\0';
    if (most != NULL && most->ns > 0)
        snprintf(buf, size, "most in %s", hook_names[most->hook]);
}

static void name_of(char *buf, size_t size, const struct line *line)
{
    snprintf(buf, size, "%d %s%s", (int)line->thread->tid, line->thread->name,
             line->time->shared ? " ~" : "");
}

static void whole_row(const struct table *table, const struct analysis *analysis)
{
    struct line whole = {0};
    sum_up(&whole, analysis->time.parts);
    group_row(table, &whole, analysis->time.cpu_measured, "all, ended ones too", "");
}

static void ended(const struct table *table, const struct analysis *analysis, uint64_t alive_ns)
{
    const struct model *model = analysis->model;
    const struct latency *lives = &model->hooks[HOOK_thread_life].latency;
    uint64_t started = 0, ended_ns = model->thread_ns > alive_ns ? model->thread_ns - alive_ns : 0;
    char name[100], detail[100] = "";
    struct table_row row;
    for (size_t i = 0; i < model->process_count; i++)
        started += model->processes[i].threads_started;
    if (started <= model->thread_count)
        return;
    snprintf(name, sizeof(name), "%s ended", units_count(started - model->thread_count).text);
    if (lives->total > 0)
        snprintf(detail, sizeof(detail), "half of them lived %s or less",
                 units_duration(latency_percentile_ns(lives, 0.5)).text);
    table_begin(&row, table);
    table_cell(&row, STYLE_PLAIN, "");
    table_cell(&row, STYLE_PLAIN, units_duration(ended_ns).text);
    for (unsigned group = 0; group < GROUP_COUNT; group++)
        table_cell(&row, STYLE_PLAIN, "");
    table_end(&row, name, detail);
}

/* ---- tables ---- */

static void accounts(struct screen *screen, const struct analysis *analysis,
                     const struct view_form *form, struct line *lines, size_t count)
{
    static const struct table_column columns[] = {
        {"busy", 10, 0},  {"life", 10, 60},  {"CPU", 7, 0},     {"net", 7, 80},  {"files", 7, 80},
        {"locks", 7, 60}, {"sleep", 7, 100}, {"other", 7, 100}, {"idle", 7, 80}, {"rest", 7, 70}};
    const struct table table = {screen, columns, 10, "thread", form->rows, form->whole};
    bool running = analysis->model->processes[0].state == PROCESS_RUNNING;
    uint64_t busy = 0, left = 0, alive_ns = 0;
    size_t shown = 0;
    qsort(lines, count, sizeof(*lines), busiest_first);
    for (size_t i = 0; i < count; i++) {
        busy += lines[i].busy;
        alive_ns += lines[i].thread->life_ns;
    }
    table_heading(screen, running ? "Threads alive now, by time they were busy"
                                  : "Threads alive at the end, by time they were busy");
    table_about(
        screen,
        "shares of each thread's life, adding up; busy: neither idle nor rest; rest: not accounted "
        "for "
        "(CPU time between samples, waiting for a CPU); ~: shares estimated, the thread took over "
        "another's place");
    table_titles(&table);
    while (shown < count && table_shows(&table, shown, lines[shown].busy, busy)) {
        char name[400], detail[100];
        const struct line *line = &lines[shown++];
        name_of(name, sizeof(name), line);
        most_in(detail, sizeof(detail), line->thread);
        group_row(&table, line, line->time->cpu_sampled, name, detail);
    }
    for (size_t i = shown; i < count; i++)
        left += lines[i].busy;
    table_rest(&table, units_duration(left).text, count - shown, "less busy thread",
               shown < count ? units_duration(lines[shown].busy).text : NULL);
    ended(&table, analysis, alive_ns);
    whole_row(&table, analysis);
}

static void contention(struct screen *screen, const struct view_form *form, struct line *lines,
                       size_t count)
{
    static const struct table_column columns[] = {{"waited", 10, 0}, {"of its life", 13, 50}};
    const struct table table = {screen, columns, 2, "thread", form->rows, form->whole};
    uint64_t all = 0, left = 0;
    size_t shown = 0, waiting = 0;
    qsort(lines, count, sizeof(*lines), longest_lock_first);
    for (size_t i = 0; i < count; i++) {
        all += lines[i].groups[GROUP_LOCK];
        waiting += lines[i].groups[GROUP_LOCK] > 0;
    }
    if (all == 0)
        return;
    table_heading(screen, "Threads that waited for locks (which, and who held them: report locks)");
    table_titles(&table);
    while (shown < waiting && table_shows(&table, shown, lines[shown].groups[GROUP_LOCK], all)) {
        char name[400], text[40];
        struct table_row row;
        const struct line *line = &lines[shown++];
        name_of(name, sizeof(name), line);
        table_begin(&row, &table);
        table_cell(&row, STYLE_PLAIN, units_duration(line->groups[GROUP_LOCK]).text);
        table_cell(
            &row, STYLE_PLAIN,
            table_share(text, sizeof(text), (double)line->groups[GROUP_LOCK], (double)line->life));
        table_end(&row, name, "");
    }
    for (size_t i = shown; i < waiting; i++)
        left += lines[i].groups[GROUP_LOCK];
    table_rest(&table, units_duration(left).text, waiting - shown, "other thread", NULL);
}

void threads_view(struct screen *screen, const struct analysis *analysis,
                  const struct view_form *form)
{
    const struct model *model = analysis->model;
    struct line *lines = calloc(model->thread_count + 1, sizeof(*lines));
    if (lines == NULL)
        return;
    for (size_t i = 0; i < model->thread_count; i++) {
        lines[i].thread = &model->threads[i];
        lines[i].time = &analysis->threads[i];
        sum_up(&lines[i], analysis->threads[i].parts);
    }
    accounts(screen, analysis, form, lines, model->thread_count);
    text_blocks_now(screen, analysis,
                    form->whole      ? 100000
                    : form->rows > 0 ? (unsigned)form->rows + 1
                                     : THREADS_NOW);
    contention(screen, form, lines, model->thread_count);
    free(lines);
}
