// resolver_support: see the header.
#include "resolver_support.h"

#include <arpa/inet.h>
#include <cstdlib>
#include <cstring>
#include <dirent.h>
#include <dlfcn.h>
#include <sys/mman.h>
#include <unistd.h>

extern "C" int libc_init(void);

namespace resolver_test
{
resolver_key key_of(const std::string &node, const char *service, const addrinfo *hints)
{
    resolver_key key;
    EXPECT_TRUE(resolver_key_make(&key, node.c_str(), service, hints)) << node;
    return key;
}

resolver_terms terms_at(uint64_t now_ns, uint64_t scope)
{
    return {now_ns, scope, 0, 5 * second, second};
}

static addrinfo *node_of(unsigned i, uint8_t number)
{
    bool four = i % 2 == 0;
    socklen_t len = four ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
    auto *node = (addrinfo *)calloc(1, sizeof(addrinfo) + len);
    node->ai_flags = 0x28;
    node->ai_family = four ? AF_INET : AF_INET6;
    node->ai_socktype = 1 + (int)(i / 2 % 3);
    node->ai_protocol = four ? 6 : 17;
    node->ai_addrlen = len;
    node->ai_addr = (sockaddr *)(node + 1);
    if (four) {
        auto *address = (sockaddr_in *)node->ai_addr;
        address->sin_family = AF_INET;
        address->sin_port = htons(80);
        address->sin_addr.s_addr = htonl(0xc0000200u + number + i);
    } else {
        auto *address = (sockaddr_in6 *)node->ai_addr;
        address->sin6_family = AF_INET6;
        address->sin6_port = htons(80);
        address->sin6_scope_id = i;
        memset(&address->sin6_addr, number, sizeof address->sin6_addr);
    }
    return node;
}

addrinfo *list_of(unsigned nodes, const char *canonical, uint8_t number)
{
    addrinfo *list = nullptr, **end = &list;
    for (unsigned i = 0; i < nodes; i++, end = &(*end)->ai_next)
        *end = node_of(i, number);
    if (list && canonical)
        list->ai_canonname = strdup(canonical);
    return list;
}

std::string text_of(const addrinfo *list)
{
    std::string text;
    for (; list; list = list->ai_next) {
        for (int value : {list->ai_flags, list->ai_family, list->ai_socktype, list->ai_protocol, (int)list->ai_addrlen})
            text += std::to_string(value) + " ";
        for (socklen_t i = 0; i < list->ai_addrlen; i++)
            text += std::to_string(((const unsigned char *)list->ai_addr)[i]) + ".";
        text += std::string(" ") + (list->ai_canonname ? list->ai_canonname : "(none)") + "\n";
    }
    return text;
}

resolver_entry entry_of(const resolver_key &key, unsigned nodes, uint64_t now_ns, uint8_t number, const char *canonical)
{
    resolver_entry entry;
    addrinfo *list = list_of(nodes, canonical, number);
    EXPECT_TRUE(resolver_entry_pack(&entry, &key, 0, list));
    freeaddrinfo(list);
    resolver_terms terms = terms_at(now_ns);
    resolver_entry_seal(&entry, &terms, now_ns, 1000000);
    return entry;
}

resolver_entry failure_of(const resolver_key &key, int code, uint64_t now_ns)
{
    resolver_entry entry;
    EXPECT_TRUE(resolver_entry_pack(&entry, &key, code, nullptr));
    resolver_terms terms = terms_at(now_ns);
    resolver_entry_seal(&entry, &terms, now_ns, 1000000);
    return entry;
}

static void *shared_zeros(size_t bytes)
{
    void *place = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    EXPECT_NE(place, MAP_FAILED);
    return place;
}

Table::Table(uint32_t count, bool tags)
    : table{(resolver_slot *)shared_zeros(count * sizeof(resolver_slot)), count,
            tags ? (uint32_t *)shared_zeros(count * sizeof(uint32_t)) : nullptr}
{
}

Table::~Table()
{
    munmap(table.slots, table.count * sizeof(resolver_slot));
    if (table.tags)
        munmap(table.tags, table.count * sizeof(uint32_t));
}

static std::string made_directory()
{
    char path[] = "/tmp/resolver_test_XXXXXX";
    EXPECT_NE(mkdtemp(path), nullptr);
    return path;
}

Directory::Directory() : path(made_directory())
{
}

Directory::~Directory()
{
    for (const std::string &name : names())
        if (unlink(file(name).c_str()) != 0)
            rmdir(file(name).c_str());
    rmdir(path.c_str());
}

std::vector<std::string> Directory::names() const
{
    std::vector<std::string> found;
    DIR *directory = opendir(path.c_str());
    while (const dirent *entry = directory ? readdir(directory) : nullptr)
        if (entry->d_name[0] != '.')
            found.push_back(entry->d_name);
    if (directory)
        closedir(directory);
    return found;
}

static Below below;

static int ask_below(const char *node, const char *service, const addrinfo *hints, addrinfo **list)
{
    return below(node, service, hints, list);
}

void start_cache(Below function)
{
    below = std::move(function);
    libc_init();
    // under a sanitizer the next one is the sanitizer's
    real.getaddrinfo = (decltype(real.getaddrinfo))dlsym(dlopen("libc.so.6", RTLD_NOW), "getaddrinfo");
    next.getaddrinfo = ask_below;
    ASSERT_EQ(resolver_cache_init(), 0);
    ASSERT_NE(next.getaddrinfo, ask_below) << "the optimizer stood aside";
}

int look_up(const char *node, addrinfo **list, const addrinfo *hints)
{
    return next.getaddrinfo(node, "80", hints, list);
}

uint64_t counter(counter_id id)
{
    return counters[id];
}

std::string said(const std::function<void()> &body)
{
    FILE *file = tmpfile();
    int saved = dup(2);
    dup2(fileno(file), 2);
    body();
    dup2(saved, 2);
    close(saved);
    rewind(file);
    char room[4096];
    std::string text(room, fread(room, 1, sizeof room, file));
    fclose(file);
    return text;
}
} // namespace resolver_test
