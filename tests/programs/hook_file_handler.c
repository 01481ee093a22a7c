/* hook_file_handler.c: a signal handler that itself writes, opens, duplicates and closes, while the
 * program is inside the same calls: nothing is lost, nothing stands still, errno is the program's. */
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "hook_show.h"

enum { ROUNDS = 20000 };

static int file, wrong_errno;
static volatile sig_atomic_t handled, failed;

static void on_alarm(int signal)
{
    int saved_errno = errno, fd = open("handler", O_WRONLY | O_CREAT | O_APPEND, 0600);
    (void)signal;
    if (fd < 0 || write(fd, "h", 1) != 1 || write(file, "m", 1) != 1)
        failed++;
    int copy = dup(fd);
    if (copy < 0 || close(copy) < 0 || close(fd) < 0 || close(-1) == 0)
        failed++;
    handled++;
    errno = saved_errno;
}

int main(void)
{
    struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
    struct itimerval often = {{0, 300}, {0, 300}}, never = {{0, 0}, {0, 0}};
    int fds[2], moved = 0;
    char byte;
    enter_directory();
    file = open("file", O_RDWR | O_CREAT | O_APPEND, 0600);
    if (file < 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, fds) < 0)
        return 1;
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    for (int i = 0; i < ROUNDS; i++) {
        errno = 0;
        if (write(file, "m", 1) == 1 && send(fds[0], "s", 1, 0) == 1 && recv(fds[1], &byte, 1, 0) == 1)
            moved++;
        wrong_errno += errno != 0;
        wrong_errno += read(-1, &byte, 1) != -1 || errno != EBADF;
        if (i % 16 == 0) {
            int fd = open("other", O_RDWR | O_CREAT, 0600);
            wrong_errno += fd < 0 || close(fd) < 0;
        }
    }
    setitimer(ITIMER_REAL, &never, NULL);
    SHOW(moved);
    SHOW(wrong_errno);
    SHOW(failed);
    SHOW(handled > 0);
    SHOW(lseek(file, 0, SEEK_END) - handled);
    SHOW(open("handler", O_RDONLY) >= 0);
    SHOW(unlink("file"));
    SHOW(unlink("handler"));
    SHOW(unlink("other"));
    leave_directory();
    return 0;
}
