/* limit.c: changes of resource limits, timed and passed on.
 *
 * They are hooked because what libstrong and its optimizers may use follows from them: an optimizer that
 * holds address space has to see RLIMIT_AS being lowered. Async-signal-safe as libc's are.
 */
#include "hooks/hook.h"

HOOK(int, setrlimit, (__rlimit_resource_t resource, const struct rlimit *limit), (resource, limit), )
HOOK(int, setrlimit64, (__rlimit_resource_t resource, const struct rlimit64 *limit), (resource, limit), )
HOOK(int, prlimit,
     (__pid_t pid, enum __rlimit_resource resource, const struct rlimit *limit, struct rlimit *ret_old),
     (pid, resource, limit, ret_old), )
HOOK(int, prlimit64,
     (__pid_t pid, enum __rlimit_resource resource, const struct rlimit64 *limit, struct rlimit64 *ret_old),
     (pid, resource, limit, ret_old), )
