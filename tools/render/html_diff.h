/* html_diff.h: `strong-report diff --html`: what changed, as one page: the sentence, red and blue flame graphs, tables. */
#ifndef STRONG_RENDER_HTML_DIFF_H
#define STRONG_RENDER_HTML_DIFF_H

#include <stdio.h>

#include "analyse/difference.h"

/* 0 or -ENOMEM with nothing written. */
int html_diff_write(FILE *out, const struct difference *difference);

#endif
