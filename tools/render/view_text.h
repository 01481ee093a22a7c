/* view_text.h: words that the views share: intervals, facts, and why something was not measured.
 * Writes to the screen only. Single-threaded.
 */
#ifndef STRONG_RENDER_VIEW_TEXT_H
#define STRONG_RENDER_VIEW_TEXT_H

#include "render/view.h"

/* "± 1.2 s": half the 95 % interval of an estimate; "" where the variance is 0: exact, or not known. */
const char *view_text_margin(char *buf, size_t size, double variance, bool bytes);

/* "  not measured: …", with the setting that turns the samples of that cost on. */
void view_text_not_measured(struct screen *screen, const struct analysis *analysis,
                            enum calltree_cost cost);

/* One figure of the totals at the head of a view: what it is, how much, and more about it in dim letters. */
void view_text_fact(struct screen *screen, const char *label, const char *value,
                    const char *detail);

#endif
