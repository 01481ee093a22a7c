/* pool_cache.c: see pool_cache.h. Owns the caches: a list of all (caches are never unmapped) and a stack of
 * those without a thread.
 *
 * A thread's last act (our key's destructor, in the last of libc's rounds) gives its cache to that stack with
 * its contents, where the next thread finds it warm; beyond POOL_SPARE spare ones it is emptied first. After that,
 * and in threads for which no cache could be had, pool_cache_current is `none`: jemalloc serves.
 *
 * The stack's head packs a node's address with a count in the 16 bits above user addresses and the 6 below its
 * alignment, so that a node taken and put back in between is noticed (ABA).
 */
#include "optimize/pool_cache.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <string.h>

#include "optimize/embedded_jemalloc.h"
#include "optimize/pool_depot.h"
#include "optimize/pool_span.h"
#include "runtime/arena.h"
#include "runtime/libc.h"

enum {
    SHARE_BYTES = 16 << 10, /* most bytes of one class in a cache … */
    SHARE_MOST = 128,       /* … most blocks … */
    SHARE_LEAST = 4,        /* … but at least so many */
    LARGE_BYTES = 128 << 10, /* the same for the classes above POOL_LARGEST */
    HIGH_FIRST = 16,
    FILL_FIRST = 4,
    TIDY_EVERY = 64,
    POOL_SPARE = 8,
    EVERYBODY = 0xffff, /* as pool_cache.foreign */
    OWNERS = 8,
#if defined(__SANITIZE_THREAD__)
    EXIT_ROUNDS = 1, /* in the last round the sanitizer has let go of the thread and crashes in code it watches */
#else
    EXIT_ROUNDS = PTHREAD_DESTRUCTOR_ITERATIONS,
#endif
};

/* A cache with its place in the lists. */
struct owned_cache {
    struct owned_cache *next_of_all, *next_spare;
    uint32_t exit_rounds, spare;
    struct pool_cache cache;
};

/* top == low == high, and no block is theirs */
static struct pool_cache cold = {.foreign = EVERYBODY}, none = {.foreign = EVERYBODY};
__thread struct pool_cache *pool_cache_current __attribute__((tls_model("initial-exec"))) = &cold;

static struct owned_cache *all;
static uint64_t spare_head; /* packed */
static uint32_t spare_count, in_use, made;
static size_t slots_total;
static pthread_key_t exit_key;
static bool ready;

/* ---- the stack of spare caches ---- */

#define ADDRESS_MASK 0x0000ffffffffffc0ull
static uint64_t pack(const struct owned_cache *node, uint64_t count)
{
    return (uint64_t)(uintptr_t)node | (count & 63) | (count >> 6) << 48;
}
static uint64_t packed_count(uint64_t head) { return (head & 63) | (head >> 48) << 6; }
static struct owned_cache *packed_node(uint64_t head) { return (struct owned_cache *)(uintptr_t)(head & ADDRESS_MASK); }

static void spare_push(struct owned_cache *node)
{
    uint64_t head = __atomic_load_n(&spare_head, __ATOMIC_RELAXED);
    do {
        node->next_spare = packed_node(head);
    } while (!__atomic_compare_exchange_n(&spare_head, &head, pack(node, packed_count(head) + 1), true,
                                          __ATOMIC_RELEASE, __ATOMIC_RELAXED)); /* pairs with spare_pop */
    __atomic_fetch_add(&spare_count, 1, __ATOMIC_RELAXED);
}

static struct owned_cache *spare_pop(void)
{
    uint64_t head = __atomic_load_n(&spare_head, __ATOMIC_ACQUIRE); /* pairs with spare_push */
    struct owned_cache *node;
    while ((node = packed_node(head)) &&
           !__atomic_compare_exchange_n(&spare_head, &head,
                                        pack(__atomic_load_n(&node->next_spare, __ATOMIC_RELAXED),
                                             packed_count(head) + 1),
                                        true, __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE))
        ;
    if (node)
        __atomic_fetch_sub(&spare_count, 1, __ATOMIC_RELAXED);
    return node;
}

/* ---- blocks of other threads ---- */

static void send_away(struct pool_away *away, unsigned class_number)
{
    unsigned count = (unsigned)(away->top - away->low), done = 0;
    if (!count)
        return;
    void *leaving[SHARE_MOST];
    memcpy(leaving, away->low, count * sizeof *leaving);
    __atomic_store_n(&away->top, away->low, __ATOMIC_RELEASE); /* as in move_out */
    if (pool_cache_shared())
        done = pool_depot_put(class_number, leaving, count);
    if (done < count)
        pool_span_give(class_number, leaving + done, count - done);
}

static void send_all_away(struct pool_cache *cache)
{
    for (unsigned i = 1; i < POOL_CLASSES; i++)
        send_away(&cache->away[i], i);
}

/* ---- a thread's beginning and end ---- */

static unsigned share_of(unsigned class_number)
{
    if (class_number >= POOL_CLASSES)
        return LARGE_BYTES / (unsigned)pool_class_bytes[class_number];
    unsigned share = SHARE_BYTES / (unsigned)pool_class_bytes[class_number];
    return share > SHARE_MOST ? SHARE_MOST : share < SHARE_LEAST ? SHARE_LEAST : share;
}

static unsigned away_of(unsigned class_number)
{
    return (share_of(class_number) + 1) / 2;
}

static struct owned_cache *make_cache(void)
{
    struct owned_cache *owned = arena_take(sizeof *owned + slots_total * sizeof(void *) + 63);
    if (!owned)
        return NULL;
    owned = (struct owned_cache *)(((uintptr_t)owned + 63) & ~(uintptr_t)63);
    void **slots = owned->cache.slots;
    for (unsigned i = 1; i < POOL_KEPT; i++) {
        unsigned share = share_of(i), first = share < HIGH_FIRST ? share : HIGH_FIRST;
        owned->cache.bins[i] = (struct pool_bin){slots, slots, slots + first, (uint16_t)share, FILL_FIRST, 0};
        slots += share;
        if (i < POOL_CLASSES) {
            owned->cache.away[i] = (struct pool_away){slots, slots, slots + away_of(i)};
            slots += away_of(i);
        }
    }
    /* Of more than OWNERS caches some have one number: their threads keep each other's blocks. */
    owned->cache.foreign = EVERYBODY ^ 0x100 << __atomic_fetch_add(&made, 1, __ATOMIC_RELAXED) % OWNERS;
    struct owned_cache *head = __atomic_load_n(&all, __ATOMIC_RELAXED);
    do {
        owned->next_of_all = head;
    } while (!__atomic_compare_exchange_n(&all, &head, owned, true, __ATOMIC_RELEASE, __ATOMIC_RELAXED));
    return owned; /* the release pairs with the acquires that walk `all` */
}

/* The calling thread's first slow call. False: it has to do without. */
static bool attach(void)
{
    if (pool_cache_current != &cold)
        return pool_cache_current != &none;
    pool_cache_current = &none; /* what is allocated on the way */
    if (!ready)
        return false;
    int saved_errno = errno;
    struct owned_cache *owned = spare_pop();
    if (!owned)
        owned = make_cache();
    errno = saved_errno;
    if (!owned)
        return false;
    owned->exit_rounds = 0;
    owned->spare = 0;
    memset(owned->cache.grown, 0, sizeof owned->cache.grown);
    if (pthread_setspecific(exit_key, owned) != 0) {
        owned->spare = 1;
        spare_push(owned);
        errno = saved_errno;
        return false;
    }
    errno = saved_errno;
    __atomic_fetch_add(&in_use, 1, __ATOMIC_RELAXED);
    pool_cache_current = &owned->cache;
    return true;
}

/* The program's destructors may still allocate and free in every round: wait for the last one. */
static void exit_round(void *value)
{
    struct owned_cache *owned = value;
    if (++owned->exit_rounds < EXIT_ROUNDS && pthread_setspecific(exit_key, value) == 0)
        return;
    if (__atomic_load_n(&spare_count, __ATOMIC_RELAXED) >= POOL_SPARE)
        pool_cache_empty();
    else
        send_all_away(&owned->cache);
    pool_cache_current = &none;
    __atomic_fetch_sub(&in_use, 1, __ATOMIC_RELAXED);
    owned->spare = 1;
    spare_push(owned);
}

int pool_cache_init(void)
{
    for (unsigned i = 1; i < POOL_KEPT; i++)
        slots_total += share_of(i) + (i < POOL_CLASSES ? away_of(i) : 0);
    int error = pthread_key_create(&exit_key, exit_round);
    ready = error == 0;
    return -error;
}

void pool_cache_fork_child(void)
{
    pool_span_fork_done();
    pool_range_fork_child();
    pool_depot_fork_child();
    spare_head = 0;
    spare_count = 0;
    in_use = 0;
    for (struct owned_cache *owned = all; owned; owned = owned->next_of_all) {
        if (&owned->cache == pool_cache_current) {
            in_use = 1;
            continue;
        }
        owned->spare = 1;
        spare_push(owned);
    }
}

bool pool_cache_shared(void)
{
    return __atomic_load_n(&in_use, __ATOMIC_RELAXED) > 1;
}

/* ---- filling and emptying ---- */

static void give_back(unsigned class_number, void *const *ptrs, unsigned count)
{
    if (class_number < POOL_CLASSES) {
        pool_span_give(class_number, ptrs, count);
        return;
    }
    for (unsigned i = 0; i < count; i++)
        strong_je_free(ptrs[i]);
}

/* A batch: of large blocks, one. */
static unsigned get_more(unsigned class_number, void **ret_ptrs, unsigned count)
{
    if (class_number < POOL_CLASSES)
        return pool_span_take(class_number, (EVERYBODY ^ pool_cache_current->foreign) >> 8, ret_ptrs, count);
    *ret_ptrs = strong_je_malloc(pool_class_bytes[class_number]);
    if (!*ret_ptrs)
        return 0;
    pool_range_set(*ret_ptrs, class_number, 0);
    return 1;
}

/* Moves the `count` oldest blocks of a bin out; those freed last stay. A child forked in between must not find a
 * block both in a dead thread's bin and free elsewhere: the bin is empty meanwhile, and what it held is lost to
 * that child. (Stores become visible to a fork in program order; the release keeps the compiler to it.) */
static void move_out(struct pool_bin *bin, unsigned class_number, unsigned count, bool to_depot)
{
    unsigned have = (unsigned)(bin->top - bin->low), done = 0;
    void *leaving[SHARE_MOST];
    memcpy(leaving, bin->low, count * sizeof *leaving);
    __atomic_store_n(&bin->top, bin->low, __ATOMIC_RELEASE); /* pairs with pool_cache_fork_child */
    memmove(bin->low, bin->low + count, (have - count) * sizeof(void *));
    __atomic_store_n(&bin->top, bin->low + (have - count), __ATOMIC_RELEASE); /* the same */
    if (to_depot && class_number < POOL_CLASSES && pool_cache_shared())
        done = pool_depot_put(class_number, leaving, count);
    if (done < count)
        give_back(class_number, leaving + done, count - done);
}

static void tidy(struct pool_cache *cache)
{
    if (++cache->slow_calls % TIDY_EVERY)
        return;
    send_all_away(cache);
    for (unsigned i = 1; i < POOL_KEPT; i++) {
        struct pool_bin *bin = &cache->bins[i];
        unsigned have = (unsigned)(bin->top - bin->low);
        if (bin->refills == 0 && have)
            move_out(bin, i, (have + 1) / 2, false);
        bin->refills = 0;
    }
}

/* Without a cache. Where the pool has nothing left libc may have: its block is outside the stretch. */
static void *uncached(unsigned class_number)
{
    void *ptr;
    return get_more(class_number, &ptr, 1) ? ptr : real.malloc(pool_class_bytes[class_number]);
}

void *pool_cache_refill(unsigned class_number)
{
    if (!attach())
        return uncached(class_number);
    struct pool_cache *cache = pool_cache_current;
    struct pool_bin *bin = &cache->bins[class_number];
    if (bin->top != bin->low) { /* a cache that was handed on */
        bin->top--;
        return *bin->top;
    }
    tidy(cache);
    bin->refills++;
    unsigned count = bin->fill, got = 0;
    if (count * 2 < bin->share)
        bin->fill = (uint16_t)(count * 2);
    if (class_number < POOL_CLASSES && pool_cache_shared())
        got = pool_depot_take(class_number, bin->low, count);
    if (!got) {
        int saved_errno = errno;
        got = get_more(class_number, bin->low, count);
        errno = saved_errno;
    }
    if (!got)
        return real.malloc(pool_class_bytes[class_number]);
    if (bin->high < bin->low + got) /* top never passes high: the fast paths compare for equality */
        bin->high = bin->low + got;
    bin->top = bin->low + got - 1;
    return *bin->top;
}

void pool_cache_overflow(void *ptr, unsigned class_number)
{
    int saved_errno = errno;
    if (!attach()) {
        give_back(class_number, &ptr, 1);
    } else {
        struct pool_cache *cache = pool_cache_current;
        struct pool_bin *bin = &cache->bins[class_number];
        unsigned room = (unsigned)(bin->high - bin->low);
        if (bin->top == bin->high && room < bin->share) {
            bin->high = bin->low + (room * 2 < bin->share ? room * 2 : bin->share);
        } else if (bin->top == bin->high) {
            tidy(cache);
            unsigned have = (unsigned)(bin->top - bin->low);
            if (have > room / 2)
                move_out(bin, class_number, have - room / 2, true);
        }
        *bin->top = ptr;
        __atomic_store_n(&bin->top, bin->top + 1, __ATOMIC_RELEASE); /* as in pool_cache_give */
    }
    errno = saved_errno;
}

void pool_cache_give_other(void *ptr, unsigned entry)
{
    unsigned class_number = (uint8_t)entry;
    int saved_errno = errno;
    if (!attach() || class_number >= POOL_CLASSES || (entry & pool_cache_current->foreign) == class_number) {
        pool_cache_keep(pool_cache_current, ptr, class_number);
    } else {
        struct pool_away *away = &pool_cache_current->away[class_number];
        *away->top = ptr;
        __atomic_store_n(&away->top, away->top + 1, __ATOMIC_RELEASE); /* as in pool_cache_keep */
        if (away->top == away->end)
            send_away(away, class_number);
    }
    errno = saved_errno;
}

void pool_cache_empty(void)
{
    struct pool_cache *cache = pool_cache_current;
    if (cache == &cold || cache == &none)
        return;
    send_all_away(cache);
    for (unsigned i = 1; i < POOL_KEPT; i++)
        move_out(&cache->bins[i], i, (unsigned)(cache->bins[i].top - cache->bins[i].low), false);
}

size_t pool_cache_bytes(void)
{
    size_t bytes = pool_depot_bytes() + pool_span_free_bytes();
    struct owned_cache *owned = __atomic_load_n(&all, __ATOMIC_ACQUIRE); /* pairs with make_cache */
    for (; owned; owned = owned->next_of_all)
        for (unsigned i = 1; i < POOL_KEPT; i++) {
            const struct pool_bin *bin = &owned->cache.bins[i];
            size_t blocks = (size_t)(__atomic_load_n(&bin->top, __ATOMIC_RELAXED) - bin->low);
            if (i < POOL_CLASSES)
                blocks += (size_t)(__atomic_load_n(&owned->cache.away[i].top, __ATOMIC_RELAXED) - owned->cache.away[i].low);
            bytes += blocks * pool_class_bytes[i];
        }
    return bytes;
}
