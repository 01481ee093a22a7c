/* locks.h: fills analysis.locks: waits for locks by waiter's and holder's place. Called once by
 * analysis_new, before the rules. 0 or -ENOMEM.
 */
#ifndef STRONG_ANALYSE_LOCKS_H
#define STRONG_ANALYSE_LOCKS_H

#include "analyse/analysis.h"

int locks_make(struct analysis *analysis);

#endif
