/* text_report.h: the verdict on one screen: at most 40 lines at 100 columns.
 *
 * What ran, where its thread-seconds went, the bottlenecks by what fixing each can give back, and
 * where every thread stands where that matters. Writes to the screen only. Single-threaded.
 */
#ifndef STRONG_RENDER_TEXT_REPORT_H
#define STRONG_RENDER_TEXT_REPORT_H

#include "analyse/analysis.h"
#include "render/screen.h"

enum { TEXT_REPORT_LINES = 40 };

void text_report_print(struct screen *screen, const struct analysis *analysis);

/* The two first blocks alone, shared with the full report. */
void text_report_header(struct screen *screen, const struct analysis *analysis);
void text_report_time(struct screen *screen, const struct analysis *analysis);
/* One finding; detail: also its assumption, risk and confidence in words. */
void text_report_finding(struct screen *screen, const struct analysis *analysis,
                         const struct finding *finding, unsigned number, bool detail);

#endif
