/* tree_report.h: the processes of one run as a tree, one line each with its own first finding.
 * members[i] are analyses of single processes, in any order; parents are found by pid among them.
 * Writes to the screen only. Single-threaded.
 */
#ifndef STRONG_RENDER_TREE_REPORT_H
#define STRONG_RENDER_TREE_REPORT_H

#include "analyse/analysis.h"
#include "render/screen.h"

/* At most max_lines lines; what does not fit is counted in the last one. */
void tree_report_print(struct screen *screen, const struct analysis *const *members, size_t count,
                       unsigned max_lines);

#endif
