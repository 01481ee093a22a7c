/* symbols.h: addresses to functions, files and lines.
 *
 * Two depths, both cached for each (module, address), both lazy: symbols_function reads only symbol
 * tables (cheap: for a flat profile of thousands of addresses); symbols_site reads DWARF too (for the
 * few dozen sites that are printed). A module is looked up by its recorded path; where the build id
 * does not match, the separate debug file of the recorded id is tried (/usr/lib/debug/.build-id, then
 * debuginfod where DEBUGINFOD_URLS is set); failing that the module's name and offset are all that is
 * said: a wrong name is worse than none. Addresses outside modules are looked for in
 * /tmp/perf-<pid>.map. Everything returned is clean text (text.h), never NULL unless said so, and
 * lives as long as the struct symbols. Never fails: what cannot be known is left out.
 * Single-threaded.
 */
#ifndef STRONG_READ_SYMBOLS_H
#define STRONG_READ_SYMBOLS_H

#include <stdbool.h>
#include <stdint.h>

#include "read/model.h"

struct symbols;

struct symbol {
    const char *function; /* demangled; "module+0x12ab" or "0x7f…" where there is no name */
    bool named;           /* function is a real name */
    const char *module;   /* last part of the module's path; "[jit]" or "[unknown]" outside */
    uint64_t offset;      /* address in the module's own terms; the address itself outside */
    const char *file;     /* as the compiler recorded it, NULL if unknown (always in symbols_function) */
    unsigned line;        /* 0 unknown */
    bool is_libstrong;
    bool mismatch;        /* the file on disk is not the one that ran: no names from it */
    const struct symbol *caller; /* the function this one was inlined into, NULL for a real frame */
};

/* The model must outlive the symbols. NULL when memory is exhausted. */
struct symbols *symbols_new(const struct model *model);
void symbols_free(struct symbols *symbols);

const struct symbol *symbols_function(struct symbols *symbols, const struct model_frame *frame);

/* Innermost inlined function first, its callers by symbol->caller, the real frame last. */
const struct symbol *symbols_site(struct symbols *symbols, const struct model_frame *frame);

/* The part of the module's file that is mapped around the frame's address: where it begins and ends in memory, and
 * where in the file. False where that is not known; then nothing is written. */
struct symbols_mapping {
    uint64_t start, end, offset;
};
bool symbols_mapping(struct symbols *symbols, const struct model_frame *frame,
                     struct symbols_mapping *ret_mapping);

/* "queue.c:88", or "function" or "module+0x…" where no line is known: the short name of a place in a
 * report. Of an inline chain the innermost place outside the system's headers counts: where the program
 * calls std::mutex::lock, not the line inside it. Returned string lives as long as the symbols. */
const char *symbols_place(struct symbols *symbols, const struct model_frame *frame);

#endif
