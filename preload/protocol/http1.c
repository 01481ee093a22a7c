/* http1.c: not followed yet: every connection of this protocol is refused. */
#include "protocol/http1.h"

#include <string.h>

#include "protocol/refuse.h"

void http1_begin(struct http1 *http1)
{
    memset(http1, 0, sizeof(*http1));
}

void http1_sent(struct exchange *exchange, const char *buf, size_t len)
{
    (void)buf, (void)len;
    refuse(exchange, EXCHANGE_REFUSED_PROTOCOL);
}

void http1_received(struct exchange *exchange, const char *buf, size_t len)
{
    http1_sent(exchange, buf, len);
}

bool http1_request_whole(const struct http1 *http1)
{
    (void)http1;
    return false;
}

bool http1_response_whole(const struct http1 *http1)
{
    (void)http1;
    return false;
}

bool http1_method(const char *word, size_t len)
{
    (void)word, (void)len;
    return false;
}
