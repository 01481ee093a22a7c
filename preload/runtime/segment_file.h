/* segment_file.h: the segment's file: where it is made, and which old ones go. Boot and promotion only,
 * single-threaded, unless said otherwise; holds descriptors only while it runs. Raw system calls; errno untouched.
 */
#ifndef STRONG_RUNTIME_SEGMENT_FILE_H
#define STRONG_RUNTIME_SEGMENT_FILE_H

#include <stdint.h>

/* Makes <dir>/<pid>-<start_us>.strong, `bytes` long and sparse, and returns an open descriptor, or -errno.
 * Tries STRONG_DIR alone if set, else /dev/shm/strong-<uid>, else $TMPDIR/strong-<uid>. */
long segment_file_create(uint64_t bytes, uint32_t pid, uint64_t start_boottime_ns);
/* Opens the directory of this user's segments for another file that processes share (it must be absolute; $TMPDIR is not
 * tried): a descriptor, or -errno, as for the segment itself unless it is a real directory of ours that nobody else may
 * write. Any thread. */
long segment_file_directory(void);
/* Removes the file just made (it could not be used). */
void segment_file_remove(void);
/* Removes the oldest files of dead processes beyond STRONG_KEEP files or 256 MiB. */
void segment_file_collect(void);

#endif
