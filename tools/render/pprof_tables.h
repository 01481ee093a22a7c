/* pprof_tables.h: the parts of a pprof profile that its samples refer to: texts, functions, places and files, each
 * written once, when it is first asked for. For export_pprof.c alone.
 *
 * Messages one after another are one message (protobuf merges them), so a profile is written piece by piece and never
 * held as a whole. Memory that is exhausted is noted in `failed` and makes the numbers 0; it is looked at in the end.
 * Model and symbols must outlive it. Single-threaded.
 */
#ifndef STRONG_RENDER_PPROF_TABLES_H
#define STRONG_RENDER_PPROF_TABLES_H

#include <stdbool.h>
#include <stdint.h>

#include "read/arena.h"
#include "read/lookup.h"
#include "read/model.h"
#include "read/symbols.h"
#include "read/vector.h"
#include "render/gzip_stream.h"
#include "render/profile.pb-c.h"

/* What was seen of a module's symbols. */
struct pprof_mapping {
    uint64_t id; /* 0: no place in it was asked for */
    struct model_frame first; /* the first that was */
    bool functions, lines, inlines;
};

struct pprof_tables {
    const struct model *model;
    struct symbols *symbols;
    struct gzip_stream gzip;
    struct arena arena;
    struct vector texts; /* const char * */
    struct lookup by_text, by_function, by_place;
    struct vector functions, places;
    struct pprof_mapping *mappings; /* by module */
    uint64_t mapping_count;
    uint64_t lines_until_ns; /* of CPU time: no DWARF is read after that */
    uint64_t without_lines;  /* places left without for it */
    uint8_t *piece;
    size_t piece_bytes;
    bool failed;
};

/* To be given to pprof_tables_done in any case, which writes the rest and returns 0 or -ENOMEM. */
void pprof_tables_init(struct pprof_tables *tables, FILE *out, const struct model *model,
                       struct symbols *symbols);
int pprof_tables_done(struct pprof_tables *tables);

/* Writes a message as the next piece. */
void pprof_tables_put(struct pprof_tables *tables, const Pprof__Profile *piece);

/* Number of a text that lives as long as the tables. */
int64_t pprof_tables_text(struct pprof_tables *tables, const char *text);
/* Number of the place of a frame. */
uint64_t pprof_tables_place(struct pprof_tables *tables, const struct model_frame *frame);
/* Number of a place that is none in the program: "(cut)". */
uint64_t pprof_tables_words(struct pprof_tables *tables, const char *name);

#endif
