/* connection_shut.c: shutdown() of a connection while other threads wait, for it or for something else. Argument: the case.
 * The output says what must hold, and is the same without libstrong.
 */
#include <poll.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <time.h>

#include "connection_peer.h"

enum { ROUNDS = 6, WAIT_MS = 20000, WIDE = 40 };

static int pair[2]; /* a pipe on which threads wait that have nothing to do with connections */
static _Atomic bool told, done;

static int open_and_ask(void)
{
    int fd = open_socket(0);
    if (connect_to_peer(fd) != 0 || send_key(fd, "key") <= 0 || strcmp(receive_key(fd), "key") != 0)
        printf("no answer\n");
    return fd;
}

static void pause_ms(long ms)
{
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

/* ---- a thread that waits for this very connection is woken ---- */

static void *wait_by_poll(void *argument)
{
    struct pollfd one = {(int)(intptr_t)argument, POLLIN, 0};
    poll(&one, 1, WAIT_MS);
    return (void *)(intptr_t)one.revents;
}
static void *wait_by_wide_poll(void *argument)
{
    struct pollfd many[WIDE];
    for (int i = 0; i < WIDE; i++)
        many[i] = (struct pollfd){i == WIDE - 1 ? (int)(intptr_t)argument : pair[0], POLLIN, 0};
    poll(many, WIDE, WAIT_MS);
    return (void *)(intptr_t)many[WIDE - 1].revents;
}
static void *wait_by_select(void *argument)
{
    int fd = (int)(intptr_t)argument;
    fd_set reads;
    struct timeval time = {WAIT_MS / 1000, 0};
    FD_ZERO(&reads);
    FD_SET(fd, &reads);
    return (void *)(intptr_t)(select(fd + 1, &reads, NULL, NULL, &time) == 1);
}

static void woken(void *(*wait)(void *))
{
    for (int i = 0; i < ROUNDS; i++) {
        pthread_t thread;
        void *result;
        int fd = open_and_ask();
        pthread_create(&thread, NULL, wait, (void *)(intptr_t)fd);
        pause_ms(50); /* it waits by now, or finds the end at once: the same answer */
        long long start = now_ms();
        int down = shutdown(fd, SHUT_RDWR);
        if (i % 2)
            pause_ms(1);
        int closed = close(fd);
        pthread_join(thread, &result);
        printf("%d %d, %s\n", down, closed, now_ms() - start < WAIT_MS / 2 && result ? "woken" : "not woken");
    }
}

/* ---- a thread that waits for something else is in nobody's way ---- */

static void *wait_for_others(void *argument)
{
    struct pollfd one = {pair[0], POLLIN, 0};
    while (!done)
        poll(&one, 1, argument ? 500 : 1);
    return NULL;
}

static void beside(bool long_waits)
{
    pthread_t thread;
    pthread_create(&thread, NULL, wait_for_others, (void *)(intptr_t)long_waits);
    pause_ms(20);
    for (int i = 0; i < ROUNDS; i++) {
        int fd = open_and_ask();
        int down = shutdown(fd, i % 2 ? SHUT_RDWR : SHUT_WR), closed = close(fd);
        printf("%d %d\n", down, closed);
    }
    done = true;
    pthread_join(thread, NULL);
}

/* ---- what waits for the peer's answer to the end of the stream gets it ---- */

/* A server that says on the pipe when a connection has ended. Not of this process, and made before its connections. */
static void start_telling_server(void)
{
    int started[2];
    if (pipe(started) != 0 || fork() != 0) {
        struct sockaddr_in *address = (struct sockaddr_in *)(void *)&peer_address;
        close(started[1]);
        if (read(started[0], address, sizeof *address) != sizeof *address)
            printf("no server\n");
        peer_len = sizeof *address;
        close(started[0]);
        close(pair[1]);
        return;
    }
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int listener = peer_listen((struct sockaddr *)&address, len);
    getsockname(listener, (struct sockaddr *)&address, &len);
    if (write(started[1], &address, sizeof address) != sizeof address)
        _exit(1);
    close(started[0]), close(started[1]), close(pair[0]);
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* the last round leaves it in accept */
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        while (peer_answer(fd, ""))
            continue;
        close(fd);
        if (write(pair[1], "e", 1) != 1)
            _exit(0); /* nobody listens any more */
    }
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;

static void *tell(void *argument)
{
    struct pollfd one = {pair[0], POLLIN, 0};
    char byte;
    if (poll(&one, 1, WAIT_MS) == 1 && read(pair[0], &byte, 1) == 1)
        told = true;
    pthread_mutex_lock(&mutex);
    pthread_cond_signal(&condition);
    pthread_mutex_unlock(&mutex);
    return argument;
}

static struct timespec from_now(long ms)
{
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    time.tv_nsec += ms % 1000 * 1000000;
    time.tv_sec += ms / 1000 + time.tv_nsec / 1000000000;
    time.tv_nsec %= 1000000000;
    return time;
}

/* No call between shutdown and the other thread's word, which comes when the server has seen the end. */
static void compute_until_told(void)
{
    long long end = now_ms() + WAIT_MS / 2;
    while (!told && now_ms() < end)
        continue;
}
static void wait_until_told(void)
{
    struct timespec until = from_now(WAIT_MS / 2);
    pthread_mutex_lock(&mutex);
    while (!told && pthread_cond_timedwait(&condition, &mutex, &until) == 0)
        continue;
    pthread_mutex_unlock(&mutex);
}
static void wait_briefly_until_told(void)
{
    long long end = now_ms() + WAIT_MS / 2;
    pthread_mutex_lock(&mutex);
    while (!told && now_ms() < end) {
        struct timespec until = from_now(2);
        pthread_cond_timedwait(&condition, &mutex, &until);
    }
    pthread_mutex_unlock(&mutex);
}

static void answered(void (*until_told)(void))
{
    start_telling_server();
    for (int i = 0; i < ROUNDS; i++) {
        pthread_t thread;
        int fd = open_and_ask();
        told = false;
        pthread_create(&thread, NULL, tell, NULL);
        pause_ms(20); /* it waits by now: no call of its own would carry the shutdown out */
        shutdown(fd, i % 2 ? SHUT_RDWR : SHUT_WR);
        until_told();
        printf("%s\n", told ? "told" : "not told");
        close(fd);
        pthread_join(thread, NULL);
    }
}

/* ---- a wait that ends by itself in a moment, as an interpreter makes for its lock ---- */

static void brief_waits(void)
{
    for (int i = 0; i < ROUNDS; i++) {
        int fd = open_and_ask();
        struct timespec until = from_now(2);
        pthread_mutex_lock(&mutex);
        int down = shutdown(fd, SHUT_RDWR), waited = pthread_cond_timedwait(&condition, &mutex, &until), closed = close(fd);
        pthread_mutex_unlock(&mutex);
        printf("%d %d %d\n", down, waited, closed);
    }
}

int main(int count, char **arguments)
{
    const char *name = count > 1 ? arguments[1] : "";
    signal(SIGPIPE, SIG_IGN);
    if (pipe(pair) != 0)
        return 1;
    peer_start();
    setvbuf(stdout, NULL, _IOFBF, 1 << 16);
    if (strcmp(name, "woken_poll") == 0)
        woken(wait_by_poll);
    else if (strcmp(name, "woken_wide_poll") == 0)
        woken(wait_by_wide_poll);
    else if (strcmp(name, "woken_select") == 0)
        woken(wait_by_select);
    else if (strcmp(name, "beside_long_waits") == 0)
        beside(true);
    else if (strcmp(name, "beside_short_waits") == 0)
        beside(false);
    else if (strncmp(name, "told_computing", 14) == 0)
        answered(compute_until_told);
    else if (strcmp(name, "told_waiting") == 0)
        answered(wait_until_told);
    else if (strcmp(name, "told_waiting_briefly") == 0)
        answered(wait_briefly_until_told);
    else if (strcmp(name, "brief_waits") == 0)
        brief_waits();
    return 0;
}
