/* resources_view.c: `strong-report report resources`: what the process used of the machine over time, what the machine kept
 * from it, and which limits it met. A merged run has the readings of its first process only.
 */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "analyse/series.h"
#include "analyse/units.h"
#include "render/table.h"
#include "render/view_text.h"

enum { NAME_COLUMNS = 24, FIGURE = 11, SPARK_MOST = 60 };

/* ---- one line for each series ---- */

static struct units_text figure(const struct series *series, double value)
{
    double size = value < 0 ? -value : value;
    if (series->unit == SERIES_SHARE && size < 0.0005)
        size = 0; /* what is not to be told from 0 has no direction either */
    bool negative = value < 0 && size > 0;
    struct units_text text = series->unit == SERIES_BYTES       ? units_bytes(units_whole(size))
                             : series->unit == SERIES_SHARE     ? units_share(size)
                             : size < 100 && size > floor(size) ? units_number(size)
                                                                : units_count(units_whole(size));
    struct units_text shown;
    snprintf(shown.text, sizeof(shown.text), "%s%.60s", negative ? "-" : "", text.text);
    return shown;
}

/* As many columns as there is room for, each the mean of the points that fall into it. */
static void spark(struct screen_line *line, const struct series *series, unsigned columns)
{
    double shares[SPARK_MOST];
    if (columns > SPARK_MOST)
        columns = SPARK_MOST;
    if (columns > series->count)
        columns = (unsigned)series->count;
    for (unsigned i = 0; i < columns; i++) {
        size_t first = series->count * i / columns, end = series->count * (i + 1) / columns;
        double sum = 0;
        for (size_t j = first; j < end; j++)
            sum += series->values[j];
        shares[i] = series->most > 0 ? sum / (double)(end - first) / series->most : 0;
    }
    screen_spark(line, shares, columns);
}

static const struct {
    const char *title;
    unsigned from;
} figures[] = {{"least", 90}, {"mean", 60}, {"most", 0}, {"last", 110}, {"slope / s", 80}};
enum { FIGURES = sizeof(figures) / sizeof(figures[0]) };

static void titles(struct screen *screen)
{
    struct screen_line line;
    unsigned end = NAME_COLUMNS + 2;
    screen_begin(&line, screen);
    screen_column(&line, 2);
    screen_add(&line, STYLE_DIM, "what");
    for (unsigned i = 0; i < FIGURES; i++)
        if (screen->width >= figures[i].from)
            screen_right(&line, end += FIGURE, STYLE_DIM, figures[i].title);
    screen_add(&line, STYLE_DIM, "  over time, from 0");
    screen_end(&line, screen);
}

static void series_line(struct screen *screen, const struct series *series)
{
    const double values[FIGURES] = {series->least, series->mean, series->most, series->last,
                                    series->slope};
    struct screen_line line;
    unsigned end = NAME_COLUMNS + 2;
    screen_begin(&line, screen);
    screen_column(&line, 2);
    screen_add(&line, STYLE_PLAIN, "%s%s", series->name,
               series->rate && series->unit != SERIES_SHARE ? " / s" : "");
    for (unsigned i = 0; i < FIGURES; i++)
        if (screen->width >= figures[i].from)
            screen_right(&line, end += FIGURE, STYLE_PLAIN,
                         isnan(values[i]) ? "" : figure(series, values[i]).text);
    screen_add(&line, STYLE_PLAIN, "  ");
    spark(&line, series, screen->width > line.columns ? screen->width - line.columns : 0);
    screen_end(&line, screen);
}

static void over_time(struct screen *screen, const struct analysis *analysis,
                      const struct series *series)
{
    const struct model *model = analysis->model;
    char title[200], missing[600] = "";
    bool any = false;
    snprintf(title, sizeof(title), "Resources over time: %s in %s",
             units_plural(model->resource_count, "reading").text,
             units_duration(model->duration_ns).text);
    table_heading(screen, title);
    for (unsigned i = 0; i < SERIES_KINDS; i++)
        any |= series[i].count > 0;
    if (any) {
        table_about(
            screen,
            "CPU and waiting for one are shares of one CPU; what counts up is shown a second");
        titles(screen);
    }
    for (unsigned i = 0; i < SERIES_KINDS; i++) {
        size_t len = strlen(missing);
        if (series[i].count > 0)
            series_line(screen, &series[i]);
        else
            snprintf(missing + len, sizeof(missing) - len, "%s%s", len > 0 ? "; " : "",
                     series[i].name);
    }
    if (missing[0] != '\0')
        screen_wrap(screen, 2, "not measured", 14, missing, 4);
    if (missing[0] != '\0')
        table_about(
            screen,
            "What only /proc tells is read at start, at exit, and while strong-report looks at a "
            "running process; the allocator's account needs STRONG_OPTIMIZE=memory");
}

/* ---- the machine's side ---- */

static void fact(struct screen *screen, const char *label, uint64_t value, bool time,
                 const char *detail)
{
    if (value != MODEL_UNKNOWN)
        view_text_fact(screen, label, time ? units_duration(value).text : units_count(value).text,
                       detail);
}

static void pressure(struct screen *screen, const struct analysis *analysis)
{
    const struct model_live *live = &analysis->model->live;
    const uint64_t *counters = analysis->model->counters;
    const char *of =
        live->psi_of_machine ? "of the whole machine, since it started" : "of its cgroup";
    uint64_t start = counters[COUNTER_cgroup_start_throttled_ns];
    uint64_t end = live->looked && live->throttled_ns != MODEL_UNKNOWN
                       ? live->throttled_ns
                       : counters[COUNTER_cgroup_end_throttled_ns];
    char text[200];
    table_heading(screen, "What the machine kept from it");
    snprintf(text, sizeof(text), "in %s of %s",
             units_count(counters[COUNTER_cgroup_end_throttled_periods] >
                                 counters[COUNTER_cgroup_start_throttled_periods]
                             ? counters[COUNTER_cgroup_end_throttled_periods] -
                                   counters[COUNTER_cgroup_start_throttled_periods]
                             : 0)
                 .text,
             units_plural(counters[COUNTER_cgroup_periods], "period").text);
    if (counters[COUNTER_cgroup_periods] > 0)
        view_text_fact(screen, "throttled by its cgroup",
                       units_duration(end > start ? end - start : 0).text, text);
    else
        view_text_fact(screen, "throttled by its cgroup", "no quota",
                       "or cpu.stat could not be read");
    if (!live->looked) {
        view_text_fact(screen, "pressure on the machine (PSI)", "not measured",
                       "only while it runs");
        return;
    }
    fact(screen, "threads ready, without a CPU", live->run_delay_all_ns, true,
         "sum over the threads alive");
    fact(screen, "pressure: some waited for CPU", live->psi_cpu_ns, true, of);
    fact(screen, "pressure: some waited for I/O", live->psi_io_ns, true, of);
    fact(screen, "pressure: some waited for memory", live->psi_memory_ns, true, of);
}

static void limits(struct screen *screen, const struct analysis *analysis)
{
    static const int codes[] = {EMFILE, ENFILE, ENOMEM,        ENOSPC,
                                EDQUOT, EFBIG,  EADDRNOTAVAIL, ENOBUFS};
    const struct model *model = analysis->model;
    bool any = false;
    table_heading(screen, "Limits it met");
    for (size_t i = 0; i < model->error_count; i++) {
        const struct model_error *one = &model->errors[i];
        bool known = false;
        for (size_t j = 0; j < sizeof(codes) / sizeof(codes[0]); j++)
            known |= codes[j] == one->error;
        /* fork and pthread_create say EAGAIN where a limit of processes or threads is reached */
        known |= one->error == EAGAIN && hook_classes[one->hook] == CLASS_PROCESS;
        if (!known || one->count == 0)
            continue;
        any = true;
        screen_print(screen, STYLE_WARNING, "  %s %s: %s, %s", hook_names[one->hook],
                     strerrorname_np(one->error), strerrordesc_np(one->error),
                     units_plural(one->count, "time").text);
    }
    if (!any)
        screen_print(screen, STYLE_DIM,
                     "  none: no call failed for want of descriptors, memory, space or processes");
}

static void totals(struct screen *screen, const struct analysis *analysis)
{
    const struct model *model = analysis->model;
    const struct model_usage *usage = &model->usage;
    uint64_t descriptors = 0, threads = 0;
    table_heading(screen, "In all");
    fact(screen, "CPU time, user", usage->cpu_user_ns, true, "");
    fact(screen, "CPU time, system", usage->cpu_system_ns, true, "");
    if (usage->peak_rss_bytes != MODEL_UNKNOWN)
        view_text_fact(screen, "resident memory, peak", units_bytes(usage->peak_rss_bytes).text,
                       "");
    for (size_t i = 0; i < model->process_count; i++) {
        descriptors += model->processes[i].descriptors_peak;
        threads += model->processes[i].threads_peak;
    }
    fact(screen, "threads, most at once", threads, false, "");
    fact(screen, "descriptors, most at once", descriptors, false, "");
}

void resources_view(struct screen *screen, const struct analysis *analysis,
                    const struct view_form *form)
{
    struct arena arena = {0};
    struct series series[SERIES_KINDS];
    (void)form; /* every line is one of its own: there is no tail to cut */
    totals(screen, analysis);
    if (series_make(analysis->model, &arena, series))
        over_time(screen, analysis, series);
    pressure(screen, analysis);
    limits(screen, analysis);
    arena_done(&arena);
}
