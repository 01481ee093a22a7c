/* commands.c: the table, and finding out which command is meant.
 *
 * `strong-report WORD` may be a command or something to report. A word that is neither, but nearly a
 * command's name, is taken for a mistyped command only after nothing of that name was found to report.
 */
#include "commands/commands.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "commands/arguments.h"

const struct command commands[] = {
    {"report", "[options] [PART] [PID|NAME|FILE|RUN]", "the verdict (default)", report_command, report_help},
    {"run", "[options] -- COMMAND [ARGUMENT...]", "run a program preloaded, then report", run_command,
     run_help},
    {"diff", "[options] A B", "what changed from A to B, and what of it is noise", diff_command,
     diff_help},
    {"list", "[options]", "processes that have a segment, as a tree", list_command, list_help},
    {"gc", "[options]", "remove segments of finished processes", gc_command, gc_help},
    {"help", "[COMMAND|options|findings]", "this, or more about one topic", help_command, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

const struct command *commands_find(const char *name)
{
    for (const struct command *command = commands; command->name; command++)
        if (strcmp(command->name, name) == 0)
            return command;
    return NULL;
}

void commands_print_arguments(const struct argument *arguments)
{
    for (; arguments->name; arguments++) {
        char option[64];
        snprintf(option, sizeof(option), "--%s%s%s", arguments->name,
                 arguments->value_name ? "=" : "",
                 arguments->value_name ? arguments->value_name : "");
        printf("  %-24s %s\n", option, arguments->meaning);
    }
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
