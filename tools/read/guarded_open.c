/* guarded_open.c: the process's open(2). Owns the switch. Outside of begin and end it is libc's, to the flag. */
#include "read/guarded_open.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "read/trusted.h"

static bool guarded;

void guarded_open_begin(void)
{
    guarded = true;
}

void guarded_open_end(void)
{
    guarded = false;
}

/* Under the names that libraries call; by another name here, because fcntl.h may have made open a macro of its own. */
__attribute__((visibility("default"))) int guarded_open(const char *path, int flags, ...) __asm__("open");
__attribute__((visibility("default"))) int guarded_open_64(const char *path, int flags, ...) __asm__("open64");

static int open_file(const char *path, int flags, mode_t mode)
{
    char why[TRUSTED_WHY];
    bool only_reads = (flags & O_ACCMODE) == O_RDONLY && !(flags & (O_CREAT | O_PATH | O_DIRECTORY));
    if (!guarded || !only_reads)
        return openat(AT_FDCWD, path, flags, mode);
    int fd = trusted_open(path, TRUSTED_PLAIN, 0, NULL, why);
    if (fd >= 0)
        return fd;
    errno = fd == -EINVAL ? ENOENT : -fd; /* what is no file is not there: libdw looks on */
    return -1;
}

static mode_t mode_of(int flags, va_list arguments)
{
    return flags & (O_CREAT | __O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
}

int guarded_open(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    return open_file(path, flags, mode);
}

int guarded_open_64(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    return open_file(path, flags, mode);
}
