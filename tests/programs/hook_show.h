/* hook_show.h: what the hook_* victims print: every call with its result and errno.
 *
 * errno starts at a value no call sets, so that both a lost errno and one that changed on success are
 * seen when the output of a bare run is compared with that of a preloaded one. Nothing printed depends
 * on time, process ids, ports or addresses; descriptor numbers do not either, and are printed.
 */
#ifndef HOOK_SHOW_H
#define HOOK_SHOW_H

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ERRNO_UNTOUCHED = 77 };

#define SHOW(call)                                                                                 \
    do {                                                                                           \
        errno = ERRNO_UNTOUCHED;                                                                   \
        long show_ret = (long)(call);                                                              \
        int show_errno = errno;                                                                    \
        printf("%s = %ld errno %d\n", #call, show_ret, show_errno);                                \
    } while (0)

/* For calls without a result. */
#define SHOW_VOID(call)                                                                            \
    do {                                                                                           \
        errno = ERRNO_UNTOUCHED;                                                                   \
        call;                                                                                      \
        int show_errno = errno;                                                                    \
        printf("%s errno %d\n", #call, show_errno);                                                \
    } while (0)

/* Sets a variable of the caller and shows it. */
#define SHOW_SET(variable, call)                                                                   \
    do {                                                                                           \
        errno = ERRNO_UNTOUCHED;                                                                   \
        variable = (call);                                                                         \
        int show_errno = errno;                                                                    \
        printf("%s = %ld errno %d\n", #call, (long)(variable), show_errno);                        \
    } while (0)

/* For pointers: only whether there is one. */
#define SHOW_POINTER(variable, call)                                                               \
    do {                                                                                           \
        errno = ERRNO_UNTOUCHED;                                                                   \
        variable = (call);                                                                         \
        int show_errno = errno;                                                                    \
        printf("%s is %s errno %d\n", #call, (variable) ? "set" : "NULL", show_errno);             \
    } while (0)

/* Addresses that cannot be read or written; volatile, so that the compiler believes nothing of them. */
static void *volatile nothing __attribute__((unused)) = NULL;
static void *volatile unmapped __attribute__((unused)) = (void *)16;

/* An empty directory of our own becomes the working directory; leave_directory removes it again. */
static char show_directory[32] __attribute__((unused));

static inline void enter_directory(void)
{
    strcpy(show_directory, "/tmp/hook-XXXXXX");
    if (!mkdtemp(show_directory) || chdir(show_directory) < 0)
        exit(1);
}

static inline void leave_directory(void)
{
    if (chdir("/") < 0 || rmdir(show_directory) < 0)
        exit(1);
}

#endif
