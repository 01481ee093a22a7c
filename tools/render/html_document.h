/* html_document.h: the data of an HTML page while it is put together, for the html_*.c files alone.
 *
 * Texts are kept once and named by their place (html_word), functions by theirs (html_symbol); both cut what is
 * longer than limits->columns. Memory that runs out shows as html_document_text giving NULL. Single-threaded.
 */
#ifndef STRONG_RENDER_HTML_DOCUMENT_H
#define STRONG_RENDER_HTML_DOCUMENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "analyse/calltree.h"
#include "read/lookup.h"

/* How much of each list is in the page; all is shrunk together until the page fits (html_page.h). */
struct html_limits {
    size_t nodes;      /* of all flame graphs together */
    size_t rows;       /* of each table */
    size_t events;
    size_t readings;
    size_t histograms;
    unsigned columns;  /* of a text */
};

struct html_document {
    json_t *root;
    json_t *strings, *symbols; /* the root's */
    struct lookup by_text, by_symbol;
    struct html_limits limits;
    bool failed; /* memory ran out */
};

void html_document_init(struct html_document *document, const struct html_limits *limits);
void html_document_done(struct html_document *document);

/* The whole as compact JSON, to be freed, or NULL when memory ran out. */
char *html_document_text(struct html_document *document);

/* The place of a text; of a path or address the end counts, of all else the start. */
json_t *html_word(struct html_document *document, const char *text);
json_t *html_path(struct html_document *document, const char *text);
/* For lists of thousands. */
json_t *html_short_path(struct html_document *document, const char *text);
uint32_t html_symbol(struct html_document *document, const char *name, const char *module, enum calltree_kind kind);

/* ---- tables ---- */

struct html_column {
    const char *title;
    const char *kind; /* "text", "count", "ns", "bytes", "share", "change", "per_second", "bytes_per_second" */
};

struct html_table {
    json_t *object, *rows;
    size_t left_out;
};

/* `columns` ends with a NULL title. Added to the document's "tables". */
struct html_table html_table_new(struct html_document *document, const char *id, const char *title,
                                 const struct html_column *columns);
/* The next row, or NULL where the table is full: it is counted as left out then. */
json_t *html_table_row(struct html_document *document, struct html_table *table);
void html_table_end(struct html_table *table);

#endif
