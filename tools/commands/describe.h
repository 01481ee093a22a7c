/* describe.h: what the tables of commands, options and words say of a command line, in the form that help, the manual
 * pages and the shells' completions share. Whoever adds a command, an option or a word adds nothing here.
 *
 * What a value can be is read from the name it has in its table:
 *   yes|no         these words, where all of it is small letters and bars
 *   OPTIMIZERS     what STRONG_OPTIMIZE knows by name
 *   COST           what is sampled, see calltree.h
 *   FILE, FOLDER   a path
 *   PID RUN A B …  in a usage line: something to report, see select.h
 *   -- COMMAND     in a usage line: somebody else's command line
 *   COMMAND        in a usage line: the name of one of ours
 *   anything else  a text, about which nothing is known
 * Pure functions. Single-threaded.
 */
#ifndef STRONG_COMMANDS_DESCRIBE_H
#define STRONG_COMMANDS_DESCRIBE_H

#include <stdbool.h>
#include <stddef.h>

#include "commands/arguments.h"
#include "commands/commands.h"

enum { DESCRIBE_WORDS = 32, DESCRIBE_BYTES = 256 };

/* "-o, --output=FILE". Returns buf. */
char *describe_argument(const struct argument *argument, char *buf, size_t size);

enum value_kind { VALUE_NONE, VALUE_TEXT, VALUE_WORDS, VALUE_FILE, VALUE_FOLDER };

struct described_value {
    enum value_kind kind;
    struct command_word words[DESCRIBE_WORDS + 1]; /* VALUE_WORDS: ended by a NULL name; meanings may be NULL */
    char text[DESCRIBE_BYTES];                     /* behind words[].name */
};

/* What can stand as the value of an option. */
void describe_value(const struct argument *argument, struct described_value *ret_value);

/* What can follow the options of a command. */
struct described_operands {
    const struct command_word *words; /* in the first place; NULL: none */
    bool subjects;                    /* a pid, a program's name, a run or a segment file */
    bool files;                       /* any file */
    bool commands;                    /* the name of a command */
    bool program;                     /* a command line of somebody else, behind -- or the first word */
};

void describe_operands(const struct command *command, struct described_operands *ret_operands);

/* Notes are paragraphs of lines, apart by empty lines; lines that begin with a blank are literal. Copies the next
 * paragraph as one line, or the next literal lines as they are; moves *at behind it. False at the end. */
bool describe_block(const char **at, char *buf, size_t size, bool *ret_literal);

struct exit_meaning {
    const char *code;    /* NULL ends the list */
    const char *command; /* NULL: every command's */
    const char *meaning;
};

extern const struct exit_meaning exit_meanings[];

/* Whether a command of that name can end so; NULL: any command there is. */
bool describe_exit(const struct exit_meaning *exit, const char *command);

#endif
