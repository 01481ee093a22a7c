/* directory.h: the segments that lie in a directory, as processes with parents and runs.
 *
 * Looked for in STRONG_DIR if that is set, else in /dev/shm/strong-<uid> and $TMPDIR/strong-<uid> (the
 * library's fallback), as root also in those of other users. Such a folder must be the user's (root's, as the name
 * says; for root, STRONG_DIR may be anybody's), no symbolic link, and writable by nobody else: as the library itself
 * wants it. Only names <pid>-<start>.strong count, and only files that snapshot_peek accepts; what does not count is
 * kept apart with the reason. Single-threaded.
 */
#ifndef STRONG_READ_DIRECTORY_H
#define STRONG_READ_DIRECTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "read/model.h"
#include "read/snapshot.h"

#define DIRECTORY_NONE SIZE_MAX

struct directory_entry {
    char *path;
    struct snapshot_summary summary;
    const char *name; /* last part of summary.executable */
    enum process_state state;
    bool superseded; /* a later image of the same process exists: model_new wants to know */
    pid_t local_pid; /* 0 unless running */
    uint64_t duration_ns;
    size_t parent; /* index of the parent, or of the image it replaced by exec; DIRECTORY_NONE */
    size_t next_image; /* the image that replaced this one, or DIRECTORY_NONE */
    unsigned depth;    /* in the tree; roots are 0 */
};

struct directory_refused {
    char *path;
    bool is_folder; /* it was not looked into */
    char message[SNAPSHOT_MESSAGE];
};

struct directory {
    struct directory_entry *entries; /* oldest first */
    size_t count;
    struct directory_refused *refused;
    size_t refused_count;
};

/* Reads the directories. other_users: as root, those of everybody. 0 or -ENOMEM; a directory that is
 * not there is an empty one. */
int directory_read(struct directory *directory, bool other_users);
void directory_done(struct directory *directory);

/* Visits entries as a tree, children behind their parent, siblings by start: order[i] is an index.
 * order holds directory->count items. */
void directory_tree(const struct directory *directory, size_t *ret_order);

/* The entry of a segment file, read alone: 0 or what snapshot_peek says, with message filled. The
 * caller frees with directory_done. */
int directory_read_file(struct directory *directory, const char *path, char *message);

/* Every file whose name ends in .strong in a folder, however it begins: a set that somebody kept, so the folder may be
 * anybody's; the files may not. 0 or -ENOMEM. */
int directory_read_folder(struct directory *directory, const char *path);

/* Removes finished segments: the oldest beyond `keep` files or `keep_bytes`. Returns how many, and their
 * bytes. Segments of running processes, and of those that cannot be seen, stay. */
size_t directory_collect(const struct directory *directory, uint64_t keep, uint64_t keep_bytes,
                         uint64_t *ret_bytes);

#endif
