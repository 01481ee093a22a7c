/* resolver_lookups.c: the lookups that are not remembered, gethostby* and getnameinfo: they only tell the resolver cache
 * what libc made of the thread's resolver state meanwhile (resolver_state.h). Without that the first of them would put the
 * thread's getaddrinfo aside for good: Python's http.server looks up its own name once, before it serves.
 *
 * Installed by resolver_cache_init alone. errno, h_errno and cancellation are libc's: nothing is held while it looks up.
 */
#include "optimize/resolver_lookups.h"

#include <netdb.h>

#include "optimize/resolver_state.h"
#include "runtime/libc.h"

#define LOOKUP(type, name, parameters, arguments)                                                                      \
    static __typeof__(next.name) below_##name;                                                                         \
    static type learning_##name parameters                                                                             \
    {                                                                                                                  \
        bool usual = resolver_state_usual();                                                                           \
        type ret = below_##name arguments;                                                                             \
        if (usual)                                                                                                     \
            resolver_state_learn();                                                                                    \
        return ret;                                                                                                    \
    }
#define LOOKUPS(X)                                                                                                     \
    X(struct hostent *, gethostbyname, (const char *name), (name))                                                     \
    X(struct hostent *, gethostbyname2, (const char *name, int family), (name, family))                                \
    X(int, gethostbyname_r,                                                                                            \
      (const char *name, struct hostent *room, char *buf, size_t len, struct hostent **ret_entry, int *ret_code),      \
      (name, room, buf, len, ret_entry, ret_code))                                                                     \
    X(int, gethostbyname2_r,                                                                                           \
      (const char *name, int family, struct hostent *room, char *buf, size_t len, struct hostent **ret_entry,          \
       int *ret_code),                                                                                                 \
      (name, family, room, buf, len, ret_entry, ret_code))                                                             \
    X(struct hostent *, gethostbyaddr, (const void *address, socklen_t len, int family), (address, len, family))       \
    X(int, gethostbyaddr_r,                                                                                            \
      (const void *address, socklen_t address_len, int family, struct hostent *room, char *buf, size_t len,            \
       struct hostent **ret_entry, int *ret_code),                                                                     \
      (address, address_len, family, room, buf, len, ret_entry, ret_code))                                             \
    X(int, getnameinfo,                                                                                                \
      (const struct sockaddr *address, socklen_t address_len, char *node, socklen_t node_len, char *service,           \
       socklen_t service_len, int flags),                                                                              \
      (address, address_len, node, node_len, service, service_len, flags))

LOOKUPS(LOOKUP)

#define INSTALL(type, name, parameters, arguments) below_##name = next.name, next.name = learning_##name;

void resolver_lookups_install(void)
{
    LOOKUPS(INSTALL)
}
