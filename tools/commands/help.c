/* help.c: usage, made from the tables it describes: commands, options.def, findings.def and the texts beside the rules. */
#include <stdio.h>
#include <string.h>

#include "analyse/finding.h"
#include "analyse/metrics.h"
#include "commands/arguments.h"
#include "commands/commands.h"
#include "commands/help_finding.h"
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
    printf("\nExit codes: 0 ok, 1 failed, 2 usage, 3 no data, 99 a limit broken; run passes the\nprogram's own on.\n");
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
    printf("What strong-report looks for:\n\n");
    for (unsigned id = 0; id < FINDING_COUNT; id++)
        printf("  %-22s %s\n", finding_name((enum finding_id)id), finding_title((enum finding_id)id));
}

static void print_entries(const char *prefix, const struct metric_entry *entries, bool with_units)
{
    for (; entries->name; entries++) {
        char name[64], unit[40] = "";
        snprintf(name, sizeof(name), "%s%s", prefix, entries->name);
        if (with_units)
            snprintf(unit, sizeof(unit), "%-17s%-9s", quantity_id(entries->unit),
                     metrics_kind_name(entries->kind));
        printf("  %-18s %s%s\n", name, unit, entries->meaning);
    }
}

static void print_metrics(void)
{
    printf("What `strong-report check` and the rules of `strong-report watch` can name. A metric that was not\n"
           "measured is never a pass. check looks at the whole life, watch at each interval.\n\n");
    print_entries("", metrics_scalars, true);
    printf("\nOf the calls of one of these groups, or of any function of libc that is hooked (read.p99):\n\n");
    print_entries("", metrics_groups, false);
    printf("\nOf what has a name of its own:\n\n");
    print_entries("", metrics_called, false);
    printf("\none of these figures; network{target=\"tcp://127.0.0.1:6379\"}.p99 takes one target's calls alone:\n\n");
    print_entries(".", metrics_statistics, true);
    printf("\nand of finding(\"...\"):\n\n");
    print_entries(".", metrics_finding_figures, true);
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
    {"findings", "what strong-report looks for; help and the name of one says more about it"},
    {"metrics", "what check and watch can name"},
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

static int print_finding(enum finding_id id)
{
    struct screen screen;
    screen_init(&screen, stdout);
    help_finding_print(&screen, id);
    return EXIT_OK;
}

/* The finding that a word comes nearest to, NULL if none is near. */
static const char *nearest_finding(const char *word)
{
    const char *names[FINDING_COUNT + 1] = {NULL};
    for (unsigned id = 0; id < FINDING_COUNT; id++)
        names[id] = finding_name((enum finding_id)id);
    return text_nearest(word, names);
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
    } else if (strcmp(topic, "metrics") == 0) {
        print_metrics();
    } else if (command) {
        print_command(command);
    } else if (finding_find(topic) != FINDING_COUNT) {
        return print_finding(finding_find(topic));
    } else {
        static const char *const names[] = {"options", "findings", "metrics", NULL};
        const char *nearest = text_nearest(topic, names);
        if (!nearest)
            nearest = commands_nearest(topic);
        if (!nearest)
            nearest = nearest_finding(topic);
        if (nearest)
            return arguments_wrong("help", "no topic '%s'; nearest: %s", topic, nearest);
        return arguments_wrong("help", "no topic '%s'; there are: commands, options, findings, metrics",
                               topic);
    }
    return EXIT_OK;
}
