/* connection_http.c: what HTTP says about keeping connections: a server's Keep-Alive limit, requests that cannot be repeated;
 * and a program of many destinations. Arguments: the case, then "count" to print also how many connections the servers had
 * (which depends on what is kept). The server is a process of its own, at every address of 127.0.0.0/8.
 */
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* FEW: the library has a real connect measured once among the first eight to a server. */
enum { MOST = 1024, MANY = 700, FEW = 3 };
static int control, port;

/* Small requests, each in one piece. Tells how many connections it had when it is asked, and ends. */
static void serve(int listener, int asked, const char *field)
{
    static struct pollfd fds[MOST];
    int count = 2, connections = 0;
    char buf[1024];
    fds[0] = (struct pollfd){listener, POLLIN, 0};
    fds[1] = (struct pollfd){asked, POLLIN, 0};
    while (!fds[1].revents) {
        poll(fds, (nfds_t)count, -1);
        for (int i = count - 1; i >= 2; i--) {
            if (!fds[i].revents)
                continue;
            ssize_t got = read(fds[i].fd, buf, sizeof buf);
            int len = snprintf(buf, sizeof buf, "HTTP/1.1 200 OK\r\n%sContent-Length: 2\r\n\r\nok", field);
            if (got > 0 && send(fds[i].fd, buf, (size_t)len, MSG_NOSIGNAL) == len)
                continue;
            close(fds[i].fd);
            fds[i] = fds[--count];
        }
        if (fds[0].revents && count < MOST) {
            fds[count++] = (struct pollfd){accept(listener, NULL, NULL), POLLIN, 0};
            connections++;
        }
    }
    if (write(asked, &connections, sizeof connections) < 0)
        _exit(1);
    _exit(0);
}

static void start(const char *field)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_ANY)};
    socklen_t len = sizeof address;
    int ends[2], listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(listener, (struct sockaddr *)&address, len) < 0 || listen(listener, 128) < 0 ||
        getsockname(listener, (struct sockaddr *)&address, &len) < 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0)
        abort();
    port = ntohs(address.sin_port);
    fflush(stdout);
    if (fork() == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close(ends[0]);
        serve(listener, ends[1], field);
    }
    close(listener);
    close(ends[1]);
    control = ends[0];
}

static int connections_of_server(void)
{
    int connections = -1;
    if (write(control, "", 1) != 1 || read(control, &connections, sizeof connections) != sizeof connections)
        abort();
    wait(NULL);
    return connections;
}

/* Connects to the server's address 127.0.x.y, asks, reads the answer, closes. */
static bool exchange(unsigned host, const char *request)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + host);
    char buf[1024];
    size_t len = strlen(request), have = 0;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool right = connect(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
                 send(fd, request, len, MSG_NOSIGNAL) == (ssize_t)len;
    while (right && (have < 2 || memcmp(buf + have - 2, "ok", 2) != 0)) {
        ssize_t got = recv(fd, buf + have, sizeof buf - have, 0);
        right = got > 0;
        have += right ? (size_t)got : 0;
    }
    return close(fd) == 0 && right;
}

static const char get[] = "GET / HTTP/1.1\r\nHost: here\r\n\r\n",
                  post[] = "POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 4\r\n\r\nbody";

static int right_ones(const char *request, int count)
{
    int right = 0;
    for (int i = 0; i < count; i++)
        right += exchange(0, request);
    return right;
}

int main(int count, char **arguments)
{
    const char *name = count > 1 ? arguments[1] : "";
    struct timespec nearly_a_second = {0, 900000000};
    start(strcmp(name, "hinted") == 0 ? "Keep-Alive: timeout=1\r\n" : "");
    if (strcmp(name, "hinted") == 0 || strcmp(name, "unhinted") == 0) {
        printf("%d\n", right_ones(get, FEW));
        nanosleep(&nearly_a_second, NULL);
        printf("%d\n", right_ones(get, FEW));
    } else if (strcmp(name, "posts") == 0) {
        printf("%d\n", right_ones(post, 2 * FEW));
    } else if (strcmp(name, "many") == 0) {
        int right = 0;
        for (unsigned host = 0; host < MANY; host++)
            for (int i = 0; i < 3; i++)
                right += exchange(host, get);
        printf("%d\n", right);
    }
    if (count > 2 && strcmp(arguments[2], "count") == 0)
        printf("%d connections\n", connections_of_server());
    return 0;
}
