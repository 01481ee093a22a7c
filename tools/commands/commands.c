/* commands.c: the table, and finding out which command is meant.
 *
 * `strong-report WORD` may be a command or something to report. A word that is neither, but nearly a
 * command's name, is taken for a mistyped command only after nothing of that name was found to report.
 */
#include "commands/commands.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "read/text.h"

const struct command commands[] = {
#define COMMAND(name, usage, summary, words, notes)                                                \
    {#name, usage, summary, name##_command, name##_arguments, words, notes},
#include "commands/commands.def"
#undef COMMAND
    {0},
};

const struct command *commands_find(const char *name)
{
    for (const struct command *command = commands; command->name; command++)
        if (strcmp(command->name, name) == 0)
            return command;
    return NULL;
}

const char *commands_nearest(const char *word)
{
    static const char *names[sizeof(commands) / sizeof(commands[0])];
    for (size_t i = 0; commands[i].name; i++)
        names[i] = commands[i].name;
    return text_nearest(word, names);
}

const struct command_word *commands_word(const struct command_word *words, const char *name)
{
    for (; words && words->name; words++)
        if (strcmp(words->name, name) == 0)
            return words;
    return NULL;
}

int commands_main(int argc, char **argv)
{
    if (argc > 1) {
        const char *word = argv[1];
        if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
            return help_command(1, argv);
        if (strcmp(word, "--version") == 0) {
            printf("strong-report %s\n", STRONG_VERSION);
            return EXIT_OK;
        }
        const struct command *command = commands_find(word);
        if (command) {
            for (int i = 2; i < argc && strcmp(argv[i], "--") != 0 && argv[i][0] == '-'; i++) {
                char *topic[] = {argv[0], argv[1]};
                if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
                    return help_command(2, topic);
            }
            return command->run(argc - 1, argv + 1);
        }
    }
    return report_command(argc, argv);
}
