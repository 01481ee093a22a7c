/* network_stall: a request in two small writes, the answer in one or two: Nagle against delayed acknowledgements.
 *
 *   network_stall serve split|whole      prints "port N", answers one connection after the other, ends after 60 s
 *   network_stall client PORT COUNT      prints the median and mean time of a request in µs
 *
 * Request and answer are 64 bytes each, as a head and a body of 32.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"

enum { PART = 32, WHOLE = 2 * PART };

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static bool read_whole(int fd)
{
    char buf[WHOLE];
    for (size_t have = 0; have < WHOLE;) {
        ssize_t got = read(fd, buf + have, WHOLE - have);
        if (got <= 0)
            return false;
        have += (size_t)got;
    }
    return true;
}

static void write_parts(int fd, int parts)
{
    static const char bytes[WHOLE];
    for (int i = 0; i < parts; i++)
        if (write(fd, bytes, (size_t)(WHOLE / parts)) != WHOLE / parts)
            fail("write");
}

static _Noreturn void serve(bool split)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (listener < 0 || bind(listener, (const struct sockaddr *)&address, len) != 0 || listen(listener, 64) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &len) != 0)
        fail("listen");
    printf("port %d\n", ntohs(address.sin_port));
    fflush(stdout);
    alarm(60);
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        if (fd < 0)
            fail("accept");
        while (read_whole(fd))
            write_parts(fd, split ? 2 : 1);
        close(fd);
    }
}

static int compare(const void *a, const void *b)
{
    double first = *(const double *)a, second = *(const double *)b;
    return (first > second) - (first < second);
}

static int client(int port, int count)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((in_port_t)port)};
    double *taken = calloc((size_t)count, sizeof *taken), sum = 0;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (!taken || fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof address) != 0)
        fail("connect");
    for (int i = 0; i < count; i++) {
        double begin = bench_now_ns();
        write_parts(fd, 2);
        if (!read_whole(fd))
            fail("read");
        sum += taken[i] = bench_now_ns() - begin;
    }
    qsort(taken, (size_t)count, sizeof *taken, compare);
    printf("median %.3f\nmean %.3f\n", taken[count / 2] / 1000, sum / count / 1000);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "serve") == 0)
        serve(strcmp(argv[2], "split") == 0);
    if (argc == 4 && strcmp(argv[1], "client") == 0 && atoi(argv[2]) > 0 && atoi(argv[3]) > 0)
        return client(atoi(argv[2]), atoi(argv[3]));
    fprintf(stderr, "usage: network_stall serve split|whole, or: network_stall client PORT COUNT\n");
    return 2;
}
