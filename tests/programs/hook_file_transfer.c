/* hook_file_transfer.c: every hook that moves bytes through a descriptor, on a file and on pipes:
 * once with success, and with the errors a program may meet. */
#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

#include "hook_show.h"

ssize_t __read(int fd, void *buf, size_t n);
ssize_t __write(int fd, const void *buf, size_t n);
ssize_t __pread64(int fd, void *buf, size_t n, off64_t offset);
ssize_t __pwrite64(int fd, const void *buf, size_t n, off64_t offset);
ssize_t __read_chk(int fd, void *buf, size_t n, size_t buf_len);
ssize_t __pread_chk(int fd, void *buf, size_t n, off_t offset, size_t buf_len);
ssize_t __pread64_chk(int fd, void *buf, size_t n, off64_t offset, size_t buf_len);

static char buf[64];
static volatile int too_few = -1;

static void show_buffer(void)
{
    printf("  \"%.40s\"\n", buf);
    memset(buf, 0, sizeof buf);
}

static void writes(int fd)
{
    struct iovec parts[2] = {{"gamma ", 6}, {"delta ", 6}};
    SHOW(write(fd, "alpha ", 6));
    SHOW(__write(fd, "beta ", 5));
    SHOW(writev(fd, parts, 2));
    SHOW(pwrite(fd, "A", 1, 0));
    SHOW(pwrite64(fd, "B", 1, 6));
    SHOW(__pwrite64(fd, "G", 1, 11));
    SHOW(pwritev(fd, parts, 2, 30));
    SHOW(pwritev64(fd, parts, 2, 42));
    SHOW(pwritev2(fd, parts, 2, -1, 0));
    SHOW(pwritev64v2(fd, parts, 1, 60, 0));
    SHOW(write(fd, nothing, 3));
    SHOW(write(fd, "", 0));
    SHOW(write(-1, "x", 1));
    SHOW(__write(-1, "x", 1));
    SHOW(pwrite(fd, "x", 1, -1));
    SHOW(pwrite64(-1, "x", 1, 0));
    SHOW(__pwrite64(-1, "x", 1, 0));
    SHOW(writev(fd, parts, too_few));
    SHOW(writev(fd, unmapped, 1));
    SHOW(pwritev(-1, parts, 1, 0));
    SHOW(pwritev64(-1, parts, 1, 0));
    SHOW(pwritev2(-1, parts, 1, 0, 0));
    SHOW(pwritev64v2(fd, parts, 1, 0, 1 << 30));
}

static void reads(int fd)
{
    char first[8] = "", second[8] = "";
    struct iovec parts[2] = {{first, 6}, {second, 6}};
    SHOW(lseek(fd, 0, SEEK_SET));
    SHOW(read(fd, buf, 6));
    show_buffer();
    SHOW(__read(fd, buf, 5));
    show_buffer();
    SHOW(__read_chk(fd, buf, 6, sizeof buf));
    show_buffer();
    SHOW(readv(fd, parts, 2));
    printf("  \"%s|%s\"\n", first, second);
    SHOW(pread(fd, buf, 6, 0));
    show_buffer();
    SHOW(pread64(fd, buf, 5, 6));
    show_buffer();
    SHOW(__pread64(fd, buf, 6, 11));
    show_buffer();
    SHOW(__pread_chk(fd, buf, 6, 30, sizeof buf));
    show_buffer();
    SHOW(__pread64_chk(fd, buf, 6, 42, sizeof buf));
    show_buffer();
    SHOW(preadv(fd, parts, 2, 30));
    SHOW(preadv64(fd, parts, 2, 42));
    SHOW(preadv2(fd, parts, 2, -1, 0));
    SHOW(preadv64v2(fd, parts, 2, 54, 0));
    printf("  \"%s|%s\"\n", first, second);
    SHOW(read(fd, buf, sizeof buf));
    SHOW(read(fd, buf, sizeof buf));
    SHOW(lseek(fd, 0, SEEK_SET));
    SHOW(read(fd, nothing, 3));
    SHOW(read(fd, unmapped, 3));
    SHOW(read(-1, buf, 1));
    SHOW(read(999, buf, 1));
    SHOW(__read(-1, buf, 1));
    SHOW(__read_chk(-1, buf, 1, 1));
    SHOW(pread(fd, buf, 1, -1));
    SHOW(pread64(-1, buf, 1, 0));
    SHOW(__pread64(-1, buf, 1, 0));
    SHOW(__pread_chk(-1, buf, 1, 0, 1));
    SHOW(__pread64_chk(-1, buf, 1, 0, 1));
    SHOW(readv(fd, unmapped, 1));
    SHOW(readv(-1, parts, 2));
    SHOW(preadv(-1, parts, 2, 0));
    SHOW(preadv64(-1, parts, 2, 0));
    SHOW(preadv2(fd, parts, 2, 0, 1 << 30));
    SHOW(preadv64v2(-1, parts, 2, 0, 0));
}

static void inside_the_kernel(int fd)
{
    int from[2], to[2], other = open("other", O_RDWR | O_CREAT, 0600);
    off_t offset = 0;
    off64_t offset64 = 6;
    struct iovec part = {"spliced", 7};
    if (other < 0 || pipe(from) < 0 || pipe(to) < 0)
        exit(1);
    SHOW(sendfile(other, fd, &offset, 6));
    SHOW(sendfile64(other, fd, &offset64, 5));
    printf("  offsets %ld %ld\n", (long)offset, (long)offset64);
    SHOW(sendfile(other, -1, NULL, 6));
    SHOW(sendfile64(-1, fd, NULL, 6));
    SHOW(sendfile(other, fd, unmapped, 6));
    offset64 = 0;
    SHOW(copy_file_range(fd, &offset64, other, NULL, 6, 0));
    SHOW(copy_file_range(fd, NULL, -1, NULL, 6, 0));
    SHOW(vmsplice(from[1], &part, 1, 0));
    SHOW(vmsplice(-1, &part, 1, 0));
    SHOW(tee(from[0], to[1], 7, 0));
    SHOW(tee(-1, to[1], 7, 0));
    SHOW(splice(from[0], NULL, other, NULL, 7, 0));
    SHOW(splice(other, NULL, from[0], NULL, 7, 0));
    offset64 = 0;
    SHOW(splice(other, &offset64, from[1], NULL, 5, 0));
    SHOW(splice(from[0], NULL, to[1], NULL, 5, SPLICE_F_NONBLOCK));
    SHOW(splice(from[0], NULL, to[1], NULL, 5, SPLICE_F_NONBLOCK));
    SHOW(splice(-1, NULL, -1, NULL, 5, 0));
    SHOW(read(to[0], buf, sizeof buf));
    show_buffer();
    SHOW(pread(other, buf, sizeof buf, 0));
    show_buffer();
    SHOW(close(other));
    for (int i = 0; i < 2; i++) {
        SHOW(close(from[i]));
        SHOW(close(to[i]));
    }
    SHOW(unlink("other"));
}

static void pipes(void)
{
    int fds[2];
    if (pipe2(fds, O_NONBLOCK) < 0)
        exit(1);
    SHOW(read(fds[0], buf, sizeof buf));
    SHOW(write(fds[1], "through a pipe", 14));
    SHOW(read(fds[0], buf, sizeof buf));
    show_buffer();
    SHOW(read(fds[1], buf, 1));
    SHOW(write(fds[0], "x", 1));
    SHOW(pread(fds[0], buf, 1, 0));
    SHOW(close(fds[1]));
    SHOW(read(fds[0], buf, 1));
    SHOW(close(fds[0]));
}

int main(void)
{
    enter_directory();
    int fd = open("file", O_RDWR | O_CREAT | O_EXCL, 0600);
    if (fd < 0)
        return 1;
    writes(fd);
    reads(fd);
    inside_the_kernel(fd);
    pipes();
    SHOW(close(fd));
    SHOW(read(fd, buf, 1));
    SHOW(unlink("file"));
    leave_directory();
    return 0;
}
