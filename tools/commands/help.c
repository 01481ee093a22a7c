/* help.c: usage, made from the tables it describes: commands, options.def, findings.def. */
#include <stdio.h>
#include <string.h>

#include "analyse/finding.h"
#include "commands/arguments.h"
#include "commands/commands.h"
#include "commands/settings.h"
#include "read/text.h"

static void print_overview(void)
{
    printf("strong-report: where a program's time goes, measured by libstrong.so\n\n"
           "  strong-report run -- ./app      run ./app preloaded, then say where its time went\n"
           "  strong-report                   the same for what runs now, or ran last\n\n"
           "Commands:\n");
    for (const struct command *command = commands; command->name; command++)
        printf("  %-8s%-38s%s\n", command->name, command->usage, command->summary);
    printf("\nExit codes: 0 ok, 1 failed, 2 usage, 3 no data; run passes the program's own on.\n");
}

static void print_options(void)
{
    printf("Settings of libstrong.so. Set them in the environment (STRONG_CPU_HZ=199), as options of\n"
           "`strong-report run` (--cpu-hz=199), or in its configuration file (cpu_hz = 199), the first\n"
           "found counts. Empty is the same as unset.\n\n");
    for (size_t i = 0; i < settings_count; i++)
        printf("  STRONG_%-17s %-8s %s\n", settings[i].name,
               *settings[i].fallback ? settings[i].fallback : "\"\"", settings[i].meaning);
}

static void print_findings(void)
{
    static const struct {
        const char *name, *title;
    } findings[] = {
#define FINDING(id, title, ceiling, rule) {#id, title},
#define EXPLAINS(cause, consequence)
#define REFINES(particular, general)
#include "analyse/findings.def"
#undef FINDING
#undef EXPLAINS
#undef REFINES
    };
    printf("What strong-report looks for:\n\n");
    for (size_t i = 0; i < sizeof(findings) / sizeof(findings[0]); i++)
        printf("  %-22s %s\n", findings[i].name, findings[i].title);
}

static void print_arguments(const struct argument *arguments)
{
    for (; arguments->name; arguments++) {
        char option[64];
        char letter[8] = "";
        if (arguments->letter)
            snprintf(letter, sizeof(letter), "-%c, ", arguments->letter);
        snprintf(option, sizeof(option), "%s--%s%s%s", letter, arguments->name,
                 arguments->value_name ? "=" : "",
                 arguments->value_name ? arguments->value_name : "");
        printf("  %-24s %s\n", option, arguments->meaning);
    }
}

static void print_command(const struct command *command)
{
    printf("strong-report %s %s\n\n%s.\n", command->name, command->usage, command->summary);
    if (command->arguments()->name) {
        printf("\n");
        print_arguments(command->arguments());
    }
    if (command->words && command->words()->name) {
        printf("\nWords in the first place:\n");
        for (const struct command_word *word = command->words(); word->name; word++)
            printf("  %-24s %s\n", word->name, word->meaning);
    }
    if (command->notes)
        printf("\n%s", command->notes);
}

static const struct command_word topics[] = {
    {"options", "the settings of libstrong.so"},
    {"findings", "what strong-report looks for"},
    {0},
};

const struct command_word *help_words(void)
{
    return topics;
}

const struct argument *help_arguments(void)
{
    static const struct argument none[] = {{0}};
    return none;
}

int help_command(int argc, char **argv)
{
    const char *topic = argc > 1 ? argv[1] : "";
    const struct command *command = commands_find(topic);
    if (!*topic) {
        print_overview();
    } else if (strcmp(topic, "options") == 0) {
        print_options();
    } else if (strcmp(topic, "findings") == 0) {
        print_findings();
    } else if (command) {
        print_command(command);
    } else {
        static const char *const names[] = {"options", "findings", NULL};
        const char *nearest = text_nearest(topic, names);
        if (!nearest)
            nearest = commands_nearest(topic);
        if (nearest)
            return arguments_wrong("help", "no topic '%s'; nearest: %s", topic, nearest);
        return arguments_wrong("help", "no topic '%s'; there are: commands, options, findings",
                               topic);
    }
    return EXIT_OK;
}
