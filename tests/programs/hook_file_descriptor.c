/* hook_file_descriptor.c: every hook that changes what a descriptor number means. */
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/timerfd.h>
#include <time.h>

#include "hook_show.h"

int __close(int fd);
int __dup2(int from, int to);
int __fcntl(int fd, int command, ...);
int __pipe(int fds[2]);

static void copies(void)
{
    int file = open("file", O_RDWR | O_CREAT | O_TRUNC, 0600);
    SHOW(dup(file));
    SHOW(dup2(file, 20));
    SHOW(__dup2(file, 21));
    SHOW(dup3(file, 22, O_CLOEXEC));
    SHOW(fcntl(22, F_GETFD));
    SHOW(dup2(file, file));
    SHOW(dup3(file, file, 0));
    SHOW(dup(-1));
    SHOW(dup2(-1, 20));
    SHOW(write(20, "still open", 10));
    SHOW(__dup2(99, 20));
    SHOW(dup2(file, -1));
    SHOW(dup3(file, 23, 1));
    SHOW(fcntl(file, F_DUPFD, 30));
    SHOW(fcntl64(file, F_DUPFD_CLOEXEC, 30));
    SHOW(__fcntl(file, F_DUPFD, 40));
    SHOW(fcntl(31, F_GETFD));
    SHOW(write(40, " by a copy", 10));
    SHOW(lseek(file, 0, SEEK_CUR));
    SHOW(fcntl(-1, F_DUPFD, 30));
    SHOW(fcntl(file, F_DUPFD, -1));
    SHOW(fcntl(file, F_GETFL));
    SHOW(fcntl64(file, F_SETFL, O_APPEND));
    SHOW(__fcntl(file, F_GETFL));
    SHOW(fcntl(file, 12345));
    SHOW(__fcntl(-1, F_GETFD));
    SHOW(fcntl64(-1, F_GETFD));
}

static void record_locks(void)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 10};
    SHOW(fcntl(20, F_SETLK, &lock));
    SHOW(fcntl(20, F_SETLKW, &lock));
    SHOW(fcntl(20, F_GETLK, &lock));
    printf("  type %d\n", lock.l_type);
    SHOW(fcntl(20, F_SETLK, nothing));
    SHOW(fcntl(20, F_OFD_SETLK, unmapped));
}

static void closing(void)
{
    SHOW(close(20));
    SHOW(close(20));
    SHOW(__close(21));
    SHOW(__close(21));
    SHOW(close(-1));
    SHOW(close(9999));
    SHOW(write(20, "x", 1));
    SHOW(close_range(30, 31, CLOSE_RANGE_CLOEXEC));
    SHOW(fcntl(30, F_GETFD));
    SHOW(close_range(30, 31, 0));
    SHOW(fcntl(30, F_GETFD));
    SHOW(close_range(31, 30, 0));
    SHOW(close_range(40, 41, 1 << 20));
    SHOW(fcntl(40, F_GETFD));
    SHOW_VOID(closefrom(22));
    SHOW(fcntl(22, F_GETFD));
    SHOW(fcntl(40, F_GETFD));
    SHOW_VOID(closefrom(3));
    SHOW(unlink("file"));
}

static void pipes(void)
{
    int fds[2];
    char buf[8] = "";
    SHOW(pipe(fds));
    printf("  %d %d\n", fds[0], fds[1]);
    SHOW(write(fds[1], "one", 3));
    SHOW(read(fds[0], buf, sizeof buf));
    SHOW(__pipe(fds));
    printf("  %d %d\n", fds[0], fds[1]);
    SHOW(pipe2(fds, O_CLOEXEC | O_NONBLOCK));
    printf("  %d %d\n", fds[0], fds[1]);
    SHOW(read(fds[0], buf, sizeof buf));
    SHOW(pipe2(fds, 1));
    SHOW(pipe(nothing));
    SHOW(pipe(unmapped));
    SHOW(__pipe(nothing));
    SHOW_VOID(closefrom(3));
}

static void others(void)
{
    int fd;
    uint64_t count = 0;
    struct itimerspec soon = {.it_value = {.tv_nsec = 1000000}};
    SHOW_SET(fd, eventfd(5, EFD_NONBLOCK));
    SHOW(read(fd, &count, sizeof count));
    SHOW(read(fd, &count, sizeof count));
    SHOW(read(fd, &count, 1));
    printf("  %ld\n", (long)count);
    SHOW(eventfd(0, 1));
    SHOW_SET(fd, timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC));
    SHOW(timerfd_settime(fd, 0, &soon, NULL));
    SHOW(read(fd, &count, sizeof count));
    printf("  %d\n", count >= 1);
    SHOW(timerfd_create(-7, 0));
    SHOW_SET(fd, inotify_init());
    SHOW(inotify_init1(IN_NONBLOCK));
    SHOW(inotify_init1(1));
    SHOW(epoll_create(1));
    SHOW(epoll_create(0));
    SHOW(epoll_create1(EPOLL_CLOEXEC));
    SHOW(epoll_create1(1));
    SHOW(read(fd + 1, &count, sizeof count));
    SHOW_VOID(closefrom(3));
    SHOW(open("/dev/null", O_RDONLY));
}

int main(void)
{
    enter_directory();
    copies();
    record_locks();
    closing();
    pipes();
    others();
    leave_directory();
    return 0;
}
