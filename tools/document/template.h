/* template.h: manual pages and completions are texts written by hand with tables in them.
 *
 * A line of a template that is `@name`, after blanks or not, stands for the table of that name (tables.def), and
 * `@include FILE` for a file of the template's folder. `@NAME@` inside a line stands for a value. All else is copied.
 * Single-threaded, when the project is built.
 */
#ifndef STRONG_DOCUMENT_TEMPLATE_H
#define STRONG_DOCUMENT_TEMPLATE_H

#include <stdio.h>

/* values: "NAME=text", ended by NULL. Returns 0, or -1 after a message: a file cannot be read, or a line asks for
 * what does not exist. */
int template_write(const char *path, const char *const *values, FILE *out);

#endif
