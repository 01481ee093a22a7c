/* resolver_entry.h: one remembered answer as bytes that hold no address, and back.
 *
 *   ┌──────────┬──────┬───────┬───────────────────────┬───────────┬─────────┬───────┬────────────────────┐
 *   │ checksum │ hash │ scope │ began, stored, expires │ lookup_ns │ lengths │ codes │ key │ nodes …      │
 *   └──────────┴──────┴───────┴───────────────────────┴───────────┴─────────┴───────┴────────────────────┘
 *                                                                              a node: struct resolver_node,
 *                                                                              its sockaddr, its canonical name
 *
 * An entry lives in a slot of a table (resolver_table.h) that other processes may write, so nothing in it is believed:
 * the checksum covers the rest, the key is compared in full, the times are held against the reader's own settings,
 * and every length is checked before it is used. All functions work on a private copy; any thread.
 */
#ifndef STRONG_OPTIMIZE_RESOLVER_ENTRY_H
#define STRONG_OPTIMIZE_RESOLVER_ENTRY_H

#include <stddef.h>

#include "optimize/resolver_key.h"

enum { RESOLVER_SLOT_BYTES = 1024, RESOLVER_ENTRY_MOST = RESOLVER_SLOT_BYTES - 8 };

struct resolver_entry {
    uint64_t checksum; /* of everything behind it, up to used_bytes */
    uint64_t hash;     /* of the key */
    uint64_t scope;    /* what the answer depended on besides the key: resolver_watch.h */
    uint64_t began_ns, stored_ns, expires_ns; /* CLOCK_BOOTTIME; began: when libc was asked */
    uint64_t lookup_ns;                       /* what libc took */
    uint16_t used_bytes, key_bytes, answer_bytes, nodes;
    int32_t code;    /* getaddrinfo's return */
    int32_t h_error; /* h_errno after a failure */
    unsigned char bytes[RESOLVER_ENTRY_MOST - 72];
};
_Static_assert(sizeof(struct resolver_entry) == RESOLVER_ENTRY_MOST, "the format of the shared file");
_Static_assert(offsetof(struct resolver_entry, bytes) == 72, "the format of the shared file");

struct resolver_node {
    int32_t flags, protocol;
    uint16_t family, socktype, address_len;
    uint16_t name_bytes; /* of the canonical name with its NUL, 0: none */
};
_Static_assert(sizeof(struct resolver_node) == 16, "the format of the shared file");

/* Under which an entry is believed. */
struct resolver_terms {
    uint64_t now_ns, scope;
    uint64_t not_before_ns;        /* answers to questions asked before are not wanted */
    uint64_t ttl_ns, negative_ttl_ns; /* of this process */
};

/* Whether a failure is remembered, and whether it may be told to other processes: those that say that a name does not
 * exist, not those that say that nobody could be asked. */
bool resolver_entry_remembers(int code);
bool resolver_entry_shares(int code);

/* Writes the key and the answer: `list` where code is 0. false: it does not fit, or is of no known kind. */
bool resolver_entry_pack(struct resolver_entry *entry, const struct resolver_key *key, int code,
                         const struct addrinfo *list);
/* Writes the times, then the checksum: from now on for the time to live of its kind, give or take a fifth. */
void resolver_entry_seal(struct resolver_entry *entry, const struct resolver_terms *terms, uint64_t began_ns,
                         uint64_t lookup_ns);

/* The entry is whole and answers this key under these terms. */
bool resolver_entry_valid(const struct resolver_entry *entry, const struct resolver_key *key,
                          const struct resolver_terms *terms);
/* Whole: its lengths fit together, and the checksum is right. */
bool resolver_entry_whole(const struct resolver_entry *entry);

/* The list as libc would have made it: a block for each node with its address behind it, a block for the name; so that
 * libc's own freeaddrinfo frees it. false: memory is refused, or the bytes make no sense. */
bool resolver_entry_unpack(const struct resolver_entry *entry, void *(*allocate)(size_t), void (*release)(void *),
                           struct addrinfo **ret_list);

#endif
