/* serve_address.c: see serve_address.h. */
#include "commands/serve_address.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { HOST_LONGEST = 255 };

/* "host:port" or "[host]:port" in its two parts; the port may be missing. */
static bool split(const char *text, char host[HOST_LONGEST + 1], const char **ret_port)
{
    size_t len;
    const char *behind;
    if (*text == '[') {
        len = strcspn(++text, "]");
        if (text[len] != ']')
            return false;
        behind = text + len + 1;
    } else {
        len = strcspn(text, ":");
        behind = text + len;
    }
    if (len > HOST_LONGEST || (*behind && *behind != ':'))
        return false;
    memcpy(host, text, len);
    host[len] = '\0';
    *ret_port = *behind ? behind + 1 : "";
    return true;
}

static bool is_port(const char *text)
{
    size_t len = strspn(text, "0123456789");
    return len > 0 && len <= 5 && text[len] == '\0' && strtoul(text, NULL, 10) <= 65535;
}

void serve_address_name(struct serve_address *address)
{
    char host[INET6_ADDRSTRLEN] = "?";
    if (address->address.ss_family == AF_INET) {
        const struct sockaddr_in *four = (const struct sockaddr_in *)&address->address;
        inet_ntop(AF_INET, &four->sin_addr, host, sizeof(host));
        address->loopback = ntohl(four->sin_addr.s_addr) >> 24 == 127;
        snprintf(address->text, sizeof(address->text), "%s:%u", host, ntohs(four->sin_port));
    } else {
        const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)&address->address;
        inet_ntop(AF_INET6, &six->sin6_addr, host, sizeof(host));
        address->loopback = IN6_IS_ADDR_LOOPBACK(&six->sin6_addr);
        snprintf(address->text, sizeof(address->text), "[%s]:%u", host, ntohs(six->sin6_port));
    }
}

bool serve_address_parse(const char *text, struct serve_address *ret_address)
{
    char host[HOST_LONGEST + 1];
    const char *port;
    struct sockaddr_in *four = (struct sockaddr_in *)&ret_address->address;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)&ret_address->address;
    memset(ret_address, 0, sizeof(*ret_address));
    if (!split(text, host, &port) || !is_port(port))
        return false;
    uint16_t number = htons((uint16_t)strtoul(port, NULL, 10));
    bool own = *host == '\0' || strcasecmp(host, "localhost") == 0;
    if (inet_pton(AF_INET, own ? "127.0.0.1" : host, &four->sin_addr) == 1) {
        four->sin_family = AF_INET;
        four->sin_port = number;
        ret_address->len = sizeof(*four);
    } else if (inet_pton(AF_INET6, host, &six->sin6_addr) == 1) {
        six->sin6_family = AF_INET6;
        six->sin6_port = number;
        ret_address->len = sizeof(*six);
    } else {
        return false;
    }
    serve_address_name(ret_address);
    return true;
}

static bool is_own_name(const char *host)
{
    char name[HOST_LONGEST + 1] = "";
    if (gethostname(name, sizeof(name) - 1) != 0 || !*name)
        return false;
    size_t len = strcspn(name, ".");
    return strcasecmp(host, name) == 0 || (strlen(host) == len && strncasecmp(host, name, len) == 0);
}

bool serve_address_known(const char *text, bool remote)
{
    char host[HOST_LONGEST + 1];
    const char *port;
    unsigned char bytes[sizeof(struct in6_addr)];
    if (!split(text, host, &port) || (*port && !is_port(port)))
        return false;
    if (strcasecmp(host, "localhost") == 0 || (remote && is_own_name(host)))
        return true;
    if (inet_pton(AF_INET, host, bytes) == 1)
        return remote || bytes[0] == 127;
    return inet_pton(AF_INET6, host, bytes) == 1 && (remote || IN6_IS_ADDR_LOOPBACK((struct in6_addr *)bytes));
}
