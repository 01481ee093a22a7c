/* planted_peer.h: a peer on loopback for the planted victims: a thread that answers. It waits with
 * poll and blocking reads of accepted connections, so none of its time is a bottleneck of its own.
 */
#ifndef PLANTED_PEER_H
#define PLANTED_PEER_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct planted_peer {
    struct sockaddr_in address;
    int listener;
    int request_bytes; /* a request has this length; the answer is 16 bytes */
    int delay_ms;      /* before each answer */
};

static inline double planted_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static inline void planted_fail(const char *what)
{
    perror(what);
    exit(1);
}

static inline void planted_answer(const struct planted_peer *peer, int fd)
{
    char buf[4096];
    int have = 0;
    for (;;) {
        ssize_t got = read(fd, buf, sizeof(buf));
        if (got <= 0)
            break;
        for (have += (int)got; have >= peer->request_bytes; have -= peer->request_bytes) {
            if (peer->delay_ms > 0)
                poll(NULL, 0, peer->delay_ms);
            if (write(fd, "0123456789abcdef", 16) != 16)
                break;
        }
    }
    close(fd);
}

static void *planted_serve(void *argument)
{
    const struct planted_peer *peer = argument;
    for (;;) {
        int fd = accept(peer->listener, NULL, NULL);
        if (fd < 0)
            return NULL;
        planted_answer(peer, fd);
    }
}

/* Listens on a free port and serves one connection after the other, until the process ends. */
static inline void planted_peer_start(struct planted_peer *peer, int request_bytes, int delay_ms)
{
    pthread_t thread;
    socklen_t len = sizeof(peer->address);
    peer->request_bytes = request_bytes;
    peer->delay_ms = delay_ms;
    peer->listener = socket(AF_INET, SOCK_STREAM, 0);
    memset(&peer->address, 0, sizeof(peer->address));
    peer->address.sin_family = AF_INET;
    peer->address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (peer->listener < 0 || bind(peer->listener, (struct sockaddr *)&peer->address, len) != 0 ||
        listen(peer->listener, 64) != 0 ||
        getsockname(peer->listener, (struct sockaddr *)&peer->address, &len) != 0)
        planted_fail("listen");
    if (pthread_create(&thread, NULL, planted_serve, peer) != 0)
        planted_fail("pthread_create");
}

static inline int planted_connect(const struct planted_peer *peer)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&peer->address, sizeof(peer->address)) != 0)
        planted_fail("connect");
    return fd;
}

static inline void planted_read(int fd, int bytes)
{
    char buf[4096];
    while (bytes > 0) {
        ssize_t got = read(fd, buf, (size_t)bytes);
        if (got <= 0)
            planted_fail("read");
        bytes -= (int)got;
    }
}

static inline void planted_write(int fd, const void *bytes, size_t len)
{
    if (write(fd, bytes, len) != (ssize_t)len)
        planted_fail("write");
}

#endif
