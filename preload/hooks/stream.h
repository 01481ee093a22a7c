/* stream.h: what the buffer of a stdio stream tells about the next call, from the public part of FILE.
 *
 * Counting a call that the buffer serves costs a nanosecond, timing it thirty: so hooks/stdio.c asks
 * here first. Every doubt (byte or wide orientation, unbuffered, line buffered, a pushed-back
 * character, pointers that do not fit together because another thread uses the stream) answers no,
 * which only means that the call is timed. Pure reads of one FILE; any thread.
 */
#ifndef STRONG_HOOKS_STREAM_H
#define STRONG_HOOKS_STREAM_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "hooks/arguments.h"

/* Flag bits that glibc fixes in its ABI (libio.h) but no longer publishes by name. */
enum {
    STREAM_UNBUFFERED = 0x2,
    STREAM_FAILED = 0x20,
    STREAM_LINE_BUFFERED = 0x200,
    STREAM_PUTTING = 0x800,
    STREAM_IS_FILE = 0x2000, /* has a descriptor in _fileno; memory streams leave it unset */
};

/* Lines up to this length are looked for in the buffer; libc scans the same bytes right after. */
enum { STREAM_LINE_MOST = 1024 };

static inline int stream_fd(const FILE *stream)
{
    stream = readable_plain(stream);
    return stream && stream->_flags & STREAM_IS_FILE ? stream->_fileno : -1;
}

static inline uint32_t stream_target(const FILE *stream)
{
    int fd = stream_fd(stream);
    return fd >= 0 ? fdtable_target(fd) : 0;
}

/* Bytes that can be taken without reading more. */
static inline size_t stream_ready(const FILE *stream)
{
    stream = readable_plain(stream);
    if (!stream || stream->_mode > 0)
        return 0;
    const char *start = stream->_IO_read_ptr, *end = stream->_IO_read_end;
    bool sane = start < end && start >= stream->_IO_buf_base && end <= stream->_IO_buf_end;
    return sane ? (size_t)(end - start) : 0;
}

/* A line of at most `most` bytes can be taken without reading more. */
static inline bool stream_line_ready(const FILE *stream, int delimiter, size_t most)
{
    size_t ready = stream_ready(stream);
    if (!ready || ready >= most)
        return ready != 0;
    return memchr(stream->_IO_read_ptr, delimiter, ready < STREAM_LINE_MOST ? ready : STREAM_LINE_MOST);
}

/* Bytes that can be put without writing any. */
static inline size_t stream_room(const FILE *stream)
{
    stream = readable_plain(stream);
    if (!stream || stream->_mode > 0 || stream->_flags & (STREAM_UNBUFFERED | STREAM_LINE_BUFFERED) ||
        !(stream->_flags & STREAM_PUTTING))
        return 0;
    const char *start = stream->_IO_write_ptr, *end = stream->_IO_write_end;
    bool sane = start < end && start >= stream->_IO_buf_base && end <= stream->_IO_buf_end;
    return sane ? (size_t)(end - start) : 0;
}

/* errno of a call that fell short because the stream failed, not because it ended. */
static inline int stream_error(const FILE *stream, bool short_of)
{
    if (!short_of || !(stream->_flags & STREAM_FAILED))
        return 0;
    return errno ? errno : EIO;
}

#endif
