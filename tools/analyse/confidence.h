/* confidence.h: how far what a finding rests on can be trusted: one rule for all findings.
 *
 * A finding rests on counted calls, on samples, on readings of resources, or on several of them: the weakest decides.
 *
 *                     high           medium
 *   counted calls     200 and 1 s    20          exact, but few of them may be chance, and a second may be a phase
 *   samples           100            25          95 % of the time within 20 % and 40 % of the truth: 1.96 / sqrt(n)
 *   readings          30             6           a second apart
 *
 * Else low. Lost calls (thread blocks, cells or targets that found no room) leave counted calls at medium at most:
 * they are there, under "(other)". Where more than one sample in 20 was dropped, samples are low; more than one in
 * 100, medium at most. `indirect` says that the bound rests on more than what was measured (an assumption that holds for
 * most programs): medium at most.
 */
#ifndef STRONG_ANALYSE_CONFIDENCE_H
#define STRONG_ANALYSE_CONFIDENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "analyse/finding.h"

struct analysis;

#define CONFIDENCE_NOT_USED UINT64_MAX /* the finding does not rest on any of these */

struct confidence_basis {
    uint64_t calls, samples, readings;
    uint64_t window_ns; /* over which the calls were counted */
    uint64_t taken, dropped; /* samples, of the whole process */
    bool lost, indirect;
};

enum finding_confidence confidence_of(const struct confidence_basis *basis);

/* What the analysis knows of window, losses and drops; the rest is CONFIDENCE_NOT_USED. */
struct confidence_basis confidence_start(const struct analysis *analysis);

#endif
