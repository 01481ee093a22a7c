/* resolver_cache.c: optimizer "resolver": getaddrinfo answered from memory. In `safe`.
 *
 * CHANGES  getaddrinfo of `next`; res_init and res_ninit, to forget then what is remembered. The memory has two levels: a
 *          table in the process, and one that all processes of the user share (resolver_shared.h); below them libc, asked
 *          by one thread for all that want the same (resolver_flight.h).
 * SAFE     because the question is compared in full, hints included (resolver_key.h), an answer is void as soon as
 *          anything it depended on has changed (resolver_watch.h looks once a second) and lives 5 s ± 20 % at most, 1 s
 *          if the name has none; and because an answer is made of the same blocks, by the same malloc, as libc's:
 *          freeaddrinfo stays libc's own. A waiting cancellation is acted on, errno is left alone.
 *          So a program sees what it would have seen, at most one time to live late.
 * ASIDE    numeric hosts, no host, flags that are not known, a resolver state the program has changed
 *          (resolver_state.h): counted in resolver_bypassed. Answers above 1 KB are not remembered. Entirely:
 *          after seccomp; in vfork children; where getaddrinfo is not libc's.
 * COUNTS   resolver_*.
 *
 * Any thread. Nothing is held over libc's lookup.
 */
#include "optimize/resolver_cache.h"

#include <dlfcn.h>
#include <errno.h>
#include <gnu/libc-version.h>
#include <netdb.h>
#include <pthread.h>
#include <resolv.h>
#include <sys/mman.h>

#include "optimize/resolver_flight.h"
#include "optimize/resolver_lookups.h"
#include "optimize/resolver_shared.h"
#include "optimize/resolver_state.h"
#include "optimize/resolver_watch.h"
#include "runtime/clock.h"
#include "runtime/config.h"
#include "runtime/counters.h"
#include "runtime/libc.h"
#include "runtime/seccomp.h"
#include "runtime/thread.h"

enum { PAGE = 4096 };

static __typeof__(&getaddrinfo) below_getaddrinfo;
static __typeof__(&__res_init) below_res_init;
static __typeof__(&__res_ninit) below_res_ninit;
/* Those libc's own getaddrinfo and freeaddrinfo call: the first in the program, which is a hook of ours or the
 * program's own. */
static __typeof__(&malloc) allocate;
static __typeof__(&free) release;

static struct resolver_table *local; /* NULL: not yet */
static uint64_t not_before_ns;      /* answers to older questions are forgotten: res_init */

struct lookup { /* one call */
    const char *node, *service;
    const struct addrinfo *hints;
    struct addrinfo **list;
    uint64_t began_ticks;
    struct resolver_terms terms;
    struct resolver_key key;
};

/* ---- remembered ---- */

/* The process's own table: pages that cost nothing until they are used. First one with what describes it, and the tags;
 * then the slots, a set a page. NULL: memory is refused. */
static const struct resolver_table *local_table(void)
{
    struct resolver_table *table = __atomic_load_n(&local, __ATOMIC_ACQUIRE); /* pairs with the exchange below */
    if (strong_likely(table != NULL))
        return table;
    uint32_t count = resolver_table_count(config.resolver_size);
    size_t head = (sizeof *table + count * sizeof *table->tags + PAGE - 1) & ~(size_t)(PAGE - 1);
    size_t bytes = head + (size_t)count * RESOLVER_SLOT_BYTES;
    long place = system_call6(SYS_mmap, 0, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (place < 0 && place > -4096)
        return NULL;
    struct resolver_table *made = (void *)place;
    *made = (struct resolver_table){(void *)(place + (long)head), count, (uint32_t *)(made + 1)};
    if (__atomic_compare_exchange_n(&local, &table, made, false, __ATOMIC_RELEASE, __ATOMIC_ACQUIRE))
        return made;
#if !defined(__SANITIZE_THREAD__) /* does not see it, and takes the next mapping there for the same memory */
    system_call2(SYS_munmap, place, bytes); /* another thread was faster */
#endif
    return table;
}

static void renew_terms(struct resolver_terms *terms)
{
    terms->now_ns = resolver_watch_now_ns();
    terms->scope = resolver_watch_scope(terms->now_ns);
    terms->not_before_ns = __atomic_load_n(&not_before_ns, __ATOMIC_RELAXED);
    terms->ttl_ns = config.resolver_ttl_ns;
    terms->negative_ttl_ns = config.resolver_negative_ttl_ns;
}

/* Gives the entry's answer to the program. false: it cannot be made, libc has to. */
static bool answer(const struct lookup *lookup, const struct resolver_entry *entry, enum counter_id counter,
                   int *ret_code)
{
    int saved_errno = errno; /* malloc may change it even where it succeeds */
    bool made = entry->code != 0 || resolver_entry_unpack(entry, allocate, release, lookup->list);
    errno = saved_errno;
    if (!made)
        return false;
    if (entry->code != 0)
        h_errno = entry->h_error;
    *ret_code = entry->code;
    uint64_t took_ns = clock_ticks_to_ns(clock_ticks() - lookup->began_ticks);
    counters_add(counter, 1);
    if (entry->lookup_ns > took_ns)
        counters_add(COUNTER_resolver_saved_ns, entry->lookup_ns - took_ns);
    return true;
}

static __attribute__((noinline)) bool answer_locally(const struct lookup *lookup, int *ret_code)
{
    struct resolver_entry entry;
    const struct resolver_table *table = local_table();
    return table && resolver_table_find(table, &lookup->key, &lookup->terms, &entry) &&
           answer(lookup, &entry, COUNTER_resolver_hits, ret_code);
}

static __attribute__((noinline)) bool answer_shared(const struct lookup *lookup, int *ret_code)
{
    struct resolver_entry entry;
    const struct resolver_table *table = resolver_shared();
    if (!table || !resolver_table_find(table, &lookup->key, &lookup->terms, &entry) ||
        !resolver_entry_shares(entry.code) || !answer(lookup, &entry, COUNTER_resolver_shared_hits, ret_code))
        return false;
    table = local_table();
    if (table && resolver_table_warm(table, entry.hash)) /* a name asked for once is not worth a page */
        resolver_table_store(table, &entry, lookup->terms.now_ns);
    return true;
}

/* ---- asked ---- */

/* Only while what the answer depends on is what it was when libc was asked. */
static __attribute__((noinline)) void remember(const struct lookup *lookup, const struct resolver_terms *asked,
                                               uint64_t lookup_ns, int code)
{
    struct resolver_entry entry;
    struct resolver_terms terms;
    uint64_t ttl_ns = code == 0 ? config.resolver_ttl_ns : config.resolver_negative_ttl_ns;
    if (!ttl_ns || seccomp_entered || !resolver_entry_remembers(code) ||
        !resolver_entry_pack(&entry, &lookup->key, code, code == 0 ? *lookup->list : NULL))
        return;
    renew_terms(&terms);
    if (terms.scope != asked->scope || asked->now_ns < terms.not_before_ns)
        return;
    entry.h_error = code == 0 ? 0 : h_errno;
    resolver_entry_seal(&entry, &terms, asked->now_ns, lookup_ns);
    const struct resolver_table *table = local_table();
    if (table)
        resolver_table_store(table, &entry, terms.now_ns);
    table = resolver_entry_shares(code) ? resolver_shared() : NULL;
    if (table)
        resolver_table_store(table, &entry, terms.now_ns);
}

static int ask_libc(const struct lookup *lookup)
{
    counters_add(COUNTER_resolver_misses, 1);
    struct resolver_terms asked = lookup->terms;
    uint64_t began_ticks = clock_ticks();
    int code = below_getaddrinfo(lookup->node, lookup->service, lookup->hints, lookup->list);
    int saved_errno = errno;
    uint64_t took_ns = clock_ticks_to_ns(clock_ticks() - began_ticks);
    resolver_state_learn();
    remember(lookup, &asked, took_ns, code);
    errno = saved_errno;
    return code;
}

/* Neither memory knows: one thread asks, those that come meanwhile take its answer. */
static __attribute__((noinline)) int look_up(struct lookup *lookup)
{
    int code;
    struct resolver_flight flight = {FLIGHT_ALONE, 0, 0};
    if (config.resolver_ttl_ns) /* else there would be nothing to take */
        flight = resolver_flight_board(lookup->key.hash);
    if (flight.role != FLIGHT_ALONE) { /* it may have been answered between looking and boarding */
        renew_terms(&lookup->terms);
        if (answer_locally(lookup, &code)) {
            if (flight.role == FLIGHT_LEADS)
                resolver_flight_land(&flight);
            else
                counters_add(COUNTER_resolver_joined, 1);
            return code;
        }
    }
    code = ask_libc(lookup);
    if (flight.role == FLIGHT_LEADS)
        resolver_flight_land(&flight);
    return code;
}

static bool aside(void)
{
    return strong_unlikely(seccomp_entered || thread_hot.state == THREAD_OFF);
}

static int resolver_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                                struct addrinfo **list)
{
    struct lookup lookup;
    if (aside())
        return below_getaddrinfo(node, service, hints, list);
    lookup.began_ticks = clock_ticks();
    if (!list || !resolver_key_make(&lookup.key, node, service, hints) || !resolver_state_usual()) {
        counters_add(COUNTER_resolver_bypassed, 1);
        return below_getaddrinfo(node, service, hints, list);
    }
    pthread_testcancel(); /* libc's lookup would act on it, too */
    lookup.node = node, lookup.service = service, lookup.hints = hints, lookup.list = list;
    renew_terms(&lookup.terms);
    int code;
    if (answer_locally(&lookup, &code) || answer_shared(&lookup, &code))
        return code;
    return look_up(&lookup);
}

/* ---- res_init ---- */

/* The program wants the configuration read anew. */
static void forget(void)
{
    __atomic_store_n(&not_before_ns, resolver_watch_now_ns(), __ATOMIC_RELAXED);
    resolver_watch_hurry();
    counters_add(COUNTER_resolver_flushes, 1);
}

static int resolver_res_init(void)
{
    bool usual = resolver_state_usual();
    int ret = below_res_init(), saved_errno = errno;
    if (!aside()) {
        if (usual)
            resolver_state_learn();
        forget();
    }
    errno = saved_errno;
    return ret;
}

static int resolver_res_ninit(res_state state)
{
    bool usual = resolver_state_usual();
    int ret = below_res_ninit(state), saved_errno = errno;
    if (!aside()) {
        if (usual)
            resolver_state_learn(); /* it may be the thread's own */
        forget();
    }
    errno = saved_errno;
    return ret;
}

/* ---- installation ---- */

static void fork_child(void)
{
    resolver_flight_fork_child();
    resolver_shared_fork_child();
}

int resolver_cache_init(void)
{
    if (!config_optimizer_selected("resolver", true) || !(config.resolver_ttl_ns || config.resolver_negative_ttl_ns))
        return 0;
    allocate = (__typeof__(allocate))dlsym(RTLD_DEFAULT, "malloc");
    release = (__typeof__(release))dlsym(RTLD_DEFAULT, "free");
    if (!allocate || !release || !real.getaddrinfo || !libc_same_module((const void *)real.getaddrinfo, (const void *)&gnu_get_libc_version))
        return 0;
    int ret = pthread_atfork(NULL, NULL, fork_child);
    if (ret)
        return -ret;
    below_getaddrinfo = next.getaddrinfo, next.getaddrinfo = resolver_getaddrinfo;
    below_res_init = next.__res_init, next.__res_init = resolver_res_init;
    below_res_ninit = next.__res_ninit, next.__res_ninit = resolver_res_ninit;
    resolver_lookups_install();
    return 0;
}
