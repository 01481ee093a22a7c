/* trusted.h: opening a file or folder by a path that somebody else may have chosen, or may have put something at.
 *
 * What is opened is judged, never what a path led to before: the descriptor comes first. Nothing is waited for (a fifo
 * without a writer), no device is opened, and nothing becomes the terminal. What every caller gets is a plain file, or a
 * folder (with TRUSTED_PLAIN also the pipe that a shell made for "<(...)", and /dev/null); how much more is asked of it
 * depends on who chose the path:
 *
 *   the user, on the command line      TRUSTED_PLAIN: whoever owns it, through links
 *   the environment                    TRUSTED_OWN: the user's or root's, writable by nobody else
 *   nobody: a name known to everybody  TRUSTED_AS_IT_IS, besides: and no symbolic link
 *
 * Any thread. Descriptors are close-on-exec and the caller's.
 */
#ifndef STRONG_READ_TRUSTED_H
#define STRONG_READ_TRUSTED_H

#include <sys/stat.h>
#include <sys/types.h>

enum trusted_demand {
    TRUSTED_PLAIN = 0,
    TRUSTED_OWNER = 1,    /* it belongs to the user, to root, or to `owner` */
    TRUSTED_WRITERS = 2,  /* neither its group nor others may write it */
    TRUSTED_AS_IT_IS = 4, /* the last part of the path is no symbolic link */
    TRUSTED_OWN = TRUSTED_OWNER | TRUSTED_WRITERS,
};

enum { TRUSTED_WHY = 80 };

/* The file at path, opened for reading: a descriptor, or -errno with why filled ("a fifo", "belongs to user 5, not to
 * you"). ret_facts, where not NULL, is what was judged. -EINVAL: no plain file; -EPERM: another's, or open to others. */
int trusted_open(const char *path, unsigned demands, uid_t owner, struct stat *ret_facts, char *why);

/* The demands of owner and writers alone, of facts that an opened file gave. 0, or -EPERM with why filled. */
int trusted_judge(const struct stat *facts, unsigned demands, uid_t owner, char *why);

/* The folder at path, in the same way. */
int trusted_open_folder(const char *path, unsigned demands, uid_t owner, char *why);

#endif
