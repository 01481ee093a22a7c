/* arguments.h: command line options, the same way for every command.
 *
 * Long options --name, --name=value, --name value; single letters where a command has one, -o value or -ovalue; --
 * ends options. Anything unknown is one line on stderr with the nearest valid name. Single-threaded.
 */
#ifndef STRONG_COMMANDS_ARGUMENTS_H
#define STRONG_COMMANDS_ARGUMENTS_H

#include <stdbool.h>

struct argument {
    const char *name;   /* without the dashes; NULL ends a list */
    const char *value_name; /* what the value is, for help; NULL: the option takes none */
    const char **value; /* where the value goes, or NULL */
    bool *given;        /* set when the option is there, or NULL */
    const char *meaning;
    char letter; /* 0: none */
};

struct arguments {
    char **rest; /* what is no option, in order; points into argv */
    int count;
};

/* Reorders argv[1..] so that arguments.rest holds what is no option. With stop_early the first such
 * ends the options (run: the rest is somebody else's command line). Returns 0, or -1 after a message. */
int arguments_parse(const char *command, int argc, char **argv, const struct argument *known,
                    bool stop_early, struct arguments *ret_arguments);

/* "name: message" on stderr. Returns the exit code for wrong usage. */
__attribute__((format(printf, 2, 3))) int arguments_wrong(const char *command, const char *format,
                                                          ...);

/* A whole number from low to high, or -1 after a message. */
long arguments_number(const char *command, const char *name, const char *value, long low, long high);

/* A time such as 500ms, 2s, 1m (no unit: seconds) in ms, from low to high, or -1 after a message. */
long arguments_milliseconds(const char *command, const char *name, const char *value, long low,
                            long high);

#endif
