/* optimizer_report.h: what the optimizers did: a line each for the one-screen report, a table for --full.
 * Writes to the screen only. Single-threaded.
 */
#ifndef STRONG_RENDER_OPTIMIZER_REPORT_H
#define STRONG_RENDER_OPTIMIZER_REPORT_H

#include "analyse/analysis.h"
#include "render/screen.h"

/* How many lines optimizer_report_lines prints: 0 where no optimizer was at work. */
unsigned optimizer_report_height(const struct analysis *analysis);

/* A heading and one line for each optimizer that was at work. */
void optimizer_report_lines(struct screen *screen, const struct analysis *analysis);

/* Every optimizer with its state, why it refused what it refused, and its counters. */
void optimizer_report_table(struct screen *screen, const struct analysis *analysis);

#endif
