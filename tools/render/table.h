/* table.h: tables as text, the same way in every report: numbers to the left, each right-aligned in a column of its
 * own, then a name that takes what is left of the line; columns that a narrow screen has no room for are left out.
 *
 * A table is sorted by its first column and cut where a row is below a hundredth of the whole, or after as many rows as
 * the reader wants; its last line says how many rows were left out and what they have together, so that the lines
 * always add up to the whole. Writes to the screen only. Single-threaded.
 */
#ifndef STRONG_RENDER_TABLE_H
#define STRONG_RENDER_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "render/screen.h"

enum { TABLE_ROWS = 12, TABLE_LEAST_PERCENT = 1 };

struct table_column {
    const char *title;
    unsigned width; /* space to the column on its left included */
    unsigned from;  /* the narrowest screen that shows it; 0: every one */
};

struct table {
    struct screen *screen;
    const struct table_column *columns;
    unsigned count;
    const char *name; /* title of the name at the end */
    size_t most;      /* rows; 0: TABLE_ROWS */
    bool whole;       /* no cut at all */
};

struct table_row {
    const struct table *table;
    unsigned next, end; /* column to fill, and where the one before it ended */
    struct screen_line line;
};

/* A blank line, and the title. */
void table_heading(struct screen *screen, const char *title);
/* What the figures below the title are, in dim letters, on as many lines as it takes. */
void table_about(struct screen *screen, const char *text);
void table_titles(const struct table *table);

/* A row: table_begin, a table_cell for each column in order (those not shown are skipped), table_end. */
void table_begin(struct table_row *row, const struct table *table);
void table_cell(struct table_row *row, enum screen_style style, const char *text);
/* The middle of a name that is too long is left out; `detail` follows it where there is room; both may be foreign. */
void table_end(struct table_row *row, const char *name, const char *detail);

/* Whether a row of that value is still shown, with `shown` rows above it. */
bool table_shows(const struct table *table, size_t shown, uint64_t value, uint64_t all);
/* The last line: `count` rows of `what` ("smaller place") that were left out, what they have in the first column,
 * and what the largest of them has (NULL: not said). Nothing where count is 0. */
void table_rest(const struct table *table, const char *sum, size_t count, const char *what,
                const char *largest);

/* "and 3 more rows", for lists that are not sums. Nothing where count is 0. */
void table_left_out(struct screen *screen, size_t count);

/* "38 %", "< 1 %"; "" where there is nothing to have a share of, or none. */
const char *table_share(char *buf, size_t size, double some, double all);

#endif
