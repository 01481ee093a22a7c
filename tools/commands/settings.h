/* settings.h: the STRONG_* settings as `run` passes them on: names, meanings, the configuration file.
 *
 * Values are not judged here: libstrong.so does that, and says so. Precedence: an option of run, then
 * the environment, then the file. Single-threaded.
 */
#ifndef STRONG_COMMANDS_SETTINGS_H
#define STRONG_COMMANDS_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

struct setting {
    const char *name;     /* CPU_HZ */
    const char *fallback; /* the default, as a user writes it */
    const char *value;    /* what it takes, as an option's value_name */
    const char *meaning;
};

extern const struct setting settings[];
extern const size_t settings_count;

/* "CPU_HZ" as an option: "cpu-hz". buf holds 64 bytes. */
char *settings_flag(const struct setting *setting, char *buf);

/* The value set in the environment; NULL where unset or empty. */
const char *settings_environment(const struct setting *setting);

/* Puts a value into the environment. 0 or -errno. */
int settings_set(const struct setting *setting, const char *value);

/* Reads an INI file and sets what the environment leaves open. path NULL: $XDG_CONFIG_HOME (or
 * ~/.config)/strong/config.ini, which need not exist, and which must be the user's or root's and writable by nobody else:
 * otherwise it is left alone with one line. Keys as options or as STRONG_*, outside sections or
 * in [strong]. Returns 0, or -1 after a message on stderr. */
int settings_read(const char *path);

#endif
