/* call_table.c: see call_table.h. */
#include "render/call_table.h"

#include "analyse/units.h"
#include "render/table.h"

static const char *percentile(char *buf, size_t size, const struct calls *one, double share)
{
    buf[0] = '\0';
    if (one->latency.total > 0)
        snprintf(buf, size, "%s", units_duration(latency_percentile_ns(&one->latency, share)).text);
    return buf;
}

static void row(const struct table *table, const struct calls *one, uint64_t all)
{
    char text[80];
    struct table_row row;
    table_begin(&row, table);
    table_cell(&row, STYLE_PLAIN, units_duration(one->ns).text);
    table_cell(&row, STYLE_PLAIN, table_share(text, sizeof(text), (double)one->ns, (double)all));
    table_cell(&row, STYLE_PLAIN, units_count(one->calls).text);
    table_cell(&row, STYLE_PLAIN, percentile(text, sizeof(text), one, 0.5));
    table_cell(&row, STYLE_PLAIN, percentile(text, sizeof(text), one, 0.99));
    table_cell(&row, STYLE_PLAIN, units_duration(one->max_ns).text);
    table_cell(&row, STYLE_PLAIN, one->errors > 0 ? units_count(one->errors).text : "");
    table_cell(&row, STYLE_PLAIN, one->bytes > 0 ? units_bytes(one->bytes).text : "");
    table_end(&row, one->name, one->detail);
}

size_t call_table_print(struct screen *screen, const struct view_form *form, const char *title,
                        const char *what, const char *rest, const struct calls *items, size_t count)
{
    static const struct table_column columns[] = {
        {"time", 10, 0}, {"share", 7, 50}, {"calls", 12, 50},  {"p50", 9, 80},
        {"p99", 9, 60},  {"max", 9, 90},   {"errors", 9, 110}, {"bytes", 10, 120}};
    const struct table table = {screen, columns, 8, what, form->rows, form->whole};
    uint64_t all = 0, left = 0;
    size_t shown = 0;
    if (count == 0)
        return 0;
    for (size_t i = 0; i < count; i++)
        all += items[i].ns;
    table_heading(screen, title);
    table_titles(&table);
    while (shown < count && table_shows(&table, shown, items[shown].ns, all))
        row(&table, &items[shown++], all);
    for (size_t i = shown; i < count; i++)
        left += items[i].ns;
    table_rest(&table, units_duration(left).text, count - shown, rest,
               shown < count ? units_duration(items[shown].ns).text : NULL);
    return shown;
}
