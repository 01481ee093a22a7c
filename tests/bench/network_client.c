/* network_client PROTOCOL MODE PORT COUNT: requests to a server on loopback, the median time of one in µs.
 *
 * PROTOCOL  http (GET /), resp (GET key) or memcached (get key): one request, the whole answer read
 * MODE      connect: a connection for each request, made and closed inside the measured time
 *           keep: one connection for all of them
 * Prints "median µs" and "mean µs" of COUNT requests after a tenth of them to warm up. Blocking, the way
 * a small client library is written: socket, TCP_NODELAY, connect, send, recv until the answer is whole.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"

static const struct protocol {
    const char *name, *request, *end;
} protocols[] = {
    {"http", "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n", NULL},
    {"resp", "*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n", "\r\nvalue\r\n"},
    {"memcached", "get key\r\n", "END\r\n"},
};

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static int open_connection(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((in_port_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0 ||
        connect(fd, (const struct sockaddr *)&address, sizeof address) != 0)
        fail("connect");
    return fd;
}

/* The whole answer has arrived. */
static bool is_whole(const struct protocol *protocol, char *buf, size_t have)
{
    buf[have] = '\0';
    if (protocol->end) {
        size_t len = strlen(protocol->end);
        return have >= len && memcmp(buf + have - len, protocol->end, len) == 0;
    }
    const char *body = strstr(buf, "\r\n\r\n"), *length = strcasestr(buf, "content-length:");
    return body && length && have >= (size_t)(body + 4 - buf) + (size_t)atol(length + 15);
}

static void exchange(const struct protocol *protocol, int fd)
{
    char buf[16384];
    size_t have = 0, len = strlen(protocol->request);
    if (send(fd, protocol->request, len, 0) != (ssize_t)len)
        fail("send");
    do {
        ssize_t got = recv(fd, buf + have, sizeof buf - 1 - have, 0);
        if (got <= 0)
            fail("recv");
        have += (size_t)got;
    } while (!is_whole(protocol, buf, have));
}

static int compare(const void *a, const void *b)
{
    double first = *(const double *)a, second = *(const double *)b;
    return (first > second) - (first < second);
}

int main(int argc, char **argv)
{
    const struct protocol *protocol = NULL;
    for (size_t i = 0; argc == 5 && i < sizeof protocols / sizeof *protocols; i++)
        if (strcmp(argv[1], protocols[i].name) == 0)
            protocol = &protocols[i];
    bool keep = protocol && strcmp(argv[2], "keep") == 0;
    int port = protocol ? atoi(argv[3]) : 0, count = protocol ? atoi(argv[4]) : 0;
    if (port <= 0 || count <= 0 || (!keep && strcmp(argv[2], "connect") != 0)) {
        fprintf(stderr, "usage: network_client http|resp|memcached connect|keep PORT COUNT\n");
        return 2;
    }
    double *taken = calloc((size_t)count, sizeof *taken), sum = 0;
    int fd = keep ? open_connection(port) : -1;
    for (int i = -count / 10; i < count; i++) {
        double begin = bench_now_ns();
        if (!keep)
            fd = open_connection(port);
        exchange(protocol, fd);
        if (!keep)
            close(fd);
        if (i >= 0)
            sum += taken[i] = bench_now_ns() - begin;
    }
    qsort(taken, (size_t)count, sizeof *taken, compare);
    printf("median %.3f\nmean %.3f\n", taken[count / 2] / 1000, sum / count / 1000);
    return 0;
}
