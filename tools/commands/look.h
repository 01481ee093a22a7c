/* look.h: looks at what runs, one after another: for watch and serve.
 *
 * A look holds the models of all processes that a word means and that run, and of those that ran at the look before and
 * have ended since, so that their last calls are counted. Nothing is printed: processes come and go. Of a file or a folder
 * every look holds all of it, and what of it cannot be read is said. Single-threaded.
 */
#ifndef STRONG_COMMANDS_LOOK_H
#define STRONG_COMMANDS_LOOK_H

#include <stdbool.h>

#include "commands/subject.h"

struct look {
    struct subject *members; /* oldest first; not analysed */
    size_t count, running;
};

/* before: the last look, or NULL. EXIT_OK, EXIT_NO_DATA (*ret_look is then empty) or EXIT_FAILED where memory is
 * exhausted. */
int look_take(const char *word, const struct look *before, struct look *ret_look);
void look_done(struct look *look);

/* All of a look as one: the caller's, to be given to model_free. EXIT_OK, EXIT_NO_DATA or EXIT_FAILED. */
int look_merge(const struct look *look, struct model **ret_model);

/* The same of those of its processes that `now` has too: what now's figures are to be compared with. EXIT_NO_DATA where
 * there is none. */
int look_merge_common(const struct look *before, const struct look *now, struct model **ret_model);

#endif
