/* call_tree_report.h: a tree of calls (analyse/calltree.h) as text: who calls whom, or what costs and who called it.
 *
 * The heaviest nodes are shown, each below its parent, largest first; functions that only pass on what one child has
 * are folded, unless all is shown. A line at the end says how many paths were left out and what they have together, so
 * that the selves of what was chosen and that line are the whole. Estimates carry their 95 % interval. Writes to the screen only. Single-threaded.
 */
#ifndef STRONG_RENDER_CALL_TREE_REPORT_H
#define STRONG_RENDER_CALL_TREE_REPORT_H

#include "render/view.h"

/* With a heading that says what it is a tree of; form->tree and form->cost say which. */
void call_tree_report_print(struct screen *screen, const struct analysis *analysis,
                            const struct view_form *form);

#endif
