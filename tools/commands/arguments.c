/* arguments.c: a small parser, because getopt_long cannot name what was probably meant. */
#include "commands/arguments.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands/commands.h"
#include "read/text.h"

enum { KNOWN_LIMIT = 128 };

int arguments_wrong(const char *command, const char *format, ...)
{
    char line[1024], clean[1024];
    va_list values;
    va_start(values, format);
    vsnprintf(line, sizeof(line), format, values);
    va_end(values);
    text_clean(clean, sizeof(clean), line, strlen(line));
    fprintf(stderr, "strong-report%s%s: %s\n", *command ? " " : "", command, clean);
    return EXIT_USAGE;
}

static const struct argument *find(const struct argument *known, const char *name, size_t len)
{
    for (; known->name; known++)
        if (strlen(known->name) == len && strncmp(known->name, name, len) == 0)
            return known;
    return NULL;
}

static int unknown(const char *command, const struct argument *known, const char *option)
{
    const char *names[KNOWN_LIMIT + 1] = {0};
    for (int i = 0; known[i].name && i < KNOWN_LIMIT; i++)
        names[i] = known[i].name;
    char word[128];
    snprintf(word, sizeof(word), "%.*s", (int)strcspn(option, "="), option);
    const char *nearest = text_nearest(word, names);
    if (nearest)
        arguments_wrong(command, "unknown option --%s; nearest: --%s", word, nearest);
    else
        arguments_wrong(command, "unknown option --%s; see strong-report help %s", word, command);
    return -1;
}

/* One long option; *next is argv's element behind it. Returns how many elements it took. */
static int take_long(const char *command, const struct argument *known, const char *option,
                     const char *next)
{
    size_t len = strcspn(option, "=");
    const struct argument *found = find(known, option, len);
    if (!found)
        return unknown(command, known, option);
    const char *value = option[len] == '=' ? option + len + 1 : NULL;
    int taken = 1;
    if (found->value_name && !value) {
        value = next;
        taken = 2;
    }
    if (found->value_name && !value) {
        arguments_wrong(command, "--%s needs a value: --%s=%s", found->name, found->name,
                        found->value_name);
        return -1;
    }
    if (!found->value_name && value) {
        arguments_wrong(command, "--%s takes no value", found->name);
        return -1;
    }
    if (found->value && value)
        *found->value = value;
    if (found->given)
        *found->given = true;
    return taken;
}

/* Letters in one word; the value of one that takes it is the rest of the word, or argv's next. Returns how many
 * elements it took. */
static int take_letters(const char *command, const struct argument *known, const char *letters,
                        const char *next)
{
    for (; *letters; letters++) {
        const struct argument *found = known;
        while (found->name && found->letter != *letters)
            found++;
        if (!found->name) {
            arguments_wrong(command, "unknown option -%c; see strong-report help %s", *letters,
                            command);
            return -1;
        }
        const char *value = letters[1] ? letters + 1 : next;
        if (found->value_name && !value) {
            arguments_wrong(command, "-%c needs a value: -%c %s", *letters, *letters,
                            found->value_name);
            return -1;
        }
        if (found->given)
            *found->given = true;
        if (!found->value_name)
            continue;
        if (found->value)
            *found->value = value;
        return letters[1] ? 1 : 2;
    }
    return 1;
}

int arguments_parse(const char *command, int argc, char **argv, const struct argument *known,
                    bool stop_early, struct arguments *ret_arguments)
{
    int kept = 1;
    ret_arguments->rest = argv + 1;
    ret_arguments->count = 0;
    for (int i = 1; i < argc;) {
        const char *word = argv[i];
        bool ended = strcmp(word, "--") == 0;
        if (ended || (stop_early && (word[0] != '-' || !word[1]))) {
            for (i += ended; i < argc; i++)
                argv[kept++] = argv[i];
            break;
        }
        int taken = 1;
        if (word[0] == '-' && word[1] == '-')
            taken = take_long(command, known, word + 2, i + 1 < argc ? argv[i + 1] : NULL);
        else if (word[0] == '-' && word[1])
            taken = take_letters(command, known, word + 1, i + 1 < argc ? argv[i + 1] : NULL);
        else
            argv[kept++] = argv[i];
        if (taken < 0)
            return -1;
        i += taken;
    }
    ret_arguments->count = kept - 1;
    return 0;
}

long arguments_number(const char *command, const char *name, const char *value, long low, long high)
{
    char *end;
    errno = 0;
    long number = strtol(value, &end, 10);
    if (errno == 0 && end != value && *end == 0 && number >= low && number <= high)
        return number;
    arguments_wrong(command, "--%s: '%s' is not a whole number from %ld to %ld", name, value, low,
                    high);
    return -1;
}

long arguments_milliseconds(const char *command, const char *name, const char *value, long low,
                            long high)
{
    static const struct {
        const char *name;
        double ms;
    } units[] = {{"ms", 1}, {"s", 1000}, {"", 1000}, {"m", 60000}, {"h", 3600000}};
    char *end;
    double number = strtod(value, &end), ms = -1;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (end != value && strcmp(end, units[i].name) == 0)
            ms = number * units[i].ms;
    if (ms >= (double)low && ms <= (double)high) /* false for what is no number, too */
        return (long)(ms + 0.5);
    arguments_wrong(command, "--%s: '%s' is not a time from %ldms to %ldh, such as 500ms, 2s or 1m",
                    name, value, low, high / 3600000);
    return -1;
}
