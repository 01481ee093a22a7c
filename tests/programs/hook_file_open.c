/* hook_file_open.c: every way to open a path: descriptor numbers, modes given and not given, errors
 * with and without a readable path. */
#include <fcntl.h>
#include <sys/stat.h>

#include "hook_show.h"

int __open(const char *path, int flags, ...);
int __open64(const char *path, int flags, ...);
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int dir, const char *path, int flags);
int __openat64_2(int dir, const char *path, int flags);

static void show_mode(int fd)
{
    struct stat status;
    if (fstat(fd, &status) == 0)
        printf("  mode %o size %ld flags %o\n", (unsigned)status.st_mode, (long)status.st_size,
               (unsigned)fcntl(fd, F_GETFL));
    close(fd);
}

#define MADE(call)                                                                                 \
    do {                                                                                           \
        int made;                                                                                  \
        SHOW_SET(made, call);                                                                      \
        show_mode(made);                                                                           \
        SHOW(unlink("made"));                                                                      \
    } while (0)

#define OPENED(call)                                                                               \
    do {                                                                                           \
        int fd;                                                                                    \
        SHOW_SET(fd, call);                                                                        \
        show_mode(fd);                                                                             \
    } while (0)

static void making(void)
{
    MADE(open("made", O_RDWR | O_CREAT, 0640));
    MADE(open64("made", O_RDWR | O_CREAT | O_EXCL, 0600));
    MADE(__open("made", O_RDWR | O_CREAT, 0604));
    MADE(__open64("made", O_WRONLY | O_CREAT, 0700));
    MADE(openat(AT_FDCWD, "made", O_RDWR | O_CREAT, 0644));
    MADE(openat64(AT_FDCWD, "made", O_RDWR | O_CREAT | O_APPEND, 0444));
    MADE(creat("made", 0611));
    MADE(creat64("made", 0666));
    OPENED(open(".", O_TMPFILE | O_RDWR, 0640));
    OPENED(openat(AT_FDCWD, ".", O_TMPFILE | O_RDWR, 0604));
}

static void opening(void)
{
    int dir;
    close(creat("there", 0600));
    SHOW_SET(dir, open(".", O_RDONLY | O_DIRECTORY));
    OPENED(open("there", O_RDONLY));
    OPENED(open64("there", O_RDWR | O_CLOEXEC));
    OPENED(__open("there", O_WRONLY));
    OPENED(__open64("there", O_RDONLY));
    OPENED(openat(dir, "there", O_RDONLY | O_NONBLOCK));
    OPENED(openat64(dir, "there", O_RDONLY));
    OPENED(__open_2("there", O_RDONLY));
    OPENED(__open64_2("there", O_RDWR));
    OPENED(__openat_2(dir, "there", O_RDONLY));
    OPENED(__openat64_2(dir, "there", O_RDWR));
    OPENED(open("there", O_PATH));
    SHOW(close(dir));
}

static void failing(void)
{
    static char long_name[5000];
    memset(long_name, 'n', sizeof long_name - 1);
    SHOW(open("missing", O_RDONLY));
    SHOW(open64("missing", O_RDONLY));
    SHOW(__open("missing", O_RDONLY));
    SHOW(__open64("missing", O_RDONLY));
    SHOW(__open_2("missing", O_RDONLY));
    SHOW(__open64_2("missing", O_RDONLY));
    SHOW(openat(AT_FDCWD, "missing", O_RDONLY));
    SHOW(openat64(-1, "missing", O_RDONLY));
    SHOW(__openat_2(-1, "missing", O_RDONLY));
    SHOW(__openat64_2(AT_FDCWD, "missing", O_RDONLY));
    SHOW(creat("missing/file", 0600));
    SHOW(creat64("", 0600));
    SHOW(open("there", O_RDWR | O_CREAT | O_EXCL, 0600));
    SHOW(open("there/below", O_RDONLY));
    SHOW(open(".", O_WRONLY));
    SHOW(open(long_name, O_RDONLY));
    SHOW(open(nothing, O_RDONLY));
    SHOW(open(unmapped, O_RDONLY));
    SHOW(open(unmapped, O_TMPFILE));
    SHOW(open64(unmapped, O_RDONLY));
    SHOW(openat(AT_FDCWD, nothing, O_RDONLY));
    SHOW(openat64(AT_FDCWD, unmapped, O_RDWR | O_CREAT, 0600));
    SHOW(creat(nothing, 0600));
    SHOW(creat64(unmapped, 0600));
    SHOW(__open_2(nothing, O_RDONLY));
    SHOW(unlink("there"));
}

int main(void)
{
    umask(0);
    enter_directory();
    making();
    opening();
    failing();
    leave_directory();
    return 0;
}
