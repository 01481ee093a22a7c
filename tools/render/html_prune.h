/* html_prune.h: which nodes of the flame graphs are in the page: none below a thousandth of its root, and of the
 * rest the heaviest, so that all graphs together have no more than their budget. A node is never heavier than its
 * parent, so what is kept is always a tree. Pure functions.
 */
#ifndef STRONG_RENDER_HTML_PRUNE_H
#define STRONG_RENDER_HTML_PRUNE_H

#include <stdbool.h>
#include <stddef.h>

#define HTML_PRUNE_LEAST 0.001

enum { HTML_PRUNE_DEPTH = 250 }; /* deeper is left out, too: the page draws by recursion */

/* A node stays where its share is at least `least`, and above `above`. */
struct html_prune {
    double above;
};

static inline bool html_prune_keeps(const struct html_prune *prune, double share)
{
    return share >= HTML_PRUNE_LEAST && share > prune->above;
}

/* What a reader is told: nodes below this share were left out. */
static inline double html_prune_below(const struct html_prune *prune)
{
    return prune->above > HTML_PRUNE_LEAST ? prune->above : HTML_PRUNE_LEAST;
}

/* Sorts the nodes' shares (of their root), largest first, and returns how many there is reason to keep. */
size_t html_prune_wanted(double *shares, size_t count);

/* So that at most `budget` of the sorted shares are kept. */
struct html_prune html_prune_to(const double *sorted, size_t wanted, size_t budget);

/* The most each of several trees may have, so that trees that want less leave what they spare to the others. */
size_t html_prune_budget(const size_t *wanted, size_t count, size_t all);

#endif
