/* memcached_reply.c: answers on their way back, each of which must be one that the oldest unanswered command can have.
 * Any context.
 */
#include <string.h>

#include "protocol/memcached_line.h"
#include "protocol/refuse.h"
#include "protocol/scan.h"

static bool mismatch(struct exchange *exchange)
{
    return refuse(exchange, EXCHANGE_REFUSED_MISMATCH);
}

/* The word that is the length of the data block. */
static unsigned length_word(unsigned reply)
{
    return reply == MEMCACHED_VALUE ? 3 : 1;
}

static bool judge(struct exchange *exchange, struct memcached_side *side, const char *word, size_t len)
{
    const struct memcached *memcached = &exchange->memcached;
    bool value = side->kind == MEMCACHED_VALUE || side->kind == MEMCACHED_META_VALUE;
    if (word == NULL) {
        bool fits = !value || side->data;
        if (side->kind == MEMCACHED_BARE || side->kind == MEMCACHED_NUMBER)
            fits = side->words == 1;
        else if (side->kind == MEMCACHED_VALUE)
            fits = side->words == 4 || side->words == 5;
        return fits || mismatch(exchange);
    }
    if (side->words == 0) {
        enum memcached_command command = (enum memcached_command)memcached->pending[memcached->first];
        side->kind = (uint8_t)memcached_reply_of(word, len, command);
        if (side->kind == MEMCACHED_WRONG)
            return mismatch(exchange);
        if ((side->kind == MEMCACHED_WORDS || side->kind == MEMCACHED_ROW) && side->state == MEMCACHED_LINE)
            side->state = MEMCACHED_REST;
        return true;
    }
    if (value && side->words == length_word(side->kind)) {
        side->data = memcached_line_number(word, len, &side->data_left);
        if (!side->data)
            return mismatch(exchange);
        if (side->kind == MEMCACHED_META_VALUE && side->state == MEMCACHED_LINE)
            side->state = MEMCACHED_REST;
    }
    return true;
}

/* The usual lines, and "VALUE key flags length" with its data, when all is in this piece: *ret_kind says which. NULL: the
 * careful way. */
static const char *usual(const char *p, const char *end, unsigned command, uint8_t *ret_kind)
{
    *ret_kind = MEMCACHED_BARE;
    if (command == MEMCACHED_SET && SCAN_STARTS(p, end, "STORED\r\n"))
        return p + 8;
    if (command != MEMCACHED_GET)
        return NULL;
    if (SCAN_STARTS(p, end, "END\r\n"))
        return p + 5;
    if (!SCAN_STARTS(p, end, "VALUE "))
        return NULL;
    *ret_kind = MEMCACHED_VALUE;
    uint64_t length;
    const char *key = p + 6, *flags = scan_word(key, end) + 1;
    if (flags - key < 2 || flags >= end || flags[-1] != ' ')
        return NULL;
    const char *number = scan_word(flags, end) + 1;
    if (number - flags < 2 || number >= end || number[-1] != ' ')
        return NULL;
    const char *stop = scan_word(number, end);
    if (!SCAN_STARTS(stop, end, "\r\n") || !memcached_line_number(number, (size_t)(stop - number), &length))
        return NULL;
    stop += 2;
    if ((uint64_t)(end - stop) < length || !SCAN_STARTS(stop + length, end, "\r\n"))
        return NULL;
    return stop + length + 2;
}

static void reply_whole(struct exchange *exchange)
{
    struct memcached *memcached = &exchange->memcached;
    uint8_t kind = memcached->reply.kind;
    memcached->reply.state = MEMCACHED_START;
    if (kind == MEMCACHED_ROW || kind == MEMCACHED_VALUE)
        return; /* more lines follow */
    memcached->first = (uint8_t)((memcached->first + 1) % MEMCACHED_PENDING);
    memcached->count--;
    /* The last of all also answers for the silent ones before it; before that, who knows which they are. */
    exchange->answered = memcached->count == 0 ? exchange->sent - memcached->silent : exchange->answered + 1;
}

void memcached_received(struct exchange *exchange, const char *buf, size_t len)
{
    struct memcached *memcached = &exchange->memcached;
    struct memcached_side *side = &memcached->reply;
    const char *p = buf, *end = buf + len;
    while (p && p < end) {
        if (side->state == MEMCACHED_START) {
            if (memcached->count == 0) {
                mismatch(exchange);
                return;
            }
            const char *after = usual(p, end, memcached->pending[memcached->first], &side->kind);
            if (after) {
                reply_whole(exchange);
                p = after;
                continue;
            }
            memcached_line_start(side);
        }
        p = memcached_line_read(exchange, side, judge, p, end);
        if (p && side->state == MEMCACHED_WHOLE)
            reply_whole(exchange);
    }
}

bool memcached_reply_whole(const struct memcached *memcached)
{
    return memcached->reply.state == MEMCACHED_START;
}

void memcached_begin(struct memcached *memcached)
{
    memset(memcached, 0, sizeof(*memcached));
}
