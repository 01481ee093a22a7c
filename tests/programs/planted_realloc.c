/* A writer that makes its buffers larger by one line for every line: two that grow in turns, so none can stay in place. */
#include "planted_peer.h"

enum { LINE = 80, LINES = 1200 };

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

/* Room that stays with the program: below a block that is never freed. */
static void warm_up(void)
{
    void *blocks[8];
    for (int i = 0; i < 8; i++)
        blocks[i] = malloc(LINE * LINES);
    static void *volatile above;
    above = malloc(LINE);
    if (above == NULL)
        planted_fail("malloc");
    for (int i = 0; i < 8; i++)
        free(blocks[i]);
}

int main(void)
{
    warm_up();
    char line[LINE] = "a line of text";
    volatile unsigned sum = 0;
    for (double end = planted_now() + 2; planted_now() < end;) {
        struct text texts[2] = {{NULL, 0}, {NULL, 0}};
        for (int i = 0; i < 2 * LINES; i++)
            append_line(&texts[i % 2], line);
        for (int i = 0; i < 2; i++) {
            sum += (unsigned char)texts[i].bytes[texts[i].len - LINE];
            free(texts[i].bytes);
        }
    }
    return 0;
}
