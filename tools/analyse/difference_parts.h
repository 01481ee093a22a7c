/* difference_parts.h: the steps of difference_new, for difference*.c alone, in the order they run. */
#ifndef STRONG_ANALYSE_DIFFERENCE_PARTS_H
#define STRONG_ANALYSE_DIFFERENCE_PARTS_H

#include "analyse/difference.h"

/* Fills hooks and targets but for their figures, and the sides' calls and requests. 0 or -ENOMEM. */
int difference_rows_gather(struct difference *difference);
/* Their figures and order. */
void difference_rows_judge(struct difference *difference);
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
