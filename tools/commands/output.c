/* output.c: see output.h. Owns the one temporary file there can be at a time, and the signals that would leave it
 * behind. Invariant: while a temporary file exists, `pending` names it and the handlers below are in place. A signal
 * that was ignored stays ignored; one that the command handles itself is left to it.
 *
 * The handler calls only what a signal handler may: unlink, sigaction, raise.
 */
#include "commands/output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "commands/commands.h"
#include "read/text.h"

enum { LINKS_MOST = 40, NAMES_MOST = 100, READER_LATE_MS = 3000, READER_LOOK_MS = 10 };

/* ---- signals ---- */

/* Those that end a program that does not know them. */
static const int deadly[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGALRM, SIGXCPU};
enum { DEADLY = sizeof(deadly) / sizeof(deadly[0]) };

static struct sigaction before[DEADLY], before_size;
static const char *volatile pending;

static void die(int number)
{
    const char *path = pending;
    if (path != NULL)
        unlink(path);
    for (int i = 0; i < DEADLY; i++)
        if (deadly[i] == number)
            sigaction(number, &before[i], NULL);
    raise(number); /* delivered when this handler returns */
}

static void watch_signals(const char *path)
{
    struct sigaction action = {.sa_handler = die};
    sigfillset(&action.sa_mask);
    pending = path;
    for (int i = 0; i < DEADLY; i++) {
        sigaction(deadly[i], NULL, &before[i]);
        if (before[i].sa_handler == SIG_DFL)
            sigaction(deadly[i], &action, NULL);
    }
    /* a file that may not grow is an error to report, not a reason to die */
    action = (struct sigaction){.sa_handler = SIG_IGN};
    sigaction(SIGXFSZ, &action, &before_size);
}

static void leave_signals(void)
{
    for (int i = 0; i < DEADLY; i++)
        sigaction(deadly[i], &before[i], NULL);
    sigaction(SIGXFSZ, &before_size, NULL);
    pending = NULL;
}

/* No signal between a file's appearance or its move and the note of it. */
static void hold_signals(sigset_t *ret_before)
{
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, ret_before);
}

/* ---- places ---- */

static int failed(const char *command, const char *path, int error)
{
    char clean[PATH_MAX];
    text_clean(clean, sizeof(clean), path, strlen(path));
    fprintf(stderr, "strong-report %s: cannot write %s: %s\n", command, clean,
            error ? strerror(error) : "not all of it was written");
    return EXIT_FAILED;
}

/* `name` in the folder that `path` is in, or as it is where absolute. NULL when memory is exhausted. */
static char *beside(const char *path, const char *name)
{
    const char *slash = strrchr(path, '/');
    char *joined;
    if (name[0] == '/' || slash == NULL)
        return strdup(name);
    return asprintf(&joined, "%.*s/%s", (int)(slash - path), path, name) < 0 ? NULL : joined;
}

/* Where the last of a chain of symbolic links leads, even to nothing yet: the link stays what it is. The
 * caller frees it; NULL with errno. */
static char *follow(const char *path)
{
    char *at = strdup(path), link[PATH_MAX];
    for (int i = 0; at != NULL; i++) {
        ssize_t len = readlink(at, link, sizeof(link) - 1);
        if (len < 0)
            return at;
        link[len] = '\0';
        char *next = i < LINKS_MOST ? beside(at, link) : NULL;
        free(at);
        at = next;
        if (i == LINKS_MOST)
            errno = ELOOP;
    }
    return NULL;
}

/* A new file beside `path`, noted as pending. The descriptor, or -1 with errno. */
static int create(const char *path, char **ret_temporary)
{
    int fd = -1;
    sigset_t signals;
    for (int i = 0; i < NAMES_MOST && fd < 0; i++) {
        char name[64];
        snprintf(name, sizeof(name), ".strong-report-%d-%d", (int)getpid(), i);
        char *temporary = beside(path, name);
        if (temporary == NULL)
            return -1;
        hold_signals(&signals);
        fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
        int error = errno;
        if (fd >= 0)
            watch_signals(temporary);
        sigprocmask(SIG_SETMASK, &signals, NULL);
        if (fd >= 0) {
            *ret_temporary = temporary;
            break;
        }
        free(temporary);
        errno = error;
        if (error != EEXIST)
            break;
    }
    return fd;
}

static void discard(struct output *output)
{
    if (output->temporary == NULL)
        return;
    sigset_t signals;
    hold_signals(&signals);
    unlink(output->temporary);
    leave_signals();
    sigprocmask(SIG_SETMASK, &signals, NULL);
    free(output->temporary);
    output->temporary = NULL;
}

/* A pipe, a device. A fifo's reader may be a moment late, but it is not waited for forever. */
static int open_special(const char *path)
{
    int fd = -1;
    for (int i = 0; i < READER_LATE_MS; i += READER_LOOK_MS) {
        fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
        if (fd >= 0 || errno != ENXIO)
            break;
        poll(NULL, 0, READER_LOOK_MS);
        errno = ENXIO;
    }
    if (fd >= 0)
        fcntl(fd, F_SETFL, 0);
    return fd;
}

/* ---- open and close ---- */

int output_open(const char *command, const char *path, struct output *ret_output)
{
    struct output output = {.command = command, .file = stdout};
    if (path != NULL && strcmp(path, "-") != 0)
        output.path = path;
    struct stat facts;
    int fd = -1;
    if (output.path == NULL) {
        *ret_output = output;
        return EXIT_OK;
    }
    if (*path == '\0')
        return failed(command, "''", ENOENT);
    bool exists = stat(path, &facts) == 0;
    if (exists && !S_ISREG(facts.st_mode)) {
        fd = open_special(path);
    } else if (exists && access(path, W_OK) != 0) {
        return failed(command, path, errno); /* a file that is protected is not to be replaced */
    } else {
        char *place = follow(path);
        if (place != NULL)
            fd = create(place, &output.temporary);
        free(place);
    }
    if (fd >= 0 && output.temporary != NULL && exists)
        fchmod(fd, facts.st_mode & 07777 & ~(mode_t)(S_ISUID | S_ISGID));
    output.file = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (output.file == NULL) {
        int error = errno;
        if (fd >= 0)
            close(fd);
        discard(&output);
        return failed(command, path, error);
    }
    *ret_output = output;
    return EXIT_OK;
}

/* What a write can have failed of, when all that is known is that errno has not been touched since. */
static bool is_of_writing(int error)
{
    return error == ENOSPC || error == EDQUOT || error == EFBIG || error == EIO || error == EPIPE ||
           error == ECONNRESET || error == EBADF;
}

/* 0, or the errno (-1 where it was lost) of what could not be written. A format that stopped at the first error
 * leaves nothing to flush that could fail again: the error is then the one it stopped at. */
static int finish(struct output *output)
{
    int error = 0, earlier = ferror(output->file) ? errno : 0;
    errno = 0;
    if (fflush(output->file) != 0 || ferror(output->file))
        error = errno ? errno : is_of_writing(earlier) ? earlier : -1;
    /* a full disk may show only here; what is no file has nothing to sync */
    if (error == 0 && output->temporary != NULL && fsync(fileno(output->file)) != 0 && errno != EINVAL)
        error = errno;
    if (output->file == stdout)
        return error;
    if (error != 0)
        __fpurge(output->file);
    errno = 0;
    if (fclose(output->file) != 0 && error == 0)
        error = errno ? errno : -1;
    return error;
}

static int move(struct output *output)
{
    char *place = follow(output->path);
    sigset_t signals;
    int error = place != NULL ? 0 : errno;
    hold_signals(&signals);
    if (error == 0 && rename(output->temporary, place) != 0)
        error = errno;
    if (error == 0) {
        leave_signals();
        free(output->temporary);
        output->temporary = NULL;
    }
    sigprocmask(SIG_SETMASK, &signals, NULL);
    free(place);
    return error;
}

int output_close(struct output *output, int code)
{
    int error = finish(output);
    if (error == 0 && code == EXIT_OK && output->temporary != NULL)
        error = move(output);
    discard(output);
    if (error == 0)
        return code;
    if (output->path == NULL) { /* said here, so that main need not say it again */
        __fpurge(stdout);
        clearerr(stdout);
        if (error != EPIPE)
            failed(output->command, "to standard output", error > 0 ? error : 0);
    } else if (error != EPIPE) {
        failed(output->command, output->path, error > 0 ? error : 0);
    }
    return code == EXIT_OK ? EXIT_FAILED : code;
}
