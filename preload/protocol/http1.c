/* http1.c: where messages begin and end, which response answers which request, and whether the connection lasts.
 *
 * RFC 9112 §6.3 (how long a body is) and §9.3 (persistence), read strictly: see http1.h. Invariant: the flags of
 * requests sent but not answered are in `pending`. Any context.
 */
#include "protocol/http1.h"

#include <string.h>

#include "protocol/http1_head.h"
#include "protocol/refuse.h"

void http1_begin(struct http1 *http1)
{
    memset(http1, 0, sizeof(*http1));
}

bool http1_request_whole(const struct http1 *http1)
{
    return http1->request.state == HTTP1_START;
}

bool http1_response_whole(const struct http1 *http1)
{
    return http1->response.state == HTTP1_START;
}

static void start(struct http1_side *side, enum http1_state state, unsigned flags)
{
    side->body_left = 0;
    side->head_len = 0;
    side->flags = (uint16_t)flags;
    side->word_len = 0;
    side->element = false;
    side->state = (uint8_t)state;
}

/* The first byte of a response. It must answer a request that is wholly sent: else the server may be about to close,
 * or read the rest of the request as another. The exception is the 100 that a request waits for. */
static bool response_starts(struct exchange *exchange)
{
    const struct http1_side *request = &exchange->http1.request;
    unsigned flags = 0;
    if (exchange->answered == exchange->sent) {
        if (request->state < HTTP1_LENGTH || !(request->flags & HTTP1_EXPECT))
            return refuse(exchange, EXCHANGE_REFUSED_MISMATCH);
        flags = HTTP1_EARLY;
    }
    start(&exchange->http1.response, HTTP1_VERSION, flags);
    return true;
}

/* A body's framing, once the head is whole. */
static void body_starts(struct http1_side *side)
{
    side->state = HTTP1_WHOLE;
    if (side->flags & HTTP1_CHUNKED) {
        side->state = HTTP1_CHUNK_SIZE;
        side->head_len = 0;
        side->element = false;
    } else if (side->body_left > 0) {
        side->state = HTTP1_LENGTH;
    }
}

static bool framing_is_clear(const struct http1_side *side)
{
    return !(side->flags & HTTP1_CODED) || !(side->flags & (HTTP1_HAS_LENGTH | HTTP1_OLD));
}

static bool request_head_whole(struct exchange *exchange, struct http1_side *side)
{
    if (!framing_is_clear(side) || (side->flags & (HTTP1_CODED | HTTP1_CHUNKED)) == HTTP1_CODED)
        return refuse(exchange, EXCHANGE_REFUSED_MISMATCH);
    body_starts(side);
    if ((side->flags & HTTP1_OLD) && !(side->flags & HTTP1_KEEP_ALIVE))
        return refuse(exchange, EXCHANGE_REFUSED_CLOSE);
    return true;
}

/* 1xx: the response proper is still to come. */
static bool interim_whole(struct exchange *exchange, struct http1_side *side)
{
    struct http1 *http1 = &exchange->http1;
    if (side->status == 101)
        return refuse(exchange, EXCHANGE_REFUSED_STATE);
    if (side->flags & (HTTP1_HAS_LENGTH | HTTP1_CODED | HTTP1_OLD))
        return refuse(exchange, EXCHANGE_REFUSED_MISMATCH);
    if (side->status == 100) {
        if (exchange->answered != exchange->sent)
            http1->pending[exchange->answered % HTTP1_PENDING] &= (uint16_t)~HTTP1_EXPECT;
        else
            http1->request.flags &= (uint16_t)~HTTP1_EXPECT;
    }
    side->state = HTTP1_START;
    return true;
}

static bool response_head_whole(struct exchange *exchange, struct http1_side *side)
{
    if (!framing_is_clear(side))
        return refuse(exchange, EXCHANGE_REFUSED_MISMATCH);
    if (side->status < 200)
        return interim_whole(exchange, side);
    unsigned request = exchange->http1.pending[exchange->answered % HTTP1_PENDING];
    /* A final answer instead of the 100 that was asked for: whether the server reads the request's body is open. */
    if ((side->flags & HTTP1_EARLY) || (request & HTTP1_EXPECT))
        return refuse(exchange, EXCHANGE_REFUSED_MISMATCH);
    if (((request | side->flags) & HTTP1_OLD) && !(side->flags & HTTP1_KEEP_ALIVE))
        return refuse(exchange, EXCHANGE_REFUSED_CLOSE);
    if (side->status == 204 && ((side->flags & HTTP1_CODED) || side->body_left > 0))
        return refuse(exchange, EXCHANGE_REFUSED_MISMATCH);
    if ((request & HTTP1_HEAD) || side->status == 204 || side->status == 304) {
        side->state = HTTP1_WHOLE;
        return true;
    }
    if (!(side->flags & (HTTP1_CHUNKED | HTTP1_HAS_LENGTH)))
        return refuse(exchange, EXCHANGE_REFUSED_CLOSE); /* the body ends with the connection */
    body_starts(side);
    return true;
}

static bool head_whole(struct exchange *exchange, struct http1_side *side)
{
    if (side->flags & HTTP1_TRAILER) {
        side->state = HTTP1_WHOLE;
        return true;
    }
    if (side == &exchange->http1.request)
        return request_head_whole(exchange, side);
    return response_head_whole(exchange, side);
}

static bool message_whole(struct exchange *exchange, struct http1_side *side)
{
    side->state = HTTP1_START;
    if (side == &exchange->http1.response) {
        exchange->answered++;
        return true;
    }
    if (exchange->sent - exchange->answered >= HTTP1_PENDING)
        return refuse(exchange, EXCHANGE_REFUSED_MISMATCH);
    exchange->http1.pending[exchange->sent % HTTP1_PENDING] = side->flags;
    exchange->sent++;
    return true;
}

static bool message_starts(struct exchange *exchange, struct http1_side *side)
{
    if (side == &exchange->http1.response)
        return response_starts(exchange);
    start(side, HTTP1_METHOD, HTTP1_REQUEST);
    return true;
}

/* One direction's bytes: each turn of the loop is a head, a body, or what this piece has of it. */
static void follow(struct exchange *exchange, struct http1_side *side, const char *p, const char *end)
{
    while (p < end) {
        if (side->state == HTTP1_START && !message_starts(exchange, side))
            return;
        if (side->state < HTTP1_HEAD_WHOLE)
            p = http1_head_read(exchange, side, p, end);
        else
            p = http1_body_read(exchange, side, p, end);
        if (p == NULL)
            return;
        if (side->state == HTTP1_HEAD_WHOLE && !head_whole(exchange, side))
            return;
        if (side->state == HTTP1_WHOLE && !message_whole(exchange, side))
            return;
    }
}

void http1_sent(struct exchange *exchange, const char *buf, size_t len)
{
    follow(exchange, &exchange->http1.request, buf, buf + len);
}

void http1_received(struct exchange *exchange, const char *buf, size_t len)
{
    follow(exchange, &exchange->http1.response, buf, buf + len);
}
