/* sinks.h: where alerts go: stderr, syslog, a program, a webhook.
 *
 *   stderr          one line for every change of state
 *   syslog          one line, by severity, when an alert fires, ends, or has no data
 *   exec:PATH       PATH runs without arguments and without a shell, with the alert as JSON on its standard input, when an
 *                   alert fires, ends, or has no data; killed after SINKS_EXEC_SECONDS
 *   webhook:URL     posted as Alertmanager posts, when an alert fires or ends; http or https with verified certificates
 *
 * Deliveries happen while sinks_wait waits: none holds up watching, and what fails is said on stderr and otherwise
 * forgotten. What is under way is bounded. Single-threaded; the caller has SIGPIPE ignored.
 */
#ifndef STRONG_COMMANDS_SINKS_H
#define STRONG_COMMANDS_SINKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyse/alert.h"

enum {
    SINKS_MOST = 32,
    SINKS_EXEC_SECONDS = 10,
    SINKS_EXEC_MOST = 16,    /* programs running at once */
    SINKS_WEBHOOK_MOST = 64, /* posts waiting or under way */
    SINKS_WEBHOOK_TRIES = 5, /* 1, 2, 4, 8 s apart */
};

enum sink_kind { SINK_STDERR, SINK_SYSLOG, SINK_EXEC, SINK_WEBHOOK };

struct sink {
    enum sink_kind kind;
    char *place; /* PATH or URL */
};

struct sinks {
    struct sink items[SINKS_MOST];
    size_t count;
    struct sink_programs *programs; /* sink_exec.c */
    struct sink_posts *posts;       /* sink_webhook.c; NULL without webhooks */
};

/* Adds "exec:PATH" …; EXIT_OK, or EXIT_USAGE after a message. */
int sinks_add(struct sinks *sinks, const char *word);
/* Before the first notice. EXIT_OK, or EXIT_FAILED after a message. */
int sinks_open(struct sinks *sinks);

/* Whether a change of state is news beyond stderr. was_firing: the alert had fired and not ended. */
bool sinks_is_news(enum alert_state state, bool was_firing);
void sinks_send(struct sinks *sinks, const struct alert_notice *notice, bool is_news);

/* Waits until timeout_ms have passed or fd is readable; delivers meanwhile. */
void sinks_wait(struct sinks *sinks, int fd, int timeout_ms);

/* Gives what is under way so long to end, and ends it. */
void sinks_close(struct sinks *sinks, int grace_ms);

uint64_t sinks_now_ms(void); /* a clock that never goes back */

/* ---- sink_exec.c ---- */
struct sink_programs *sink_exec_new(void);
void sink_exec_start(struct sink_programs *programs, const char *path, const char *json);
/* Collects those that ended, ends those that take too long. Returns how many run. */
size_t sink_exec_tend(struct sink_programs *programs);
void sink_exec_free(struct sink_programs *programs); /* kills what runs */

/* ---- sink_webhook.c ---- */
struct sink_posts *sink_webhook_new(void); /* NULL after a message */
/* Takes body. */
void sink_webhook_post(struct sink_posts *posts, const char *url, char *body);
/* Goes on with what is under way and waits for it, for fd, at most timeout_ms. Returns how many are left. */
size_t sink_webhook_tend(struct sink_posts *posts, int fd, int timeout_ms);
void sink_webhook_free(struct sink_posts *posts);

#endif
