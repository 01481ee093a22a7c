/* survive_clock.c ROUNDS: waits for a while in every way that a program has, and prints how each ended. None of it asks what
 * time it is, so the clocks may step as they like; that they did is printed too, in a program that is told to expect it.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static int pair[2];
static pthread_mutex_t turn_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turn_changed = PTHREAD_COND_INITIALIZER;
static int turn;

/* Answers each byte after a millisecond. */
static void *answer(void *argument)
{
    char byte;
    while (read(pair[1], &byte, 1) == 1) {
        usleep(1000);
        if (byte == 't') {
            pthread_mutex_lock(&turn_lock);
            turn++;
            pthread_cond_signal(&turn_changed);
            pthread_mutex_unlock(&turn_lock);
        } else if (write(pair[1], &byte, 1) != 1) {
            break;
        }
    }
    return argument;
}

static void wait_for_turn(int wanted)
{
    pthread_mutex_lock(&turn_lock);
    while (turn < wanted)
        pthread_cond_wait(&turn_changed, &turn_lock);
    pthread_mutex_unlock(&turn_lock);
}

int main(int count, char **arguments)
{
    int rounds = count > 1 ? atoi(arguments[1]) : 10;
    int epoll = epoll_create1(EPOLL_CLOEXEC), slept = 0, timed_out = 0, answered = 0, back = 0, ahead = 0;
    pthread_t thread;
    if (epoll < 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) || pthread_create(&thread, NULL, answer, NULL))
        return 1;
    time_t last = time(NULL);
    for (int round = 0; round < rounds; round++) {
        struct timespec some = {0, 1000000};
        struct timeval little = {0, 1000};
        struct epoll_event event;
        struct pollfd poll_fd = {pair[0], POLLIN, 0};
        char byte = 'r';
        slept += (nanosleep(&some, NULL) == 0) + (clock_nanosleep(CLOCK_MONOTONIC, 0, &some, NULL) == 0) +
                 (clock_nanosleep(CLOCK_REALTIME, 0, &some, NULL) == 0) + (usleep(1000) == 0);
        timed_out += (poll(&poll_fd, 1, 1) == 0) + (select(0, NULL, NULL, NULL, &little) == 0) +
                     (epoll_wait(epoll, &event, 1, 1) == 0) + (ppoll(&poll_fd, 1, &some, NULL) == 0);
        answered += write(pair[0], &byte, 1) == 1 && poll(&poll_fd, 1, 10000) == 1 && read(pair[0], &byte, 1) == 1;
        answered += write(pair[0], "t", 1) == 1;
        wait_for_turn(round + 1);
        struct timeval now;
        gettimeofday(&now, NULL);
        back += now.tv_sec < last - 1000;
        ahead += now.tv_sec > last + 1000;
        last = time(NULL);
    }
    shutdown(pair[0], SHUT_RDWR);
    pthread_join(thread, NULL);
    printf("slept %d timed out %d answered %d\n", slept, timed_out, answered);
    if (count > 2) {
        puts(back && ahead ? "the clock stepped" : "the clock stood");
    }
    return 0;
}
