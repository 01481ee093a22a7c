/* json_stream.c: see json_stream.h. */
#include "render/json_stream.h"

void json_stream_text(FILE *out, const char *text)
{
    putc('"', out);
    for (const unsigned char *at = (const unsigned char *)text; *at != '\0'; at++) {
        if (*at == '"' || *at == '\\')
            fprintf(out, "\\%c", *at);
        else if (*at < 0x20 || *at == 0x7f || *at == '<')
            fprintf(out, "\\u%04x", (unsigned)*at);
        else
            putc(*at, out);
    }
    putc('"', out);
}
