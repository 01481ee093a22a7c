/* gzip_stream.c: see gzip_stream.h. */
#include "render/gzip_stream.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

enum { GZIP_WINDOW = 15 + 16, MEMORY_LEVEL = 8, CHUNK_BYTES = 16 << 10 };

int gzip_stream_init(struct gzip_stream *stream, FILE *out)
{
    memset(stream, 0, sizeof(*stream));
    stream->out = out;
    return deflateInit2(&stream->deflater, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW,
                        MEMORY_LEVEL, Z_DEFAULT_STRATEGY) == Z_OK
               ? 0
               : -ENOMEM;
}

static void deflate_all(struct gzip_stream *stream, int flush)
{
    unsigned char chunk[CHUNK_BYTES];
    do {
        stream->deflater.next_out = chunk;
        stream->deflater.avail_out = sizeof(chunk);
        deflate(&stream->deflater, flush);
        fwrite(chunk, 1, sizeof(chunk) - stream->deflater.avail_out, stream->out);
    } while (stream->deflater.avail_out == 0);
}

void gzip_stream_write(struct gzip_stream *stream, const void *bytes, size_t len)
{
    const unsigned char *at = bytes;
    while (len > 0) {
        size_t part = len < UINT_MAX ? len : UINT_MAX;
        stream->deflater.next_in = (unsigned char *)at; /* zlib only reads it */
        stream->deflater.avail_in = (unsigned)part;
        deflate_all(stream, Z_NO_FLUSH);
        at += part;
        len -= part;
    }
}

void gzip_stream_done(struct gzip_stream *stream)
{
    stream->deflater.next_in = NULL;
    stream->deflater.avail_in = 0;
    deflate_all(stream, Z_FINISH);
    deflateEnd(&stream->deflater);
}
