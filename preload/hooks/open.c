/* open.c: hooks that turn a path into a descriptor.
 *
 * The path is read after the call, when the kernel has proved that it can be (arguments.h). The mode
 * is taken from the variable arguments exactly when libc takes it: with O_CREAT or O_TMPFILE.
 * Async-signal-safe; any thread, any context.
 */
#include "hooks/arguments.h"
#include "hooks/hook.h"

static bool takes_mode(int flags)
{
    return flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE;
}

static int opened(struct span *span, const char *path, int ret)
{
    int error = HOOK_ERROR(ret);
    if (span->mode != SPAN_OFF) {
        uint32_t target = argument_path(path, error);
        span_retarget(span, target);
        if (ret >= 0)
            fdtable_opened(ret, target, TARGET_FILE);
    }
    span_end(span, 0, error);
    return ret;
}

#define OPEN_HOOK(name, parameters, arguments)                                                     \
    STRONG_EXPORT int name parameters                                                              \
    {                                                                                              \
        struct span span;                                                                          \
        span_begin(&span, HOOK_##name, 0);                                                         \
        return opened(&span, path, next.name arguments);                                           \
    }

#define OPEN_HOOK_VARIADIC(name, parameters, arguments)                                            \
    STRONG_EXPORT int name parameters                                                              \
    {                                                                                              \
        mode_t mode = 0;                                                                           \
        if (takes_mode(flags)) {                                                                   \
            va_list rest;                                                                          \
            va_start(rest, flags);                                                                 \
            mode = va_arg(rest, mode_t);                                                           \
            va_end(rest);                                                                          \
        }                                                                                          \
        struct span span;                                                                          \
        span_begin(&span, HOOK_##name, 0);                                                         \
        return opened(&span, path, next.name arguments);                                           \
    }

OPEN_HOOK_VARIADIC(open, (const char *path, int flags, ...), (path, flags, mode))
OPEN_HOOK_VARIADIC(open64, (const char *path, int flags, ...), (path, flags, mode))
OPEN_HOOK_VARIADIC(__open, (const char *path, int flags, ...), (path, flags, mode))
OPEN_HOOK_VARIADIC(__open64, (const char *path, int flags, ...), (path, flags, mode))
OPEN_HOOK_VARIADIC(openat, (int dir, const char *path, int flags, ...), (dir, path, flags, mode))
OPEN_HOOK_VARIADIC(openat64, (int dir, const char *path, int flags, ...), (dir, path, flags, mode))

OPEN_HOOK(creat, (const char *path, mode_t mode), (path, mode))
OPEN_HOOK(creat64, (const char *path, mode_t mode), (path, mode))

/* fortified: libc ends the program when the flags want a mode */
OPEN_HOOK(__open_2, (const char *path, int flags), (path, flags))
OPEN_HOOK(__open64_2, (const char *path, int flags), (path, flags))
OPEN_HOOK(__openat_2, (int dir, const char *path, int flags), (dir, path, flags))
OPEN_HOOK(__openat64_2, (int dir, const char *path, int flags), (dir, path, flags))
