/* tables.h: what a template can ask for by name: see tables.c. Each writes the whole table. Single-threaded. */
#ifndef STRONG_DOCUMENT_TABLES_H
#define STRONG_DOCUMENT_TABLES_H

#include <stdio.h>

struct table {
    const char *name; /* NULL ends the list */
    void (*write)(FILE *out);
};

extern const struct table tables[];

#define TABLE(name) void name(FILE *out);
#include "document/tables.def"
#undef TABLE

#endif
