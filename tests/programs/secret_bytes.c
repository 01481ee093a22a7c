/* secret_bytes PATH: carries "CANARY" bytes through every kind of call that sees a program's data: descriptors, messages,
 * streams, a file (PATH, removed again), memory, and HTTP, Redis and memcached exchanges with a server, a process of its
 * own, that answers with more of them, over connections that are kept. Prints how many went through. Its argument,
 * environment and thread names are the caller's business. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROUNDS = 20, MOST = 512 };

static unsigned through;

static void check(const char *buf, ssize_t len)
{
    through += len > 0 && memmem(buf, (size_t)len, "CANARY", 6) != NULL;
}

static void descriptors(const char *path)
{
    char buf[MOST];
    int pair[2], pipes[2];
    struct iovec out = {(char[]){"CANARY-iov"}, 10}, in = {buf, sizeof buf};
    struct msghdr sent = {.msg_iov = &out, .msg_iovlen = 1}, got = {.msg_iov = &in, .msg_iovlen = 1};
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) || pipe(pipes))
        exit(1);
    check(buf, write(pipes[1], "CANARY-write", 12) == 12 ? read(pipes[0], buf, sizeof buf) : -1);
    check(buf, writev(pipes[1], &out, 1) == 10 ? readv(pipes[0], &in, 1) : -1);
    check(buf, send(pair[0], "CANARY-send", 11, 0) == 11 ? recv(pair[1], buf, sizeof buf, 0) : -1);
    check(buf, sendto(pair[0], "CANARY-sendto", 13, 0, NULL, 0) == 13 ? recvfrom(pair[1], buf, sizeof buf, 0, NULL, NULL) : -1);
    check(buf, sendmsg(pair[0], &sent, 0) == 10 ? recvmsg(pair[1], &got, 0) : -1);
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    check(buf, pwrite(fd, "CANARY-pwrite", 13, 0) == 13 ? pread(fd, buf, sizeof buf, 0) : -1);
    close(fd);
    FILE *stream = fopen(path, "w+");
    fprintf(stream, "CANARY-%s\n", "printf");
    fputs("CANARY-puts\n", stream);
    fwrite("CANARY-fwrite", 1, 13, stream);
    rewind(stream);
    check(buf, fgets(buf, sizeof buf, stream) ? (ssize_t)strlen(buf) : -1);
    check(buf, (ssize_t)fread(buf, 1, sizeof buf, stream));
    fclose(stream);
    unlink(path);
    close(pair[0]), close(pair[1]), close(pipes[0]), close(pipes[1]);
}

static void memory(void)
{
    for (int i = 0; i < 2000; i++) {
        char *text = malloc(1000);
        snprintf(text, 1000, "CANARY-memory-%d", i);
        check(text, 1000);
        if (i % 2)
            free(text);
    }
}

/* ---- exchanges ---- */

static const struct {
    const char *ask, *answer;
} EXCHANGES[] = {
    {"GET /CANARY-path?CANARY-query HTTP/1.1\r\nHost: CANARY-host\r\nCookie: CANARY-cookie\r\n\r\n",
     "HTTP/1.1 200 OK\r\nSet-Cookie: CANARY-set\r\nContent-Length: 11\r\n\r\nCANARY-body"},
    {"*2\r\n$3\r\nGET\r\n$10\r\nCANARY-key\r\n", "$12\r\nCANARY-value\r\n"},
    {"get CANARY-key\r\n", "VALUE CANARY-key 0 12\r\nCANARY-value\r\nEND\r\n"},
};

static void *serve(void *argument)
{
    int listener = *(int *)argument, fd;
    char buf[MOST];
    while ((fd = accept(listener, NULL, NULL)) >= 0) {
        pthread_t more; /* a kept connection must not hold the next */
        if (pthread_create(&more, NULL, serve, argument) == 0)
            pthread_detach(more);
        ssize_t len;
        while ((len = recv(fd, buf, sizeof buf, 0)) > 0)
            for (unsigned i = 0; i < 3; i++)
                if (buf[0] == EXCHANGES[i].ask[0] && send(fd, EXCHANGES[i].answer, strlen(EXCHANGES[i].answer), MSG_NOSIGNAL) < 0)
                    len = 0;
        close(fd);
    }
    return NULL;
}

static void exchanges(unsigned kind)
{
    static int listeners[3];
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    char buf[MOST];
    listeners[kind] = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listeners[kind], (struct sockaddr *)&address, len) || listen(listeners[kind], 64) ||
        getsockname(listeners[kind], (struct sockaddr *)&address, &len))
        exit(1);
    pid_t server = fork(); /* what a process serves itself is not kept */
    if (server == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        serve(&listeners[kind]);
        _exit(0);
    }
    close(listeners[kind]);
    for (int i = 0; i < ROUNDS; i++) {
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(fd, (struct sockaddr *)&address, len) == 0 &&
            send(fd, EXCHANGES[kind].ask, strlen(EXCHANGES[kind].ask), 0) > 0)
            check(buf, recv(fd, buf, sizeof buf, 0));
        close(fd);
    }
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return 2;
    setenv("SECRET_VARIABLE", "CANARY-setenv", 1);
    descriptors(argv[1]);
    memory();
    for (unsigned kind = 0; kind < 3; kind++)
        exchanges(kind);
    pid_t child = fork();
    if (child == 0) {
        execl("/bin/true", "true", "CANARY-exec", (char *)NULL);
        _exit(1);
    }
    int status = -1;
    waitpid(child, &status, 0);
    printf("%u through, child %d\n", through, status);
    return 0;
}
