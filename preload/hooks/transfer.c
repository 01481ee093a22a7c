/* transfer.c: hooks that move bytes through descriptors: read, write, their positioned and vectored
 * forms, the fortified and double-underscore names, and the calls that copy inside the kernel.
 *
 * Buffers and vectors are the kernel's to read: only lengths returned are counted. read and write are
 * async-signal-safe and cancellation points here as in libc. Any thread, any context.
 */
#include "hooks/hook.h"
#include "hooks/restart.h"

/* ---- read and write: also sockets with a timeout, hence restarted ---- */

HOOK_RESTARTED(ssize_t, read, (int fd, void *buf, size_t n), (fd, buf, n), .fd = fd,
               .bytes = MOVED(ret), .way = HOOK_READS)
HOOK_RESTARTED(ssize_t, __read, (int fd, void *buf, size_t n), (fd, buf, n), .fd = fd,
               .bytes = MOVED(ret), .way = HOOK_READS)
HOOK_RESTARTED(ssize_t, __read_chk, (int fd, void *buf, size_t n, size_t buf_len),
               (fd, buf, n, buf_len), .fd = fd, .bytes = MOVED(ret), .way = HOOK_READS)
HOOK_RESTARTED(ssize_t, write, (int fd, const void *buf, size_t n), (fd, buf, n), .fd = fd,
               .bytes = MOVED(ret), .way = HOOK_WRITES)
HOOK_RESTARTED(ssize_t, __write, (int fd, const void *buf, size_t n), (fd, buf, n), .fd = fd,
               .bytes = MOVED(ret), .way = HOOK_WRITES)
HOOK_RESTARTED(ssize_t, readv, (int fd, const struct iovec *parts, int count), (fd, parts, count),
               .fd = fd, .bytes = MOVED(ret), .way = HOOK_READS)
HOOK_RESTARTED(ssize_t, writev, (int fd, const struct iovec *parts, int count), (fd, parts, count),
               .fd = fd, .bytes = MOVED(ret), .way = HOOK_WRITES)

/* ---- positioned: never on sockets ---- */

HOOK(ssize_t, pread, (int fd, void *buf, size_t n, off_t offset), (fd, buf, n, offset), .fd = fd,
     .bytes = MOVED(ret))
HOOK(ssize_t, pread64, (int fd, void *buf, size_t n, off64_t offset), (fd, buf, n, offset),
     .fd = fd, .bytes = MOVED(ret))
HOOK(ssize_t, __pread64, (int fd, void *buf, size_t n, off64_t offset), (fd, buf, n, offset),
     .fd = fd, .bytes = MOVED(ret))
HOOK(ssize_t, __pread_chk, (int fd, void *buf, size_t n, off_t offset, size_t buf_len),
     (fd, buf, n, offset, buf_len), .fd = fd, .bytes = MOVED(ret))
HOOK(ssize_t, __pread64_chk, (int fd, void *buf, size_t n, off64_t offset, size_t buf_len),
     (fd, buf, n, offset, buf_len), .fd = fd, .bytes = MOVED(ret))
HOOK(ssize_t, pwrite, (int fd, const void *buf, size_t n, off_t offset), (fd, buf, n, offset),
     .fd = fd, .bytes = MOVED(ret))
HOOK(ssize_t, pwrite64, (int fd, const void *buf, size_t n, off64_t offset), (fd, buf, n, offset),
     .fd = fd, .bytes = MOVED(ret))
HOOK(ssize_t, __pwrite64, (int fd, const void *buf, size_t n, off64_t offset), (fd, buf, n, offset),
     .fd = fd, .bytes = MOVED(ret))

HOOK(ssize_t, preadv, (int fd, const struct iovec *parts, int count, off_t offset),
     (fd, parts, count, offset), .fd = fd, .bytes = MOVED(ret))
HOOK(ssize_t, preadv64, (int fd, const struct iovec *parts, int count, off64_t offset),
     (fd, parts, count, offset), .fd = fd, .bytes = MOVED(ret))
HOOK(ssize_t, pwritev, (int fd, const struct iovec *parts, int count, off_t offset),
     (fd, parts, count, offset), .fd = fd, .bytes = MOVED(ret))
HOOK(ssize_t, pwritev64, (int fd, const struct iovec *parts, int count, off64_t offset),
     (fd, parts, count, offset), .fd = fd, .bytes = MOVED(ret))

/* offset -1 is the current position: these may be used on sockets */
HOOK_RESTARTED(ssize_t, preadv2, (int fd, const struct iovec *parts, int count, off_t offset, int flags),
               (fd, parts, count, offset, flags), .fd = fd, .bytes = MOVED(ret), .way = HOOK_READS)
HOOK_RESTARTED(ssize_t, preadv64v2,
               (int fd, const struct iovec *parts, int count, off64_t offset, int flags),
               (fd, parts, count, offset, flags), .fd = fd, .bytes = MOVED(ret), .way = HOOK_READS)
HOOK_RESTARTED(ssize_t, pwritev2, (int fd, const struct iovec *parts, int count, off_t offset, int flags),
               (fd, parts, count, offset, flags), .fd = fd, .bytes = MOVED(ret), .way = HOOK_WRITES)
HOOK_RESTARTED(ssize_t, pwritev64v2,
               (int fd, const struct iovec *parts, int count, off64_t offset, int flags),
               (fd, parts, count, offset, flags), .fd = fd, .bytes = MOVED(ret), .way = HOOK_WRITES)

/* ---- inside the kernel, from one descriptor to another ---- */

/* A row has one target: the end that is not a pipe, because a pipe is only the way through. */
static int named_end(int from, int to)
{
    return targets_kind(fdtable_target(to)) == TARGET_PIPE ? from : to;
}

HOOK(ssize_t, sendfile, (int to, int from, off_t *offset, size_t n), (to, from, offset, n), .fd = to,
     .bytes = MOVED(ret), .way = HOOK_WRITES)
HOOK(ssize_t, sendfile64, (int to, int from, off64_t *offset, size_t n), (to, from, offset, n),
     .fd = to, .bytes = MOVED(ret), .way = HOOK_WRITES)
HOOK(ssize_t, copy_file_range,
     (int from, off64_t *from_offset, int to, off64_t *to_offset, size_t n, unsigned flags),
     (from, from_offset, to, to_offset, n, flags), .fd = to, .bytes = MOVED(ret))
HOOK(ssize_t, tee, (int from, int to, size_t n, unsigned flags), (from, to, n, flags), .fd = to,
     .bytes = MOVED(ret))
HOOK(ssize_t, vmsplice, (int fd, const struct iovec *parts, size_t count, unsigned flags),
     (fd, parts, count, flags), .fd = fd, .bytes = MOVED(ret))

STRONG_EXPORT ssize_t splice(int from, off64_t *from_offset, int to, off64_t *to_offset, size_t n,
                             unsigned flags)
{
    struct span span;
    int fd = named_end(from, to);
    span_begin(&span, HOOK_splice, fd >= 0 ? fdtable_target(fd) : 0);
    ssize_t ret = next.splice(from, from_offset, to, to_offset, n, flags);
    struct hook_facts facts = {.fd = fd,
                               .bytes = MOVED(ret),
                               .error = HOOK_ERROR(ret),
                               .way = fd == to ? HOOK_WRITES : HOOK_READS};
    hook_end(&span, &facts);
    return ret;
}
