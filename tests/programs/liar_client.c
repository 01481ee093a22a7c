/* liar_client.c: asks the lying server (liar.c), a connection a request, and prints what it saw of each answer.
 *
 *   liar_client http|resp|memcached PORT SEED FIRST RUNS
 *
 * Each run asks another address of 127/8. Blocking, timed and non-blocking connects, requests in pieces, shutdown before
 * close: by seed. A line a request: id, how it ended, and a hash of the bytes of the answer; what lies beyond
 * its end is not looked at. FOREIGN: an answer to another request. HANG: 10 seconds.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "liar.h"

enum { HANG_MS = 10000 };
static uint32_t seed;
static int port;
static const char *protocol;

/* ---- answers: how much of buf one is; 0: not whole yet; -1: no answer; *ret_at_end: only the end can tell ---- */

static long whole_http(const char *buf, size_t len)
{
    size_t at = 0;
    for (;;) {
        if (len - at >= 5 && memcmp(buf + at, "HTTP/", 5) != 0)
            return -1;
        const char *end = memmem(buf + at, len - at, "\r\n\r\n", 4);
        if (!end)
            return (len - at > 0 && buf[at] != 'H') ? -1 : 0;
        size_t head = (size_t)(end + 4 - buf) - at;
        int status = atoi(buf + at + 9);
        if (status >= 200) {
            const char *length = memmem(buf + at, head, "Content-Length: ", 16);
            const char *body = end + 4;
            size_t have = len - (size_t)(body - buf);
            if (length) {
                char *rest;
                size_t told = strtoul(length + 16, &rest, 10);
                if (*rest != '\r')
                    return -1;
                return have >= told ? (long)((size_t)(body - buf) + told) : 0;
            }
            for (;;) { /* chunked */
                const char *line = memmem(body, (size_t)(buf + len - body), "\r\n", 2);
                if (!line)
                    return 0;
                char *rest;
                size_t size = strtoul(body, &rest, 16);
                if (rest != line)
                    return -1;
                if ((size_t)(buf + len - line) < 2 + size + 2)
                    return 0;
                body = line + 2 + size + 2;
                if (size == 0)
                    return body - buf;
            }
        }
        at += head;
    }
}

static long whole_resp(const char *buf, size_t len)
{
    const char *line = memmem(buf, len, "\r\n", 2);
    if (len > 0 && !strchr("+-:$", buf[0]))
        return -1;
    if (!line)
        return 0;
    if (buf[0] != '$')
        return line + 2 - buf;
    char *rest;
    size_t told = strtoul(buf + 1, &rest, 10), whole = (size_t)(line - buf) + 2 + told + 2;
    if (rest != line)
        return -1;
    if (len >= whole)
        return memcmp(buf + whole - 2, "\r\n", 2) == 0 ? (long)whole : -1;
    return 0;
}

static long whole_memcached(const char *buf, size_t len)
{
    const char *line = memmem(buf, len, "\r\n", 2);
    if (len > 0 && (buf[0] < '0' || buf[0] > 'Z'))
        return -1;
    if (!line)
        return 0;
    unsigned key;
    size_t told;
    if (sscanf(buf, "VALUE k%u 0 %zu", &key, &told) != 2)
        return line + 2 - buf;
    size_t whole = (size_t)(line - buf) + 2 + told + 7;
    if (len < whole)
        return 0;
    return memcmp(buf + whole - 7, "\r\nEND\r\n", 7) == 0 ? (long)whole : -1;
}

static long whole_answer(const char *buf, size_t len)
{
    return protocol[0] == 'h' ? whole_http(buf, len) : protocol[0] == 'r' ? whole_resp(buf, len) : whole_memcached(buf, len);
}

/* ---- requests ---- */

static int request_of(char *buf, uint32_t id)
{
    bool unrepeatable = liar_unrepeatable(seed, id);
    char key[32];
    int len = sprintf(key, "k%u", id);
    if (protocol[0] == 'h')
        return unrepeatable ? sprintf(buf, "POST /%u HTTP/1.1\r\nHost: liar\r\nContent-Length: 5\r\n\r\nhello", id)
                            : sprintf(buf, "GET /%u HTTP/1.1\r\nHost: liar\r\nAccept: */*\r\n\r\n", id);
    if (protocol[0] == 'r')
        return sprintf(buf, "*2\r\n$%d\r\n%s\r\n$%d\r\n%s\r\n", unrepeatable ? 4 : 3, unrepeatable ? "INCR" : "GET", len, key);
    return unrepeatable ? sprintf(buf, "incr %s 1\r\n", key) : sprintf(buf, "get %s\r\n", key);
}

/* ---- one exchange ---- */

/* Whether a run sets TCP_NODELAY: before it connects, afterwards, or not at all, its requests being in one piece. */
enum option { OPTION_BEFORE, OPTION_AFTER, OPTION_NONE, OPTIONS };
static enum option option_of(uint32_t id)
{
    return (enum option)(liar_hash(seed, id / RUN_REQUESTS, ASK_OPTION) % OPTIONS);
}
static void set_option(int fd, uint32_t id, enum option when)
{
    int one = 1;
    if (option_of(id) == when)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

enum way { BLOCKING, TIMED, BY_POLL, BY_SELECT, BY_EPOLL, BY_EDGE, WAYS };

struct client {
    enum way way;
    int fd, set;
};

/* Readiness for reading or writing; false: HANG_MS passed. */
static bool ready(struct client *client, bool write)
{
    if (client->way == BY_EPOLL || client->way == BY_EDGE) {
        struct epoll_event event = {.events = (write ? EPOLLOUT : EPOLLIN) | (client->way == BY_EDGE ? EPOLLET : 0)};
        if (epoll_ctl(client->set, EPOLL_CTL_MOD, client->fd, &event) < 0)
            epoll_ctl(client->set, EPOLL_CTL_ADD, client->fd, &event);
        return epoll_wait(client->set, &event, 1, HANG_MS) > 0;
    }
    if (client->way == BY_SELECT) {
        fd_set set;
        struct timeval time = {HANG_MS / 1000, 0};
        FD_ZERO(&set);
        FD_SET(client->fd, &set);
        return select(client->fd + 1, write ? NULL : &set, write ? &set : NULL, NULL, &time) > 0;
    }
    struct pollfd one = {client->fd, write ? POLLOUT : POLLIN, 0};
    return poll(&one, 1, HANG_MS) > 0;
}

static bool start(struct client *client, uint32_t id)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    uint32_t run = id / RUN_REQUESTS;
    struct timeval time = {HANG_MS / 1000, 0};
    int error = 0;
    socklen_t len = sizeof error;
    to.sin_addr.s_addr = htonl(0x7f000001u + ((run / 250 % 250 + 1) << 8) + run % 250);
    client->way = (enum way)(liar_hash(seed, id, ASK_CONNECT) % WAYS);
    client->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | (client->way >= BY_POLL ? SOCK_NONBLOCK : 0), 0);
    set_option(client->fd, id, OPTION_BEFORE);
    if (client->way == BLOCKING || client->way == TIMED) {
        setsockopt(client->fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
        if (client->way == TIMED)
            setsockopt(client->fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time);
        return connect(client->fd, (struct sockaddr *)&to, sizeof to) == 0;
    }
    int ret = connect(client->fd, (struct sockaddr *)&to, sizeof to);
    if (ret < 0 && errno != EINPROGRESS)
        return false;
    return ready(client, true) && getsockopt(client->fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 && error == 0;
}

static const char *ask(struct client *client, uint32_t id)
{
    char buf[256];
    int len = request_of(buf, id), sent = 0;
    int pieces = option_of(id) == OPTION_NONE ? 1 : 1 + (int)(liar_hash(seed, id, ASK_SPLIT) % 3);
    set_option(client->fd, id, OPTION_AFTER);
    while (sent < len) {
        int some = pieces-- > 1 ? 1 + (len - sent) / 2 : len - sent;
        ssize_t ret = send(client->fd, buf + sent, (size_t)some, MSG_NOSIGNAL);
        if (ret < 0 && errno == EAGAIN && ready(client, true))
            continue;
        if (ret < 0)
            return errno == EPIPE || errno == ECONNRESET ? "reset" : "senderror";
        sent += (int)ret;
    }
    return NULL;
}

static const char *hear(struct client *client, char *buf, size_t size, size_t *ret_len)
{
    size_t len = 0, most = 1 + liar_hash(seed, (uint32_t)client->fd, ASK_SPLIT) % size;
    for (;;) {
        long whole = whole_answer(buf, len);
        if (whole != 0) {
            *ret_len = whole > 0 ? (size_t)whole : 0;
            return whole > 0 ? "whole" : "nonsense";
        }
        *ret_len = len;
        if (client->way >= BY_POLL && !ready(client, false))
            return "HANG";
        ssize_t got = recv(client->fd, buf + len, size - len < most ? size - len : most, 0);
        if (got > 0)
            len += (size_t)got;
        else if (got == 0)
            return "end";
        else if (errno == ECONNRESET || errno == EPIPE)
            return "reset";
        else if (errno == EAGAIN && client->way >= BY_POLL)
            continue;
        else
            return errno == EAGAIN ? "HANG" : strerror(errno);
    }
}

static void exchange(int set, uint32_t id)
{
    struct client client = {.set = set};
    static char buf[16384];
    char own[32];
    size_t len = 0;
    const char *how = start(&client, id) ? ask(&client, id) : "unconnected";
    if (!how)
        how = hear(&client, buf, sizeof buf - 1, &len);
    buf[len] = '\0';
    uint32_t hash = 0;
    for (size_t i = 0; i < len; i++)
        hash = hash * 31 + (unsigned char)buf[i];
    const char *id_at = strstr(buf, "id=");
    sprintf(own, "id=%u", id);
    bool foreign = id_at && len && strncmp(id_at, own, strlen(own)) != 0 && strlen(id_at) > strlen(own);
    printf("%u %s %s %zu %08x\n", id, foreign ? "FOREIGN" : "own", how, len, hash);
    if (liar_hash(seed, id, ASK_END) % 4 == 0)
        shutdown(client.fd, SHUT_RDWR);
    close(client.fd);
}

int main(int count, char **arguments)
{
    if (count < 6)
        return 2;
    protocol = arguments[1];
    port = atoi(arguments[2]);
    seed = (uint32_t)strtoul(arguments[3], NULL, 10);
    uint32_t first = (uint32_t)strtoul(arguments[4], NULL, 10), runs = (uint32_t)strtoul(arguments[5], NULL, 10);
    int set = epoll_create1(EPOLL_CLOEXEC);
    signal(SIGPIPE, SIG_IGN);
    for (uint32_t id = first * RUN_REQUESTS; id < (first + runs) * RUN_REQUESTS; id++) {
        exchange(set, id);
        uint32_t gap = liar_hash(seed, id, ASK_GAP);
        if (gap % 3 == 0)
            usleep(gap / 3 % 500);
    }
    return 0;
}
