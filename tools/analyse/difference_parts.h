/* difference_parts.h: the steps of difference_new, for difference*.c alone, in the order they run. */
#ifndef STRONG_ANALYSE_DIFFERENCE_PARTS_H
#define STRONG_ANALYSE_DIFFERENCE_PARTS_H

#include "analyse/difference.h"

/* Finds the runs of a side. 0 or -ENOMEM. */
int difference_runs_find(struct difference *difference, struct difference_side *side);
/* Widens the figures of hooks, targets, parts and findings to what runs differ by. Nothing where no side has several. */
void difference_runs_widen(struct difference *difference);

/* Fills hooks and targets but for their figures, and the sides' calls and requests. 0 or -ENOMEM. */
int difference_rows_gather(struct difference *difference);
/* Their figures, then their order. */
void difference_rows_judge(struct difference *difference);
void difference_rows_order(struct difference *difference);
/* Findings on either side and their gains; then, with the intervals final, what became of each, and their order. */
void difference_findings_compare(struct difference *difference);
void difference_findings_order(struct difference *difference);
void difference_findings_optimizers(struct difference *difference);
/* Chooses the sentence. 0 or -ENOMEM. */
int difference_verdict_choose(struct difference *difference);

/* A difference as a share of the work of the side it is larger on: per unit times units. */
double difference_weight(const struct difference *difference, double each_a, double units_a,
                         double each_b, double units_b);
/* Whether the judgement is one of beyond noise. */
static inline bool difference_beyond(enum noise_judgement judgement)
{
    return judgement == NOISE_LESS || judgement == NOISE_MORE;
}

#endif
