/* trusted.c: see trusted.h. */
#include "read/trusted.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { WRITABLE_BY_OTHERS = S_IWGRP | S_IWOTH };

/* The usual word for "no file at all". */
static bool is_null(const struct stat *facts)
{
    return S_ISCHR(facts->st_mode) && facts->st_rdev == makedev(1, 3);
}

static bool is_device(const struct stat *facts)
{
    return (S_ISCHR(facts->st_mode) || S_ISBLK(facts->st_mode)) && !is_null(facts);
}

static const char *kind(mode_t mode)
{
    return S_ISDIR(mode)    ? "a directory"
           : S_ISFIFO(mode) ? "a fifo"
           : S_ISSOCK(mode) ? "a socket"
           : S_ISREG(mode)  ? "a file"
                            : "a device";
}

int trusted_judge(const struct stat *facts, unsigned demands, uid_t owner, char *why)
{
    if ((demands & TRUSTED_OWNER) && facts->st_uid != geteuid() && facts->st_uid != 0 && facts->st_uid != owner) {
        snprintf(why, TRUSTED_WHY, "belongs to user %u, not to you", (unsigned)facts->st_uid);
        return -EPERM;
    }
    if ((demands & TRUSTED_WRITERS) && (facts->st_mode & WRITABLE_BY_OTHERS)) {
        snprintf(why, TRUSTED_WHY, "others may write to it (mode %03o)", (unsigned)facts->st_mode & 0777);
        return -EPERM;
    }
    return 0;
}

static int open_as(const char *path, int flags, unsigned demands, struct stat *ret_facts, char *why)
{
    if (stat(path, ret_facts) == 0 && is_device(ret_facts)) { /* to open some is to start them */
        snprintf(why, TRUSTED_WHY, "a device");
        return -EINVAL;
    }
    flags |= O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (demands & TRUSTED_AS_IT_IS ? O_NOFOLLOW : 0);
    int fd = openat(AT_FDCWD, path, flags); /* past guarded_open, which comes here */
    int error = fd < 0 || fstat(fd, ret_facts) != 0 ? errno : 0;
    struct stat link;
    bool is_link = error && (demands & TRUSTED_AS_IT_IS) && lstat(path, &link) == 0 && S_ISLNK(link.st_mode);
    if (!error)
        return fd;
    if (fd >= 0)
        close(fd);
    snprintf(why, TRUSTED_WHY, "%s", is_link ? "a symbolic link" : error == ENXIO ? "a socket" : strerror(error));
    return is_link || error == ENXIO ? -EINVAL : -error;
}

/* What the shell puts in for "<(...)" and "|": somebody writes to it, and it may be waited for. */
static bool is_of_the_shell(const char *path, const struct stat *facts)
{
    return S_ISFIFO(facts->st_mode) && (strncmp(path, "/dev/fd/", 8) == 0 || strcmp(path, "/dev/stdin") == 0);
}

static int close_unless(int fd, int error)
{
    if (error)
        close(fd);
    return error ? error : fd;
}

int trusted_open(const char *path, unsigned demands, uid_t owner, struct stat *ret_facts, char *why)
{
    struct stat facts;
    int fd = open_as(path, 0, demands, &facts, why), error = 0;
    if (fd < 0)
        return fd;
    if (demands == TRUSTED_PLAIN && (is_of_the_shell(path, &facts) || is_null(&facts))) {
        fcntl(fd, F_SETFL, 0);
    } else if (!S_ISREG(facts.st_mode)) {
        snprintf(why, TRUSTED_WHY, "%s", kind(facts.st_mode));
        error = -EINVAL;
    } else {
        error = trusted_judge(&facts, demands, owner, why);
    }
    if (!error && ret_facts)
        *ret_facts = facts;
    return close_unless(fd, error);
}

int trusted_open_folder(const char *path, unsigned demands, uid_t owner, char *why)
{
    struct stat facts;
    int fd = open_as(path, O_DIRECTORY, demands, &facts, why);
    return fd < 0 ? fd : close_unless(fd, trusted_judge(&facts, demands, owner, why));
}
