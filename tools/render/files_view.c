/* files_view.c: `strong-report report files`: what was done to files, to which, how much at a time, and what failed. */
#include "analyse/paths.h"
#include "analyse/units.h"
#include "render/error_table.h"
#include "render/latency_chart.h"
#include "render/table.h"
#include "render/view_text.h"

static const char *mean_size(char *buf, size_t size, uint64_t bytes, uint64_t calls)
{
    buf[0] = '\0';
    if (calls > 0 && bytes > 0)
        snprintf(buf, size, "%s", units_bytes(bytes / calls).text);
    return buf;
}

/* ---- by what was done ---- */

static void operation_row(const struct table *table, const struct calls *one, const char *name)
{
    char text[80];
    struct table_row row;
    const struct latency *latency = &one->latency;
    table_begin(&row, table);
    table_cell(&row, STYLE_PLAIN, units_duration(one->ns).text);
    table_cell(&row, STYLE_PLAIN, units_count(one->calls).text);
    table_cell(&row, STYLE_PLAIN, one->errors > 0 ? units_count(one->errors).text : "");
    table_cell(&row, STYLE_PLAIN, one->bytes > 0 ? units_bytes(one->bytes).text : "");
    table_cell(&row, STYLE_PLAIN, mean_size(text, sizeof(text), one->bytes, one->calls));
    table_cell(&row, STYLE_PLAIN,
               latency->total > 0 ? units_duration(latency_percentile_ns(latency, 0.5)).text : "");
    table_cell(&row, STYLE_PLAIN,
               latency->total > 0 ? units_duration(latency_percentile_ns(latency, 0.99)).text : "");
    table_cell(&row, STYLE_PLAIN, one->timed > 0 ? units_duration(one->max_ns).text : "");
    table_end(&row, name, "");
}

static void by_operation(struct screen *screen, const struct paths *paths)
{
    static const struct table_column columns[] = {
        {"time", 10, 0},  {"calls", 12, 0}, {"errors", 9, 60}, {"bytes", 10, 60},
        {"mean", 10, 80}, {"p50", 9, 90},   {"p99", 9, 80},    {"max", 9, 100}};
    const struct table table = {screen, columns, 8, "what", 0, true};
    bool any = false;
    char name[80];
    table_heading(screen, "Files, by what was done (exact)");
    for (unsigned i = 0; i < OPERATION_COUNT; i++)
        any |= paths->operations[i].calls + paths->stdio[i].calls > 0;
    if (!any) {
        screen_print(screen, STYLE_DIM, "  it touched no file");
        return;
    }
    table_about(screen, "stdio: calls that its buffer served are counted, those that reached the "
                        "kernel are timed too");
    table_titles(&table);
    for (unsigned i = 1; i < OPERATION_COUNT; i++)
        if (paths->operations[i].calls > 0)
            operation_row(&table, &paths->operations[i], paths->operations[i].name);
    if (paths->operations[OPERATION_OTHER].calls > 0)
        operation_row(&table, &paths->operations[OPERATION_OTHER], "other calls");
    for (unsigned i = 0; i < OPERATION_COUNT; i++) {
        if (paths->stdio[i].calls == 0)
            continue;
        snprintf(name, sizeof(name), "%s (stdio)", paths->stdio[i].name);
        operation_row(&table, &paths->stdio[i], name);
    }
}

/* ---- by path ---- */

static void count_cell(struct table_row *row, uint64_t count)
{
    table_cell(row, STYLE_PLAIN, count > 0 ? units_count(count).text : "");
}

static void path_row(const struct table *table, const struct path *path, bool directory)
{
    char text[80], detail[80] = "";
    struct table_row row;
    table_begin(&row, table);
    table_cell(&row, STYLE_PLAIN, units_duration(path->ns).text);
    count_cell(&row, path->opens);
    count_cell(&row, path->reads);
    table_cell(&row, STYLE_PLAIN, path->read_bytes > 0 ? units_bytes(path->read_bytes).text : "");
    table_cell(&row, STYLE_PLAIN, mean_size(text, sizeof(text), path->read_bytes, path->reads));
    count_cell(&row, path->writes);
    table_cell(&row, STYLE_PLAIN, path->write_bytes > 0 ? units_bytes(path->write_bytes).text : "");
    table_cell(&row, STYLE_PLAIN, mean_size(text, sizeof(text), path->write_bytes, path->writes));
    count_cell(&row, path->syncs);
    count_cell(&row, path->errors);
    table_cell(&row, STYLE_PLAIN,
               path->latency.total > 0
                   ? units_duration(latency_percentile_ns(&path->latency, 0.99)).text
                   : "");
    if (path->files == 0)
        snprintf(detail, sizeof(detail), "no path known, or no room for it");
    else if (directory)
        snprintf(detail, sizeof(detail), "%s", units_plural(path->files, "file").text);
    table_end(&row, path->name, detail);
}

static void path_table(struct screen *screen, const struct view_form *form, const char *title,
                       const char *rest, const struct path *paths, size_t count, bool directory)
{
    static const struct table_column columns[] = {
        {"time", 10, 0},   {"opens", 8, 60},   {"reads", 9, 60},    {"read", 10, 80},
        {"mean", 9, 120},  {"writes", 9, 80},  {"written", 10, 80}, {"mean", 9, 120},
        {"syncs", 7, 100}, {"errors", 8, 100}, {"p99", 9, 110}};
    const struct table table = {screen,     columns,    11, directory ? "folder" : "path",
                                form->rows, form->whole};
    uint64_t all = 0, left = 0;
    size_t shown = 0;
    if (count == 0)
        return;
    for (size_t i = 0; i < count; i++)
        all += paths[i].ns;
    table_heading(screen, title);
    table_titles(&table);
    while (shown < count && table_shows(&table, shown, paths[shown].ns, all))
        path_row(&table, &paths[shown++], directory);
    for (size_t i = shown; i < count; i++)
        left += paths[i].ns;
    table_rest(&table, units_duration(left).text, count - shown, rest,
               shown < count ? units_duration(paths[shown].ns).text : NULL);
}

static bool is_file(unsigned hook)
{
    return hook_classes[hook] == CLASS_FILE;
}

void files_view(struct screen *screen, const struct analysis *analysis,
                const struct view_form *form)
{
    struct arena arena = {0};
    struct paths paths;
    if (paths_make(analysis, &arena, &paths)) {
        by_operation(screen, &paths);
        if (paths.directories != NULL)
            path_table(screen, form, "By folder", "smaller folder", paths.directories,
                       paths.directory_count, true);
        path_table(screen, form, "By path", "smaller path", paths.files, paths.file_count, false);
        error_table_print(screen, analysis, form, "Errors of file calls", is_file);
        latency_chart_print(screen, &paths.syncs);
    }
    arena_done(&arena);
}
