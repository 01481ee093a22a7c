/* operations.h: what a hook does, whichever of its many spellings the program calls: open64 opens, __read_chk reads.
 * Pure functions.
 */
#ifndef STRONG_ANALYSE_OPERATIONS_H
#define STRONG_ANALYSE_OPERATIONS_H

#include <stdbool.h>

enum operation {
    OPERATION_OTHER,
    OPERATION_OPEN,
    OPERATION_CLOSE,
    OPERATION_READ,
    OPERATION_WRITE,
    OPERATION_SYNC,
    OPERATION_MOVE, /* from one descriptor to another: sendfile, splice, … */
    OPERATION_CONNECT,
    OPERATION_ACCEPT,
    OPERATION_READY, /* waits until a descriptor is ready */
    OPERATION_LOOKUP,
    OPERATION_COUNT,
};

enum operation operations_of(unsigned hook);

/* fopen, fread, printf, …: counted while the buffer serves them, timed where they reach the kernel. */
bool operations_is_stdio(unsigned hook);

/* Kinds of locks and meetings, as people name them. */
enum lock_kind {
    LOCK_KIND_NONE,
    LOCK_KIND_MUTEX,
    LOCK_KIND_READ,
    LOCK_KIND_WRITE,
    LOCK_KIND_SPIN,
    LOCK_KIND_CONDITION,
    LOCK_KIND_SEMAPHORE,
    LOCK_KIND_BARRIER,
    LOCK_KIND_JOIN,
    LOCK_KIND_FILE,
    LOCK_KIND_COUNT,
};

enum lock_kind operations_lock_kind(unsigned hook);
const char *operations_lock_name(enum lock_kind kind);

#endif
