/* memory_report.h: the heap in tables: `strong-report report memory`, and a part of the full report.
 *
 * Totals, where it was allocated, what lives or was unfreed at exit, what lived at the peak, how long objects
 * lived, by size, by thread, and the allocator's own account over time. What comes from samples carries its
 * 95 % interval; what was not measured says so. Writes to the screen only. Single-threaded.
 */
#ifndef STRONG_RENDER_MEMORY_REPORT_H
#define STRONG_RENDER_MEMORY_REPORT_H

#include "render/view.h"

/* The view memory_report_view (views.def) has every finding about memory too; this is for the full report. */
void memory_report_tables(struct screen *screen, const struct analysis *analysis,
                          const struct view_form *form);

/* memory_sites.c and memory_parts.c: one table each, or nothing. */
void memory_sites_allocated(struct screen *screen, const struct analysis *analysis,
                                  const struct view_form *form);
void memory_sites_live(struct screen *screen, const struct analysis *analysis,
                             const struct view_form *form);
void memory_sites_peak(struct screen *screen, const struct analysis *analysis,
                             const struct view_form *form);
void memory_sites_temporary(struct screen *screen, const struct analysis *analysis,
                            const struct view_form *form);
void memory_parts_lifetimes(struct screen *screen, const struct analysis *analysis);
void memory_parts_sizes(struct screen *screen, const struct analysis *analysis);
void memory_parts_threads(struct screen *screen, const struct analysis *analysis,
                          const struct view_form *form);
void memory_parts_allocator(struct screen *screen, const struct analysis *analysis);

#endif
