/* accounting_split.h: how accounting.c and accounting_threads.c divide the time of calls: the part of each class
 * that a part has, and what is left of it once CPU time is taken off and the whole is known. Used by those two only.
 *
 * Two things that one call by itself does not tell:
 *   an event loop that waits for several descriptors waits for work or for answers to what it asked. As far as answers
 *   took longer than the calls that waited for them directly, its waiting is PART_EVENT: at most that much of it was
 *   for an answer.
 *   CPython hands its interpreter lock (GIL) over by a condition variable: which share of such waits that is, their
 *   sampled stacks tell (in the interpreter's own code). That share is PART_LOCK.
 * Single-threaded.
 */
#ifndef STRONG_ANALYSE_ACCOUNTING_SPLIT_H
#define STRONG_ANALYSE_ACCOUNTING_SPLIT_H

#include "analyse/accounting.h"

struct accounting_split {
    double parts[CLASS_COUNT][PART_COUNT]; /* only the proportions within a class are used */
    double total[CLASS_COUNT];
    double interpreter_share; /* of the waits for a condition: 0 to 1 */
    double interpreter_ns;
    double events, answers, direct;
};

/* Share of the sampled waits for condition variables that were made by CPython's own code. */
double accounting_split_interpreter(const struct model *model);

/* Calls of a hook on a target of that kind. Pseudo hooks are welcome: they are told apart here. */
void accounting_split_add(struct accounting_split *split, unsigned hook, enum target_kind kind, uint64_t ns);
/* After the last one. */
void accounting_split_settle(struct accounting_split *split);

/* Adds the time of one class to its parts, by the proportions of `split`, else of `otherwise` (may be NULL). */
void accounting_split_class(const struct accounting_split *split, const struct accounting_split *otherwise,
                            unsigned class_, double ns, double waits[PART_COUNT]);

/* CPU time and waits as parts that sum to total_ns exactly: scaled down where they are more than it, the rest to
 * PART_QUEUE (at most queued_ns) and PART_UNACCOUNTED. Returns by how much they exceeded it. */
uint64_t accounting_split_fit(uint64_t total_ns, uint64_t cpu_ns, const double waits[PART_COUNT],
                              uint64_t queued_ns, uint64_t parts[PART_COUNT]);

#endif
