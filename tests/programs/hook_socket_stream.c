/* hook_socket_stream.c: stream sockets over loopback and in the file system: making, connecting,
 * accepting, sending and receiving, with the errors of each. One process, both ends. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "hook_show.h"

int __connect(int fd, const struct sockaddr *address, socklen_t len);
ssize_t __send(int fd, const void *buf, size_t n, int flags);
ssize_t __recv_chk(int fd, void *buf, size_t n, size_t buf_len, int flags);
ssize_t __recvfrom_chk(int fd, void *buf, size_t n, size_t buf_len, int flags,
                       struct sockaddr *address, socklen_t *len);

static char buf[64];

static struct sockaddr_in loopback(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

/* A listener on a free port, whose address is left in *ret_address. */
static int listener(struct sockaddr_in *ret_address)
{
    int fd;
    socklen_t len = sizeof *ret_address;
    *ret_address = loopback();
    SHOW_SET(fd, socket(AF_INET, SOCK_STREAM, 0));
    SHOW(bind(fd, (struct sockaddr *)ret_address, len));
    SHOW(listen(fd, 8));
    if (getsockname(fd, (struct sockaddr *)ret_address, &len) < 0)
        exit(1);
    return fd;
}

static void conversation(int client, int server)
{
    SHOW(send(client, "request", 7, 0));
    SHOW(recv(server, buf, 3, 0));
    SHOW(recv(server, buf, sizeof buf, MSG_PEEK));
    SHOW(__recv_chk(server, buf, sizeof buf, sizeof buf, 0));
    printf("  %.4s\n", buf);
    SHOW(__send(server, "answer one", 10, 0));
    SHOW(sendto(server, " and two", 8, MSG_NOSIGNAL, NULL, 0));
    SHOW(recvfrom(client, buf, 10, MSG_WAITALL, NULL, NULL));
    SHOW(__recvfrom_chk(client, buf, 8, sizeof buf, MSG_WAITALL, NULL, NULL));
    printf("  %.8s\n", buf);
    SHOW(write(client, "plain", 5));
    SHOW(read(server, buf, sizeof buf));
    SHOW(recv(client, buf, sizeof buf, MSG_DONTWAIT));
    SHOW(send(client, nothing, 5, 0));
    SHOW(recv(client, nothing, 0, MSG_DONTWAIT));
    SHOW(send(client, "x", 1, MSG_OOB));
    SHOW(recv(server, buf, 1, MSG_OOB));
    SHOW(recv(server, buf, 1, MSG_ERRQUEUE));
}

static void options(int fd)
{
    int on = 1, value = 0;
    socklen_t len = sizeof value;
    SHOW(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on));
    SHOW(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &value, &len));
    printf("  %d\n", value != 0);
    SHOW(setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on));
    SHOW(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, nothing, sizeof on));
    SHOW(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, 1));
    SHOW(setsockopt(fd, 12345, 1, &on, sizeof on));
    SHOW(setsockopt(-1, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on));
}

/* A receive timeout ends with EAGAIN, nothing else. */
static void timeouts(int fd)
{
    struct timeval soon = {0, 20000}, never = {0, 0};
    SHOW(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof soon));
    SHOW(recv(fd, buf, 1, 0));
    SHOW(read(fd, buf, 1));
    SHOW(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &never, sizeof never));
}

static void over_tcp(void)
{
    struct sockaddr_in address, peer;
    socklen_t len = sizeof peer;
    int client, server, accepting = listener(&address);
    SHOW_SET(client, socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP));
    SHOW(connect(client, (struct sockaddr *)&address, sizeof address));
    SHOW_SET(server, accept(accepting, (struct sockaddr *)&peer, &len));
    printf("  family %d len %d\n", peer.sin_family, (int)len);
    conversation(client, server);
    options(client);
    timeouts(client);
    SHOW(connect(client, (struct sockaddr *)&address, sizeof address));
    SHOW(shutdown(client, SHUT_WR));
    SHOW(recv(server, buf, sizeof buf, 0));
    SHOW(send(client, "x", 1, MSG_NOSIGNAL));
    SHOW(write(client, "x", 1));
    SHOW(shutdown(server, 99));
    SHOW(close(client));
    SHOW(close(server));

    int *heap = malloc(sizeof address);
    memcpy(heap, &address, sizeof address);
    SHOW_SET(client, socket(AF_INET, SOCK_STREAM, 0));
    SHOW(__connect(client, (struct sockaddr *)(void *)heap, sizeof address));
    SHOW_SET(server, accept4(accepting, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC));
    SHOW(fcntl(server, F_GETFL) & O_NONBLOCK);
    SHOW(recv(server, buf, 1, 0));
    SHOW(close(client));
    SHOW(close(server));
    free(heap);

    SHOW_SET(client, socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
    SHOW(connect(client, (struct sockaddr *)&address, sizeof address) == 0 || errno == EINPROGRESS);
    struct pollfd ready = {.fd = client, .events = POLLOUT};
    SHOW(poll(&ready, 1, 1000));
    SHOW(connect(client, (struct sockaddr *)&address, sizeof address));
    SHOW(close(client));
    SHOW(fcntl(accepting, F_SETFL, O_NONBLOCK));
    SHOW_SET(server, accept(accepting, NULL, NULL));
    SHOW(close(server));
    SHOW(accept(accepting, NULL, NULL));
    SHOW(accept4(accepting, NULL, NULL, 0));
    SHOW(close(accepting));

    SHOW_SET(client, socket(AF_INET, SOCK_STREAM, 0));
    SHOW(connect(client, (struct sockaddr *)&address, sizeof address));
    SHOW(close(client));
}

static void over_unix(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "socket"};
    int client, server, accepting, fds[2];
    SHOW_SET(accepting, socket(AF_UNIX, SOCK_STREAM, 0));
    SHOW(bind(accepting, (struct sockaddr *)&address, sizeof address));
    SHOW(bind(accepting, (struct sockaddr *)&address, sizeof address));
    SHOW(listen(accepting, 1));
    SHOW_SET(client, socket(AF_UNIX, SOCK_STREAM, 0));
    SHOW(connect(client, (struct sockaddr *)&address, sizeof address));
    SHOW_SET(server, accept(accepting, NULL, NULL));
    SHOW(send(client, "local", 5, 0));
    SHOW(recv(server, buf, sizeof buf, 0));
    SHOW(close(server));
    SHOW(recv(client, buf, sizeof buf, 0));
    SHOW(send(client, "local", 5, MSG_NOSIGNAL));
    SHOW(close(client));
    SHOW(close(accepting));
    SHOW_SET(client, socket(AF_UNIX, SOCK_STREAM, 0));
    SHOW(connect(client, (struct sockaddr *)&address, sizeof address));
    SHOW(unlink("socket"));
    SHOW(connect(client, (struct sockaddr *)&address, sizeof address));
    SHOW(close(client));
    SHOW(socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
    printf("  %d %d\n", fds[0], fds[1]);
    SHOW(write(fds[0], "pair", 4));
    SHOW(read(fds[1], buf, sizeof buf));
    SHOW(close(fds[0]));
    SHOW(close(fds[1]));
    SHOW(socketpair(AF_INET, SOCK_STREAM, 0, fds));
    SHOW(socketpair(AF_UNIX, SOCK_STREAM, 0, nothing));
}

static void failing(void)
{
    struct sockaddr_in address = loopback();
    int fd, file = open("/dev/null", O_RDWR);
    socklen_t negative = (socklen_t)-1;
    SHOW(socket(12345, SOCK_STREAM, 0));
    SHOW(socket(AF_INET, SOCK_STREAM, IPPROTO_UDP));
    SHOW_SET(fd, socket(AF_INET, SOCK_STREAM, 0));
    SHOW(bind(fd, nothing, sizeof address));
    SHOW(bind(-1, (struct sockaddr *)&address, sizeof address));
    SHOW(bind(fd, (struct sockaddr *)&address, 1));
    SHOW(listen(-1, 1));
    SHOW(listen(file, 1));
    SHOW(connect(fd, nothing, sizeof address));
    SHOW(connect(fd, unmapped, sizeof address));
    SHOW(__connect(fd, unmapped, sizeof address));
    SHOW(connect(-1, unmapped, sizeof address));
    SHOW(connect(file, (struct sockaddr *)&address, sizeof address));
    SHOW(connect(fd, (struct sockaddr *)&address, 1));
    SHOW(connect(fd, (struct sockaddr *)&address, negative));
    SHOW(accept(fd, NULL, NULL));
    SHOW(accept(-1, NULL, NULL));
    SHOW(accept4(file, NULL, NULL, 0));
    SHOW(accept4(fd, NULL, NULL, 1));
    SHOW(shutdown(fd, SHUT_RDWR));
    SHOW(shutdown(-1, SHUT_RDWR));
    SHOW(send(fd, "x", 1, MSG_NOSIGNAL));
    SHOW(send(-1, "x", 1, 0));
    SHOW(__send(file, "x", 1, 0));
    SHOW(sendto(-1, "x", 1, 0, NULL, 0));
    SHOW(recv(fd, buf, 1, 0));
    SHOW(recv(-1, buf, 1, 0));
    SHOW(__recv_chk(file, buf, 1, 1, 0));
    SHOW(recvfrom(-1, buf, 1, 0, NULL, NULL));
    SHOW(__recvfrom_chk(-1, buf, 1, 1, 0, NULL, NULL));
    SHOW(close(fd));
    SHOW(close(file));
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    enter_directory();
    over_tcp();
    over_unix();
    failing();
    leave_directory();
    return 0;
}
