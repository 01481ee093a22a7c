/* metrics_text.c: see metrics_text.h. */
#include "api/metrics_text.h"

#include <string.h>

static struct text line_of(struct metrics_text *out)
{
    return (struct text){out->line, sizeof out->line, out->line_len};
}

static void end_line(struct metrics_text *out, struct text *text)
{
    text_string(text, "\n");
    out->line_len = 0;
    out->needed += text->len;
    if (out->full || text->len >= out->size - out->len) { /* size 0: full from the start */
        out->full = true;
        return;
    }
    memcpy(out->buf + out->len, text->buf, text->len + 1);
    out->len += text->len;
}

struct metrics_text metrics_text_in(char *buf, size_t size)
{
    if (size)
        buf[0] = '\0';
    return (struct metrics_text){.buf = buf, .size = size, .full = size == 0};
}

void metrics_family(struct metrics_text *out, const char *family, const char *type, const char *help)
{
    const char *const words[2][3] = {{"# HELP ", family, help}, {"# TYPE ", family, type}};
    for (unsigned i = 0; i < 2; i++) {
        struct text text = line_of(out);
        text_string(&text, words[i][0]);
        text_string(&text, words[i][1]);
        text_string(&text, " ");
        text_string(&text, words[i][2]);
        end_line(out, &text);
    }
}

void metrics_name(struct metrics_text *out, const char *family, const char *label, const char *value, unsigned len)
{
    struct text text = line_of(out);
    text_string(&text, family);
    if (len) {
        text_string(&text, "{");
        text_string(&text, label);
        text_string(&text, "=\"");
    }
    for (unsigned i = 0; i < len; i++) {
        if (value[i] == '"' || value[i] == '\\')
            text_string(&text, "\\");
        text_bytes(&text, &value[i], 1);
    }
    text_string(&text, len ? "\"}" : "");
    out->line_len = text.len;
}

void metrics_label(struct metrics_text *out, const char *label, const char *value)
{
    out->line_len -= out->line[out->line_len - 1] == '}';
    bool first = !memchr(out->line, '{', out->line_len);
    struct text text = line_of(out);
    text_string(&text, first ? "{" : ",");
    text_string(&text, label);
    text_string(&text, "=\"");
    text_string(&text, value);
    text_string(&text, "\"}");
    out->line_len = text.len;
}

void metrics_count(struct metrics_text *out, uint64_t value)
{
    struct text text = line_of(out);
    text_string(&text, " ");
    text_unsigned(&text, value);
    end_line(out, &text);
}

void metrics_seconds(struct metrics_text *out, uint64_t ns)
{
    struct text text = line_of(out);
    char digits[10] = {0};
    uint64_t rest = ns % 1000000000;
    for (int i = 8; i >= 0; i--, rest /= 10)
        digits[i] = (char)('0' + rest % 10);
    text_string(&text, " ");
    text_unsigned(&text, ns / 1000000000);
    text_string(&text, ".");
    text_string(&text, digits);
    end_line(out, &text);
}

/* value > 0 as digits · 10^exponent with 15 digits, to the nearest: a long double has some to spare, which the
 * powers of ten up to 10^256 use up. */
static uint64_t decimal(double value, int *ret_exponent)
{
    const long double low = 1e14L, high = 1e15L;
    long double scaled = value, power[9] = {10};
    int exponent = 0;
    for (int i = 1; i < 9; i++)
        power[i] = power[i - 1] * power[i - 1];
    for (int i = 8; i >= 0; i--)
        if (scaled >= low * power[i]) {
            scaled /= power[i];
            exponent += 1 << i;
        }
    for (int i = 8; i >= 0; i--)
        if (scaled * power[i] < high) {
            scaled *= power[i];
            exponent -= 1 << i;
        }
    *ret_exponent = exponent;
    return (uint64_t)(scaled + 0.5L); /* 10^15 where it rounds up: put_fraction drops its zeros */
}

/* As %g does: with a point where that is short, else with an exponent. */
static void put_fraction(struct text *text, double value)
{
    enum { ZEROS_MOST = 4 };
    int exponent;
    uint64_t number = decimal(value, &exponent);
    for (; number % 10 == 0 && number >= 10; exponent++)
        number /= 10;
    char room[24];
    struct text digits = text_in(room, sizeof room);
    text_unsigned(&digits, number);
    int before = (int)digits.len + exponent; /* digits before the point */
    bool plain = exponent < 0 && before > -ZEROS_MOST && before <= 15;
    if (plain && before <= 0) {
        text_string(text, "0.");
        for (; before < 0; before++)
            text_string(text, "0");
        text_string(text, room);
        return;
    }
    unsigned split = plain ? (unsigned)before : 1;
    text_bytes(text, room, split);
    text_string(text, split < digits.len ? "." : "");
    text_string(text, room + split);
    if (!plain) {
        text_string(text, before < 1 ? "e-" : "e+");
        text_unsigned(text, (uint64_t)(before < 1 ? 1 - before : before - 1));
    }
}

void metrics_value(struct metrics_text *out, double value)
{
    struct text text = line_of(out);
    text_string(&text, value < 0 ? " -" : " ");
    double size = value < 0 ? -value : value;
    if (size < 1e15 && size == (double)(uint64_t)size)
        text_unsigned(&text, (uint64_t)size);
    else
        put_fraction(&text, size);
    end_line(out, &text);
}
