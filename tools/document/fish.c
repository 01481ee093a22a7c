/* fish.c: the calls of complete for tools/completions/strong-report.fish. */
#include "commands/describe.h"
#include "document/tables.h"

static void put_quoted(FILE *out, const char *text)
{
    fputc('\'', out);
    for (; *text; text++) {
        if (*text == '\'' || *text == '\\')
            fputc('\\', out);
        fputc(*text, out);
    }
    fputc('\'', out);
}

static void put_begin(FILE *out, const struct command *command, const char *condition)
{
    fprintf(out, "complete -c strong-report -n '%s %s'", condition, command->name);
}

static void put_option(FILE *out, const struct command *command, const struct argument *option)
{
    struct described_value value;
    describe_value(option, &value);
    put_begin(out, command, "__strong_report_using");
    if (option->letter)
        fprintf(out, " -s %c", option->letter);
    fprintf(out, " -l %s", option->name);
    if (value.kind == VALUE_FILE)
        fputs(" -r -F", out);
    else if (value.kind == VALUE_FOLDER)
        fputs(" -x -a '(__fish_complete_directories)'", out);
    else if (value.kind == VALUE_TEXT)
        fputs(" -x", out);
    else if (value.kind == VALUE_WORDS) {
        fputs(" -x -a '", out);
        for (const struct command_word *word = value.words; word->name; word++)
            fprintf(out, "%s%s", word == value.words ? "" : " ", word->name);
        fputc('\'', out);
    }
    fputs(" -d ", out);
    put_quoted(out, option->meaning);
    fputc('\n', out);
}

static void put_operands(FILE *out, const struct command *command)
{
    struct described_operands operands;
    describe_operands(command, &operands);
    for (const struct command_word *word = operands.words; word && word->name; word++) {
        put_begin(out, command, "__strong_report_first");
        fputs(" -a ", out);
        put_quoted(out, word->name);
        fputs(" -d ", out);
        put_quoted(out, word->meaning);
        fputc('\n', out);
    }
    if (operands.commands)
        for (const struct command *other = commands; other->name; other++) {
            put_begin(out, command, "__strong_report_first");
            fprintf(out, " -a %s -d ", other->name);
            put_quoted(out, other->summary);
            fputc('\n', out);
        }
    if (operands.program) {
        put_begin(out, command, "__strong_report_using");
        fputs(" -a '(__strong_report_program)'\n", out);
    }
    if (operands.subjects) {
        put_begin(out, command, "__strong_report_using");
        fputs(" -F -a '(__strong_report_subjects)'\n", out);
    } else if (operands.files) {
        put_begin(out, command, "__strong_report_using");
        fputs(" -F\n", out);
    }
}

void fish_names(FILE *out)
{
    fputs("set -g __strong_report_commands", out);
    for (const struct command *command = commands; command->name; command++)
        fprintf(out, " %s", command->name);
    fputc('\n', out);
}

void fish_commands(FILE *out)
{
    for (const struct command *command = commands; command->name; command++) {
        fprintf(out, "complete -c strong-report -n __strong_report_alone -a %s -d ", command->name);
        put_quoted(out, command->summary);
        fputc('\n', out);
        put_begin(out, command, "__strong_report_using");
        fputs(" -s h -l help -d 'options and examples'\n", out);
        for (const struct argument *option = command->arguments(); option->name; option++)
            put_option(out, command, option);
        put_operands(out, command);
    }
}
