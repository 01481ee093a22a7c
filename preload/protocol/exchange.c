/* exchange.c: which protocol a connection speaks, and what the parsers' findings mean for its next user.
 *
 * Owns struct exchange and everything in it; the parsers of the three protocols change it while they are called from
 * here. Invariant: what is found does not depend on how the bytes of one direction were cut into pieces. Any
 * context; see exchange.h.
 */
#include "protocol/exchange.h"

#include <string.h>

#include "protocol/refuse.h"

_Static_assert(sizeof(struct exchange) <= 256, "one for every connection that is followed");

void exchange_begin(struct exchange *exchange)
{
    /* What belongs to a protocol begins when it is recognised. */
    memset(exchange, 0, offsetof(struct exchange, http1));
    exchange->repeatable = true;
}

/* The protocol of a connection that starts with these bytes. Decided by the shortest start that can decide it,
 * whatever follows. */
static enum exchange_protocol recognise(const char *bytes, size_t len)
{
    if (bytes[0] == '*')
        return EXCHANGE_RESP;
    if (((unsigned char)bytes[0] | 0x20) < 'a' || ((unsigned char)bytes[0] | 0x20) > 'z')
        return EXCHANGE_UNRECOGNISED; /* TLS, SSH's kin, memcached's binary protocol, … */
    size_t limit = sizeof(((struct exchange *)0)->first);
    size_t end = 1;
    while (end < len && end < limit && (unsigned char)bytes[end] > ' ')
        end++;
    if (end == limit)
        return EXCHANGE_UNRECOGNISED;
    if (end == len)
        return EXCHANGE_UNDECIDED;
    if (bytes[end] == ' ' && http1_method(bytes, end))
        return EXCHANGE_HTTP1;
    if ((bytes[end] == ' ' || bytes[end] == '\r') && memcached_word(bytes, end))
        return EXCHANGE_MEMCACHED;
    return EXCHANGE_UNRECOGNISED;
}

static void decide(struct exchange *exchange, enum exchange_protocol protocol)
{
    exchange->protocol = (uint8_t)protocol;
    switch (protocol) {
    case EXCHANGE_HTTP1:
        http1_begin(&exchange->http1);
        break;
    case EXCHANGE_RESP:
        resp_begin(&exchange->resp);
        break;
    case EXCHANGE_MEMCACHED:
        memcached_begin(&exchange->memcached);
        break;
    case EXCHANGE_UNRECOGNISED:
        refuse(exchange, EXCHANGE_REFUSED_PROTOCOL);
        break;
    case EXCHANGE_UNDECIDED:
        break;
    }
}

static void dispatch_sent(struct exchange *exchange, const char *buf, size_t len)
{
    switch ((enum exchange_protocol)exchange->protocol) {
    case EXCHANGE_HTTP1:
        http1_sent(exchange, buf, len);
        break;
    case EXCHANGE_RESP:
        resp_sent(exchange, buf, len);
        break;
    case EXCHANGE_MEMCACHED:
        memcached_sent(exchange, buf, len);
        break;
    case EXCHANGE_UNDECIDED:
    case EXCHANGE_UNRECOGNISED:
        break;
    }
}

/* The first bytes: in place if they are enough, else gathered in `first`. */
static void sent_first(struct exchange *exchange, const char *buf, size_t len)
{
    if (exchange->first_len == 0) {
        decide(exchange, recognise(buf, len));
        if (exchange->protocol != EXCHANGE_UNDECIDED) {
            dispatch_sent(exchange, buf, len);
            return;
        }
    }
    size_t take = sizeof(exchange->first) - exchange->first_len;
    take = take < len ? take : len;
    memcpy(exchange->first + exchange->first_len, buf, take);
    exchange->first_len += (uint8_t)take;
    decide(exchange, recognise(exchange->first, exchange->first_len));
    if (exchange->protocol != EXCHANGE_UNDECIDED) {
        dispatch_sent(exchange, exchange->first, exchange->first_len);
        if (may_go_on(exchange))
            dispatch_sent(exchange, buf + take, len - take);
    }
}

void exchange_sent(struct exchange *exchange, const void *buf, size_t len)
{
    if (len == 0 || !may_go_on(exchange))
        return;
    if (exchange->protocol == EXCHANGE_UNDECIDED)
        sent_first(exchange, buf, len);
    else
        dispatch_sent(exchange, buf, len);
}

void exchange_received(struct exchange *exchange, const void *buf, size_t len)
{
    if (len == 0)
        return;
    exchange->heard = true;
    if (exchange->refusal != EXCHANGE_FINE)
        return;
    switch ((enum exchange_protocol)exchange->protocol) {
    case EXCHANGE_HTTP1:
        http1_received(exchange, buf, len);
        break;
    case EXCHANGE_RESP:
        resp_received(exchange, buf, len);
        break;
    case EXCHANGE_MEMCACHED:
        memcached_received(exchange, buf, len);
        break;
    case EXCHANGE_UNDECIDED: /* the server spoke first */
    case EXCHANGE_UNRECOGNISED:
        decide(exchange, EXCHANGE_UNRECOGNISED);
        break;
    }
}

static bool request_whole(const struct exchange *exchange)
{
    switch ((enum exchange_protocol)exchange->protocol) {
    case EXCHANGE_HTTP1:
        return http1_request_whole(&exchange->http1);
    case EXCHANGE_RESP:
        return resp_request_whole(&exchange->resp);
    case EXCHANGE_MEMCACHED:
        return memcached_request_whole(&exchange->memcached);
    case EXCHANGE_UNDECIDED:
    case EXCHANGE_UNRECOGNISED:
        break;
    }
    return false;
}

static bool reply_whole(const struct exchange *exchange)
{
    switch ((enum exchange_protocol)exchange->protocol) {
    case EXCHANGE_HTTP1:
        return http1_response_whole(&exchange->http1);
    case EXCHANGE_RESP:
        return resp_reply_whole(&exchange->resp);
    case EXCHANGE_MEMCACHED:
        return memcached_reply_whole(&exchange->memcached);
    case EXCHANGE_UNDECIDED:
    case EXCHANGE_UNRECOGNISED:
        break;
    }
    return false;
}

bool exchange_parkable(const struct exchange *exchange)
{
    return exchange->refusal == EXCHANGE_FINE && exchange->sent > 0 &&
           exchange->answered == exchange->sent && request_whole(exchange) && reply_whole(exchange);
}

bool exchange_may_repeat(const struct exchange *exchange)
{
    return exchange_may_become_repeatable(exchange) && exchange->sent > 0 && request_whole(exchange);
}

bool exchange_may_become_repeatable(const struct exchange *exchange)
{
    return exchange->repeatable && !exchange->heard;
}
