/* held_descriptors PATH: busy with all that could make a library keep a descriptor or start a thread: files (PATH, removed
 * again), pipes, epoll, timers, lookups, connections that end with complete answers, threads, children. Prints which descriptors and
 * threads there are: while its threads live, in a child, after all is closed, and in a handler at exit. What is kept for
 * reuse is given the time to go: its numbers are above all of the program's. */
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 4, ROUNDS = 30, OURS = 64, PATIENCE = 3000 };

static pthread_barrier_t together;
static volatile double sink;
static unsigned inherited; /* above OURS, from whoever started us */

static bool is_number(const char *name)
{
    return name[strspn(name, "0123456789")] == '\0';
}

/* Numbers of /proc/self/fd, as the kernel has them: how many are not of the program's. */
static unsigned above_ours(void)
{
    unsigned above = 0;
    DIR *directory = opendir("/proc/self/fd");
    for (struct dirent *entry; (entry = readdir(directory));)
        above += is_number(entry->d_name) && atoi(entry->d_name) >= OURS;
    closedir(directory);
    return above;
}

static unsigned threads_now(void)
{
    unsigned threads = 0;
    DIR *directory = opendir("/proc/self/task");
    for (struct dirent *entry; (entry = readdir(directory));)
        threads += is_number(entry->d_name);
    closedir(directory);
    return threads;
}

/* "3 /dev/null" for each descriptor; the numbers of sockets and pipes are nobody's. */
static void show(const char *when)
{
    unsigned above = above_ours();
    for (int i = 0; above > inherited && i < PATIENCE; i++) {
        usleep(10000);
        above = above_ours();
    }
    printf("%s:\n", when);
    for (int number = 0; number < OURS; number++) {
        char link[64], path[256];
        snprintf(link, sizeof link, "/proc/self/fd/%d", number);
        ssize_t len = readlink(link, path, sizeof path - 1);
        if (len < 0)
            continue;
        path[len] = '\0';
        path[strcspn(path, "[")] = '\0';
        printf("  %d %s\n", number, number < 3 ? "standard" : path);
    }
    printf("  above them %u, threads %u\n", above, threads_now());
    fflush(stdout);
}

static void files(const char *path)
{
    for (int i = 0; i < ROUNDS; i++) {
        int fd = open(path, O_RDWR | O_CREAT, 0600), copy = dup(fd), pipes[2], epoll = epoll_create1(0), event = eventfd(0, 0);
        int timer = timerfd_create(CLOCK_MONOTONIC, 0);
        if (pipe(pipes) || write(copy, "x", 1) != 1 || fd < 0)
            exit(1);
        struct epoll_event wanted = {.events = EPOLLIN};
        epoll_ctl(epoll, EPOLL_CTL_ADD, pipes[0], &wanted);
        epoll_wait(epoll, &wanted, 1, 0);
        FILE *stream = fopen(path, "r");
        fgetc(stream);
        fclose(stream);
        close(fd), close(copy), close(pipes[0]), close(pipes[1]), close(epoll), close(event), close(timer);
    }
    unlink(path);
}

static void *serve(void *argument)
{
    int listener = *(int *)argument, fd;
    char buf[512];
    while ((fd = accept(listener, NULL, NULL)) >= 0) {
        pthread_t more; /* a kept connection must not hold the next */
        if (pthread_create(&more, NULL, serve, argument) == 0)
            pthread_detach(more);
        while (recv(fd, buf, sizeof buf, 0) > 0)
            if (send(fd, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 40, MSG_NOSIGNAL) < 0)
                break;
        close(fd);
    }
    return NULL;
}

static void exchanges(void)
{
    static int listener;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    char buf[512];
    listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&address, len) || listen(listener, 64) ||
        getsockname(listener, (struct sockaddr *)&address, &len))
        exit(1);
    pid_t server = fork(); /* what a process serves itself is not kept */
    if (server == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        serve(&listener);
        _exit(0);
    }
    close(listener);
    for (int i = 0; i < ROUNDS; i++) {
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(fd, (struct sockaddr *)&address, len) || send(fd, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 27, 0) != 27 ||
            recv(fd, buf, sizeof buf, 0) != 40)
            exit(1);
        close(fd);
        struct addrinfo *found = NULL;
        if (getaddrinfo("localhost", NULL, NULL, &found) == 0)
            freeaddrinfo(found);
    }
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
}

static void *work(void *argument)
{
    void *blocks[64] = {0};
    for (int i = 0; i < 20000; i++) {
        free(blocks[i % 64]);
        blocks[i % 64] = malloc((size_t)i % 5000 + 1);
        sink += i;
    }
    for (int i = 0; i < 64; i++)
        free(blocks[i]);
    pthread_barrier_wait(&together);
    pthread_barrier_wait(&together);
    return argument;
}

static void at_exit(void)
{
    show("at exit");
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return 2;
    inherited = above_ours();
    if (strcmp(argv[1], "child") == 0) {
        show("child");
        return 0;
    }
    atexit(at_exit);
    pthread_t threads[THREADS];
    pthread_barrier_init(&together, NULL, THREADS + 1);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, work, NULL);
    files(argv[1]);
    exchanges();
    pthread_barrier_wait(&together);
    show("with threads");
    pid_t child = fork();
    if (child == 0) {
        execl("/proc/self/exe", argv[0], "child", (char *)NULL);
        _exit(1);
    }
    int status = -1;
    waitpid(child, &status, 0);
    printf("child %d\n", status);
    pthread_barrier_wait(&together);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    show("after it");
    return 0;
}
