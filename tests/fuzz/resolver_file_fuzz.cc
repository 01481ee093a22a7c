/* resolver_file_fuzz.cc: any bytes as the slots of the file of names that processes share, then lookups in it.
 *
 * What comes back must be whole, of the name that was asked for, in its time, and unpack into a list that libc can free;
 * and whatever lies in a slot, an entry stored there is found again. Half of the inputs get right checksums, so
 * that the fuzzer works behind them. (The header, sizes and kinds of files: optimize/resolver_shared_test.cc.)
 */
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <netdb.h>
#include <sys/socket.h>

#define _Static_assert static_assert
extern "C" {
#include "optimize/resolver_hash.h"
#include "optimize/resolver_table.h"
}
#undef _Static_assert

/* Four ways of one set: every name meets every slot. */
static constexpr uint32_t kSlots = RESOLVER_WAYS;
static constexpr size_t kBytes = kSlots * sizeof(resolver_slot); /* what libFuzzer makes without a hint, 4096 */
static constexpr uint64_t kNow = 1000000000000, kScope = 77;
static const char *const names[] = {"a", "example.org", "localhost"};

static resolver_terms terms()
{
    return {kNow, kScope, 0, 5000000000, 1000000000};
}

static resolver_key key_of(const char *name)
{
    resolver_key key;
    if (!resolver_key_make(&key, name, "80", nullptr))
        abort();
    return key;
}

static void check(const resolver_entry &entry, const resolver_key &key)
{
    resolver_terms now = terms();
    if (!resolver_entry_whole(&entry) || !resolver_entry_valid(&entry, &key, &now) || entry.expires_ns <= kNow ||
        memcmp(entry.bytes, key.bytes, key.len) != 0)
        abort();
    addrinfo *list = nullptr;
    if (entry.code == 0 && resolver_entry_unpack(&entry, malloc, free, &list)) {
        for (const addrinfo *node = list; node; node = node->ai_next)
            if (node->ai_addr->sa_family != node->ai_family ||
                (node->ai_canonname && strlen(node->ai_canonname) > RESOLVER_ENTRY_MOST))
                abort();
        freeaddrinfo(list);
    }
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    alignas(8) static unsigned char file[kBytes];
    memset(file, 0, sizeof file);
    memcpy(file, bytes, size < sizeof file ? size : sizeof file);
    resolver_table table = {(resolver_slot *)file, kSlots, nullptr};
    resolver_terms now = terms();
    for (const char *name : names) {
        resolver_key key = key_of(name);
        resolver_entry entry;
        if (resolver_table_find(&table, &key, &now, &entry))
            check(entry, key);
        memset(&entry, 0, sizeof entry);
        if (resolver_entry_pack(&entry, &key, EAI_NONAME, nullptr)) {
            resolver_entry_seal(&entry, &now, kNow, 1);
            bool stored = resolver_table_store(&table, &entry, kNow);
            if (stored && !resolver_table_find(&table, &key, &now, &entry))
                abort(); /* whatever was there before */
        }
    }
    return 0;
}

extern "C" size_t LLVMFuzzerMutate(uint8_t *bytes, size_t size, size_t limit);

/* An entry for one of the names, with one IPv4 and one IPv6 address and a canonical name. */
static resolver_entry sample(unsigned random)
{
    resolver_key key = key_of(names[random % 3]);
    struct {
        addrinfo node;
        sockaddr_storage address;
    } parts[2] = {};
    char canonical[] = "canonical.example";
    for (int i = 0; i < 2; i++) {
        parts[i].node.ai_family = parts[i].address.ss_family = i ? AF_INET6 : AF_INET;
        parts[i].node.ai_addrlen = i ? 28 : 16;
        parts[i].node.ai_addr = (sockaddr *)&parts[i].address;
    }
    parts[0].node.ai_canonname = canonical;
    parts[0].node.ai_next = &parts[1].node;
    resolver_entry entry = {};
    resolver_terms now = terms();
    if (!resolver_entry_pack(&entry, &key, 0, &parts[0].node))
        abort();
    resolver_entry_seal(&entry, &now, kNow, 1);
    return entry;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t limit, unsigned random)
{
    if (limit < kBytes || random % 16 == 0)
        return LLVMFuzzerMutate(bytes, size, limit);
    if (size < kBytes)
        memset(bytes + size, 0, kBytes - size);
    uint8_t *slot = bytes + random / 16 % kSlots * sizeof(resolver_slot);
    resolver_entry entry;
    memcpy(&entry, slot + 8, sizeof entry);
    if (random % 3 == 0 || entry.used_bytes < 72) {
        entry = sample(random / 64);
        memset(slot, 0, 8); /* nobody is writing */
    }
    LLVMFuzzerMutate((uint8_t *)&entry + 8, sizeof entry - 8, sizeof entry - 8);
    if (random % 2 == 0 && entry.used_bytes >= 8 && entry.used_bytes <= sizeof entry)
        entry.checksum = resolver_hash((const char *)&entry + 8, entry.used_bytes - 8u, 2);
    memcpy(slot + 8, &entry, sizeof entry);
    return kBytes;
}
