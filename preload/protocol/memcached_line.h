/* memcached_line.h: lines of words, and the data blocks after some; and what the words are.
 *
 * For memcached*.c alone.
 */
#ifndef STRONG_PROTOCOL_MEMCACHED_LINE_H
#define STRONG_PROTOCOL_MEMCACHED_LINE_H

#include "protocol/memcached.h"

enum memcached_state {
    MEMCACHED_START, /* between two commands, or replies */
    MEMCACHED_LINE,  /* in a line's words, or between them */
    MEMCACHED_REST,  /* of a line whose other words do not matter */
    MEMCACHED_LINE_LF,
    MEMCACHED_DATA,
    MEMCACHED_DATA_CR,
    MEMCACHED_DATA_LF,
    MEMCACHED_WHOLE, /* with its data block */
};

enum memcached_command {
    MEMCACHED_UNKNOWN,
    MEMCACHED_GET,
    MEMCACHED_GET_TOUCH,
    MEMCACHED_SET,
    MEMCACHED_STORE,
    MEMCACHED_CAS,
    MEMCACHED_DELETE,
    MEMCACHED_COUNT,
    MEMCACHED_TOUCH,
    MEMCACHED_FLUSH,
    MEMCACHED_VERSION,
    MEMCACHED_STATS,
    MEMCACHED_META_NOTHING,
    MEMCACHED_META_GET,
    MEMCACHED_META_SET,
    MEMCACHED_META_DELETE,
    MEMCACHED_META_COUNT,
    MEMCACHED_META_DEBUG,
    MEMCACHED_STATE,
    MEMCACHED_QUIT,
};

enum memcached_reply {
    MEMCACHED_WRONG,      /* nothing that answers this command */
    MEMCACHED_BARE,       /* the word alone */
    MEMCACHED_WORDS,      /* the word and others */
    MEMCACHED_NUMBER,     /* digits alone */
    MEMCACHED_ROW,        /* more lines follow */
    MEMCACHED_VALUE,      /* key, flags, length [, cas], a data block; more lines follow */
    MEMCACHED_META_VALUE, /* length, flags, a data block */
};

enum memcached_command memcached_command_of(const char *word, size_t len);
enum memcached_reply memcached_reply_of(const char *word, size_t len, enum memcached_command command);

/* At most ten digits, the length of a data block. */
bool memcached_line_number(const char *word, size_t len, uint64_t *ret);

/* Judges word number side->words; NULL for `word`: the whole line. False: stop reading. */
typedef bool memcached_judge(struct exchange *exchange, struct memcached_side *side, const char *word, size_t len);

void memcached_line_start(struct memcached_side *side);

/* The words of a line through `judge`, the line's end, and the data block if side->data says so then. Returns where it
 * stopped, at the latest where the data block starts and at MEMCACHED_WHOLE; NULL: stop reading. */
const char *memcached_line_read(struct exchange *exchange, struct memcached_side *side, memcached_judge *judge,
                                const char *p, const char *end);

#endif
