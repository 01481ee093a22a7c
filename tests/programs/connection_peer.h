/* connection_peer.h: for the connection_* victims: a Redis-like server in a process of its own, made before anything else,
 * and the exchanges they have with it. Nothing printed depends on time, process ids or ports.
 *
 * The server answers GET key with the key. A control pipe tells it to stop, restart at its address, or count: how many
 * connections are open, and how many milliseconds ago the last one ended.
 */
#ifndef CONNECTION_PEER_H
#define CONNECTION_PEER_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PEER_MOST = 256 };
struct peer_report {
    int open, ended_ms_ago;
};
static int peer_control = -1;
static struct sockaddr_storage peer_address;
static socklen_t peer_len;

static long long now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000ll + now.tv_nsec / 1000000;
}

static int peer_listen(const struct sockaddr *address, socklen_t len)
{
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, address, len) < 0 || listen(fd, 128) < 0)
        abort();
    return fd;
}

/* One request a read: the clients here write small ones. `mark` comes before each answer's key. */
static bool peer_answer(int fd, const char *mark)
{
    char buf[512], out[600];
    ssize_t got = recv(fd, buf, sizeof buf - 1, 0);
    if (got <= 0)
        return false;
    buf[got] = '\0';
    char *key = buf;
    for (int i = 0; i < 4 && key; i++)
        key = (key = strstr(key, "\r\n")) ? key + 2 : NULL;
    char *end = key ? strstr(key, "\r\n") : NULL;
    if (!end)
        return true; /* a piece: not of interest here */
    *end = '\0';
    int len = snprintf(out, sizeof out, "$%zu\r\n%s%s\r\n", strlen(mark) + strlen(key), mark, key);
    return send(fd, out, (size_t)len, MSG_NOSIGNAL) == len;
}

static void peer_serve(int listener, int control)
{
    struct pollfd fds[PEER_MOST] = {{listener, POLLIN, 0}, {control, POLLIN, 0}};
    int count = 2;
    long long ended_ms = 0;
    const char *mark = "";
    for (;;) {
        poll(fds, (nfds_t)count, -1);
        for (int i = count - 1; i >= 2; i--)
            if (fds[i].revents && !peer_answer(fds[i].fd, mark)) {
                close(fds[i].fd);
                fds[i] = fds[--count];
                ended_ms = now_ms();
            }
        if (fds[0].revents && count < PEER_MOST)
            fds[count++] = (struct pollfd){accept4(fds[0].fd, NULL, NULL, SOCK_CLOEXEC), POLLIN, 0};
        char order;
        if (!fds[1].revents)
            continue;
        if (read(control, &order, 1) != 1)
            _exit(0);
        if (order == 'r') { /* restart: every connection ends, the address is the same */
            while (count > 2)
                close(fds[--count].fd);
            close(fds[0].fd);
            fds[0].fd = peer_listen((struct sockaddr *)&peer_address, peer_len);
        } else if (order == 'n') { /* a new one takes the path; the old one goes on with whom it has */
            unlink(((struct sockaddr_un *)&peer_address)->sun_path);
            close(fds[0].fd);
            fds[0].fd = peer_listen((struct sockaddr *)&peer_address, peer_len);
            mark = "new ";
        }
        struct peer_report report = {count - 2, ended_ms ? (int)(now_ms() - ended_ms) : -1};
        if (write(control, &report, sizeof report) != sizeof report)
            _exit(1);
    }
}

static void peer_start_at(const struct sockaddr *address, socklen_t len)
{
    int ends[2], listener = peer_listen(address, len);
    peer_len = sizeof peer_address;
    getsockname(listener, (struct sockaddr *)&peer_address, &peer_len);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
        abort();
    fflush(stdout);
    if (fork() == 0) {
        signal(SIGPIPE, SIG_IGN);
        close(ends[0]);
        peer_serve(listener, ends[1]);
    }
    close(ends[1]);
    close(listener);
    peer_control = ends[0];
}
static __attribute__((unused)) void peer_start(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    peer_start_at((struct sockaddr *)&address, sizeof address);
}
static __attribute__((unused)) struct peer_report peer_order(char order)
{
    struct peer_report report;
    if (write(peer_control, &order, 1) != 1 || read(peer_control, &report, sizeof report) != sizeof report)
        abort();
    return report;
}

/* ---- the client's side ---- */

static int open_socket(int flags)
{
    return socket(peer_address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
}
static int connect_to_peer(int fd)
{
    return connect(fd, (struct sockaddr *)&peer_address, peer_len);
}
static ssize_t send_key(int fd, const char *key)
{
    char buf[300];
    int len = snprintf(buf, sizeof buf, "*2\r\n$3\r\nGET\r\n$%zu\r\n%s\r\n", strlen(key), key);
    return send(fd, buf, (size_t)len, MSG_NOSIGNAL);
}
enum { ANSWER_MOST = 400 };
/* The whole answer's key, in buf of ANSWER_MOST bytes; "" if there is none. */
static const char *receive_into(int fd, char *buf)
{
    size_t len = 0;
    for (;;) {
        buf[len] = '\0';
        char *line = strstr(buf, "\r\n");
        if (line && len >= (size_t)(line - buf) + 2 + strtoul(buf + 1, NULL, 10) + 2) {
            buf[len - 2] = '\0';
            return line + 2;
        }
        struct pollfd one = {fd, POLLIN, 0};
        ssize_t got = recv(fd, buf + len, ANSWER_MOST - 1 - len, 0);
        if (got < 0 && errno == EAGAIN && poll(&one, 1, 5000) > 0)
            continue;
        if (got <= 0)
            return "";
        len += (size_t)got;
    }
}
static __attribute__((unused)) const char *receive_key(int fd)
{
    static _Thread_local char buf[ANSWER_MOST];
    return receive_into(fd, buf);
}
/* Connects, asks for key, closes: whether the answer was that key's. */
static __attribute__((unused)) bool exchange(const char *key)
{
    char buf[ANSWER_MOST];
    int fd = open_socket(0);
    bool right = connect_to_peer(fd) == 0 && send_key(fd, key) > 0 && strcmp(receive_into(fd, buf), key) == 0;
    return close(fd) == 0 && right;
}
/* So that one is kept, if anything is. */
static __attribute__((unused)) void warm_up(void)
{
    for (int i = 0; i < 3; i++)
        if (!exchange("warm"))
            printf("warming up failed\n");
}

#endif
