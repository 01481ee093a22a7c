/* call_table.h: sums of calls (analyse/calls.h) as a table: time, share, calls, percentiles, errors, bytes, name.
 * Writes to the screen only. Single-threaded.
 */
#ifndef STRONG_RENDER_CALL_TABLE_H
#define STRONG_RENDER_CALL_TABLE_H

#include "analyse/calls.h"
#include "render/view.h"

/* With a heading; sorted by the caller (calls_sort). `what` a row is ("call") titles the name, and `rest` the line
 * of those left out ("shorter call"). Nothing where count is 0. Returns how many rows were shown. */
size_t call_table_print(struct screen *screen, const struct view_form *form, const char *title,
                        const char *what, const char *rest, const struct calls *items,
                        size_t count);

#endif
