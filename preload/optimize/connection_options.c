/* connection_options.c: see connection_options.h. */
#include "optimize/connection_options.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>

/* All may be set before connect(). after: also later, because it can be given back at any time. clear: zeros are what a new
 * socket has, and make it one again (net/core/sock.c, net/ipv4/tcp.c: sk_setsockopt, do_tcp_setsockopt). */
static const struct option_rule {
    int level, name;
    bool after, clear;
} rules[] = {
    {IPPROTO_TCP, TCP_NODELAY, true, true},         {SOL_SOCKET, SO_KEEPALIVE, true, true},
    {SOL_SOCKET, SO_RCVTIMEO, true, true},          {SOL_SOCKET, SO_SNDTIMEO, true, true},
    {IPPROTO_TCP, TCP_USER_TIMEOUT, true, true},    {IPPROTO_TCP, TCP_CORK, true, true},
    {IPPROTO_TCP, TCP_KEEPIDLE, true, false},       {IPPROTO_TCP, TCP_KEEPINTVL, true, false},
    {IPPROTO_TCP, TCP_KEEPCNT, true, false},        {SOL_SOCKET, SO_RCVLOWAT, true, false},
    {SOL_SOCKET, SO_SNDBUF, false, false},          {SOL_SOCKET, SO_RCVBUF, false, false},
    {SOL_SOCKET, SO_REUSEADDR, false, false},       {SOL_SOCKET, SO_PRIORITY, false, false},
    {SOL_SOCKET, SO_MARK, false, false},            {SOL_SOCKET, SO_BINDTODEVICE, false, false},
    {IPPROTO_TCP, TCP_SYNCNT, false, false},        {IPPROTO_TCP, TCP_MAXSEG, false, false},
    {IPPROTO_TCP, TCP_WINDOW_CLAMP, false, false},  {IPPROTO_TCP, TCP_CONGESTION, false, false},
    {IPPROTO_IP, IP_TOS, false, false},             {IPPROTO_IP, IP_TTL, false, false},
    {IPPROTO_IPV6, IPV6_V6ONLY, false, false},      {IPPROTO_IPV6, IPV6_TCLASS, false, false},
    {IPPROTO_IPV6, IPV6_UNICAST_HOPS, false, false},
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

static int copy_flags(struct watch *watch, struct watch *fresh, int from, int to)
{
    long wanted = fresh->flags_known ? fresh->flags : system_call3(SYS_fcntl, from, F_GETFL, 0);
    long have = watch->flags_known ? watch->flags : system_call3(SYS_fcntl, to, F_GETFL, 0);
    if (wanted < 0 || have < 0)
        return -EBADF;
    watch->flags = fresh->flags = (int32_t)wanted;
    watch->flags_known = fresh->flags_known = true;
    return wanted == have ? 0 : (int)system_call3(SYS_fcntl, to, F_SETFL, wanted);
}

bool connection_options_clearable(const struct watch_option *set, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (!rule_of(set[i].level, set[i].name)->clear)
            return false;
    return true;
}

bool connection_options_clear(int fd, const struct watch_option *set, unsigned count)
{
    static const uint8_t zeros[WATCH_OPTION_BYTES];
    for (unsigned i = 0; i < count; i++)
        if (memcmp(set[i].value, zeros, set[i].len) != 0 &&
            system_call6(SYS_setsockopt, fd, set[i].level, set[i].name, zeros, set[i].len, 0) != 0)
            return false;
    return true;
}

int connection_options_hand_on(struct watch *watch, int kept, struct watch *fresh_watch, int fresh)
{
    int failed = copy_flags(watch, fresh_watch, fresh, kept);
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
