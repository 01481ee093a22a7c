/* library_client hiredis|curl connect|keep PORT COUNT: requests by a C library; prints the median of one in us.
 * Compiled by scripts/bench network with hiredis and libcurl. */
#include <curl/curl.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static void fail(const char *what)
{
    fprintf(stderr, "library_client: %s failed\n", what);
    exit(1);
}

static void get_redis(redisContext **kept, int keep, int port)
{
    redisContext *context = *kept ? *kept : redisConnect("127.0.0.1", port);
    redisReply *reply = context && !context->err ? redisCommand(context, "GET key") : NULL;
    if (!reply || reply->type != REDIS_REPLY_STRING)
        fail("GET");
    freeReplyObject(reply);
    if (keep)
        *kept = context;
    else
        redisFree(context);
}

static size_t ignore(char *bytes, size_t size, size_t count, void *unused)
{
    (void)bytes, (void)unused;
    return size * count;
}

static void get_http(CURL **kept, int keep, int port)
{
    char url[64];
    CURL *curl = *kept ? *kept : curl_easy_init();
    snprintf(url, sizeof url, "http://127.0.0.1:%d/", port);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, ignore);
    if (curl_easy_perform(curl) != CURLE_OK)
        fail("curl_easy_perform");
    if (keep)
        *kept = curl;
    else
        curl_easy_cleanup(curl);
}

static int compare(const void *a, const void *b)
{
    double first = *(const double *)a, second = *(const double *)b;
    return (first > second) - (first < second);
}

int main(int argc, char **argv)
{
    if (argc != 5)
        fail("usage: library_client hiredis|curl connect|keep PORT COUNT:");
    int keep = strcmp(argv[2], "keep") == 0, port = atoi(argv[3]), count = atoi(argv[4]);
    double *taken = calloc((size_t)count, sizeof *taken);
    redisContext *redis = NULL;
    CURL *curl = NULL;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    for (int i = -count / 10; i < count; i++) {
        double begin = now_us();
        if (strcmp(argv[1], "curl") == 0)
            get_http(&curl, keep, port);
        else
            get_redis(&redis, keep, port);
        if (i >= 0)
            taken[i] = now_us() - begin;
    }
    qsort(taken, (size_t)count, sizeof *taken, compare);
    printf("median %.3f\n", taken[count / 2]);
    return 0;
}
