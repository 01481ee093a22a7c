/* live_table.h: a table that is made anew every second: cells, order, filter, and its lines.
 *
 * A view (live.h) fills cells; this sorts them, leaves out rows and columns, and prints lines to a screen. It
 * knows nothing of a terminal's cursor, so `top` and `top --batch` show the same lines. Columns have
 * fixed widths: they do not move when numbers change. One column, of width 0, takes the room that is left (up to 28
 * columns, unless it is the last); where that is too little, the columns with the highest `drop` are left out first.
 *
 * Numbers are single words ("1.2ms", "40.2MiB", "38.0%") so that scripts can split lines at blanks; what was
 * not measured is "-". Cells are clean text or cleaned by the screen. Where memory is exhausted, rows are
 * left out. Single-threaded.
 */
#ifndef STRONG_RENDER_LIVE_TABLE_H
#define STRONG_RENDER_LIVE_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "analyse/units.h"
#include "read/arena.h"
#include "read/vector.h"
#include "render/screen.h"

enum { LIVE_COLUMNS = 12, LIVE_FACTS = 8, LIVE_FLEXIBLE_LEAST = 16, LIVE_FLEXIBLE_MOST = 28 };

struct live_column {
    const char *title;
    const char *total; /* its title where figures are since the start; NULL: the same */
    uint8_t width;     /* 0: what is left */
    bool left;         /* aligned to the left */
    uint8_t drop;      /* 0: never left out */
};

struct live_cell {
    const char *text; /* NULL: not measured */
    double number;    /* what it is ordered by; NAN: by its text */
    enum screen_style style;
};

struct live_row {
    struct live_cell cells[LIVE_COLUMNS];
    const char *line; /* instead of cells: a line as it is, styled by the screen */
    uint64_t id;      /* what the row is about, kept from look to look: a pid */
    size_t place;     /* in which it was added */
};

struct live_table {
    struct arena arena;
    const struct live_column *columns;
    unsigned column_count;
    bool totals; /* since the start, not a second */
    struct vector rows;
    struct {
        enum screen_style style;
        const char *text;
    } facts[LIVE_FACTS]; /* lines above the table */
    unsigned fact_count;
    const char *nothing; /* said where there is no row */
    unsigned sort;       /* column */
};

void live_table_init(struct live_table *table, const struct live_column *columns, unsigned count,
                     bool totals);
void live_table_done(struct live_table *table);

/* A new row, NULL where memory is exhausted; the setters below do nothing for NULL. */
struct live_row *live_table_add(struct live_table *table, uint64_t id);
size_t live_table_count(const struct live_table *table);
const struct live_row *live_table_at(const struct live_table *table, size_t index);

/* A line above the table. */
__attribute__((format(printf, 3, 4))) void live_fact(struct live_table *table,
                                                     enum screen_style style, const char *format,
                                                     ...);

void live_text(struct live_table *table, struct live_row *row, unsigned column, const char *text);
/* A number with its own words, which the table copies. */
void live_number(struct live_table *table, struct live_row *row, unsigned column, double number,
                 const char *words);
/* 0.5 12.3 1234 12.3k; whole: every digit up to 9999999. */
void live_count(struct live_table *table, struct live_row *row, unsigned column, double count,
                bool whole);
void live_bytes(struct live_table *table, struct live_row *row, unsigned column, double bytes);
void live_time(struct live_table *table, struct live_row *row, unsigned column, uint64_t ns);
void live_share(struct live_table *table, struct live_row *row, unsigned column, double share);

/* "12.3k" alone, and any units text without its blanks. */
struct units_text live_count_text(double count, bool whole);
struct units_text live_short(struct units_text text);

/* By a column: numbers from the largest, text from A; reverse turns that round. What is not measured comes last.
 * Rows that are equal keep their order. */
void live_table_sort(struct live_table *table, unsigned column, bool reverse);

/* Leaves the rows of which a cell or the line contains the word, whatever the letters' case. */
void live_table_filter(struct live_table *table, const char *word);

/* Lines that stand above the rows. */
unsigned live_table_above(const struct live_table *table);

/* The facts, the heading and at most `most` rows from the one at `first`. */
void live_table_print(struct screen *screen, const struct live_table *table, size_t first,
                      size_t most);

#endif
