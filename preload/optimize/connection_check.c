/* connection_check.c: see connection_check.h. */
#include "optimize/connection_check.h"

#include <asm/ioctls.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>

enum { ESTABLISHED = 1 /* TCP_ESTABLISHED, include/net/tcp_states.h */, PATH_MOST = 109 };
#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71 /* asm-generic/socket.h, since Linux 5.14 */
#endif

static bool tcp_info(int fd, struct tcp_info *ret)
{
    socklen_t len = sizeof *ret;
    return system_call6(SYS_getsockopt, fd, IPPROTO_TCP, TCP_INFO, ret, &len, 0) == 0 &&
           len >= offsetof(struct tcp_info, tcpi_segs_out);
}

static enum connection_state check_tcp(int fd, const struct watch *watch)
{
    struct tcp_info info;
    if (!tcp_info(fd, &info))
        return CONNECTION_UNSEEN;
    uint64_t end = info.tcpi_state != ESTABLISHED; /* counted as a byte */
    if (info.tcpi_bytes_received > watch->received_bytes + end)
        return CONNECTION_SPOKE;
    if (end)
        return CONNECTION_ENDED;
    bool same = info.tcpi_bytes_received == watch->received_bytes && info.tcpi_bytes_acked == watch->sent_bytes + 1;
    return same ? CONNECTION_QUIET : CONNECTION_UNSEEN;
}

static enum connection_state check_local(int fd)
{
    int outstanding = -1;
    char byte;
    if (system_call3(SYS_ioctl, fd, SIOCOUTQ, &outstanding) < 0 || outstanding != 0)
        return CONNECTION_UNSEEN;
    long got = system_call6(SYS_recvfrom, fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT, 0, 0);
    return got == -EAGAIN ? CONNECTION_QUIET : got > 0 ? CONNECTION_SPOKE : CONNECTION_ENDED;
}

enum connection_state connection_check(int fd, bool local, const struct watch *watch)
{
    return local ? check_local(fd) : check_tcp(fd, watch);
}

/* The network a process is in, where sockets have no cookie for it. */
static bool network_by_file(uint64_t *ret)
{
    struct stat status;
    if (system_call4(SYS_newfstatat, AT_FDCWD, "/proc/thread-self/ns/net", &status, 0) < 0)
        return false;
    *ret = status.st_ino;
    return true;
}

bool connection_check_identity(int fd, const struct fdstate_socket *made, const struct sockaddr *address,
                               struct watch_identity *ret)
{
    socklen_t len = sizeof ret->network;
    memset(ret, 0, sizeof *ret);
    struct stat socket;
    if (system_call2(SYS_fstat, fd, &socket) < 0) /* its owner is who made it */
        return false;
    bool local_credentials = made->domain == AF_UNIX; /* SO_PEERCRED is taken at connect() */
    ret->uid = local_credentials ? (uint32_t)system_call0(SYS_geteuid) : socket.st_uid;
    ret->gid = local_credentials ? (uint32_t)system_call0(SYS_getegid) : socket.st_gid;
    if (system_call6(SYS_getsockopt, fd, SOL_SOCKET, SO_NETNS_COOKIE, &ret->network, &len, 0) < 0 &&
        !network_by_file(&ret->network))
        return false;
    const struct sockaddr_un *local = (const void *)address;
    if (made->domain != AF_UNIX || local->sun_path[0] == '\0')
        return true;
    char path[PATH_MOST];
    struct stat status;
    memcpy(path, local->sun_path, sizeof local->sun_path);
    path[sizeof local->sun_path] = '\0';
    if (system_call4(SYS_newfstatat, AT_FDCWD, path, &status, 0) < 0)
        return false;
    ret->path[0] = status.st_dev;
    ret->path[1] = status.st_ino;
    return true;
}
