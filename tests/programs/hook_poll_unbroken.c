/* hook_poll_unbroken.c: a program without signals: no wait may ever end with EINTR, however often it is
 * sampled, and none may end before its time. The loop burns CPU time right up to each wait, which is
 * when a timer of CPU time goes off inside the call. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>

#include "hook_show.h"

enum { ROUNDS = 350, WAIT_US = 200, RECEIVE_US = 8000 };

static int pipe_fd, epoll_fd, socket_fd;

static uint64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static int wait_once(int kind)
{
    struct pollfd fds = {pipe_fd, POLLIN, 0};
    struct timespec time = {0, WAIT_US * 1000};
    struct timeval interval = {0, WAIT_US};
    struct epoll_event event;
    char byte;
    fd_set set;
    FD_ZERO(&set);
    FD_SET(pipe_fd, &set);
    switch (kind) {
    case 0:
        return poll(&fds, 1, 1);
    case 1:
        return ppoll(&fds, 1, &time, NULL);
    case 2:
        return select(pipe_fd + 1, &set, NULL, NULL, &interval);
    case 3:
        return pselect(pipe_fd + 1, &set, NULL, NULL, &time, NULL);
    case 4:
        return epoll_wait(epoll_fd, &event, 1, 1);
    case 5:
        return epoll_pwait2(epoll_fd, &event, 1, &time, NULL);
    default:
        return (int)recv(socket_fd, &byte, 1, 0);
    }
}

int main(void)
{
    static const char *const names[] = {"poll",       "ppoll",        "select", "pselect",
                                        "epoll_wait", "epoll_pwait2", "recv"};
    enum { KINDS = sizeof names / sizeof *names };
    struct epoll_event event = {.events = EPOLLIN};
    struct timeval interval = {0, RECEIVE_US}; /* the kernel counts it in its own ticks */
    int fds[2], broken[KINDS] = {0}, failed[KINDS] = {0}, early[KINDS] = {0};
    if (pipe(fds) < 0)
        return 1;
    pipe_fd = fds[0];
    epoll_fd = epoll_create1(0);
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, pipe_fd, &event);
    socket_fd = socket(AF_INET, SOCK_DGRAM, 0);
    setsockopt(socket_fd, SOL_SOCKET, SO_RCVTIMEO, &interval, sizeof interval);
    for (int round = 0; round < ROUNDS; round++) {
        int kind = round % KINDS;
        uint64_t start_us = now_us();
        while (now_us() - start_us < 300)
            ;
        start_us = now_us();
        int ret = wait_once(kind);
        uint64_t waited_us = now_us() - start_us;
        if (ret != 0 && errno == EINTR)
            broken[kind]++;
        else if (ret < 0 && errno != EAGAIN) /* at once, as a busy machine lets it: no wait at all */
            failed[kind]++;
        else if (waited_us < WAIT_US)
            early[kind]++;
    }
    for (int kind = 0; kind < KINDS; kind++)
        printf("%s broken %d failed %d early %d\n", names[kind], broken[kind], failed[kind], early[kind]);
    return 0;
}
