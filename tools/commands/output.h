/* output.h: where a command's data goes: standard output, or a file that is whole or not there.
 *
 * A file is written under a temporary name beside its place and moved there by output_close when all went well; an
 * error, a full disk or a signal that ends the command leaves no half-written file, and an older file of that name
 * as it was. A new file gets the mode that the umask leaves, one that replaces another keeps the other's; where the name
 * is a symbolic link the link stays and what it names is replaced. A place that is no regular file (a pipe, /dev/null, a
 * terminal) is written to directly. One file at a time. Single-threaded.
 */
#ifndef STRONG_COMMANDS_OUTPUT_H
#define STRONG_COMMANDS_OUTPUT_H

#include <stdio.h>

struct output {
    FILE *file;
    const char *command; /* for messages */
    const char *path;    /* NULL: standard output */
    char *temporary;     /* its name, NULL where it is written directly */
};

/* path NULL or "-": standard output; it must outlive the output. EXIT_OK, or EXIT_FAILED after a message. */
int output_open(const char *command, const char *path, struct output *ret_output);

/* Flushes, checks, and moves the file into its place where `code` is EXIT_OK; otherwise removes it. Returns
 * `code`, or EXIT_FAILED after a message where writing failed. A reader of standard output that went away is no failure
 * worth a message. */
int output_close(struct output *output, int code);

#endif
