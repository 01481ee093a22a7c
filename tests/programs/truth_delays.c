/* truth_delays.c: waits whose length is measured here, around the call, and printed: name nanoseconds. */
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static int pipes[2], pair[2];
static sem_t semaphore;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static int turn;

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

#define TIMED(name, call)                                                                          \
    do {                                                                                           \
        uint64_t sum = 0;                                                                          \
        for (int i = 0; i < 10; i++) {                                                             \
            uint64_t begin = now_ns();                                                             \
            (void)!(call);                                                                         \
            sum += now_ns() - begin;                                                               \
        }                                                                                          \
        printf(name " %llu\n", (unsigned long long)sum);                                           \
    } while (0)

/* Answers after 5 ms, whatever it is asked by. */
static void *answer(void *argument)
{
    char byte;
    while (read(pair[1], &byte, 1) == 1) {
        usleep(5000);
        switch (byte) {
        case 'p': (void)!write(pipes[1], &byte, 1); break;
        case 's': sem_post(&semaphore); break;
        case 'c':
            pthread_mutex_lock(&mutex);
            turn = 1;
            pthread_cond_signal(&condition);
            pthread_mutex_unlock(&mutex);
            break;
        default: send(pair[1], &byte, 1, 0);
        }
    }
    return argument;
}

static int ask(char what)
{
    return (int)write(pair[0], &what, 1);
}

static long cond_wait(void)
{
    pthread_mutex_lock(&mutex);
    turn = 0;
    ask('c');
    uint64_t begin = now_ns();
    while (!turn)
        pthread_cond_wait(&condition, &mutex);
    long waited = (long)(now_ns() - begin);
    pthread_mutex_unlock(&mutex);
    return waited;
}

int main(void)
{
    char byte = 0;
    if (pipe(pipes) < 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
        return 2;
    sem_init(&semaphore, 0, 0);
    pthread_t thread;
    pthread_create(&thread, NULL, answer, NULL);
    struct timespec delay = {0, 4000000};
    TIMED("nanosleep", nanosleep(&delay, NULL));
    TIMED("clock_nanosleep", clock_nanosleep(CLOCK_MONOTONIC, 0, &delay, NULL));
    struct pollfd never = {pipes[0], POLLIN, 0};
    TIMED("poll", poll(&never, 1, 4));
    TIMED("select", select(0, NULL, NULL, NULL, &(struct timeval){0, 4000}));
    int epoll = epoll_create1(0);
    struct epoll_event event;
    TIMED("epoll_wait", epoll_wait(epoll, &event, 1, 4));
    uint64_t reads = 0, receives = 0, semaphores = 0, conditions = 0, begin;
    for (int i = 0; i < 10; i++) {
        ask('p');
        begin = now_ns();
        (void)!readv(pipes[0], &(struct iovec){&byte, 1}, 1);
        reads += now_ns() - begin;
        ask('x');
        begin = now_ns();
        recv(pair[0], &byte, 1, 0);
        receives += now_ns() - begin;
        ask('s');
        begin = now_ns();
        sem_wait(&semaphore);
        semaphores += now_ns() - begin;
        conditions += (uint64_t)cond_wait();
    }
    printf("readv %llu\nrecv %llu\nsem_wait %llu\npthread_cond_wait %llu\n", (unsigned long long)reads,
           (unsigned long long)receives, (unsigned long long)semaphores, (unsigned long long)conditions);
    shutdown(pair[0], SHUT_RDWR);
    pthread_join(thread, NULL);
    return 0;
}
