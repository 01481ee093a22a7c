/* manual.c: tables for manual pages, in scdoc's language. Everything out of a table is escaped: scdoc would take _ and
 * * for emphasis. */
#include <ctype.h>
#include <string.h>

#include "analyse/metrics.h"
#include "commands/describe.h"
#include "commands/settings.h"
#include "document/tables.h"

enum { BLOCK_BYTES = 4096 };

/* A backslash before a mark makes it a letter; a mark of a list, a title or a table counts at a line's start. */
static void put(FILE *out, const char *text)
{
    if (*text && strchr("-#.|[]<>:~", *text))
        fputc('\\', out);
    for (; *text; text++) {
        if (strchr("_*\\`", *text) || (text[0] == '+' && text[1] == '+'))
            fputc('\\', out);
        fputc(*text, out);
    }
}

/* A word and, indented below it, what it means. */
static void put_item(FILE *out, const char *word, const char *meaning)
{
    fputc('*', out);
    put(out, word);
    fputs("*\n\t", out);
    put(out, meaning);
    fputs("\n\n", out);
}

/* Whether name and meaning of an option already hold every word its value can be. */
static bool says_all(const struct argument *argument, const struct command_word *words)
{
    for (; words->name; words++)
        if (!strstr(argument->value_name, words->name) && !strstr(argument->meaning, words->name))
            return false;
    return true;
}

static void put_option(FILE *out, const struct argument *argument)
{
    struct described_value value;
    if (argument->letter)
        fprintf(out, "*-%c*, ", argument->letter);
    fputs("*--", out);
    put(out, argument->name);
    fputc('*', out);
    if (argument->value_name) {
        fputs("=_", out);
        put(out, argument->value_name);
        fputc('_', out);
    }
    fputs("\n\t", out);
    put(out, argument->meaning);
    describe_value(argument, &value);
    if (value.kind == VALUE_WORDS && !says_all(argument, value.words)) {
        fputs(". Known by name: ", out);
        for (const struct command_word *word = value.words; word->name; word++) {
            put(out, word->name);
            fputs(word[1].name ? ", " : ".", out);
        }
    }
    fputs("\n\n", out);
}

static void put_notes(FILE *out, const char *notes)
{
    char block[BLOCK_BYTES];
    bool literal;
    while (describe_block(&notes, block, sizeof(block), &literal)) {
        if (literal)
            fprintf(out, "```\n%s\n```", block);
        else
            put(out, block);
        fputs("\n\n", out);
    }
}

static void put_command(FILE *out, const struct command *command)
{
    /* a title is not looked through for marks, nor for backslashes */
    fprintf(out, "## strong-report %s %s\n\n", command->name, command->usage);
    fputc(toupper((unsigned char)*command->summary), out);
    put(out, command->summary + 1);
    fputs(".\n\n", out);
    for (const struct argument *argument = command->arguments(); argument->name; argument++)
        put_option(out, argument);
    const struct command_word *word = command->words ? command->words() : NULL;
    if (word && word->name)
        fputs("Words in the first place:\n\n", out);
    for (; word && word->name; word++)
        put_item(out, word->name, word->meaning);
    if (command->notes)
        put_notes(out, command->notes);
}

void manual_commands(FILE *out)
{
    for (const struct command *command = commands; command->name; command++)
        put_command(out, command);
}

void manual_settings(FILE *out)
{
    for (size_t i = 0; i < settings_count; i++) {
        fputs("*STRONG\\_", out);
        put(out, settings[i].name);
        fprintf(out, "*=_%s_, by default ", settings[i].value);
        put(out, *settings[i].fallback ? settings[i].fallback : "empty");
        fputs("\n\t", out);
        put(out, settings[i].meaning);
        fputs("\n\n", out);
    }
}

void manual_findings(FILE *out)
{
    static const struct command_word findings[] = {
#define FINDING(id, title, ceiling, rule) {#id, title},
#define EXPLAINS(cause, consequence)
#define REFINES(particular, general)
#include "analyse/findings.def"
#undef FINDING
#undef EXPLAINS
#undef REFINES
    };
    for (size_t i = 0; i < sizeof(findings) / sizeof(findings[0]); i++)
        put_item(out, findings[i].name, findings[i].meaning);
}

static void put_metrics(FILE *out, const char *title, const char *prefix, const struct metric_entry *entries)
{
    put(out, title);
    fputs("\n\n", out);
    for (; entries->name; entries++) {
        char word[128];
        snprintf(word, sizeof(word), "%s%s", prefix, entries->name);
        put_item(out, word, entries->meaning);
    }
}

void manual_metrics(FILE *out)
{
    put_metrics(out, "Of a process or a run:", "", metrics_scalars);
    put_metrics(out, "Groups of calls:", "", metrics_groups);
    put_metrics(out, "What has a name of its own, as in operation(\"checkout\"):", "", metrics_called);
    put_metrics(out, "Behind a group, the name of a call of libc, or what has a name of its own:", ".",
                metrics_statistics);
    put_metrics(out, "Behind finding(\"...\"):", ".", metrics_finding_figures);
}

void manual_exits(FILE *out)
{
    for (const struct exit_meaning *exit = exit_meanings; exit->code; exit++) {
        if (!describe_exit(exit, NULL))
            continue;
        fputc('*', out);
        put(out, exit->code);
        fputs(exit->command ? "* (" : "*", out);
        fprintf(out, "%s%s\n\t", exit->command ? exit->command : "", exit->command ? ")" : "");
        put(out, exit->meaning);
        fputs("\n\n", out);
    }
}
