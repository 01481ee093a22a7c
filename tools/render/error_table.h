/* error_table.h: which calls failed how often, by errno: a table of the hooks that a view is about.
 * Writes to the screen only. Single-threaded.
 */
#ifndef STRONG_RENDER_ERROR_TABLE_H
#define STRONG_RENDER_ERROR_TABLE_H

#include "render/view.h"

typedef bool error_table_filter(unsigned hook);

/* With a heading; nothing where none of them failed. */
void error_table_print(struct screen *screen, const struct analysis *analysis,
                       const struct view_form *form, const char *title, error_table_filter *filter);

#endif
