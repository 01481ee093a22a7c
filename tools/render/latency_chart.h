/* latency_chart.h: a latency histogram as text: a line for each step of 1-2-5 (of ten where the range is wide), a bar
 * that grows with the logarithm of the calls, and where p50, p90, p99 and the longest call lie.
 * Writes to the screen only. Single-threaded.
 */
#ifndef STRONG_RENDER_LATENCY_CHART_H
#define STRONG_RENDER_LATENCY_CHART_H

#include "analyse/calls.h"
#include "render/screen.h"

/* With a heading that names the calls. Nothing where no call has a bucket. */
void latency_chart_print(struct screen *screen, const struct calls *calls);
/* Of the first `most` of the items, sorted by time, that have a twentieth of it and more than one call. */
void latency_chart_worst(struct screen *screen, const struct calls *items, size_t count,
                         unsigned most);

#endif
