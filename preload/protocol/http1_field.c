/* http1_field.c: what the words of a head mean for the connection.
 *
 * Names, tokens and numbers of RFC 9112 (framing, persistence), RFC 9110 (Expect, Upgrade), RFC 4559 and MS-NTHT
 * (authentication bound to the connection). Pure but for the facts and refusals it notes. Any context.
 */
#include "protocol/http1_head.h"

#include "protocol/refuse.h"
#include "protocol/scan.h"

/* Methods of RFC 9110, PATCH, and those of WebDAV whose messages are framed like any other's. */
bool http1_method(const char *word, size_t len)
{
    static const char methods[][10] = {"GET",   "HEAD",     "POST",      "PUT",   "DELETE", "OPTIONS", "TRACE",
                                       "PATCH", "PROPFIND", "PROPPATCH", "MKCOL", "COPY",   "MOVE",    "LOCK",
                                       "UNLOCK", "REPORT",  "SEARCH",    "PURGE", "CONNECT"};
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
        if (methods[i][0] == word[0] && strlen(methods[i]) == len && memcmp(methods[i], word, len) == 0)
            return true;
    return false;
}

static bool method(struct exchange *exchange, struct http1_side *side, const char *word, size_t len)
{
    if (len == 3 && memcmp(word, "GET", 3) == 0)
        return true;
    if (len == 0 || !http1_method(word, len))
        return refuse(exchange, EXCHANGE_REFUSED_MISMATCH);
    if (len == 4 && memcmp(word, "HEAD", 4) == 0) {
        side->flags |= HTTP1_HEAD;
        return true;
    }
    if (len == 7 && memcmp(word, "OPTIONS", 7) == 0)
        return true;
    /* PUT and DELETE are idempotent (RFC 9110 §9.2.2), but the second of two may be answered otherwise than the first
     * (204 for 201, 404 for 204); TRACE tells what it went through. The promise is the same effect and answer. */
    bool go_on = not_repeatable(exchange);
    if (len == 7 && memcmp(word, "CONNECT", 7) == 0)
        go_on = refuse(exchange, EXCHANGE_REFUSED_STATE);
    return go_on;
}

bool http1_start_word(struct exchange *exchange, struct http1_side *side, const char *word, size_t len)
{
    if (side->state == HTTP1_METHOD)
        return method(exchange, side, word, len);
    if (side->state == HTTP1_VERSION) {
        if (len != 8 || memcmp(word, "HTTP/1.", 7) != 0 || (word[7] != '0' && word[7] != '1'))
            return refuse(exchange, EXCHANGE_REFUSED_MISMATCH);
        if (word[7] == '0')
            side->flags |= HTTP1_OLD;
        return true;
    }
    side->status = 0;
    for (size_t i = 0; i < len && i < 3; i++) {
        if (word[i] < '0' || word[i] > '9')
            return refuse(exchange, EXCHANGE_REFUSED_MISMATCH);
        side->status = (uint16_t)(side->status * 10 + (word[i] - '0'));
    }
    return (len == 3 && side->status >= 100) || refuse(exchange, EXCHANGE_REFUSED_MISMATCH);
}

enum http1_field http1_field_of(const char *name, size_t len, bool request)
{
    switch (len) {
    case 6:
        return request && SCAN_IS(name, len, "expect") ? HTTP1_EXPECTATION : HTTP1_OTHER;
    case 7: /* in a response it only tells what could be asked for */
        return request && SCAN_IS(name, len, "upgrade") ? HTTP1_MAKES_STATE : HTTP1_OTHER;
    case 10:
        if (SCAN_IS(name, len, "connection"))
            return HTTP1_CONNECTION;
        return !request && SCAN_IS(name, len, "keep-alive") ? HTTP1_KEEPING : HTTP1_OTHER;
    case 13:
        if (SCAN_IS(name, len, "authorization"))
            return HTTP1_CREDENTIALS;
        return SCAN_IS(name, len, "proxy-support") ? HTTP1_MAKES_STATE : HTTP1_OTHER;
    case 14:
        return SCAN_IS(name, len, "content-length") ? HTTP1_CONTENT_LENGTH : HTTP1_OTHER;
    case 15:
        return SCAN_IS(name, len, "persistent-auth") ? HTTP1_MAKES_STATE : HTTP1_OTHER;
    case 16:
        if (SCAN_IS(name, len, "www-authenticate"))
            return HTTP1_CHALLENGE;
        return SCAN_IS(name, len, "proxy-connection") ? HTTP1_PROXY_CONNECTION : HTTP1_OTHER;
    case 17:
        return SCAN_IS(name, len, "transfer-encoding") ? HTTP1_TRANSFER_ENCODING : HTTP1_OTHER;
    case 18:
        return SCAN_IS(name, len, "proxy-authenticate") ? HTTP1_CHALLENGE : HTTP1_OTHER;
    case 19:
        return SCAN_IS(name, len, "proxy-authorization") ? HTTP1_CREDENTIALS : HTTP1_OTHER;
    default:
        return HTTP1_OTHER;
    }
}

static bool connection(struct exchange *exchange, struct http1_side *side, const char *word, size_t len)
{
    if (SCAN_IS(word, len, "close"))
        return refuse(exchange, EXCHANGE_REFUSED_CLOSE);
    if (side->field == HTTP1_PROXY_CONNECTION)
        return true;
    if (SCAN_IS(word, len, "keep-alive"))
        side->flags |= HTTP1_KEEP_ALIVE;
    else if ((side->flags & HTTP1_REQUEST) && SCAN_IS(word, len, "upgrade"))
        return refuse(exchange, EXCHANGE_REFUSED_STATE);
    return true;
}

/* Up to 18 digits, which no sum of ours overflows. */
static bool number(const char *digits, size_t len, uint64_t *ret)
{
    uint64_t sum = 0;
    if (len == 0 || len > 18)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (digits[i] < '0' || digits[i] > '9')
            return false;
        sum = sum * 10 + (uint64_t)(digits[i] - '0');
    }
    *ret = sum;
    return true;
}

static bool content_length(struct exchange *exchange, struct http1_side *side, const char *word, size_t len)
{
    if ((side->flags & HTTP1_HAS_LENGTH) || !number(word, len, &side->body_left))
        return refuse(exchange, EXCHANGE_REFUSED_MISMATCH);
    side->flags |= HTTP1_HAS_LENGTH;
    return true;
}

static bool transfer_encoding(struct exchange *exchange, struct http1_side *side, const char *word, size_t len)
{
    if ((side->flags & HTTP1_CHUNKED) || SCAN_IS(word, len, "identity"))
        return refuse(exchange, EXCHANGE_REFUSED_MISMATCH);
    side->flags |= HTTP1_CODED | (SCAN_IS(word, len, "chunked") ? HTTP1_CHUNKED : 0);
    return true;
}

/* Keep-Alive: timeout=5, max=100 */
static bool keeping(struct exchange *exchange, const char *word, size_t len)
{
    uint64_t value;
    if (len > 8 && len <= HTTP1_WORD && SCAN_IS(word, 8, "timeout=") && number(word + 8, len - 8, &value)) {
        exchange->idle_s = value < UINT32_MAX ? (uint32_t)value : UINT32_MAX;
        return value > 0 || refuse(exchange, EXCHANGE_REFUSED_CLOSE);
    }
    if (len > 4 && len <= HTTP1_WORD && SCAN_IS(word, 4, "max=") && number(word + 4, len - 4, &value))
        return value > 0 || refuse(exchange, EXCHANGE_REFUSED_CLOSE);
    return true;
}

bool http1_field_word(struct exchange *exchange, struct http1_side *side, const char *word, size_t len)
{
    switch ((enum http1_field)side->field) {
    case HTTP1_CONNECTION:
    case HTTP1_PROXY_CONNECTION:
        return connection(exchange, side, word, len);
    case HTTP1_CONTENT_LENGTH:
        return content_length(exchange, side, word, len);
    case HTTP1_TRANSFER_ENCODING:
        return transfer_encoding(exchange, side, word, len);
    case HTTP1_EXPECTATION:
        side->flags |= HTTP1_EXPECT;
        return SCAN_IS(word, len, "100-continue") || refuse(exchange, EXCHANGE_REFUSED_MISMATCH);
    case HTTP1_KEEPING:
        return keeping(exchange, word, len);
    case HTTP1_CHALLENGE:
    case HTTP1_CREDENTIALS:
        if (SCAN_IS(word, len, "ntlm") || SCAN_IS(word, len, "negotiate"))
            return refuse(exchange, EXCHANGE_REFUSED_STATE);
        return true;
    case HTTP1_OTHER:
    case HTTP1_MAKES_STATE:
        break;
    }
    return true;
}
