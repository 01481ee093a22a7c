/* connection_targets.c: see connection_targets.h. */
#include "optimize/connection_targets.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>

#include "runtime/config.h"
#include "runtime/log.h"

enum { TARGETS = 64, ENTRY_MOST = 110 };

/* family AF_UNSPEC: any address with this port. */
struct target {
    int family;
    in_port_t port;
    uint8_t address[16];
    char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
};

static struct target targets[TARGETS];
static unsigned target_count;
static bool restricted;

static bool parse_port(const char *text, in_port_t *ret)
{
    unsigned long port = 0;
    if (!*text)
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9' || (port = port * 10 + (unsigned long)(*text - '0')) > 65535)
            return false;
    }
    *ret = htons((in_port_t)port);
    return port > 0;
}

static bool parse(char *entry, struct target *ret)
{
    memset(ret, 0, sizeof *ret);
    if (entry[0] == '/') {
        ret->family = AF_UNIX;
        memcpy(ret->path, entry, strlen(entry));
        return strlen(entry) < sizeof ret->path;
    }
    char *colon = strrchr(entry, ':');
    if (!colon || !parse_port(colon + 1, &ret->port))
        return false;
    *colon = '\0';
    size_t len = strlen(entry);
    if (len == 0) {
        ret->family = AF_UNSPEC;
        return true;
    }
    if (entry[0] == '[' && entry[len - 1] == ']') {
        entry[len - 1] = '\0';
        ret->family = AF_INET6;
        return inet_pton(AF_INET6, entry + 1, ret->address) == 1;
    }
    ret->family = AF_INET;
    return inet_pton(AF_INET, entry, ret->address) == 1;
}

static void add(const char *start, size_t len)
{
    char entry[ENTRY_MOST], shown[ENTRY_MOST];
    while (len > 0 && (*start == ' ' || *start == '\t'))
        start++, len--;
    while (len > 0 && (start[len - 1] == ' ' || start[len - 1] == '\t'))
        len--;
    if (len == 0)
        return;
    size_t cut = len < sizeof entry - 1 ? len : sizeof entry - 1;
    memcpy(entry, start, cut);
    entry[cut] = '\0';
    memcpy(shown, entry, cut + 1);
    struct target target;
    if (cut < len || !parse(entry, &target))
        log_line(LOG_MISTAKE, "STRONG_POOL_TARGETS: \"", shown,
                 "\" is no destination and is left out; use 127.0.0.1:6379, [::1]:80, :80 or /path", NULL);
    else if (target_count == TARGETS)
        log_line(LOG_MISTAKE, "STRONG_POOL_TARGETS: more than 64 destinations; left out: \"", shown, "\"", NULL);
    else
        targets[target_count++] = target;
}

void connection_targets_read(const char *text)
{
    target_count = 0;
    restricted = text && *text;
    while (text && *text) {
        size_t len = strcspn(text, ",");
        add(text, len);
        text += len + (text[len] == ',');
    }
}

void connection_targets_init(void)
{
    connection_targets_read(config.pool_targets);
}

bool connection_targets_allow(const struct sockaddr *address)
{
    const struct sockaddr_in *four = (const void *)address;
    const struct sockaddr_in6 *six = (const void *)address;
    const struct sockaddr_un *local = (const void *)address;
    if (!restricted)
        return true;
    for (unsigned i = 0; i < target_count; i++) {
        const struct target *target = &targets[i];
        bool same_family = target->family == address->sa_family;
        if (address->sa_family == AF_UNIX) {
            if (same_family && strncmp(local->sun_path, target->path, sizeof local->sun_path) == 0)
                return true;
            continue;
        }
        if (target->port != (address->sa_family == AF_INET ? four->sin_port : six->sin6_port))
            continue;
        if (target->family == AF_UNSPEC)
            return true;
        const void *bytes = address->sa_family == AF_INET ? (const void *)&four->sin_addr : &six->sin6_addr;
        if (same_family && memcmp(bytes, target->address, address->sa_family == AF_INET ? 4 : 16) == 0)
            return true;
    }
    return false;
}
