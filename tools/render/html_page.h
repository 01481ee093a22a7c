/* html_page.h: one HTML file that holds all it needs: data, script and style, with a policy that allows nothing else.
 *
 * The data is JSON in an element that no browser runs; what could end that element, or open another, is escaped. The
 * policy names the hashes of the one style sheet and the one script. Single-threaded.
 */
#ifndef STRONG_RENDER_HTML_PAGE_H
#define STRONG_RENDER_HTML_PAGE_H

#include <stdio.h>

#include "render/html_document.h"

enum { HTML_PAGE_BYTES_MOST = 490000 };

/* Fills a document within its limits from a context. 0 or -ENOMEM. */
typedef int html_page_fill(struct html_document *document, const void *context);

/* Fills with less and less until the page is at most HTML_PAGE_BYTES_MOST, and writes it. `title` is clean text.
 * 0, or -ENOMEM with nothing written. */
int html_page_write(FILE *out, const char *title, html_page_fill *fill, const void *context);

#endif
