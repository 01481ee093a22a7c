/* serve_pages.h: the documents that serve hands out, made at most once a second from one look at what runs.
 *
 * However often they are asked for: a look and an analysis cost tens of milliseconds, and a scraper that asks more
 * often learns nothing more. Single-threaded.
 */
#ifndef STRONG_COMMANDS_SERVE_PAGES_H
#define STRONG_COMMANDS_SERVE_PAGES_H

#include <stddef.h>

#include "commands/look.h"
#include "render/export_families.h"

enum serve_page { PAGE_OPENMETRICS, PAGE_PROMETHEUS, PAGE_REPORT_JSON, PAGE_REPORT_HTML, PAGE_KINDS };

struct serve_pages {
    const char *word; /* what is served, NULL: all that runs */
    struct look look;
    struct subject whole;              /* where there are several */
    const struct analysis **members;   /* of look's members */
    struct families_named named;
    struct {
        char *bytes;
        size_t len;
    } made[PAGE_KINDS]; /* from this look */
    unsigned long long taken_ms; /* when; 0: never */
};

/* 0 and the bytes, which stay until the next call; -ENODATA where nothing runs and the page is about something that
 * does, -ENOMEM. */
int serve_pages_get(struct serve_pages *pages, enum serve_page page, const char **ret_bytes, size_t *ret_len);
void serve_pages_done(struct serve_pages *pages);

const char *serve_pages_type(enum serve_page page);

#endif
