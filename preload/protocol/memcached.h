/* memcached.h: memcached's text and meta commands, both sides of one client connection.
 *
 * Commands may be pipelined, up to MEMCACHED_PENDING unanswered. A command sent with noreply counts as answered only
 * when a later one is: until then the server may still say something about it. Quiet meta commands and error
 * answers (which may leave a data block unread) refuse. Part of exchange.h: only exchange.c calls these.
 */
#ifndef STRONG_PROTOCOL_MEMCACHED_H
#define STRONG_PROTOCOL_MEMCACHED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct exchange;

enum { MEMCACHED_PENDING = 16, MEMCACHED_WORD = 20 };

struct memcached {
    /* request */
    uint64_t data_left; /* bytes left of a data block; while in the line, its length */
    uint32_t words;     /* whole words of this line */
    uint32_t silent;    /* noreply commands sent after the last one that is answered */
    uint8_t state;      /* enum memcached_request_state */
    uint8_t command;    /* index in memcached_commands.def */
    uint8_t word_len;   /* bytes in `word`; MEMCACHED_WORD + 1: too long */
    bool noreply;       /* the last word was "noreply" */
    char word[MEMCACHED_WORD];

    /* reply */
    uint64_t reply_left;  /* bytes left of a value; while in the line, its length */
    uint32_t reply_words; /* whole words of this line */
    uint8_t reply_state;  /* enum memcached_reply_state */
    uint8_t reply;        /* enum memcached_reply: what this line is */
    uint8_t reply_len;    /* bytes in `reply_word` */
    uint8_t credentials;  /* the data block may be a user name and password (memcached -Y) */
    char reply_word[MEMCACHED_WORD];

    uint8_t pending[MEMCACHED_PENDING]; /* commands not answered yet, a ring */
    uint8_t first, count;               /* of `pending` */
};

void memcached_begin(struct memcached *memcached);
void memcached_sent(struct exchange *exchange, const char *buf, size_t len);
void memcached_received(struct exchange *exchange, const char *buf, size_t len);

/* No command is half sent / no reply half received. */
bool memcached_request_whole(const struct memcached *memcached);
bool memcached_reply_whole(const struct memcached *memcached);

/* Whether a line that starts with this word is a command that is followed, or known to make state. */
bool memcached_word(const char *word, size_t len);

#endif
