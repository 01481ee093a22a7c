/* http1.h: HTTP/1.0 and 1.1 (RFC 9110, RFC 9112), both sides of one client connection.
 *
 * Requests may be pipelined, up to HTTP1_PENDING unanswered. Strict where a lenient reader could lose its place:
 * lines end with CRLF, no folded or nameless fields, no control bytes, one Content-Length or a final "chunked",
 * never both. Part of exchange.h: only exchange.c calls these, and its rules hold. An HTTP/1 connection carries
 * state once it is upgraded, tunnelled (CONNECT), or authenticated as a connection (NTLM, Negotiate).
 */
#ifndef STRONG_PROTOCOL_HTTP1_H
#define STRONG_PROTOCOL_HTTP1_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct exchange;

enum { HTTP1_PENDING = 8, HTTP1_WORD = 20, HTTP1_HEAD_MAX = 65536 };

/* What is known of one direction's message so far. */
struct http1_side {
    uint64_t body_left;    /* bytes left of the body or chunk; while in the head, the Content-Length */
    uint32_t head_len;     /* bytes of this head, or of this chunk's or trailer's lines, so far */
    uint16_t flags;        /* HTTP1_… of http1_head.h */
    uint16_t status;       /* responses: the status code */
    uint8_t state;         /* enum http1_state */
    uint8_t field;         /* enum http1_field: whose value this is */
    uint8_t word_len;      /* bytes in `word`; HTTP1_WORD + 1: too long to matter */
    bool element;          /* in a value: a word since the last comma */
    char word[HTTP1_WORD]; /* the start of a word that the end of a piece cut */
};

struct http1 {
    struct http1_side request;
    struct http1_side response;
    uint16_t pending[HTTP1_PENDING]; /* flags of requests not answered yet, by number % HTTP1_PENDING */
};

void http1_begin(struct http1 *http1);
void http1_sent(struct exchange *exchange, const char *buf, size_t len);
void http1_received(struct exchange *exchange, const char *buf, size_t len);

/* No message is half sent / half received. */
bool http1_request_whole(const struct http1 *http1);
bool http1_response_whole(const struct http1 *http1);

/* Whether a word that ends in a space is a request method that is followed here. */
bool http1_method(const char *word, size_t len);

#endif
