/* targets.c: see targets.h. */
#include "runtime/targets.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/un.h>

#include "runtime/counters.h"
#include "runtime/index.h"
#include "runtime/segment.h"
#include "runtime/system.h"
#include "runtime/text.h"

enum { TARGETS_SLOTS = 8192, TEXT_MOST = 1024 };

static struct index targets_index;
/* Targets of these kinds so far; a forked child keeps them, and so the numbers. */
static uint32_t files, customs;

int targets_init(void)
{
    return index_init(&targets_index, TARGETS_SLOTS);
}

static uint32_t find(uint64_t hash)
{
    uint32_t cursor = 0, row;
    while ((row = index_next(&targets_index, hash, &cursor))) {
        const struct target_record *target = segment_record(TABLE_TARGETS, row);
        if (__atomic_load_n(&target->hash, __ATOMIC_ACQUIRE) == hash) /* 64 bits of it: pairs with make */
            return row;
    }
    return 0;
}

static void give_back(struct target_record *target)
{
    if (target->kind == TARGET_CUSTOM)
        __atomic_fetch_sub(&customs, 1, __ATOMIC_RELAXED);
    if (target->kind == TARGET_FILE)
        __atomic_fetch_sub(&files, 1, __ATOMIC_RELAXED);
    __atomic_store_n(&target->hash, 0, __ATOMIC_RELAXED);
    /* Nobody's: no search came to it. Who reads the whole table may be at it just now. */
    __atomic_store_n(&target->kind, TARGET_OTHER, __ATOMIC_RELAXED);
}

static uint32_t make(uint64_t hash, enum target_kind kind, const char *text, unsigned len, uint64_t first,
                     uint64_t second)
{
    struct target_record *target;
    if (kind == TARGET_CUSTOM && __atomic_fetch_add(&customs, 1, __ATOMIC_RELAXED) >= CUSTOM_NAMES) {
        __atomic_fetch_sub(&customs, 1, __ATOMIC_RELAXED);
        return 0; /* counted with what is measured under it */
    }
    bool quota = kind == TARGET_FILE &&
                 __atomic_load_n(&files, __ATOMIC_RELAXED) >= segment->tables[TABLE_TARGETS].capacity / 4 * 3;
    uint32_t row = quota || !targets_index.slots ? 0 : segment_append(TABLE_TARGETS, (void **)&target);
    if (!row) {
        if (kind == TARGET_CUSTOM)
            __atomic_fetch_sub(&customs, 1, __ATOMIC_RELAXED);
        counters_add(COUNTER_target_table_full, 1);
        return 0;
    }
    if (kind == TARGET_FILE)
        __atomic_fetch_add(&files, 1, __ATOMIC_RELAXED);
    target->kind = kind;
    target->text = segment_string(text, len);
    target->value[0] = first;
    target->value[1] = second;
    __atomic_store_n(&target->hash, hash, __ATOMIC_RELEASE); /* readers skip rows with hash 0 */
    if (!index_put(&targets_index, hash, row))
        return row;
    /* Another thread, or a signal handler just now, may have made the same: both put theirs where searches go, so both
     * find the same one first. */
    uint32_t found = find(hash);
    if (strong_likely(found == row))
        return row;
    give_back(target);
    return found;
}

uint32_t targets_text(enum target_kind kind, const char *text, unsigned len)
{
    if (len > TEXT_MOST)
        len = TEXT_MOST;
    uint64_t hash = index_hash(kind, text, len);
    uint32_t row = find(hash);
    return row ? row : make(hash, kind, text, len, 0, 0);
}

/* noinline: inlined with a literal, gcc takes strnlen's bound for an overread. */
__attribute__((noinline)) uint32_t targets_string(enum target_kind kind, const char *text)
{
    return text ? targets_text(kind, text, (unsigned)strnlen(text, TEXT_MOST)) : 0;
}

uint32_t targets_value(enum target_kind kind, uint64_t first, uint64_t second)
{
    uint64_t values[2] = {first, second};
    uint64_t hash = index_hash((uint64_t)kind << 32 | 1, values, sizeof values);
    uint32_t row = find(hash);
    return row ? row : make(hash, kind, "", 0, first, second);
}

enum target_kind targets_kind(uint32_t target)
{
    if (target == 0 || target >= segment->tables[TABLE_TARGETS].capacity)
        return TARGET_OTHER;
    return (enum target_kind)((const struct target_record *)segment_record(TABLE_TARGETS, target))->kind;
}

void targets_fork_child(void)
{
    uint64_t count = segment->tables[TABLE_TARGETS].used;
    for (uint32_t row = 1; row < count && row < segment->tables[TABLE_TARGETS].capacity; row++) {
        const struct target_record *target = segment_record(TABLE_TARGETS, row);
        if (target->hash)
            index_put(&targets_index, target->hash, row);
    }
}

static void scheme(struct text *text, enum target_kind kind)
{
    text_string(text, kind == TARGET_UDP ? "udp://" : "tcp://");
}

/* Hand-made rather than inet_ntop, which is no async-signal-safe function. */
static void ipv4(struct text *text, const unsigned char *bytes)
{
    for (int i = 0; i < 4; i++) {
        text_string(text, i ? "." : "");
        text_unsigned(text, bytes[i]);
    }
}

/* RFC 5952 without the dotted form, except for mapped IPv4 addresses. */
static void ipv6(struct text *text, const unsigned char *bytes)
{
    static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    if (memcmp(bytes, mapped, sizeof mapped) == 0) {
        text_string(text, "[::ffff:");
        ipv4(text, bytes + 12);
        text_string(text, "]");
        return;
    }
    unsigned words[8], best = 8, best_len = 1;
    for (unsigned i = 0; i < 8; i++)
        words[i] = (unsigned)bytes[2 * i] << 8 | bytes[2 * i + 1];
    for (unsigned i = 0; i < 8; i++) {
        unsigned len = 0;
        while (i + len < 8 && words[i + len] == 0)
            len++;
        if (len > best_len)
            best = i, best_len = len;
    }
    text_string(text, "[");
    for (unsigned i = 0; i < 8; i++) {
        if (i == best) {
            text_string(text, "::");
            i += best_len - 1;
            continue;
        }
        if (i && !(best < 8 && i == best + best_len))
            text_string(text, ":");
        text_hex(text, words[i]);
    }
    text_string(text, "]");
}

static uint32_t unix_target(enum target_kind kind, const struct sockaddr_un *address, socklen_t len)
{
    char room[160];
    struct text text = text_in(room, sizeof room);
    unsigned path_len = len > offsetof(struct sockaddr_un, sun_path)
                            ? (unsigned)(len - offsetof(struct sockaddr_un, sun_path))
                            : 0;
    text_string(&text, "unix:");
    if (path_len && address->sun_path[0] == '\0') {
        text_string(&text, "@");
        text_bytes(&text, address->sun_path + 1, path_len - 1);
    } else {
        text_bytes(&text, address->sun_path, (unsigned)strnlen(address->sun_path, path_len));
    }
    return targets_text(kind, room, text.len);
}

uint32_t targets_address(enum target_kind kind, const struct sockaddr *address, socklen_t len)
{
    char room[80];
    struct text text = text_in(room, sizeof room);
    if (!address || len < sizeof(sa_family_t))
        return 0;
    if (address->sa_family == AF_INET && len >= sizeof(struct sockaddr_in)) {
        const struct sockaddr_in *in = (const void *)address;
        scheme(&text, kind);
        ipv4(&text, (const unsigned char *)&in->sin_addr);
        text_string(&text, ":");
        text_unsigned(&text, ntohs(in->sin_port));
        return targets_text(kind, room, text.len);
    }
    if (address->sa_family == AF_INET6 && len >= sizeof(struct sockaddr_in6)) {
        const struct sockaddr_in6 *in = (const void *)address;
        scheme(&text, kind);
        ipv6(&text, (const unsigned char *)&in->sin6_addr);
        text_string(&text, ":");
        text_unsigned(&text, ntohs(in->sin6_port));
        return targets_text(kind, room, text.len);
    }
    if (address->sa_family == AF_UNIX)
        return unix_target(kind == TARGET_TCP_IN || kind == TARGET_UNIX_IN ? TARGET_UNIX_IN : TARGET_UNIX_OUT,
                           (const void *)address, len);
    text_string(&text, "socket family ");
    text_unsigned(&text, address->sa_family);
    return targets_text(TARGET_DEVICE, room, text.len);
}
