/* config.c: parses STRONG_* once at boot. See config.h.
 *
 * Runs before anything else, so it uses no libc function that could be interposed. Texts are copied,
 * because a program may scribble over its environment later.
 */
#include "runtime/config.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "runtime/arena.h"
#include "runtime/config_nearest.h"
#include "runtime/log.h"
#include "runtime/text.h"

extern char **environ;

struct config config;

struct unit {
    const char *name;
    uint64_t factor;
};

static const struct unit durations[] = {
    {"ns", 1}, {"us", 1000}, {"ms", 1000000}, {"s", 1000000000}, {"m", 60000000000}, {"h", 3600000000000},
    {"", 1000000000}, {NULL, 0}};
static const struct unit data_sizes[] = {
    {"", 1}, {"B", 1}, {"K", 1 << 10}, {"KB", 1 << 10}, {"KiB", 1 << 10}, {"M", 1 << 20}, {"MB", 1 << 20},
    {"MiB", 1 << 20}, {"G", 1 << 30}, {"GB", 1 << 30}, {"GiB", 1 << 30}, {NULL, 0}};

/* Digits with an optional fraction, times the unit that follows. Decimal fractions to a millionth. */
static int parse_scaled(const char *text, const struct unit *units, uint64_t *ret)
{
    uint64_t whole = 0, fraction = 0, scale = 1;
    const char *at = text;
    for (; *at >= '0' && *at <= '9'; at++)
        if (__builtin_mul_overflow(whole, 10, &whole) || __builtin_add_overflow(whole, (uint64_t)(*at - '0'), &whole))
            return -ERANGE;
    if (at == text)
        return -EINVAL;
    if (*at == '.')
        for (at++; *at >= '0' && *at <= '9'; at++)
            if (scale < 1000000) {
                fraction = fraction * 10 + (uint64_t)(*at - '0');
                scale *= 10;
            }
    for (const struct unit *unit = units; unit->name; unit++)
        if (strcmp(at, unit->name) == 0) {
            __uint128_t value = (__uint128_t)whole * unit->factor + (__uint128_t)fraction * unit->factor / scale;
            if (value > UINT64_MAX)
                return -ERANGE;
            *ret = (uint64_t)value;
            return 0;
        }
    return -EINVAL;
}

int config_parse_duration(const char *text, uint64_t *ret_ns)
{
    return parse_scaled(text, durations, ret_ns);
}

int config_parse_size(const char *text, uint64_t *ret_bytes)
{
    return parse_scaled(text, data_sizes, ret_bytes);
}

int config_parse_count(const char *text, uint64_t *ret_count)
{
    static const struct unit plain[] = {{"", 1}, {NULL, 0}};
    return strchr(text, '.') ? -EINVAL : parse_scaled(text, plain, ret_count);
}

int config_parse_rate(const char *text, double *ret_rate)
{
    static const struct unit millionths[] = {{"", 1000000}, {"%", 10000}, {NULL, 0}};
    uint64_t value;
    int ret = parse_scaled(text, millionths, &value);
    if (ret == 0)
        *ret_rate = (double)value / 1e6;
    return ret;
}

int config_parse_flag(const char *text, bool *ret_flag)
{
    static const char *const yes[] = {"1", "yes", "on", "true"}, *const no[] = {"0", "no", "off", "false"};
    for (unsigned i = 0; i < sizeof yes / sizeof *yes; i++) {
        if (strcmp(text, yes[i]) == 0)
            return *ret_flag = true, 0;
        if (strcmp(text, no[i]) == 0)
            return *ret_flag = false, 0;
    }
    return -EINVAL;
}

static int parse_text(const char *text, config_text *ret)
{
    size_t len = strlen(text) + 1;
    char *copy = arena_take(len);
    if (!copy)
        return -ENOMEM;
    *ret = memcpy(copy, text, len);
    return 0;
}

/* ---- one option ---- */

#define PARSE_FLAG config_parse_flag
#define PARSE_RATE config_parse_rate
#define PARSE_DURATION config_parse_duration
#define PARSE_SIZE config_parse_size
#define PARSE_COUNT config_parse_count
#define PARSE_TEXT parse_text
#define IN_RANGE_FLAG(value, low, high) true
#define IN_RANGE_RATE(value, low, high) ((value) >= (double)(low) && (value) <= (double)(high))
#define IN_RANGE_DURATION(value, low, high) ((value) - (uint64_t)(low) <= (uint64_t)(high) - (uint64_t)(low))
#define IN_RANGE_SIZE IN_RANGE_DURATION
#define IN_RANGE_COUNT IN_RANGE_DURATION
#define IN_RANGE_TEXT(value, low, high) true

/* Sets one option from text; false: no such option. A bad value is reported and changes nothing. */
static bool set(const char *name, const char *value, bool report)
{
#define OPTION(NAME, field, kind, default_, low, high, meaning)                                    \
    if (strcmp(name, #NAME) == 0) {                                                                \
        CONFIG_TYPE_##kind parsed;                                                                 \
        if (PARSE_##kind(value, &parsed) == 0 && IN_RANGE_##kind(parsed, low, high))               \
            config.field = parsed;                                                                 \
        else if (report)                                                                           \
            config_report_value(#NAME, value, #kind, default_, #low, #high);                       \
        return true;                                                                               \
    }
#include "abi/options.def"
#undef OPTION
    return false;
}

int config_init(void)
{
#define OPTION(NAME, field, kind, default_, low, high, meaning) set(#NAME, default_, false);
#include "abi/options.def"
#undef OPTION
    for (int pass = 0; pass < 2; pass++) /* LOG first: it decides whether mistakes are reported */
        for (char **at = environ; at && *at; at++) {
            if (strncmp(*at, "STRONG_", 7) != 0)
                continue;
            char name[64];
            const char *value = strchr(*at, '=');
            size_t len = value ? (size_t)(value - *at) - 7 : sizeof name;
            if (len >= sizeof name || value[1] == '\0')
                continue; /* empty means unset */
            memcpy(name, *at + 7, len);
            name[len] = '\0';
            if ((pass == 0) != (strcmp(name, "LOG") == 0))
                continue;
            if (!set(name, value + 1, true))
                config_report_name(name);
        }
    return 0;
}

const char *config_default(const char *name)
{
#define OPTION(NAME, field, kind, default_, low, high, meaning)                                    \
    if (strcmp(name, #NAME) == 0)                                                                  \
        return default_;
#include "abi/options.def"
#undef OPTION
    return NULL;
}

/* ---- what is in force ---- */

static void describe_flag(struct text *text, bool value) { text_unsigned(text, value); }
static void describe_rate(struct text *text, double value) { text_decimal(text, (uint64_t)(value * 1e6), 1000000, 3); }
static void describe_duration(struct text *text, uint64_t value) { text_unsigned(text, value), text_string(text, "ns"); }
static void describe_size(struct text *text, uint64_t value) { text_unsigned(text, value); }
static void describe_count(struct text *text, uint64_t value) { text_unsigned(text, value); }
static void describe_text(struct text *text, config_text value) { text_string(text, value); }
#define DESCRIBE_FLAG describe_flag
#define DESCRIBE_RATE describe_rate
#define DESCRIBE_DURATION describe_duration
#define DESCRIBE_SIZE describe_size
#define DESCRIBE_COUNT describe_count
#define DESCRIBE_TEXT describe_text

unsigned config_describe(char *buf, unsigned size)
{
    struct text text = text_in(buf, size);
#define OPTION(NAME, field, kind, default_, low, high, meaning)                                    \
    text_string(&text, #NAME "=");                                                                 \
    DESCRIBE_##kind(&text, config.field);                                                          \
    text_string(&text, "\n");
#include "abi/options.def"
#undef OPTION
    return text.len;
}

bool config_optimizer_selected(const char *name, bool safe)
{
    bool selected = safe && config.optimize[0] == '-' && config.optimize[1]; /* only removals: from the default */
    size_t name_len = strlen(name);
    for (const char *at = config.optimize; *at;) {
        size_t len = strcspn(at, ",");
        bool minus = *at == '-';
        const char *word = at + minus;
        size_t word_len = len - minus;
        if (word_len == 4 && memcmp(word, "safe", 4) == 0)
            selected |= safe;
        else if (word_len == 3 && memcmp(word, "all", 3) == 0)
            selected = true;
        else if (word_len == 4 && memcmp(word, "none", 4) == 0)
            selected = false;
        else if (word_len == name_len && memcmp(word, name, name_len) == 0)
            selected = !minus;
        at += len;
        if (*at == ',')
            at++;
    }
    return selected;
}
