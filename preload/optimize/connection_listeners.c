/* connection_listeners.c: see connection_listeners.h. */
#include "optimize/connection_listeners.h"

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/un.h>

#include "optimize/connection_pool.h"
#include "optimize/try_lock.h"
#include "runtime/system.h"
#include "runtime/thread.h"

#define below connection_pool_below

enum { LISTENERS = 32 };

struct listener {
    int fd;
    bool accepted;
    socklen_t len;
    struct sockaddr_un address; /* the largest of those that are kept */
};

static struct listener listeners[LISTENERS];
static unsigned listener_count;
static bool too_many; /* more than are noted: whatever is on this machine may be ours */
static uint32_t locked;

/* ---- what is listened at ---- */

static bool name_of(int fd, struct sockaddr_un *ret, socklen_t *ret_len)
{
    memset(ret, 0, sizeof *ret);
    *ret_len = sizeof *ret;
    return system_call3(SYS_getsockname, fd, ret, ret_len) == 0 && *ret_len <= sizeof *ret &&
           (ret->sun_family == AF_INET || ret->sun_family == AF_INET6 ||
            ret->sun_family == AF_UNIX);
}

static bool still_listens(const struct listener *one)
{
    int listens = 0;
    socklen_t len = sizeof listens, name_len;
    struct sockaddr_un name;
    return system_call6(SYS_getsockopt, one->fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len, 0) ==
               0 &&
           listens && name_of(one->fd, &name, &name_len) && name_len == one->len &&
           memcmp(&name, &one->address, name_len) == 0;
}

/* Its own place, a new one, or that of one that listens no more and was never accepted from. NULL: there is none. What was
 * accepted from under a number that is another listener's by now stays, without the number. */
static struct listener *place_for(struct listener *noted)
{
    for (unsigned i = 0; i < listener_count; i++) {
        struct listener *one = &listeners[i];
        if (one->fd != noted->fd)
            continue;
        bool same = one->len == noted->len && memcmp(&one->address, &noted->address, one->len) == 0;
        if (same)
            noted->accepted |= one->accepted;
        if (same || !one->accepted)
            return one;
        __atomic_store_n(&one->fd, -1, __ATOMIC_RELAXED);
    }
    if (listener_count < LISTENERS)
        return &listeners[listener_count];
    for (unsigned i = 0; i < LISTENERS; i++)
        if (!listeners[i].accepted && !still_listens(&listeners[i]))
            return &listeners[i];
    return NULL;
}

static void note(int fd, bool accepted)
{
    struct listener noted = {.fd = fd, .accepted = accepted};
    if (!name_of(fd, &noted.address, &noted.len))
        return;
    if (!try_lock(&locked)) {
        __atomic_store_n(&too_many, true, __ATOMIC_RELAXED);
        return;
    }
    struct listener *place = place_for(&noted);
    if (place) {
        *place = noted;
        if (place == &listeners[listener_count])
            __atomic_store_n(&listener_count, listener_count + 1,
                             __ATOMIC_RELEASE); /* pairs with is_noted */
    } else {
        __atomic_store_n(&too_many, true, __ATOMIC_RELAXED);
    }
    try_unlock(&locked);
}

/* Without the lock: what changes meanwhile is noted once more, or at the next accept(). */
static bool is_noted(int fd)
{
    unsigned count = __atomic_load_n(&listener_count, __ATOMIC_ACQUIRE);
    for (unsigned i = 0; i < count; i++)
        if (__atomic_load_n(&listeners[i].fd, __ATOMIC_RELAXED) == fd &&
            __atomic_load_n(&listeners[i].accepted, __ATOMIC_RELAXED))
            return true;
    return false;
}

/* ---- where a connection leads to ---- */

struct place {
    in_port_t port;
    struct in6_addr address; /* IPv4 as ::ffff:a.b.c.d */
};

static struct place place_of(const struct sockaddr *address)
{
    struct place ret;
    memset(&ret, 0, sizeof ret);
    if (address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *six = (const void *)address;
        ret.port = six->sin6_port;
        ret.address = six->sin6_addr;
    } else {
        const struct sockaddr_in *four = (const void *)address;
        ret.port = four->sin_port;
        ret.address.s6_addr[10] = ret.address.s6_addr[11] = 0xff;
        memcpy(&ret.address.s6_addr[12], &four->sin_addr, sizeof four->sin_addr);
    }
    return ret;
}

/* 0.0.0.0 or :: */
static bool is_any(const struct in6_addr *address)
{
    static const uint8_t none[4];
    return IN6_IS_ADDR_UNSPECIFIED(address) ||
           (IN6_IS_ADDR_V4MAPPED(address) && memcmp(&address->s6_addr[12], none, sizeof none) == 0);
}

/* An address of this machine. The kernel gives a connection to one of them that very address on
 * both ends. */
static bool is_local(int fd, const struct in6_addr *to)
{
    struct sockaddr_un name;
    socklen_t len;
    if (is_any(to) || IN6_IS_ADDR_LOOPBACK(to) ||
        (IN6_IS_ADDR_V4MAPPED(to) && to->s6_addr[12] == 127))
        return true;
    if (!name_of(fd, &name, &len) || name.sun_family == AF_UNIX)
        return false;
    struct place own = place_of((const struct sockaddr *)&name);
    return memcmp(&own.address, to, sizeof *to) == 0;
}

static bool same_path(const struct sockaddr_un *one, socklen_t one_len,
                      const struct sockaddr_un *other, socklen_t other_len)
{
    if (one->sun_path[0] != '\0')
        return strncmp(one->sun_path, other->sun_path, sizeof one->sun_path) == 0;
    return one_len == other_len && memcmp(one->sun_path, other->sun_path,
                                          one_len - offsetof(struct sockaddr_un, sun_path)) == 0;
}

static bool leads_to(int fd, const struct sockaddr *address, socklen_t len,
                     const struct listener *listener)
{
    bool local = address->sa_family == AF_UNIX;
    if (local != (listener->address.sun_family == AF_UNIX))
        return false;
    if (local)
        return same_path((const struct sockaddr_un *)(const void *)address, len, &listener->address,
                         listener->len);
    struct place to = place_of(address), at = place_of((const struct sockaddr *)&listener->address);
    if (to.port != at.port)
        return false;
    if (is_any(&at.address) || is_any(&to.address))
        return is_local(fd, &to.address);
    return memcmp(&to.address, &at.address, sizeof to.address) == 0;
}

bool connection_listeners_serve(int fd, const struct sockaddr *address, socklen_t len)
{
    if (strong_unlikely(__atomic_load_n(&too_many, __ATOMIC_RELAXED))) {
        if (address->sa_family == AF_UNIX)
            return true;
        struct place to = place_of(address);
        return is_local(fd, &to.address);
    }
    if (strong_likely(!__atomic_load_n(&listener_count, __ATOMIC_RELAXED)))
        return false;
    if (!try_lock(&locked))
        return true;
    bool ours = false;
    for (unsigned i = 0; i < listener_count && !ours; i++)
        ours = leads_to(fd, address, len, &listeners[i]) &&
               (listeners[i].accepted || still_listens(&listeners[i]));
    try_unlock(&locked);
    return ours;
}

/* ---- the calls ---- */

static int pool_listen(int fd, int backlog)
{
    int ret = below.listen(fd, backlog);
    if (ret == 0 && thread_hot.state != THREAD_OFF)
        note(fd, false);
    return ret;
}

static int accepted(int fd, int ret)
{
    if (strong_unlikely(ret >= 0 && !is_noted(fd)) && thread_hot.state != THREAD_OFF)
        note(fd, true);
    return ret;
}

static int pool_accept(int fd, __SOCKADDR_ARG address, socklen_t *len)
{
    return accepted(fd, below.accept(fd, address, len));
}

static int pool_accept4(int fd, __SOCKADDR_ARG address, socklen_t *len, int flags)
{
    return accepted(fd, below.accept4(fd, address, len, flags));
}

void connection_listeners_install(void)
{
    next.listen = pool_listen;
    next.accept = pool_accept;
    next.accept4 = pool_accept4;
}

void connection_listeners_fork_child(void)
{
    try_unlock(&locked); /* who had it is not here */
}
