/* settings.c: options.def as a table, and inih for the file. */
#include "commands/settings.h"

#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands/arguments.h"
#include "read/text.h"
#include "read/trusted.h"

/* What each kind of options.def is called where a value is asked for. */
#define VALUE_FLAG "0|1"
#define VALUE_COUNT "N"
#define VALUE_SIZE "SIZE"
#define VALUE_DURATION "TIME"
#define VALUE_RATE "SHARE"
#define VALUE_TEXT "TEXT"
#define OPTION(name, field, kind, fallback, low, high, meaning)                                    \
    {#name, fallback, VALUE_##kind, meaning},
const struct setting settings[] = {
#include "abi/options.def"
};
#undef OPTION
#undef VALUE_FLAG
#undef VALUE_COUNT
#undef VALUE_SIZE
#undef VALUE_DURATION
#undef VALUE_RATE
#undef VALUE_TEXT
const size_t settings_count = sizeof(settings) / sizeof(settings[0]);

char *settings_flag(const struct setting *setting, char *buf)
{
    size_t at = 0;
    for (const char *letter = setting->name; *letter && at < 63; letter++)
        buf[at++] = *letter == '_' ? '-' : (char)tolower((unsigned char)*letter);
    buf[at] = 0;
    return buf;
}

static char *variable(const struct setting *setting, char *buf)
{
    snprintf(buf, 64, "STRONG_%s", setting->name);
    return buf;
}

const char *settings_environment(const struct setting *setting)
{
    char name[64];
    const char *value = getenv(variable(setting, name));
    return value && *value ? value : NULL;
}

int settings_set(const struct setting *setting, const char *value)
{
    char name[64];
    return setenv(variable(setting, name), value, 1) == 0 ? 0 : -errno;
}

/* cpu_hz, cpu-hz, CPU_HZ and STRONG_CPU_HZ are one setting. */
static const struct setting *find(const char *key)
{
    if (strncasecmp(key, "STRONG_", 7) == 0)
        key += 7;
    for (size_t i = 0; i < settings_count; i++) {
        const char *a = settings[i].name, *b = key;
        while (*a && (*a == toupper((unsigned char)*b) || (*a == '_' && *b == '-'))) {
            a++;
            b++;
        }
        if (!*a && !*b)
            return &settings[i];
    }
    return NULL;
}

struct reading {
    const char *path;
    int errors;
};

static void complain(struct reading *reading, const char *key)
{
    char flags[64][64];
    const char *names[65] = {0};
    for (size_t i = 0; i < settings_count && i < 64; i++)
        names[i] = settings_flag(&settings[i], flags[i]);
    const char *nearest = text_nearest(strncasecmp(key, "STRONG_", 7) == 0 ? key + 7 : key, names);
    reading->errors++;
    if (nearest)
        arguments_wrong("run", "%s: unknown setting '%s'; nearest: %s", reading->path, key, nearest);
    else
        arguments_wrong("run", "%s: unknown setting '%s'; see strong-report help options",
                        reading->path, key);
}

/* inih calls this for each key; 1 is success. */
static int visit(void *context, const char *section, const char *key, const char *value)
{
    struct reading *reading = context;
    const struct setting *setting = find(key);
    if (*section && strcmp(section, "strong") != 0)
        return 1; /* somebody else's */
    if (!setting)
        complain(reading, key);
    else if (!settings_environment(setting))
        return settings_set(setting, value) == 0;
    return 1;
}

int settings_read(const char *path)
{
    char buf[4096];
    const char *base = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    bool required = path != NULL;
    if (!path) {
        if (base && *base == '/')
            snprintf(buf, sizeof(buf), "%s/strong/config.ini", base);
        else if (home && *home == '/')
            snprintf(buf, sizeof(buf), "%s/.config/strong/config.ini", home);
        else
            return 0;
        path = buf;
    }
    char why[TRUSTED_WHY];
    int fd = trusted_open(path, required ? TRUSTED_PLAIN : TRUSTED_OWN, 0, NULL, why);
    FILE *file = fd >= 0 ? fdopen(fd, "r") : NULL;
    if (!file) {
        if (!required && (fd == -ENOENT || fd == -ENOTDIR))
            return 0;
        arguments_wrong("run", "%s: %s%s", path, fd < 0 ? why : strerror(errno),
                        required ? "" : "; no setting is taken from it");
        return required ? -1 : 0;
    }
    struct reading reading = {.path = path};
    int line = ini_parse_file(file, visit, &reading);
    fclose(file);
    if (line > 0)
        arguments_wrong("run", "%s: line %d is not 'name = value'", path, line);
    return reading.errors || line ? -1 : 0;
}
