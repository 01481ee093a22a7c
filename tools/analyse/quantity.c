/* quantity.c: see quantity.h. Owns the table of units; keeps no state. */
#include "analyse/quantity.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "read/text.h"

enum { POWER_MOST = 8, DIGITS_MOST = 40 };

static const struct {
    const char *name;
    double factor;
    struct quantity_unit unit;
} names[] = {
    {"ns", 1e-9, {1, 0, 0}},          {"us", 1e-6, {1, 0, 0}},          {"µs", 1e-6, {1, 0, 0}},
    {"ms", 1e-3, {1, 0, 0}},          {"s", 1, {1, 0, 0}},              {"m", 60, {1, 0, 0}},
    {"min", 60, {1, 0, 0}},           {"h", 3600, {1, 0, 0}},           {"B", 1, {0, 1, 0}},
    {"kB", 1e3, {0, 1, 0}},           {"KB", 1e3, {0, 1, 0}},           {"MB", 1e6, {0, 1, 0}},
    {"GB", 1e9, {0, 1, 0}},           {"TB", 1e12, {0, 1, 0}},          {"KiB", 0x1p10, {0, 1, 0}},
    {"MiB", 0x1p20, {0, 1, 0}},       {"GiB", 0x1p30, {0, 1, 0}},       {"TiB", 0x1p40, {0, 1, 0}},
    {"%", 0.01, {0, 0, QUANTITY_SHARE}},
};
enum { NAMES = sizeof(names) / sizeof(names[0]) };

static bool is_plain(struct quantity_unit unit)
{
    return unit.seconds == 0 && unit.bytes == 0;
}

bool quantity_alike(struct quantity_unit left, struct quantity_unit right)
{
    if (left.seconds != right.seconds || left.bytes != right.bytes)
        return false;
    return !is_plain(left) || left.kind == right.kind || left.kind == QUANTITY_RATIO ||
           right.kind == QUANTITY_RATIO;
}

static signed char power(int sum)
{
    return (signed char)(sum > POWER_MOST ? POWER_MOST : sum < -POWER_MOST ? -POWER_MOST : sum);
}

struct quantity_unit quantity_product(struct quantity_unit left, struct quantity_unit right)
{
    struct quantity_unit unit = {power(left.seconds + right.seconds),
                                 power(left.bytes + right.bytes), QUANTITY_COUNT};
    if (is_plain(left) && is_plain(right))
        unit.kind = left.kind == right.kind ? left.kind : QUANTITY_RATIO; /* 5% of a count is a count */
    else if (is_plain(unit))
        unit.kind = QUANTITY_RATIO;
    return unit;
}

struct quantity_unit quantity_quotient(struct quantity_unit left, struct quantity_unit right)
{
    struct quantity_unit unit = {power(left.seconds - right.seconds),
                                 power(left.bytes - right.bytes), QUANTITY_RATIO};
    return unit;
}

const char *quantity_name(struct quantity_unit unit)
{
    if (is_plain(unit))
        return unit.kind == QUANTITY_SHARE ? "a share" : unit.kind == QUANTITY_RATIO ? "a ratio" : "a count";
    if (unit.seconds == 1 && unit.bytes == 0)
        return "a time";
    if (unit.seconds == 0 && unit.bytes == 1)
        return "an amount of bytes";
    if (unit.seconds == -1 && unit.bytes == 0)
        return "a rate";
    if (unit.seconds == -1 && unit.bytes == 1)
        return "bytes a second";
    return "a product of times and bytes";
}

const char *quantity_id(struct quantity_unit unit)
{
    if (is_plain(unit))
        return unit.kind == QUANTITY_SHARE ? "share" : unit.kind == QUANTITY_RATIO ? "ratio" : "count";
    if (unit.seconds == 1 && unit.bytes == 0)
        return "seconds";
    if (unit.seconds == 0 && unit.bytes == 1)
        return "bytes";
    if (unit.seconds == -1 && unit.bytes == 0)
        return "per_second";
    if (unit.seconds == -1 && unit.bytes == 1)
        return "bytes_per_second";
    return "other";
}

/* Counts keep every digit; what is no whole number has one behind the point. */
static struct units_text plain_text(double value)
{
    return value == floor(value) && value < 0x1p62 ? units_count((uint64_t)value) : units_number(value);
}

static struct units_text magnitude(double value, struct quantity_unit unit)
{
    struct units_text ret = {""};
    if (is_plain(unit) && unit.kind == QUANTITY_SHARE)
        return units_share(value);
    if (is_plain(unit))
        return plain_text(value);
    if (unit.seconds == 1 && unit.bytes == 0)
        return units_duration(units_whole(value * 1e9 + 0.5));
    if (unit.seconds == 0 && unit.bytes == 1)
        return units_bytes(units_whole(value + 0.5));
    if (unit.seconds == -1 && unit.bytes <= 1 && unit.bytes >= 0) {
        struct units_text amount =
            unit.bytes ? units_bytes(units_whole(value + 0.5)) : plain_text(value);
        snprintf(ret.text, sizeof(ret.text), "%.50s/s", amount.text);
        return ret;
    }
    snprintf(ret.text, sizeof(ret.text), "%.4g", value);
    return ret;
}

struct units_text quantity_text(double value, struct quantity_unit unit)
{
    struct units_text ret = {"?"};
    if (isnan(value) || isinf(value))
        return ret;
    struct units_text text = magnitude(fabs(value), unit);
    snprintf(ret.text, sizeof(ret.text), "%s%.60s", value < 0 ? "-" : "", text.text);
    return ret;
}

const char *quantity_nearest(const char *word)
{
    const char *candidates[NAMES + 1] = {0};
    for (size_t i = 0; i < NAMES; i++)
        candidates[i] = names[i].name;
    for (size_t i = 0; i < NAMES; i++)
        if (strcasecmp(word, names[i].name) == 0)
            return names[i].name;
    return text_nearest(word, candidates);
}

/* Bytes of a decimal number at text, 0 where there is none. No signs, no hexadecimal, no infinities. */
static size_t digits(const char *text)
{
    size_t len = strspn(text, "0123456789"), all = len;
    if (text[len] == '.' && isdigit((unsigned char)text[len + 1])) {
        len++;
        all = len + strspn(text + len, "0123456789");
    }
    if (all && (text[all] == 'e' || text[all] == 'E')) {
        size_t sign = text[all + 1] == '+' || text[all + 1] == '-';
        size_t power_len = strspn(text + all + 1 + sign, "0123456789");
        if (power_len && power_len < 4)
            all += 1 + sign + power_len;
    }
    return all;
}

static size_t unit_len(const char *text)
{
    size_t len = 0;
    if (*text == '%')
        return 1;
    while (isalpha((unsigned char)text[len]) || (unsigned char)text[len] >= 0x80)
        len++;
    return len;
}

int quantity_read(const char *text, double *ret_value, struct quantity_unit *ret_unit, size_t *ret_at,
                  size_t *ret_len)
{
    char number[DIGITS_MOST + 1];
    size_t len = digits(text);
    if (len == 0)
        return 0;
    snprintf(number, sizeof(number), "%.*s", (int)(len < DIGITS_MOST ? len : DIGITS_MOST), text);
    double value = strtod(number, NULL);
    struct quantity_unit unit = QUANTITY_NUMBER;
    size_t at = len + strspn(text + len, " \t"), word = unit_len(text + at);
    if (word) {
        size_t i = 0;
        while (i < NAMES && (strlen(names[i].name) != word || memcmp(names[i].name, text + at, word) != 0))
            i++;
        *ret_at = at;
        *ret_len = word;
        if (i == NAMES)
            return -1;
        value *= names[i].factor;
        unit = names[i].unit;
        len = at + word;
    }
    /* a rate: "/s" with nothing behind it that would make it a division by something else */
    if (text[len] == '/' && text[len + 1] == 's' && !isalnum((unsigned char)text[len + 2]) &&
        !strchr("_.({", text[len + 2] ? text[len + 2] : ' ') && unit.seconds == 0) {
        unit.seconds = -1;
        unit.kind = QUANTITY_COUNT;
        len += 2;
    }
    *ret_value = value;
    *ret_unit = unit;
    return (int)len;
}
