/* resolver_key.c: see resolver_key.h. */
#include "optimize/resolver_key.h"

#include <string.h>

#include "optimize/resolver_hash.h"

/* AI_NUMERICHOST asks nobody, what AI_CANONIDN answers depends on the thread's locale; as does what AI_IDN asks for, unless
 * the name is in ASCII. */
enum { KNOWN_FLAGS = AI_PASSIVE | AI_CANONNAME | AI_V4MAPPED | AI_ALL | AI_ADDRCONFIG | AI_NUMERICSERV | AI_IDN };

static bool ascii(const char *name)
{
    while ((signed char)*name > 0)
        name++;
    return *name == '\0';
}

/* Of the letters of which addresses are made, old forms (0x7f.1) included. A name that happens to be is not
 * remembered, and that is all. */
static bool looks_numeric(const char *node)
{
    if (strchr(node, ':'))
        return true;
    return *node >= '0' && *node <= '9' && node[strspn(node, "0123456789abcdefABCDEFxX.")] == '\0';
}

/* By libc: for a length it believes to be small the compiler puts in a `rep movs`, which takes 25 ns to start. */
static void append(unsigned char *to, const char *from, size_t len)
{
    __asm__("" : "+r"(len));
    memcpy(to, from, len);
}

bool resolver_key_make(struct resolver_key *key, const char *node, const char *service, const struct addrinfo *hints)
{
    if (!node || (hints && hints->ai_flags & ~KNOWN_FLAGS))
        return false;
    size_t node_len = strnlen(node, RESOLVER_NODE_MOST + 1);
    size_t service_len = service ? strnlen(service, RESOLVER_SERVICE_MOST + 1) : 0;
    if (node_len == 0 || node_len > RESOLVER_NODE_MOST || service_len > RESOLVER_SERVICE_MOST ||
        looks_numeric(node) || (hints && hints->ai_flags & AI_IDN && !ascii(node)))
        return false;
    key->question = (struct resolver_question){
        .has_hints = hints != NULL,
        .has_service = service != NULL,
        .node_len = (uint16_t)node_len,
        .service_len = (uint16_t)service_len,
    };
    if (hints) {
        key->question.flags = hints->ai_flags;
        key->question.family = hints->ai_family;
        key->question.socktype = hints->ai_socktype;
        key->question.protocol = hints->ai_protocol;
    }
    size_t len = sizeof key->question + node_len + service_len;
    key->len = (uint32_t)((len + 7) & ~(size_t)7);
    memset(key->bytes + key->len - 8, 0, 8); /* the last word, behind the question: a node is never empty */
    append(key->bytes + sizeof key->question, node, node_len);
    append(key->bytes + sizeof key->question + node_len, service ? service : "", service_len);
    key->hash = resolver_hash(key->bytes, key->len, 1) | 1;
    return true;
}
