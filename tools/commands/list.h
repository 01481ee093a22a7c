/* list.h: lines about processes, shared with select's question "which of these?". Single-threaded. */
#ifndef STRONG_COMMANDS_LIST_H
#define STRONG_COMMANDS_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "read/directory.h"

/* One line each under a heading, without a tree. Lines of a terminal fit its width. */
void list_table(FILE *out, const struct directory *directory, const size_t *indices, size_t count);

/* CPU time and the most memory so far, by its last reading, or the kernel's where it runs; MODEL_UNKNOWN where neither
 * tells. */
void list_use(const struct directory_entry *entry, uint64_t *ret_cpu_ns, uint64_t *ret_peak_bytes);

/* Those of order[], which is directory_tree's order, as a tree of runs on standard output; with_findings: each process is
 * analysed. At most `most` lines (0: any number). EXIT_OK, or EXIT_FAILED after a message. */
int list_runs(const struct directory *directory, const size_t *order, size_t count,
              bool with_findings, size_t most);

#endif
