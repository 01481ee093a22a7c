/* refuse.h: how the parsers of this folder say no, and when they may stop reading.
 *
 * A refusal is for good, and the first one stays. After one that leaves the requests readable (the connection ends,
 * the server remembers something) requests are still followed until the first byte of an answer, because one that
 * found a dead connection may have to be repeated on another; see exchange_may_repeat. For protocol/ alone.
 */
#ifndef STRONG_PROTOCOL_REFUSE_H
#define STRONG_PROTOCOL_REFUSE_H

#include "protocol/exchange.h"

/* Whether the bytes still matter. Asked after every change of what it looks at, so that reading ends at the same byte
 * however the bytes were cut. */
static inline bool may_go_on(const struct exchange *exchange)
{
    return exchange->refusal == EXCHANGE_FINE || (exchange->repeatable && !exchange->heard);
}

/* Both return may_go_on. */
static inline bool refuse(struct exchange *exchange, enum exchange_refusal reason)
{
    if (exchange->refusal == EXCHANGE_FINE)
        exchange->refusal = (uint8_t)reason;
    if (reason == EXCHANGE_REFUSED_PROTOCOL || reason == EXCHANGE_REFUSED_MISMATCH)
        exchange->repeatable = false;
    return may_go_on(exchange);
}

static inline bool not_repeatable(struct exchange *exchange)
{
    exchange->repeatable = false;
    return may_go_on(exchange);
}

#endif
