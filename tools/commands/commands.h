/* commands.h: the commands of strong-report and what they share.
 *
 * A command gets argv with its own name in argv[0] and returns an exit code. Data goes to stdout,
 * messages to stderr. Called once by main.
 */
#ifndef STRONG_COMMANDS_COMMANDS_H
#define STRONG_COMMANDS_COMMANDS_H

enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_NO_DATA = 3 };

struct command {
    const char *name;
    const char *usage;   /* what follows the name */
    const char *summary; /* one line */
    int (*run)(int argc, char **argv);
    void (*help)(void); /* its options, on stdout */
};

/* Ends with a NULL name. */
extern const struct command commands[];

const struct command *commands_find(const char *name);

/* Runs the command argv names; without one, report. */
int commands_main(int argc, char **argv);

int report_command(int argc, char **argv);
int run_command(int argc, char **argv);
int diff_command(int argc, char **argv);
int list_command(int argc, char **argv);
int gc_command(int argc, char **argv);
int help_command(int argc, char **argv);

void report_help(void);
void run_help(void);
void diff_help(void);
void list_help(void);
void gc_help(void);

struct argument;
/* "  --name=VALUE   meaning" for each. */
void commands_print_arguments(const struct argument *arguments);

#endif
