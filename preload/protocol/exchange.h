/* exchange.h: what passed over one client connection, as the wire protocol sees it.
 *
 * Fed with exactly the bytes the program sent and received, in the order it did and in any split, it
 * answers one question: is the connection between two exchanges, with nothing outstanding and nothing
 * remembered by the server that the next user of it would notice? It only watches: no byte is changed,
 * nothing is allocated, no system call is made, and nothing of a payload is kept beyond the few bytes of
 * a line or a name that a decision needs.
 *
 * The protocol is told from the first bytes sent (HTTP/1.x, RESP as arrays of bulk strings, memcached text and
 * meta); anything else, TLS included, is refused for good. Once refused (`refusal` is set) the rest is ignored,
 * at the cost of one test a call; but requests are still followed as long as they may be repeated and nothing
 * was heard, so that one that asks to close, or one that makes state (AUTH), can be repeated when a reused connection
 * turns out to be dead. A struct exchange has one user at a time: the caller sees to that. No function fails; any
 * context, signal handlers included.
 */
#ifndef STRONG_PROTOCOL_EXCHANGE_H
#define STRONG_PROTOCOL_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/http1.h"
#include "protocol/memcached.h"
#include "protocol/resp.h"

enum exchange_protocol {
    EXCHANGE_UNDECIDED, /* not enough bytes sent yet */
    EXCHANGE_HTTP1,
    EXCHANGE_RESP,
    EXCHANGE_MEMCACHED,
    EXCHANGE_UNRECOGNISED,
};

/* Why a connection must not be handed on. Each has its counter: connections_refused_… in abi/counters.def. */
enum exchange_refusal {
    EXCHANGE_FINE,
    EXCHANGE_REFUSED_PROTOCOL, /* not a protocol that is recognised; TLS */
    EXCHANGE_REFUSED_STATE,    /* the server may remember something: SELECT, AUTH, MULTI, an upgrade, NTLM … */
    EXCHANGE_REFUSED_CLOSE,    /* one of the two said, or the protocol says, that the connection ends here */
    EXCHANGE_REFUSED_MISMATCH, /* bytes that do not fit: garbage, an answer without a question, a length broken */
};

struct exchange {
    uint8_t protocol;      /* enum exchange_protocol */
    uint8_t refusal;       /* enum exchange_refusal; never goes back to EXCHANGE_FINE */
    bool repeatable;       /* every request since exchange_begin is safe to send twice: same effect, same answer */
    bool heard;            /* a byte was received since exchange_begin */
    uint8_t first_len;     /* bytes in `first` */
    char first[11];        /* the first bytes sent, until the protocol is decided */
    uint32_t idle_s;       /* the server's own limit on idling (Keep-Alive: timeout=), 0: none given */
    uint32_t sent;         /* whole requests sent */
    uint32_t answered;     /* of which completely answered */
    union {
        struct http1 http1;
        struct resp resp;
        struct memcached memcached;
    };
};

/* A new life of a connection: also when a parked one is handed on. */
void exchange_begin(struct exchange *exchange);

void exchange_sent(struct exchange *exchange, const void *buf, size_t len);
void exchange_received(struct exchange *exchange, const void *buf, size_t len);

/* True between two exchanges: at least one was made, every request sent is whole and completely answered, and
 * nothing stands against handing the connection on. */
bool exchange_parkable(const struct exchange *exchange);

/* True when all that was sent so far is whole requests, safe to send again on another connection, and no byte of an
 * answer has come: the one case in which a failed reuse may be repeated. Can be true of a connection that is refused
 * for STATE or CLOSE: what was asked of it is asked of the new one. */
bool exchange_may_repeat(const struct exchange *exchange);

/* True when what was sent so far can still become requests that may be repeated. False from the moment a
 * request is known that may not (POST, INCR, …) and from the first byte received. Undecided counts as true. */
bool exchange_may_become_repeatable(const struct exchange *exchange);

#endif
