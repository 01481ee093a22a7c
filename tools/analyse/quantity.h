/* quantity.h: a number with its unit: what may be compared with what, how it is written and read.
 *
 * Base units are seconds, bytes, calls (and whatever else is counted) and shares of 1. A unit is the powers of
 * seconds and bytes; a quantity without either says what kind of plain number it is: a count and a share are not
 * compared with each other (`cpu.share < 80` is a slip for 80%), the ratio of two counts with both. Pure functions.
 */
#ifndef STRONG_ANALYSE_QUANTITY_H
#define STRONG_ANALYSE_QUANTITY_H

#include <stdbool.h>
#include <stddef.h>

#include "analyse/units.h"

enum quantity_kind { QUANTITY_COUNT, QUANTITY_SHARE, QUANTITY_RATIO };

struct quantity_unit {
    signed char seconds, bytes; /* powers */
    enum quantity_kind kind;    /* where both are 0 */
};

#define QUANTITY_NUMBER ((struct quantity_unit){0, 0, QUANTITY_COUNT})
#define QUANTITY_PERCENT ((struct quantity_unit){0, 0, QUANTITY_SHARE})
#define QUANTITY_SECONDS ((struct quantity_unit){1, 0, QUANTITY_COUNT})
#define QUANTITY_BYTES ((struct quantity_unit){0, 1, QUANTITY_COUNT})
#define QUANTITY_RATE ((struct quantity_unit){-1, 0, QUANTITY_COUNT})
#define QUANTITY_BYTE_RATE ((struct quantity_unit){-1, 1, QUANTITY_COUNT})

/* May the two be compared, added, subtracted? */
bool quantity_alike(struct quantity_unit left, struct quantity_unit right);

struct quantity_unit quantity_product(struct quantity_unit left, struct quantity_unit right);
struct quantity_unit quantity_quotient(struct quantity_unit left, struct quantity_unit right);

/* "a time", "bytes a second": for messages. */
const char *quantity_name(struct quantity_unit unit);
/* "seconds", "bytes", "count", "share", …: for programs. */
const char *quantity_id(struct quantity_unit unit);

/* 0.0062 seconds as "6.2 ms". */
struct units_text quantity_text(double value, struct quantity_unit unit);

/* Reads "5ms", "1.5 GiB", "100MB/s", "80%", "200" at the start of text. Returns the bytes it takes, 0 where no
 * number stands there, or -1 where the unit behind one is not known: *ret_at is where the unit begins, *ret_len how long
 * it is. */
int quantity_read(const char *text, double *ret_value, struct quantity_unit *ret_unit, size_t *ret_at,
                  size_t *ret_len);

/* The unit most like a word, or NULL. */
const char *quantity_nearest(const char *word);

#endif
