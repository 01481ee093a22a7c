/* series.h: the readings of a resource over time: as they are, or as a rate where the kernel counts up.
 *
 * A rate is that between two readings at least SERIES_APART_NS apart (the reading at exit may follow another at once);
 * what was not measured leaves no point. The slope is a straight line by least squares over the points. Values live in
 * the arena that is passed. Single-threaded.
 */
#ifndef STRONG_ANALYSE_SERIES_H
#define STRONG_ANALYSE_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "read/arena.h"
#include "read/model.h"

#define SERIES_APART_NS UINT64_C(250000000)

enum series_unit { SERIES_COUNT, SERIES_BYTES, SERIES_SHARE };

struct series {
    const char *name;
    enum series_unit unit;
    bool rate; /* a second; of SERIES_SHARE: time a second, as a share of it */
    size_t count;
    double *values, *at_seconds;
    double least, mean, most, last;
    double slope; /* a second; NAN below three points */
};

enum { SERIES_KINDS = 19 };

/* Fills all SERIES_KINDS; those without a point have count 0. False when memory is exhausted. */
bool series_make(const struct model *model, struct arena *arena,
                 struct series ret_series[SERIES_KINDS]);

#endif
