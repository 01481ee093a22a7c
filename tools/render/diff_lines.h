/* diff_lines.h: the lines that both forms of the difference are made of, for diff_*.c alone: a name, the figure of
 * A, of B, the change, and what the noise says. Narrow screens lose the last column. Single-threaded.
 */
#ifndef STRONG_RENDER_DIFF_LINES_H
#define STRONG_RENDER_DIFF_LINES_H

#include "analyse/difference.h"
#include "render/screen.h"

enum diff_unit { DIFF_TIME, DIFF_NUMBER };

/* "Targets, time of a request or call    A    B    change    99 % interval". */
void diff_lines_heading(struct screen *screen, const char *title);
/* detail: "a request", dim, behind the name; may be "". */
void diff_lines_figure(struct screen *screen, unsigned indent, const char *name, const char *detail,
                       const struct noise_figure *figure, enum diff_unit unit);
/* The same for whole numbers nobody judges: totals. */
void diff_lines_total(struct screen *screen, unsigned indent, const char *name, uint64_t a, uint64_t b,
                      enum diff_unit unit);
/* The sentence, then a line or two for each side. */
void diff_lines_header(struct screen *screen, const struct difference *difference);
void diff_lines_finding(struct screen *screen, const struct difference_finding *one,
                        enum difference_basis basis);
void diff_lines_optimizer(struct screen *screen, const struct difference_optimizer *one,
                          enum difference_basis basis);
/* What the interval is. */
void diff_lines_footer(struct screen *screen, const struct difference *difference, bool full);

#endif
