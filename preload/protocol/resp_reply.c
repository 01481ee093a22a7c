/* resp_reply.c: answers on their way back.
 *
 * Nothing of them matters but where they end: a line, a blob by its length, or an aggregate of as many elements as it
 * says, nested up to RESP_DEPTH. Any context.
 */
#include <string.h>

#include "protocol/refuse.h"
#include "protocol/resp_line.h"
#include "protocol/scan.h"

static const char *mismatch(struct exchange *exchange)
{
    refuse(exchange, EXCHANGE_REFUSED_MISMATCH);
    return NULL;
}

static void element_whole(struct exchange *exchange, struct resp *resp)
{
    resp->reply.state = RESP_TYPE;
    while (resp->depth > 0) {
        unsigned level = resp->depth - 1u;
        if (--resp->elements[level] > 0)
            return;
        resp->depth--;
        if (resp->attributes >> level & 1) {
            resp->attributes &= (uint8_t)~(1u << level);
            return; /* what it is an attribute of comes next */
        }
    }
    exchange->answered++;
}

static const char *type(struct exchange *exchange, struct resp *resp, const char *p)
{
    struct resp_side *side = &resp->reply;
    if (resp->depth == 0 && exchange->answered == exchange->sent)
        return mismatch(exchange); /* an answer that nothing was asked for */
    side->type = (uint8_t)*p;
    side->number = 0;
    side->digits = 0;
    side->negative = false;
    switch (*p) {
    case '$': /* blobs */
    case '=':
    case '!':
    case '*': /* aggregates */
    case '~':
    case '%':
    case '|':
        side->state = RESP_NUMBER;
        return p + 1;
    case '+': /* lines */
    case '-':
    case ':':
    case '_':
    case '#':
    case ',':
    case '(':
        side->state = RESP_TEXT;
        return p + 1;
    case '>': /* told without being asked: only after HELLO 3 and SUBSCRIBE or CLIENT TRACKING */
        refuse(exchange, EXCHANGE_REFUSED_STATE);
        return NULL;
    default:
        return mismatch(exchange);
    }
}

/* The length of a blob or the count of an aggregate. */
static const char *number_whole(struct exchange *exchange, struct resp *resp, const char *p)
{
    struct resp_side *side = &resp->reply;
    bool map = side->type == '%' || side->type == '|';
    if (side->negative) {
        if (side->type != '$' && side->type != '*')
            return mismatch(exchange);
        element_whole(exchange, resp); /* RESP2's null */
        return p;
    }
    if (side->type == '$' || side->type == '=' || side->type == '!') {
        side->state = RESP_BLOB;
        return p;
    }
    uint64_t count = map ? side->number * 2 : side->number;
    if (count > UINT32_MAX || resp->depth == RESP_DEPTH)
        return mismatch(exchange);
    side->state = RESP_TYPE;
    if (count > 0) {
        resp->elements[resp->depth] = (uint32_t)count;
        resp->attributes |= (uint8_t)((side->type == '|') << resp->depth);
        resp->depth++;
    } else if (side->type != '|') {
        element_whole(exchange, resp);
    }
    return p;
}

static const char *text(struct exchange *exchange, struct resp *resp, const char *p, const char *end)
{
    struct resp_side *side = &resp->reply;
    const char *stop = scan_text(p, end);
    if (stop > p)
        side->digits = 1;
    if (stop == end)
        return end;
    if (*stop != '\r') {
        side->digits = 1;
        return *stop == '\n' ? mismatch(exchange) : stop + 1; /* an error may quote any other byte */
    }
    bool empty = side->digits == 0;
    if (side->type == '_' ? !empty : empty && side->type != '+' && side->type != '-')
        return mismatch(exchange);
    side->state = RESP_TEXT_LF;
    return stop + 1;
}

/* A line or a blob that is whole in this piece. NULL: the careful way. */
static const char *usual_element(const char *p, const char *end)
{
    uint64_t length;
    const char *after;
    switch (*p) {
    case '+':
    case '-':
        after = scan_text(p + 1, end);
        break;
    case ':':
        after = scan_text(p + 1, end);
        if (after == p + 1)
            return NULL;
        break;
    case '$':
        after = resp_line_plain(p + 1, end, &length);
        if (after == NULL || (uint64_t)(end - after) < length)
            return NULL;
        after += length;
        break;
    default:
        return NULL;
    }
    return SCAN_STARTS(after, end, "\r\n") ? after + 2 : NULL;
}

static const char *element(struct exchange *exchange, struct resp *resp, const char *p, const char *end)
{
    while (p < end && (resp->depth > 0 || exchange->answered != exchange->sent)) {
        const char *after = usual_element(p, end);
        if (after == NULL)
            break;
        element_whole(exchange, resp);
        p = after;
    }
    return p < end ? type(exchange, resp, p) : p;
}

static const char *step(struct exchange *exchange, struct resp *resp, const char *p, const char *end)
{
    struct resp_side *side = &resp->reply;
    bool whole;
    switch ((enum resp_state)side->state) {
    case RESP_TYPE:
        return element(exchange, resp, p, end);
    case RESP_TEXT:
        return text(exchange, resp, p, end);
    case RESP_NUMBER:
    case RESP_NUMBER_LF:
        p = resp_line_number(side, p, end, &whole);
        if (p == NULL)
            return mismatch(exchange);
        return whole ? number_whole(exchange, resp, p) : p;
    case RESP_BLOB: {
        size_t len = (size_t)(end - p);
        if (len < side->number) {
            side->number -= len;
            return end;
        }
        side->state = RESP_BLOB_CR;
        return p + side->number;
    }
    case RESP_BLOB_CR:
        side->state = RESP_BLOB_LF;
        return *p == '\r' ? p + 1 : mismatch(exchange);
    case RESP_TEXT_LF:
    case RESP_BLOB_LF:
        if (*p != '\n')
            return mismatch(exchange);
        element_whole(exchange, resp);
        return p + 1;
    }
    return mismatch(exchange);
}

void resp_received(struct exchange *exchange, const char *buf, size_t len)
{
    const char *p = buf, *end = buf + len;
    while (p && p < end)
        p = step(exchange, &exchange->resp, p, end);
}

bool resp_reply_whole(const struct resp *resp)
{
    return resp->depth == 0 && resp->reply.state == RESP_TYPE;
}

void resp_begin(struct resp *resp)
{
    memset(resp, 0, sizeof(*resp));
}
