/* connection_others.c: kept connections and everybody else who might get at them: duplicates, children, receivers of
 * descriptors, other users and networks, and the program itself going through all its numbers. Argument: the case.
 */
#include <sched.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "connection_peer.h"
#include "hook_show.h"

extern char **environ;

/* ---- at every point of an exchange ---- */

enum point { BEFORE_CONNECT, CONNECTED, SENT, HALF_READ, READ, POINTS };

static void no_op(int fd, int point)
{
    (void)fd, (void)point;
}

/* One exchange, on a connection that is a kept one where there is any, with `act` at one point of it. */
static void exchange_with(enum point point, void (*act)(int fd, int point))
{
    char key[32], byte;
    snprintf(key, sizeof key, "key-%d", (int)point);
    int fd = open_socket(0);
    for (enum point at = BEFORE_CONNECT; at < POINTS; at++) {
        if (at == CONNECTED)
            SHOW(connect_to_peer(fd));
        if (at == SENT)
            SHOW(send_key(fd, key));
        if (at == HALF_READ)
            SHOW(recv(fd, &byte, 1, MSG_WAITALL));
        if (at == READ) {
            char rest[64];
            struct pollfd one = {fd, POLLIN, 0};
            poll(&one, 1, 2000);
            ssize_t got = recv(fd, rest, sizeof rest - 1, 0);
            rest[got > 0 ? got : 0] = '\0';
            printf("rest %s", rest);
        }
        if (at == point)
            act(fd, (int)point);
    }
    SHOW(close(fd));
}

/* What is left at a descriptor after the program has closed its own: it must still lead to the server. */
static void use_copy(int copy, int point)
{
    if (point >= READ) {
        SHOW(send_key(copy, "copy"));
        printf("copy hears %s\n", receive_key(copy));
    }
}

static int copies[16], copy_count;
static int keep_copy(int fd)
{
    return copies[copy_count++] = fd;
}

static void by_dup(int fd, int point)
{
    SHOW(keep_copy(dup(fd)));
    (void)point;
}
static void by_dup2(int fd, int point)
{
    SHOW(keep_copy(dup2(fd, 50 + point)));
}
static void by_dup3(int fd, int point)
{
    SHOW(keep_copy(dup3(fd, 60 + point, O_CLOEXEC)));
}
static void by_fcntl(int fd, int point)
{
    SHOW(keep_copy(fcntl(fd, F_DUPFD_CLOEXEC, 70 + point)));
}

static void duplicates(void)
{
    static void (*const ways[])(int, int) = {by_dup, by_dup2, by_dup3, by_fcntl};
    for (int way = 0; way < 4; way++) {
        copy_count = 0;
        for (enum point point = BEFORE_CONNECT; point < POINTS; point++) {
            warm_up();
            exchange_with(point, ways[way]);
            printf("other %d\n", exchange("other"));
            if (point > BEFORE_CONNECT)
                use_copy(copies[copy_count - 1], (int)point);
        }
        for (int i = 0; i < copy_count; i++)
            SHOW(close(copies[i]));
    }
}

/* Numbers that are sockets, but for the control pipe. */
static int count_sockets(void)
{
    int count = 0;
    struct stat status;
    for (int fd = 3; fd < 8192; fd++)
        count += fd != peer_control && fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode);
    return count;
}

static void wait_for(pid_t child)
{
    int status = -1;
    waitpid(child, &status, 0);
    printf("child %d\n", status);
}

/* The child sees what it would see, makes an exchange of its own, and, where one is under way, ends it. */
static void by_fork(int fd, int point)
{
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        int sockets = count_sockets();
        printf("in the child %d sockets, own exchange %d\n", sockets, exchange("child"));
        if (point == READ) {
            send_key(fd, "from-child");
            printf("%s\n", receive_key(fd));
        }
        fflush(stdout);
        _exit(close(fd));
    }
    wait_for(child);
}
static void by_vfork(int fd, int point)
{
    (void)point;
    fflush(stdout);
    pid_t child = vfork();
    if (child == 0) {
        close(fd);
        close(4000);
        execl("/bin/sh", "sh", "-c", "ls -l /proc/self/fd | grep -c socket", (char *)NULL);
        _exit(127);
    }
    wait_for(child);
}
static void by_spawn(int fd, int point)
{
    char *arguments[] = {"sh", "-c", "ls -l /proc/self/fd | grep -c socket", NULL};
    pid_t child;
    (void)fd, (void)point;
    fflush(stdout);
    SHOW(posix_spawn(&child, "/bin/sh", NULL, NULL, arguments, environ));
    wait_for(child);
}
static void by_system(int fd, int point)
{
    (void)fd, (void)point;
    fflush(stdout);
    SHOW(system("ls -l /proc/self/fd | grep -c socket"));
}

static void children(void (*act)(int, int))
{
    for (enum point point = BEFORE_CONNECT; point < POINTS; point++) {
        warm_up();
        exchange_with(point, act);
        warm_up();
        exchange_with(point, no_op); /* and with one kept: */
        act(open("/dev/null", O_RDONLY | O_CLOEXEC), -1);
    }
}

static void passed(void)
{
    for (enum point point = CONNECTED; point < POINTS; point++) {
        int ends[2], copy = -1;
        warm_up();
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends);
        int fd = open_socket(0);
        connect_to_peer(fd);
        if (point >= SENT)
            send_key(fd, "mine");
        if (point >= READ)
            printf("%s\n", receive_key(fd));
        char byte = 'x', space[CMSG_SPACE(sizeof fd)] = {0};
        struct iovec part = {&byte, 1};
        struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof fd);
        memcpy(CMSG_DATA(header), &fd, sizeof fd);
        SHOW(sendmsg(ends[0], &message, 0));
        SHOW(close(fd));
        printf("other %d\n", exchange("other"));
        SHOW(recvmsg(ends[1], &message, 0));
        memcpy(&copy, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof copy);
        if (point < SENT || point >= READ)
            SHOW(send_key(copy, "theirs"));
        printf("%s\n", receive_key(copy));
        close(copy);
        close(ends[0]);
        close(ends[1]);
    }
}

/* ---- others by who or where they are ---- */

static void users(void)
{
    for (int i = 0; i < 4; i++) {
        printf("%d\n", exchange(i % 2 ? "nobody" : "root"));
        SHOW(seteuid(i % 2 ? 0 : 65534));
    }
}

static void networks(void)
{
    warm_up();
    SHOW(unshare(CLONE_NEWNET));
    int fd = open_socket(0);
    SHOW(connect_to_peer(fd));
    SHOW(close(fd));
}

static void bound(void)
{
    for (int i = 0; i < 4; i++) {
        struct sockaddr_in any = {.sin_family = AF_INET};
        int fd = open_socket(0);
        SHOW(bind(fd, (struct sockaddr *)&any, sizeof any));
        SHOW(connect_to_peer(fd));
        SHOW(send_key(fd, "key"));
        printf("%s\n", receive_key(fd));
        SHOW(close(fd));
    }
}

static void local(bool abstract)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char directory[] = "/tmp/connection-XXXXXX";
    if (!mkdtemp(directory))
        abort();
    snprintf(address.sun_path + abstract, sizeof address.sun_path - 1, "%s/socket", directory);
    close(peer_control);
    peer_start_at((struct sockaddr *)&address,
                  (socklen_t)(offsetof(struct sockaddr_un, sun_path) + abstract + strlen(address.sun_path + abstract)));
    for (int i = 0; i < 4; i++)
        printf("%d\n", exchange("key"));
    if (!abstract) {
        peer_order('n');
        for (int i = 0; i < 4; i++) {
            int fd = open_socket(0);
            SHOW(connect_to_peer(fd));
            SHOW(send_key(fd, "key"));
            printf("%s\n", receive_key(fd));
            SHOW(close(fd));
        }
        unlink(address.sun_path);
        int fd = open_socket(0);
        SHOW(connect_to_peer(fd));
        close(fd);
    }
    rmdir(directory);
}

/* ---- all numbers ---- */

static void numbers(void)
{
    for (int round = 0; round < 3; round++) {
        warm_up();
        for (int fd = 3; fd < 8192; fd++)
            if (fd != peer_control && (round == 0 ? close(fd) : fcntl(fd, F_GETFD) < 0 ? -1 : close(fd)) == 0)
                printf("closed %d\n", fd);
        warm_up();
        SHOW(close_range((unsigned)peer_control + 1, ~0u, 0));
        warm_up();
        closefrom(peer_control + 1);
        warm_up();
        printf("%d sockets\n", round < 2 ? 0 : exchange("key"));
    }
}

/* The program puts files wherever it likes: each stays what it is. */
static void overlaid(void)
{
    struct stat mine, found;
    int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
    fstat(file, &mine);
    for (int from = 768; from <= 1000; from += 10) {
        warm_up();
        for (int fd = from; fd < from + 10; fd++)
            if (dup2(file, fd) != fd)
                printf("dup2 to %d failed\n", fd);
        warm_up();
        for (int fd = 768; fd < from + 10; fd++)
            if (fstat(fd, &found) < 0 || found.st_rdev != mine.st_rdev)
                printf("%d is another file\n", fd);
    }
    for (int fd = 768; fd < 1008; fd++)
        if (close(fd) < 0)
            printf("%d is not open\n", fd);
    printf("%d\n", exchange("key"));
}

static void limit(void)
{
    static int fds[2000];
    for (int round = 0; round < 3; round++) {
        int count = 0;
        warm_up();
        while ((fds[count] = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0) {
            if (count > 0 && fds[count] != fds[count - 1] + 1)
                printf("a gap at %d\n", fds[count]);
            count++;
            if (count % 16 == 0 && !exchange("key"))
                printf("no exchange at %d\n", count);
        }
        printf("%d to %d, errno %d\n", fds[0], fds[count - 1], errno);
        close(fds[--count]);
        printf("%d\n", exchange("last"));
        while (count-- > 0)
            close(fds[count]);
    }
}

/* Begins again under the limit, as a program started by a shell with ulimit. */
static void start_limited(char **arguments, rlim_t most)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur == most)
        return;
    limit = (struct rlimit){most, most};
    setrlimit(RLIMIT_NOFILE, &limit);
    execv("/proc/self/exe", arguments);
    abort();
}

int main(int count, char **arguments)
{
    const char *name = count > 1 ? arguments[1] : "";
    if (strncmp(name, "limit", 5) == 0 || strcmp(name, "overlaid") == 0)
        start_limited(arguments, name[0] == 'l' ? (rlim_t)atoi(name + 5) : 1024);
    signal(SIGPIPE, SIG_IGN);
    peer_start();
    if (strcmp(name, "duplicates") == 0)
        duplicates();
    else if (strcmp(name, "fork") == 0)
        children(by_fork);
    else if (strcmp(name, "vfork") == 0)
        children(by_vfork);
    else if (strcmp(name, "spawn") == 0)
        children(by_spawn);
    else if (strcmp(name, "system") == 0)
        children(by_system);
    else if (strcmp(name, "passed") == 0)
        passed();
    else if (strcmp(name, "users") == 0)
        users();
    else if (strcmp(name, "networks") == 0)
        networks();
    else if (strcmp(name, "bound") == 0)
        bound();
    else if (strncmp(name, "local", 5) == 0)
        local(strstr(name, "abstract") != NULL);
    else if (strcmp(name, "numbers") == 0)
        numbers();
    else if (strcmp(name, "overlaid") == 0)
        overlaid();
    else if (strncmp(name, "limit", 5) == 0)
        limit();
    return 0;
}
