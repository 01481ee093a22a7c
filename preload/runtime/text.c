/* text.c: see text.h. Pure; any context. */
#include "runtime/text.h"

void text_bytes(struct text *text, const char *bytes, unsigned len)
{
    for (unsigned i = 0; i < len && text->len + 1 < text->size; i++)
        text->buf[text->len++] = bytes[i];
    text->buf[text->len] = '\0';
}

void text_string(struct text *text, const char *string)
{
    while (*string && text->len + 1 < text->size)
        text->buf[text->len++] = *string++;
    text->buf[text->len] = '\0';
}

static void put_number(struct text *text, uint64_t value, unsigned base, unsigned least_digits)
{
    char digits[24];
    unsigned n = 0;
    do
        digits[n++] = "0123456789abcdef"[value % base];
    while ((value /= base) || n < least_digits);
    while (n)
        text_bytes(text, &digits[--n], 1);
}

void text_unsigned(struct text *text, uint64_t value)
{
    put_number(text, value, 10, 1);
}

void text_hex(struct text *text, uint64_t value)
{
    put_number(text, value, 16, 1);
}

void text_decimal(struct text *text, uint64_t value, uint64_t divisor, unsigned decimals)
{
    static const unsigned scales[] = {1, 10, 100, 1000};
    unsigned scale = scales[decimals & 3];
    __uint128_t rounded = ((__uint128_t)value * scale + divisor / 2) / divisor;
    text_unsigned(text, (uint64_t)(rounded / scale));
    if (scale == 1)
        return;
    text_string(text, ".");
    put_number(text, (uint64_t)(rounded % scale), 10, decimals & 3);
}
