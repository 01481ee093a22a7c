/* units.h: numbers as people read them: counts, bytes, durations, shares.
 *
 * Each function returns its text by value, so it can be used right inside a printf argument:
 * printf("%s", units_duration(ns).text). Three significant digits where a number is scaled; counts
 * keep every digit. Texts are UTF-8 (the micro sign); the screen replaces it where it must.
 * Pure functions.
 */
#ifndef STRONG_ANALYSE_UNITS_H
#define STRONG_ANALYSE_UNITS_H

#include <stdint.h>

/* An estimate as a whole number, at most 2^62: converting more than fits would be undefined. */
static inline uint64_t units_whole(double number)
{
    if (!(number > 0))
        return 0;
    return number < 0x1p62 ? (uint64_t)number : UINT64_C(1) << 62;
}

struct units_text {
    char text[64];
};

struct units_text units_count(uint64_t count); /* 12,034 */
struct units_text units_bytes(uint64_t bytes); /* 4.2 MiB */
struct units_text units_duration(uint64_t ns); /* 1.4 ms, 27.5 s, 14 min 03 s */
struct units_text units_share(double share);   /* 0.38 -> 38.0 % */
struct units_text units_number(double number); /* 1.0, 12.5, 340 */
/* "1 thread", "12,034 threads": for words whose plural is an s. */
struct units_text units_plural(uint64_t count, const char *word);

#endif
