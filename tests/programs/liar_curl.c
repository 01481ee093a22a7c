/* liar_curl.c: asks the lying server (liar.c) with libcurl, an easy handle a request, as programs do that know no
 * better. Arguments, runs and output as liar_client.c; curl's own code says how it ended.
 */
#include <curl/curl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "liar.h"

struct body {
    char bytes[16384];
    size_t len;
};

static size_t take(char *data, size_t size, size_t count, void *into)
{
    struct body *body = into;
    size_t len = size * count, room = sizeof body->bytes - 1 - body->len;
    memcpy(body->bytes + body->len, data, len < room ? len : room);
    body->len += len < room ? len : room;
    return len;
}

static void exchange(uint32_t seed, int port, uint32_t id)
{
    static struct body body;
    char url[128], own[32];
    uint32_t run = id / RUN_REQUESTS, hash = 0;
    long status = 0;
    CURL *easy = curl_easy_init();
    body.len = 0;
    sprintf(url, "http://127.0.%u.%u:%d/%u", run / 250 % 250 + 1, run % 250 + 1, port, id);
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &body);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, 10000L);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    if (liar_unrepeatable(seed, id))
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, "hello");
    CURLcode code = curl_easy_perform(easy);
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_cleanup(easy);
    body.bytes[body.len] = '\0';
    for (size_t i = 0; i < body.len; i++)
        hash = hash * 31 + (unsigned char)body.bytes[i];
    const char *id_at = strstr(body.bytes, "id=");
    sprintf(own, "id=%u", id);
    bool foreign = id_at && strncmp(id_at, own, strlen(own)) != 0 && strlen(id_at) > strlen(own);
    const char *how = code == CURLE_OPERATION_TIMEDOUT ? "HANG" : code == CURLE_RECV_ERROR ? "reset" : curl_easy_strerror(code);
    printf("%u %s %s %ld %zu %08x\n", id, foreign ? "FOREIGN" : "own", how, status, body.len, hash);
}

int main(int count, char **arguments)
{
    if (count < 6)
        return 2;
    uint32_t seed = (uint32_t)strtoul(arguments[3], NULL, 10);
    uint32_t first = (uint32_t)strtoul(arguments[4], NULL, 10), runs = (uint32_t)strtoul(arguments[5], NULL, 10);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    for (uint32_t id = first * RUN_REQUESTS; id < (first + runs) * RUN_REQUESTS; id++) {
        exchange(seed, atoi(arguments[2]), id);
        uint32_t gap = liar_hash(seed, id, ASK_GAP);
        if (gap % 3 == 0)
            usleep(gap / 3 % 500);
    }
    return 0;
}
