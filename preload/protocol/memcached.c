/* memcached.c: not followed yet: every connection of this protocol is refused. */
#include "protocol/memcached.h"

#include <string.h>

#include "protocol/refuse.h"

void memcached_begin(struct memcached *memcached)
{
    memset(memcached, 0, sizeof(*memcached));
}

void memcached_sent(struct exchange *exchange, const char *buf, size_t len)
{
    (void)buf, (void)len;
    refuse(exchange, EXCHANGE_REFUSED_PROTOCOL);
}

void memcached_received(struct exchange *exchange, const char *buf, size_t len)
{
    memcached_sent(exchange, buf, len);
}

bool memcached_request_whole(const struct memcached *memcached)
{
    (void)memcached;
    return false;
}

bool memcached_reply_whole(const struct memcached *memcached)
{
    (void)memcached;
    return false;
}

bool memcached_word(const char *word, size_t len)
{
    (void)word, (void)len;
    return false;
}
