/* namespace.c: a thread that goes to other namespaces, timed and passed on.
 *
 * Hooked because from then on what one thread makes (a socket) is not what another one would get. Async-signal-safe
 * as libc's are.
 */
#include <sched.h>

#include "hooks/hook.h"
#include "runtime/process.h"

STRONG_EXPORT int setns(int fd, int type)
{
    struct span span;
    span_begin(&span, HOOK_setns, fd >= 0 ? fdtable_target(fd) : 0);
    process_namespaces_moved = true;
    int ret = next.setns(fd, type);
    span_end(&span, 0, HOOK_ERROR(ret));
    return ret;
}

STRONG_EXPORT int unshare(int flags)
{
    struct span span;
    span_begin(&span, HOOK_unshare, 0);
    process_namespaces_moved = true;
    int ret = next.unshare(flags);
    span_end(&span, 0, HOOK_ERROR(ret));
    return ret;
}
