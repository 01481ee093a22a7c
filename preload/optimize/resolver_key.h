/* resolver_key.h: what a lookup asks for, as bytes that can be compared: node, service, and every field of the hints;
 * without hints is another question than with any.
 *
 * resolver_key_make says no to questions that are never remembered: no name, a numeric one (libc answers that
 * without asking anyone), too long a one, flags of the hints that are not known here. Reads what libc reads, in
 * the calling thread; no allocation.
 */
#ifndef STRONG_OPTIMIZE_RESOLVER_KEY_H
#define STRONG_OPTIMIZE_RESOLVER_KEY_H

#include <netdb.h>
#include <stdbool.h>
#include <stdint.h>

enum { RESOLVER_NODE_MOST = 255, RESOLVER_SERVICE_MOST = 32 };

struct resolver_question { /* the start of a key's bytes; behind it the node and the service */
    int32_t flags, family, socktype, protocol;
    uint8_t has_hints, has_service;
    uint16_t node_len, service_len, zero;
};

enum { RESOLVER_KEY_MOST = (sizeof(struct resolver_question) + RESOLVER_NODE_MOST + RESOLVER_SERVICE_MOST + 7) / 8 * 8 };

struct resolver_key {
    uint64_t hash; /* never 0 */
    uint32_t len;  /* a multiple of 8; zeros fill the last word */
    union {
        struct resolver_question question;
        unsigned char bytes[RESOLVER_KEY_MOST];
    };
};

bool resolver_key_make(struct resolver_key *key, const char *node, const char *service, const struct addrinfo *hints);

#endif
