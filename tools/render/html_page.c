/* html_page.c: see html_page.h. Owns the frame around the page's parts, and how it is made to fit. */
#include "render/html_page.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "render/html_assets.h"

/* Each time the page is too large, all lists are cut by as much as it is, and a little more; at least by this. */
static const double SHRINK_LEAST = 0.95;

enum { COLUMNS_LEAST = 40 };

static const struct html_limits limits_first = {
    .nodes = 9000, .rows = 300, .events = 2000, .readings = 400, .histograms = 24, .columns = 160};

static const char head_open[] =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; base-uri 'none'; form-action 'none'; "
    "style-src 'sha256-%s'; script-src 'sha256-%s'\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<meta name=\"color-scheme\" content=\"light dark\">\n<title>strong-report: ";

/* ---- escaping ---- */

/* What a character of text must become in HTML, or NULL where it may stand. */
static const char *in_markup(char character)
{
    return character == '<' ? "&lt;" : character == '>' ? "&gt;" : character == '&' ? "&amp;" : NULL;
}

static void write_markup(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        const char *escape = in_markup(*text);
        if (escape != NULL)
            fputs(escape, out);
        else
            fputc(*text, out);
    }
}

/* These stand in strings alone: outside them JSON has none. U+2028 and U+2029 end a line of script. */
static const char *in_json(const char *text, size_t *ret_len)
{
    *ret_len = 1;
    switch (*text) {
    case '<':
        return "\\u003c";
    case '>':
        return "\\u003e";
    case '&':
        return "\\u0026";
    case '\xe2':
        *ret_len = 3;
        return strncmp(text, "\xe2\x80\xa8", 3) == 0   ? "\\u2028"
               : strncmp(text, "\xe2\x80\xa9", 3) == 0 ? "\\u2029"
                                                       : NULL;
    default:
        return NULL;
    }
}

/* Bytes of it, escaped; written where `out` is there. */
static size_t put_json(FILE *out, const char *text)
{
    size_t bytes = 0, len;
    for (; *text != '\0'; text += len) {
        const char *escape = in_json(text, &len);
        if (escape == NULL)
            len = 1;
        bytes += escape != NULL ? strlen(escape) : 1;
        if (out == NULL)
            continue;
        if (escape != NULL)
            fputs(escape, out);
        else
            fputc(*text, out);
    }
    return bytes;
}

/* ---- the page ---- */

static void put_asset(FILE *out, const struct html_asset *asset)
{
    fwrite(asset->text, 1, asset->len, out);
}

static void put_page(FILE *out, const char *title, const char *json)
{
    fprintf(out, head_open, html_style.sha256, html_script.sha256);
    write_markup(out, title);
    fputs("</title>\n<style>", out);
    put_asset(out, &html_style);
    fputs("</style>\n</head>\n<body>\n", out);
    put_asset(out, &html_body);
    fputs("<script type=\"application/json\" id=\"data\">", out);
    put_json(out, json);
    fputs("</script>\n<script>", out);
    put_asset(out, &html_script);
    fputs("</script>\n</body>\n</html>\n", out);
}

static size_t frame_bytes(const char *title)
{
    enum { REST = 400 }; /* the tags and hashes that put_page adds */
    return sizeof(head_open) + strlen(title) * 5 + REST + html_style.len + html_body.len + html_script.len;
}

static void shrink(struct html_limits *limits, double share)
{
    size_t *const counts[] = {&limits->nodes, &limits->rows, &limits->events, &limits->readings, &limits->histograms};
    for (unsigned i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
        *counts[i] = (size_t)((double)*counts[i] * share);
    if (limits->columns > COLUMNS_LEAST)
        limits->columns = (unsigned)(limits->columns * share);
}

static char *make_json(html_page_fill *fill, const void *context, const struct html_limits *limits)
{
    struct html_document document;
    html_document_init(&document, limits);
    char *json = fill(&document, context) == 0 ? html_document_text(&document) : NULL;
    html_document_done(&document);
    return json;
}

int html_page_write(FILE *out, const char *title, html_page_fill *fill, const void *context)
{
    struct html_limits limits = limits_first;
    size_t room = HTML_PAGE_BYTES_MOST - frame_bytes(title), bytes;
    char *json = make_json(fill, context, &limits);
    while (json != NULL && limits.nodes > 0 && (bytes = put_json(NULL, json)) > room) {
        double share = (double)room / (double)bytes * SHRINK_LEAST;
        free(json);
        shrink(&limits, share);
        json = make_json(fill, context, &limits);
    }
    if (json == NULL)
        return -ENOMEM;
    put_page(out, title, json);
    free(json);
    return 0;
}
