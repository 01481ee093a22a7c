/* http1_head.c: cuts a head into words, and refuses one that two readers could cut differently.
 *
 * A word that lies whole in a piece is judged in place; one that a piece's end cuts is gathered in the side's
 * `word` first, as far as it can matter. Whole lines of the usual kind take a short way, which leaves everything else,
 * mistakes included, to the careful one. What a word means is http1_field.c's. Invariant: p never passes `end`, and a head
 * has at most HTTP1_HEAD_MAX bytes. Any context.
 */
#include "protocol/http1_head.h"

#include "protocol/refuse.h"
#include "protocol/scan.h"

/* The word from p to `stop` is whole when something ends it in this piece: then *ret_word is it. */
static inline bool whole_word(struct http1_side *side, const char *p, const char *stop,
                              const char *end, const char **ret_word, size_t *ret_len)
{
    if (side->word_len == 0 && stop < end) {
        *ret_word = p;
        *ret_len = (size_t)(stop - p);
        return true;
    }
    scan_gather(side->word, &side->word_len, HTTP1_WORD, p, (size_t)(stop - p));
    if (stop == end)
        return false;
    *ret_word = side->word;
    *ret_len = side->word_len;
    side->word_len = 0;
    return true;
}

static const char *mismatch(struct exchange *exchange)
{
    refuse(exchange, EXCHANGE_REFUSED_MISMATCH);
    return NULL;
}

/* METHOD, VERSION and STATUS: a word, and the state after what ends it. */
static const char *start_line(struct exchange *exchange, struct http1_side *side, const char *p,
                              const char *end)
{
    const char *word, *stop = scan_word(p, end);
    size_t len;
    if (!whole_word(side, p, stop, end, &word, &len))
        return end;
    bool more = *stop == ' ', last = *stop == '\r';
    if (!http1_start_word(exchange, side, word, len))
        return NULL;
    switch ((enum http1_state)side->state) {
    case HTTP1_METHOD:
        side->state = HTTP1_TARGET;
        break;
    case HTTP1_VERSION:
        /* A request ends with its version, a response starts with it. */
        side->state = side->flags & HTTP1_REQUEST ? HTTP1_LINE_END : HTTP1_STATUS;
        if (side->flags & HTTP1_REQUEST ? !last : !more)
            return mismatch(exchange);
        return stop + 1;
    default: /* STATUS; some servers leave out the reason and the space before it */
        side->state = last ? HTTP1_LINE_END : HTTP1_REASON;
        more = more || last;
        break;
    }
    return more ? stop + 1 : mismatch(exchange);
}

static const char *target(struct exchange *exchange, struct http1_side *side, const char *p,
                          const char *end)
{
    const char *stop = scan_word(p, end);
    if (stop > p)
        side->element = true;
    if (stop == end)
        return end;
    if (*stop != ' ' || !side->element)
        return mismatch(exchange);
    side->element = false;
    side->state = HTTP1_VERSION;
    return stop + 1;
}

static const char *name(struct exchange *exchange, struct http1_side *side, const char *p, const char *end)
{
    const char *word, *stop = scan_name(p, end);
    size_t len;
    if (!whole_word(side, p, stop, end, &word, &len))
        return end;
    if (*stop != ':' || len == 0) /* also a line that goes on with the one above it (obs-fold) */
        return mismatch(exchange);
    enum http1_field field = HTTP1_OTHER;
    if (!(side->flags & HTTP1_TRAILER))
        field = http1_field_of(word, len, side->flags & HTTP1_REQUEST);
    if (field == HTTP1_MAKES_STATE) {
        if (!refuse(exchange, EXCHANGE_REFUSED_STATE))
            return NULL;
        field = HTTP1_OTHER;
    }
    side->field = (uint8_t)field;
    side->element = false;
    side->state = field == HTTP1_OTHER ? HTTP1_SKIP : HTTP1_VALUE;
    return stop + 1;
}

static bool list_of_words(const struct http1_side *side)
{
    return side->field < HTTP1_KEEPING;
}

/* What is between two words of a value. */
static const char *separator(struct exchange *exchange, struct http1_side *side, const char *p)
{
    bool framing = side->field == HTTP1_CONTENT_LENGTH || side->field == HTTP1_TRANSFER_ENCODING;
    switch (*p) {
    case ' ':
    case '\t':
        return p + 1;
    case ',':
        if (side->field == HTTP1_CONTENT_LENGTH || (framing && !side->element))
            return mismatch(exchange);
        side->element = false;
        return p + 1;
    case '\r':
        if (framing && !side->element)
            return mismatch(exchange);
        side->state = HTTP1_LINE_END;
        return p + 1;
    default:
        return mismatch(exchange); /* a control byte */
    }
}

static const char *value(struct exchange *exchange, struct http1_side *side, const char *p, const char *end)
{
    if (side->word_len == 0 && ((unsigned char)*p <= ' ' || *p == ','))
        return separator(exchange, side, p);
    if (side->word_len == 0 && side->element && list_of_words(side))
        return mismatch(exchange);
    const char *word, *stop = scan_item(p, end);
    size_t len;
    if (!whole_word(side, p, stop, end, &word, &len))
        return end;
    side->element = true;
    if (!http1_field_word(exchange, side, word, len))
        return NULL;
    if (side->field == HTTP1_CREDENTIALS) /* the rest is a secret, and long */
        side->state = HTTP1_SKIP;
    return stop;
}

/* A reason or a value that does not matter. */
static const char *skip(struct exchange *exchange, struct http1_side *side, const char *p, const char *end)
{
    const char *stop = scan_text(p, end);
    if (stop == end)
        return end;
    if (*stop == '\r')
        side->state = HTTP1_LINE_END;
    else if (*stop != '\t')
        return mismatch(exchange);
    return stop + 1;
}

/* The short ways return NULL where the careful way has to look. */
static const char *usual_request_line(struct http1_side *side, const char *p, const char *end)
{
    if (side->word_len > 0 || !SCAN_STARTS(p, end, "GET /"))
        return NULL;
    p = scan_word(p + 5, end);
    if (!SCAN_STARTS(p, end, " HTTP/1.1\r\n"))
        return NULL;
    side->state = HTTP1_FIELD;
    return p + 11;
}

static const char *usual_status_line(struct http1_side *side, const char *p, const char *end)
{
    if (side->word_len > 0 || !SCAN_STARTS(p, end, "HTTP/1.1 2") || end - p < 16 || p[12] != ' ')
        return NULL;
    unsigned tens = (unsigned char)p[10] - '0', ones = (unsigned char)p[11] - '0';
    if (tens > 9 || ones > 9)
        return NULL;
    p = scan_text(p + 13, end);
    if (!SCAN_STARTS(p, end, "\r\n"))
        return NULL;
    side->status = (uint16_t)(200 + tens * 10 + ones);
    side->state = HTTP1_FIELD;
    return p + 2;
}

/* A field that does not matter, or that has one word for its value. *ret_go_on: false
 * when the word ends the reading. */
static const char *usual_field(struct exchange *exchange, struct http1_side *side, const char *p,
                               const char *end, bool *ret_go_on)
{
    const char *colon = scan_name(p, end);
    enum http1_field found = HTTP1_OTHER;
    if (colon == p || colon == end || *colon != ':')
        return NULL;
    if (!(side->flags & HTTP1_TRAILER))
        found = http1_field_of(p, (size_t)(colon - p), side->flags & HTTP1_REQUEST);
    if (found == HTTP1_OTHER) {
        p = scan_text(colon + 1, end);
        return SCAN_STARTS(p, end, "\r\n") ? p + 2 : NULL;
    }
    if (found >= HTTP1_CHALLENGE || !SCAN_STARTS(colon, end, ": "))
        return NULL;
    const char *word = colon + 2, *stop = scan_item(word, end);
    if (stop == word || !SCAN_STARTS(stop, end, "\r\n"))
        return NULL;
    side->field = (uint8_t)found;
    *ret_go_on = http1_field_word(exchange, side, word, (size_t)(stop - word));
    return stop + 2;
}

static const char *fields(struct exchange *exchange, struct http1_side *side, const char *p, const char *end)
{
    bool go_on = true;
    while (p < end && *p != '\r') {
        const char *after = usual_field(exchange, side, p, end, &go_on);
        if (!go_on)
            return NULL;
        if (after == NULL) {
            side->state = HTTP1_NAME;
            return p;
        }
        p = after;
    }
    if (p == end)
        return end;
    bool whole = SCAN_STARTS(p, end, "\r\n");
    side->state = whole ? HTTP1_HEAD_WHOLE : HTTP1_HEAD_END;
    return p + 1 + whole;
}

static const char *start(struct exchange *exchange, struct http1_side *side, const char *p, const char *end)
{
    const char *after = NULL;
    if (side->state == HTTP1_METHOD)
        after = usual_request_line(side, p, end);
    else if (side->state == HTTP1_VERSION && !(side->flags & HTTP1_REQUEST))
        after = usual_status_line(side, p, end);
    return after ? after : start_line(exchange, side, p, end);
}

static inline const char *step(struct exchange *exchange, struct http1_side *side, const char *p,
                               const char *end)
{
    switch ((enum http1_state)side->state) {
    case HTTP1_TARGET:
        return target(exchange, side, p, end);
    case HTTP1_FIELD:
        return fields(exchange, side, p, end);
    case HTTP1_NAME:
        return name(exchange, side, p, end);
    case HTTP1_VALUE:
        return value(exchange, side, p, end);
    case HTTP1_REASON:
    case HTTP1_SKIP:
        return skip(exchange, side, p, end);
    case HTTP1_LINE_END:
    case HTTP1_HEAD_END:
        side->state = side->state == HTTP1_LINE_END ? HTTP1_FIELD : HTTP1_HEAD_WHOLE;
        return *p == '\n' ? p + 1 : mismatch(exchange);
    default:
        return start(exchange, side, p, end);
    }
}

const char *http1_head_read(struct exchange *exchange, struct http1_side *side, const char *p,
                            const char *end)
{
    const char *from = p;
    uint32_t room = HTTP1_HEAD_MAX - side->head_len;
    const char *stop = (size_t)(end - p) > room ? p + room : end;
    while (p < stop && side->state != HTTP1_HEAD_WHOLE) {
        p = step(exchange, side, p, stop);
        if (p == NULL)
            return NULL;
    }
    side->head_len += (uint32_t)(p - from);
    if (side->head_len == HTTP1_HEAD_MAX && side->state != HTTP1_HEAD_WHOLE)
        return mismatch(exchange);
    return p;
}
