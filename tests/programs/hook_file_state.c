/* hook_file_state.c: syncing, locking, resizing and asking open files. */
#include <fcntl.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "hook_show.h"

static void show_size(int fd)
{
    struct stat status;
    if (fstat(fd, &status) == 0)
        printf("  size %ld\n", (long)status.st_size);
}

static void durability(int fd)
{
    int fds[2];
    if (pipe(fds) < 0)
        exit(1);
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    SHOW(fsync(fd));
    SHOW(fdatasync(fd));
    SHOW(syncfs(fd));
    SHOW(sync_file_range(fd, 0, 10, SYNC_FILE_RANGE_WRITE));
    SHOW(msync(page, 4096, MS_SYNC));
    SHOW_VOID(sync());
    SHOW(fsync(-1));
    SHOW(fsync(fds[0]));
    SHOW(fdatasync(fds[0]));
    SHOW(fdatasync(-1));
    SHOW(syncfs(-1));
    SHOW(sync_file_range(-1, 0, 10, 0));
    SHOW(sync_file_range(fd, 0, 10, 1 << 20));
    SHOW(msync((char *)page + 1, 4096, MS_SYNC));
    SHOW(msync((void *)0x10000, 4096, MS_SYNC));
    SHOW(munmap(page, 4096));
    SHOW(close(fds[0]));
    SHOW(close(fds[1]));
}

static void locks(int fd)
{
    int again = open("file", O_RDWR);
    SHOW(flock(fd, LOCK_EX));
    SHOW(flock(again, LOCK_EX | LOCK_NB));
    SHOW(flock(fd, LOCK_UN));
    SHOW(flock(again, LOCK_SH));
    SHOW(flock(-1, LOCK_SH));
    SHOW(flock(fd, 1000));
    SHOW(lockf(fd, F_LOCK, 10));
    SHOW(lockf(fd, F_TEST, 10));
    SHOW(lockf64(fd, F_TLOCK, 10));
    SHOW(lockf64(fd, F_ULOCK, 10));
    SHOW(lockf(fd, 99, 10));
    SHOW(lockf(-1, F_LOCK, 10));
    SHOW(lockf64(-1, F_LOCK, 10));
    SHOW(close(again));
}

static void sizes(int fd)
{
    SHOW(ftruncate(fd, 100));
    show_size(fd);
    SHOW(ftruncate64(fd, 200));
    show_size(fd);
    SHOW(truncate("file", 300));
    show_size(fd);
    SHOW(truncate64("file", 400));
    show_size(fd);
    SHOW(fallocate(fd, 0, 0, 500));
    show_size(fd);
    SHOW(fallocate64(fd, FALLOC_FL_KEEP_SIZE, 0, 600));
    show_size(fd);
    SHOW(posix_fallocate(fd, 0, 700));
    show_size(fd);
    SHOW(posix_fallocate64(fd, 0, 800));
    show_size(fd);
    SHOW(ftruncate(-1, 0));
    SHOW(ftruncate64(fd, -1));
    SHOW(truncate("missing", 0));
    SHOW(truncate(nothing, 0));
    SHOW(truncate(unmapped, -1));
    SHOW(truncate64(unmapped, 0));
    SHOW(truncate64("file/below", 0));
    SHOW(fallocate(-1, 0, 0, 1));
    SHOW(fallocate64(fd, 0, -1, 1));
    SHOW(posix_fallocate(-1, 0, 1));
    SHOW(posix_fallocate64(fd, -1, 1));
}

static void requests(int fd)
{
    int fds[2], waiting = -1, on = 1;
    char byte;
    if (pipe(fds) < 0)
        exit(1);
    SHOW(write(fds[1], "12345", 5));
    SHOW(ioctl(fds[0], FIONREAD, &waiting));
    printf("  %d\n", waiting);
    SHOW(read(fds[0], &byte, 1));
    SHOW(ioctl(fds[0], FIONREAD, &waiting));
    printf("  %d\n", waiting);
    SHOW(ioctl(fds[0], FIONBIO, &on));
    SHOW(fcntl(fds[0], F_GETFL));
    SHOW(ioctl(fds[1], FIOCLEX));
    SHOW(fcntl(fds[1], F_GETFD));
    SHOW(ioctl(fds[0], FIONREAD, nothing));
    SHOW(ioctl(fds[0], FIONREAD, unmapped));
    SHOW(ioctl(fd, TIOCGWINSZ, &waiting));
    SHOW(ioctl(-1, FIONREAD, &waiting));
    SHOW(ioctl(fd, 0xdeadbeefUL));
    SHOW(close(fds[0]));
    SHOW(close(fds[1]));
}

int main(void)
{
    enter_directory();
    int fd = open("file", O_RDWR | O_CREAT, 0600);
    if (fd < 0 || write(fd, "something", 9) != 9)
        return 1;
    durability(fd);
    locks(fd);
    sizes(fd);
    requests(fd);
    SHOW(close(fd));
    SHOW(unlink("file"));
    leave_directory();
    return 0;
}
