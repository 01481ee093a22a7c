/* bash.c: tables for tools/completions/strong-report.bash: what a command's options, their values and its operands are.
 * Words of the tables hold no blank and nothing a shell expands. */
#include "commands/describe.h"
#include "document/tables.h"

static void put_words(FILE *out, const struct command_word *words)
{
    const char *gap = "";
    for (; words && words->name; words++, gap = " ")
        fprintf(out, "%s%s", gap, words->name);
}

void bash_commands(FILE *out)
{
    fputs("_strong_report_commands='", out);
    for (const struct command *command = commands; command->name; command++)
        fprintf(out, "%s%s", command == commands ? "" : " ", command->name);
    fputs("'\n", out);
}

void bash_options(FILE *out)
{
    for (const struct command *command = commands; command->name; command++) {
        fprintf(out, "    %s) words='--help", command->name);
        for (const struct argument *option = command->arguments(); option->name; option++) {
            if (option->letter)
                fprintf(out, " -%c", option->letter);
            fprintf(out, " --%s%s", option->name, option->value_name ? "=" : "");
        }
        fputs("' ;;\n", out);
    }
}

static void put_value(FILE *out, const struct command *command, const struct argument *option)
{
    static const char *const kinds[] = {[VALUE_TEXT] = "text", [VALUE_WORDS] = "words",
                                        [VALUE_FILE] = "file", [VALUE_FOLDER] = "folder"};
    struct described_value value;
    describe_value(option, &value);
    if (value.kind == VALUE_NONE)
        return;
    fprintf(out, "    %s:--%s", command->name, option->name);
    if (option->letter)
        fprintf(out, " | %s:-%c", command->name, option->letter);
    fprintf(out, ") kind=%s", kinds[value.kind]);
    if (value.kind == VALUE_WORDS) {
        fputs(" words='", out);
        put_words(out, value.words);
        fputc('\'', out);
    }
    fputs(" ;;\n", out);
}

void bash_values(FILE *out)
{
    for (const struct command *command = commands; command->name; command++)
        for (const struct argument *option = command->arguments(); option->name; option++)
            put_value(out, command, option);
}

void bash_operands(FILE *out)
{
    for (const struct command *command = commands; command->name; command++) {
        struct described_operands operands;
        describe_operands(command, &operands);
        fprintf(out, "    %s) kind=%s first='", command->name,
                operands.program    ? "program"
                : operands.subjects ? "subject"
                : operands.files    ? "file"
                                    : "none");
        put_words(out, operands.words);
        fprintf(out, "'%s ;;\n", operands.commands ? " first+=\" $_strong_report_commands\"" : "");
    }
}
