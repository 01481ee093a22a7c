/* gzip_stream.h: bytes compressed on their way into a stream. Errors of the stream stay in it (ferror). The same
 * bytes always make the same file: no time is written. Single-threaded.
 */
#ifndef STRONG_RENDER_GZIP_STREAM_H
#define STRONG_RENDER_GZIP_STREAM_H

#include <stddef.h>
#include <stdio.h>
#include <zlib.h>

struct gzip_stream {
    FILE *out;
    z_stream deflater;
};

/* 0 or -ENOMEM. */
int gzip_stream_init(struct gzip_stream *stream, FILE *out);
void gzip_stream_write(struct gzip_stream *stream, const void *bytes, size_t len);
/* Ends the file; to be called once, whatever happened before. */
void gzip_stream_done(struct gzip_stream *stream);

#endif
