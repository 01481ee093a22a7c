/* full_report.h: everything the model holds, in tables (`strong-report --full`): time, every rule
 * with its state, hooks, targets, threads, locks, functions, errors, resources, settings and notes.
 * Writes to the screen only. Single-threaded.
 */
#ifndef STRONG_RENDER_FULL_REPORT_H
#define STRONG_RENDER_FULL_REPORT_H

#include "analyse/analysis.h"
#include "render/screen.h"

void full_report_print(struct screen *screen, const struct analysis *analysis);

#endif
