/* http1_body.c: bodies by length and by chunks (RFC 9112 §6, §7.1), skipped without a look at their bytes.
 *
 * A chunk's lines may take as much as a head. Any context.
 */
#include "protocol/http1_head.h"

#include "protocol/refuse.h"
#include "protocol/scan.h"

static const char *mismatch(struct exchange *exchange)
{
    refuse(exchange, EXCHANGE_REFUSED_MISMATCH);
    return NULL;
}

static const char *pass(struct http1_side *side, const char *p, const char *end, enum http1_state after)
{
    size_t len = (size_t)(end - p);
    if (len < side->body_left) {
        side->body_left -= len;
        return end;
    }
    p += side->body_left;
    side->body_left = 0;
    side->state = (uint8_t)after;
    return p;
}

static int hex(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    char lower = (char)(digit | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* `element`: a digit was read; at most 15 are, which overflow nothing. */
static const char *chunk_size(struct exchange *exchange, struct http1_side *side, const char *p)
{
    int digit = hex(*p);
    if (digit >= 0) {
        if (side->body_left >> 56)
            return mismatch(exchange);
        side->body_left = side->body_left << 4 | (unsigned)digit;
        side->element = true;
        return p + 1;
    }
    if (!side->element)
        return mismatch(exchange);
    if (*p == '\r')
        side->state = HTTP1_CHUNK_LINE_END;
    else if (*p == ';')
        side->state = HTTP1_CHUNK_EXTENSION;
    else
        return mismatch(exchange);
    return p + 1;
}

static const char *chunk_line(struct exchange *exchange, struct http1_side *side, const char *p,
                              const char *end)
{
    if (side->state == HTTP1_CHUNK_SIZE)
        return chunk_size(exchange, side, p);
    if (side->state == HTTP1_CHUNK_EXTENSION) {
        p = scan_text(p, end);
        if (p == end)
            return end;
        if (*p == '\r')
            side->state = HTTP1_CHUNK_LINE_END;
        else if (*p != '\t')
            return mismatch(exchange);
        return p + 1;
    }
    if (*p != '\n')
        return mismatch(exchange);
    if (side->body_left > 0) {
        side->state = HTTP1_CHUNK_DATA;
    } else {
        side->state = HTTP1_FIELD;
        side->flags |= HTTP1_TRAILER;
    }
    return p + 1;
}

static const char *chunk_lines(struct exchange *exchange, struct http1_side *side, const char *p,
                               const char *end)
{
    const char *from = p;
    uint32_t room = HTTP1_HEAD_MAX - side->head_len;
    const char *stop = (size_t)(end - p) > room ? p + room : end;
    while (p < stop && side->state >= HTTP1_CHUNK_SIZE && side->state <= HTTP1_CHUNK_LINE_END) {
        p = chunk_line(exchange, side, p, stop);
        if (p == NULL)
            return NULL;
    }
    side->head_len += (uint32_t)(p - from);
    return side->head_len < HTTP1_HEAD_MAX ? p : mismatch(exchange);
}

const char *http1_body_read(struct exchange *exchange, struct http1_side *side, const char *p,
                            const char *end)
{
    while (p < end) {
        switch ((enum http1_state)side->state) {
        case HTTP1_LENGTH:
            return pass(side, p, end, HTTP1_WHOLE);
        case HTTP1_CHUNK_DATA:
            p = pass(side, p, end, HTTP1_CHUNK_CR);
            break;
        case HTTP1_CHUNK_CR:
            side->state = HTTP1_CHUNK_LF;
            if (*p++ != '\r')
                return mismatch(exchange);
            break;
        case HTTP1_CHUNK_LF:
            side->state = HTTP1_CHUNK_SIZE;
            side->head_len = 0;
            side->element = false;
            if (*p++ != '\n')
                return mismatch(exchange);
            break;
        case HTTP1_CHUNK_SIZE:
        case HTTP1_CHUNK_EXTENSION:
        case HTTP1_CHUNK_LINE_END:
            p = chunk_lines(exchange, side, p, end);
            if (p == NULL)
                return NULL;
            break;
        default: /* HTTP1_FIELD: the trailer is the head's */
            return p;
        }
    }
    return p;
}
