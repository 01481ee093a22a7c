/* text.c: UTF-8 validation by the table of Unicode 15, table 3-7, and removal of what steers a terminal
 * (ECMA-48: CSI, OSC, DCS, SOS, PM, APC and two-character escapes). */
#include "read/text.h"

#include <stdint.h>
#include <string.h>

#include "read/arena.h"

/* Decodes one character. Returns its length and the code point, or 0 where the bytes are not UTF-8. */
static size_t decode(const unsigned char *text, size_t len, uint32_t *ret_code)
{
    unsigned char lead = text[0];
    if (lead < 0x80) {
        *ret_code = lead;
        return 1;
    }
    size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || len < size)
        return 0;
    unsigned char low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    unsigned char high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (text[1] < low || text[1] > high)
        return 0;
    uint32_t code = lead & (0xFF >> (size + 1));
    for (size_t i = 1; i < size; i++) {
        if ((text[i] & 0xC0) != 0x80)
            return 0;
        code = code << 6 | (text[i] & 0x3F);
    }
    *ret_code = code;
    return size;
}

/* Controls that could move the cursor, and format characters that reorder or hide what follows. */
static bool is_harmful(uint32_t code)
{
    return code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0x061C || code == 0xFEFF ||
           (code >= 0x200B && code <= 0x200F) || (code >= 0x2028 && code <= 0x202E) ||
           (code >= 0x2060 && code <= 0x206F) || (code >= 0xFFF0 && code <= 0xFFFB) ||
           (code & 0xFFFE) == 0xFFFE || (code >= 0xE0000 && code <= 0xE0FFF);
}

/* Length of the escape sequence that starts at text[0] == ESC. */
static size_t escape_len(const unsigned char *text, size_t len)
{
    if (len < 2)
        return 1;
    size_t at = 2;
    switch (text[1]) {
    case '[': /* CSI: parameters and intermediates, then one final byte */
        while (at < len && text[at] >= 0x20 && text[at] <= 0x3F)
            at++;
        return at < len && text[at] >= 0x40 && text[at] <= 0x7E ? at + 1 : at;
    case ']':
    case 'P':
    case 'X':
    case '^':
    case '_': /* a string up to BEL or ESC \; one that never ends hides nothing but its start */
        for (; at < len; at++) {
            if (text[at] == 0x07)
                return at + 1;
            if (text[at] == 0x1B)
                return at + 1 < len && text[at + 1] == '\\' ? at + 2 : at;
        }
        return 2;
    default:
        while (at - 1 < len && text[at - 1] >= 0x20 && text[at - 1] <= 0x2F)
            at++; /* intermediates: ESC ( B */
        return at <= len && text[at - 1] >= 0x30 && text[at - 1] <= 0x7E ? at : at - 1;
    }
}

size_t text_clean(char *buf, size_t size, const char *text, size_t len)
{
    const unsigned char *source = (const unsigned char *)text;
    size_t written = 0;
    if (size == 0)
        return 0;
    for (size_t at = 0; at < len;) {
        uint32_t code = 0;
        if (source[at] == 0x1B) {
            at += escape_len(source + at, len - at);
            continue;
        }
        size_t step = decode(source + at, len - at, &code);
        const char *from = text + at;
        size_t bytes = step;
        if (step == 1 && (code == '\t' || code == '\n' || code == 0)) {
            from = " ";
        } else if (step == 0 || is_harmful(code)) {
            from = "?";
            bytes = 1;
            step = step ? step : 1;
        }
        if (written + bytes >= size)
            break;
        memcpy(buf + written, from, bytes);
        written += bytes;
        at += step;
    }
    buf[written] = 0;
    return written;
}

char *text_clean_copy(struct arena *arena, const char *text, size_t len)
{
    char *copy = arena_take(arena, len + 1);
    if (copy)
        text_clean(copy, len + 1, text, len);
    return copy;
}

/* Columns without the locale's help: strong-report may run under LANG=C on a UTF-8 terminal. */
static size_t code_columns(uint32_t code)
{
    if ((code >= 0x0300 && code <= 0x036F) || (code >= 0x1AB0 && code <= 0x1AFF) ||
        (code >= 0x20D0 && code <= 0x20FF) || (code >= 0xFE00 && code <= 0xFE0F) ||
        (code >= 0xFE20 && code <= 0xFE2F))
        return 0;
    bool wide = (code >= 0x1100 && code <= 0x115F) || (code >= 0x2E80 && code <= 0xA4CF) ||
                (code >= 0xAC00 && code <= 0xD7A3) || (code >= 0xF900 && code <= 0xFAFF) ||
                (code >= 0xFE30 && code <= 0xFE6F) || (code >= 0xFF00 && code <= 0xFF60) ||
                (code >= 0xFFE0 && code <= 0xFFE6) || (code >= 0x1F300 && code <= 0x1F64F) ||
                (code >= 0x1F900 && code <= 0x1F9FF) || (code >= 0x20000 && code <= 0x3FFFD);
    return wide ? 2 : 1;
}

/* One character of clean text: its bytes and columns. A stray byte counts as one of each. */
static size_t step_over(const char *text, size_t len, size_t *ret_columns)
{
    uint32_t code;
    size_t bytes = decode((const unsigned char *)text, len, &code);
    *ret_columns = bytes ? code_columns(code) : 1;
    return bytes ? bytes : 1;
}

size_t text_columns(const char *text)
{
    size_t columns = 0, width;
    for (size_t len = strlen(text); len;) {
        size_t bytes = step_over(text, len, &width);
        columns += width;
        text += bytes;
        len -= bytes;
    }
    return columns;
}

/* Copies at most size - 1 bytes of whole characters. */
static void put(char *buf, size_t size, const char *text, size_t len)
{
    size_t width, at = 0;
    while (at < len) {
        size_t bytes = step_over(text + at, len - at, &width);
        if (at + bytes >= size)
            break;
        at += bytes;
    }
    memcpy(buf, text, at);
    buf[at] = 0;
}

#define ELLIPSIS "\xE2\x80\xA6"

char *text_fit(char *buf, size_t size, const char *text, size_t columns)
{
    if (size == 0)
        return buf;
    size_t len = strlen(text), at = 0, used = 0, width;
    if (text_columns(text) <= columns) {
        put(buf, size, text, len);
        return buf;
    }
    while (at < len) {
        size_t bytes = step_over(text + at, len - at, &width);
        if (used + width + 1 > columns || at + bytes + sizeof(ELLIPSIS) > size)
            break;
        used += width;
        at += bytes;
    }
    memcpy(buf, text, at);
    buf[at] = 0;
    if (columns > 0 && at + sizeof(ELLIPSIS) <= size)
        memcpy(buf + at, ELLIPSIS, sizeof(ELLIPSIS));
    return buf;
}

char *text_fit_tail(char *buf, size_t size, const char *text, size_t columns)
{
    if (size == 0)
        return buf;
    size_t all = text_columns(text), len = strlen(text), at = 0, width;
    if (all <= columns) {
        put(buf, size, text, len);
        return buf;
    }
    while (at < len && (all + 1 > columns || len - at + sizeof(ELLIPSIS) > size)) {
        size_t bytes = step_over(text + at, len - at, &width);
        all -= width;
        at += bytes;
    }
    buf[0] = 0;
    if (columns > 0 && size >= sizeof(ELLIPSIS)) {
        memcpy(buf, ELLIPSIS, sizeof(ELLIPSIS));
        put(buf + sizeof(ELLIPSIS) - 1, size - (sizeof(ELLIPSIS) - 1), text + at, len - at);
    }
    return buf;
}

enum { NEAREST_LONGEST = 64 };

static char fold(char letter)
{
    if (letter >= 'A' && letter <= 'Z')
        return (char)(letter - 'A' + 'a');
    return letter == '_' ? '-' : letter;
}

static unsigned smaller(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Damerau-Levenshtein, restricted edit distance (F. J. Damerau 1964): insertion, deletion, change and
 * exchange of two neighbours each cost 1. */
static unsigned distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    unsigned rows[3][NEAREST_LONGEST + 1];
    unsigned *before = rows[0], *last = rows[1], *now = rows[2];
    for (size_t j = 0; j <= b_len; j++)
        last[j] = (unsigned)j;
    for (size_t i = 1; i <= a_len; i++) {
        now[0] = (unsigned)i;
        for (size_t j = 1; j <= b_len; j++) {
            unsigned change = fold(a[i - 1]) != fold(b[j - 1]);
            now[j] = smaller(smaller(last[j] + 1, now[j - 1] + 1), last[j - 1] + change);
            if (i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) &&
                fold(a[i - 2]) == fold(b[j - 1]))
                now[j] = smaller(now[j], before[j - 2] + 1);
        }
        unsigned *spare = before;
        before = last;
        last = now;
        now = spare;
    }
    return last[b_len];
}

const char *text_nearest(const char *word, const char *const *candidates)
{
    size_t len = strlen(word);
    const char *best = NULL;
    unsigned best_distance = 0;
    if (len == 0 || len > NEAREST_LONGEST)
        return NULL;
    for (; *candidates; candidates++) {
        size_t other = strlen(*candidates);
        if (other > NEAREST_LONGEST)
            continue;
        unsigned found = distance(word, len, *candidates, other);
        unsigned allowed = (unsigned)((len > other ? len : other) + 2) / 3;
        if (found <= allowed && (!best || found < best_distance)) {
            best = *candidates;
            best_distance = found;
        }
    }
    return best;
}
