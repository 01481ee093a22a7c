/* calltree.h: the samples of one cost as a tree of calls: what flame graphs, caller and callee trees are drawn from.
 *
 * Built from a model's samples (or, for what lives, from the heap's rows) by function: frames of one function of one
 * module that are reached by the same path are one node, inlined or not; of a module without symbols all are one
 * function, as in the profile. libstrong's own frames are left out, but for the allocator inside it, which is what CPU
 * time in there was spent on; the innermost node of a wait is the hook that waited ("recv"), below it what was waited
 * for where that is known ("tcp://127.0.0.1:6379", "held by put"). Stacks that were cut hang below a node "(cut)", samples
 * without a stack below "(no stack)".
 *
 * Invariant: a node's total is its self plus the totals of its children; the root's total is the sum of all
 * samples. Children are sorted by total, largest first. Estimates: unbiased, standard error sqrt(variance) (struct
 * calltree_node has the variance of its total). Names are clean text and live as long as the tree, the symbols and the
 * model all do. Single-threaded.
 */
#ifndef STRONG_ANALYSE_CALLTREE_H
#define STRONG_ANALYSE_CALLTREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "read/arena.h"
#include "read/model.h"
#include "read/symbols.h"

enum calltree_cost {
    CALLTREE_CPU,       /* ns on a CPU */
    CALLTREE_BLOCKED,   /* ns in calls that wait, locks left out */
    CALLTREE_LOCK,      /* ns waiting for locks */
    CALLTREE_ALLOCATED, /* bytes asked for */
    CALLTREE_LIVE,      /* bytes that live now, or were unfreed at exit */
    CALLTREE_PEAK,      /* bytes that lived at the highest moment */
    CALLTREE_TEMPORARY, /* bytes freed again at once */
    CALLTREE_COSTS,
};

enum calltree_order {
    CALLTREE_ROOT_FIRST, /* main at the top: who calls whom */
    CALLTREE_LEAF_FIRST, /* inverted: the functions that cost, and below each who called it */
};

enum { CALLTREE_NONE = UINT32_MAX };

enum calltree_kind { CALLTREE_FUNCTION, CALLTREE_HOOK, CALLTREE_TARGET, CALLTREE_OTHER };

struct calltree_node {
    const char *name;
    const char *module; /* "" where it has none */
    enum calltree_kind kind;
    uint64_t self, total;
    double variance;    /* of total */
    uint64_t samples;   /* behind total; 0 where that is not known (live, peak) */
    uint32_t parent, first_child, next_sibling; /* indices into nodes[] or CALLTREE_NONE */
    struct model_frame frame; /* the heaviest address of this function on this path; module MODEL_NO_MODULE and address 0: none */
};

struct calltree {
    enum calltree_cost cost;
    enum calltree_order order;
    struct calltree_node *nodes; /* [0] is the root, named "all"; a child comes after its parent */
    size_t count;
    uint64_t samples;
    struct arena arena; /* of names that are made up here */
};

/* Returns 0 and the tree, to be given to calltree_done, or -ENOMEM. Where the cost was not sampled or nothing was seen
 * the tree is the root alone with total 0. */
int calltree_make(const struct model *model, struct symbols *symbols, enum calltree_cost cost,
                  enum calltree_order order, struct calltree *ret_tree);
void calltree_done(struct calltree *tree);

/* Was this cost sampled at all? "Not measured" is not 0. */
bool calltree_measured(const struct model *model, enum calltree_cost cost);

/* "cpu", "blocked", "lock", "allocated", "live", "peak", "temporary": on the command line and in files. */
const char *calltree_cost_name(enum calltree_cost cost);
/* For people: "on CPU", … ; live is "unfreed at exit" where the process ended. */
const char *calltree_cost_title(const struct model *model, enum calltree_cost cost);
bool calltree_cost_is_bytes(enum calltree_cost cost);

#endif
