/* tables.c: see tables.h. */
#include "document/tables.h"

#include <stddef.h>

const struct table tables[] = {
#define TABLE(name) {#name, name},
#include "document/tables.def"
#undef TABLE
    {NULL, NULL},
};
