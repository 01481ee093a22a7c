/* operation_report.h: what the program measures itself with strong.h, as text: operations, counts, gauges.
 *
 * Writes to the screen only. Single-threaded. Nothing where the program measures nothing.
 */
#ifndef STRONG_RENDER_OPERATION_REPORT_H
#define STRONG_RENDER_OPERATION_REPORT_H

#include "analyse/analysis.h"
#include "render/screen.h"

enum { OPERATION_REPORT_LINES = 5 };

/* The verdict's block: a blank line, where it is wanted, and at most `most` lines, the heading among them. */
void operation_report_lines(struct screen *screen, const struct analysis *analysis, bool blank, unsigned most);

/* All of them, in tables. */
void operation_report_tables(struct screen *screen, const struct analysis *analysis);

#endif
