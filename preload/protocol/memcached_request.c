/* memcached_request.c: commands on their way to the server: their shape, whether they are answered, whether they may be
 * repeated. Any context.
 */
#include <string.h>

#include "protocol/memcached_line.h"
#include "protocol/refuse.h"
#include "protocol/scan.h"

enum { CREDENTIALS_MAX = 1024 };

static bool mismatch(struct exchange *exchange)
{
    return refuse(exchange, EXCHANGE_REFUSED_MISMATCH);
}

static bool judge_command(struct exchange *exchange, struct memcached_side *side, const char *word, size_t len)
{
    enum memcached_command command = memcached_command_of(word, len);
    side->kind = (uint8_t)command;
    exchange->memcached.noreply = false;
    exchange->memcached.credentials = false;
    switch (command) {
    case MEMCACHED_GET: /* keys, of which nothing matters */
        if (side->state != MEMCACHED_LINE)
            return mismatch(exchange);
        side->state = MEMCACHED_REST;
        return true;
    case MEMCACHED_SET: /* the same effect, and the same answer */
    case MEMCACHED_VERSION:
    case MEMCACHED_META_NOTHING:
    case MEMCACHED_META_GET:
    case MEMCACHED_META_DEBUG:
    case MEMCACHED_STATS:
        return true;
    case MEMCACHED_QUIT:
        return refuse(exchange, EXCHANGE_REFUSED_CLOSE);
    case MEMCACHED_UNKNOWN:
    case MEMCACHED_STATE:
        refuse(exchange, EXCHANGE_REFUSED_STATE);
        return not_repeatable(exchange);
    default:
        return not_repeatable(exchange);
    }
}

static bool meta_flag(struct exchange *exchange, const struct memcached_side *side, char flag)
{
    if (flag == 'q') /* answers may come or not */
        return mismatch(exchange);
    /* What makes or touches an item, or tells when it was last asked for. */
    if (side->kind == MEMCACHED_META_GET && (flag == '\0' || !strchr("bcfkOstv", flag)))
        return not_repeatable(exchange);
    return true;
}

/* The word that is the length of the data block, 0: there is none. */
static unsigned length_word(unsigned command)
{
    if (command == MEMCACHED_META_SET)
        return 2;
    return command == MEMCACHED_SET || command == MEMCACHED_STORE || command == MEMCACHED_CAS ? 4 : 0;
}

static bool judge_word(struct exchange *exchange, struct memcached_side *side, const char *word, size_t len)
{
    unsigned length_at = length_word(side->kind);
    exchange->memcached.noreply = false; /* it is the last word, or none */
    if (length_at > 0 && side->words == length_at) {
        side->data = memcached_line_number(word, len, &side->data_left);
        return side->data || mismatch(exchange);
    }
    switch ((enum memcached_command)side->kind) {
    case MEMCACHED_META_GET:
    case MEMCACHED_META_SET:
    case MEMCACHED_META_DELETE:
    case MEMCACHED_META_COUNT:
    case MEMCACHED_META_DEBUG:
        return side->words < 2 || meta_flag(exchange, side, word[0]);
    case MEMCACHED_STATS:
        return not_repeatable(exchange); /* "reset" and its kin */
    default:
        exchange->memcached.noreply = len == 7 && memcmp(word, "noreply", 7) == 0;
        return true;
    }
}

/* Whether a line may have so many words, the command's own included. memcached looks for "noreply" in the last one whatever
 * it is there for, so a key of that name in its place is refused. */
static bool words_fit(const struct memcached *memcached, unsigned words)
{
    unsigned bare = words - memcached->noreply;
    switch ((enum memcached_command)memcached->request.kind) {
    case MEMCACHED_GET_TOUCH:
        return words >= 3;
    case MEMCACHED_SET:
    case MEMCACHED_STORE:
        return bare == 5;
    case MEMCACHED_CAS:
        return bare == 6;
    case MEMCACHED_DELETE: /* an old client's 0 may follow */
        return bare == 2 || bare == 3;
    case MEMCACHED_COUNT:
    case MEMCACHED_TOUCH:
        return bare == 3;
    case MEMCACHED_FLUSH:
        return bare == 1 || bare == 2;
    case MEMCACHED_VERSION:
    case MEMCACHED_META_NOTHING:
        return words == 1;
    case MEMCACHED_META_SET:
        return words >= 3;
    case MEMCACHED_META_GET:
    case MEMCACHED_META_DELETE:
    case MEMCACHED_META_COUNT:
    case MEMCACHED_META_DEBUG:
        return words >= 2;
    default:
        return true;
    }
}

static bool judge(struct exchange *exchange, struct memcached_side *side, const char *word, size_t len)
{
    struct memcached *memcached = &exchange->memcached;
    if (word == NULL) {
        if (side->kind == MEMCACHED_GET_TOUCH)
            memcached->noreply = false; /* a key */
        if (!words_fit(memcached, side->words))
            return mismatch(exchange);
        /* memcached -Y takes the first "set" of a connection for a login. */
        memcached->credentials = side->kind == MEMCACHED_SET && exchange->sent == 0 && side->data_left <= CREDENTIALS_MAX;
        return true;
    }
    return side->words == 0 ? judge_command(exchange, side, word, len) : judge_word(exchange, side, word, len);
}

/* A user name and a password have a space between them. */
static bool credentials_seen(const struct memcached_side *side, const char *p, const char *end)
{
    size_t len = (size_t)(end - p) < side->data_left ? (size_t)(end - p) : (size_t)side->data_left;
    return memchr(p, ' ', len) != NULL;
}

static bool request_whole(struct exchange *exchange)
{
    struct memcached *memcached = &exchange->memcached;
    memcached->request.state = MEMCACHED_START;
    if (memcached->noreply) {
        exchange->sent++;
        memcached->silent++;
        return true;
    }
    if (memcached->count == MEMCACHED_PENDING)
        return mismatch(exchange);
    memcached->pending[(memcached->first + memcached->count) % MEMCACHED_PENDING] = memcached->request.kind;
    memcached->count++;
    memcached->silent = 0;
    exchange->sent++;
    return true;
}

/* A "get", or a "set" with its data that is no login, whole in this piece. NULL: the careful way. */
static const char *usual(const struct exchange *exchange, const char *p, const char *end, uint8_t *ret_kind)
{
    uint64_t length;
    if (SCAN_STARTS(p, end, "get ")) {
        *ret_kind = MEMCACHED_GET;
        p = scan_text(p + 4, end);
        return SCAN_STARTS(p, end, "\r\n") ? p + 2 : NULL;
    }
    if (exchange->sent == 0 || !SCAN_STARTS(p, end, "set "))
        return NULL;
    *ret_kind = MEMCACHED_SET;
    const char *word = p + 4, *stop;
    for (int i = 0; i < 3; i++, word = stop + 1) { /* key, flags, time */
        stop = scan_word(word, end);
        if (stop == word || stop == end || *stop != ' ')
            return NULL;
    }
    stop = scan_word(word, end);
    if (!SCAN_STARTS(stop, end, "\r\n") || !memcached_line_number(word, (size_t)(stop - word), &length))
        return NULL;
    stop += 2;
    if ((uint64_t)(end - stop) < length || !SCAN_STARTS(stop + length, end, "\r\n"))
        return NULL;
    return stop + length + 2;
}

void memcached_sent(struct exchange *exchange, const char *buf, size_t len)
{
    struct memcached *memcached = &exchange->memcached;
    struct memcached_side *side = &memcached->request;
    const char *p = buf, *end = buf + len;
    while (p && p < end) {
        if (side->state == MEMCACHED_START) {
            const char *after = usual(exchange, p, end, &side->kind);
            if (after) {
                memcached->noreply = false;
                if (!request_whole(exchange))
                    return;
                p = after;
                continue;
            }
            memcached_line_start(side);
        }
        if (memcached->credentials && side->state == MEMCACHED_DATA && credentials_seen(side, p, end)) {
            memcached->credentials = false;
            if (!refuse(exchange, EXCHANGE_REFUSED_STATE))
                return;
        }
        p = memcached_line_read(exchange, side, judge, p, end);
        if (p && side->state == MEMCACHED_WHOLE && !request_whole(exchange))
            return;
    }
}

bool memcached_request_whole(const struct memcached *memcached)
{
    return memcached->request.state == MEMCACHED_START;
}
