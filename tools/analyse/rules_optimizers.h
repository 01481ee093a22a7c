/* rules_optimizers.h: what a rule says about the optimizer that could cure what it found: how to switch it on
 * where it is off, and why it did not help where it is on. Texts live as long as the analysis. Single-threaded.
 */
#ifndef STRONG_ANALYSE_RULES_OPTIMIZERS_H
#define STRONG_ANALYSE_RULES_OPTIMIZERS_H

#include "analyse/rules.h"

/* "STRONG_OPTIMIZE=…" that switches it on, given what is in effect: of an optimizer that is off. */
const char *rules_optimizer_setting(struct analysis *analysis, enum optimizer_id id);

/* Where the optimizer is off: its setting and what it then does, as a sentence's start ("STRONG_OPTIMIZE=…: it
 * …; or "). Where it is on: why it left this, followed by what helps ("…; "). Else "". To be put before the
 * change of code that cures the same. */
const char *rules_reuse_fix(struct analysis *analysis);    /* of connections */
const char *rules_nodelay_fix(struct analysis *analysis);  /* of Nagle's algorithm */
const char *rules_remember_fix(struct analysis *analysis); /* of names */

#endif
