/* resolver_watch.c: see resolver_watch.h. Invariant: next_look_ns is moved by a compare-and-swap, and whoever moved it
 * looks, so that nobody waits and nobody who is cancelled or killed in between keeps others from the next look. */
#include "optimize/resolver_watch.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>

#include "optimize/resolver_addresses.h"
#include "optimize/resolver_hash.h"
#include "runtime/counters.h"
#include "runtime/system.h"
#include "runtime/vdso.h"

static uint64_t scope; /* 0: never looked */
static uint64_t next_look_ns;

static const char *const files[] = {
    "/etc/hosts", "/etc/resolv.conf", "/etc/nsswitch.conf", "/etc/gai.conf", "/etc/host.conf", "/etc/services",
};
/* resolver(5), host.conf(5); the last one names where NSS modules come from. */
static const char *const variables[] = {
    "LOCALDOMAIN",  "RES_OPTIONS",      "HOSTALIASES",          "RESOLV_HOST_CONF",
    "RESOLV_MULTI", "RESOLV_REORDER",   "RESOLV_ADD_TRIM_DOMAINS", "RESOLV_OVERRIDE_TRIM_DOMAINS",
    "RESOLV_SERV_ORDER", "RESOLV_SPOOF_CHECK", "LD_LIBRARY_PATH",
};

static uint64_t hash_file(const char *path, uint64_t hash)
{
    struct stat status;
    long ret = system_call4(SYS_newfstatat, AT_FDCWD, path, &status, 0);
    if (ret < 0)
        return resolver_mix(hash, (uint64_t)ret);
    uint64_t facts[] = {
        status.st_dev,          status.st_ino,          (uint64_t)status.st_size,        (uint64_t)status.st_mtim.tv_sec,
        (uint64_t)status.st_mtim.tv_nsec, (uint64_t)status.st_ctim.tv_sec, (uint64_t)status.st_ctim.tv_nsec,
    };
    return resolver_hash(facts, sizeof facts, hash);
}

static uint64_t hash_namespace(const char *path, uint64_t hash)
{
    struct stat status;
    long ret = system_call4(SYS_newfstatat, AT_FDCWD, path, &status, 0);
    return ret < 0 ? resolver_mix(hash, (uint64_t)ret) : resolver_mix(hash + status.st_dev, status.st_ino);
}

static uint64_t hash_environment(uint64_t hash)
{
    for (unsigned i = 0; i < sizeof variables / sizeof *variables; i++) {
        const char *value = getenv(variables[i]);
        if (value)
            hash = resolver_hash(value, strlen(value), hash + i + 1);
    }
    const char *aliases = getenv("HOSTALIASES");
    return aliases ? hash_file(aliases, hash) : hash;
}

uint64_t resolver_watch_look(void)
{
    uint64_t hash = hash_environment(0);
    for (unsigned i = 0; i < sizeof files / sizeof *files; i++)
        hash = hash_file(files[i], hash + i);
    hash = hash_namespace("/proc/self/ns/net", hash);
    hash = hash_namespace("/proc/self/ns/time", hash);
    struct utsname names;
    if (system_call1(SYS_uname, &names) == 0)
        hash = resolver_hash(names.nodename, strnlen(names.nodename, sizeof names.nodename), hash);
    return resolver_mix(hash, resolver_addresses()) | 1;
}

uint64_t resolver_watch_now_ns(void)
{
    return vdso_clock_ns(CLOCK_BOOTTIME);
}

uint64_t resolver_watch_scope(uint64_t now_ns)
{
    uint64_t due_ns = __atomic_load_n(&next_look_ns, __ATOMIC_RELAXED);
    uint64_t known = __atomic_load_n(&scope, __ATOMIC_RELAXED);
    if (strong_likely(now_ns < due_ns && known))
        return known;
    bool mine = __atomic_compare_exchange_n(&next_look_ns, &due_ns, now_ns + RESOLVER_LOOK_NS, false, __ATOMIC_RELAXED,
                                            __ATOMIC_RELAXED);
    if (!mine && known)
        return known;
    uint64_t seen = resolver_watch_look();
    if (mine || !known)
        known = __atomic_exchange_n(&scope, seen, __ATOMIC_RELAXED);
    if (known && known != seen)
        counters_add(COUNTER_resolver_flushes, 1);
    return seen;
}

void resolver_watch_hurry(void)
{
    __atomic_store_n(&next_look_ns, 0, __ATOMIC_RELAXED);
}
