/* text.h: building short texts without libc: no malloc, no locale, no locks; any context.
 *
 *   char room[64];
 *   struct text text = text_in(room, sizeof room);
 *   text_string(&text, "threads ");
 *   text_unsigned(&text, 42);
 *
 * Always NUL-terminated, cut at size - 1; `len` is what is there.
 */
#ifndef STRONG_RUNTIME_TEXT_H
#define STRONG_RUNTIME_TEXT_H

#include <stdint.h>

struct text {
    char *buf;
    unsigned size, len;
};

static inline struct text text_in(char *buf, unsigned size)
{
    buf[0] = '\0';
    return (struct text){buf, size, 0};
}
void text_string(struct text *text, const char *string);
void text_bytes(struct text *text, const char *bytes, unsigned len);
void text_unsigned(struct text *text, uint64_t value);
void text_hex(struct text *text, uint64_t value);
/* value / divisor with `decimals` digits after the point (0–3) */
void text_decimal(struct text *text, uint64_t value, uint64_t divisor, unsigned decimals);

#endif
