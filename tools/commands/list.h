/* list.h: the table of processes, shared with select's question "which of these?". */
#ifndef STRONG_COMMANDS_LIST_H
#define STRONG_COMMANDS_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "read/directory.h"

/* One line each under a heading; as_tree indents children. Lines fit the terminal's width. */
void list_table(FILE *out, const struct directory *directory, const size_t *indices, size_t count,
                bool as_tree);

#endif
