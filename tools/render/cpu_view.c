/* cpu_view.c: `strong-report report cpu`: how much CPU time there was, in what code, by which thread, and called by whom.
 *
 * How much there was the kernel says; where it was, samples say. Their sum differs from the kernel's by what ran
 * before the first and after the last sample of each thread, so shares are of what was sampled.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analyse/units.h"
#include "render/call_tree_report.h"
#include "render/table.h"
#include "render/view_text.h"

enum { TREE_LINES = 16 };

static const char *const class_titles[CLASS_COUNT + 1] = {
    [CLASS_MEMORY] = "in memory calls (malloc …)",
    [CLASS_FILE] = "in file calls",
    [CLASS_NETWORK] = "in network calls",
    [CLASS_RESOLVE] = "in name lookups",
    [CLASS_LOCK] = "in lock calls",
    [CLASS_WAIT] = "in calls that wait",
    [CLASS_SLEEP] = "in sleeps",
    [CLASS_PROCESS] = "in process calls",
    [CLASS_CUSTOM] = "in what it measures itself",
    [CLASS_COUNT] = "own code and libraries, outside measured calls",
};

/* Samples of about equal weight, taken independently of each other: the count is Poisson's. */
static double variance_of(const struct profile *profile, uint64_t ns)
{
    return profile->cpu_samples > 0
               ? (double)ns * (double)profile->cpu_ns / (double)profile->cpu_samples
               : 0;
}

/* ---- how much ---- */

static void usage_fact(struct screen *screen, const char *label, uint64_t ns, const char *detail)
{
    if (ns == MODEL_UNKNOWN)
        view_text_fact(screen, label, "not measured",
                       "fewer than two readings of the kernel's account");
    else
        view_text_fact(screen, label, units_duration(ns).text, detail);
}

static void totals(struct screen *screen, const struct analysis *analysis)
{
    const struct model *model = analysis->model;
    const struct model_usage *usage = &model->usage;
    const struct profile *profile = &analysis->profile;
    char text[300] = "", margin[80];
    uint64_t used = usage->cpu_user_ns == MODEL_UNKNOWN || usage->cpu_system_ns == MODEL_UNKNOWN
                        ? MODEL_UNKNOWN
                        : usage->cpu_user_ns + usage->cpu_system_ns;
    if (used != MODEL_UNKNOWN && usage->window_ns > 0 && usage->window_ns != MODEL_UNKNOWN)
        snprintf(text, sizeof(text), "%s of one CPU, over %s (exact)",
                 units_share((double)used / (double)usage->window_ns).text,
                 units_duration(usage->window_ns).text);
    usage_fact(screen, "on CPU", used, text);
    usage_fact(screen, "user: the program", usage->cpu_user_ns, "");
    usage_fact(screen, "system: the kernel", usage->cpu_system_ns, "");
    if (calltree_measured(model, CALLTREE_CPU)) {
        snprintf(
            text, sizeof(text), "%s by %s, one every %s of CPU time of a thread",
            view_text_margin(margin, sizeof(margin), variance_of(profile, profile->cpu_ns), false),
            units_plural(profile->cpu_samples, "sample").text,
            units_duration(model->processes[0].cpu_period_ns).text);
        view_text_fact(screen, "sampled", units_duration(profile->cpu_ns).text, text);
    }
    usage_fact(screen, "ready, waiting for a CPU", usage->run_delay_ns, "main thread only");
    if (usage->involuntary_switches != MODEL_UNKNOWN &&
        usage->voluntary_switches != MODEL_UNKNOWN) {
        snprintf(text, sizeof(text), "and %s of its own accord",
                 units_count(usage->voluntary_switches).text);
        view_text_fact(screen, "CPU taken away, times",
                       units_count(usage->involuntary_switches).text, text);
    }
}

/* ---- in what kind of code ---- */

static void share_row(const struct table *table, const struct profile *profile, uint64_t ns,
                      uint64_t all, const char *name)
{
    char text[80];
    struct table_row row;
    table_begin(&row, table);
    table_cell(&row, STYLE_PLAIN, units_duration(ns).text);
    table_cell(&row, STYLE_DIM,
               view_text_margin(text, sizeof(text), variance_of(profile, ns), false));
    table_cell(&row, STYLE_PLAIN, all > 0 ? units_share((double)ns / (double)all).text : "");
    table_end(&row, name, "");
}

static const struct table_column share_columns[] = {
    {"time", 10, 0}, {"95 %", 11, 60}, {"share", 9, 0}};

static void by_class(struct screen *screen, const struct analysis *analysis)
{
    const struct table table = {screen, share_columns, 3, "code", 0, true};
    const struct profile *profile = &analysis->profile;
    uint64_t all = 0;
    bool shown[CLASS_COUNT + 1] = {false};
    for (unsigned class = 0; class <= CLASS_COUNT; class ++)
        all += analysis->model->cpu_ns[class];
    if (all == 0)
        return;
    table_heading(screen, "By kind of code");
    table_titles(&table);
    for (unsigned i = 0; i <= CLASS_COUNT; i++) {
        unsigned most = CLASS_COUNT + 1;
        for (unsigned class = 0; class <= CLASS_COUNT; class ++)
            if (!shown[class] && analysis->model->cpu_ns[class] > 0 &&
                (most > CLASS_COUNT ||
                 analysis->model->cpu_ns[class] > analysis->model->cpu_ns[most]))
                most = class;
        if (most > CLASS_COUNT)
            break;
        shown[most] = true;
        share_row(&table, profile, analysis->model->cpu_ns[most], all, class_titles[most]);
    }
    screen_print(screen, STYLE_DIM, "  across them, by stacks:");
    share_row(&table, profile, profile->allocator_ns, profile->cpu_ns, "in the allocator");
    share_row(&table, profile, profile->libstrong_ns, profile->cpu_ns,
              "in libstrong itself, the allocator left out");
}

/* ---- by function ---- */

static void function_row(const struct table *table, const struct analysis *analysis,
                         struct profile_function *function)
{
    const struct profile *profile = &analysis->profile;
    char text[80], place[600] = "";
    struct table_row row;
    profile_locate(function, analysis->symbols);
    if (function->file != NULL) {
        const char *base = strrchr(function->file, '/');
        snprintf(place, sizeof(place), "%s:%u  %s", base != NULL ? base + 1 : function->file,
                 function->line, function->module);
    } else if (function->named) {
        snprintf(place, sizeof(place), "%s", function->module);
    }
    table_begin(&row, table);
    table_cell(&row, STYLE_PLAIN, units_duration(function->cpu_self_ns).text);
    table_cell(
        &row, STYLE_DIM,
        view_text_margin(text, sizeof(text), variance_of(profile, function->cpu_self_ns), false));
    table_cell(&row, STYLE_PLAIN,
               units_share((double)function->cpu_self_ns / (double)profile->cpu_ns).text);
    table_cell(&row, STYLE_PLAIN, units_duration(function->cpu_ns).text);
    table_end(&row, function->name, place);
}

static void by_function(struct screen *screen, const struct analysis *analysis,
                        const struct view_form *form)
{
    static const struct table_column columns[] = {
        {"self", 10, 0}, {"95 %", 11, 80}, {"share", 9, 0}, {"total", 10, 60}};
    const struct table table = {screen, columns, 4, "function", form->rows, form->whole};
    const struct profile *profile = &analysis->profile;
    uint64_t rest = 0;
    size_t shown = 0, count = 0;
    while (count < profile->count && profile->functions[count].cpu_self_ns > 0)
        count++;
    if (count == 0)
        return;
    table_heading(screen, "By function: its own time, and with what it calls");
    table_titles(&table);
    while (shown < count &&
           table_shows(&table, shown, profile->functions[shown].cpu_self_ns, profile->cpu_ns))
        function_row(&table, analysis, &profile->functions[shown++]);
    for (size_t i = shown; i < count; i++)
        rest += profile->functions[i].cpu_self_ns;
    table_rest(&table, units_duration(rest).text, count - shown, "smaller function",
               shown < count ? units_duration(profile->functions[shown].cpu_self_ns).text : NULL);
}

/* ---- by thread ---- */

static uint64_t thread_cpu(const struct model_thread *thread)
{
    uint64_t sum = 0;
    for (unsigned class = 0; class <= CLASS_COUNT; class ++)
        sum += thread->class_cpu_ns[class];
    return sum;
}

static int busiest_first(const void *left, const void *right)
{
    const struct model_thread *a = *(const struct model_thread *const *)left;
    const struct model_thread *b = *(const struct model_thread *const *)right;
    uint64_t one = thread_cpu(a), two = thread_cpu(b);
    return one < two ? 1 : one > two ? -1 : a < b ? -1 : a > b;
}

static void by_thread(struct screen *screen, const struct analysis *analysis,
                      const struct view_form *form)
{
    const struct model *model = analysis->model;
    const struct table table = {screen, share_columns, 3, "thread", form->rows, form->whole};
    const struct model_thread **order = calloc(model->thread_count + 1, sizeof(*order));
    uint64_t all = 0, known = 0, rest = 0;
    size_t shown = 0;
    for (unsigned class = 0; class <= CLASS_COUNT; class ++)
        all += model->cpu_ns[class];
    if (order == NULL || all == 0) {
        free(order);
        return;
    }
    for (size_t i = 0; i < model->thread_count; i++) {
        order[i] = &model->threads[i];
        known += thread_cpu(order[i]);
    }
    qsort(order, model->thread_count, sizeof(*order), busiest_first);
    table_heading(screen, "By thread alive at the end");
    table_titles(&table);
    while (shown < model->thread_count && thread_cpu(order[shown]) > 0 &&
           table_shows(&table, shown, thread_cpu(order[shown]), all)) {
        char name[400];
        snprintf(name, sizeof(name), "%d %s", (int)order[shown]->tid, order[shown]->name);
        share_row(&table, &analysis->profile, thread_cpu(order[shown]), all, name);
        shown++;
    }
    for (size_t i = shown; i < model->thread_count; i++)
        rest += thread_cpu(order[i]);
    table_rest(&table, units_duration(rest).text, model->thread_count - shown, "other thread",
               NULL);
    if (all > known && model->thread_count > 0)
        share_row(&table, &analysis->profile, all - known, all, "threads that had ended");
    free(order);
}

void cpu_view(struct screen *screen, const struct analysis *analysis, const struct view_form *form)
{
    struct view_form tree = {VIEW_CALLEES, CALLTREE_CPU, form->rows > 0 ? form->rows : TREE_LINES,
                             form->whole};
    table_heading(screen, "CPU; ± is the 95 % interval of what is sampled");
    totals(screen, analysis);
    if (!calltree_measured(analysis->model, CALLTREE_CPU)) {
        table_heading(screen, "By code, function and thread");
        view_text_not_measured(screen, analysis, CALLTREE_CPU);
        return;
    }
    by_class(screen, analysis);
    by_function(screen, analysis, form);
    by_thread(screen, analysis, form);
    call_tree_report_print(screen, analysis, &tree);
}
