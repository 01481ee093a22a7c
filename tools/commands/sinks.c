/* sinks.c: see sinks.h. Owns the list of sinks, stderr and syslog. */
#include "commands/sinks.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "commands/arguments.h"
#include "commands/commands.h"
#include "read/text.h"
#include "render/alert_json.h"

enum { TEND_EVERY_MS = 50 };

uint64_t sinks_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* ---- the list ---- */

static int check_program(const char *path)
{
    struct stat facts;
    if (!strchr(path, '/'))
        return arguments_wrong("watch", "exec:%s: give the program's path, with a /", path);
    if (stat(path, &facts) != 0)
        return arguments_wrong("watch", "exec:%s: %s", path, strerror(errno));
    if (!S_ISREG(facts.st_mode) || access(path, X_OK) != 0)
        return arguments_wrong("watch", "exec:%s: is not a program that may be run", path);
    return EXIT_OK;
}

static int check_url(const char *url)
{
    size_t scheme = strncmp(url, "http://", 7) == 0 ? 7 : strncmp(url, "https://", 8) == 0 ? 8 : 0;
    if (scheme == 0 || strcspn(url + scheme, "/?#") == 0)
        return arguments_wrong("watch", "webhook:%s: is no http:// or https:// address", url);
    return EXIT_OK;
}

int sinks_add(struct sinks *sinks, const char *word)
{
    static const char *const names[] = {"stderr", "syslog", "exec", "webhook", NULL};
    size_t len = strcspn(word, ":");
    int kind = 0;
    while (names[kind] && (strlen(names[kind]) != len || strncmp(names[kind], word, len) != 0))
        kind++;
    if (!names[kind]) {
        char name[64];
        snprintf(name, sizeof(name), "%.*s", (int)len, word);
        const char *nearest = text_nearest(name, names);
        if (nearest)
            return arguments_wrong("watch", "no sink '%s'; nearest: %s", name, nearest);
        return arguments_wrong("watch", "no sink '%s'; there are: stderr, syslog, exec:PATH, webhook:URL", name);
    }
    const char *place = word[len] ? word + len + 1 : "";
    bool needs_place = kind == SINK_EXEC || kind == SINK_WEBHOOK;
    if (needs_place != (*place != '\0'))
        return arguments_wrong("watch", needs_place ? "the sink %s needs a place: %s:%s" : "the sink %s takes no place",
                               names[kind], names[kind], kind == SINK_EXEC ? "PATH" : "URL");
    if (sinks->count == SINKS_MOST)
        return arguments_wrong("watch", "more than %d sinks", SINKS_MOST);
    int code = kind == SINK_EXEC ? check_program(place) : kind == SINK_WEBHOOK ? check_url(place) : EXIT_OK;
    if (code != EXIT_OK)
        return code;
    sinks->items[sinks->count].kind = (enum sink_kind)kind;
    sinks->items[sinks->count].place = strdup(place);
    return sinks->items[sinks->count++].place ? EXIT_OK : EXIT_FAILED;
}

static bool has(const struct sinks *sinks, enum sink_kind kind)
{
    for (size_t i = 0; i < sinks->count; i++)
        if (sinks->items[i].kind == kind)
            return true;
    return false;
}

int sinks_open(struct sinks *sinks)
{
    if (has(sinks, SINK_EXEC) && !sinks->programs)
        sinks->programs = sink_exec_new();
    if (has(sinks, SINK_WEBHOOK) && !sinks->posts)
        sinks->posts = sink_webhook_new();
    if (has(sinks, SINK_SYSLOG))
        openlog("strong-report", LOG_PID, LOG_USER);
    bool ok = (!has(sinks, SINK_EXEC) || sinks->programs) && (!has(sinks, SINK_WEBHOOK) || sinks->posts);
    return ok ? EXIT_OK : EXIT_FAILED;
}

/* ---- a notice ---- */

bool sinks_is_news(enum alert_state state, bool was_firing)
{
    return (state == ALERT_FIRING && !was_firing) || state == ALERT_RESOLVED || state == ALERT_NO_DATA;
}

/* "slow-redis (warning): firing: Redis is slow: network.p99 is 6.2 ms, limit < 5 ms; app, pid 4242" */
static void describe(const struct alert_notice *notice, char *buf, size_t size)
{
    char process[160] = "";
    if (notice->pid)
        snprintf(process, sizeof(process), "; %.100s, pid %d", notice->command, notice->pid);
    snprintf(buf, size, "%s (%s): %s%s%s%s%s%s", notice->name, finding_severity_name(notice->severity),
             alert_state_name(notice->state), *notice->message ? ": " : "", notice->message,
             *notice->values ? ": " : "", notice->values, process);
}

static void log_line(const struct alert_notice *notice, const char *text)
{
    static const int levels[] = {LOG_NOTICE, LOG_WARNING, LOG_CRIT};
    syslog(notice->state == ALERT_FIRING ? levels[notice->severity] : LOG_NOTICE, "%s", text);
}

void sinks_send(struct sinks *sinks, const struct alert_notice *notice, bool is_news)
{
    char text[3000];
    describe(notice, text, sizeof(text));
    for (size_t i = 0; i < sinks->count; i++) {
        const struct sink *sink = &sinks->items[i];
        char *json = NULL;
        if (sink->kind == SINK_STDERR)
            fprintf(stderr, "%s %s\n", alert_json_time(notice->at_realtime_ns).text, text);
        if (!is_news)
            continue;
        if (sink->kind == SINK_SYSLOG)
            log_line(notice, text);
        if (sink->kind == SINK_EXEC && (json = alert_json(notice)))
            sink_exec_start(sinks->programs, sink->place, json);
        free(json);
        if (sink->kind == SINK_WEBHOOK && notice->state != ALERT_NO_DATA)
            sink_webhook_post(sinks->posts, sink->place, alert_json_webhook(notice));
    }
}

/* ---- waiting ---- */

/* One step of at most timeout_ms. Returns how much is under way. */
static size_t step(struct sinks *sinks, int fd, int timeout_ms)
{
    struct pollfd readable = {.fd = fd, .events = POLLIN};
    size_t left = sinks->programs ? sink_exec_tend(sinks->programs) : 0;
    if (left && timeout_ms > TEND_EVERY_MS)
        timeout_ms = TEND_EVERY_MS;
    if (sinks->posts)
        left += sink_webhook_tend(sinks->posts, fd, timeout_ms);
    else
        poll(&readable, fd >= 0, timeout_ms);
    return left;
}

void sinks_wait(struct sinks *sinks, int fd, int timeout_ms)
{
    uint64_t end = sinks_now_ms() + (uint64_t)timeout_ms;
    for (;;) {
        uint64_t now = sinks_now_ms();
        step(sinks, fd, now < end ? (int)(end - now) : 0);
        struct pollfd readable = {.fd = fd, .events = POLLIN};
        if (sinks_now_ms() >= end || poll(&readable, 1, 0) == 1)
            return;
    }
}

void sinks_close(struct sinks *sinks, int grace_ms)
{
    uint64_t end = sinks_now_ms() + (uint64_t)grace_ms;
    while ((sinks->programs || sinks->posts) && step(sinks, -1, TEND_EVERY_MS) > 0 && sinks_now_ms() < end)
        continue;
    sink_exec_free(sinks->programs);
    sink_webhook_free(sinks->posts);
    for (size_t i = 0; i < sinks->count; i++)
        free(sinks->items[i].place);
    *sinks = (struct sinks){0};
}
