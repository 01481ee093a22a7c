/* difference_findings.c: findings that appeared, went or changed, and what the optimizers did, per unit of the basis.
 */
#include "analyse/difference_parts.h"

#include <math.h>
#include <stdlib.h>

#include "analyse/rules.h"

/* ---- findings ---- */

/* A gain is a sum over `count` waits; where they spread as an exponential, its relative error is sqrt(2 / count). */
static double gain_error(const struct finding *finding)
{
    if (finding->state != FINDING_FOUND || finding->count == 0)
        return 0;
    return (double)finding->gain_ns * sqrt(2 / (double)finding->count);
}

static enum difference_change change_of(const struct difference_finding *one)
{
    const struct finding *a = one->of[0], *b = one->of[1];
    bool in_a = a->state == FINDING_FOUND, in_b = b->state == FINDING_FOUND;
    if (a->state == FINDING_NOT_MEASURED || b->state == FINDING_NOT_MEASURED)
        return CHANGE_UNKNOWN;
    if (in_a != in_b) {
        const struct finding *found = in_a ? a : b;
        /* So near the threshold of a finding, chance decides which side of it a run is on. */
        if (found->gain_ns > 0 && found->share < 1.5 * RULES_LEAST_SHARE)
            return CHANGE_NONE;
        return in_a ? CHANGE_GONE : CHANGE_APPEARED;
    }
    if (a->gain_ns == 0 && b->gain_ns == 0)
        return CHANGE_KEPT;
    return one->gain.judgement == NOISE_LESS   ? CHANGE_SMALLER
           : one->gain.judgement == NOISE_MORE ? CHANGE_LARGER
           : one->gain.judgement == NOISE_UNKNOWN ? CHANGE_UNKNOWN
                                                  : CHANGE_NONE;
}

static int changed_first(const void *left, const void *right)
{
    static const uint8_t rank[] = {[CHANGE_GONE] = 0,   [CHANGE_APPEARED] = 0, [CHANGE_SMALLER] = 0,
                                   [CHANGE_LARGER] = 0, [CHANGE_KEPT] = 1,     [CHANGE_NONE] = 1,
                                   [CHANGE_UNKNOWN] = 2};
    const struct difference_finding *a = left, *b = right;
    double more_a = fmax(a->gain.a, a->gain.b), more_b = fmax(b->gain.a, b->gain.b);
    if (rank[a->change] != rank[b->change])
        return rank[a->change] - rank[b->change];
    if (more_a != more_b)
        return more_a < more_b ? 1 : -1;
    return (int)a->of[0]->id - (int)b->of[0]->id;
}

void difference_findings_compare(struct difference *difference)
{
    const struct difference_side *side = difference->side;
    for (unsigned id = 0; id < FINDING_COUNT; id++) {
        struct difference_finding one = {0};
        double gain[2], error[2];
        for (int i = 0; i < 2; i++) {
            one.of[i] = analysis_finding(side[i].analysis, (enum finding_id)id);
            gain[i] = one.of[i]->state == FINDING_FOUND ? (double)one.of[i]->gain_ns / side[i].units : 0;
            error[i] = gain_error(one.of[i]) / side[i].units;
        }
        if (one.of[0]->state != FINDING_FOUND && one.of[1]->state != FINDING_FOUND)
            continue;
        one.gain = noise_between(gain[0], error[0], gain[1], error[1]);
        difference->findings[difference->finding_count++] = one;
    }
}

void difference_findings_order(struct difference *difference)
{
    for (size_t i = 0; i < difference->finding_count; i++)
        difference->findings[i].change = change_of(&difference->findings[i]);
    qsort(difference->findings, difference->finding_count, sizeof(difference->findings[0]),
          changed_first);
}

/* ---- optimizers ---- */

void difference_findings_optimizers(struct difference *difference)
{
    const struct difference_side *side = difference->side;
    for (unsigned id = 0; id < OPTIMIZER_COUNT; id++) {
        struct difference_optimizer *one = &difference->optimizers[id];
        one->id = (enum optimizer_id)id;
        for (int i = 0; i < 2; i++)
            one->of[i] = &side[i].analysis->optimizers[id];
        one->acted = one->saved = noise_unknown(NAN, NAN);
        if (one->of[0]->acted != MODEL_UNKNOWN)
            one->acted = noise_rate(one->of[0]->acted, side[0].units, one->of[1]->acted, side[1].units);
        if (one->of[0]->saved_ns != MODEL_UNKNOWN) {
            double saved[2], error[2];
            for (int i = 0; i < 2; i++) {
                double acted = (double)one->of[i]->acted;
                saved[i] = (double)one->of[i]->saved_ns / side[i].units;
                error[i] = acted > 0 ? saved[i] * sqrt(2 / acted) : 0;
            }
            one->saved = noise_between(saved[0], error[0], saved[1], error[1]);
        }
        one->changed = one->of[0]->state != one->of[1]->state ||
                       difference_beyond(one->acted.judgement) ||
                       difference_beyond(one->saved.judgement);
    }
}
