/* truth_calls.c: numbers of calls through the PLT that make one system call each, so that strace counts
 * the same. No stdio, no allocation that matters, no calls of libc to itself.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <pthread.h>
#include <unistd.h>

static int pipes[2], pair[2];

static void *work(void *argument)
{
    char bytes[16] = "";
    struct iovec piece = {bytes, sizeof bytes};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
    for (int i = 0; i < 137; i++)
        if (write(pipes[1], bytes, 1) == 1)
            (void)!read(pipes[0], bytes, 1);
    for (int i = 0; i < 31; i++)
        if (writev(pipes[1], &piece, 1) == 16)
            (void)!readv(pipes[0], &piece, 1);
    for (int i = 0; i < 53; i++)
        if (sendmsg(pair[0], &message, 0) == 16)
            recvmsg(pair[1], &message, 0);
    for (int i = 0; i < 29; i++)
        if (sendto(pair[0], bytes, 4, 0, NULL, 0) == 4)
            recvfrom(pair[1], bytes, 4, 0, NULL, NULL);
    return argument;
}

int main(void)
{
    char bytes[16] = "";
    if (pipe2(pipes, 0) < 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
        return 2;
    work(NULL);
    pthread_t threads[3];
    for (int i = 0; i < 3; i++) {
        pthread_create(&threads[i], NULL, work, NULL);
        pthread_join(threads[i], NULL);
    }
    for (int i = 0; i < 71; i++) {
        int fd = openat(AT_FDCWD, "/dev/null", O_RDWR), copy = dup(fd), third = dup3(fd, 100, 0);
        if (pwrite(fd, bytes, 1, 0) == 1)
            (void)!pread(fd, bytes, 1, 0);
        fcntl(copy, F_GETFL);
        close(copy);
        close(third);
        close(fd);
        close(12345);
    }
    struct pollfd ready = {pipes[1], POLLOUT, 0};
    for (int i = 0; i < 43; i++)
        poll(&ready, 1, 0);
    int epoll = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLOUT};
    for (int i = 0; i < 17; i++) {
        epoll_ctl(epoll, EPOLL_CTL_ADD, pipes[1], &event);
        epoll_wait(epoll, &event, 1, 0);
        epoll_ctl(epoll, EPOLL_CTL_DEL, pipes[1], NULL);
    }
    struct sockaddr_in nobody = {.sin_family = AF_INET, .sin_port = htons(1), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    for (int i = 0; i < 23; i++) {
        int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
        bind(fd, (struct sockaddr *)&(struct sockaddr_in){.sin_family = AF_INET}, sizeof nobody);
        if (i % 2)
            listen(fd, 1);
        else
            connect(fd, (struct sockaddr *)&nobody, sizeof nobody);
        shutdown(fd, SHUT_RDWR);
        close(fd);
    }
    int file = open("/tmp", O_TMPFILE | O_RDWR, 0600);
    for (int i = 0; i < 13; i++) {
        ftruncate(file, i) == 0 ? (void)fsync(file) : (void)fdatasync(file);
        fdatasync(file);
    }
    for (int i = 0; i < 19; i++) {
        struct timespec little = {0, 1000};
        clock_nanosleep(CLOCK_MONOTONIC, 0, &little, NULL);
    }
    for (int i = 0; i < 7; i++) {
        pid_t pid = fork();
        if (pid == 0)
            _exit(0);
        waitpid(pid, NULL, 0);
    }
    return 0;
}
