/* fdtable_ask.c: see fdtable_ask.h. Owns nothing. */
#include "runtime/fdtable_ask.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/stat.h>

#include "runtime/seccomp.h"
#include "runtime/targets.h"
#include "runtime/text.h"

enum { EPHEMERAL_FIRST = 32768 }; /* ip(7), ip_local_port_range */

static int socket_option(int fd, int option)
{
    int value = -1;
    socklen_t len = sizeof value;
    return system_call6(SYS_getsockopt, fd, SOL_SOCKET, option, &value, &len, 0) == 0 ? value : -1;
}

static unsigned port_of(const struct sockaddr_storage *address)
{
    if (address->ss_family == AF_INET)
        return ntohs(((const struct sockaddr_in *)(const void *)address)->sin_port);
    if (address->ss_family == AF_INET6)
        return ntohs(((const struct sockaddr_in6 *)(const void *)address)->sin6_port);
    return 0;
}

bool fdtable_ask_local(int fd, struct fd_entry *ret)
{
    struct sockaddr_storage local;
    socklen_t len = sizeof local;
    if (seccomp_entered || system_call3(SYS_getsockname, fd, &local, &len) < 0)
        return false;
    bool datagram = socket_option(fd, SO_TYPE) == SOCK_DGRAM;
    bool internet = local.ss_family == AF_INET || local.ss_family == AF_INET6;
    ret->target = targets_address(datagram && internet ? TARGET_UDP : TARGET_TCP_IN,
                                  (const struct sockaddr *)&local, len);
    ret->kind = (uint8_t)targets_kind(ret->target);
    ret->flags = FD_KNOWN | (internet && !datagram ? FD_STREAM : 0);
    return true;
}

static bool ask_socket(int fd, struct fd_entry *ret)
{
    struct sockaddr_storage peer, local;
    socklen_t peer_len = sizeof peer, local_len = sizeof local;
    if (system_call3(SYS_getpeername, fd, &peer, &peer_len) < 0)
        return fdtable_ask_local(fd, ret);
    bool internet = peer.ss_family == AF_INET || peer.ss_family == AF_INET6;
    system_call3(SYS_getsockname, fd, &local, &local_len);
    bool datagram = socket_option(fd, SO_TYPE) == SOCK_DGRAM;
    /* Who connected is not recorded anywhere: a client's own port is an ephemeral one. */
    bool outbound = datagram || (internet && port_of(&local) >= EPHEMERAL_FIRST) || (!internet && peer_len > 2);
    if (!outbound)
        return fdtable_ask_local(fd, ret);
    ret->target = targets_address(datagram && internet ? TARGET_UDP : TARGET_TCP_OUT,
                                  (const struct sockaddr *)&peer, peer_len);
    ret->kind = (uint8_t)targets_kind(ret->target);
    ret->flags = FD_KNOWN | (internet && !datagram ? FD_STREAM : 0);
    return true;
}

static void named(int fd, enum target_kind kind, struct fd_entry *ret)
{
    static const char *const standard[] = {"stdin", "stdout", "stderr"};
    char link[40], path[512];
    struct text text = text_in(link, sizeof link);
    text_string(&text, "/proc/self/fd/");
    text_unsigned(&text, (unsigned)fd);
    long len = system_call4(SYS_readlinkat, AT_FDCWD, link, path, sizeof path);
    if (kind == TARGET_PIPE || len <= 0)
        ret->target = targets_string(kind, fd < 3 ? standard[fd] : "pipe");
    else
        ret->target = targets_text(kind, path, (unsigned)len);
    ret->kind = (uint8_t)kind;
    ret->flags = FD_KNOWN;
}

bool fdtable_ask(int fd, struct fd_entry *ret)
{
    if (seccomp_entered) {
        *ret = (struct fd_entry){.target = targets_string(TARGET_UNKNOWN, "unknown descriptor"),
                                 .kind = TARGET_UNKNOWN,
                                 .flags = FD_KNOWN};
        return true;
    }
    struct stat status;
    if (system_call4(SYS_newfstatat, fd, "", &status, AT_EMPTY_PATH) < 0)
        return false;
    if (S_ISSOCK(status.st_mode))
        return ask_socket(fd, ret);
    if (S_ISFIFO(status.st_mode))
        named(fd, TARGET_PIPE, ret);
    else
        named(fd, S_ISREG(status.st_mode) || S_ISDIR(status.st_mode) ? TARGET_FILE : TARGET_DEVICE, ret);
    return true;
}
