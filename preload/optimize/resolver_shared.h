/* resolver_shared.h: the names that all processes of a user on this host remember together.
 *
 *   <directory of the segments>/names-<version>-<slots>, mode 0600
 *   ┌ one page: struct resolver_file ┬ slots × 1,024 bytes (resolver_table.h) ┐
 *
 * Opened at the first lookup the process's own memory cannot answer, never at start, never after seccomp; mapped, and
 * the descriptor closed. Made as an unnamed file that gets its name when it is complete and all its space is
 * committed: nobody sees half a file, and a full tmpfs is an error at that moment, never SIGBUS later. It is refused,
 * with one line, when it is not a plain file of ours alone, not of the size and header it must have, or not
 * committed; if it is ours it is then replaced, and one of another boot is replaced without a word. What the entries
 * say is checked one by one (resolver_entry.h). A process that has changed its user since does not touch it again.
 */
#ifndef STRONG_OPTIMIZE_RESOLVER_SHARED_H
#define STRONG_OPTIMIZE_RESOLVER_SHARED_H

#include "optimize/resolver_table.h"

enum { RESOLVER_FILE_VERSION = 1, RESOLVER_FILE_HEADER = 4096 };
#define RESOLVER_FILE_MAGIC 0x73656d616e727473ull /* "strnames" */

struct resolver_file {
    uint64_t magic;
    uint32_t version, header_bytes, slot_bytes, slots;
    uint64_t boot;     /* hash of the boot id */
    uint64_t checksum; /* of what is above */
};

/* The header this process would write. */
void resolver_shared_header(struct resolver_file *ret_header, uint32_t slots);

/* The table, opened by the first call; NULL: there is none, or another thread is opening it. Any thread. */
const struct resolver_table *resolver_shared(void);
void resolver_shared_fork_child(void);

#endif
