/* exec.c: the exec family. The call is counted before it is made; if it returns, it failed.
 *
 * The environment and arguments are the caller's, untouched: the variadic forms build argv on the
 * stack, as libc does, because there is no other way to pass them on. In a vfork child (thread state OFF,
 * see clone.c) nothing is written: memory is the parent's. Async-signal-safe, as exec has to be.
 */
#include "hooks/exec.h"

#include "hooks/hook.h"
#include "hooks/program.h"
#include "hooks/site.h"
#include "runtime/process.h"

void exec_begin(struct exec_attempt *ret_attempt, unsigned hook, const char *program, int descriptor)
{
    ret_attempt->hook = hook;
    site_ready();
    ret_attempt->ours = thread_hot.state != THREAD_OFF && process_owns_segment();
    if (!ret_attempt->ours)
        return;
    int saved_errno = errno;
    ret_attempt->target = program ? program_target(program) : descriptor >= 0 ? fdtable_target(descriptor) : 0;
    if (thread_hot.state == THREAD_READY)
        thread_count_derived(hook, ret_attempt->target, 0, 0, false);
    else
        thread_crowd_add(hook, 0, 0, false);
    signals_exec_prepare(&ret_attempt->signals);
    process_exec_begin();
    errno = saved_errno;
}

void exec_failed(const struct exec_attempt *attempt)
{
    struct thread_hot *hot = &thread_hot;
    if (!attempt->ours)
        return;
    int error = errno;
    process_exec_failed();
    signals_exec_undo(&attempt->signals);
    if (hot->state == THREAD_READY) {
        hot->state = THREAD_BUSY;
        __atomic_signal_fence(__ATOMIC_SEQ_CST);
        struct stat_cell *cell = thread_cell(hot->self, cell_key(attempt->hook, attempt->target));
        if (cell)
            cell->errors++;
        thread_error(attempt->hook, error);
        __atomic_signal_fence(__ATOMIC_SEQ_CST);
        hot->state = THREAD_READY;
    }
    errno = error;
}

#define EXEC_HOOK(name, parameters, arguments, program, descriptor)                                \
    STRONG_EXPORT int name parameters                                                              \
    {                                                                                              \
        struct exec_attempt attempt;                                                               \
        exec_begin(&attempt, HOOK_##name, program, descriptor);                                    \
        int ret = next.name arguments;                                                             \
        exec_failed(&attempt);                                                                     \
        return ret;                                                                                \
    }

EXEC_HOOK(execve, (const char *path, char *const argv[], char *const envp[]), (path, argv, envp), path, -1)
EXEC_HOOK(execv, (const char *path, char *const argv[]), (path, argv), path, -1)
EXEC_HOOK(execvp, (const char *file, char *const argv[]), (file, argv), file, -1)
EXEC_HOOK(execvpe, (const char *file, char *const argv[], char *const envp[]), (file, argv, envp), file, -1)
EXEC_HOOK(fexecve, (int fd, char *const argv[], char *const envp[]), (fd, argv, envp), NULL, fd)
EXEC_HOOK(execveat, (int directory, const char *path, char *const argv[], char *const envp[], int flags),
          (directory, path, argv, envp, flags), flags &AT_EMPTY_PATH ? NULL : path, directory)

/* ---- variadic ---- */

/* Number of arguments up to the NULL; `first` counts. */
static size_t count_arguments(const char *first, va_list *arguments)
{
    size_t count = 0;
    for (const char *argument = first; argument; argument = va_arg(*arguments, const char *))
        count++;
    return count;
}

static void fill_arguments(char **argv, size_t count, const char *first, va_list *arguments)
{
    argv[0] = (char *)first;
    for (size_t i = 1; i <= count; i++) /* the NULL included */
        argv[i] = va_arg(*arguments, char *);
}

STRONG_EXPORT int execl(const char *path, const char *first, ...)
{
    va_list arguments;
    va_start(arguments, first);
    size_t count = count_arguments(first, &arguments);
    va_end(arguments);
    char *argv[count + 1];
    va_start(arguments, first);
    fill_arguments(argv, count, first, &arguments);
    va_end(arguments);
    struct exec_attempt attempt;
    exec_begin(&attempt, HOOK_execl, path, -1);
    int ret = next.execv(path, argv);
    exec_failed(&attempt);
    return ret;
}

STRONG_EXPORT int execlp(const char *file, const char *first, ...)
{
    va_list arguments;
    va_start(arguments, first);
    size_t count = count_arguments(first, &arguments);
    va_end(arguments);
    char *argv[count + 1];
    va_start(arguments, first);
    fill_arguments(argv, count, first, &arguments);
    va_end(arguments);
    struct exec_attempt attempt;
    exec_begin(&attempt, HOOK_execlp, file, -1);
    int ret = next.execvp(file, argv);
    exec_failed(&attempt);
    return ret;
}

STRONG_EXPORT int execle(const char *path, const char *first, ...)
{
    va_list arguments;
    va_start(arguments, first);
    size_t count = count_arguments(first, &arguments);
    va_end(arguments);
    char *argv[count + 1];
    va_start(arguments, first);
    fill_arguments(argv, count, first, &arguments);
    char *const *envp = va_arg(arguments, char *const *);
    va_end(arguments);
    struct exec_attempt attempt;
    exec_begin(&attempt, HOOK_execle, path, -1);
    int ret = next.execve(path, argv, envp);
    exec_failed(&attempt);
    return ret;
}
