/* A writer that makes its buffer larger by one line for every line. */
#include "planted_peer.h"

enum { LINE = 80, LINES = 5000 };

struct text {
    char *bytes;
    size_t len;
};

__attribute__((noinline)) static void append_line(struct text *text, const char *line)
{
    char *grown = realloc(text->bytes, text->len + LINE);
    if (grown == NULL)
        planted_fail("realloc");
    text->bytes = grown;
    memcpy(text->bytes + text->len, line, LINE);
    text->len += LINE;
}

int main(void)
{
    char line[LINE] = "a line of text";
    volatile unsigned sum = 0;
    for (double end = planted_now() + 2; planted_now() < end;) {
        struct text text = {NULL, 0};
        for (int i = 0; i < LINES; i++)
            append_line(&text, line);
        sum += (unsigned char)text.bytes[text.len - LINE];
        free(text.bytes);
    }
    return 0;
}
