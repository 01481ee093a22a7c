/* stdio.c: hooks on the buffered calls: fread, fwrite, fgets, fputs, puts, getline.
 *
 * Counted while the buffer serves the call, timed when it has to reach the kernel; never both: a
 * reader adds the counted and the timed calls of a hook. libc's reads and writes below these are its
 * own and fire no hook. Any thread, not in signal handlers, like libc's own.
 */
#include "hooks/hook.h"
#include "hooks/stream.h"

/* glibc's header inlines these two for constant sizes */
#undef fread_unlocked
#undef fwrite_unlocked

static size_t product(size_t size, size_t n)
{
    size_t bytes;
    return __builtin_mul_overflow(size, n, &bytes) ? SIZE_MAX : bytes;
}

/* What a counted fgets took: cheaper than the length of the line, and right for lines with NUL. */
static uint64_t taken(const FILE *stream, const char *from, uint64_t most)
{
    uint64_t bytes = (uint64_t)(stream->_IO_read_ptr - from);
    return bytes <= most ? bytes : 0; /* another thread reads the same stream */
}

/* ret, want (a size) and from (the read position before the call) can be used in the expressions. */
#define STREAM_HOOK(type, name, parameters, arguments, wanted, served, counted_bytes, timed_bytes, \
                    failure, way_)                                                                 \
    STRONG_EXPORT type name parameters                                                             \
    {                                                                                              \
        type ret;                                                                                  \
        size_t want = (wanted);                                                                    \
        if (strong_likely(thread_hot.state == THREAD_READY && (served))) {                         \
            const char *from = stream->_IO_read_ptr;                                               \
            ret = next.name arguments;                                                             \
            thread_count(HOOK_##name, (uint64_t)(counted_bytes));                                  \
            (void)from;                                                                            \
            return ret;                                                                            \
        }                                                                                          \
        struct span span;                                                                          \
        int fd = stream_fd(stream);                                                                \
        span_begin(&span, HOOK_##name, fd >= 0 ? fdtable_target(fd) : 0);                          \
        ret = next.name arguments;                                                                 \
        struct hook_facts facts = {                                                                \
            .fd = fd, .bytes = (int64_t)(timed_bytes), .error = (failure), .way = way_};           \
        (void)want;                                                                                \
        hook_end(&span, &facts);                                                                   \
        return ret;                                                                                \
    }

/* 0 < want <= room: libc answers a call for nothing without looking at the stream, even NULL. */
#define WITHIN(want, room) ((want) - 1 < (room))

/* ---- blocks ---- */

#define READ_HOOK(name, parameters, arguments)                                                     \
    STREAM_HOOK(size_t, name, parameters, arguments, product(size, n),                             \
                WITHIN(want, stream_ready(stream)), ret *size, ret *size,                          \
                stream_error(stream, ret < n), HOOK_READS)

READ_HOOK(fread, (void *buf, size_t size, size_t n, FILE *stream), (buf, size, n, stream))
READ_HOOK(fread_unlocked, (void *buf, size_t size, size_t n, FILE *stream), (buf, size, n, stream))
READ_HOOK(__fread_chk, (void *buf, size_t buf_len, size_t size, size_t n, FILE *stream),
          (buf, buf_len, size, n, stream))
READ_HOOK(__fread_unlocked_chk, (void *buf, size_t buf_len, size_t size, size_t n, FILE *stream),
          (buf, buf_len, size, n, stream))

#define WRITE_HOOK(name)                                                                           \
    STREAM_HOOK(size_t, name, (const void *buf, size_t size, size_t n, FILE *stream),              \
                (buf, size, n, stream), product(size, n), WITHIN(want, stream_room(stream)),       \
                ret *size, ret *size, ret < n ? errno : 0, HOOK_WRITES)

WRITE_HOOK(fwrite)
WRITE_HOOK(fwrite_unlocked)

/* ---- lines in ---- */

#define LINE_MOST(n) ((n) > 1 ? (size_t)(n) - 1 : SIZE_MAX)

#define GETS_HOOK(name, parameters, arguments)                                                     \
    STREAM_HOOK(char *, name, parameters, arguments, LINE_MOST(n),                                 \
                stream_line_ready(stream, '\n', want), taken(stream, from, want),                  \
                ret ? strlen(ret) : 0, stream_error(stream, !ret), HOOK_READS)

GETS_HOOK(fgets, (char *buf, int n, FILE *stream), (buf, n, stream))
GETS_HOOK(fgets_unlocked, (char *buf, int n, FILE *stream), (buf, n, stream))
GETS_HOOK(__fgets_chk, (char *buf, size_t buf_len, int n, FILE *stream), (buf, buf_len, n, stream))
GETS_HOOK(__fgets_unlocked_chk, (char *buf, size_t buf_len, int n, FILE *stream),
          (buf, buf_len, n, stream))

#define GETLINE_HOOK(name, parameters, arguments, delimiter)                                       \
    STREAM_HOOK(ssize_t, name, parameters, arguments, SIZE_MAX,                                    \
                stream_line_ready(stream, delimiter, want), MOVED(ret), MOVED(ret),                \
                stream_error(stream, ret < 0), HOOK_READS)

GETLINE_HOOK(getline, (char **line, size_t *room, FILE *stream), (line, room, stream), '\n')
GETLINE_HOOK(getdelim, (char **line, size_t *room, int delimiter, FILE *stream),
             (line, room, delimiter, stream), delimiter)
GETLINE_HOOK(__getdelim, (char **line, size_t *room, int delimiter, FILE *stream),
             (line, room, delimiter, stream), delimiter)

/* ---- strings out: libc measures the string in user space as well ---- */

#define PUTS_HOOK(name)                                                                            \
    STREAM_HOOK(int, name, (const char *string, FILE *stream), (string, stream), strlen(string),   \
                WITHIN(want, stream_room(stream)), ret < 0 ? 0 : want, ret < 0 ? 0 : want,         \
                ret < 0 ? errno : 0, HOOK_WRITES)

PUTS_HOOK(fputs)
PUTS_HOOK(fputs_unlocked)

STRONG_EXPORT int puts(const char *string)
{
    FILE *stream = stdout;
    size_t want = strlen(string) + 1;
    if (strong_likely(thread_hot.state == THREAD_READY) && want <= stream_room(stream)) {
        int ret = next.puts(string);
        thread_count(HOOK_puts, ret < 0 ? 0 : want);
        return ret;
    }
    struct span span;
    int fd = stream_fd(stream);
    span_begin(&span, HOOK_puts, fd >= 0 ? fdtable_target(fd) : 0);
    int ret = next.puts(string);
    struct hook_facts facts = {.fd = fd,
                               .bytes = ret < 0 ? 0 : (int64_t)want,
                               .error = ret < 0 ? errno : 0,
                               .way = HOOK_WRITES};
    hook_end(&span, &facts);
    return ret;
}
