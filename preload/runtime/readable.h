/* readable.h: whether memory a program's pointer names is there, before the kernel has said so.
 *
 * A bad pointer must give EFAULT from the kernel, never a fault in libstrong: bytes are read before a call
 * only when they lie above us on our own stack, or the kernel was asked. All functions: any thread, any
 * context; errno untouched.
 */
#ifndef STRONG_RUNTIME_READABLE_H
#define STRONG_RUNTIME_READABLE_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/segment.h"
#include "runtime/seccomp.h"
#include "runtime/system.h"
#include "runtime/thread.h"

/* The same pointer, without what libc's prototype promises about it (nonnull): otherwise the compiler
 * drops every check for NULL that is inlined into the hook. */
static inline const void *readable_plain(const void *ptr)
{
    __asm__("" : "+r"(ptr));
    return ptr;
}

/* The bytes lie between this frame and the top of the thread's own stack: mapped for sure. */
static inline bool readable_on_stack(const void *ptr, size_t len)
{
    const struct thread *self = thread_hot.self;
    uintptr_t here = (uintptr_t)__builtin_frame_address(0), start = (uintptr_t)ptr;
    return self && here >= self->stack_low && here < self->stack_high && start >= here &&
           start <= self->stack_high && len <= self->stack_high - start;
}

/* Asks the kernel whether a word can be read: rt_sigprocmask copies the set before it refuses the
 * impossible `how`. About 100 ns; a call every program and every usual seccomp filter knows. */
static inline bool readable_word(uintptr_t address)
{
    return system_call4(SYS_rt_sigprocmask, -1, address & ~(uintptr_t)7, 0, 8) == -EINVAL;
}

/* Up to a page of bytes can be read. Answers no when it could only be found out by asking and the
 * program has entered seccomp. */
static inline bool readable_bytes(const void *ptr, size_t len)
{
    uintptr_t first = (uintptr_t)readable_plain(ptr), last = first + len - 1;
    if (!first || !len || len > SEGMENT_PAGE)
        return false;
    if (readable_on_stack(ptr, len))
        return true;
    return !seccomp_entered && readable_word(first) &&
           (first / SEGMENT_PAGE == last / SEGMENT_PAGE || readable_word(last));
}

#endif
