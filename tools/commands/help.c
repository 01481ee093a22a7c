/* help.c: usage, made from the tables it describes: commands, their options and words, options.def, findings.def and
 * the texts beside the rules. Broken to the terminal's width; to that of a small terminal where there is none.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyse/finding.h"
#include "analyse/metrics.h"
#include "commands/arguments.h"
#include "commands/commands.h"
#include "commands/describe.h"
#include "commands/help_finding.h"
#include "commands/settings.h"
#include "read/text.h"
#include "render/screen.h"

enum { PLAIN_WIDTH = 80, WIDEST = 100, NARROW = 64, LINES_LIMIT = 100, OPTION_COLUMN = 26 };

static void help_screen(struct screen *screen)
{
    screen_init(screen, stdout);
    if (screen->width > WIDEST && !getenv("COLUMNS"))
        screen->width = WIDEST;
    if (!isatty(STDOUT_FILENO) && !getenv("COLUMNS"))
        screen->width = PLAIN_WIDTH;
}

/* A word and its meaning in two columns; the meaning begins on the next line where the word is too long, or
 * the screen too narrow for columns. */
static void print_row(struct screen *screen, unsigned column, const char *word, const char *meaning)
{
    if (screen->width < NARROW)
        column = 6;
    bool fits = screen_columns(word) + 4 <= column;
    if (!fits)
        screen_print(screen, STYLE_PLAIN, "  %s", word);
    screen_wrap(screen, fits ? 2 : column, fits ? word : NULL, column - 2, meaning, LINES_LIMIT);
}

static void print_title(struct screen *screen, const char *title)
{
    screen_blank(screen);
    screen_print(screen, STYLE_BOLD, "%s:", title);
}

static void print_exits(struct screen *screen, const char *command)
{
    print_title(screen, "Exit codes");
    for (const struct exit_meaning *exit = exit_meanings; exit->code; exit++) {
        char meaning[256] = "";
        if (!describe_exit(exit, command))
            continue;
        if (!command && exit->command)
            snprintf(meaning, sizeof(meaning), "%s: ", exit->command);
        snprintf(meaning + strlen(meaning), sizeof(meaning) - strlen(meaning), "%s", exit->meaning);
        print_row(screen, 12, exit->code, meaning);
    }
}

static void print_overview(struct screen *screen)
{
    static const struct {
        const char *group, *command, *summary;
    } lines[] = {
#define GROUP(title) {title, NULL, NULL},
#define COMMAND(name, usage, summary, words, notes) {NULL, #name, summary},
#include "commands/commands.def"
#undef COMMAND
    };
    screen_wrap(screen, 0, NULL, 0,
                "strong-report: where a program's time goes, measured by libstrong.so", LINES_LIMIT);
    screen_blank(screen);
    print_row(screen, 33, "strong-report run -- ./app", "run ./app preloaded, then say where its time went");
    print_row(screen, 33, "strong-report", "the same for what runs now, or ran last");
    print_row(screen, 33, "strong-report help COMMAND", "options, words and examples of a command");
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        if (lines[i].group)
            print_title(screen, lines[i].group);
        else
            print_row(screen, 14, lines[i].command, lines[i].summary);
    print_title(screen, "More help");
    for (const struct command_word *topic = help_words(); topic->name; topic++) {
        char name[64];
        snprintf(name, sizeof(name), "help %s", topic->name);
        print_row(screen, 20, name, topic->meaning);
    }
    print_exits(screen, NULL);
}

static void print_options(struct screen *screen)
{
    screen_wrap(screen, 0, NULL, 0,
                "Settings of libstrong.so. Set them in the environment (STRONG_CPU_HZ=199), as options of "
                "`strong-report run` (--cpu-hz=199), or in its configuration file (cpu_hz = 199); the first "
                "found counts. Empty is the same as unset.",
                LINES_LIMIT);
    screen_blank(screen);
    for (size_t i = 0; i < settings_count; i++) {
        char line[128];
        snprintf(line, sizeof(line), "STRONG_%s=%s", settings[i].name, settings[i].fallback);
        print_row(screen, 34, line, settings[i].meaning);
    }
    screen_blank(screen);
    screen_wrap(screen, 0, NULL, 0,
                "Sizes take KiB, MiB and GiB, times ns, us, ms, s, m and h. What is shown is the default.",
                LINES_LIMIT);
}

static void print_findings(struct screen *screen)
{
    screen_print(screen, STYLE_PLAIN, "What strong-report looks for:");
    screen_blank(screen);
    for (unsigned id = 0; id < FINDING_COUNT; id++)
        print_row(screen, OPTION_COLUMN, finding_name((enum finding_id)id), finding_title((enum finding_id)id));
}

static void print_entries(struct screen *screen, const char *introduction, const char *prefix,
                          const struct metric_entry *entries, bool with_units)
{
    screen_wrap(screen, 0, NULL, 0, introduction, LINES_LIMIT);
    screen_blank(screen);
    for (; entries->name; entries++) {
        char name[64], meaning[512];
        snprintf(name, sizeof(name), "%s%s", prefix, entries->name);
        snprintf(meaning, sizeof(meaning), "%s%s%s%s%s%s", entries->meaning, with_units ? " (" : "",
                 with_units ? quantity_id(entries->unit) : "", with_units ? ", " : "",
                 with_units ? metrics_kind_name(entries->kind) : "", with_units ? ")" : "");
        print_row(screen, OPTION_COLUMN, name, meaning);
    }
}

static void print_metrics(struct screen *screen)
{
    print_entries(screen,
                  "What `strong-report check` and the rules of `strong-report watch` can name. A metric that was not "
                  "measured is never a pass. check looks at the whole life, watch at each interval.",
                  "", metrics_scalars, true);
    screen_blank(screen);
    print_entries(screen, "Of the calls of one of these groups, or of any function of libc that is hooked (read.p99):",
                  "", metrics_groups, false);
    screen_blank(screen);
    print_entries(screen, "Of what has a name of its own:", "", metrics_called, false);
    screen_blank(screen);
    print_entries(screen,
                  "one of these figures; network{target=\"tcp://127.0.0.1:6379\"}.p99 takes one target's calls alone:",
                  ".", metrics_statistics, true);
    screen_blank(screen);
    print_entries(screen, "and of finding(\"...\"):", ".", metrics_finding_figures, true);
}

static void print_notes(struct screen *screen, const char *notes)
{
    char block[4096];
    bool literal;
    while (describe_block(&notes, block, sizeof(block), &literal)) {
        screen_blank(screen);
        char *save = NULL;
        if (!literal)
            screen_wrap(screen, 0, NULL, 0, block, LINES_LIMIT);
        else
            for (char *line = strtok_r(block, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
                screen_print(screen, STYLE_PLAIN, "%s", line);
    }
}

static void print_command(struct screen *screen, const struct command *command)
{
    char text[256];
    snprintf(text, sizeof(text), "strong-report %s %s", command->name, command->usage);
    screen_wrap(screen, 0, NULL, 0, text, LINES_LIMIT);
    screen_blank(screen);
    snprintf(text, sizeof(text), "%s.", command->summary);
    text[0] = (char)toupper((unsigned char)text[0]);
    screen_wrap(screen, 0, NULL, 0, text, LINES_LIMIT);
    if (command->arguments()->name)
        print_title(screen, "Options");
    for (const struct argument *argument = command->arguments(); argument->name; argument++)
        print_row(screen, OPTION_COLUMN, describe_argument(argument, text, sizeof(text)),
                  argument->meaning);
    const struct command_word *word = command->words ? command->words() : NULL;
    if (word && word->name)
        print_title(screen, "Words in the first place");
    for (; word && word->name; word++)
        print_row(screen, OPTION_COLUMN, word->name, word->meaning);
    if (command->notes)
        print_notes(screen, command->notes);
    print_exits(screen, command->name);
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

/* The finding that a word comes nearest to, NULL if none is near. */
static const char *nearest_finding(const char *word)
{
    const char *names[FINDING_COUNT + 1] = {NULL};
    for (unsigned id = 0; id < FINDING_COUNT; id++)
        names[id] = finding_name((enum finding_id)id);
    return text_nearest(word, names);
}

static int no_topic(const char *topic)
{
    const char *names[sizeof(topics) / sizeof(topics[0])] = {NULL};
    for (size_t i = 0; topics[i].name; i++)
        names[i] = topics[i].name;
    const char *nearest = text_nearest(topic, names);
    if (!nearest)
        nearest = commands_nearest(topic);
    if (!nearest)
        nearest = nearest_finding(topic);
    if (nearest)
        return arguments_wrong("help", "no topic '%s'; nearest: %s", topic, nearest);
    return arguments_wrong("help", "no topic '%s'; there are: commands, options, findings, metrics", topic);
}

int help_command(int argc, char **argv)
{
    const char *topic = argc > 1 ? argv[1] : "";
    const struct command *command = commands_find(topic);
    struct screen screen;
    help_screen(&screen);
    if (!*topic)
        print_overview(&screen);
    else if (strcmp(topic, "options") == 0)
        print_options(&screen);
    else if (strcmp(topic, "findings") == 0)
        print_findings(&screen);
    else if (strcmp(topic, "metrics") == 0)
        print_metrics(&screen);
    else if (command)
        print_command(&screen, command);
    else if (finding_find(topic) != FINDING_COUNT)
        help_finding_print(&screen, finding_find(topic));
    else
        return no_topic(topic);
    return EXIT_OK;
}
