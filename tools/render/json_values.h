/* json_values.h: values of the JSON report, for the json_*.c files alone: null where nothing is known, and no
 * check needed for memory: what failed is a NULL document in the end.
 */
#ifndef STRONG_RENDER_JSON_VALUES_H
#define STRONG_RENDER_JSON_VALUES_H

#include <jansson.h>
#include <stdint.h>

#include "read/model.h"

enum { LIST_MOST = 1000 }; /* rows of a list */

static inline json_t *number(uint64_t value)
{
    if (value == MODEL_UNKNOWN)
        return json_null();
    return json_integer((json_int_t)(value > INT64_MAX ? INT64_MAX : value));
}

/* Whole seconds since 1970: a real is written with nine digits, which would be ten seconds. */
static inline json_t *moment(uint64_t realtime_ns)
{
    return number(realtime_ns / 1000000000);
}

static inline json_t *real(double value)
{
    return value == value && value < 1e300 && value > -1e300 ? json_real(value) : json_null();
}

/* Model text is valid UTF-8; should it not be, it is left out rather than the document lost. */
static inline json_t *text(const char *value)
{
    json_t *string = value != NULL ? json_string(value) : NULL;
    return string != NULL ? string : json_null();
}

static inline json_t *text_or_null(const char *value)
{
    return value != NULL && value[0] != '\0' ? text(value) : json_null();
}

/* Takes the value's reference; failures show as a NULL document at the end. */
static inline void set(json_t *object, const char *key, json_t *value)
{
    if (object != NULL)
        json_object_set_new(object, key, value);
    else
        json_decref(value);
}

static inline void append(json_t *array, json_t *value)
{
    if (array != NULL)
        json_array_append_new(array, value);
    else
        json_decref(value);
}

/* "tcp_out", …: the kind of a target. */
static inline const char *target_kind_name(enum target_kind kind)
{
    static const char *const names[TARGET_KIND_COUNT] = {
        "other", "file",   "tcp_out", "tcp_in", "udp",     "unix_out", "unix_in",
        "pipe",  "device", "host",    "lock",   "program", "site",     "unknown",
        "custom"};
    return kind < TARGET_KIND_COUNT ? names[kind] : "unknown";
}

#endif
