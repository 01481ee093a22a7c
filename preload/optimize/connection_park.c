/* connection_park.c: see connection_park.h; which destinations may be reused: connection_targets.h. */
#include "optimize/connection_park.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/un.h>

#include "optimize/connection_targets.h"
#include "optimize/connection_unused.h"
#include "optimize/try_lock.h"
#include "runtime/arena.h"
#include "runtime/clock.h"
#include "runtime/config.h"
#include "runtime/counters.h"
#include "runtime/seccomp.h"
#include "runtime/segment.h"

enum {
    DESTINATIONS = 4096, /* never forgotten; a program that met more keeps connections to these only */
    SLOTS = 8192,        /* places to look them up, a power of two */
    NUMBERS_LOW = 4096, /* kept numbers stay below: the kernel's table of descriptors is as long as the highest */
    MARGIN_MOST = 64,   /* the program coming this near to the kept numbers gets them */
};
#define DISTRUST_NS 60000000000u

struct destination {
    struct fdstate_socket made; /* down to the address final once a slot names it */
    socklen_t len;
    struct sockaddr_un address; /* the largest of those that are kept */
    uint32_t waiting;           /* fresh connections without a first answer */
    uint32_t settled;           /* how many ceased to wait */
    bool concurrent;            /* it has answered one while an earlier one waited */
    uint32_t asked;             /* connects that a kept one could answer */
    uint32_t kept;
    uint64_t idle_ticks; /* 0: as configured */
    uint64_t distrust_ticks;
    uint64_t cost_ticks;
};

/* A kept connection. Its record may be lost to a call nobody saw: then the generation differs. */
struct kept {
    int index;
    uint32_t generation;
    int fd;
    uint16_t destination;
    uint64_t since_ticks, until_ticks;
};

uint64_t connection_park_deadline = UINT64_MAX;
static struct destination *destinations; /* in the order they were met: pages that were not needed are not touched */
static unsigned destination_count;
static uint16_t *slots; /* by hash: destination, or 0 (release; pairs with the reader's acquire) */
static struct kept *kept;
static unsigned kept_count, kept_most;
static uint32_t locked;
static uint64_t idle_ticks, distrust_ticks;
static int numbers_from; /* kept descriptors have this number or a higher one; 0: no room for any */

static bool lock(void)
{
    return try_lock(&locked);
}
static void unlock(void)
{
    try_unlock(&locked);
}

/* ---- numbers ---- */

static void choose_numbers(int least)
{
    struct rlimit limit = {0, 0};
    system_call4(SYS_prlimit64, 0, RLIMIT_NOFILE, NULL, &limit);
    rlim_t most = limit.rlim_cur < (rlim_t)INT32_MAX ? limit.rlim_cur : (rlim_t)INT32_MAX;
    rlim_t room = kept_most < most / 4 ? kept_most : most / 4;
    rlim_t from = most - room, low = least ? (rlim_t)least * 4 : (rlim_t)NUMBERS_LOW - kept_most;
    if (from > low)
        from = low;
    int margin = most / 8 < MARGIN_MOST ? (int)(most / 8) : MARGIN_MOST;
    bool fits = room > 0 && (int)from - margin > least;
    numbers_from = fits ? (int)from : 0;
    fdtable_watermark = fits ? (int)from - margin : INT32_MAX;
}

int connection_park_numbers(void)
{
    return numbers_from;
}

/* The program's numbers have come near to ours: it has all of them, and ours begin higher, if anywhere. */
static void crossed(int fd)
{
    if (fdstate_kept(fd) >= 0)
        return;
    connection_park_empty(COUNTER_connections_evicted);
    connection_unused_empty(true);
    choose_numbers(fd);
}

/* Closing may be forbidden afterwards. */
static void give_up(void)
{
    connection_park_empty(COUNTER_connections_evicted);
    connection_unused_empty(true);
}

int connection_park_init(void)
{
    kept_most = (unsigned)config.pool_total;
    destinations = arena_take(DESTINATIONS * sizeof *destinations);
    slots = arena_take(SLOTS * sizeof *slots);
    kept = arena_take((kept_most ? kept_most : 1) * sizeof *kept);
    if (!destinations || !slots || !kept)
        return -ENOMEM;
    idle_ticks = clock_ns_to_ticks(config.pool_idle_ns);
    distrust_ticks = clock_ns_to_ticks(DISTRUST_NS);
    connection_targets_init();
    fdtable_crossed = crossed;
    seccomp_on_entering(give_up);
    choose_numbers(0);
    return 0;
}

/* ---- destinations ---- */

static void close_those(uint16_t destination);

static struct destination *at(uint16_t destination)
{
    return &destinations[destination - 1];
}

/* Only what says where to: the padding of an address is anything. 0: an address that is not kept. */
static socklen_t normal(struct sockaddr_un *ret, const struct sockaddr *address, socklen_t len)
{
    memset(ret, 0, sizeof *ret);
    if (len < sizeof(sa_family_t))
        return 0;
    if (address->sa_family == AF_INET && len >= sizeof(struct sockaddr_in)) {
        memcpy(ret, address, offsetof(struct sockaddr_in, sin_zero));
        return sizeof(struct sockaddr_in);
    }
    if (address->sa_family == AF_INET6 && len >= sizeof(struct sockaddr_in6)) {
        memcpy(ret, address, sizeof(struct sockaddr_in6));
        return sizeof(struct sockaddr_in6);
    }
    if (address->sa_family != AF_UNIX || len <= offsetof(struct sockaddr_un, sun_path) || len > sizeof *ret)
        return 0;
    const char *path = ((const struct sockaddr_un *)(const void *)address)->sun_path;
    if (path[0] != '/' && path[0] != '\0')
        return 0; /* depends on the working directory */
    memcpy(ret, address, len);
    return len;
}

static uint32_t hash(const struct sockaddr_un *address, socklen_t len, const struct fdstate_socket *made)
{
    uint64_t sum = (uint64_t)made->domain << 32 ^ (uint64_t)made->protocol;
    for (socklen_t i = 0; i < len; i++)
        sum = (sum ^ ((const uint8_t *)address)[i]) * 0x100000001b3ull; /* FNV-1a */
    return (uint32_t)(sum ^ sum >> 32);
}

/* The lock is held. 0: there are as many as there may be. */
static uint16_t make(const struct fdstate_socket *made, const struct sockaddr_un *plain, socklen_t len)
{
    if (destination_count == DESTINATIONS)
        return 0;
    struct destination *new = &destinations[destination_count++];
    new->made = *made;
    new->len = len;
    new->address = *plain;
    return (uint16_t)destination_count;
}

uint16_t connection_park_destination(const struct fdstate_socket *made, const struct sockaddr *address, socklen_t len)
{
    struct sockaddr_un plain;
    if (!(len = normal(&plain, address, len)))
        return 0;
    for (uint32_t slot = hash(&plain, len, made);; slot++) { /* half of the slots stay empty */
        uint16_t *place = &slots[slot % SLOTS], found = __atomic_load_n(place, __ATOMIC_ACQUIRE);
        if (!found) {
            if (!connection_targets_allow((const struct sockaddr *)&plain) || !lock())
                return 0;
            if (!*place)
                __atomic_store_n(place, make(made, &plain, len), __ATOMIC_RELEASE);
            found = *place;
            unlock();
        }
        if (!found)
            return 0;
        const struct destination *to = at(found);
        if (to->len == len && memcmp(&to->address, &plain, len) == 0 && to->made.domain == made->domain &&
            to->made.protocol == made->protocol)
            return found;
    }
}

const struct sockaddr *connection_park_address(uint16_t destination, socklen_t *ret_len)
{
    *ret_len = at(destination)->len;
    return (const struct sockaddr *)&at(destination)->address;
}

void connection_park_waits(struct watch *watch)
{
    if (watch->waiting)
        return;
    struct destination *to = at(watch->destination);
    watch->waiting = true;
    watch->settled_before = __atomic_load_n(&to->settled, __ATOMIC_RELAXED);
    watch->behind = __atomic_fetch_add(&to->waiting, 1, __ATOMIC_RELAXED) > 0;
    if (!to->concurrent && to->kept)
        close_those(watch->destination);
}

void connection_park_settled(struct watch *watch)
{
    if (!__atomic_exchange_n(&watch->waiting, false, __ATOMIC_RELAXED))
        return;
    struct destination *to = at(watch->destination);
    __atomic_fetch_sub(&to->waiting, 1, __ATOMIC_RELAXED);
    __atomic_fetch_add(&to->settled, 1, __ATOMIC_RELAXED);
}

void connection_park_answered(struct watch *watch)
{
    struct destination *to = at(watch->destination);
    if (watch->waiting && watch->behind && watch->settled_before == __atomic_load_n(&to->settled, __ATOMIC_RELAXED))
        to->concurrent = true;
    connection_park_settled(watch);
}

void connection_park_distrust(const struct watch *watch)
{
    if (watch->destination)
        at(watch->destination)->distrust_ticks = clock_ticks() + distrust_ticks;
}

void connection_park_shorten(const struct watch *watch)
{
    uint64_t half = (clock_ticks() - watch->kept_ticks) / 2;
    struct destination *to = at(watch->destination);
    if (!to->idle_ticks || half < to->idle_ticks)
        to->idle_ticks = half ? half : 1;
}

void connection_park_broken(const struct watch *watch, enum connection_state state)
{
    counters_add(COUNTER_connections_dead, 1);
    if (state == CONNECTION_SPOKE)
        connection_park_distrust(watch);
    connection_park_shorten(watch);
}

void connection_park_took(uint16_t destination, uint64_t ticks)
{
    struct destination *to = at(destination);
    if (!to->cost_ticks || ticks < to->cost_ticks)
        to->cost_ticks = ticks;
}
uint64_t connection_park_cost(uint16_t destination)
{
    return at(destination)->cost_ticks;
}

bool connection_park_measures(uint16_t destination)
{
    uint32_t asked = __atomic_add_fetch(&at(destination)->asked, 1, __ATOMIC_RELAXED);
    return asked % 512 == 0 || asked == 8 || asked == 64;
}

/* ---- the kept ones (all with the lock) ---- */

static bool ours(const struct kept *one)
{
    return fdstate_kept(one->fd) == one->index && fdstate_generation(one->index) == one->generation;
}

static void remove_at(unsigned i)
{
    __atomic_fetch_sub(&at(kept[i].destination)->kept, 1, __ATOMIC_RELAXED);
    kept[i] = kept[kept_count - 1];
    __atomic_store_n(&kept_count, kept_count - 1, __ATOMIC_RELEASE); /* a child of fork finds one twice at most */
}

/* Out of the table first: a fork in another thread copies it at any moment, and the child closes what it names. */
static void close_at(unsigned i)
{
    struct kept one = kept[i];
    bool open = ours(&one);
    remove_at(i);
    if (open) {
        fdstate_drop(one.fd, COUNTER_COUNT);
        system_call1(SYS_close, one.fd);
    }
}

static void set_deadline(void)
{
    if (kept_count == 0)
        connection_unused_empty(false); /* nothing to hand over to it */
    uint64_t first = UINT64_MAX;
    for (unsigned i = 0; i < kept_count; i++)
        first = kept[i].until_ticks < first ? kept[i].until_ticks : first;
    __atomic_store_n(&connection_park_deadline, first, __ATOMIC_RELAXED);
}

void connection_park_expire(uint64_t now_ticks)
{
    if (!lock())
        return;
    for (unsigned i = kept_count; i-- > 0;)
        if (kept[i].until_ticks <= now_ticks) {
            close_at(i);
            counters_add(COUNTER_connections_expired, 1);
        }
    set_deadline();
    unlock();
}

static void close_between(int first, int last, enum counter_id why)
{
    if (!kept_count || !lock())
        return;
    for (unsigned i = kept_count; i-- > 0;)
        if (kept[i].fd >= first && kept[i].fd <= last) {
            close_at(i);
            counters_add(why, 1);
        }
    set_deadline();
    unlock();
}

/* All that lead to one destination. */
static void close_those(uint16_t destination)
{
    if (!lock())
        return;
    for (unsigned i = kept_count; i-- > 0;)
        if (kept[i].destination == destination) {
            close_at(i);
            counters_add(COUNTER_connections_evicted, 1);
        }
    set_deadline();
    unlock();
}

void connection_park_empty(enum counter_id why)
{
    close_between(0, INT32_MAX, why);
}

void connection_park_yield(unsigned first, unsigned last)
{
    if (first <= INT32_MAX)
        close_between((int)first, last < INT32_MAX ? (int)last : INT32_MAX, COUNTER_connections_evicted);
}

static bool agree(const struct watch *one, const struct watch *like)
{
    return memcmp(&one->identity, &like->identity, sizeof one->identity) == 0 &&
           one->before_count == like->before_count &&
           memcmp(one->before, like->before, like->before_count * sizeof *like->before) == 0;
}

int connection_park_take(const struct watch *like)
{
    uint64_t now = clock_ticks();
    struct destination *to = at(like->destination);
    if (!__atomic_load_n(&to->kept, __ATOMIC_RELAXED) || now < to->distrust_ticks || !lock())
        return -1;
    unsigned best = kept_count;
    for (unsigned i = 0; i < kept_count; i++) {
        if (kept[i].destination != like->destination || kept[i].until_ticks <= now)
            continue;
        if (best < kept_count && kept[best].since_ticks >= kept[i].since_ticks)
            continue;
        if (ours(&kept[i]) && agree(connection_watch_at(kept[i].index), like))
            best = i;
    }
    int index = -1;
    if (best < kept_count) {
        bool free_to_take = fdstate_move(kept[best].index, FDSTATE_KEPT, FDSTATE_RESERVED);
        index = free_to_take ? kept[best].index : -1;
        free_to_take ? remove_at(best) : close_at(best);
        if (kept_count == 0)
            connection_park_deadline = UINT64_MAX;
    }
    unlock();
    return index;
}

/* Room for one more, at the cost of the oldest of all where the total is reached. */
static bool make_room(const struct destination *to)
{
    if (!numbers_from || kept_most == 0 || to->kept >= config.pool_max)
        return false;
    if (kept_count < kept_most)
        return true;
    unsigned oldest = 0;
    for (unsigned i = 1; i < kept_count; i++)
        if (kept[i].since_ticks < kept[oldest].since_ticks)
            oldest = i;
    close_at(oldest);
    counters_add(COUNTER_connections_evicted, 1);
    return true;
}

/* How long it may stay: as configured, shorter where the server says so (three quarters of what it says) or
 * showed so. */
static uint64_t idle_limit(const struct watch *watch)
{
    uint64_t limit = idle_ticks, own = at(watch->destination)->idle_ticks;
    if (own && own < limit)
        limit = own;
    if (watch->exchange.idle_s) {
        uint64_t hint = clock_ns_to_ticks(watch->exchange.idle_s * 750000000ull);
        limit = hint < limit ? hint : limit;
    }
    return limit;
}

enum counter_id connection_park_put(int index, bool *ret_closed)
{
    struct watch *watch = connection_watch_at(index);
    struct destination *to = at(watch->destination);
    uint64_t now = clock_ticks();
    if (now < to->distrust_ticks)
        return COUNTER_connections_refused_peer;
    if ((!to->concurrent && __atomic_load_n(&to->waiting, __ATOMIC_RELAXED)) || !lock())
        return COUNTER_connections_refused_crowded;
    long fd = make_room(to) ? system_call3(SYS_fcntl, fdstate_records[index].fd, F_DUPFD_CLOEXEC, numbers_from) : -1;
    if (fd < 0) {
        unlock();
        return COUNTER_connections_refused_crowded;
    }
    watch->kept_ticks = now;
    system_call1(SYS_close, fdstate_records[index].fd);
    *ret_closed = true;
    if (!fdstate_keep(index, (int)fd)) { /* another thread had a call on it */
        system_call1(SYS_close, fd);
        unlock();
        return COUNTER_connections_refused_shared;
    }
    watch->generation = fdstate_generation(index); /* the same file still */
    kept[kept_count] = (struct kept){index, watch->generation, (int)fd, watch->destination, now, now + idle_limit(watch)};
    __atomic_store_n(&kept_count, kept_count + 1, __ATOMIC_RELEASE); /* a child of fork finds whole ones */
    __atomic_fetch_add(&to->kept, 1, __ATOMIC_RELAXED);
    if (kept[kept_count - 1].until_ticks < connection_park_deadline)
        __atomic_store_n(&connection_park_deadline, kept[kept_count - 1].until_ticks, __ATOMIC_RELAXED);
    unlock();
    return COUNTER_COUNT;
}

/* The records are void already (fdstate_fork_child); the parent goes on with its own copies. */
void connection_park_fork_child(void)
{
    for (unsigned i = 0; i < kept_count; i++)
        system_call1(SYS_close, kept[i].fd);
    for (unsigned i = 0; i < destination_count; i++)
        destinations[i].kept = destinations[i].waiting = 0;
    kept_count = 0;
    locked = 0;
    connection_park_deadline = UINT64_MAX;
}
