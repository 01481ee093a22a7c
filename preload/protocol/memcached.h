/* memcached.h: memcached's text and meta commands, both sides of one client connection.
 *
 * Commands may be pipelined, up to MEMCACHED_PENDING unanswered. A command sent with noreply counts as answered only
 * when a later one is: until then the server may not have read it, and may still say something about it. Quiet meta
 * commands, and error answers (which may leave a data block unread), are refused. Part of exchange.h: only exchange.c
 * calls these.
 */
#ifndef STRONG_PROTOCOL_MEMCACHED_H
#define STRONG_PROTOCOL_MEMCACHED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct exchange;

enum { MEMCACHED_PENDING = 16, MEMCACHED_WORD = 20 };

/* Where one direction is in its lines and data blocks. */
struct memcached_side {
    uint64_t data_left;        /* of a data block; in the line before it, its length */
    uint32_t words;            /* whole words of this line */
    uint8_t state;             /* enum memcached_state */
    uint8_t kind;              /* what the line's first word is: enum memcached_command or memcached_reply */
    uint8_t word_len;          /* bytes in `word`; MEMCACHED_WORD + 1: too long to matter */
    bool data;                 /* a data block follows the line */
    char word[MEMCACHED_WORD]; /* the start of a word that the end of a piece cut */
};

struct memcached {
    struct memcached_side request;
    struct memcached_side reply;
    uint32_t silent;  /* noreply commands sent since the last one that is answered */
    bool noreply;     /* the last word was "noreply" */
    bool credentials; /* the data block may be a user's name and password */
    uint8_t first, count; /* of `pending` */
    uint8_t pending[MEMCACHED_PENDING]; /* enum memcached_command of those not answered yet, a ring */
};

void memcached_begin(struct memcached *memcached);
void memcached_sent(struct exchange *exchange, const char *buf, size_t len);
void memcached_received(struct exchange *exchange, const char *buf, size_t len);

/* No command is half sent / no reply half received. */
bool memcached_request_whole(const struct memcached *memcached);
bool memcached_reply_whole(const struct memcached *memcached);

/* Whether a line that starts with this word is a command that is known. */
bool memcached_word(const char *word, size_t len);

#endif
