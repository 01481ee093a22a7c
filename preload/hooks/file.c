/* file.c: hooks on what happens to an open file besides moving bytes: made durable, locked, resized,
 * asked with ioctl.
 *
 * Any thread, any context. flock, lockf and ioctl may wait and are restarted by the kernel.
 */
#include "hooks/arguments.h"
#include "hooks/hook.h"

/* ---- durability ---- */

HOOK(int, fsync, (int fd), (fd), .fd = fd)
HOOK(int, fdatasync, (int fd), (fd), .fd = fd)
HOOK(int, syncfs, (int fd), (fd), .fd = fd)
HOOK(int, sync_file_range, (int fd, off64_t offset, off64_t n, unsigned flags),
     (fd, offset, n, flags), .fd = fd)
HOOK(int, msync, (void *start, size_t len, int flags), (start, len, flags))

STRONG_EXPORT void sync(void)
{
    struct span span;
    span_begin(&span, HOOK_sync, 0);
    next.sync();
    span_end(&span, 0, 0);
}

/* ---- locks on files ---- */

HOOK(int, flock, (int fd, int operation), (fd, operation), .fd = fd)
HOOK(int, lockf, (int fd, int command, off_t len), (fd, command, len), .fd = fd)
HOOK(int, lockf64, (int fd, int command, off64_t len), (fd, command, len), .fd = fd)

/* ---- size ---- */

HOOK(int, ftruncate, (int fd, off_t len), (fd, len), .fd = fd)
HOOK(int, ftruncate64, (int fd, off64_t len), (fd, len), .fd = fd)
HOOK(int, fallocate, (int fd, int mode, off_t offset, off_t len), (fd, mode, offset, len), .fd = fd)
HOOK(int, fallocate64, (int fd, int mode, off64_t offset, off64_t len), (fd, mode, offset, len),
     .fd = fd)
/* these two return the error and leave errno alone */
HOOK(int, posix_fallocate, (int fd, off_t offset, off_t len), (fd, offset, len), .fd = fd,
     .error = ret)
HOOK(int, posix_fallocate64, (int fd, off64_t offset, off64_t len), (fd, offset, len), .fd = fd,
     .error = ret)

static int truncated(struct span *span, const char *path, int ret)
{
    int error = HOOK_ERROR(ret);
    if (span->mode != SPAN_OFF)
        span_retarget(span, argument_path(path, error));
    span_end(span, 0, error);
    return ret;
}

STRONG_EXPORT int truncate(const char *path, off_t len)
{
    struct span span;
    span_begin(&span, HOOK_truncate, 0);
    return truncated(&span, path, next.truncate(path, len));
}

STRONG_EXPORT int truncate64(const char *path, off64_t len)
{
    struct span span;
    span_begin(&span, HOOK_truncate64, 0);
    return truncated(&span, path, next.truncate64(path, len));
}

/* ---- ioctl: one argument of pointer size, whatever the request makes of it, as libc passes it ---- */

STRONG_EXPORT int ioctl(int fd, unsigned long request, ...)
{
    va_list arguments;
    va_start(arguments, request);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    struct span span;
    span_begin(&span, HOOK_ioctl, fd >= 0 ? fdtable_target(fd) : 0);
    int ret = next.ioctl(fd, request, argument);
    span_end(&span, 0, HOOK_ERROR(ret));
    return ret;
}
