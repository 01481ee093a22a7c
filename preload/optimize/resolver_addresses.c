/* resolver_addresses.c: see resolver_addresses.h. Of each address only what does not change by itself: not its
 * lifetimes. Messages are read within what was received, whatever their lengths say. */
#include "optimize/resolver_addresses.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#include "optimize/resolver_hash.h"
#include "runtime/system.h"

enum { MESSAGE_BYTES = 4096, MESSAGES_MOST = 4096 };

static uint64_t hash_address(const struct nlmsghdr *message)
{
    const struct ifaddrmsg *address = NLMSG_DATA(message);
    if (message->nlmsg_len < NLMSG_LENGTH(sizeof *address))
        return 0;
    uint64_t hash = resolver_mix((uint64_t)address->ifa_index << 32 | (uint64_t)address->ifa_family << 16 |
                                     address->ifa_prefixlen,
                                 (uint64_t)address->ifa_flags << 8 | address->ifa_scope);
    unsigned left = message->nlmsg_len - (unsigned)NLMSG_LENGTH(sizeof *address);
    for (const struct rtattr *part = IFA_RTA(address); RTA_OK(part, left); part = RTA_NEXT(part, left))
        if (part->rta_type == IFA_ADDRESS || part->rta_type == IFA_LOCAL)
            hash = resolver_hash(RTA_DATA(part), RTA_PAYLOAD(part), hash + part->rta_type);
    return hash;
}

/* false: that was the last message, or something is wrong (then *hash is 0). */
static bool hash_messages(const void *room, unsigned left, uint64_t *hash)
{
    for (const struct nlmsghdr *message = room; NLMSG_OK(message, left); message = NLMSG_NEXT(message, left)) {
        if (message->nlmsg_type == NLMSG_DONE)
            return false;
        if (message->nlmsg_type == NLMSG_ERROR) {
            *hash = 0;
            return false;
        }
        if (message->nlmsg_type == RTM_NEWADDR)
            *hash += hash_address(message) | 1; /* a sum: their order does not matter */
    }
    return true;
}

uint64_t resolver_addresses(void)
{
    long fd = system_call3(SYS_socket, AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (fd < 0)
        return 0;
    struct {
        struct nlmsghdr head;
        struct rtgenmsg family;
    } request = {{NLMSG_LENGTH(sizeof request.family), RTM_GETADDR, NLM_F_REQUEST | NLM_F_DUMP, 1, 0}, {AF_UNSPEC}};
    char room[MESSAGE_BYTES] __attribute__((aligned(8)));
    uint64_t hash = 1;
    long got = system_call6(SYS_sendto, fd, &request, sizeof request, 0, 0, 0);
    for (unsigned i = 0; got > 0 && i < MESSAGES_MOST; i++) {
        got = system_call6(SYS_recvfrom, fd, room, sizeof room, MSG_DONTWAIT | MSG_TRUNC, 0, 0);
        if (got <= 0 || got > (long)sizeof room)
            hash = 0;
        if (hash == 0 || !hash_messages(room, (unsigned)got, &hash))
            break;
    }
    system_call1(SYS_close, fd);
    return got > 0 ? hash : 0;
}
