/* process.c: fork and its relatives, posix_spawn, system, waiting for children, and the end.
 *
 * In a child the first thing is process_fork_child: from then on nothing reaches the parent's segment.
 * (pthread_atfork has done it already where libc runs such handlers; it is idempotent.) fork itself is
 * measured in the parent; what it takes the child is the child's first time. vfork and clone are in
 * clone.c, exec in exec.c. fork, _Fork, wait*, _exit may be called in signal handlers.
 */
#include <spawn.h>
#include <string.h>

#include "hooks/arguments.h"
#include "hooks/program.h"
#include "hooks/site.h"
#include "runtime/fdstate.h"
#include "runtime/process.h"

uint32_t program_target(const char *path)
{
    enum { TEXT_MOST = 1024 };
    size_t len = 0;
    if (!site_ready() || !readable_plain(path))
        return 0;
    while (len < TEXT_MOST) { /* page by page: the next one may not be there */
        size_t room = SEGMENT_PAGE - (uintptr_t)(path + len) % SEGMENT_PAGE;
        if (!readable_bytes(path + len, 1))
            return 0;
        size_t here = strnlen(path + len, room);
        len += here;
        if (here < room)
            break;
    }
    return targets_text(TARGET_PROGRAM, path, (unsigned)len);
}

/* ---- fork ---- */

static pid_t forked(struct span *span, pid_t ret)
{
    if (ret == 0)
        process_fork_child(); /* the span stays open in the parent only */
    else
        span_end(span, 0, HOOK_ERROR(ret));
    return ret;
}

#define FORK_HOOK(name)                                                                            \
    STRONG_EXPORT pid_t name(void)                                                                 \
    {                                                                                              \
        struct span span;                                                                          \
        span_begin(&span, HOOK_##name, SITE_HERE());                                               \
        fdstate_forking();                                                                         \
        return forked(&span, next.name());                                                         \
    }

FORK_HOOK(fork)
FORK_HOOK(__fork)
FORK_HOOK(_Fork)

STRONG_EXPORT int forkpty(int *ret_fd, char *ret_name, const struct termios *settings, const struct winsize *size)
{
    struct span span;
    span_begin(&span, HOOK_forkpty, SITE_HERE());
    fdstate_forking();
    pid_t ret = next.forkpty(ret_fd, ret_name, settings, size);
    if (ret > 0)
        fdtable_special(*ret_fd, "pty");
    return forked(&span, ret);
}

/* Comes back in a child, or, if it failed, here. */
STRONG_EXPORT int daemon(int keep_directory, int keep_descriptors)
{
    struct span span;
    uint32_t site = SITE_HERE();
    span_begin(&span, HOOK_daemon, site);
    long before = system_call0(SYS_getpid);
    process_exiting(0); /* the parent ends inside libc, unseen */
    int ret = next.daemon(keep_directory, keep_descriptors);
    if (system_call0(SYS_getpid) == before) { /* no child could be made, or it could not be set up */
        int error = errno;
        process_exec_failed();
        errno = error;
    } else {
        process_fork_child();
        span_begin(&span, HOOK_daemon, site);
    }
    span_end(&span, 0, HOOK_ERROR(ret));
    return ret;
}

/* ---- running programs ---- */

#define SPAWN_HOOK(name)                                                                           \
    STRONG_EXPORT int name(pid_t *restrict ret_pid, const char *restrict path,                     \
                           const posix_spawn_file_actions_t *restrict actions,                     \
                           const posix_spawnattr_t *restrict attributes,                           \
                           char *const argv[restrict], char *const envp[restrict])                 \
    {                                                                                              \
        struct span span;                                                                          \
        span_begin(&span, HOOK_##name, program_target(path));                                      \
        fdstate_forking();                                                                         \
        int ret = next.name(ret_pid, path, actions, attributes, argv, envp);                       \
        span_end(&span, 0, ret);                                                                   \
        return ret;                                                                                \
    }

SPAWN_HOOK(posix_spawn)
SPAWN_HOOK(posix_spawnp)

STRONG_EXPORT int system(const char *command)
{
    struct span span;
    span_begin(&span, HOOK_system, program_target("sh"));
    fdstate_forking();
    int ret = next.system(command);
    span_end(&span, 0, HOOK_ERROR(ret));
    return ret;
}

/* ---- waiting for children ---- */

SITE_HOOK(pid_t, wait, (int *ret_status), (ret_status), HOOK_ERROR(ret))
SITE_HOOK(pid_t, waitpid, (pid_t pid, int *ret_status, int options), (pid, ret_status, options), HOOK_ERROR(ret))
SITE_HOOK(int, waitid, (idtype_t type, id_t id, siginfo_t *ret_info, int options), (type, id, ret_info, options),
          HOOK_ERROR(ret))
SITE_HOOK(pid_t, wait3, (int *ret_status, int options, struct rusage *ret_usage),
          (ret_status, options, ret_usage), HOOK_ERROR(ret))
SITE_HOOK(pid_t, wait4, (pid_t pid, int *ret_status, int options, struct rusage *ret_usage),
          (pid, ret_status, options, ret_usage), HOOK_ERROR(ret))

/* ---- the end ---- */

static void ending(unsigned hook, int status)
{
    if (!__builtin_thread_pointer())
        return; /* a clone() child on a blank TLS (Chromium's sandbox): nothing of this thread's can be reached */
    struct span span;
    span_begin(&span, hook, 0);
    span_end(&span, 0, 0);
    if (thread_hot.state != THREAD_OFF) /* not in a vfork child: the segment is its parent's */
        process_exiting(status);
}

STRONG_EXPORT void _exit(int status)
{
    ending(HOOK__exit, status);
    next._exit(status);
    __builtin_unreachable();
}

STRONG_EXPORT void _Exit(int status)
{
    ending(HOOK__Exit, status);
    next._Exit(status);
    __builtin_unreachable();
}

/* Its handlers run after this; their calls are still counted. */
STRONG_EXPORT void quick_exit(int status)
{
    ending(HOOK_quick_exit, status);
    next.quick_exit(status);
    __builtin_unreachable();
}
