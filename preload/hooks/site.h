/* site.h: hooks whose calls are told apart by where they are made: waits, sleeps, thread creation.
 *
 *   SITE_HOOK(int, pthread_join, (pthread_t thread, void **result), (thread, result), ret)
 *
 * defines and exports a timed hook like HOOK (hook.h) whose target is the return address of the call.
 * The last argument is the errno value of the result, 0 for success. Same rules as in hook.h.
 */
#ifndef STRONG_HOOKS_SITE_H
#define STRONG_HOOKS_SITE_H

#include "hooks/hook.h"

/* Attaches a new thread; whether targets can be interned. */
bool site_ready_slow(void);

static inline bool site_ready(void)
{
    return strong_likely(thread_hot.state == THREAD_READY) || site_ready_slow();
}

static inline uint32_t site_target(const void *address)
{
    return site_ready() ? targets_value(TARGET_SITE, (uintptr_t)address, 0) : 0;
}

#define SITE_HERE() site_target(__builtin_return_address(0))

#define SITE_HOOK(type, name, parameters, arguments, failure)                                      \
    STRONG_EXPORT type name parameters                                                             \
    {                                                                                              \
        struct span span;                                                                          \
        span_begin(&span, HOOK_##name, SITE_HERE());                                               \
        type ret = next.name arguments;                                                            \
        span_end(&span, 0, failure);                                                               \
        return ret;                                                                                \
    }

#endif
