/* live_table.c: see live_table.h. */
#include "render/live_table.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "analyse/units.h"

void live_table_init(struct live_table *table, const struct live_column *columns, unsigned count,
                     bool totals)
{
    *table = (struct live_table){.columns = columns, .column_count = count, .totals = totals};
    table->rows.bytes = sizeof(struct live_row);
}

void live_table_done(struct live_table *table)
{
    vector_done(&table->rows);
    arena_done(&table->arena);
}

struct live_row *live_table_add(struct live_table *table, uint64_t id)
{
    struct live_row *row = vector_push(&table->rows);
    if (!row)
        return NULL;
    row->id = id;
    row->place = table->rows.count;
    return row;
}

size_t live_table_count(const struct live_table *table)
{
    return table->rows.count;
}

const struct live_row *live_table_at(const struct live_table *table, size_t index)
{
    return (const struct live_row *)table->rows.items + index;
}

/* ---- filling ---- */

static const char *keep(struct live_table *table, const char *text)
{
    const char *copy = arena_text(&table->arena, text, strlen(text));
    return copy ? copy : "";
}

void live_fact(struct live_table *table, enum screen_style style, const char *format, ...)
{
    char text[512];
    va_list arguments;
    if (table->fact_count == LIVE_FACTS)
        return;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    table->facts[table->fact_count].style = style;
    table->facts[table->fact_count++].text = keep(table, text);
}

void live_text(struct live_table *table, struct live_row *row, unsigned column, const char *text)
{
    if (!row)
        return;
    row->cells[column].text = keep(table, text);
    row->cells[column].number = NAN;
}

void live_number(struct live_table *table, struct live_row *row, unsigned column, double number,
                 const char *words)
{
    if (!row)
        return;
    row->cells[column].text = keep(table, words);
    row->cells[column].number = number;
    if (number == 0)
        row->cells[column].style = STYLE_DIM;
}

struct units_text live_count_text(double count, bool whole)
{
    static const char letters[] = {'k', 'M', 'G', 'T', 'P', 'E'};
    struct units_text ret;
    if (whole ? count < 9999999.5 : count >= 999.5 && count < 9999.5)
        snprintf(ret.text, sizeof(ret.text), "%.0f", count);
    else if (count == 0)
        snprintf(ret.text, sizeof(ret.text), "0");
    else if (count < 0.95)
        snprintf(ret.text, sizeof(ret.text), "%.2f", count);
    else if (count < 999.5)
        snprintf(ret.text, sizeof(ret.text), "%.1f", count);
    else {
        unsigned letter = 0;
        for (count /= 1000; count >= 999.5 && letter + 1 < sizeof(letters); letter++)
            count /= 1000;
        snprintf(ret.text, sizeof(ret.text), count < 99.95 ? "%.1f%c" : "%.0f%c", count,
                 letters[letter]);
    }
    return ret;
}

struct units_text live_short(struct units_text text)
{
    struct units_text ret;
    size_t len = 0;
    for (const char *at = text.text; *at; at++)
        if (*at != ' ' && *at != ',')
            ret.text[len++] = *at;
    ret.text[len] = 0;
    return ret;
}

void live_count(struct live_table *table, struct live_row *row, unsigned column, double count,
                bool whole)
{
    live_number(table, row, column, count, live_count_text(count, whole).text);
}

void live_bytes(struct live_table *table, struct live_row *row, unsigned column, double bytes)
{
    live_number(table, row, column, bytes,
                bytes == 0 ? "0" : live_short(units_bytes(units_whole(bytes + 0.5))).text);
}

void live_time(struct live_table *table, struct live_row *row, unsigned column, uint64_t ns)
{
    live_number(table, row, column, (double)ns, live_short(units_duration(ns)).text);
}

void live_share(struct live_table *table, struct live_row *row, unsigned column, double share)
{
    live_number(table, row, column, share,
                share == 0 ? "0" : live_short(units_share(share)).text);
}

/* ---- order and choice ---- */

struct order {
    unsigned column;
    int direction;
};

/* Below 0 where a comes first. */
static double compare_cells(const struct live_cell *a, const struct live_cell *b, int direction)
{
    if (!a->text || !b->text) /* what was not measured comes last, whatever the direction */
        return !a->text - !b->text;
    if (isnan(a->number) || isnan(b->number))
        return strcasecmp(a->text, b->text) * direction;
    return (b->number - a->number) * direction;
}

static int compare(const void *left, const void *right, void *context)
{
    const struct order *order = context;
    const struct live_row *a = left, *b = right;
    double first =
        compare_cells(&a->cells[order->column], &b->cells[order->column], order->direction);
    if (first != 0)
        return first < 0 ? -1 : 1;
    return a->place < b->place ? -1 : 1;
}

void live_table_sort(struct live_table *table, unsigned column, bool reverse)
{
    struct order order = {column, reverse ? -1 : 1};
    if (column >= table->column_count)
        return;
    table->sort = column;
    if (table->rows.count > 1)
        qsort_r(table->rows.items, table->rows.count, sizeof(struct live_row), compare, &order);
}

static bool contains(const struct live_table *table, const struct live_row *row, const char *word)
{
    if (row->line)
        return strcasestr(row->line, word) != NULL;
    for (unsigned i = 0; i < table->column_count; i++)
        if (row->cells[i].text && strcasestr(row->cells[i].text, word))
            return true;
    return false;
}

void live_table_filter(struct live_table *table, const char *word)
{
    struct live_row *rows = table->rows.items;
    size_t kept = 0;
    for (size_t i = 0; *word && i < table->rows.count; i++)
        if (contains(table, &rows[i], word))
            rows[kept++] = rows[i];
    if (!*word)
        return;
    if (table->rows.count && !kept)
        table->nothing = "no line matches the filter";
    table->rows.count = kept;
}

/* ---- lines ---- */

/* Which columns are shown, and the width of the one that takes what is left. */
static unsigned lay_out(const struct live_table *table, unsigned width, bool *ret_shown)
{
    for (unsigned i = 0; i < table->column_count; i++)
        ret_shown[i] = true;
    for (;;) {
        unsigned used = 0, last = table->column_count;
        for (unsigned i = 0; i < table->column_count; i++) {
            if (!ret_shown[i])
                continue;
            used += table->columns[i].width + 1u;
            if (table->columns[i].drop &&
                (last == table->column_count || table->columns[i].drop > table->columns[last].drop))
                last = i;
        }
        used -= used > 0;
        if (used + LIVE_FLEXIBLE_LEAST > width && last < table->column_count) {
            ret_shown[last] = false;
            continue;
        }
        unsigned left = width > used + LIVE_FLEXIBLE_LEAST ? width - used : LIVE_FLEXIBLE_LEAST;
        bool ends = table->column_count && table->columns[table->column_count - 1].width == 0;
        return ends || left < LIVE_FLEXIBLE_MOST ? left : LIVE_FLEXIBLE_MOST;
    }
}

static void put_cell(struct screen_line *line, const struct live_column *column, unsigned width,
                     enum screen_style style, const char *text, bool is_last)
{
    unsigned start = line->columns, columns = screen_columns(text);
    if (!column->left && columns < width)
        screen_column(line, start + width - columns);
    if (columns > width)
        screen_add_text(line, style, text, strlen(text), width);
    else
        screen_add(line, style, "%s", text);
    if (!is_last)
        screen_column(line, start + width + 1);
}

static unsigned last_shown(const struct live_table *table, const bool *shown)
{
    unsigned last = 0;
    for (unsigned i = 0; i < table->column_count; i++)
        last = shown[i] ? i : last;
    return last;
}

static void print_heading(struct screen *screen, const struct live_table *table, const bool *shown,
                          unsigned flexible)
{
    struct screen_line line;
    screen_begin(&line, screen);
    for (unsigned i = 0; i < table->column_count; i++) {
        const struct live_column *column = &table->columns[i];
        if (shown[i])
            put_cell(&line, column, column->width ? column->width : flexible,
                     i == table->sort ? STYLE_NOTE : STYLE_BOLD,
                     table->totals && column->total ? column->total : column->title,
                     i == last_shown(table, shown));
    }
    screen_end(&line, screen);
}

static void print_row(struct screen *screen, const struct live_table *table,
                      const struct live_row *row, const bool *shown, unsigned flexible)
{
    struct screen_line line;
    screen_begin(&line, screen);
    for (unsigned i = 0; i < table->column_count; i++) {
        const struct live_column *column = &table->columns[i];
        const struct live_cell *cell = &row->cells[i];
        if (shown[i])
            put_cell(&line, column, column->width ? column->width : flexible,
                     cell->text ? cell->style : STYLE_DIM, cell->text ? cell->text : "-",
                     i == last_shown(table, shown));
    }
    screen_end(&line, screen);
}

unsigned live_table_above(const struct live_table *table)
{
    return table->fact_count + (table->column_count > 0);
}

void live_table_print(struct screen *screen, const struct live_table *table, size_t first,
                      size_t most)
{
    bool shown[LIVE_COLUMNS];
    unsigned flexible = lay_out(table, screen->width, shown);
    for (unsigned i = 0; i < table->fact_count; i++)
        screen_print(screen, table->facts[i].style, "%s", table->facts[i].text);
    if (table->column_count)
        print_heading(screen, table, shown, flexible);
    if (table->rows.count == 0 && table->nothing && most)
        screen_print(screen, STYLE_DIM, "%s", table->nothing);
    for (size_t i = first; i < table->rows.count && i - first < most; i++) {
        const struct live_row *row = live_table_at(table, i);
        if (row->line) {
            fprintf(screen->out, "%s\n", row->line);
            screen->lines++;
        } else {
            print_row(screen, table, row, shown, flexible);
        }
    }
}
