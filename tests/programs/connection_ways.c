/* connection_ways.c: the ways to connect, wait, set options and end that a kept connection must not be told by.
 * Argument: the case. Every call with its result and errno; see hook_show.h.
 */
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/time.h>

#include "connection_peer.h"
#include "hook_show.h"

static void blocking(void)
{
    for (int i = 0; i < 6; i++) {
        int fd;
        SHOW_SET(fd, open_socket(0));
        SHOW(connect_to_peer(fd));
        SHOW(connect_to_peer(fd));
        SHOW(send_key(fd, "one"));
        printf("%s\n", receive_key(fd));
        SHOW(send_key(fd, "two"));
        printf("%s\n", receive_key(fd));
        SHOW(close(fd));
        SHOW(close(fd));
    }
}

static void timed(void)
{
    struct timeval time = {3, 0};
    for (int i = 0; i < 6; i++) {
        int fd = open_socket(0);
        SHOW(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time));
        SHOW(connect_to_peer(fd));
        SHOW(send_key(fd, "one"));
        printf("%s\n", receive_key(fd));
        SHOW(close(fd));
    }
}

static void finish(int fd)
{
    int error = -1;
    socklen_t len = sizeof error;
    SHOW(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len));
    printf("error %d\n", error);
    SHOW(connect_to_peer(fd)); /* the outcome, once; then EISCONN */
    SHOW(connect_to_peer(fd));
    SHOW(send_key(fd, "key"));
}

static void by_poll(void)
{
    for (int i = 0; i < 6; i++) {
        int fd = open_socket(SOCK_NONBLOCK);
        struct pollfd one = {fd, POLLOUT, 0};
        SHOW(connect_to_peer(fd));
        SHOW(poll(&one, 1, 2000));
        printf("events %x\n", one.revents);
        finish(fd);
        one.events = POLLIN;
        SHOW(poll(&one, 1, 2000));
        printf("events %x %s\n", one.revents, receive_key(fd));
        SHOW(close(fd));
    }
}

static void by_select(void)
{
    for (int i = 0; i < 6; i++) {
        int fd = open_socket(SOCK_NONBLOCK);
        fd_set set;
        struct timeval time = {2, 0};
        FD_ZERO(&set);
        FD_SET(fd, &set);
        SHOW(connect_to_peer(fd));
        SHOW(select(fd + 1, NULL, &set, NULL, &time));
        finish(fd);
        SHOW(select(fd + 1, &set, NULL, NULL, &time));
        printf("%s\n", receive_key(fd));
        SHOW(close(fd));
    }
}

static void wait_for(int set, uint32_t wanted)
{
    struct epoll_event event;
    do /* a socket that is not connected yet hangs up */
        event.events = 0;
    while (epoll_wait(set, &event, 1, 2000) > 0 && !((event.events & wanted) && !(event.events & EPOLLHUP)));
    printf("data %llu %s\n", (unsigned long long)event.data.u64, event.events & wanted ? "ready" : "not ready");
}

static void by_epoll(uint32_t edge, bool before)
{
    int set = epoll_create1(EPOLL_CLOEXEC);
    for (unsigned i = 0; i < 6; i++) {
        int fd = open_socket(SOCK_NONBLOCK);
        struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | edge, .data.u64 = 100 + i};
        if (before)
            SHOW(epoll_ctl(set, EPOLL_CTL_ADD, fd, &event));
        SHOW(connect_to_peer(fd));
        if (!before)
            SHOW(epoll_ctl(set, EPOLL_CTL_ADD, fd, &event));
        SHOW(epoll_ctl(set, EPOLL_CTL_ADD, fd, &event));
        wait_for(set, EPOLLOUT);
        finish(fd);
        event.events = EPOLLIN | edge;
        SHOW(epoll_ctl(set, EPOLL_CTL_MOD, fd, &event));
        wait_for(set, EPOLLIN);
        printf("%s\n", receive_key(fd));
        SHOW(close(fd));
        SHOW(epoll_wait(set, &event, 1, 0));
        SHOW(epoll_ctl(set, EPOLL_CTL_DEL, fd, &event));
    }
    SHOW(close(set));
}

static void shut_down(void)
{
    for (int i = 0; i < 6; i++) {
        int fd = open_socket(0);
        SHOW(connect_to_peer(fd));
        SHOW(send_key(fd, "key"));
        printf("%s\n", receive_key(fd));
        SHOW(shutdown(fd, i % 2 ? SHUT_RDWR : SHUT_WR));
        SHOW(close(fd));
    }
}

static void shut_down_and_close(void)
{
    for (int i = 0; i < 6; i++) {
        int fd = open_socket(0);
        connect_to_peer(fd);
        send_key(fd, "key");
        const char *key = receive_key(fd);
        int down = shutdown(fd, i % 2 ? SHUT_RDWR : SHUT_WR), closed = close(fd);
        printf("%s %d %d\n", key, down, closed);
    }
}

/* A copy is made before anything else is called: the server sees the end of the stream, and the copy its. */
static void shut_down_and_copy(void)
{
    for (int i = 0; i < 6; i++) {
        int fd = open_socket(0);
        connect_to_peer(fd);
        send_key(fd, "key");
        printf("%s\n", receive_key(fd));
        int down = shutdown(fd, i % 2 ? SHUT_RDWR : SHUT_WR);
        int copy = i % 3 ? fcntl(fd, F_DUPFD_CLOEXEC, 0) : dup(fd), closed = close(fd);
        char byte;
        printf("%d %d, then %zd\n", down, closed, recv(copy, &byte, 1, 0));
        SHOW(close(copy));
    }
}

/* The second one is at once, and what the first one asked for must not be lost over it. */
static void shut_down_by_halves(void)
{
    for (int i = 0; i < 6; i++) {
        struct tcp_info info = {0};
        socklen_t len = sizeof info;
        int fd = open_socket(0);
        connect_to_peer(fd);
        send_key(fd, "key");
        printf("%s\n", receive_key(fd));
        int writing = shutdown(fd, SHUT_WR);
        shutdown(fd, SHUT_RD); /* ENOTCONN where the server is quick */
        getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len);
        printf("%d, %s\n", writing, info.tcpi_state == TCP_ESTABLISHED ? "still established" : "ending");
        SHOW(close(fd));
    }
}

static void show_options(int fd)
{
    static const int options[][2] = {
        {IPPROTO_TCP, TCP_NODELAY},   {SOL_SOCKET, SO_KEEPALIVE}, {SOL_SOCKET, SO_RCVTIMEO},
        {SOL_SOCKET, SO_SNDTIMEO},    {IPPROTO_TCP, TCP_KEEPIDLE}, {IPPROTO_TCP, TCP_KEEPINTVL},
        {IPPROTO_TCP, TCP_KEEPCNT},   {IPPROTO_TCP, TCP_USER_TIMEOUT}, {IPPROTO_TCP, TCP_CORK},
        {SOL_SOCKET, SO_RCVLOWAT},    {SOL_SOCKET, SO_LINGER},    {SOL_SOCKET, SO_REUSEADDR},
        {SOL_SOCKET, SO_PRIORITY},    {IPPROTO_IP, IP_TOS},       {IPPROTO_IP, IP_TTL},
        {SOL_SOCKET, SO_ERROR},       {SOL_SOCKET, SO_OOBINLINE}, {IPPROTO_TCP, TCP_SYNCNT},
        {IPPROTO_TCP, TCP_DEFER_ACCEPT}, {IPPROTO_TCP, TCP_LINGER2}, {SOL_SOCKET, SO_TIMESTAMP}};
    for (unsigned i = 0; i < sizeof options / sizeof *options; i++) {
        unsigned char value[16] = {0};
        socklen_t len = sizeof value;
        int ret = getsockopt(fd, options[i][0], options[i][1], value, &len);
        printf("option %d %d: %d:", options[i][0], options[i][1], ret);
        for (socklen_t at = 0; at < len; at++)
            printf(" %02x", value[at]);
        printf("\n");
    }
    printf("flags %x %x\n", fcntl(fd, F_GETFL), fcntl(fd, F_GETFD));
}

static void set(int fd, int level, int name, int value)
{
    if (setsockopt(fd, level, name, &value, sizeof value) < 0)
        printf("option %d refused\n", name);
}

/* Each connection's own options, set before and after, are gone from the next. */
static void options(void)
{
    struct timeval time = {2, 500000};
    for (int i = 0; i < 12; i++) {
        int fd = open_socket(i % 3 ? SOCK_NONBLOCK : 0);
        if (i < 6)
            set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
        connect_to_peer(fd);
        struct pollfd one = {fd, POLLOUT, 0};
        poll(&one, 1, 2000);
        show_options(fd);
        set(fd, IPPROTO_TCP, TCP_NODELAY, i / 2 % 2);
        set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
        set(fd, IPPROTO_TCP, TCP_KEEPIDLE, 100 + i);
        set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 1000 + i);
        if (i % 4 == 0) {
            setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
            fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) ^ O_NONBLOCK);
            fcntl(fd, F_SETFD, 0);
        }
        send_key(fd, "key");
        printf("%s\n", receive_key(fd));
        show_options(fd);
        close(fd);
    }
}

static void option_sets(void)
{
    for (int i = 0; i < 8; i++) {
        int fd = open_socket(0);
        set(fd, SOL_SOCKET, SO_RCVBUF, 8192 * (1 + i));
        int value;
        socklen_t len = sizeof value;
        connect_to_peer(fd);
        getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &value, &len);
        send_key(fd, "key");
        printf("%d %s\n", value, receive_key(fd));
        close(fd);
    }
}

static void streams(void)
{
    for (int i = 0; i < 6; i++) {
        int fd = open_socket(0);
        char line[100];
        connect_to_peer(fd);
        FILE *stream = fdopen(fd, "r+");
        fprintf(stream, "*2\r\n$3\r\nGET\r\n$1\r\n%d\r\n", i);
        fflush(stream);
        printf("%s", fgets(line, sizeof line, stream));
        printf("%s", fgets(line, sizeof line, stream));
        SHOW(fclose(stream));
    }
}

/* Bytes that go another way than the first. */
static void other_calls(void)
{
    for (int i = 0; i < 8; i++) {
        int fd = open_socket(0);
        static char request[] = "*2\r\n$3\r\nGET\r\n$1\r\nx\r\n";
        struct iovec part = {request, sizeof request - 1};
        struct mmsghdr message = {.msg_hdr = {.msg_iov = &part, .msg_iovlen = 1}};
        SHOW(connect_to_peer(fd));
        if (i % 4 == 1)
            SHOW(sendto(fd, request, sizeof request - 1, 0, (struct sockaddr *)&peer_address, peer_len));
        else if (i % 4 == 3)
            SHOW(sendmmsg(fd, &message, 1, 0));
        else
            SHOW(send_key(fd, "x"));
        printf("%s\n", receive_key(fd));
        SHOW(close(fd));
    }
}

/* A socket that did not get through to one server, or left it, connects to another. */
static void elsewhere(void)
{
    struct sockaddr_in nobody = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000009), .sin_port = htons(1)};
    struct sockaddr none = {.sa_family = AF_UNSPEC};
    struct sockaddr_in first = *(struct sockaddr_in *)&peer_address;
    int old_control = peer_control;
    for (int i = 0; i < 3; i++) {
        int fd = open_socket(SOCK_NONBLOCK);
        struct pollfd one = {fd, POLLOUT, 0};
        SHOW(connect(fd, (struct sockaddr *)&nobody, sizeof nobody));
        SHOW(poll(&one, 1, 2000));
        SHOW(connect_to_peer(fd));
        SHOW(poll(&one, 1, 2000));
        send_key(fd, "key");
        printf("%s\n", receive_key(fd));
        SHOW(close(fd));
        fd = open_socket(0);
        SHOW(connect(fd, (struct sockaddr *)&nobody, sizeof nobody));
        SHOW(close(fd));
    }
    for (int i = 0; i < 3; i++) { /* two servers, one socket */
        struct sockaddr_in other = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000008)};
        if (i == 0) {
            peer_start_at((struct sockaddr *)&other, sizeof other);
            unlink("none");
        }
        int fd = open_socket(0);
        SHOW(connect(fd, (struct sockaddr *)&first, sizeof first));
        SHOW(connect(fd, &none, sizeof none));
        SHOW(connect_to_peer(fd));
        send_key(fd, "key");
        printf("%s\n", receive_key(fd));
        struct sockaddr_in peer;
        socklen_t len = sizeof peer;
        getpeername(fd, (struct sockaddr *)&peer, &len);
        printf("peer %08x\n", ntohl(peer.sin_addr.s_addr));
        SHOW(close(fd));
        fd = open_socket(0);
        SHOW(connect(fd, (struct sockaddr *)&first, sizeof first));
        getpeername(fd, (struct sockaddr *)&peer, &len);
        printf("peer %08x\n", ntohl(peer.sin_addr.s_addr));
        SHOW(close(fd));
    }
    close(old_control);
}

int main(int count, char **arguments)
{
    const char *name = count > 1 ? arguments[1] : "";
    signal(SIGPIPE, SIG_IGN);
    peer_start();
    static const struct {
        const char *name;
        void (*run)(void);
    } cases[] = {{"blocking", blocking}, {"timed", timed}, {"poll", by_poll}, {"select", by_select},
                 {"shutdown", shut_down},
                 {"shutdown_close", shut_down_and_close}, {"shutdown_copy", shut_down_and_copy},
                 {"shutdown_halves", shut_down_by_halves},
                 {"options", options}, {"option_sets", option_sets}, {"streams", streams},
                 {"other_calls", other_calls}, {"elsewhere", elsewhere}};
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++)
        if (strcmp(name, cases[i].name) == 0)
            cases[i].run();
    if (strncmp(name, "epoll", 5) == 0)
        by_epoll(strstr(name, "edge") ? EPOLLET : 0, strstr(name, "before") != NULL);
    return 0;
}
