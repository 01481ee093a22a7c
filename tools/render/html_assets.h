/* html_assets.h: the page's own text, embedded when strong-report is built (html/embed.cmake). */
#ifndef STRONG_RENDER_HTML_ASSETS_H
#define STRONG_RENDER_HTML_ASSETS_H

#include <stddef.h>

struct html_asset {
    const char *text; /* ends with a NUL that len does not count */
    size_t len;
    const char *sha256; /* of the text, in base64: as a content security policy spells it */
};

extern const struct html_asset html_body, html_style, html_script;

#endif
