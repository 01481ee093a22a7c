/* html_parts.h: what the page of one measurement is made of, one function a part. Each adds its keys to the document;
 * what the scripts in html/ expect of them stands at the function. For export_html.c alone.
 */
#ifndef STRONG_RENDER_HTML_PARTS_H
#define STRONG_RENDER_HTML_PARTS_H

#include "render/export.h"
#include "render/html_document.h"

/* process, program, self, notes, wall_ns, thread_ns, time, findings */
void html_verdict_add(struct html_document *document, const struct analysis *analysis);
/* resources: readings by column, in groups that are one chart each */
void html_resources_add(struct html_document *document, const struct model *model);
/* events: single calls by column, and what is missing */
void html_events_add(struct html_document *document, const struct analysis *analysis);
/* histograms: of hooks and of calls by target, most time first */
void html_histograms_add(struct html_document *document, const struct analysis *analysis);
/* tables: of calls, of what the program measures itself, and of everything else */
void html_tables_add(struct html_document *document, const struct export_source *source);
void html_calls_add(struct html_document *document, const struct analysis *analysis);
void html_custom_add(struct html_document *document, const struct analysis *analysis);

/* p50, p90 and p99 at the end of a row; null where no call has a duration. */
void html_append_percentiles(json_t *row, const struct latency *latency);

#endif
