/* select.h: which segments a word on the command line means.
 *
 * A word is, in this order: a file, a folder of segments (all of them), a pid, the name of a run, a program's name. Nothing named: the one
 * process of ours that runs, or the one that finished last. Of a process that replaced itself by exec
 * the last image counts. Single-threaded.
 */
#ifndef STRONG_COMMANDS_SELECT_H
#define STRONG_COMMANDS_SELECT_H

#include <stdbool.h>
#include <stddef.h>

#include "read/directory.h"

struct selection {
    struct directory directory;
    size_t *chosen; /* indices into directory.entries, the root first */
    size_t count;   /* at least 1 */
};

/* word NULL: nothing named. whole: all processes of the run (or the tree) of what is meant, which the
 * name of a run means anyway. Returns EXIT_OK, or another exit code after a message on stderr (a table
 * where several processes run). */
int select_word(const char *word, bool whole, struct selection *ret_selection);
/* For those who look again and again: every process that the word means and that runs, and those that `also`
 * wants (because they ran at the last look), oldest first. Not for files and folders. EXIT_OK, EXIT_NO_DATA or
 * EXIT_FAILED, without a message. */
int select_running(const char *word, bool (*also)(const struct directory_entry *entry, const void *context),
                   const void *context, struct selection *ret_selection);

/* Says of each folder that was not looked into why, once in the life of the command: there may be more in it. */
void select_tell_folders(const struct directory *directory);

/* Is the word a segment's file or a folder, not the name of something that may run? */
bool select_is_file(const char *word);

void select_done(struct selection *selection);

/* Is the entry one that the word means: by pid, run or name? NULL: any process of ours but strong-report. */
bool select_matches(const struct directory_entry *entry, const char *word);

/* The processes of one run, oldest first: for run, whose child is known. EXIT_OK or EXIT_NO_DATA
 * without a message. */
int select_run(const char *run, struct selection *ret_selection);

#endif
