/* zsh.c: tables for tools/completions/_strong-report. All text stands between single quotes. */
#include "commands/describe.h"
#include "document/tables.h"

#include <string.h>

/* Text as _arguments and _describe read it: `special` gets a backslash. */
static void put(FILE *out, const char *text, const char *special)
{
    for (; *text; text++) {
        if (strchr(special, *text))
            fputc('\\', out);
        if (*text == '\'')
            fputs("'\\''", out);
        else
            fputc(*text, out);
    }
}

static void put_word(FILE *out, const char *indent, const char *name, const char *meaning)
{
    fprintf(out, "%s'", indent);
    put(out, name, ":\\");
    fputc(':', out);
    put(out, meaning ? meaning : "", "\\");
    fputs("'\n", out);
}

void zsh_commands(FILE *out)
{
    for (const struct command *command = commands; command->name; command++)
        put_word(out, "        ", command->name, command->summary);
}

void zsh_words(FILE *out)
{
    for (const struct command *command = commands; command->name; command++) {
        const struct command_word *word = command->words ? command->words() : NULL;
        struct described_operands operands;
        describe_operands(command, &operands);
        if (!word || !word->name)
            continue;
        fprintf(out, "    %s)\n        items=(\n", command->name);
        for (; word->name; word++)
            put_word(out, "            ", word->name, word->meaning);
        fprintf(out, "        )\n%s        ;;\n",
                operands.commands ? "        items+=(\"${_strong_report_commands[@]}\")\n" : "");
    }
}

static void put_value(FILE *out, const struct argument *option)
{
    struct described_value value;
    describe_value(option, &value);
    if (value.kind == VALUE_NONE)
        return;
    fputc(':', out);
    put(out, option->value_name, ":\\");
    fputc(':', out);
    if (value.kind == VALUE_FILE)
        fputs("_files", out);
    else if (value.kind == VALUE_FOLDER)
        fputs("_files -/", out);
    else if (value.kind == VALUE_WORDS) {
        fputc('(', out);
        for (const struct command_word *word = value.words; word->name; word++)
            fprintf(out, "%s%s", word == value.words ? "" : " ", word->name);
        fputc(')', out);
    }
}

static void put_option(FILE *out, const struct argument *option)
{
    const char *ending = option->value_name ? "=" : "";
    fputs("            ", out);
    if (option->letter)
        fprintf(out, "'(-%c --%s)'{-%c%s,--%s%s}'[", option->letter, option->name, option->letter,
                option->value_name ? "+" : "", option->name, ending);
    else
        fprintf(out, "'--%s%s[", option->name, ending);
    put(out, option->meaning, "[]\\");
    fputc(']', out);
    put_value(out, option);
    fputs("' \\\n", out);
}

/* A blank before a function keeps _arguments from putting arguments of its own before ours. */
static void put_operands(FILE *out, const struct command *command)
{
    struct described_operands operands;
    describe_operands(command, &operands);
    fputs("            ", out);
    if (operands.program)
        fputs("'(-)1:program: _command_names -e' '*::argument: _normal'", out);
    else if (operands.words || operands.commands)
        fprintf(out, "'1:word: _strong_report_first %s %d'", command->name, operands.subjects);
    if (operands.subjects)
        fputs(" '*:process:_strong_report_subjects'", out);
    else if (operands.files)
        fputs(" '*:file:_files'", out);
    fputs("\n            ;;\n", out);
}

void zsh_options(FILE *out)
{
    for (const struct command *command = commands; command->name; command++) {
        struct described_operands operands;
        describe_operands(command, &operands);
        fprintf(out, "        %s)\n%s", command->name,
                operands.program ? "            _strong_report_program && return\n" : "");
        fputs("            _arguments -s -S : '(- *)'{-h,--help}'[options and examples]' \\\n", out);
        for (const struct argument *option = command->arguments(); option->name; option++)
            put_option(out, option);
        put_operands(out, command);
    }
}
