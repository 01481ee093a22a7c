/* resp.h: RESP2 and RESP3, the protocol of Redis, both sides of one client connection.
 *
 * Requests are arrays of bulk strings, pipelined without limit; a command that is not in resp_commands.def counts as
 * making state. Replies are matched in order, by their number alone. Streamed replies, pushes and nesting deeper than
 * RESP_DEPTH are refused. Part of exchange.h: only exchange.c calls these.
 */
#ifndef STRONG_PROTOCOL_RESP_H
#define STRONG_PROTOCOL_RESP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct exchange;

enum { RESP_NAME = 16, RESP_DEPTH = 8 };

/* Where one direction is in its lines and blobs. */
struct resp_side {
    uint64_t number;  /* being read, or of a blob: bytes left */
    uint8_t state;    /* enum resp_state */
    uint8_t type;     /* the byte that the line starts with */
    uint8_t digits;   /* read of the number; of another line: 1 if it is not empty */
    bool negative;
};

struct resp {
    struct resp_side request;
    uint32_t arguments; /* left of the command being sent; 0: between two commands */
    uint8_t argument;   /* the one being sent: 0 the name, 1, 2: one after it */
    uint8_t name_len;   /* bytes in `name` */
    uint8_t command;    /* enum resp_command, once known */
    char name[RESP_NAME];
    char last[RESP_NAME]; /* the last name that was looked up, as it was sent: most come again */
    uint8_t last_len;
    uint8_t last_command;

    struct resp_side reply;
    uint8_t depth;
    uint8_t attributes;            /* bit n: level n is an attribute, no element of what holds it */
    uint32_t elements[RESP_DEPTH]; /* left at each level of nesting */
};

void resp_begin(struct resp *resp);
void resp_sent(struct exchange *exchange, const char *buf, size_t len);
void resp_received(struct exchange *exchange, const char *buf, size_t len);

/* No command is half sent / no reply half received. */
bool resp_request_whole(const struct resp *resp);
bool resp_reply_whole(const struct resp *resp);

#endif
