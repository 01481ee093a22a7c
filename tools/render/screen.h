/* screen.h: lines of text for a terminal or a file: width, bars, colour, and nothing hostile.
 *
 * A line is built from pieces and written once. Every piece passes through here byte by byte:
 * control characters, escape sequences, broken UTF-8 and direction overrides become '?', so no text
 * that came out of a segment can move the cursor or hide another. A line is cut at the screen's
 * width in columns (one a code point). Where the screen is not UTF-8, the few symbols we use have
 * ASCII forms and anything else becomes '?'. No global state; one thread a screen.
 */
#ifndef STRONG_RENDER_SCREEN_H
#define STRONG_RENDER_SCREEN_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum screen_style {
    STYLE_PLAIN,
    STYLE_BOLD,
    STYLE_DIM,
    STYLE_CRITICAL,
    STYLE_WARNING,
    STYLE_NOTE,
    STYLE_BAR,
};

struct screen {
    FILE *out;
    unsigned width; /* columns, at least SCREEN_MIN_WIDTH */
    bool unicode;
    bool colour;
    unsigned lines; /* written so far */
};

enum { SCREEN_MIN_WIDTH = 40, SCREEN_DEFAULT_WIDTH = 100, SCREEN_LINE_BYTES = 2048 };

struct screen_line {
    const struct screen *screen;
    size_t len;
    unsigned columns;
    bool full; /* cut: nothing more is added */
    char text[SCREEN_LINE_BYTES];
};

/* From the terminal behind `out`: its size (COLUMNS wins), the locale's character set, and colour
 * only on a terminal where NO_COLOR is unset or empty and TERM is not dumb. */
void screen_init(struct screen *screen, FILE *out);

void screen_begin(struct screen_line *line, const struct screen *screen);
void screen_add(struct screen_line *line, enum screen_style style, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Text of a stranger, any bytes; at most max_columns, its middle replaced by "…" where longer. */
void screen_add_text(struct screen_line *line, enum screen_style style, const char *text,
                     size_t len, unsigned max_columns);
/* Spaces up to a column; at least one if the line is already there and not empty. */
void screen_column(struct screen_line *line, unsigned column);
/* Spaces so that a text of `columns` would end at column `end`. */
void screen_right(struct screen_line *line, unsigned end, enum screen_style style,
                  const char *text);
void screen_bar(struct screen_line *line, double share, unsigned columns);
/* One column for each share from 0 to 1, as high as it is; a negative one leaves a gap. */
void screen_spark(struct screen_line *line, const double *shares, unsigned count);
void screen_end(struct screen_line *line, struct screen *screen);

/* One whole line. */
void screen_print(struct screen *screen, enum screen_style style, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void screen_blank(struct screen *screen);
/* A paragraph broken at spaces, every line indented, the first after `label` (may be NULL). At most
 * max_lines lines; the last one ends with "…" if there was more. */
void screen_wrap(struct screen *screen, unsigned indent, const char *label, unsigned label_columns,
                 const char *text, unsigned max_lines);

/* Where a printed line has one of our style sequences: its bytes and what it begins, STYLE_PLAIN for the end of one;
 * 0 where there is none. For showing lines on what has other means of style. */
size_t screen_style_at(const char *text, enum screen_style *ret_style);

/* Columns that text takes, once cleaned. */
unsigned screen_columns(const char *text);

/* Copies text as clean UTF-8: what a line would show, without a width. Always terminated. Returns
 * the bytes written without the terminator. */
size_t screen_clean(char *ret_text, size_t capacity, const char *text, size_t len);

#endif
