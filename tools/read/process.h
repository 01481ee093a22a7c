/* process.h: what the kernel says about the process a segment belongs to.
 *
 * Reads /proc and cgroup files as text, bounded, never blocking for long; everything that cannot be
 * read stays MODEL_UNKNOWN. A process may end at any moment between two reads. Single-threaded.
 */
#ifndef STRONG_READ_PROCESS_H
#define STRONG_READ_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "read/model.h" /* abi/segment.h with the tables of names */

/* Decides the state: the process runs when its pid exists in the pid namespace it was recorded in, on
 * the same boot, and the kernel started it no later than the segment (else the pid was reused). Sets
 * *ret_pid to the pid as we see it, 0 unless running. */
enum process_state process_state(const struct segment_header *header, bool superseded,
                                 pid_t *ret_pid);

/* By how much a process reads CLOCK_MONOTONIC or CLOCK_BOOTTIME later than we do, in ns: each time namespace has an offset
 * for either. 0 where it is not to be seen, and between processes of one namespace. */
int64_t process_clock_ahead(pid_t pid, clockid_t clock);

/* "stopped", "being traced" for a process that stands still, else NULL. */
const char *process_stopped(pid_t pid);

/* Fills one reading as the library would take it, but from outside. at_ns is left alone. */
void process_read(pid_t pid, struct model_resource *ret_record);

/* What only an outsider sees. */
void process_look(pid_t pid, struct model_live *ret_live);

/* Reads a small file of /proc or /sys: bytes read (a NUL is put behind them) or -errno. */
ssize_t process_file(const char *path, char *buf, size_t size);

#endif
