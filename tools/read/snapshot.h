/* snapshot.h: one segment file, copied once into private memory and checked.
 *
 * A snapshot is the only way into a segment's bytes. The file is opened without following links,
 * without blocking on a fifo, refused unless it is a regular file of a sane size that we own (or we
 * are root), and copied once (what its writer was changing meanwhile is left out: second_look.h): it is never mapped,
 * because its writer may truncate it. A second name (hard link) of a file is as good as the first: what is judged is the
 * file, and nobody else can own it or has more of it for having named it. Holes are not read, so a mostly empty segment is
 * cheap.
 *
 * After snapshot_open the header's fixed facts are known to fit this build, and every table lies
 * within the bytes. Everything below that (counts, references, keys, text) is still the stranger's:
 * the accessors here clamp counts and check references, and nobody else does pointer arithmetic.
 * Single-threaded.
 */
#ifndef STRONG_READ_SNAPSHOT_H
#define STRONG_READ_SNAPSHOT_H

#include <stddef.h>
#include <stdint.h>

#include "abi/segment.h"

enum { SNAPSHOT_MESSAGE = 512 };

struct snapshot {
    unsigned char *bytes; /* page-aligned, `size` bytes */
    size_t size;          /* header.segment_bytes */
    const struct segment_header *header;
    char *path;                 /* as opened, raw; "" from memory */
    uint64_t taken_monotonic_ns; /* just after the bytes were read */
    uint64_t taken_boottime_ns;
};

/* Both return 0 and a snapshot to be freed, or a negative errno with one clean line (no newline) in
 * message[SNAPSHOT_MESSAGE] that names the path and says what is wrong with it: -ENOENT, -EACCES,
 * -EPERM (another owner), -EINVAL (not a segment, truncated, corrupted), -EPROTO (another version),
 * -EAGAIN (still being set up by its process), -ENOMEM, or what open and read gave. */
int snapshot_open(const char *path, struct snapshot **ret_snapshot, char *message);
int snapshot_from_memory(const void *bytes, size_t size, struct snapshot **ret_snapshot,
                         char *message);
void snapshot_free(struct snapshot *snapshot);

/* Only the header page, checked as far as it goes by itself, the strings that name a process, clean, and its
 * first and last reading; for listing many files. */
struct snapshot_summary {
    struct segment_header header;
    uint64_t disk_bytes; /* what the file takes */
    char executable[256], command[1024], run[128];
    struct resource_record first, last; /* ticks 0: there is none */
};
int snapshot_peek(const char *path, struct snapshot_summary *ret_summary, char *message);

/* Records in use: table.used clamped to the capacity. */
uint64_t snapshot_count(const struct snapshot *snapshot, enum segment_table_id table);

/* The first record, aligned to 8 bytes; snapshot_count records are readable. */
const void *snapshot_table(const struct snapshot *snapshot, enum segment_table_id table);

/* The bytes a reference means and its length in *ret_len; NULL when it leads outside the string heap
 * or is longer than 64 KiB. {0, 0} is the empty string. */
const char *snapshot_string(const struct snapshot *snapshot, struct string_ref reference,
                            size_t *ret_len);

/* `bytes` bytes at a page-aligned offset inside the page pool, or NULL. */
const void *snapshot_pages(const struct snapshot *snapshot, uint64_t offset, size_t bytes);

#endif
