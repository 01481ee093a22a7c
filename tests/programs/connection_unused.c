/* connection_unused.c: socket() after a reused connection has left one unused: whatever a program does with what it gets must
 * go as with a new one. Argument: the case. Every call with its result and errno; see hook_show.h.
 */
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/fsuid.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>

#include "connection_peer.h"
#include "hook_show.h"

extern char **environ;

static const struct {
    int level, name;
    const char *text;
} options[] = {
    {IPPROTO_TCP, TCP_NODELAY, "NODELAY"},     {SOL_SOCKET, SO_KEEPALIVE, "KEEPALIVE"},
    {SOL_SOCKET, SO_RCVTIMEO, "RCVTIMEO"},     {SOL_SOCKET, SO_SNDTIMEO, "SNDTIMEO"},
    {IPPROTO_TCP, TCP_USER_TIMEOUT, "USER"},   {IPPROTO_TCP, TCP_CORK, "CORK"},
    {SOL_SOCKET, SO_ERROR, "ERROR"},           {SOL_SOCKET, SO_TYPE, "TYPE"},
    {SOL_SOCKET, SO_PROTOCOL, "PROTOCOL"},     {SOL_SOCKET, SO_DOMAIN, "DOMAIN"},
    {SOL_SOCKET, SO_REUSEADDR, "REUSEADDR"},   {SOL_SOCKET, SO_RCVLOWAT, "RCVLOWAT"},
    {SOL_SOCKET, SO_SNDBUF, "SNDBUF"},         {SOL_SOCKET, SO_ACCEPTCONN, "ACCEPTCONN"},
    {IPPROTO_TCP, TCP_QUICKACK, "QUICKACK"},   {IPPROTO_TCP, TCP_KEEPIDLE, "KEEPIDLE"},
};

/* All that a program can ask of a socket it has just made. */
static void look(int fd)
{
    struct sockaddr_in name = {0};
    struct pollfd one = {fd, POLLIN | POLLOUT, 0};
    struct stat status;
    socklen_t len = sizeof name;
    printf("number %d flags %x %x\n", fd, fcntl(fd, F_GETFL), fcntl(fd, F_GETFD));
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        unsigned char value[16] = {0};
        len = sizeof value;
        int ret = getsockopt(fd, options[i].level, options[i].name, value, &len);
        printf("%s %d:", options[i].text, ret);
        for (socklen_t byte = 0; byte < len; byte++)
            printf(" %02x", value[byte]);
        printf("\n");
    }
    len = sizeof name;
    SHOW(getsockname(fd, (struct sockaddr *)&name, &len));
    printf("%d %x %d\n", name.sin_family, name.sin_addr.s_addr, name.sin_port);
    SHOW(getpeername(fd, (struct sockaddr *)&name, &len));
    SHOW(poll(&one, 1, 0));
    fstat(fd, &status);
    printf("events %x mode %o owner %d %d\n", one.revents, status.st_mode, (int)status.st_uid, (int)status.st_gid);
}

/* One socket waits to be given again, if anything does. */
static void prepare(void)
{
    warm_up();
}

static void like_new(void)
{
    static const int kinds[] = {0, SOCK_NONBLOCK, 0, SOCK_NONBLOCK};
    struct timeval time = {5, 0};
    int on = 1, timeout = 9000;
    for (int i = 0; i < 12; i++) {
        int fd = i % 3 ? open_socket(kinds[i % 4]) : socket(AF_INET, SOCK_STREAM | kinds[i % 4], 0);
        look(fd);
        if (i % 2)
            SHOW(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on));
        if (i % 3 == 1)
            SHOW(setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on));
        if (i % 4 == 2) {
            SHOW(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time));
            SHOW(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time));
            SHOW(setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout, sizeof timeout));
        }
        if (i == 5)
            SHOW(setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &on, sizeof on)); /* what it was before cannot be known */
        if (i == 7)
            SHOW(fcntl(fd, F_SETFL, O_NONBLOCK));
        struct pollfd one = {fd, POLLOUT, 0};
        connect_to_peer(fd);
        poll(&one, 1, 2000);
        SHOW(send_key(fd, "key"));
        printf("%s\n", receive_key(fd));
        SHOW(close(fd));
    }
}

/* The peer has this many connections once what was done has reached it: it never comes where one of ours stays open. */
static void show_open(void)
{
    long long begin = now_ms();
    int open = peer_order('c').open;
    while (open > 1 && now_ms() - begin < 3000) { /* one may be kept; bare there is none */
        struct timespec moment = {0, 5000000};
        nanosleep(&moment, NULL);
        open = peer_order('c').open;
    }
    printf("%s\n", open > 1 ? "more are open" : "none but what is kept");
}

/* A listener of this process, for connections that are no exchanges. */
static int own_listener(struct sockaddr_in *ret_address)
{
    socklen_t len = sizeof *ret_address;
    *ret_address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int listener = peer_listen((struct sockaddr *)ret_address, sizeof *ret_address);
    getsockname(listener, (struct sockaddr *)ret_address, &len);
    return listener;
}

/* Whether the other end has been told that a connection ended. */
static void show_end(int accepted)
{
    struct pollfd one = {accepted, POLLIN, 0};
    char byte;
    SHOW(poll(&one, 1, 3000));
    SHOW(recv(accepted, &byte, 1, MSG_DONTWAIT));
}

static void closed_at_once(void)
{
    for (int i = 0; i < 100; i++) {
        int fd = open_socket(0);
        if (i % 10 == 0)
            prepare();
        printf("%d %d\n", fd, close(fd));
    }
    show_open();
}

static void elsewhere(void)
{
    struct sockaddr_in address;
    int listener = own_listener(&address);
    for (int i = 0; i < 6; i++) {
        prepare();
        int fd = open_socket(0);
        SHOW(connect(fd, (struct sockaddr *)&address, sizeof address));
        int accepted = accept(listener, NULL, NULL);
        SHOW(send(fd, "x", 1, 0));
        char byte;
        SHOW(recv(accepted, &byte, 1, 0));
        SHOW(close(fd));
        show_end(accepted);
        close(accepted);
    }
    close(listener);
}

static void refused(void)
{
    struct sockaddr_in address;
    close(own_listener(&address));
    for (int i = 0; i < 6; i++) {
        prepare();
        int fd = open_socket(0);
        SHOW(connect(fd, (struct sockaddr *)&address, sizeof address));
        SHOW(connect_to_peer(fd));
        SHOW(send_key(fd, "key"));
        printf("%s\n", receive_key(fd));
        SHOW(close(fd));
        look(fd = open_socket(0));
        close(fd);
    }
    show_open();
}

static void listening(void)
{
    for (int i = 0; i < 6; i++) {
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t len = sizeof address;
        prepare();
        int fd = open_socket(0);
        SHOW(bind(fd, (struct sockaddr *)&address, sizeof address));
        SHOW(listen(fd, 5));
        getsockname(fd, (struct sockaddr *)&address, &len);
        int client = socket(AF_INET, SOCK_STREAM, 0);
        SHOW(connect(client, (struct sockaddr *)&address, sizeof address));
        SHOW(close(fd));
        close(client);
        client = socket(AF_INET, SOCK_STREAM, 0);
        SHOW(connect(client, (struct sockaddr *)&address, sizeof address)); /* nobody listens */
        close(client);
        client = socket(AF_INET, SOCK_STREAM, 0);
        SHOW(connect(client, (struct sockaddr *)&peer_address, peer_len));
        close(client);
        /* listens without a name: at a port the kernel chooses */
        fd = open_socket(0);
        SHOW(listen(fd, 5));
        len = sizeof address;
        getsockname(fd, (struct sockaddr *)&address, &len);
        SHOW(close(fd));
        client = socket(AF_INET, SOCK_STREAM, 0);
        SHOW(connect(client, (struct sockaddr *)&address, sizeof address));
        close(client);
    }
}

static void duplicated(void)
{
    for (int i = 0; i < 6; i++) {
        prepare();
        int fd = open_socket(0), other;
        SHOW_SET(other, i % 2 ? dup(fd) : fcntl(fd, F_DUPFD, 0));
        SHOW(connect_to_peer(fd));
        SHOW(send_key(other, "key"));
        printf("%s\n", receive_key(fd));
        SHOW(close(fd));
        SHOW(send_key(other, "again"));
        printf("%s\n", receive_key(other));
        SHOW(close(other));
        show_open();
    }
}

static void overlaid(void)
{
    for (int i = 0; i < 6; i++) {
        prepare();
        int fd = open_socket(0), null = open("/dev/null", O_RDWR);
        SHOW(dup2(null, fd));
        SHOW(write(fd, "x", 1));
        SHOW(connect_to_peer(fd));
        SHOW(close(fd));
        fd = open_socket(0);
        SHOW(close_range((unsigned)fd, (unsigned)fd, 0));
        SHOW(close(fd));
        close(null);
    }
    show_open();
}

/* A number that belongs to the library must look like none, and closing all must do no harm. */
static void numbers(void)
{
    for (int i = 0; i < 3; i++) {
        int there = 0, closed = 0;
        prepare();
        for (int fd = 3; fd < 8192; fd++)
            there += fcntl(fd, F_GETFD) >= 0;
        for (int fd = peer_control + 1; fd < 8192; fd++)
            closed += close(fd) == 0;
        printf("%d there, %d closed\n", there, closed);
        prepare();
        SHOW(close_range(1000, ~0u, 0));
        prepare();
    }
    show_open();
}

static void forked(void)
{
    for (int i = 0; i < 6; i++) {
        prepare();
        int fd = open_socket(0), status;
        fflush(stdout);
        pid_t child = fork();
        if (child == 0) {
            SHOW(connect_to_peer(fd));
            SHOW(send_key(fd, "child"));
            printf("%s\n", receive_key(fd));
            look(open_socket(0));
            fflush(stdout);
            _exit(0);
        }
        waitpid(child, &status, 0);
        SHOW(connect_to_peer(fd));
        SHOW(send_key(fd, "parent"));
        SHOW(close(fd));
        show_open();
    }
}

/* What a program that is executed finds open. */
static void executed(void)
{
    for (int i = 0; i < 4; i++) {
        prepare();
        int fd = socket(AF_INET, SOCK_STREAM, 0), status;
        char *arguments[] = {"sh", "-c", "for fd in /proc/$$/fd/*; do echo ${fd##*/}; done", NULL};
        pid_t child;
        fflush(stdout);
        int spawned = posix_spawn(&child, "/bin/sh", NULL, NULL, arguments, environ);
        waitpid(child, &status, 0);
        printf("%d %d\n", spawned, status);
        fflush(stdout);
        SHOW(system(arguments[2]));
        SHOW(connect_to_peer(fd));
        SHOW(send_key(fd, "key"));
        printf("%s\n", receive_key(fd));
        SHOW(close(fd));
    }
    show_open();
}

static void passed(void)
{
    for (int i = 0; i < 4; i++) {
        int ends[2], status;
        socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
        prepare();
        int fd = open_socket(0);
        char byte = 'x', space[CMSG_SPACE(sizeof fd)] = {0};
        struct iovec part = {&byte, 1};
        struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        *header = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof fd), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
        memcpy(CMSG_DATA(header), &fd, sizeof fd);
        SHOW(sendmsg(ends[0], &message, 0));
        fflush(stdout);
        if (fork() == 0) {
            close(fd);
            SHOW(recvmsg(ends[1], &message, 0));
            memcpy(&fd, CMSG_DATA(header), sizeof fd);
            SHOW(connect_to_peer(fd));
            fflush(stdout);
            _exit(0);
        }
        close(ends[1]);
        wait(&status);
        SHOW(send_key(fd, "passed"));
        SHOW(close(fd));
        close(ends[0]);
        show_open();
    }
}

static void watched(void)
{
    for (int i = 0; i < 6; i++) {
        struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLHUP, .data.u64 = 7};
        int set = epoll_create1(0);
        prepare();
        int fd = open_socket(SOCK_NONBLOCK);
        SHOW(epoll_ctl(set, EPOLL_CTL_ADD, fd, &event));
        if (i % 2)
            SHOW(connect_to_peer(fd));
        SHOW(close(fd));
        SHOW(epoll_wait(set, &event, 1, 0)); /* gone with the last descriptor of its file */
        look(fd = open_socket(0));
        SHOW(epoll_wait(set, &event, 1, 0));
        close(fd);
        close(set);
    }
    show_open();
}

/* System calls of the program's own, past libc's functions. */
static void direct(void)
{
    for (int i = 0; i < 6; i++) {
        prepare();
        int fd = open_socket(0);
        SHOW(syscall(SYS_connect, fd, &peer_address, peer_len));
        SHOW(send_key(fd, "key"));
        printf("%s\n", receive_key(fd));
        SHOW(i % 2 ? close(fd) : (int)syscall(SYS_close, fd));
        show_open();
    }
}

static void late(void)
{
    struct timespec moment = {0, 150000000};
    for (int i = 0; i < 3; i++) {
        prepare();
        int fd = open_socket(0);
        nanosleep(&moment, NULL);
        printf("%d\n", exchange("another"));
        SHOW(connect_to_peer(fd));
        SHOW(send_key(fd, "key"));
        printf("%s\n", receive_key(fd));
        SHOW(close(fd));
    }
    show_open();
}

static void many(void)
{
    for (int i = 0; i < 4; i++) {
        int fds[40], right = 0;
        for (int j = 0; j < 40; j++)
            fds[j] = open_socket(0);
        for (int j = 0; j < 40; j++) {
            char key[8];
            snprintf(key, sizeof key, "%d", j);
            right += connect_to_peer(fds[j]) == 0 && send_key(fds[j], key) > 0 && strcmp(receive_key(fds[j]), key) == 0;
        }
        printf("%d to %d, %d right\n", fds[0], fds[39], right);
        for (int j = 0; j < 40; j++)
            close(fds[j]);
    }
}

static void *connect_it(void *fd)
{
    return (void *)(intptr_t)(connect_to_peer(*(int *)fd) == 0 && send_key(*(int *)fd, "thread") > 0);
}
static void *exchange_often(void *wrong)
{
    for (int i = 0; i < 300; i++)
        if (!exchange("often"))
            __atomic_fetch_add((int *)wrong, 1, __ATOMIC_RELAXED);
    return NULL;
}

static void threads(void)
{
    pthread_t thread[4];
    void *right;
    for (int i = 0; i < 6; i++) {
        prepare();
        int fd = open_socket(0);
        pthread_create(&thread[0], NULL, connect_it, &fd);
        pthread_join(thread[0], &right);
        printf("%d %s\n", (int)(intptr_t)right, receive_key(fd));
        SHOW(close(fd));
    }
    int wrong = 0;
    for (int i = 0; i < 4; i++)
        pthread_create(&thread[i], NULL, exchange_often, &wrong);
    for (int i = 0; i < 4; i++)
        pthread_join(thread[i], NULL);
    printf("%d wrong\n", wrong);
}

/* Who makes a socket owns it. Root only: it can change who it is, and nobody can come back. */
static void users(void)
{
    for (int i = 0; i < 4; i++) {
        prepare();
        setfsuid(i % 2 ? 65534 : 0);
        int fd = open_socket(0);
        look(fd);
        close(fd);
        setfsuid(0);
        prepare();
        SHOW(setegid(i % 2 ? 65534 : 0));
        look(fd = open_socket(0));
        close(fd);
        SHOW(setegid(0));
    }
}

/* A thread in another network has nothing to do with what is left in this one. */
static void *away(void *unused)
{
    (void)unused;
    SHOW(unshare(CLONE_NEWNET));
    int fd = open_socket(0);
    SHOW(connect_to_peer(fd));
    SHOW(close(fd));
    return NULL;
}
static void networks(void)
{
    pthread_t thread;
    prepare();
    pthread_create(&thread, NULL, away, NULL);
    pthread_join(thread, NULL);
    printf("%d\n", exchange("home"));
}

/* As many as the limit allows: what waits must not make the program's own run out earlier. */
static void limited(void)
{
    struct rlimit limit = {256, 256};
    int fds[256], count = 0;
    prepare();
    setrlimit(RLIMIT_NOFILE, &limit);
    while (count < 256 && (fds[count] = open_socket(0)) >= 0)
        count++;
    printf("%d sockets, then errno %d\n", count, errno);
    while (count > 0)
        close(fds[--count]);
    prepare();
}

int main(int count, char **arguments)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } cases[] = {
        {"like_new", like_new},     {"closed_at_once", closed_at_once},
        {"elsewhere", elsewhere},   {"refused", refused},
        {"listening", listening},   {"duplicated", duplicated},
        {"overlaid", overlaid},     {"numbers", numbers},
        {"forked", forked},         {"executed", executed},
        {"passed", passed},         {"watched", watched},
        {"direct", direct},         {"late", late},
        {"many", many},             {"threads", threads},
        {"users", users},           {"networks", networks},
        {"limited", limited},
    };
    signal(SIGPIPE, SIG_IGN);
    peer_start();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (count > 1 && strcmp(arguments[1], cases[i].name) == 0) {
            prepare();
            cases[i].run();
            return 0;
        }
    return 2;
}
