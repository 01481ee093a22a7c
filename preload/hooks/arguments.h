/* arguments.h: what a hook may read through its caller's pointers, and when.
 *
 * A bad pointer must give EFAULT from the kernel, never a fault in libstrong. So a hook reads an
 * argument after the call when the result proves that the kernel read it too, or before the call when
 * the memory is known to be there (runtime/readable.h). All functions: any thread, any context; errno
 * untouched. Owner: hooks/.
 */
#ifndef STRONG_HOOKS_ARGUMENTS_H
#define STRONG_HOOKS_ARGUMENTS_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#include "runtime/fdtable.h"
#include "runtime/readable.h"
#include "runtime/span.h"
#include "runtime/thread.h"

/* Gives an open span the target its arguments name, where the thread stands included. After span_begin,
 * so that the first call of a process finds the library booted. */
static inline void argument_publish(struct span *span, uint32_t target)
{
    span_retarget(span, target);
    if (span->mode == SPAN_FULL)
        thread_hot.block->now_target = target;
}

/* Target of a path after the call that used it; 0 unless its error says that the kernel had copied the
 * path first (EINVAL, for one, may come before). */
static inline uint32_t argument_path(const char *path, int error)
{
    switch (error) {
    case 0:
    case EACCES:
    case EEXIST:
    case EISDIR:
    case ELOOP:
    case EMFILE:
    case ENODEV:
    case ENOENT:
    case ENOSPC:
    case ENOTDIR:
    case ENXIO:
    case EROFS:
    case ETXTBSY:
    case EWOULDBLOCK:
        return fdtable_path(readable_plain(path));
    default:
        return 0;
    }
}

#endif
