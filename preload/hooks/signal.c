/* signal.c: signal dispositions: forwarded, except for the CPU sampling signal, which the program must
 * not see (runtime/signals.h). Setting that one to SIG_DFL or SIG_IGN is only remembered, as in loops over
 * all signals; a handler for it makes the sampler step aside. The answers are those of glibc: sigaction
 * writes what the kernel knows, which is one word of the mask. A vfork child (state OFF) has
 * dispositions of its own: forwarded. Async-signal-safe.
 */
#include "runtime/signals.h"

#include "hooks/hook.h"

enum { FLAG_RESTORER = 0x04000000 }; /* glibc adds it to what it asks of the kernel */

static bool hidden(int number)
{
    return signals_hides(number) && thread_hot.state != THREAD_OFF;
}

static bool only_remembered(sighandler_t handler)
{
    return handler == SIG_DFL || handler == SIG_IGN;
}

static void remember(struct sigaction action)
{
#if defined(__x86_64__)
    action.sa_flags |= FLAG_RESTORER;
#endif
    action.sa_mask.__val[0] &= ~(1ul << (SIGKILL - 1) | 1ul << (SIGSTOP - 1)); /* as the kernel does */
    signals_set_disposition(&action);
}

/* ---- sigaction ---- */

typedef int sigaction_function(int, const struct sigaction *, struct sigaction *);

static int change_action(sigaction_function *real_sigaction, int number, const struct sigaction *action,
                         struct sigaction *ret_old)
{
    if (strong_likely(!hidden(number)))
        return real_sigaction(number, action, ret_old);
    struct sigaction old;
    signals_disposition(&old);
    if (action && only_remembered(action->sa_handler)) {
        remember(*action);
    } else if (action) {
        struct sigaction wanted = *action; /* may be the same memory as ret_old */
        signals_step_aside();
        int ret = real_sigaction(number, &wanted, NULL);
        if (ret < 0)
            return ret;
    }
    if (ret_old) {
        ret_old->sa_handler = old.sa_handler;
        ret_old->sa_flags = old.sa_flags;
        ret_old->sa_restorer = old.sa_restorer;
        ret_old->sa_mask.__val[0] = old.sa_mask.__val[0];
    }
    return 0;
}

#define ACTION_HOOK(name)                                                                          \
    STRONG_EXPORT int name(int number, const struct sigaction *action, struct sigaction *ret_old)  \
    {                                                                                              \
        struct span span;                                                                          \
        span_begin(&span, HOOK_##name, 0);                                                         \
        int ret = change_action(next.name, number, action, ret_old);                               \
        span_end(&span, 0, HOOK_ERROR(ret));                                                       \
        return ret;                                                                                \
    }

ACTION_HOOK(sigaction)
ACTION_HOOK(__sigaction)

/* ---- signal: returns the handler before ---- */

static sighandler_t change_handler(sighandler_t (*real_signal)(int, sighandler_t), int number,
                                   sighandler_t handler, int flags)
{
    if (strong_likely(!hidden(number)) || handler == SIG_ERR)
        return real_signal(number, handler);
    struct sigaction old;
    signals_disposition(&old);
    if (only_remembered(handler)) {
        struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
        if (flags == SA_RESTART) /* the BSD form; the other does not defer */
            action.sa_mask.__val[0] = 1ul << (number - 1);
        remember(action);
        return old.sa_handler;
    }
    signals_step_aside();
    return real_signal(number, handler) == SIG_ERR ? SIG_ERR : old.sa_handler;
}

#define SIGNAL_HOOK(name, flags)                                                                   \
    STRONG_EXPORT sighandler_t name(int number, sighandler_t handler)                              \
    {                                                                                              \
        struct span span;                                                                          \
        span_begin(&span, HOOK_##name, 0);                                                         \
        sighandler_t ret = change_handler(next.name, number, handler, flags);                      \
        span_end(&span, 0, HOOK_ERRNO_IF(ret == SIG_ERR));                                         \
        return ret;                                                                                \
    }

SIGNAL_HOOK(signal, SA_RESTART)
SIGNAL_HOOK(bsd_signal, SA_RESTART)
SIGNAL_HOOK(sysv_signal, (int)(SA_RESETHAND | SA_NODEFER))
SIGNAL_HOOK(__sysv_signal, (int)(SA_RESETHAND | SA_NODEFER))

/* ---- System V: also changes the mask ---- */

static sighandler_t change_set(int number, sighandler_t handler)
{
    if (strong_likely(!hidden(number)) || handler == SIG_ERR)
        return next.sigset(number, handler);
    struct sigaction old;
    signals_disposition(&old);
    bool was_blocked = thread_hot.app_blocks_signal;
    thread_hot.app_blocks_signal = handler == SIG_HOLD;
    if (only_remembered(handler)) {
        remember((struct sigaction){.sa_handler = handler});
    } else if (handler != SIG_HOLD) {
        signals_step_aside();
        if (next.sigset(number, handler) == SIG_ERR)
            return SIG_ERR;
    }
    return was_blocked ? SIG_HOLD : old.sa_handler;
}

STRONG_EXPORT sighandler_t sigset(int number, sighandler_t handler)
{
    struct span span;
    span_begin(&span, HOOK_sigset, 0);
    sighandler_t ret = change_set(number, handler);
    span_end(&span, 0, HOOK_ERRNO_IF(ret == SIG_ERR));
    return ret;
}

STRONG_EXPORT int sigignore(int number)
{
    struct span span;
    span_begin(&span, HOOK_sigignore, 0);
    int ret = 0;
    if (strong_unlikely(hidden(number)))
        remember((struct sigaction){.sa_handler = SIG_IGN});
    else
        ret = next.sigignore(number);
    span_end(&span, 0, HOOK_ERROR(ret));
    return ret;
}
