/* sink_webhook.c: posts to webhooks, tried again a few times, further and further apart.
 *
 * A post is tried again when nobody answered, or the answer was 429 or 5xx; any other answer that is not 2xx is final. The
 * posts of one address stay in order: a later one waits for those before it, or an end could overtake its beginning.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands/arguments.h"
#include "commands/loaded_curl.h"
#include "commands/sinks.h"

enum { CONNECT_MS = 5000, WHOLE_MS = 10000 };

struct post {
    char *url, *body;
    CURL *easy; /* while it is under way */
    unsigned tries;
    uint64_t next_ms; /* not before */
};

struct sink_posts {
    const struct loaded_curl *curl;
    CURLM *multi;
    struct curl_slist *headers;
    struct post items[SINKS_WEBHOOK_MOST]; /* oldest first */
    size_t count;
};

struct sink_posts *sink_webhook_new(void)
{
    const struct loaded_curl *curl = loaded_curl("watch");
    struct sink_posts *posts = curl ? calloc(1, sizeof(*posts)) : NULL;
    if (!posts)
        return NULL;
    posts->curl = curl;
    posts->multi = curl->multi_init();
    posts->headers = curl->slist_append(NULL, "Content-Type: application/json");
    if (posts->multi && posts->headers)
        return posts;
    fprintf(stderr, "strong-report watch: libcurl cannot be started\n");
    sink_webhook_free(posts);
    return NULL;
}

/* Without the name and the password that may stand in it. */
static void complain(const char *url, const char *what)
{
    const char *scheme = strstr(url, "://"), *start = scheme ? scheme + 3 : url;
    size_t host = strcspn(start, "/?#");
    const char *at = memrchr(start, '@', host);
    const char *shown = at ? at + 1 : start;
    arguments_wrong("watch", "webhook:%.*s%.*s: %s", (int)(start - url), url, (int)(start + host - shown), shown,
                    what);
}

void sink_webhook_post(struct sink_posts *posts, const char *url, char *body)
{
    struct post post = {.url = strdup(url), .body = body};
    if (post.url && post.body && posts->count < SINKS_WEBHOOK_MOST) {
        posts->items[posts->count++] = post;
        return;
    }
    complain(url, "too many posts are waiting; this alert is not passed on");
    free(post.url);
    free(post.body);
}

static void forget(struct sink_posts *posts, struct post *post)
{
    if (post->easy) {
        posts->curl->multi_remove_handle(posts->multi, post->easy);
        posts->curl->easy_cleanup(post->easy);
    }
    free(post->url);
    free(post->body);
    size_t behind = (size_t)(posts->items + posts->count - (post + 1));
    memmove(post, post + 1, behind * sizeof(*post));
    posts->count--;
}

static size_t drop_answer(char *bytes, size_t size, size_t count, void *context)
{
    (void)bytes;
    (void)context;
    return size * count;
}

static void start(struct sink_posts *posts, struct post *post)
{
    const struct loaded_curl *curl = posts->curl;
    CURL *easy = curl->easy_init();
    if (!easy)
        return;
    curl->easy_setopt(easy, CURLOPT_URL, post->url);
    curl->easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl->easy_setopt(easy, CURLOPT_POSTFIELDS, post->body);
    curl->easy_setopt(easy, CURLOPT_HTTPHEADER, posts->headers);
    curl->easy_setopt(easy, CURLOPT_USERAGENT, "strong-report/" STRONG_VERSION);
    curl->easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    curl->easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)WHOLE_MS);
    curl->easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl->easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop_answer);
    post->tries++;
    post->easy = easy;
    if (curl->multi_add_handle(posts->multi, easy) != CURLM_OK) {
        curl->easy_cleanup(easy);
        post->easy = NULL;
    }
}

static void finish(struct sink_posts *posts, struct post *post, CURLcode result)
{
    const struct loaded_curl *curl = posts->curl;
    long status = 0;
    char what[128];
    curl->easy_getinfo(post->easy, CURLINFO_RESPONSE_CODE, &status);
    bool delivered = result == CURLE_OK && status >= 200 && status < 300;
    bool again = result != CURLE_OK || status == 429 || status >= 500;
    if (!delivered && result != CURLE_OK)
        snprintf(what, sizeof(what), "%.100s", curl->easy_strerror(result));
    else if (!delivered)
        snprintf(what, sizeof(what), "the answer is %ld", status);
    if (delivered || !again || post->tries == SINKS_WEBHOOK_TRIES) {
        if (!delivered)
            complain(post->url, what);
        forget(posts, post);
        return;
    }
    curl->multi_remove_handle(posts->multi, post->easy);
    curl->easy_cleanup(post->easy);
    post->easy = NULL;
    post->next_ms = sinks_now_ms() + (1000u << (post->tries - 1));
}

/* Starts what may start; returns in how many ms there is something to start, at most timeout_ms. */
static int start_due(struct sink_posts *posts, int timeout_ms)
{
    uint64_t now = sinks_now_ms();
    for (size_t i = 0; i < posts->count; i++) {
        struct post *post = &posts->items[i];
        bool first = true;
        for (size_t j = 0; j < i; j++)
            first = first && strcmp(posts->items[j].url, post->url) != 0;
        if (!first || post->easy)
            continue;
        if (post->next_ms <= now)
            start(posts, post);
        else if (post->next_ms - now < (uint64_t)timeout_ms)
            timeout_ms = (int)(post->next_ms - now);
    }
    return timeout_ms;
}

size_t sink_webhook_tend(struct sink_posts *posts, int fd, int timeout_ms)
{
    const struct loaded_curl *curl = posts->curl;
    struct curl_waitfd readable = {.fd = fd, .events = CURL_WAIT_POLLIN};
    int running, left;
    CURLMsg *message;
    timeout_ms = start_due(posts, timeout_ms);
    curl->multi_perform(posts->multi, &running);
    curl->multi_poll(posts->multi, &readable, fd >= 0, timeout_ms, NULL);
    curl->multi_perform(posts->multi, &running);
    while ((message = curl->multi_info_read(posts->multi, &left))) {
        if (message->msg != CURLMSG_DONE)
            continue;
        CURLcode result = message->data.result;
        for (size_t i = 0; i < posts->count; i++)
            if (posts->items[i].easy == message->easy_handle) {
                finish(posts, &posts->items[i], result);
                break;
            }
    }
    return posts->count;
}

void sink_webhook_free(struct sink_posts *posts)
{
    if (!posts)
        return;
    while (posts->count) {
        complain(posts->items[0].url, "an alert was not delivered: watching is over");
        forget(posts, &posts->items[0]);
    }
    posts->curl->slist_free_all(posts->headers);
    if (posts->multi)
        posts->curl->multi_cleanup(posts->multi);
    free(posts);
}
