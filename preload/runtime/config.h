/* config.h: the effective STRONG_* options, from abi/options.def and the environment.
 *
 * Read once at boot, constant afterwards: any thread, any context. A bad value or an unknown
 * STRONG_* name costs one line on stderr with the nearest valid name, and the default is kept.
 */
#ifndef STRONG_RUNTIME_CONFIG_H
#define STRONG_RUNTIME_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

typedef const char *config_text;
#define CONFIG_TYPE_FLAG bool
#define CONFIG_TYPE_RATE double
#define CONFIG_TYPE_DURATION uint64_t
#define CONFIG_TYPE_SIZE uint64_t
#define CONFIG_TYPE_COUNT uint64_t
#define CONFIG_TYPE_TEXT config_text

struct config {
#define OPTION(NAME, field, kind, default_, low, high, meaning) CONFIG_TYPE_##kind field;
#include "abi/options.def"
#undef OPTION
};
extern struct config config;

/* Parses the environment. Texts point into the environment block at the time of the call and are
 * copied. Never fails. */
int config_init(void);

/* The default of an option as options.def writes it, by its name without STRONG_; NULL: no such option. */
const char *config_default(const char *name);

/* True when STRONG_OPTIMIZE selects the optimizer; `safe` says whether it belongs to the safe set. */
bool config_optimizer_selected(const char *name, bool safe);

/* Writes "NAME=value\n" lines of the effective options; returns the length, at most size. */
unsigned config_describe(char *buf, unsigned size);

/* One value from its text: 0, or -EINVAL. Exposed for the tests of each kind. */
int config_parse_duration(const char *text, uint64_t *ret_ns);
int config_parse_size(const char *text, uint64_t *ret_bytes);
int config_parse_rate(const char *text, double *ret_rate);
int config_parse_count(const char *text, uint64_t *ret_count);
int config_parse_flag(const char *text, bool *ret_flag);

#endif
