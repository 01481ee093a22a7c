/* exchange_bench.c: what following one request and its answer on a persistent connection costs.
 *
 * Output: "<exchange> ns", one line each; both directions together. The bytes are what nginx, redis and memcached
 * say to small requests, and a large answer whose body is to be skipped without a look.
 */
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "protocol/exchange.h"

static struct exchange exchange;

static void run(const char *name, const char *request, const char *answer, size_t answer_len)
{
    size_t request_len = strlen(request);
    exchange_begin(&exchange);
    BENCH(name, 20, 100000, {
        exchange_sent(&exchange, request, request_len);
        exchange_received(&exchange, answer, answer_len);
    });
    if (!exchange_parkable(&exchange)) {
        fprintf(stderr, "exchange_bench: %s was not understood\n", name);
        exit(1);
    }
}

static void run_text(const char *name, const char *request, const char *answer)
{
    run(name, request, answer, strlen(answer));
}

/* An answer with a body of `len` bytes behind `head`, `tail` after it. */
static void run_large(const char *name, const char *request, const char *head, size_t len, const char *tail)
{
    size_t head_len = strlen(head), tail_len = strlen(tail);
    char *answer = malloc(head_len + len + tail_len);
    if (answer == NULL)
        exit(1);
    memcpy(answer, head, head_len);
    memset(answer + head_len, 'x', len);
    memcpy(answer + head_len + len, tail, tail_len);
    run(name, request, answer, head_len + len + tail_len);
    free(answer);
}

int main(void)
{
    static const char get[] = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";
    run_text("http-100-bytes", get, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nServer: nginx\r\n\r\nok");
    run_text("http-curl-nginx",
             "GET /index.html HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n\r\n",
             "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Mon, 02 Jan 2023 10:00:00 GMT\r\n"
             "Content-Type: text/plain\r\nContent-Length: 5\r\nLast-Modified: Mon, 02 Jan 2023 09:00:00 GMT\r\n"
             "Connection: keep-alive\r\nETag: \"63b2a0d0-5\"\r\nAccept-Ranges: bytes\r\n\r\nhello");
    run_large("http-64-KiB", get, "HTTP/1.1 200 OK\r\nContent-Length: 65536\r\n\r\n", 65536, "");
    run_text("http-chunked", get,
             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
    run_text("resp-get", "*2\r\n$3\r\nGET\r\n$13\r\nuser:12345:na\r\n", "$32\r\n0123456789abcdef0123456789abcdef\r\n");
    run_text("resp-set", "*3\r\n$3\r\nSET\r\n$13\r\nuser:12345:na\r\n$16\r\n0123456789abcdef\r\n", "+OK\r\n");
    run_text("resp-incr", "*2\r\n$4\r\nINCR\r\n$7\r\ncounter\r\n", ":1234\r\n");
    run_large("resp-64-KiB", "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n", "$65536\r\n", 65536, "\r\n");
    run_text("memcached-get", "get user:12345:name\r\n",
             "VALUE user:12345:name 0 32\r\n0123456789abcdef0123456789abcdef\r\nEND\r\n");
    run_text("memcached-set", "set user:12345:name 0 0 16\r\n0123456789abcdef\r\n", "STORED\r\n");
    run_text("memcached-mg", "mg user:12345:name v\r\n", "VA 32\r\n0123456789abcdef0123456789abcdef\r\n");
    return 0;
}
