/* survive_kernel.c MODE: bad pointers, passed descriptors, namespaces, limits, many targets. */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SHOW(call)                                                                                 \
    do {                                                                                           \
        errno = 0;                                                                                 \
        long ret = (long)(call);                                                                   \
        printf("%s = %ld errno %d\n", #call, ret, errno);                                          \
    } while (0)

/* Every argument that is a pointer is one that the kernel refuses. */
static void bad_pointers(void)
{
    void *bad = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int pipes[2], pair[2], epoll = epoll_create1(0);
    if (pipe(pipes) < 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
        exit(2);
    SHOW(write(pipes[1], "data", 4));
    SHOW(read(pipes[0], bad, 4));
    SHOW(write(pipes[1], bad, 4));
    SHOW(open(bad, O_RDONLY));
    SHOW(openat(AT_FDCWD, bad, O_RDONLY));
    SHOW(readv(pipes[0], bad, 1));
    SHOW(writev(pipes[1], bad, 1));
    struct iovec piece = {bad, 4};
    SHOW(readv(pipes[0], &piece, 1));
    SHOW(connect(pair[0], bad, 16));
    SHOW(bind(pair[0], bad, 16));
    SHOW(accept(pair[0], bad, bad));
    SHOW(send(pair[0], bad, 4, 0));
    SHOW(sendto(pair[0], "x", 1, 0, bad, 16));
    SHOW(sendmsg(pair[0], bad, 0));
    SHOW(recvmsg(pair[1], bad, MSG_DONTWAIT));
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
    SHOW(sendmsg(pair[0], &message, 0));
    message = (struct msghdr){.msg_iov = bad, .msg_iovlen = 1};
    SHOW(sendmsg(pair[0], &message, 0));
    SHOW(recvmmsg(pair[1], bad, 1, MSG_DONTWAIT, NULL));
    SHOW(sendmmsg(pair[0], bad, 1, 0));
    SHOW(recvfrom(pair[1], bad, 4, MSG_DONTWAIT, NULL, NULL));
    SHOW(setsockopt(pair[0], SOL_SOCKET, SO_RCVBUF, bad, 4));
    SHOW(poll(bad, 1, 0));
    SHOW(select(4, bad, NULL, NULL, &(struct timeval){0, 0}));
    SHOW(epoll_ctl(epoll, EPOLL_CTL_ADD, pair[0], bad));
    SHOW(epoll_wait(epoll, bad, 1, 0));
    SHOW(nanosleep(bad, NULL));
    SHOW(clock_nanosleep(CLOCK_MONOTONIC, 0, bad, NULL));
    SHOW(pipe(bad));
    SHOW(waitpid(-1, bad, WNOHANG));
    SHOW(execve(bad, bad, bad));
    SHOW(sigtimedwait(bad, NULL, &(struct timespec){0, 0}));
    SHOW(truncate(bad, 0));
    SHOW(fcntl(pipes[0], F_SETLK, bad));
    SHOW(read(pipes[0], NULL, 0));
}

/* Descriptors and credentials as ancillary data, whole and cut. */
static void passed(void)
{
    int pair[2], pipes[2];
    if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) < 0 || pipe(pipes) < 0)
        exit(2);
    for (int room = 0; room <= 2; room++) {
        char bytes[8] = "payload", control[CMSG_SPACE(2 * sizeof(int))] = "";
        struct iovec piece = {bytes, sizeof bytes};
        struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1, .msg_control = control,
                                 .msg_controllen = sizeof control};
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(2 * sizeof(int));
        memcpy(CMSG_DATA(header), pipes, sizeof pipes);
        SHOW(sendmsg(pair[0], &message, 0));
        memset(control, 0, sizeof control);
        message.msg_controllen = room == 0 ? sizeof control : room == 1 ? CMSG_SPACE(sizeof(int)) - 4 : 0;
        SHOW(recvmsg(pair[1], &message, MSG_CMSG_CLOEXEC));
        printf("flags %d controllen %zu\n", message.msg_flags & ~MSG_CMSG_CLOEXEC, (size_t)message.msg_controllen);
        header = CMSG_FIRSTHDR(&message);
        int count = header ? (int)((header->cmsg_len - CMSG_LEN(0)) / sizeof(int)) : 0;
        for (int i = 0; i < count; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(header) + (size_t)i * sizeof fd, sizeof fd);
            char byte = 'c';
            int works = i == 0 ? write(pipes[1], &byte, 1) == 1 && read(fd, &byte, 1) == 1
                               : write(fd, &byte, 1) == 1 && read(pipes[0], &byte, 1) == 1;
            printf("descriptor %d works %d flags %d\n", fd, works, fcntl(fd, F_GETFD));
            close(fd);
        }
    }
}

static void namespaces(void)
{
    uid_t before = getuid();
    SHOW(unshare(CLONE_NEWUSER));
    printf("changed %d\n", getuid() != before);
    SHOW(unshare(CLONE_NEWNET));
    pid_t pid = fork();
    if (pid == 0)
        _exit(open("/dev/null", O_RDONLY) >= 0 ? 6 : 1);
    int status;
    waitpid(pid, &status, 0);
    printf("child %d\n", WEXITSTATUS(status));
}

/* A child that is number 1 in its own namespace, as its parent may be in the one above. */
static void pid_namespace(void)
{
    SHOW(unshare(CLONE_NEWUSER | CLONE_NEWPID));
    pid_t outer = fork();
    if (outer == 0) {
        SHOW(getpid());
        fflush(stdout);
        if (unshare(CLONE_NEWPID) < 0)
            _exit(2);
        pid_t inner = fork();
        if (inner == 0) {
            for (int i = 0; i < 1000; i++)
                if (write(-1, "", 1) == 0)
                    _exit(1);
            _exit(getpid() == 1 ? 3 : 4);
        }
        int status;
        waitpid(inner, &status, 0);
        _exit(WEXITSTATUS(status));
    }
    int status;
    waitpid(outer, &status, 0);
    printf("inner %d\n", WEXITSTATUS(status));
}

static void targets(int count)
{
    int missing = 0;
    for (int i = 0; i < count; i++) {
        char path[64];
        snprintf(path, sizeof path, "/no/such/directory/%d", i);
        missing += open(path, O_RDONLY) < 0;
    }
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in nobody = {.sin_family = AF_INET, .sin_port = htons(1), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int refused = connect(fd, (struct sockaddr *)&nobody, sizeof nobody) < 0;
    printf("missing %d refused %d\n", missing, refused);
}

static void many_descriptors(int count)
{
    int opened = 0;
    for (int i = 0; i < count; i++) {
        int fd = open("/dev/null", O_RDONLY);
        if (fd < 0)
            break;
        opened++;
        char byte;
        if (read(fd, &byte, 1) != 0)
            exit(1);
    }
    printf("opened %d errno %d\n", opened, errno);
}

/* Memory is asked for until it is refused, and given back. */
static void memory(void)
{
    void *rooms[4096];
    int count = 0;
    while (count < 4096 && (rooms[count] = malloc(1 << 20)))
        memset(rooms[count++], 1, 4096);
    printf("refused %d errno %d\n", count < 4096, errno);
    while (count)
        free(rooms[--count]);
    pid_t pid = fork();
    if (pid == 0)
        _exit(open("/dev/null", O_RDONLY) >= 0 ? 6 : 1);
    int status = 0;
    waitpid(pid, &status, 0);
    printf("child %d\n", WEXITSTATUS(status));
}

int main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "";
    int number = argc > 2 ? atoi(argv[2]) : 0;
    setvbuf(stdout, NULL, _IOLBF, 4096);
    if (strcmp(mode, "pointers") == 0)
        bad_pointers();
    else if (strcmp(mode, "passed") == 0)
        passed();
    else if (strcmp(mode, "namespaces") == 0)
        namespaces();
    else if (strcmp(mode, "pid_namespace") == 0)
        pid_namespace();
    else if (strcmp(mode, "targets") == 0)
        targets(number);
    else if (strcmp(mode, "descriptors") == 0)
        many_descriptors(number);
    else if (strcmp(mode, "memory") == 0)
        memory();
    else
        return 2;
    return 0;
}
