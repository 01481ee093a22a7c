/* units.c: see units.h. Owns the choice of unit and digits and nothing else; keeps no state. */
#include "analyse/units.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Three significant digits, none of them after the point from 100 up. */
static void scaled(struct units_text *ret_text, double value, const char *unit)
{
    int digits = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
    snprintf(ret_text->text, sizeof(ret_text->text), "%.*f %s", digits, value, unit);
    /* "2.00 ms" says no more than "2.0 ms". */
    char *zero = strstr(ret_text->text, ".");
    if (zero != NULL && digits == 2 && zero[2] == '0')
        memmove(zero + 2, zero + 3, strlen(zero + 3) + 1);
}

struct units_text units_count(uint64_t count)
{
    char plain[24];
    struct units_text ret = {""};
    int len = snprintf(plain, sizeof(plain), "%" PRIu64, count);
    size_t at = 0;
    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            ret.text[at++] = ',';
        ret.text[at++] = plain[i];
    }
    ret.text[at] = '\0';
    return ret;
}

struct units_text units_plural(uint64_t count, const char *word)
{
    struct units_text number = units_count(count), ret;
    snprintf(ret.text, sizeof(ret.text), "%.26s %.*s%s", number.text, 20, word,
             count == 1 ? "" : "s");
    return ret;
}

struct units_text units_bytes(uint64_t bytes)
{
    static const char *const names[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    struct units_text ret;
    if (bytes < 1024) {
        snprintf(ret.text, sizeof(ret.text), "%" PRIu64 " B", bytes);
        return ret;
    }
    double value = (double)bytes / 1024;
    unsigned unit = 0;
    while (value >= 1023.5 && unit + 1 < sizeof(names) / sizeof(names[0])) {
        value /= 1024;
        unit++;
    }
    scaled(&ret, value, names[unit]);
    return ret;
}

struct units_text units_duration(uint64_t ns)
{
    struct units_text ret;
    double value = (double)ns;
    if (ns < 1000) {
        snprintf(ret.text, sizeof(ret.text), "%" PRIu64 " ns", ns);
    } else if (value < 999.5e3) {
        scaled(&ret, value / 1e3, "µs");
    } else if (value < 999.5e6) {
        scaled(&ret, value / 1e6, "ms");
    } else if (value < 999.5e9) {
        scaled(&ret, value / 1e9, "s");
    } else if (ns < UINT64_C(7200) * 1000000000) {
        uint64_t seconds = (ns + 500000000) / 1000000000;
        snprintf(ret.text, sizeof(ret.text), "%" PRIu64 " min %02" PRIu64 " s", seconds / 60,
                 seconds % 60);
    } else {
        uint64_t minutes = ns / 1000000000 / 60;
        snprintf(ret.text, sizeof(ret.text), "%" PRIu64 " h %02" PRIu64 " min", minutes / 60,
                 minutes % 60);
    }
    return ret;
}

struct units_text units_share(double share)
{
    struct units_text ret;
    double percent = share * 100;
    if (percent > 0 && percent < 0.05)
        snprintf(ret.text, sizeof(ret.text), "< 0.1 %%");
    else
        snprintf(ret.text, sizeof(ret.text), "%.1f %%", percent);
    return ret;
}

struct units_text units_number(double number)
{
    struct units_text ret;
    if (number >= 1e15) /* beyond what is counted; and no integer may hold it */
        snprintf(ret.text, sizeof(ret.text), "%.3g", number);
    else if (number >= 1000)
        return units_count((uint64_t)(number + 0.5));
    else
        snprintf(ret.text, sizeof(ret.text), "%.*f", number < 99.95 ? 1 : 0, number);
    return ret;
}
