/* scan.h: finding the end of a run of bytes nobody cares about, eight at a time.
 *
 * Each returns the first byte that stops the run, or `end`. The tricks are those of "Bit Twiddling Hacks" (hasless,
 * haszero): a false alarm can only lie above a true one, so the lowest alarm is exact. Pure; any context.
 */
#ifndef STRONG_PROTOCOL_SCAN_H
#define STRONG_PROTOCOL_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the lowest alarm is the first byte");

#define SCAN_EACH(byte) (0x0101010101010101u * (uint64_t)(byte))

static inline uint64_t scan_load(const char *p)
{
    uint64_t word;
    memcpy(&word, p, sizeof(word));
    return word;
}

/* Bytes below `limit` (at most 128), as their top bits. */
static inline uint64_t scan_less(uint64_t word, unsigned limit)
{
    return (word - SCAN_EACH(limit)) & ~word & SCAN_EACH(0x80);
}

static inline const char *scan_at(const char *p, uint64_t alarms)
{
    return p + __builtin_ctzll(alarms) / 8;
}

/* To the first control byte below the space. */
static inline const char *scan_text(const char *p, const char *end)
{
    for (; end - p >= 8; p += 8) {
        uint64_t alarms = scan_less(scan_load(p), ' ');
        if (alarms)
            return scan_at(p, alarms);
    }
    while (p < end && (unsigned char)*p >= ' ')
        p++;
    return p;
}

/* To the first space or control byte. */
static inline const char *scan_word(const char *p, const char *end)
{
    for (; end - p >= 8; p += 8) {
        uint64_t alarms = scan_less(scan_load(p), ' ' + 1);
        if (alarms)
            return scan_at(p, alarms);
    }
    while (p < end && (unsigned char)*p > ' ')
        p++;
    return p;
}

/* To the first colon, space or control byte. */
static inline const char *scan_name(const char *p, const char *end)
{
    for (; end - p >= 8; p += 8) {
        uint64_t word = scan_load(p), colon = word ^ SCAN_EACH(':');
        uint64_t alarms = scan_less(word, ' ' + 1) | scan_less(colon, 1);
        if (alarms)
            return scan_at(p, alarms);
    }
    while (p < end && (unsigned char)*p > ' ' && *p != ':')
        p++;
    return p;
}

/* To the first comma, space or control byte. */
static inline const char *scan_item(const char *p, const char *end)
{
    while (p < end && (unsigned char)*p > ' ' && *p != ',')
        p++;
    return p;
}

/* Whether a word is `name`, in any case. Of what can be in a word (bytes above the space) only capitals become a
 * letter, digit, '-' or '=' by bit 0x20, and `name` has nothing else. */
static inline bool scan_is(const char *word, size_t len, const char *name, size_t name_len)
{
    if (len != name_len)
        return false;
    if (name_len < 8) {
        for (size_t i = 0; i < name_len; i++)
            if ((word[i] | 0x20) != name[i])
                return false;
        return true;
    }
    for (size_t i = 0; i + 8 < name_len; i += 8)
        if ((scan_load(word + i) | SCAN_EACH(0x20)) != scan_load(name + i))
            return false;
    return (scan_load(word + name_len - 8) | SCAN_EACH(0x20)) == scan_load(name + name_len - 8);
}

/* Whether p starts with `literal`, all of it in this piece. */
#define SCAN_STARTS(p, end, literal)                                                               \
    ((size_t)((end) - (p)) >= sizeof(literal) - 1 && memcmp(p, literal, sizeof(literal) - 1) == 0)

#define SCAN_IS(word, len, literal) scan_is(word, len, literal, sizeof(literal) - 1)

/* Adds to a word that pieces cut what fits of it; *len is room + 1 when not all did. */
static inline void scan_gather(char *word, uint8_t *len, size_t room, const char *from, size_t count)
{
    if (*len > room)
        return;
    size_t fits = count < room - *len ? count : room - *len;
    memcpy(word + *len, from, fits);
    *len = (uint8_t)(*len + fits + (fits < count));
}

#endif
