/* naming.h: symbols that outlive the models of one process.
 *
 * A running process is read again and again, each time into a new model; its modules are nearly always the
 * same, and reading their symbol tables is what costs. naming_symbols gives the symbols made for an earlier model as
 * long as the modules are equal and equally numbered, and makes new ones where one was loaded or
 * unloaded, or where a just-in-time compiler has written more of its map since, at most every ten seconds. Single-threaded.
 */
#ifndef STRONG_READ_NAMING_H
#define STRONG_READ_NAMING_H

#include "read/model.h"
#include "read/symbols.h"

struct naming;

/* NULL when memory is exhausted. */
struct naming *naming_new(void);
void naming_free(struct naming *naming);

/* Symbols for the model's frames, valid until the next call; NULL when memory is exhausted. */
struct symbols *naming_symbols(struct naming *naming, const struct model *model);

#endif
