/* calltree_pair.h: two trees of calls as one, node by node: what a red and blue flame graph is drawn from.
 *
 * Nodes are one where path, function and module are the same by name. A node has both sides' figures as they were
 * measured; its `figure` compares the totals divided by each side's units (seconds, requests, runs: difference.h) and
 * judges them by the samples' standard errors (noise.h). Order and invariants are those of calltree.h, on both sides;
 * children are sorted by the larger of the two shares. The trees must outlive it. Single-threaded.
 */
#ifndef STRONG_ANALYSE_CALLTREE_PAIR_H
#define STRONG_ANALYSE_CALLTREE_PAIR_H

#include "analyse/calltree.h"
#include "analyse/noise.h"

struct calltree_pair_node {
    const char *name, *module;
    enum calltree_kind kind;
    uint64_t self[2], total[2];
    struct noise_figure figure; /* per unit */
    uint32_t parent, first_child, next_sibling; /* as in struct calltree_node */
    uint32_t of[2];                             /* the trees' nodes, or CALLTREE_NONE */
};

struct calltree_pair {
    struct calltree_pair_node *nodes; /* [0] is the root; a child comes after its parent */
    size_t count;
};

/* 0 and the pair, to be given to calltree_pair_done, or -ENOMEM. */
int calltree_pair_make(const struct calltree *a, double a_units, const struct calltree *b, double b_units,
                       struct calltree_pair *ret_pair);
void calltree_pair_done(struct calltree_pair *pair);

#endif
