/* operations.c: see operations.h. The sets that rules go by (rules.h) are the same; these add the spellings of stdio. */
#include "analyse/operations.h"

#include "analyse/rules.h"

bool operations_is_stdio(unsigned hook)
{
    return (hook >= HOOK_fread && hook <= HOOK_puts) ||
           (hook >= HOOK_fopen && hook <= HOOK___vdprintf_chk && hook != HOOK_dprintf &&
            hook != HOOK_vdprintf && hook != HOOK___dprintf_chk && hook != HOOK___vdprintf_chk);
}

static enum operation of_stdio(unsigned hook)
{
    switch (hook) {
    case HOOK_fopen:
    case HOOK_fopen64:
    case HOOK_freopen:
    case HOOK_freopen64:
        return OPERATION_OPEN;
    case HOOK_fdopen:
        return OPERATION_OTHER;
    case HOOK_fclose:
        return OPERATION_CLOSE;
    case HOOK_fread:
    case HOOK_fgets:
    case HOOK_getline:
    case HOOK_getdelim:
    case HOOK___getdelim:
    case HOOK_fread_unlocked:
    case HOOK_fgets_unlocked:
    case HOOK___fread_chk:
    case HOOK___fgets_chk:
    case HOOK___fread_unlocked_chk:
    case HOOK___fgets_unlocked_chk:
        return OPERATION_READ;
    default:
        return OPERATION_WRITE;
    }
}

enum operation operations_of(unsigned hook)
{
    if (operations_is_stdio(hook))
        return of_stdio(hook);
    if (rules_has(rules_read_hooks, hook))
        return OPERATION_READ;
    if (rules_has(rules_write_hooks, hook) || (hook >= HOOK_dprintf && hook <= HOOK___vdprintf_chk))
        return OPERATION_WRITE;
    if (rules_has(rules_connect_hooks, hook))
        return OPERATION_CONNECT;
    if (rules_has(rules_poll_hooks, hook))
        return OPERATION_READY;
    if (rules_has(rules_close_hooks, hook))
        return OPERATION_CLOSE;
    if (hook >= HOOK_open && hook <= HOOK___open64)
        return OPERATION_OPEN;
    if (hook >= HOOK_fsync && hook <= HOOK_msync)
        return OPERATION_SYNC;
    if (hook >= HOOK_sendfile && hook <= HOOK_copy_file_range)
        return OPERATION_MOVE;
    if (hook == HOOK_accept || hook == HOOK_accept4)
        return OPERATION_ACCEPT;
    if (hook_classes[hook] == CLASS_RESOLVE && hook != HOOK_freeaddrinfo)
        return OPERATION_LOOKUP;
    return OPERATION_OTHER;
}

enum lock_kind operations_lock_kind(unsigned hook)
{
    switch (hook) {
    case HOOK_pthread_mutex_lock:
    case HOOK_pthread_mutex_trylock:
    case HOOK_pthread_mutex_timedlock:
    case HOOK_pthread_mutex_clocklock:
    case HOOK_mtx_lock:
    case HOOK_mtx_timedlock:
        return LOCK_KIND_MUTEX;
    case HOOK_pthread_rwlock_rdlock:
    case HOOK_pthread_rwlock_tryrdlock:
    case HOOK_pthread_rwlock_timedrdlock:
    case HOOK_pthread_rwlock_clockrdlock:
        return LOCK_KIND_READ;
    case HOOK_pthread_rwlock_wrlock:
    case HOOK_pthread_rwlock_trywrlock:
    case HOOK_pthread_rwlock_timedwrlock:
    case HOOK_pthread_rwlock_clockwrlock:
        return LOCK_KIND_WRITE;
    case HOOK_pthread_spin_lock:
        return LOCK_KIND_SPIN;
    case HOOK_pthread_cond_wait:
    case HOOK_pthread_cond_timedwait:
    case HOOK_pthread_cond_clockwait:
    case HOOK_cnd_wait:
    case HOOK_cnd_timedwait:
        return LOCK_KIND_CONDITION;
    case HOOK_sem_wait:
    case HOOK_sem_timedwait:
    case HOOK_sem_clockwait:
    case HOOK_sem_trywait:
    case HOOK_semop:
    case HOOK_semtimedop:
        return LOCK_KIND_SEMAPHORE;
    case HOOK_pthread_barrier_wait:
        return LOCK_KIND_BARRIER;
    case HOOK_pthread_join:
    case HOOK_pthread_timedjoin_np:
    case HOOK_pthread_clockjoin_np:
    case HOOK_thrd_join:
        return LOCK_KIND_JOIN;
    case HOOK_flock:
    case HOOK_lockf:
    case HOOK_lockf64:
        return LOCK_KIND_FILE;
    default:
        return LOCK_KIND_NONE;
    }
}

const char *operations_lock_name(enum lock_kind kind)
{
    static const char *const names[LOCK_KIND_COUNT] = {
        [LOCK_KIND_NONE] = "",
        [LOCK_KIND_MUTEX] = "mutex",
        [LOCK_KIND_READ] = "read-write lock, to read",
        [LOCK_KIND_WRITE] = "read-write lock, to write",
        [LOCK_KIND_SPIN] = "spin lock",
        [LOCK_KIND_CONDITION] = "condition",
        [LOCK_KIND_SEMAPHORE] = "semaphore",
        [LOCK_KIND_BARRIER] = "barrier",
        [LOCK_KIND_JOIN] = "end of a thread",
        [LOCK_KIND_FILE] = "file lock",
    };
    return names[kind];
}
