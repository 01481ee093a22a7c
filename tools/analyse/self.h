/* self.h: what libstrong itself costs, as far as a model tells: the part of analysis_self that needs no analysis. */
#ifndef STRONG_ANALYSE_SELF_H
#define STRONG_ANALYSE_SELF_H

#include "analyse/analysis.h"
#include "read/model.h"

/* All but `share`, which is left 0. Pure function. */
void self_measure(const struct model *model, struct analysis_self *ret_self);

#endif
