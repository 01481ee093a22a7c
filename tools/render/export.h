/* export.h: the formats of `strong-report export`, one function a format.
 *
 * A format writes one whole document to `out` and returns 0, or -errno where memory is exhausted (an error of the
 * stream is the caller's to find with ferror). It prints nothing else and never fails for lack of data: what was not
 * measured is left out of the document, which stays valid. Single-threaded.
 */
#ifndef STRONG_RENDER_EXPORT_H
#define STRONG_RENDER_EXPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "analyse/analysis.h"
#include "analyse/calltree.h"

struct export_source {
    const struct analysis *analysis;       /* of all that was chosen, as one */
    const struct analysis *const *members; /* the single processes; one of them: the same as analysis */
    size_t member_count;
    bool cost_given; /* --cost: formats that hold one cost at a time use it, others keep to it */
    enum calltree_cost cost;
};

struct export_format {
    const char *name;
    const char *meaning;
    const char *file_suffix; /* "pb.gz" */
    int (*write)(FILE *out, const struct export_source *source);
};

/* Ends with a NULL name. Made from exports.def. */
extern const struct export_format export_formats[];

#define EXPORT(name, suffix, meaning) int export_##name(FILE *out, const struct export_source *source);
#include "render/exports.def"
#undef EXPORT

#endif
