/* survive_threads.c MODE [NUMBER]: threads in numbers, on small stacks, cancelled and ended in calls. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static int waiting, released;

static void *short_life(void *argument)
{
    void *volatile room = malloc(100);
    free(room);
    int fd = open("/dev/null", O_WRONLY);
    if (write(fd, "x", 1) != 1)
        abort();
    close(fd);
    return argument;
}

static void short_lives(int count)
{
    pthread_t threads[8];
    int done = 0;
    for (int i = 0; i < count; i += 8) {
        for (int j = 0; j < 8; j++)
            if (pthread_create(&threads[j], NULL, short_life, &waiting) != 0)
                abort();
        for (int j = 0; j < 8; j++) {
            void *result;
            pthread_join(threads[j], &result);
            done += result == &waiting;
        }
    }
    printf("%d short lives\n", done);
}

static void *wait_long(void *argument)
{
    (void)argument;
    pthread_mutex_lock(&mutex);
    waiting++;
    pthread_cond_broadcast(&condition);
    while (!released)
        pthread_cond_wait(&condition, &mutex);
    pthread_mutex_unlock(&mutex);
    return NULL;
}

/* As many at once as the machine allows, at most count. */
static void at_once(int count, size_t stack)
{
    pthread_t *threads = calloc((size_t)count, sizeof *threads);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, stack);
    int made = 0;
    while (made < count && pthread_create(&threads[made], &attributes, wait_long, NULL) == 0)
        made++;
    pthread_mutex_lock(&mutex);
    while (waiting < made)
        pthread_cond_wait(&condition, &mutex);
    released = 1;
    pthread_cond_broadcast(&condition);
    pthread_mutex_unlock(&mutex);
    for (int i = 0; i < made; i++)
        pthread_join(threads[i], NULL);
    fprintf(stderr, "%s\n", made >= count ? "all" : "as many as there could be");
    printf("at once: %s\n", made > 0 ? "done" : "none");
    free(threads);
}

/* ---- smallest stacks ---- */

static void *on_small_stack(void *argument)
{
    char line[32];
    for (int i = 0; i < 200; i++) {
        void *volatile room = malloc((size_t)i * 100);
        free(room);
        int fd = open("/dev/null", O_RDWR);
        if (write(fd, line, sizeof line) != (ssize_t)sizeof line || read(fd, line, sizeof line) != 0)
            abort();
        close(fd);
        nanosleep(&(struct timespec){0, 1000}, NULL);
        pthread_mutex_lock(&mutex);
        pthread_mutex_unlock(&mutex);
    }
    return argument;
}

static void small_stacks(void)
{
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, (size_t)PTHREAD_STACK_MIN);
    for (int i = 0; i < 20; i++) {
        pthread_t threads[4];
        for (int j = 0; j < 4; j++)
            if (pthread_create(&threads[j], &attributes, on_small_stack, NULL) != 0)
                abort();
        for (int j = 0; j < 4; j++)
            pthread_join(threads[j], NULL);
    }
    puts("small stacks: done");
}

/* ---- cancellation inside calls ---- */

static int pipes[2], listener, pair[2], epoll;
static sem_t semaphore, entered;
static int cleaned;

static void clean(void *argument)
{
    (void)argument;
    cleaned++;
}

static void call(int which)
{
    char room[64];
    struct iovec piece = {room, sizeof room};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
    struct pollfd ready = {pipes[0], POLLIN, 0};
    struct epoll_event event;
    fd_set set;
    sigset_t signals;
    int status;
    switch (which) {
    case 0: (void)!read(pipes[0], room, sizeof room); break;
    case 1: poll(&ready, 1, -1); break;
    case 2: pthread_mutex_lock(&mutex); pthread_cond_wait(&condition, &mutex); break;
    case 3: sem_wait(&semaphore); break;
    case 4: sleep(1000); break;
    case 5: accept(listener, NULL, NULL); break;
    case 6: recv(pair[0], room, sizeof room, 0); break;
    case 7: recvmsg(pair[0], &message, 0); break;
    case 8: epoll_wait(epoll, &event, 1, -1); break;
    case 9: FD_ZERO(&set); FD_SET(pipes[0], &set); select(pipes[0] + 1, &set, NULL, NULL, NULL); break;
    case 10: pause(); break;
    case 11: sigemptyset(&signals); sigaddset(&signals, SIGUSR2); sigwait(&signals, &status); break;
    case 12: clock_nanosleep(CLOCK_MONOTONIC, 0, &(struct timespec){1000, 0}, NULL); break;
    case 13: recvfrom(pair[0], room, sizeof room, 0, NULL, NULL); break;
    case 14: (void)!readv(pipes[0], &piece, 1); break;
    case 15: nanosleep(&(struct timespec){1000, 0}, NULL); break;
    case 16: pthread_join(*(pthread_t[]){pthread_self()}, NULL); sleep(1000); break; /* EDEADLK */
    case 17: sigsuspend(&(sigset_t){0}); break;
    }
}

enum { CALLS = 18 };

static void *blocked(void *argument)
{
    pthread_cleanup_push(clean, NULL);
    sem_post(&entered);
    call(*(int *)argument);
    pthread_cleanup_pop(0);
    return NULL;
}

static void cancel_all(void)
{
    if (pipe(pipes) < 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
        abort();
    listener = socket(AF_INET, SOCK_STREAM, 0);
    epoll = epoll_create1(0);
    listen(listener, 1);
    sem_init(&semaphore, 0, 0);
    sem_init(&entered, 0, 0);
    for (int which = 0; which < CALLS; which++) {
        pthread_t thread;
        void *result = NULL;
        int before = cleaned;
        pthread_create(&thread, NULL, blocked, &which);
        sem_wait(&entered);
        usleep(which % 3 * 3000); /* some before they block */
        pthread_cancel(thread);
        int ret = pthread_join(thread, &result);
        printf("%d: join %d cancelled %d cleaned %d mutex %d\n", which, ret, result == PTHREAD_CANCELED,
               cleaned - before, pthread_mutex_trylock(&mutex));
        pthread_mutex_unlock(&mutex);
    }
}

/* ---- ending a thread from a signal handler that came in a blocked call ---- */

static void leave(int number)
{
    (void)number;
    pthread_exit("left");
}

static void exit_all(void)
{
    struct sigaction action = {.sa_handler = leave};
    sigaction(SIGUSR1, &action, NULL);
    if (pipe(pipes) < 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
        abort();
    sem_init(&entered, 0, 0);
    static const int calls[] = {0, 1, 4, 6, 10, 15};
    for (unsigned i = 0; i < sizeof calls / sizeof *calls; i++) {
        pthread_t thread;
        void *result = NULL;
        int which = calls[i], before = cleaned;
        pthread_create(&thread, NULL, blocked, &which);
        sem_wait(&entered);
        usleep(20000);
        pthread_kill(thread, SIGUSR1);
        int ret = pthread_join(thread, &result);
        printf("%d: join %d left %d cleaned %d\n", which, ret, result && strcmp(result, "left") == 0, cleaned - before);
    }
}

int main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "";
    int number = argc > 2 ? atoi(argv[2]) : 0;
    if (strcmp(mode, "short") == 0)
        short_lives(number);
    else if (strcmp(mode, "many") == 0)
        at_once(number, 65536);
    else if (strcmp(mode, "small") == 0)
        small_stacks();
    else if (strcmp(mode, "cancel") == 0)
        cancel_all();
    else if (strcmp(mode, "exit") == 0)
        exit_all();
    else
        return 2;
    return 0;
}
