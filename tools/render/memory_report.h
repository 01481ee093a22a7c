/* memory_report.h: the heap in tables: `strong-report report memory`, and a part of the full report.
 *
 * Totals, where it was allocated, what lives or was unfreed at exit, what lived at the peak, how long objects
 * lived, by size, by thread, and the allocator's own account over time. What comes from samples carries its
 * 95 % interval; what was not measured says so. Writes to the screen only. Single-threaded.
 */
#ifndef STRONG_RENDER_MEMORY_REPORT_H
#define STRONG_RENDER_MEMORY_REPORT_H

#include "analyse/analysis.h"
#include "render/screen.h"

/* With the header of a report of its own, and every finding about memory. */
void memory_report_print(struct screen *screen, const struct analysis *analysis);
/* Without them: for the full report. */
void memory_report_tables(struct screen *screen, const struct analysis *analysis);

/* memory_sites.c and memory_parts.c: one table each, or nothing. */
void memory_sites_allocated(struct screen *screen, const struct analysis *analysis);
void memory_sites_live(struct screen *screen, const struct analysis *analysis);
void memory_sites_peak(struct screen *screen, const struct analysis *analysis);
void memory_parts_lifetimes(struct screen *screen, const struct analysis *analysis);
void memory_parts_sizes(struct screen *screen, const struct analysis *analysis);
void memory_parts_threads(struct screen *screen, const struct analysis *analysis);
void memory_parts_allocator(struct screen *screen, const struct analysis *analysis);

#endif
