/* http1_head.h: start lines and fields of a message, as far as they say how it ends and what comes after it.
 *
 * For http1.c alone. Both functions read from p to at most `end` and return where they stopped, or NULL when
 * nothing of what follows matters any more (see refuse.h).
 */
#ifndef STRONG_PROTOCOL_HTTP1_HEAD_H
#define STRONG_PROTOCOL_HTTP1_HEAD_H

#include "protocol/http1.h"

enum http1_state {
    HTTP1_START, /* between two messages */

    /* the head, and a chunked body's trailer: read by http1_head_read */
    HTTP1_METHOD,
    HTTP1_TARGET,
    HTTP1_VERSION,
    HTTP1_STATUS,
    HTTP1_REASON,
    HTTP1_LINE_END, /* the LF of a line that another follows */
    HTTP1_FIELD,    /* the first byte of a line */
    HTTP1_NAME,
    HTTP1_VALUE,    /* one that matters */
    HTTP1_SKIP,     /* one that does not */
    HTTP1_HEAD_END, /* the LF of the empty line */
    HTTP1_HEAD_WHOLE,

    /* the body: read by http1_body_read */
    HTTP1_LENGTH,
    HTTP1_CHUNK_SIZE,
    HTTP1_CHUNK_EXTENSION,
    HTTP1_CHUNK_LINE_END,
    HTTP1_CHUNK_DATA,
    HTTP1_CHUNK_CR,
    HTTP1_CHUNK_LF,
    HTTP1_WHOLE,
};

/* Facts of a message. */
enum {
    HTTP1_OLD = 1 << 0,        /* HTTP/1.0 */
    HTTP1_KEEP_ALIVE = 1 << 1, /* Connection: keep-alive */
    HTTP1_HAS_LENGTH = 1 << 2, /* Content-Length, in body_left */
    HTTP1_CODED = 1 << 3,      /* Transfer-Encoding */
    HTTP1_CHUNKED = 1 << 4,    /* … of which the last is chunked */
    HTTP1_EXPECT = 1 << 5,     /* requests: 100-continue, which has not come yet */
    HTTP1_HEAD = 1 << 6,       /* requests: the answer has no body */
    HTTP1_EARLY = 1 << 7,      /* responses: began before the request was wholly sent */
    HTTP1_TRAILER = 1 << 8,    /* the fields being read are a chunked body's trailer */
    HTTP1_REQUEST = 1 << 9,    /* the direction */
};

enum http1_field {
    HTTP1_OTHER,
    HTTP1_CONNECTION,
    HTTP1_PROXY_CONNECTION,
    HTTP1_CONTENT_LENGTH,
    HTTP1_TRANSFER_ENCODING,
    HTTP1_EXPECTATION,
    HTTP1_KEEPING,
    HTTP1_CHALLENGE,   /* WWW-Authenticate, Proxy-Authenticate: any word may be a scheme */
    HTTP1_CREDENTIALS, /* Authorization, Proxy-Authorization: the first word is */
    HTTP1_MAKES_STATE, /* its presence is enough */
};

/* Up to the end of the head or trailer (state HTTP1_HEAD_WHOLE). */
const char *http1_head_read(struct exchange *exchange, struct http1_side *side, const char *p,
                            const char *end);

/* Up to the end of the body (HTTP1_WHOLE) or the start of its trailer (HTTP1_FIELD). */
const char *http1_body_read(struct exchange *exchange, struct http1_side *side, const char *p,
                            const char *end);

/* Field names that matter, and what a word in their values means; false: stop reading. */
enum http1_field http1_field_of(const char *name, size_t len, bool request);
bool http1_field_word(struct exchange *exchange, struct http1_side *side, const char *word, size_t len);
/* The start line's words. */
bool http1_start_word(struct exchange *exchange, struct http1_side *side, const char *word, size_t len);

#endif
