/* connection_life.c: how long connections are kept, and what happens meanwhile: waits, restarts, threads, signals,
 * cancellation, seccomp. Argument: the case. The output says what must hold, and is the same without libstrong.
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/time.h>

#include "connection_peer.h"
#include "hook_show.h"

/* ---- waits: what is kept goes in time, and the wait is as long as it should be ---- */

enum { WAIT_MS = 1200 };

static void wait_by(int way)
{
    struct timespec time = {WAIT_MS / 1000, WAIT_MS % 1000 * 1000000};
    struct timeval value = {WAIT_MS / 1000, WAIT_MS % 1000 * 1000};
    struct epoll_event event;
    int set = epoll_create1(EPOLL_CLOEXEC);
    switch (way) {
    case 0: SHOW(poll(NULL, 0, WAIT_MS)); break;
    case 1: SHOW(ppoll(NULL, 0, &time, NULL)); break;
    case 2: SHOW(select(0, NULL, NULL, NULL, &value)); break;
    case 3: SHOW(pselect(0, NULL, NULL, NULL, &time, NULL)); break;
    case 4: SHOW(epoll_wait(set, &event, 1, WAIT_MS)); break;
    case 5: SHOW(epoll_pwait(set, &event, 1, WAIT_MS, NULL)); break;
    case 6: SHOW(nanosleep(&time, &time)); break;
    case 7: SHOW(usleep(WAIT_MS * 1000)); break;
    case 8: SHOW(clock_nanosleep(CLOCK_MONOTONIC, 0, &time, &time)); break;
    case 9: SHOW(sleep(2)); break;
    }
    close(set);
}

/* The server's end is looked at after the wait, by nothing that would close anything. */
static void wait_case(int way)
{
    int whole_ms = way == 9 ? 2000 : WAIT_MS;
    warm_up();
    long long start = now_ms();
    wait_by(way);
    long long took = now_ms() - start;
    struct peer_report report = peer_order('c');
    printf("open %d, ended %s, %s\n", report.open, report.ended_ms_ago > 300 ? "in time" : "late",
           took >= whole_ms && took < whole_ms + 400 ? "as long as it should" : "too short or too long");
}

static volatile sig_atomic_t signals;
static void on_signal(int number)
{
    (void)number;
    signals++;
}

/* Interrupted before the half: EINTR, and what is left is what the wait did not take (a crowded machine is late). */
static void interrupted(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    struct itimerval timer = {{0, 0}, {0, 600000}};
    struct timespec time = {2, 0}, left = {0, 0};
    sigaction(SIGALRM, &action, NULL);
    for (int way = 0; way < 5; way++) {
        warm_up();
        setitimer(ITIMER_REAL, &timer, NULL);
        struct timeval value = {2, 0};
        long long start = now_ms(), left_ms = 0, exact_ms = 300;
        if (way == 0)
            SHOW(poll(NULL, 0, 2000));
        if (way == 1) {
            SHOW(select(0, NULL, NULL, NULL, &value));
            left = (struct timespec){value.tv_sec, value.tv_usec * 1000};
        }
        if (way == 2)
            SHOW(nanosleep(&time, &left));
        if (way == 3)
            SHOW(clock_nanosleep(CLOCK_REALTIME, 0, &time, &left));
        if (way == 4) {
            left = (struct timespec){sleep(2), 0};
            exact_ms = 1000; /* whole seconds */
        }
        long long took = now_ms() - start;
        left_ms = way == 0 ? 2000 - took : left.tv_sec * 1000 + left.tv_nsec / 1000000;
        printf("%s, %s\n", took < 1900 ? "interrupted" : "not interrupted",
               llabs(left_ms + took - 2000) <= exact_ms ? "the rest is left" : "left is something else");
    }
}

static void restarted(void)
{
    for (int i = 0; i < 5; i++) {
        warm_up();
        peer_order('r');
        int fd = open_socket(i % 2 ? SOCK_NONBLOCK : 0);
        struct pollfd one = {fd, POLLOUT, 0};
        connect_to_peer(fd);
        SHOW(poll(&one, 1, 2000));
        printf("events %x\n", one.revents);
        SHOW(send_key(fd, "key"));
        printf("%s\n", receive_key(fd));
        SHOW(close(fd));
        warm_up();
        fd = open_socket(0);
        SHOW(connect_to_peer(fd)); /* restarts between connect and the first byte */
        peer_order('c');
        SHOW(close(fd));
    }
    close(peer_control); /* and is gone */
    wait(NULL);
    int fd = open_socket(0);
    SHOW(connect_to_peer(fd));
    close(fd);
}

/* ---- threads ---- */

static int rounds;
static _Atomic int wrong;

static void *own_answers(void *argument)
{
    char key[32];
    for (int i = 0; i < rounds; i++) {
        snprintf(key, sizeof key, "%d-%d", (int)(intptr_t)argument, i);
        wrong += !exchange(key);
    }
    return NULL;
}

static void threads(int count)
{
    pthread_t all[16];
    for (int i = 0; i < count; i++)
        pthread_create(&all[i], NULL, own_answers, (void *)(intptr_t)i);
    for (int i = 0; i < count; i++)
        pthread_join(all[i], NULL);
    printf("wrong %d\n", wrong);
}

/* Bad threads, which use numbers that others are just opening and closing. */
static _Atomic int done;
static void *meddle(void *argument)
{
    unsigned random = (unsigned)(intptr_t)argument + 1;
    while (!done) {
        random = random * 1103515245 + 12345;
        int fd = peer_control + 1 + (int)(random >> 16 & 3), type;
        char byte;
        socklen_t len = sizeof type;
        struct pollfd one = {fd, POLLIN, 0};
        switch (random >> 20 & 3) {
        case 0: recv(fd, &byte, 0, MSG_DONTWAIT); break;
        case 1: getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len); break;
        case 2: poll(&one, 1, 0); break;
        case 3: fcntl(fd, F_GETFD); break;
        }
    }
    return NULL;
}

static void meddled(void)
{
    pthread_t bad[2];
    for (int i = 0; i < 2; i++)
        pthread_create(&bad[i], NULL, meddle, (void *)(intptr_t)i);
    threads(4);
    done = 1;
    for (int i = 0; i < 2; i++)
        pthread_join(bad[i], NULL);
}

static _Atomic pid_t blocked_id;
static void *blocked(void *argument)
{
    char byte;
    blocked_id = (pid_t)syscall(SYS_gettid);
    recv((int)(intptr_t)argument, &byte, 1, 0);
    return NULL;
}

/* Until the kernel says that the thread is in recv: however long it takes to get there. */
static void until_blocked(void)
{
    char name[64], text[32] = "";
    while (atoi(text) != SYS_recvfrom) {
        usleep(500);
        snprintf(name, sizeof name, "/proc/self/task/%d/syscall", (int)blocked_id);
        int fd = open(name, O_RDONLY | O_CLOEXEC);
        ssize_t got = fd >= 0 ? read(fd, text, sizeof text - 1) : 0;
        text[got > 0 ? got : 0] = '\0';
        close(fd);
    }
    blocked_id = 0;
}

/* A thread that is cancelled in a call on a kept connection, and one that is still in it while the program closes it. */
static void cancelled(void)
{
    for (int i = 0; i < 10; i++) {
        pthread_t thread;
        void *result;
        warm_up();
        int fd = open_socket(0);
        connect_to_peer(fd);
        pthread_create(&thread, NULL, blocked, (void *)(intptr_t)fd);
        until_blocked();
        if (i % 2) {
            close(fd);
            printf("%d\n", exchange("other"));
        }
        pthread_cancel(thread);
        pthread_join(thread, &result);
        printf("%s\n", result == PTHREAD_CANCELED ? "cancelled" : "returned");
        if (i % 2 == 0) {
            send_key(fd, "key");
            printf("%s\n", receive_key(fd));
            close(fd);
        }
    }
}

static void *until_end(void *argument)
{
    char byte;
    int fd = accept((int)(intptr_t)argument, NULL, NULL);
    while (recv(fd, &byte, 1, 0) > 0)
        if (byte == 'k')
            send(fd, "$1\r\nk\r\n", 7, MSG_NOSIGNAL);
    close(fd);
    return NULL;
}

/* The peer waits for the end of the stream, and the program for the peer, by means that have nothing to do with sockets. */
static void joined(void)
{
    for (int i = 0; i < 4; i++) {
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t len = sizeof address;
        int listener = peer_listen((struct sockaddr *)&address, len), fd = socket(AF_INET, SOCK_STREAM, 0);
        pthread_t thread;
        getsockname(listener, (struct sockaddr *)&address, &len);
        pthread_create(&thread, NULL, until_end, (void *)(intptr_t)listener);
        connect(fd, (struct sockaddr *)&address, len);
        send_key(fd, "k");
        const char *key = receive_key(fd);
        shutdown(fd, i % 2 ? SHUT_WR : SHUT_RDWR);
        pthread_join(thread, NULL);
        close(fd);
        close(listener);
        printf("%s\n", key);
    }
}

/* The server is a thread of this process, which ends with its connection; who closes waits for that, in no call that would
 * wake up for a kept connection. Twice: what is kept by the first would be handed to the second. */
static void served_at(const char *what, const struct sockaddr *at, socklen_t len, bool close_early)
{
    for (int i = 0; i < 2; i++) {
        struct sockaddr_storage address = {0};
        socklen_t address_len = sizeof address;
        pthread_t thread;
        int listener = peer_listen(at, len), fd = socket(at->sa_family, SOCK_STREAM, 0);
        getsockname(listener, (struct sockaddr *)&address, &address_len);
        pthread_create(&thread, NULL, until_end, (void *)(intptr_t)listener);
        bool right = connect(fd, (struct sockaddr *)&address, address_len) == 0 && send_key(fd, "k") > 0 &&
                     strcmp(receive_key(fd), "k") == 0;
        if (close_early)
            close(listener);
        close(fd);
        pthread_join(thread, NULL);
        if (!close_early)
            close(listener);
        printf("%s: %s\n", what, right ? "answered, and ended" : "wrong");
        if (at->sa_family == AF_UNIX && ((const struct sockaddr_un *)(const void *)at)->sun_path[0])
            unlink(((const struct sockaddr_un *)(const void *)at)->sun_path);
    }
}

static void served_here(void)
{
    struct sockaddr_in one = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_ANY)};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6};
    struct sockaddr_un path = {.sun_family = AF_UNIX}, abstract = {.sun_family = AF_UNIX};
    alarm(60); /* it waits for ever where something is kept */
    snprintf(path.sun_path, sizeof path.sun_path, "/tmp/connection_life.%d", (int)getpid());
    snprintf(abstract.sun_path + 1, sizeof abstract.sun_path - 1, "connection_life.%d", (int)getpid());
    for (int early = 0; early < 2; early++) {
        served_at("loopback", (struct sockaddr *)&one, sizeof one, early);
        served_at("any address", (struct sockaddr *)&any, sizeof any, early);
        served_at("any address of IPv6", (struct sockaddr *)&six, sizeof six, early);
        served_at("path", (struct sockaddr *)&path, sizeof path, early);
        served_at("abstract", (struct sockaddr *)&abstract,
                  (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(abstract.sun_path + 1)), early);
    }
    /* More listeners than are noted: nothing on this machine is known to be another's. */
    for (int i = 0; i < 40; i++)
        peer_listen((struct sockaddr *)&one, sizeof one);
    served_at("one of many", (struct sockaddr *)&one, sizeof one, false);
}

/* Connections are shut down and closed by some threads while others open and close files at the numbers that become free,
 * and make the calls that carry out a shutdown. */
static void *shut_down_and_close(void *argument)
{
    char key[32], buf[ANSWER_MOST];
    for (int i = 0; i < rounds; i++) {
        int fd = open_socket(0);
        snprintf(key, sizeof key, "%d-%d", (int)(intptr_t)argument, i);
        wrong += connect_to_peer(fd) != 0 || send_key(fd, key) <= 0 || strcmp(receive_into(fd, buf), key) != 0;
        wrong += shutdown(fd, i % 2 ? SHUT_RDWR : SHUT_WR) != 0;
        wrong += close(fd) != 0;
    }
    return argument;
}

static void *use_pairs(void *argument)
{
    while (!done) {
        int pair[2];
        char byte = 'x';
        wrong += socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0;
        for (int i = 0; i < 2; i++)
            wrong += write(pair[i], &byte, 1) != 1 || read(pair[!i], &byte, 1) != 1;
        wrong += close(pair[0]) != 0 || close(pair[1]) != 0;
    }
    return argument;
}

static void shut_down_by_threads(void)
{
    enum { CLIENTS = 3, OTHERS = 3 };
    pthread_t all[CLIENTS + OTHERS];
    signal(SIGPIPE, SIG_IGN);
    for (int i = 0; i < CLIENTS + OTHERS; i++)
        pthread_create(&all[i], NULL, i < CLIENTS ? shut_down_and_close : use_pairs, (void *)(intptr_t)i);
    for (int i = 0; i < CLIENTS + OTHERS; i++) {
        done = i >= CLIENTS;
        pthread_join(all[i], NULL);
    }
    printf("wrong %d\n", wrong);
}

/* ---- signals ---- */

static void on_signal_exchange(int number)
{
    int error = errno;
    (void)number;
    signals++;
    wrong += !exchange("in-the-handler");
    errno = error;
}

static void in_handlers(bool exchanging, int us)
{
    struct sigaction action = {.sa_handler = exchanging ? on_signal_exchange : on_signal, .sa_flags = SA_RESTART};
    struct itimerval timer = {{0, us}, {0, us}}, none = {{0, 0}, {0, 0}};
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &timer, NULL);
    rounds = 100;
    for (int i = 0; i < 4 || (signals <= 10 && i < 400); i++)
        own_answers((void *)(intptr_t)i);
    setitimer(ITIMER_REAL, &none, NULL);
    printf("wrong %d, %s\n", wrong, signals > 10 ? "interrupted often" : "hardly interrupted");
}

/* ---- seccomp: what the program forbids itself, libstrong does not do ---- */

static void confined(void)
{
    struct sock_filter allow_all[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    struct sock_filter no_close[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 3 /* close */, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    struct sock_fprog first = {1, allow_all}, second = {4, no_close};
    warm_up();
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    SHOW(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &first, 0, 0));
    warm_up();
    SHOW(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &second, 0, 0));
    SHOW(poll(NULL, 0, WAIT_MS));
    printf("alive\n");
    fflush(stdout);
    _exit(0);
}

int main(int count, char **arguments)
{
    const char *name = count > 1 ? arguments[1] : "";
    rounds = count > 2 ? atoi(arguments[2]) : 200;
    signal(SIGPIPE, SIG_IGN);
    peer_start();
    if (strncmp(name, "wait", 4) == 0)
        wait_case(atoi(name + 4));
    else if (strcmp(name, "interrupted") == 0)
        interrupted();
    else if (strcmp(name, "restarted") == 0)
        restarted();
    else if (strcmp(name, "threads") == 0)
        threads(8);
    else if (strcmp(name, "shut_down_by_threads") == 0)
        shut_down_by_threads();
    else if (strcmp(name, "meddled") == 0)
        meddled();
    else if (strcmp(name, "cancelled") == 0)
        cancelled();
    else if (strcmp(name, "joined") == 0)
        joined();
    else if (strcmp(name, "served_here") == 0)
        served_here();
    else if (strcmp(name, "handlers") == 0)
        in_handlers(true, 1000);
    else if (strcmp(name, "storm") == 0)
        in_handlers(false, 200);
    else if (strcmp(name, "confined") == 0)
        confined();
    return 0;
}
