/* html_diff_tables.h: the tables of the page that compares, for html_diff.c alone. */
#ifndef STRONG_RENDER_HTML_DIFF_TABLES_H
#define STRONG_RENDER_HTML_DIFF_TABLES_H

#include "analyse/difference.h"
#include "render/html_document.h"

void html_diff_tables_add(struct html_document *document, const struct difference *difference);

#endif
