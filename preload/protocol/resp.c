/* resp.c: not followed yet: every connection of this protocol is refused. */
#include "protocol/resp.h"

#include <string.h>

#include "protocol/refuse.h"

void resp_begin(struct resp *resp)
{
    memset(resp, 0, sizeof(*resp));
}

void resp_sent(struct exchange *exchange, const char *buf, size_t len)
{
    (void)buf, (void)len;
    refuse(exchange, EXCHANGE_REFUSED_PROTOCOL);
}

void resp_received(struct exchange *exchange, const char *buf, size_t len)
{
    resp_sent(exchange, buf, len);
}

bool resp_request_whole(const struct resp *resp)
{
    (void)resp;
    return false;
}

bool resp_reply_whole(const struct resp *resp)
{
    (void)resp;
    return false;
}


