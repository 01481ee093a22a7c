/* liar.c: a server of HTTP/1.1, RESP and memcached on one port that lies in every way a server can.
 *
 *   liar SEED [unasked]       prints its port; ends at the end of its standard input, and prints what it saw:
 *                             requests=N unrepeatable=N repeated=N connections=N reused=N unasked=N
 *
 * An honest answer carries the id of its request. How it lies about a request is decided by seed and id (liar.h). What
 * a program sees without libstrong depends on that alone: a lie that depends on time happens only after an answer was
 * sent whole, when a program that closes has gone. `repeated` counts requests that must not be, and were, carried out
 * twice. With `unasked` it also sends well-formed answers to nobody's question, some of them late: no client that
 * keeps connections can tell those from the truth.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "liar.h"

enum protocol { HTTP, RESP, MEMCACHED };

enum lie {
    TRUTH, ONE_BYTE, IN_TWO, LATE,                                  /* KIND_HONEST: up to here */
    CONTINUE, HINTS, CHUNKED, TOLD_LIMIT, OLD_KEEP, REFUSAL,        /* true, in unusual words */
    NOTHING, RESET, HALF, STALLED_HALF, TOO_LONG, TOO_SHORT, CHUNK_GARBAGE, GARBAGE, WRONG_TYPE, TOLD_CLOSE, OLD_CLOSE,
    LIES
};

struct request {
    enum protocol protocol;
    uint32_t id;
    bool unrepeatable;
};

static uint32_t seed;
static bool unasked;
static _Atomic unsigned long requests, unrepeatable, repeated, connections, reused, unasked_sent;
static _Atomic unsigned char carried_out[1 << 24];

static void pause_us(unsigned us)
{
    struct timespec time = {us / 1000000, us % 1000000 * 1000};
    nanosleep(&time, NULL);
}

static void say(int fd, const char *buf, size_t len)
{
    while (len > 0) {
        ssize_t sent = send(fd, buf, len, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        buf += sent;
        len -= (size_t)sent;
    }
}

static void reset(int fd)
{
    struct linger linger = {1, 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
}

/* ---- requests ---- */

/* A whole request at the start of buf: its length; 0: not yet. */
static size_t parse(const char *buf, size_t len, struct request *ret)
{
    const char *end = memmem(buf, len, buf[0] == '*' ? "\r\nk" : "\r\n", buf[0] == '*' ? 3 : 2);
    if (!len || !end)
        return 0;
    if (buf[0] == '*') {
        const char *rest = memmem(end + 3, (size_t)(buf + len - end) - 3, "\r\n", 2);
        *ret = (struct request){RESP, (uint32_t)strtoul(end + 3, NULL, 10), memmem(buf, len, "INCR", 4) != NULL};
        return rest ? (size_t)(rest + 2 - buf) : 0;
    }
    if (buf[0] == 'g' || buf[0] == 'i') {
        const char *key = memchr(buf, 'k', len);
        *ret = (struct request){MEMCACHED, key ? (uint32_t)strtoul(key + 1, NULL, 10) : 0, buf[0] == 'i'};
        return (size_t)(end + 2 - buf);
    }
    const char *body = memmem(buf, len, "\r\n\r\n", 4), *path = memchr(buf, '/', len);
    if (!body || !path)
        return 0;
    const char *length = memmem(buf, len, "Content-Length: ", 16);
    size_t whole = (size_t)(body + 4 - buf) + (length ? strtoul(length + 16, NULL, 10) : 0);
    *ret = (struct request){HTTP, (uint32_t)strtoul(path + 1, NULL, 10), buf[0] == 'P'};
    return whole <= len ? whole : 0;
}

/* ---- answers ---- */

static int payload(char *buf, uint32_t id)
{
    int len = sprintf(buf, "id=%u ", id), more = (int)(liar_hash(seed, id, ASK_LENGTH) % 400);
    memset(buf + len, 'a' + (int)(id % 26), (size_t)more);
    return len + more;
}

static int answer_http(char *ret, const struct request *request, enum lie lie)
{
    char body[512];
    int len = payload(body, request->id), told = len + (lie == TOO_LONG ? 7 : lie == TOO_SHORT ? -3 : 0), at = 0;
    if (lie == CONTINUE || lie == HINTS)
        at = sprintf(ret, lie == HINTS ? "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" : "HTTP/1.1 100 Continue\r\n\r\n");
    at += sprintf(ret + at, "HTTP/1.%d %s\r\nServer: liar\r\n", lie != OLD_CLOSE && lie != OLD_KEEP,
                  lie == REFUSAL ? "500 No" : "200 OK");
    if (lie == TOLD_CLOSE || lie == OLD_KEEP)
        at += sprintf(ret + at, "Connection: %s\r\n", lie == TOLD_CLOSE ? "close" : "keep-alive");
    if (lie == TOLD_LIMIT)
        at += sprintf(ret + at, "Keep-Alive: timeout=1, max=100\r\n");
    if (lie == WRONG_TYPE)
        at += sprintf(ret + at, "Content-Length: seven\r\n");
    if (lie == CHUNKED || lie == CHUNK_GARBAGE)
        return at + sprintf(ret + at, "Transfer-Encoding: chunked\r\n\r\n%x\r\n%.*s\r\n%s\r\n\r\n", len, len, body,
                            lie == CHUNKED ? "0" : "z?");
    return at + sprintf(ret + at, "Content-Length: %d\r\n\r\n%.*s", told, len, body);
}

static int answer_resp(char *ret, const struct request *request, enum lie lie)
{
    char body[512];
    int len = payload(body, request->id), told = len + (lie == TOO_LONG ? 7 : lie == TOO_SHORT ? -3 : 0);
    if (lie == REFUSAL)
        return sprintf(ret, "-ERR id=%u no\r\n", request->id);
    if (lie == CHUNK_GARBAGE)
        return sprintf(ret, "$x\r\nid=%u\r\n", request->id);
    if (request->unrepeatable != (lie == WRONG_TYPE))
        return sprintf(ret, ":%u\r\n", request->id);
    return sprintf(ret, "$%d\r\n%.*s\r\n", told, len, body);
}

static int answer_memcached(char *ret, const struct request *request, enum lie lie)
{
    char body[512];
    int len = payload(body, request->id), told = len + (lie == TOO_LONG ? 7 : lie == TOO_SHORT ? -3 : 0);
    if (lie == REFUSAL || lie == CHUNK_GARBAGE)
        return sprintf(ret, "%s id=%u no\r\n", lie == REFUSAL ? "CLIENT_ERROR" : "SERVER_ERROR", request->id);
    if (lie == WRONG_TYPE)
        return sprintf(ret, "STORED\r\n");
    if (request->unrepeatable)
        return sprintf(ret, "%u\r\n", request->id);
    return sprintf(ret, "VALUE k%u 0 %d\r\n%.*s\r\nEND\r\n", request->id, told, len, body);
}

static int answer_of(char *ret, const struct request *request, enum lie lie)
{
    if (lie == GARBAGE)
        return sprintf(ret, "\x01\x02?! %u\r\n", request->id);
    return request->protocol == HTTP   ? answer_http(ret, request, lie)
           : request->protocol == RESP ? answer_resp(ret, request, lie)
                                       : answer_memcached(ret, request, lie);
}

/* ---- lies ---- */

static enum lie lie_about(uint32_t id)
{
    enum liar_kind kind = liar_kind(seed, id);
    uint32_t which = liar_hash(seed, id, ASK_WHICH);
    if (liar_hash(seed, id, ASK_LIE) % 8)
        return TRUTH;
    return (enum lie)(which % (kind == KIND_HONEST || kind == KIND_LEAVES ? LATE + 1 : LIES));
}

/* False: the connection ends here. */
static bool answer(int fd, const struct request *request)
{
    char buf[2048];
    uint32_t id = request->id;
    enum lie lie = lie_about(id);
    int len = answer_of(buf, request, lie);
    if (lie == NOTHING || lie == RESET) {
        if (lie == RESET)
            reset(fd);
        return false;
    }
    if (lie == LATE)
        pause_us(1000 + liar_hash(seed, id, ASK_DELAY) % (id % 4 ? 3000 : 19000));
    int first = lie == HALF || lie == STALLED_HALF || lie == IN_TWO ? len / 2 : lie == ONE_BYTE ? 0 : len;
    for (int i = 0; lie == ONE_BYTE && i < len; i++)
        say(fd, buf + i, 1);
    say(fd, buf, (size_t)first);
    if (lie == IN_TWO) {
        pause_us(500);
        say(fd, buf + first, (size_t)(len - first));
    }
    if (lie == STALLED_HALF)
        pause_us(30000);
    return lie < NOTHING;
}

/* Between two exchanges. False: the connection ends here. */
static bool afterwards(int fd, uint32_t id, enum protocol protocol)
{
    static const char extra[] = "\x03 bytes nobody asked for\r\n";
    char buf[2048];
    enum liar_after after = liar_after(seed, id);
    unsigned soon_us = liar_hash(seed, id, ASK_DELAY) % 300, late_us = liar_hash(seed, id, ASK_DELAY) % 1500;
    if (unasked && liar_hash(seed, id, ASK_AFTER) % 2) {
        struct request nobody = {protocol, 99999999, false};
        int len = answer_of(buf, &nobody, TRUTH);
        pause_us(late_us);
        say(fd, buf, (size_t)len);
        unasked_sent++;
        return true;
    }
    if (after == CLOSE_SOON || after == RESET_SOON)
        pause_us(soon_us);
    if (after == EXTRA_SOON)
        pause_us(late_us);
    if (after == RESET_NOW || after == RESET_SOON)
        reset(fd);
    if (after == EXTRA_NOW || after == EXTRA_SOON)
        say(fd, extra, sizeof extra - 1);
    if (after == HALF_CLOSE)
        shutdown(fd, SHUT_WR);
    return after != CLOSE_NOW && after != RESET_NOW && after != CLOSE_SOON && after != RESET_SOON;
}

static bool note(const struct request *request, unsigned nth)
{
    requests++;
    reused += nth == 1;
    if (!request->unrepeatable)
        return true;
    unrepeatable++;
    repeated += carried_out[request->id % sizeof carried_out]++ > 0;
    return true;
}

static void *serve(void *argument)
{
    int fd = (int)(intptr_t)argument, one = 1;
    char buf[8192];
    size_t have = 0;
    uint32_t last = 0;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    for (unsigned nth = 0;; nth++) {
        struct request request;
        size_t whole;
        while (!(whole = parse(buf, have, &request))) {
            ssize_t got = have < sizeof buf ? recv(fd, buf + have, sizeof buf - have, 0) : 0;
            if (got <= 0)
                goto done;
            have += (size_t)got;
            if (nth > 0 && (liar_after(seed, last) == CLOSE_ON_NEXT || liar_after(seed, last) == RESET_ON_NEXT)) {
                if (liar_after(seed, last) == RESET_ON_NEXT)
                    reset(fd);
                goto done;
            }
        }
        note(&request, nth);
        memmove(buf, buf + whole, have -= whole);
        last = request.id;
        if (!answer(fd, &request) || !afterwards(fd, request.id, request.protocol))
            break;
    }
done:
    close(fd);
    return NULL;
}

static void *accept_all(void *argument)
{
    int listener = (int)(intptr_t)argument;
    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 128 * 1024);
    pthread_attr_setdetachstate(&small, PTHREAD_CREATE_DETACHED);
    for (;;) {
        pthread_t thread;
        int fd = accept(listener, NULL, NULL);
        if (fd < 0)
            continue;
        connections++;
        while (pthread_create(&thread, &small, serve, (void *)(intptr_t)fd) != 0)
            pause_us(1000);
    }
    return NULL;
}

int main(int count, char **arguments)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    pthread_t thread;
    char byte;
    seed = count > 1 ? (uint32_t)strtoul(arguments[1], NULL, 10) : 1;
    unasked = count > 2;
    if (bind(listener, (struct sockaddr *)&address, len) < 0 || listen(listener, 1024) < 0 ||
        getsockname(listener, (struct sockaddr *)&address, &len) < 0)
        return 1;
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    pthread_create(&thread, NULL, accept_all, (void *)(intptr_t)listener);
    while (read(0, &byte, 1) > 0)
        ;
    printf("requests=%lu unrepeatable=%lu repeated=%lu connections=%lu reused=%lu unasked=%lu\n", requests, unrepeatable,
           repeated, connections, reused, unasked_sent);
    fflush(stdout);
    _exit(0);
}
