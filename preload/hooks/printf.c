/* printf.c: hooks on formatted output. Timed on every call: how much it writes, and so whether it
 * reaches the kernel, is known only when it has been formatted.
 *
 * The variadic forms go through their v… twin in `next`: same output, same return value, %n as
 * written, and the fortified ones keep the flag that forbids %n in writable memory. Any thread, not in
 * signal handlers, like libc's own.
 */
#include "hooks/hook.h"
#include "hooks/stream.h"

static int printed(struct span *span, int fd, int ret)
{
    struct hook_facts facts = {
        .fd = fd, .bytes = MOVED(ret), .error = ret < 0 ? errno : 0, .way = HOOK_WRITES};
    hook_end(span, &facts);
    return ret;
}

/* `fd_` is evaluated before the call: the descriptor written to. */
#define PRINT_HOOK(name, parameters, fd_, twin, twin_arguments)                                    \
    STRONG_EXPORT int name parameters                                                              \
    {                                                                                              \
        struct span span;                                                                          \
        int out = (fd_);                                                                           \
        span_begin(&span, HOOK_##name, out >= 0 ? fdtable_target(out) : 0);                        \
        return printed(&span, out, next.twin twin_arguments);                                      \
    }

#define PRINT_HOOK_VARIADIC(name, parameters, fd_, twin, twin_arguments)                           \
    STRONG_EXPORT int name parameters                                                              \
    {                                                                                              \
        struct span span;                                                                          \
        int out = (fd_);                                                                           \
        va_list arguments;                                                                         \
        va_start(arguments, format);                                                               \
        span_begin(&span, HOOK_##name, out >= 0 ? fdtable_target(out) : 0);                        \
        int ret = next.twin twin_arguments;                                                        \
        va_end(arguments);                                                                         \
        return printed(&span, out, ret);                                                           \
    }

/* ---- standard output ---- */

PRINT_HOOK(vprintf, (const char *format, va_list arguments), stream_fd(stdout), vprintf,
           (format, arguments))
PRINT_HOOK(__vprintf_chk, (int flag, const char *format, va_list arguments), stream_fd(stdout),
           __vprintf_chk, (flag, format, arguments))
PRINT_HOOK_VARIADIC(printf, (const char *format, ...), stream_fd(stdout), vprintf,
                    (format, arguments))
PRINT_HOOK_VARIADIC(__printf_chk, (int flag, const char *format, ...), stream_fd(stdout),
                    __vprintf_chk, (flag, format, arguments))

/* ---- a stream ---- */

PRINT_HOOK(vfprintf, (FILE *stream, const char *format, va_list arguments), stream_fd(stream),
           vfprintf, (stream, format, arguments))
PRINT_HOOK(__vfprintf_chk, (FILE *stream, int flag, const char *format, va_list arguments),
           stream_fd(stream), __vfprintf_chk, (stream, flag, format, arguments))
PRINT_HOOK_VARIADIC(fprintf, (FILE *stream, const char *format, ...), stream_fd(stream), vfprintf,
                    (stream, format, arguments))
PRINT_HOOK_VARIADIC(__fprintf_chk, (FILE *stream, int flag, const char *format, ...),
                    stream_fd(stream), __vfprintf_chk, (stream, flag, format, arguments))

/* ---- a descriptor: written at once ---- */

PRINT_HOOK(vdprintf, (int fd, const char *format, va_list arguments), fd, vdprintf,
           (fd, format, arguments))
PRINT_HOOK(__vdprintf_chk, (int fd, int flag, const char *format, va_list arguments), fd,
           __vdprintf_chk, (fd, flag, format, arguments))
PRINT_HOOK_VARIADIC(dprintf, (int fd, const char *format, ...), fd, vdprintf,
                    (fd, format, arguments))
PRINT_HOOK_VARIADIC(__dprintf_chk, (int fd, int flag, const char *format, ...), fd, __vdprintf_chk,
                    (fd, flag, format, arguments))
