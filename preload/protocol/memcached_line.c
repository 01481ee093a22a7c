/* memcached_line.c: cuts both directions into words and data blocks; what they mean is its callers'.
 *
 * Words are parted by spaces, lines end with CRLF; other control bytes are refused: whether they belong to a key is a
 * matter of taste. Any context.
 */
#include "protocol/memcached_line.h"

#include "protocol/refuse.h"
#include "protocol/scan.h"

static const char *mismatch(struct exchange *exchange)
{
    refuse(exchange, EXCHANGE_REFUSED_MISMATCH);
    return NULL;
}

bool memcached_line_number(const char *word, size_t len, uint64_t *ret)
{
    uint64_t sum = 0;
    if (len == 0 || len > 10)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (word[i] < '0' || word[i] > '9')
            return false;
        sum = sum * 10 + (uint64_t)(word[i] - '0');
    }
    *ret = sum;
    return true;
}

void memcached_line_start(struct memcached_side *side)
{
    side->data_left = 0;
    side->words = 0;
    side->word_len = 0;
    side->data = false;
    side->kind = 0;
    side->state = MEMCACHED_LINE;
}

/* The next word of the line, if it ends in this piece, and the byte that ends it. */
static const char *line(struct exchange *exchange, struct memcached_side *side, memcached_judge *judge,
                        const char *p, const char *end)
{
    const char *word = p, *stop = scan_word(p, end);
    size_t len = (size_t)(stop - p);
    if (side->word_len > 0 || stop == end) {
        scan_gather(side->word, &side->word_len, MEMCACHED_WORD, p, len);
        if (stop == end)
            return end;
        word = side->word;
        len = side->word_len;
        side->word_len = 0;
    }
    if (*stop != ' ' && *stop != '\r')
        return mismatch(exchange);
    side->state = *stop == '\r' ? MEMCACHED_LINE_LF : MEMCACHED_LINE;
    if (len == 0)
        return side->words > 0 ? stop + 1 : mismatch(exchange); /* more than one space, or none at the start */
    if (!judge(exchange, side, word, len))
        return NULL;
    side->words++;
    return stop + 1;
}

static const char *rest(struct exchange *exchange, struct memcached_side *side, const char *p, const char *end)
{
    const char *stop = scan_text(p, end);
    if (stop == end)
        return end;
    side->state = MEMCACHED_LINE_LF;
    return *stop == '\r' ? stop + 1 : mismatch(exchange);
}

const char *memcached_line_read(struct exchange *exchange, struct memcached_side *side, memcached_judge *judge,
                                const char *p, const char *end)
{
    while (p && p < end && side->state != MEMCACHED_WHOLE) {
        switch ((enum memcached_state)side->state) {
        case MEMCACHED_LINE:
            p = line(exchange, side, judge, p, end);
            break;
        case MEMCACHED_REST:
            p = rest(exchange, side, p, end);
            break;
        case MEMCACHED_LINE_LF:
            if (*p++ != '\n')
                return mismatch(exchange);
            side->state = MEMCACHED_WHOLE;
            if (!judge(exchange, side, NULL, 0))
                return NULL;
            if (side->data)
                side->state = MEMCACHED_DATA;
            return p; /* the caller may want to look at the data */
        case MEMCACHED_DATA: {
            size_t len = (size_t)(end - p);
            if (len < side->data_left) {
                side->data_left -= len;
                return end;
            }
            p += side->data_left;
            side->data_left = 0;
            side->state = MEMCACHED_DATA_CR;
            break;
        }
        case MEMCACHED_DATA_CR:
            side->state = MEMCACHED_DATA_LF;
            p = *p == '\r' ? p + 1 : mismatch(exchange);
            break;
        default: /* MEMCACHED_DATA_LF */
            side->state = MEMCACHED_WHOLE;
            p = *p == '\n' ? p + 1 : mismatch(exchange);
            break;
        }
    }
    return p;
}
