/* json_stream.h: JSON written as it goes along, for exports too long to be held in memory. The caller writes the
 * brackets and commas; this writes texts. Errors stay in the stream. Single-threaded.
 */
#ifndef STRONG_RENDER_JSON_STREAM_H
#define STRONG_RENDER_JSON_STREAM_H

#include <stdio.h>

/* Clean text (text.h) in quotes. '<' is written as an escape, so that a document may stand inside a page. */
void json_stream_text(FILE *out, const char *text);

#endif
