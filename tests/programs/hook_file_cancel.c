/* hook_file_cancel.c: threads cancelled while they are blocked in hooked calls: every one of these is
 * a cancellation point, its cleanup handler runs, and the process goes on unharmed. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "hook_show.h"

enum call {
    READ, READV, WRITE, FGETS, GETLINE, RECV, RECVFROM, RECVMSG, ACCEPT, POLL, PPOLL, SELECT, EPOLL_WAIT,
    CALLS
};
static const char *const names[CALLS] = {"read",    "readv",   "write",  "fgets", "getline", "recv",      "recvfrom",
                                         "recvmsg", "accept",  "poll",   "ppoll", "select",  "epoll_wait"};

static int idle, full, silent, accepting, epoll;
static FILE *stream;
static int cleaned;
static sem_t started;

static void on_cancel(void *call)
{
    cleaned = *(enum call *)call + 1;
}

static void block(enum call call)
{
    static char buf[1 << 17];
    char *line = NULL;
    size_t room = 0;
    struct iovec part = {buf, 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    struct pollfd fds = {idle, POLLIN, 0};
    struct epoll_event event;
    fd_set set;
    FD_ZERO(&set);
    FD_SET(idle, &set);
    switch (call) {
    case READ:
        read(idle, buf, 1);
        break;
    case READV:
        readv(idle, &part, 1);
        break;
    case WRITE:
        write(full, buf, sizeof buf);
        break;
    case FGETS:
        fgets(buf, 10, stream);
        break;
    case GETLINE:
        getline(&line, &room, stream);
        break;
    case RECV:
        recv(silent, buf, 1, 0);
        break;
    case RECVFROM:
        recvfrom(silent, buf, 1, 0, NULL, NULL);
        break;
    case RECVMSG:
        recvmsg(silent, &message, 0);
        break;
    case ACCEPT:
        accept(accepting, NULL, NULL);
        break;
    case POLL:
        poll(&fds, 1, -1);
        break;
    case PPOLL:
        ppoll(&fds, 1, NULL, NULL);
        break;
    case SELECT:
        select(idle + 1, &set, NULL, NULL, NULL);
        break;
    default:
        epoll_wait(epoll, &event, 1, -1);
        break;
    }
}

static void *run(void *argument)
{
    enum call call = *(enum call *)argument;
    pthread_cleanup_push(on_cancel, &call);
    sem_post(&started);
    block(call);
    pthread_cleanup_pop(0);
    return NULL;
}

int main(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    struct epoll_event event = {.events = EPOLLIN};
    int pair[2], first[2], second[2], third[2];
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    accepting = socket(AF_INET, SOCK_STREAM, 0);
    if (pipe(first) < 0 || pipe(second) < 0 || pipe(third) < 0 ||
        socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0 ||
        bind(accepting, (struct sockaddr *)&address, sizeof address) < 0 || listen(accepting, 1) < 0)
        return 1;
    idle = first[0];
    full = second[1];
    silent = pair[0];
    stream = fdopen(third[0], "r");
    epoll = epoll_create1(0);
    epoll_ctl(epoll, EPOLL_CTL_ADD, idle, &event);
    sem_init(&started, 0, 0);
    for (enum call call = 0; call < CALLS; call++) {
        pthread_t thread;
        void *result = NULL;
        cleaned = 0;
        pthread_create(&thread, NULL, run, &call);
        sem_wait(&started);
        usleep(5000); /* let it block; if it has not yet, it is cancelled as it does */
        SHOW(pthread_cancel(thread));
        SHOW(pthread_join(thread, &result));
        printf("  %s cancelled %d cleaned %d\n", names[call], result == PTHREAD_CANCELED,
               cleaned == (int)call + 1);
    }
    SHOW(write(first[1], "x", 1));
    SHOW(read(idle, &(char){0}, 1));
    SHOW(close(accepting));
    return 0;
}
