/* tcp_tuning pairs|split|owner|stream: a client that sends each request in two small writes, its server in a thread.
 * split: the answer comes in two writes, too. owner: the client chose Nagle itself. stream: then many small writes in a
 * row. The server's own socket has an owner's choice, so that only the client's is tuned. Prints what arrived and,
 * where it must be as without the library, whether TCP_NODELAY is set in the end. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PART = 32, REQUEST = 2 * PART, ANSWER = 16, PAIRS = 24, STREAM = 40 };

static int split;

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static void set_nodelay(int fd, int value)
{
    if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &value, sizeof value) != 0)
        fail("setsockopt");
}

static void *serve(void *argument)
{
    int fd = accept(*(int *)argument, NULL, NULL), have = 0;
    char buf[4096];
    ssize_t got;
    set_nodelay(fd, 0);
    while ((got = read(fd, buf, sizeof buf)) > 0)
        for (have += (int)got; have >= REQUEST; have -= REQUEST)
            for (int i = 0; i < 1 + split; i++)
                if (write(fd, "0123456789abcdef", (size_t)(ANSWER / (1 + split))) <= 0)
                    return NULL;
    close(fd);
    return NULL;
}

static void receive(int fd, int bytes)
{
    char buf[4096];
    while (bytes > 0) {
        ssize_t got = read(fd, buf, (size_t)(bytes < (int)sizeof buf ? bytes : (int)sizeof buf));
        if (got <= 0)
            fail("read");
        bytes -= (int)got;
    }
}

static void send_part(int fd)
{
    static const char part[PART];
    if (write(fd, part, PART) != PART)
        fail("write");
}

int main(int argc, char **argv)
{
    const char *mode = argc == 2 ? argv[1] : "";
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0), fd = socket(AF_INET, SOCK_STREAM, 0), nodelay = -1;
    pthread_t thread;
    split = strcmp(mode, "split") == 0;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listener, (const struct sockaddr *)&address, len) != 0 || listen(listener, 1) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &len) != 0 ||
        pthread_create(&thread, NULL, serve, &listener) != 0 ||
        connect(fd, (const struct sockaddr *)&address, sizeof address) != 0)
        fail("connect");
    if (strcmp(mode, "owner") == 0)
        set_nodelay(fd, 0);
    for (int i = 0; i < PAIRS; i++) {
        send_part(fd);
        send_part(fd);
        receive(fd, ANSWER);
    }
    if (strcmp(mode, "stream") == 0) {
        for (int i = 0; i < STREAM; i++)
            send_part(fd);
        receive(fd, STREAM / 2 * ANSWER);
    }
    len = sizeof nodelay;
    getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &nodelay, &len);
    printf("%d answers", PAIRS);
    if (strcmp(mode, "owner") == 0 || strcmp(mode, "stream") == 0)
        printf(", TCP_NODELAY %d", nodelay);
    printf("\n");
    close(fd);
    pthread_join(thread, NULL);
    return 0;
}
