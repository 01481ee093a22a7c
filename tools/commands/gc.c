/* gc.c: `strong-report gc`: the same limits as the library keeps at start-up, on demand. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyse/units.h"
#include "commands/arguments.h"
#include "commands/commands.h"
#include "commands/select.h"
#include "commands/settings.h"
#include "read/directory.h"

static const uint64_t KEEP_BYTES = 256ull << 20;
static const long KEEP_LIMIT = 100000;

static bool all;
static const char *keep_text;

static const struct argument arguments[] = {
    {"all", NULL, NULL, &all, "every segment whose process is gone", 0},
    {"keep", "N", &keep_text, NULL, "keep the newest N (default: STRONG_KEEP or 64, and 256 MiB)", 0},
    {0},
};

const struct argument *gc_arguments(void)
{
    return arguments;
}

static const char *keep_setting(void)
{
    for (size_t i = 0; i < settings_count; i++) {
        const char *value = settings_environment(&settings[i]);
        if (strcmp(settings[i].name, "KEEP") == 0)
            return value ? value : settings[i].fallback;
    }
    return "64";
}

int gc_command(int argc, char **argv)
{
    struct arguments rest;
    struct directory directory = {0};
    uint64_t bytes = 0;
    if (arguments_parse("gc", argc, argv, arguments, false, &rest) != 0)
        return EXIT_USAGE;
    if (rest.count)
        return arguments_wrong("gc", "takes no argument: '%s'", rest.rest[0]);
    long keep = all ? 0
                    : arguments_number("gc", "keep", keep_text ? keep_text : keep_setting(), 0,
                                       KEEP_LIMIT);
    if (keep < 0)
        return EXIT_USAGE;
    if (directory_read(&directory, false) != 0) {
        fprintf(stderr, "strong-report: not enough memory\n");
        return EXIT_FAILED;
    }
    size_t had = directory.count;
    for (size_t i = 0; i < directory.refused_count; i++)
        had += !directory.refused[i].is_folder;
    select_tell_folders(&directory);
    size_t removed = directory_collect(&directory, (uint64_t)keep, KEEP_BYTES, &bytes);
    printf("removed %s, %s; kept %zu\n", units_plural(removed, "segment").text,
           units_bytes(bytes).text, had - removed);
    directory_done(&directory);
    return EXIT_OK;
}
