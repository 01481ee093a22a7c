/* serve_pages.c: see serve_pages.h. */
#include "commands/serve_pages.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands/commands.h"
#include "commands/sinks.h"

enum { KEPT_MS = 1000 };

const char *serve_pages_type(enum serve_page page)
{
    static const char *const types[] = {
        [PAGE_OPENMETRICS] = "application/openmetrics-text; version=1.0.0; charset=utf-8",
        [PAGE_PROMETHEUS] = "text/plain; version=0.0.4; charset=utf-8",
        [PAGE_REPORT_JSON] = "application/json",
        [PAGE_REPORT_HTML] = "text/html; charset=utf-8",
    };
    return types[page];
}

/* What was made of the look, but not the look. */
static void drop(struct serve_pages *pages)
{
    for (int i = 0; i < PAGE_KINDS; i++) {
        free(pages->made[i].bytes);
        pages->made[i].bytes = NULL;
    }
    subject_done(&pages->whole);
    pages->whole = (struct subject){0};
    free(pages->members);
    pages->members = NULL;
}

void serve_pages_done(struct serve_pages *pages)
{
    drop(pages);
    look_done(&pages->look);
    lookup_done(&pages->named.names);
}

static int look_again(struct serve_pages *pages)
{
    struct look look;
    unsigned long long now = sinks_now_ms();
    if (pages->taken_ms && now - pages->taken_ms < KEPT_MS)
        return 0;
    int code = look_take(pages->word, &pages->look, &look);
    if (code != EXIT_OK && code != EXIT_NO_DATA)
        return -ENOMEM;
    drop(pages);
    look_done(&pages->look);
    pages->look = look;
    pages->taken_ms = now;
    pages->members = calloc(look.count + 1, sizeof(*pages->members));
    for (size_t i = 0; pages->members && i < look.count; i++) {
        if (subject_analyse(&look.members[i]) != EXIT_OK)
            return -ENOMEM;
        pages->members[i] = look.members[i].analysis;
    }
    return pages->members ? 0 : -ENOMEM;
}

static int (*writer_of(const char *name))(FILE *, const struct export_source *)
{
    for (const struct export_format *format = export_formats; format->name; format++)
        if (strcmp(format->name, name) == 0)
            return format->write;
    return NULL;
}

static int write_page(struct serve_pages *pages, enum serve_page page, FILE *out)
{
    struct export_source source = {.members = pages->members, .member_count = pages->look.count};
    if (page == PAGE_OPENMETRICS || page == PAGE_PROMETHEUS)
        return export_families(out, &source, page == PAGE_OPENMETRICS ? EXPOSITION_OPENMETRICS : EXPOSITION_PROMETHEUS,
                               &pages->named);
    if (pages->look.count == 0)
        return -ENODATA;
    source.analysis = pages->members[0];
    if (pages->look.count > 1) {
        if (!pages->whole.analysis && subject_merge(pages->look.members, pages->look.count, &pages->whole) != EXIT_OK)
            return -ENOMEM;
        source.analysis = pages->whole.analysis;
    }
    int (*write)(FILE *, const struct export_source *) = writer_of(page == PAGE_REPORT_JSON ? "json" : "html");
    return write ? write(out, &source) : -ENODATA;
}

int serve_pages_get(struct serve_pages *pages, enum serve_page page, const char **ret_bytes, size_t *ret_len)
{
    int error = look_again(pages);
    if (!error && !pages->made[page].bytes) {
        FILE *out = open_memstream(&pages->made[page].bytes, &pages->made[page].len);
        error = out ? write_page(pages, page, out) : -ENOMEM;
        if (out && fclose(out) != 0)
            error = -ENOMEM;
        if (error) {
            free(pages->made[page].bytes);
            pages->made[page].bytes = NULL;
        }
    }
    if (error)
        return error;
    *ret_bytes = pages->made[page].bytes;
    *ret_len = pages->made[page].len;
    return 0;
}
