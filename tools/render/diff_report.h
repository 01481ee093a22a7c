/* diff_report.h: what changed, on one screen (at most 40 lines at 100 columns), or every figure in full.
 * Writes to the screen only. Single-threaded.
 */
#ifndef STRONG_RENDER_DIFF_REPORT_H
#define STRONG_RENDER_DIFF_REPORT_H

#include "analyse/difference.h"
#include "render/screen.h"

enum { DIFF_REPORT_LINES = 40 };

void diff_report_print(struct screen *screen, const struct difference *difference);
void diff_report_full(struct screen *screen, const struct difference *difference);

#endif
