/* stream.c: hooks on streams as such: opening, flushing and closing them, and programs at their end.
 *
 * They keep the descriptor table right: libc opens and closes the descriptor inside, where no hook of
 * ours sees it. Any thread, not in signal handlers, like libc's own.
 */
#include "hooks/stream.h"
#include "hooks/hook.h"
#include "runtime/fdstate.h"

/* ---- opening ---- */

static FILE *opened(struct span *span, const char *path, FILE *ret)
{
    int error = HOOK_ERRNO_IF(!ret);
    if (span->mode != SPAN_OFF) {
        uint32_t target = argument_path(path, error);
        span_retarget(span, target);
        /* freopen without a path changes the mode of what was open: the table asks for it again */
        int fd = stream_fd(ret);
        if (fd >= 0 && readable_plain(path))
            fdtable_opened(fd, target, TARGET_FILE);
    }
    span_end(span, 0, error);
    return ret;
}

#define FOPEN_HOOK(name)                                                                           \
    STRONG_EXPORT FILE *name(const char *path, const char *mode)                                   \
    {                                                                                              \
        struct span span;                                                                          \
        span_begin(&span, HOOK_##name, 0);                                                         \
        return opened(&span, path, next.name(path, mode));                                         \
    }

FOPEN_HOOK(fopen)
FOPEN_HOOK(fopen64)

#define FREOPEN_HOOK(name)                                                                         \
    STRONG_EXPORT FILE *name(const char *path, const char *mode, FILE *stream)                     \
    {                                                                                              \
        struct span span;                                                                          \
        int fd = stream_fd(stream);                                                                \
        span_begin(&span, HOOK_##name, 0);                                                         \
        if (span.mode != SPAN_OFF && fd >= 0)                                                      \
            fdtable_closing(fd);                                                                   \
        return opened(&span, path, next.name(path, mode, stream));                                 \
    }

FREOPEN_HOOK(freopen)
FREOPEN_HOOK(freopen64)

/* From here on libc reads, writes and closes the descriptor inside itself. */
STRONG_EXPORT FILE *fdopen(int fd, const char *mode)
{
    struct span span;
    span_begin(&span, HOOK_fdopen, fd >= 0 ? fdtable_target(fd) : 0);
    if (span.mode != SPAN_OFF)
        fdstate_drop(fd, COUNTER_connections_refused_unseen);
    FILE *ret = next.fdopen(fd, mode);
    span_end(&span, 0, HOOK_ERRNO_IF(!ret));
    return ret;
}

/* ---- flushing and closing ---- */

/* The bytes were counted where they were put into the buffer. */
HOOK(int, fflush, (FILE *stream), (stream), .fd = stream_fd(stream))
HOOK(int, fflush_unlocked, (FILE *stream), (stream), .fd = stream_fd(stream))

STRONG_EXPORT int fclose(FILE *stream)
{
    struct span span;
    int fd = stream_fd(stream);
    span_begin(&span, HOOK_fclose, fd >= 0 ? fdtable_target(fd) : 0);
    if (span.mode != SPAN_OFF && fd >= 0)
        fdtable_closing(fd);
    int ret = next.fclose(stream);
    span_end(&span, 0, HOOK_ERROR(ret));
    return ret;
}

/* ---- programs ---- */

/* The first word of the command: what is run, without its arguments. Read after success: the shell was
 * given the whole of it. */
static uint32_t program_of(const char *command)
{
    while (*command == ' ' || *command == '\t')
        command++;
    return targets_text(TARGET_PROGRAM, command, (unsigned)strcspn(command, " \t\n;|&<>()"));
}

STRONG_EXPORT FILE *popen(const char *command, const char *mode)
{
    struct span span;
    span_begin(&span, HOOK_popen, 0);
    fdstate_forking();
    FILE *ret = next.popen(command, mode);
    if (ret && span.mode != SPAN_OFF) {
        fdtable_special(stream_fd(ret), "pipe");
        span_retarget(&span, program_of(command));
    }
    span_end(&span, 0, HOOK_ERRNO_IF(!ret));
    return ret;
}

/* Waits for the program. */
STRONG_EXPORT int pclose(FILE *stream)
{
    struct span span;
    int fd = stream_fd(stream);
    span_begin(&span, HOOK_pclose, fd >= 0 ? fdtable_target(fd) : 0);
    if (span.mode != SPAN_OFF && fd >= 0)
        fdtable_closing(fd);
    int ret = next.pclose(stream);
    span_end(&span, 0, HOOK_ERROR(ret));
    return ret;
}
