/* runs_report.h: processes as a tree of runs, newest run first: lines for `list`.
 *
 * A run is what has one STRONG_RUN; a process without one, and what came from it, is a run of its own. Under its
 * heading, with its totals, the processes stand as a tree: children, and images that replaced others by exec,
 * below their parent. Writes to the screen only; single-threaded.
 */
#ifndef STRONG_RENDER_RUNS_REPORT_H
#define STRONG_RENDER_RUNS_REPORT_H

#include "read/directory.h"
#include "render/screen.h"

/* What is told of one process beside its directory_entry. */
struct runs_process {
    const struct directory_entry *entry;
    uint64_t cpu_ns, peak_bytes; /* MODEL_UNKNOWN: not measured */
    const char *finding;         /* a line about its first finding, or NULL */
    unsigned depth;              /* below its run's roots */
    bool replaced;               /* it took its parent's place by exec */
};

/* Processes [first, first + count) of one run, in the order of their tree. */
struct runs_run {
    const char *name; /* "": without a name */
    size_t first, count;
    uint64_t newest_ns; /* start of its newest process */
};

/* At most `most` lines (0: any number); what does not fit is counted in the last one. */
void runs_report_print(struct screen *screen, const struct runs_run *runs, size_t run_count,
                       const struct runs_process *processes, size_t most);

#endif
