/* commands.h: the commands of strong-report and what they share.
 *
 * A command gets argv with its own name in argv[0] and returns an exit code. Data goes to stdout,
 * messages to stderr. Called once by main.
 */
#ifndef STRONG_COMMANDS_COMMANDS_H
#define STRONG_COMMANDS_COMMANDS_H

enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_NO_DATA = 3 };

struct argument;

/* A word with a meaning of its own: a part of the report, a format, a topic. */
struct command_word {
    const char *name, *meaning; /* NULL ends a list */
};

struct command {
    const char *name;
    const char *usage;   /* what follows the name */
    const char *summary; /* one line */
    int (*run)(int argc, char **argv);
    const struct argument *(*arguments)(void); /* its options, ended by a NULL name */
    const struct command_word *(*words)(void); /* what can stand in the first place, or NULL */
    const char *notes; /* more lines of help, or NULL */
};

/* Ends with a NULL name. */
extern const struct command commands[];

const struct command *commands_find(const char *name);
/* The command that a word is nearly, or NULL. */
const char *commands_nearest(const char *word);

/* Runs the command argv names; without one, report. */
int commands_main(int argc, char **argv);

#define COMMAND(name, usage, summary, words, notes)                                                \
    int name##_command(int argc, char **argv);                                                     \
    const struct argument *name##_arguments(void);
#include "commands/commands.def"
#undef COMMAND

const struct command_word *report_words(void);
const struct command_word *export_words(void);
const struct command_word *help_words(void);
extern const char diff_notes[], top_notes[], check_notes[], watch_notes[], serve_notes[];

/* The word of that name in a list, or NULL. */
const struct command_word *commands_word(const struct command_word *words, const char *name);

#endif
