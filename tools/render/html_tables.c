/* html_tables.c: the page's tables of all that is no call: functions, allocation sites, threads, processes, optimizers,
 * resources, rules, settings. Places in the source read DWARF: only so many rows get one.
 */
#include "render/html_parts.h"

#include <math.h>
#include <string.h>

#include "analyse/units.h"
#include "render/json_values.h"
#include "render/text_blocks.h"

enum { LOCATED = 60, SITES_MOST = 100 };

/* ---- code ---- */

static const struct html_column function_columns[] = {
    {"Function", "text"}, {"Module", "text"}, {"Place", "text"}, {"CPU, its own", "ns"}, {"± 95 %", "ns"},
    {"CPU, with callees", "ns"}, {"Samples", "count"}, {"Blocked", "ns"}, {"Allocated", "bytes"}, {"Live", "bytes"},
    {NULL, NULL}};
static const struct html_column site_columns[] = {
    {"Place", "text"}, {"Allocated", "bytes"}, {"± 95 %", "bytes"}, {"Objects", "count"}, {"Live or unfreed", "bytes"},
    {"At the peak", "bytes"}, {"Freed at once", "bytes"}, {"Freed elsewhere", "bytes"}, {"Half lived at most", "ns"},
    {"Grown by realloc", "count"}, {"Largest", "bytes"}, {NULL, NULL}};

static json_t *place_of(struct html_document *document, const struct profile_function *one)
{
    char place[600];
    if (one->file == NULL)
        return json_null();
    const char *base = strrchr(one->file, '/');
    snprintf(place, sizeof(place), "%s:%u", base != NULL ? base + 1 : one->file, one->line);
    return html_path(document, place);
}

static void functions(struct html_document *document, const struct analysis *analysis)
{
    const struct profile *profile = &analysis->profile;
    struct html_table table = html_table_new(document, "functions", "Functions", function_columns);
    for (size_t i = 0; i < profile->count; i++) {
        struct profile_function *one = &profile->functions[i];
        json_t *row = html_table_row(document, &table);
        if (row == NULL)
            continue;
        if (i < LOCATED)
            profile_locate(one, analysis->symbols);
        append(row, html_word(document, one->name));
        append(row, html_word(document, one->module));
        append(row, place_of(document, one));
        append(row, number(one->cpu_self_ns));
        /* Samples of one period each: Poisson. */
        append(row, one->cpu_samples > 0
                        ? number(units_whole(1.96 * (double)one->cpu_self_ns / sqrt((double)one->cpu_samples)))
                        : json_null());
        append(row, number(one->cpu_ns));
        append(row, number(one->cpu_samples));
        append(row, number(one->blocked_ns));
        append(row, number(one->alloc_bytes));
        append(row, number(one->live_bytes > 0 ? (uint64_t)one->live_bytes : 0));
    }
    html_table_end(&table);
}

/* Names live in the analysis' arena, which its reader does not otherwise change. */
static void site_row(struct html_document *document, const struct analysis *analysis, const struct heap_site *site,
                     json_t *row)
{
    uint64_t life = heap_median_life_ns(site->lifetimes);
    append(row, html_word(document, heap_site_name((struct analysis *)analysis, site)));
    append(row, number(site->allocated.bytes));
    append(row, number(heap_margin(&site->allocated)));
    append(row, number(units_whole(site->allocated.objects)));
    append(row, number(site->live.bytes));
    append(row, number(site->peak.bytes));
    append(row, number(site->temporary.bytes));
    append(row, number(site->remote.bytes));
    append(row, life > 0 && life != UINT64_MAX ? number(life) : json_null());
    append(row, number(units_whole(site->grown.objects)));
    append(row, number(site->largest_bytes));
}

static void sites(struct html_document *document, const struct analysis *analysis)
{
    const struct heap *heap = &analysis->heap;
    struct html_table table = html_table_new(document, "sites", "Allocation sites", site_columns);
    if (!heap->measured)
        set(table.object, "empty", text("Allocations were not sampled in this run."));
    for (size_t i = 0; i < heap->site_count; i++) {
        json_t *row = i < SITES_MOST ? html_table_row(document, &table) : NULL;
        if (row != NULL)
            site_row(document, analysis, &heap->sites[i], row);
    }
    if (heap->site_count > SITES_MOST && document->limits.rows > SITES_MOST)
        table.left_out += heap->site_count - SITES_MOST;
    html_table_end(&table);
}

/* ---- threads and processes ---- */

static void threads(struct html_document *document, const struct analysis *analysis)
{
    const struct model *model = analysis->model;
    struct html_column columns[CLASS_CUSTOM + 6] = {{"Thread", "text"}, {"Lived", "ns"}, {"CPU (sampled)", "ns"}};
    unsigned count = 3;
    for (unsigned class = 0; class < CLASS_CUSTOM; class ++)
        columns[count++] = (struct html_column){class_names[class], "ns"};
    columns[count++] = (struct html_column){"Now in", "text"};
    struct html_table table = html_table_new(document, "threads", "Threads", columns);
    set(table.object, "note", text("Threads alive at the end. The classes are time in calls, CPU time inside them included."));
    for (size_t i = 0; i < model->thread_count; i++) {
        const struct model_thread *one = &model->threads[i];
        char name[200], now[600] = "";
        uint64_t cpu = 0;
        json_t *row = html_table_row(document, &table);
        if (row == NULL)
            continue;
        for (unsigned class = 0; class <= CLASS_COUNT; class ++)
            cpu += one->class_cpu_ns[class];
        snprintf(name, sizeof(name), "%d %s", (int)one->tid, one->name);
        append(row, html_word(document, name));
        append(row, number(one->life_ns));
        append(row, number(cpu));
        for (unsigned class = 0; class < CLASS_CUSTOM; class ++)
            append(row, number(one->class_ns[class]));
        if (one->now_hook != HOOK_NONE && one->now_hook < HOOK_COUNT)
            snprintf(now, sizeof(now), "%s %s for %s", hook_names[one->now_hook],
                     one->now_target != 0 ? text_blocks_target(analysis, one->now_target) : "",
                     units_duration(one->now_ns).text);
        append(row, html_word(document, now));
    }
    html_table_end(&table);
}

static void processes(struct html_document *document, const struct export_source *source)
{
    static const struct html_column columns[] = {
        {"Process", "text"}, {"Pid", "text"}, {"State", "text"}, {"Lived", "ns"}, {"CPU", "ns"}, {"First finding", "text"}, {NULL, NULL}};
    if (source->member_count < 2)
        return;
    struct html_table table = html_table_new(document, "processes", "Processes", columns);
    for (size_t i = 0; i < source->member_count; i++) {
        const struct analysis *one = source->members[i];
        const struct model_process *process = &one->model->processes[0];
        const struct finding *first = analysis_first(one);
        char pid[24];
        json_t *row = html_table_row(document, &table);
        if (row == NULL)
            continue;
        snprintf(pid, sizeof(pid), "%d", (int)process->pid);
        append(row, html_word(document, text_blocks_command(process)));
        append(row, html_word(document, pid));
        append(row, html_word(document, model_state_name(process->state)));
        append(row, number(process->duration_ns));
        append(row, one->time.cpu_measured ? number(one->time.parts[PART_CPU]) : json_null());
        append(row, html_word(document, first != NULL ? first->title : ""));
    }
    html_table_end(&table);
}

/* ---- what libstrong did and how it was set ---- */

static void optimizers(struct html_document *document, const struct analysis *analysis)
{
    static const struct html_column columns[] = {
        {"Optimizer", "text"}, {"State", "text"}, {"Acted", "count"}, {"Of", "count"}, {"Saved at most", "ns"},
        {"Refused", "count"}, {"In words", "text"}, {NULL, NULL}};
    struct html_table table = html_table_new(document, "optimizers", "Optimizers", columns);
    struct arena arena = {0};
    for (unsigned id = 0; id < OPTIMIZER_COUNT; id++) {
        const struct optimizer *one = &analysis->optimizers[id];
        json_t *row = html_table_row(document, &table);
        append(row, html_word(document, one->name));
        append(row, html_word(document, optimizers_state_name(one->state)));
        append(row, number(one->acted));
        append(row, number(one->chances));
        append(row, number(one->saved_ns));
        append(row, number(one->refused));
        append(row, html_word(document, optimizers_text(analysis->model, one, &arena)));
    }
    html_table_end(&table);
    arena_done(&arena);
}

static void refusals(struct html_document *document, const struct analysis *analysis)
{
    static const struct html_column columns[] = {
        {"Optimizer", "text"}, {"Refused because", "text"}, {"Times", "count"}, {"What helps", "text"}, {NULL, NULL}};
    struct html_table table = html_table_new(document, "refusals", "Refusals", columns);
    for (unsigned id = 0; id < OPTIMIZER_COUNT; id++)
        for (unsigned i = 0; i < analysis->optimizers[id].reason_count; i++) {
            const struct optimizer_reason *one = &analysis->optimizers[id].reasons[i];
            json_t *row = html_table_row(document, &table);
            append(row, html_word(document, analysis->optimizers[id].name));
            append(row, html_word(document, one->meaning));
            append(row, number(one->count));
            append(row, html_word(document, one->advice));
        }
    html_table_end(&table);
}

static void used(struct html_document *document, const struct model_usage *usage)
{
    static const struct html_column columns[] = {{"Resource", "text"}, {"Between the first and the last reading", "text"}, {NULL, NULL}};
    enum unit { COUNT, BYTES, TIME };
    const struct {
        const char *name;
        uint64_t value;
        enum unit unit;
    } lines[] = {
        {"CPU time, user", usage->cpu_user_ns, TIME}, {"CPU time, system", usage->cpu_system_ns, TIME},
        {"waiting for a CPU (main thread)", usage->run_delay_ns, TIME},
        {"resident memory, peak", usage->peak_rss_bytes, BYTES}, {"resident memory, last", usage->rss_bytes, BYTES},
        {"page faults, minor", usage->minor_faults, COUNT}, {"page faults, major", usage->major_faults, COUNT},
        {"context switches, voluntary", usage->voluntary_switches, COUNT},
        {"context switches, forced", usage->involuntary_switches, COUNT},
        {"read from storage", usage->read_bytes, BYTES}, {"written to storage", usage->written_bytes, BYTES},
        {"threads, most", usage->threads, COUNT}, {"open descriptors, most", usage->descriptors, COUNT},
    };
    struct html_table table = html_table_new(document, "used", "Resources", columns);
    for (unsigned i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        uint64_t value = lines[i].value;
        json_t *row = html_table_row(document, &table);
        append(row, html_word(document, lines[i].name));
        append(row, value == MODEL_UNKNOWN ? json_null()
                                           : html_word(document, lines[i].unit == BYTES  ? units_bytes(value).text
                                                                 : lines[i].unit == TIME ? units_duration(value).text
                                                                                         : units_count(value).text));
    }
    html_table_end(&table);
}

static void rules(struct html_document *document, const struct analysis *analysis)
{
    static const struct html_column columns[] = {{"Rule", "text"}, {"Outcome", "text"}, {"Evidence", "text"}, {NULL, NULL}};
    static const char *const states[] = {"not found", "found", "not applicable", "not measured"};
    struct html_table table = html_table_new(document, "rules", "Rules", columns);
    for (unsigned i = 0; i < FINDING_COUNT; i++) {
        const struct finding *one = &analysis->findings[i];
        json_t *row = html_table_row(document, &table);
        append(row, html_word(document, one->title));
        append(row, html_word(document, states[one->state]));
        append(row, html_word(document, one->evidence));
    }
    html_table_end(&table);
}

static void settings(struct html_document *document, const struct model *model)
{
    static const struct html_column columns[] = {{"Setting", "text"}, {"Value", "text"}, {NULL, NULL}};
    static const struct html_column counter_columns[] = {{"Counter", "text"}, {"Value", "count"}, {"Meaning", "text"}, {NULL, NULL}};
    struct html_table table = html_table_new(document, "settings", "Settings", columns);
    for (size_t i = 0; i < model->option_count; i++) {
        char name[120];
        json_t *row = html_table_row(document, &table);
        if (row == NULL)
            continue;
        snprintf(name, sizeof(name), "STRONG_%s", model->options[i].name);
        append(row, html_word(document, name));
        append(row, html_word(document, model->options[i].value));
    }
    html_table_end(&table);
    table = html_table_new(document, "counters", "libstrong itself", counter_columns);
    for (unsigned i = 0; i < COUNTER_COUNT; i++) {
        json_t *row = model->counters[i] > 0 ? html_table_row(document, &table) : NULL;
        if (row == NULL)
            continue;
        append(row, html_word(document, counter_names[i]));
        append(row, number(model->counters[i]));
        append(row, html_word(document, counter_meanings[i]));
    }
    html_table_end(&table);
}

void html_tables_add(struct html_document *document, const struct export_source *source)
{
    const struct analysis *analysis = source->analysis;
    html_calls_add(document, analysis);
    html_custom_add(document, analysis);
    functions(document, analysis);
    sites(document, analysis);
    threads(document, analysis);
    processes(document, source);
    optimizers(document, analysis);
    refusals(document, analysis);
    used(document, &analysis->model->usage);
    rules(document, analysis);
    settings(document, analysis->model);
}
