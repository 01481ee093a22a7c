/* resolve.c: hooks on name lookups. The target of a row is the name looked up.
 *
 * libc reads the names itself, in user space, so reading them here before the call adds no fault; and
 * a lookup that hangs shows its name. Errors of the resolver have their own numbers: a row carries the
 * errno value that says the same (no such name ENOENT, try again EAGAIN, anything else EIO).
 * Any thread; not in signal handlers, like libc's own.
 */
#include <arpa/inet.h>

#include "hooks/arguments.h"
#include "hooks/hook.h"

static uint32_t host(const char *name)
{
    return targets_string(TARGET_HOST, readable_plain(name));
}

/* The name is looked at once: the call may well overwrite it (gethostbyname of a former result). */
#define LOOKUP_HOOK(type, name, parameters, arguments, looked_up, moved, failure)                  \
    STRONG_EXPORT type name parameters                                                             \
    {                                                                                              \
        struct span span;                                                                          \
        span_begin(&span, HOOK_##name, 0);                                                         \
        if (span.mode != SPAN_OFF)                                                                 \
            argument_publish(&span, host(looked_up));                                              \
        type ret = next.name arguments;                                                            \
        span_end(&span, (uint64_t)(moved), failure);                                               \
        return ret;                                                                                \
    }

/* ---- getaddrinfo, getnameinfo ---- */

static int error_of_eai(int code)
{
    switch (code) {
    case 0:
        return 0;
    case EAI_SYSTEM:
        return errno;
    case EAI_NONAME:
    case EAI_NODATA:
    case EAI_ADDRFAMILY:
    case EAI_SERVICE:
        return ENOENT;
    case EAI_AGAIN:
    case EAI_INPROGRESS:
        return EAGAIN;
    case EAI_MEMORY:
        return ENOMEM;
    case EAI_BADFLAGS:
    case EAI_FAMILY:
    case EAI_SOCKTYPE:
        return EINVAL;
    case EAI_OVERFLOW:
        return ERANGE;
    case EAI_INTR:
        return EINTR;
    default:
        return EIO;
    }
}

LOOKUP_HOOK(int, getaddrinfo,
            (const char *node, const char *service, const struct addrinfo *hints,
             struct addrinfo **list),
            (node, service, hints, list), node ? node : service, 0, error_of_eai(ret))

STRONG_EXPORT void freeaddrinfo(struct addrinfo *list)
{
    struct span span;
    span_begin(&span, HOOK_freeaddrinfo, 0);
    next.freeaddrinfo(list);
    span_end(&span, 0, 0);
}

/* The name is the result here. */
STRONG_EXPORT int getnameinfo(const struct sockaddr *address, socklen_t len, char *node,
                              socklen_t node_len, char *service, socklen_t service_len, int flags)
{
    struct span span;
    span_begin(&span, HOOK_getnameinfo, 0);
    int ret = next.getnameinfo(address, len, node, node_len, service, service_len, flags);
    if (ret == 0 && node_len > 0 && span.mode != SPAN_OFF)
        span_retarget(&span, host(node));
    span_end(&span, 0, error_of_eai(ret));
    return ret;
}

/* libc looks at every entry before anything else; only a single name can be the target. */
STRONG_EXPORT int getaddrinfo_a(int mode, struct gaicb *list[], int count, struct sigevent *event)
{
    struct span span;
    span_begin(&span, HOOK_getaddrinfo_a, 0);
    int ret = next.getaddrinfo_a(mode, list, count, event);
    if (ret == 0 && count == 1 && list[0] && span.mode != SPAN_OFF)
        span_retarget(&span, host(list[0]->ar_name));
    span_end(&span, 0, error_of_eai(ret));
    return ret;
}

/* ---- gethostby* ---- */

static int error_of_h_errno(int code)
{
    switch (code) {
    case HOST_NOT_FOUND:
    case NO_DATA:
        return ENOENT;
    case TRY_AGAIN:
        return EAGAIN;
    case NETDB_INTERNAL:
        return errno ? errno : EIO;
    default:
        return EIO;
    }
}

static int error_of_pointer(const struct hostent *result)
{
    return result ? 0 : error_of_h_errno(h_errno);
}

/* The _r forms return an errno value (ERANGE: the buffer is too small); or 0, and no result for a
 * reason left in *code. */
static int error_of_result(int ret, struct hostent *const *result, const int *code)
{
    return ret ? ret : *result ? 0 : error_of_h_errno(*code);
}

/* The numeric form of a binary address, after the call: libc does not look at one of a wrong length. */
static uint32_t host_of_address(const void *address, socklen_t len, int family)
{
    char text[INET6_ADDRSTRLEN];
    address = readable_plain(address);
    bool known = (family == AF_INET && len == sizeof(struct in_addr)) ||
                 (family == AF_INET6 && len == sizeof(struct in6_addr));
    return known && address && inet_ntop(family, address, text, sizeof text) ? host(text) : 0;
}

typedef struct hostent *host_entry;

LOOKUP_HOOK(host_entry, gethostbyname, (const char *name), (name), name, 0, error_of_pointer(ret))
LOOKUP_HOOK(host_entry, gethostbyname2, (const char *name, int family), (name, family), name, 0,
            error_of_pointer(ret))
LOOKUP_HOOK(int, gethostbyname_r,
            (const char *name, struct hostent *room, char *buf, size_t buf_len,
             struct hostent **result, int *code),
            (name, room, buf, buf_len, result, code), name, 0, error_of_result(ret, result, code))
LOOKUP_HOOK(int, gethostbyname2_r,
            (const char *name, int family, struct hostent *room, char *buf, size_t buf_len,
             struct hostent **result, int *code),
            (name, family, room, buf, buf_len, result, code), name, 0,
            error_of_result(ret, result, code))

STRONG_EXPORT struct hostent *gethostbyaddr(const void *address, socklen_t len, int family)
{
    struct span span;
    span_begin(&span, HOOK_gethostbyaddr, 0);
    struct hostent *ret = next.gethostbyaddr(address, len, family);
    if (span.mode != SPAN_OFF)
        span_retarget(&span, host_of_address(address, len, family));
    span_end(&span, 0, error_of_pointer(ret));
    return ret;
}

STRONG_EXPORT int gethostbyaddr_r(const void *address, socklen_t len, int family,
                                  struct hostent *room, char *buf, size_t buf_len,
                                  struct hostent **result, int *code)
{
    struct span span;
    span_begin(&span, HOOK_gethostbyaddr_r, 0);
    int ret = next.gethostbyaddr_r(address, len, family, room, buf, buf_len, result, code);
    if (span.mode != SPAN_OFF)
        span_retarget(&span, host_of_address(address, len, family));
    span_end(&span, 0, error_of_result(ret, result, code));
    return ret;
}

/* ---- the resolver itself ---- */

static int error_of_query(int ret)
{
    return ret < 0 ? error_of_h_errno(h_errno) : 0;
}

#define QUERY_HOOK(name, parameters, arguments)                                                    \
    LOOKUP_HOOK(int, name, parameters, arguments, domain, MOVED(ret), error_of_query(ret))

QUERY_HOOK(res_query, (const char *domain, int class, int type, unsigned char *answer, int len),
           (domain, class, type, answer, len))
QUERY_HOOK(res_search, (const char *domain, int class, int type, unsigned char *answer, int len),
           (domain, class, type, answer, len))
QUERY_HOOK(res_querydomain,
           (const char *domain, const char *parent, int class, int type, unsigned char *answer,
            int len),
           (domain, parent, class, type, answer, len))
QUERY_HOOK(res_nquery,
           (res_state state, const char *domain, int class, int type, unsigned char *answer, int len),
           (state, domain, class, type, answer, len))
QUERY_HOOK(res_nsearch,
           (res_state state, const char *domain, int class, int type, unsigned char *answer, int len),
           (state, domain, class, type, answer, len))
QUERY_HOOK(res_nquerydomain,
           (res_state state, const char *domain, const char *parent, int class, int type,
            unsigned char *answer, int len),
           (state, domain, parent, class, type, answer, len))

HOOK(int, res_send, (const unsigned char *query, int query_len, unsigned char *answer, int len),
     (query, query_len, answer, len), .bytes = MOVED(ret))
HOOK(int, res_nsend,
     (res_state state, const unsigned char *query, int query_len, unsigned char *answer, int len),
     (state, query, query_len, answer, len), .bytes = MOVED(ret))

/* <resolv.h> calls them res_init and res_ninit. They read the configuration. */
HOOK(int, __res_init, (void), ())
HOOK(int, __res_ninit, (res_state state), (state))
