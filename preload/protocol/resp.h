/* resp.h: RESP2 and RESP3, the protocol of Redis, both sides of one client connection.
 *
 * Requests are arrays of bulk strings; commands not in resp_commands.def count as making state. Replies are
 * matched in order by their number alone. Part of exchange.h: only exchange.c calls these.
 */
#ifndef STRONG_PROTOCOL_RESP_H
#define STRONG_PROTOCOL_RESP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct exchange;

enum { RESP_NAME = 16, RESP_DEPTH = 8 };

struct resp {
    /* request */
    uint64_t bulk_left;  /* bytes left of an argument, or its length so far */
    uint32_t arguments;  /* of the command being sent */
    uint32_t argument;   /* which one is being sent */
    uint8_t state;       /* enum resp_request_state */
    uint8_t digits;      /* of the number being read */
    uint8_t name_len;    /* bytes in `name`; RESP_NAME + 1: too long */
    uint8_t judge;       /* what the second argument decides: a RESP_… of resp_commands.h */
    char name[RESP_NAME];

    /* reply */
    uint64_t reply_left;           /* bytes left of a blob, or its length so far */
    uint32_t elements[RESP_DEPTH]; /* left at each level of nesting */
    uint8_t reply_state;           /* enum resp_reply_state */
    uint8_t type;                  /* of the element being read */
    uint8_t reply_digits;
    bool negative;
    uint8_t depth;
    uint8_t attributes; /* bit n: level n is an attribute, which is no element of what holds it */
};

void resp_begin(struct resp *resp);
void resp_sent(struct exchange *exchange, const char *buf, size_t len);
void resp_received(struct exchange *exchange, const char *buf, size_t len);

/* No command is half sent / no reply half received. */
bool resp_request_whole(const struct resp *resp);
bool resp_reply_whole(const struct resp *resp);

#endif
