/* pool_system.c: what the embedded jemalloc gets instead of parts of libc.
 *
 * Called by jemalloc alone, through the names of embedded_jemalloc.symbols. Locks and syscall() go to libc
 * past our own hooks; the environment and /etc/malloc.conf are not read (they are meant for the jemalloc a
 * program links itself); processors are counted by the affinity mask, where glibc would open files of
 * /sys. Refused: threads and files, which only its background threads and its profiler would want
 * (memory_pool.c keeps both off).
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <unistd.h>

#include "runtime/libc.h"
#include "runtime/system.h"

int pool_system_mutex_lock(pthread_mutex_t *mutex);
int pool_system_mutex_trylock(pthread_mutex_t *mutex);
long pool_system_syscall(long number, ...);
char *pool_system_getenv(const char *name);
ssize_t pool_system_readlink(const char *path, char *buf, size_t size);
long pool_system_sysconf(int name);

int pool_system_mutex_lock(pthread_mutex_t *mutex) { return real.pthread_mutex_lock(mutex); }
int pool_system_mutex_trylock(pthread_mutex_t *mutex) { return real.pthread_mutex_trylock(mutex); }

long pool_system_syscall(long number, ...)
{
    va_list list;
    va_start(list, number);
    long a[6];
    for (unsigned i = 0; i < 6; i++)
        a[i] = va_arg(list, long);
    va_end(list);
    long ret = system_call(number, a[0], a[1], a[2], a[3], a[4], a[5]);
    if (ret < 0 && ret > -4096) {
        errno = (int)-ret;
        return -1;
    }
    return ret;
}

char *pool_system_getenv(const char *name)
{
    (void)name;
    return NULL;
}

ssize_t pool_system_readlink(const char *path, char *buf, size_t size)
{
    (void)path, (void)buf, (void)size;
    errno = ENOENT;
    return -1;
}

long pool_system_sysconf(int name)
{
    cpu_set_t set;
    if (name != _SC_NPROCESSORS_ONLN && name != _SC_NPROCESSORS_CONF)
        return sysconf(name);
    long bytes = system_call3(SYS_sched_getaffinity, 0, sizeof set, &set);
    if (bytes <= 0)
        return 1;
    long count = 0;
    for (long i = 0; i < bytes / (long)sizeof(unsigned long); i++)
        count += __builtin_popcountl(((const unsigned long *)(const void *)&set)[i]);
    return count ? count : 1;
}

#define REFUSES(name)                                                                              \
    int pool_system_##name(void);                                                                  \
    int pool_system_##name(void) { return EAGAIN; }
REFUSES(pthread_create)
REFUSES(pthread_join)
REFUSES(pthread_cond_signal)
REFUSES(pthread_cond_wait)
REFUSES(pthread_cond_timedwait)
REFUSES(pthread_sigmask)
REFUSES(pthread_setname_np)
REFUSES(pthread_getname_np)
REFUSES(sched_setaffinity)
REFUSES(atexit)
REFUSES(open)
REFUSES(creat)
REFUSES(close)
REFUSES(Unwind_Backtrace)
REFUSES(Unwind_GetIP)

/* Prepared at jemalloc's start for the thread that never comes. */
int pool_system_pthread_cond_init(void);
int pool_system_pthread_cond_init(void) { return 0; }

/* dlsym: jemalloc looks for nothing here that exists. */
void *pool_system_dlsym(void *handle, const char *name);
void *pool_system_dlsym(void *handle, const char *name)
{
    (void)handle, (void)name;
    return NULL;
}

/* libm, for the profiler alone. */
#define NO_NUMBER(name)                                                                            \
    double pool_system_##name(double value);                                                       \
    double pool_system_##name(double value) { return value; }
NO_NUMBER(exp)
NO_NUMBER(log)
NO_NUMBER(round)
