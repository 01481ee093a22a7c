/* table.c: see table.h. Owns how a table looks; what is in it is its caller's. Keeps no state. */
#include "render/table.h"

#include <string.h>

#include "analyse/units.h"

enum { NAME_LEAST = 10, DETAIL_LEAST = 16 /* less of it says nothing */ };

void table_heading(struct screen *screen, const char *title)
{
    screen_blank(screen);
    screen_print(screen, STYLE_BOLD, "%s", title);
}

void table_about(struct screen *screen, const char *text)
{
    screen_wrap(screen, 2, NULL, 0, text, 4);
}

static bool is_shown(const struct table *table, unsigned column)
{
    return table->screen->width >= table->columns[column].from;
}

void table_titles(const struct table *table)
{
    struct table_row row;
    table_begin(&row, table);
    for (unsigned i = 0; i < table->count; i++)
        table_cell(&row, STYLE_DIM, table->columns[i].title);
    screen_add(&row.line, STYLE_DIM, "  %s", table->name);
    screen_end(&row.line, table->screen);
}

void table_begin(struct table_row *row, const struct table *table)
{
    row->table = table;
    row->next = row->end = 0;
    screen_begin(&row->line, table->screen);
}

void table_cell(struct table_row *row, enum screen_style style, const char *text)
{
    if (row->next >= row->table->count)
        return;
    unsigned column = row->next++;
    if (!is_shown(row->table, column))
        return;
    row->end += row->table->columns[column].width;
    screen_right(&row->line, row->end, style, text);
}

void table_end(struct table_row *row, const char *name, const char *detail)
{
    struct screen *screen = row->table->screen;
    screen_add(&row->line, STYLE_PLAIN, "  ");
    unsigned used = row->line.columns;
    unsigned room = screen->width > used + NAME_LEAST ? screen->width - used - 1 : NAME_LEAST;
    screen_add_text(&row->line, STYLE_PLAIN, name, strlen(name), room);
    room = screen->width > row->line.columns + 3 ? screen->width - row->line.columns - 3 : 0;
    if (detail[0] != '\0' && (room >= DETAIL_LEAST || screen_columns(detail) <= room)) {
        screen_add(&row->line, STYLE_DIM, "  ");
        screen_add_text(&row->line, STYLE_DIM, detail, strlen(detail), room);
    }
    screen_end(&row->line, screen);
}

bool table_shows(const struct table *table, size_t shown, uint64_t value, uint64_t all)
{
    if (table->whole)
        return true;
    return shown < (table->most > 0 ? table->most : TABLE_ROWS) &&
           value >= all / 100 * TABLE_LEAST_PERCENT;
}

void table_rest(const struct table *table, const char *sum, size_t count, const char *what,
                const char *largest)
{
    if (count == 0)
        return;
    struct screen_line line;
    screen_begin(&line, table->screen);
    screen_right(&line, table->columns[0].width, STYLE_DIM, sum);
    screen_add(&line, STYLE_DIM, "  %s", units_plural(count, what).text);
    if (largest != NULL)
        screen_add(&line, STYLE_DIM, ", the largest has %s", largest);
    screen_end(&line, table->screen);
}

void table_left_out(struct screen *screen, size_t count)
{
    if (count > 0)
        screen_print(screen, STYLE_DIM, "  and %s", units_plural(count, "more row").text);
}

const char *table_share(char *buf, size_t size, double some, double all)
{
    buf[0] = '\0';
    if (all >= 1 && some > 0 && some / all < 0.005)
        snprintf(buf, size, "< 1 %%");
    else if (all >= 1 && some > 0)
        snprintf(buf, size, "%.0f %%", some / all < 1 ? some / all * 100 : 100);
    return buf;
}
