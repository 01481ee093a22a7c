/* restart.h: repeats a call that libstrong's own CPU signal broke, so that the program never sees an
 * EINTR it did not cause.
 *
 * The signal's handler is installed with SA_RESTART, so the kernel itself restarts read, write, open,
 * wait, fcntl(F_SETLKW), flock and their like. It never restarts (signal(7)):
 *   poll, select, epoll_wait …       hooks/poll.c repeats them with the time that is left
 *   sleeps, semaphores with a timeout  their own hooks
 *   sockets with SO_RCVTIMEO/SO_SNDTIMEO: read, write, recv*, send*, accept*: repeated here as they
 *     are. EINTR means that nothing has moved yet, so repeating loses and doubles nothing. The
 *     timeout starts again, which is right enough: a thread that waits uses no CPU time, so its CPU
 *     timer cannot break the same wait twice.
 *   connect with SO_SNDTIMEO: repeated too; see connect_end in hooks/socket.c.
 * A restarted call whose interruption came from the program's own handler is not ours: EINTR goes
 * through verbatim. Owner thread only.
 */
#ifndef STRONG_HOOKS_RESTART_H
#define STRONG_HOOKS_RESTART_H

#include "hooks/hook.h"
#include "runtime/interrupt.h"

static inline bool restart_due(bool failed)
{
    return failed && errno == EINTR && interrupt_was_ours();
}

/* HOOK for a call that may be repeated as it is. */
#define HOOK_RESTARTED(type, name, parameters, arguments, ...)                                     \
    STRONG_EXPORT type name parameters                                                             \
    {                                                                                              \
        struct span span;                                                                          \
        type ret = (type)0;                                                                        \
        struct hook_facts facts = {.fd = -1, __VA_ARGS__};                                         \
        span_begin(&span, HOOK_##name, hook_target(&facts));                                       \
        do {                                                                                       \
            interrupt_begin();                                                                     \
            ret = next.name arguments;                                                             \
        } while (restart_due((intptr_t)ret == -1));                                                \
        facts = (struct hook_facts){.fd = -1, .error = HOOK_ERROR(ret), __VA_ARGS__};              \
        hook_end(&span, &facts);                                                                   \
        return ret;                                                                                \
    }

#endif
