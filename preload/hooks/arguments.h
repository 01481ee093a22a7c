/* arguments.h: what a hook may read through its caller's pointers, and when.
 *
 * A bad pointer must give EFAULT from the kernel, never a fault in libstrong. So a hook reads an
 * argument after the call when the result proves that the kernel read it too, or before the call when
 * the memory is known to be there: above us on our own stack, or asked for. All functions: any thread,
 * any context; errno untouched. Owner: hooks/.
 */
#ifndef STRONG_HOOKS_ARGUMENTS_H
#define STRONG_HOOKS_ARGUMENTS_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#include "runtime/fdtable.h"
#include "runtime/seccomp.h"
#include "runtime/span.h"
#include "runtime/system.h"
#include "runtime/thread.h"

/* The same pointer, without what libc's prototype promises about it (nonnull): otherwise the compiler
 * drops every check for NULL that is inlined into the hook. */
static inline const void *argument_plain(const void *ptr)
{
    __asm__("" : "+r"(ptr));
    return ptr;
}

/* The bytes lie between this frame and the top of the thread's own stack: mapped for sure. */
static inline bool argument_on_stack(const void *ptr, size_t len)
{
    const struct thread *self = thread_hot.self;
    uintptr_t here = (uintptr_t)__builtin_frame_address(0), start = (uintptr_t)ptr;
    return self && here >= self->stack_low && here < self->stack_high && start >= here &&
           start <= self->stack_high && len <= self->stack_high - start;
}

/* Asks the kernel whether a word can be read: rt_sigprocmask copies the set before it refuses the
 * impossible `how`. About 100 ns; a call every program and every usual seccomp filter knows. */
static inline bool argument_word_readable(uintptr_t address)
{
    return system_call4(SYS_rt_sigprocmask, -1, address & ~(uintptr_t)7, 0, 8) == -EINVAL;
}

/* Up to a page of bytes can be read. Answers no when it could only be found out by asking and the
 * program has entered seccomp. */
static inline bool argument_readable(const void *ptr, size_t len)
{
    uintptr_t first = (uintptr_t)argument_plain(ptr), last = first + len - 1;
    if (!first || !len || len > SEGMENT_PAGE)
        return false;
    if (argument_on_stack(ptr, len))
        return true;
    return !seccomp_entered && argument_word_readable(first) &&
           (first / SEGMENT_PAGE == last / SEGMENT_PAGE || argument_word_readable(last));
}

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
        return fdtable_path(argument_plain(path));
    default:
        return 0;
    }
}

#endif
