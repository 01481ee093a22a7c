/* paths.h: files by path, and by directory where there are many.
 *
 * Exact sums of rows with a file behind them. Calls of stdio that its buffer served have no path: they are in the totals
 * of their hooks only. Reads and writes are those that reached the kernel. Histograms live in the arena that is passed.
 * Single-threaded.
 */
#ifndef STRONG_ANALYSE_PATHS_H
#define STRONG_ANALYSE_PATHS_H

#include "analyse/calls.h"
#include "analyse/operations.h"

struct path {
    const char *name;
    uint64_t files; /* paths behind it: 1, or those of a directory; 0: no path is known */
    uint64_t opens, open_errors, reads, read_bytes, writes, write_bytes, syncs, sync_ns;
    uint64_t ns, errors;
    struct latency latency; /* of all calls */
};

enum { PATHS_MANY = 200 }; /* from here on a table by directory says more */

struct paths {
    struct path *files, *directories; /* most time first; directories NULL below PATHS_MANY files */
    size_t file_count, directory_count;
    struct calls operations
        [OPERATION_COUNT]; /* of files and stdio, whatever the path; name and detail set */
    struct calls stdio[OPERATION_COUNT]; /* of these, through stdio */
    struct calls syncs;
};

/* False when memory is exhausted. */
bool paths_make(const struct analysis *analysis, struct arena *arena, struct paths *ret_paths);

#endif
