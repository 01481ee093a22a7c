/* connection_options.c: see connection_options.h. */
#include "optimize/connection_options.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>

/* before: may be set before connect(). after: also later, because it can be given back at any time. */
static const struct option_rule {
    int level, name;
    bool after;
} rules[] = {
    {IPPROTO_TCP, TCP_NODELAY, true},      {SOL_SOCKET, SO_KEEPALIVE, true},
    {SOL_SOCKET, SO_RCVTIMEO, true},       {SOL_SOCKET, SO_SNDTIMEO, true},
    {IPPROTO_TCP, TCP_KEEPIDLE, true},     {IPPROTO_TCP, TCP_KEEPINTVL, true},
    {IPPROTO_TCP, TCP_KEEPCNT, true},      {IPPROTO_TCP, TCP_USER_TIMEOUT, true},
    {IPPROTO_TCP, TCP_CORK, true},         {SOL_SOCKET, SO_RCVLOWAT, true},
    {SOL_SOCKET, SO_SNDBUF, false},        {SOL_SOCKET, SO_RCVBUF, false},
    {SOL_SOCKET, SO_REUSEADDR, false},     {SOL_SOCKET, SO_PRIORITY, false},
    {SOL_SOCKET, SO_MARK, false},          {SOL_SOCKET, SO_BINDTODEVICE, false},
    {IPPROTO_TCP, TCP_SYNCNT, false},      {IPPROTO_TCP, TCP_MAXSEG, false},
    {IPPROTO_TCP, TCP_WINDOW_CLAMP, false},{IPPROTO_TCP, TCP_CONGESTION, false},
    {IPPROTO_IP, IP_TOS, false},           {IPPROTO_IP, IP_TTL, false},
    {IPPROTO_IPV6, IPV6_V6ONLY, false},    {IPPROTO_IPV6, IPV6_TCLASS, false},
    {IPPROTO_IPV6, IPV6_UNICAST_HOPS, false},
};
enum { RULES = sizeof rules / sizeof *rules };

static const struct option_rule *rule_of(int level, int name)
{
    for (int i = 0; i < RULES; i++)
        if (rules[i].level == level && rules[i].name == name)
            return &rules[i];
    return NULL;
}

/* Acts once and leaves nothing behind on the socket. */
static bool is_passing(int level, int name)
{
    return level == IPPROTO_TCP && name == TCP_QUICKACK;
}

static bool set_before(struct watch *watch, int level, int name, const void *value, socklen_t len)
{
    unsigned i = 0;
    while (i < watch->before_count && !(watch->before[i].level == level && watch->before[i].name == name))
        i++;
    if (i == WATCH_OPTIONS || len > WATCH_OPTION_BYTES)
        return false;
    struct watch_option *option = &watch->before[i];
    memset(option, 0, sizeof *option);
    option->level = level;
    option->name = name;
    option->len = len;
    memcpy(option->value, value, len);
    watch->before_count += i == watch->before_count;
    return true;
}

static bool set_after(struct watch *watch, int level, int name)
{
    unsigned i = 0;
    while (i < watch->after_count && !(watch->after[i].level == level && watch->after[i].name == name))
        i++;
    if (i == WATCH_OPTIONS)
        return false;
    watch->after[i].level = level;
    watch->after[i].name = name;
    watch->after_count += i == watch->after_count;
    return true;
}

bool connection_options_set(struct watch *watch, int level, int name, const void *value, socklen_t len)
{
    const struct option_rule *rule = rule_of(level, name);
    if (is_passing(level, name))
        return true;
    if (!rule || (watch->stage != WATCH_UNCONNECTED && !rule->after))
        return false;
    return watch->stage == WATCH_UNCONNECTED ? set_before(watch, level, name, value, len)
                                             : set_after(watch, level, name);
}

bool connection_options_harmless_fcntl(int command, long argument)
{
    switch (command) {
    case F_GETFD:
    case F_SETFD:
    case F_GETFL:
    case F_GETOWN:
    case F_GETSIG:
        return true;
    case F_SETFL:
        return !(argument & (O_ASYNC | O_DIRECT));
    default:
        return false;
    }
}

bool connection_options_harmless_ioctl(unsigned long request)
{
    return request == FIONBIO || request == FIONREAD || request == FIOCLEX || request == FIONCLEX;
}

static int copy_option(int from, int to, int level, int name)
{
    uint8_t value[WATCH_OPTION_BYTES];
    socklen_t len = sizeof value;
    long failed = system_call6(SYS_getsockopt, from, level, name, value, &len, 0);
    return (int)(failed < 0 ? failed : system_call6(SYS_setsockopt, to, level, name, value, len, 0));
}

static int copy_flags(struct watch *watch, int from, int to)
{
    long wanted = system_call3(SYS_fcntl, from, F_GETFL, 0);
    long have = watch->flags_known ? watch->flags : system_call3(SYS_fcntl, to, F_GETFL, 0);
    if (wanted < 0 || have < 0)
        return -EBADF;
    watch->flags = (int32_t)wanted;
    watch->flags_known = true;
    return wanted == have ? 0 : (int)system_call3(SYS_fcntl, to, F_SETFL, wanted);
}

int connection_options_hand_on(struct watch *watch, int kept, int fresh)
{
    int failed = copy_flags(watch, fresh, kept);
    for (unsigned i = 0; i < watch->after_count && !failed; i++)
        failed = copy_option(fresh, kept, watch->after[i].level, watch->after[i].name);
    return failed;
}

int connection_options_repeat(const struct watch *watch, int fd, int fresh)
{
    int failed = 0;
    for (unsigned i = 0; i < watch->before_count && !failed; i++) {
        const struct watch_option *option = &watch->before[i];
        failed = (int)system_call6(SYS_setsockopt, fresh, option->level, option->name, option->value, option->len, 0);
    }
    for (unsigned i = 0; i < watch->after_count && !failed; i++)
        failed = copy_option(fd, fresh, watch->after[i].level, watch->after[i].name);
    return failed;
}
