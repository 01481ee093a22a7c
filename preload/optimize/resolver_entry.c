/* resolver_entry.c: see resolver_entry.h. */
#include "optimize/resolver_entry.h"

#include <netinet/in.h>
#include <string.h>

#include "optimize/resolver_hash.h"

enum { HEAD = offsetof(struct resolver_entry, bytes), CLOCK_SLACK_NS = 10000000 };

bool resolver_entry_shares(int code)
{
    return code == 0 || code == EAI_NONAME || code == EAI_NODATA || code == EAI_ADDRFAMILY;
}

bool resolver_entry_remembers(int code)
{
    return resolver_entry_shares(code) || code == EAI_AGAIN || code == EAI_FAIL;
}

static size_t padded(size_t len)
{
    return (len + 3) & ~(size_t)3;
}

static bool address_known(unsigned family, size_t len)
{
    return (family == AF_INET && len == sizeof(struct sockaddr_in)) ||
           (family == AF_INET6 && len == sizeof(struct sockaddr_in6));
}

/* ---- pack ---- */

/* Bytes the node took, 0: no room, or not a node libc makes. */
static size_t pack_node(unsigned char *place, size_t room, const struct addrinfo *from)
{
    size_t name_bytes = from->ai_canonname ? strlen(from->ai_canonname) + 1 : 0;
    size_t bytes = sizeof(struct resolver_node) + padded(from->ai_addrlen) + padded(name_bytes);
    if (!from->ai_addr || from->ai_addr->sa_family != from->ai_family || (unsigned)from->ai_socktype > UINT16_MAX ||
        !address_known((unsigned)from->ai_family, from->ai_addrlen) || name_bytes > room || bytes > room)
        return 0;
    struct resolver_node node = {
        .flags = from->ai_flags,
        .protocol = from->ai_protocol,
        .family = (uint16_t)from->ai_family,
        .socktype = (uint16_t)from->ai_socktype,
        .address_len = (uint16_t)from->ai_addrlen,
        .name_bytes = (uint16_t)name_bytes,
    };
    memset(place, 0, bytes);
    memcpy(place, &node, sizeof node);
    memcpy(place + sizeof node, from->ai_addr, from->ai_addrlen);
    if (name_bytes)
        memcpy(place + sizeof node + padded(from->ai_addrlen), from->ai_canonname, name_bytes);
    return bytes;
}

bool resolver_entry_pack(struct resolver_entry *entry, const struct resolver_key *key, int code,
                         const struct addrinfo *list)
{
    size_t used = key->len;
    if (used > sizeof entry->bytes)
        return false;
    memset(entry, 0, HEAD);
    memcpy(entry->bytes, key->bytes, key->len);
    for (; code == 0 && list; list = list->ai_next) {
        size_t bytes = pack_node(entry->bytes + used, sizeof entry->bytes - used, list);
        if (bytes == 0)
            return false;
        used += bytes;
        entry->nodes++;
    }
    if (code == 0 && entry->nodes == 0)
        return false;
    memset(entry->bytes + used, 0, -used & 7);
    used = (used + 7) & ~(size_t)7; /* there is room: that of all is a multiple of 8 */
    entry->hash = key->hash;
    entry->key_bytes = (uint16_t)key->len;
    entry->answer_bytes = (uint16_t)(used - key->len);
    entry->used_bytes = (uint16_t)(HEAD + used);
    entry->code = code;
    return true;
}

static uint64_t checksum(const struct resolver_entry *entry)
{
    return resolver_hash((const char *)entry + sizeof entry->checksum, entry->used_bytes - sizeof entry->checksum, 2);
}

static uint64_t ttl_of(const struct resolver_entry *entry, const struct resolver_terms *terms)
{
    return entry->code == 0 ? terms->ttl_ns : terms->negative_ttl_ns;
}

void resolver_entry_seal(struct resolver_entry *entry, const struct resolver_terms *terms, uint64_t began_ns,
                         uint64_t lookup_ns)
{
    uint64_t ttl_ns = ttl_of(entry, terms), chance = resolver_mix(terms->now_ns, entry->hash) >> 48;
    entry->scope = terms->scope;
    entry->began_ns = began_ns;
    entry->stored_ns = terms->now_ns;
    entry->expires_ns = terms->now_ns + ttl_ns - ttl_ns / 5 + ttl_ns * 2 / 5 / 65536 * chance;
    entry->lookup_ns = lookup_ns;
    entry->checksum = checksum(entry);
}

/* ---- believe ---- */

bool resolver_entry_whole(const struct resolver_entry *entry)
{
    size_t used = entry->used_bytes;
    return used <= RESOLVER_ENTRY_MOST && used % 8 == 0 && used == HEAD + (size_t)entry->key_bytes + entry->answer_bytes &&
           entry->checksum == checksum(entry);
}

/* Until the end it names, but no longer than the longest time this process gives an entry of its own; that stored_ns lies
 * ahead can only be by the moment between reading the clock and looking here. */
static bool timely(const struct resolver_entry *entry, const struct resolver_terms *terms)
{
    uint64_t ttl_ns = ttl_of(entry, terms), now_ns = terms->now_ns;
    return ttl_ns && entry->expires_ns > now_ns && entry->stored_ns <= now_ns + CLOCK_SLACK_NS &&
           entry->stored_ns + ttl_ns + ttl_ns / 5 > now_ns && entry->began_ns <= entry->stored_ns &&
           entry->began_ns >= terms->not_before_ns;
}

bool resolver_entry_valid(const struct resolver_entry *entry, const struct resolver_key *key,
                          const struct resolver_terms *terms)
{
    return entry->hash == key->hash && entry->scope == terms->scope && entry->key_bytes == key->len &&
           timely(entry, terms) && resolver_entry_whole(entry) && memcmp(entry->bytes, key->bytes, key->len) == 0 &&
           resolver_entry_remembers(entry->code) && (entry->code == 0) == (entry->nodes > 0);
}

/* ---- unpack ---- */

/* Where the node's address and name are; NULL: its lengths lead out of the answer, or its parts do not fit together. */
static const unsigned char *unpack_parts(const unsigned char *at, size_t left, struct resolver_node *ret_node,
                                         const char **ret_name)
{
    if (left < sizeof *ret_node)
        return NULL;
    memcpy(ret_node, at, sizeof *ret_node);
    left -= sizeof *ret_node;
    size_t address_room = padded(ret_node->address_len), name_room = padded(ret_node->name_bytes);
    if (address_room + name_room > left || !address_known(ret_node->family, ret_node->address_len))
        return NULL;
    const unsigned char *address = at + sizeof *ret_node;
    sa_family_t family;
    memcpy(&family, address, sizeof family);
    const char *name = (const char *)address + address_room;
    if (family != ret_node->family ||
        (ret_node->name_bytes && strnlen(name, ret_node->name_bytes) != ret_node->name_bytes - 1u))
        return NULL;
    *ret_name = ret_node->name_bytes ? name : NULL;
    return address;
}

static struct addrinfo *unpack_node(const struct resolver_node *node, const unsigned char *address, const char *name,
                                    void *(*allocate)(size_t), void (*release)(void *))
{
    struct addrinfo *made = allocate(sizeof *made + node->address_len);
    char *copy = made && name ? allocate(node->name_bytes) : NULL;
    if (!made || (name && !copy)) {
        release(made);
        return NULL;
    }
    *made = (struct addrinfo){
        .ai_flags = node->flags,
        .ai_family = node->family,
        .ai_socktype = node->socktype,
        .ai_protocol = node->protocol,
        .ai_addrlen = node->address_len,
        .ai_addr = (struct sockaddr *)(made + 1),
        .ai_canonname = name ? memcpy(copy, name, node->name_bytes) : NULL,
    };
    memcpy(made->ai_addr, address, node->address_len);
    return made;
}

static void free_list(struct addrinfo *list, void (*release)(void *))
{
    while (list) {
        struct addrinfo *following = list->ai_next;
        release(list->ai_canonname);
        release(list);
        list = following;
    }
}

bool resolver_entry_unpack(const struct resolver_entry *entry, void *(*allocate)(size_t), void (*release)(void *),
                           struct addrinfo **ret_list)
{
    struct addrinfo *list = NULL, **end = &list;
    const unsigned char *at = entry->bytes + entry->key_bytes, *stop = at + entry->answer_bytes;
    for (unsigned i = 0; i < entry->nodes; i++) {
        struct resolver_node node;
        const char *name;
        const unsigned char *address = unpack_parts(at, (size_t)(stop - at), &node, &name);
        *end = address ? unpack_node(&node, address, name, allocate, release) : NULL;
        if (!*end) {
            free_list(list, release);
            return false;
        }
        end = &(*end)->ai_next;
        at = address + padded(node.address_len) + padded(node.name_bytes);
    }
    *ret_list = list;
    return list != NULL;
}
