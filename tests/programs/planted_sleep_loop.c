/* A consumer that looks every millisecond whether there is something to do. */
#include "planted_peer.h"

static volatile int jobs;

static void *producer(void *argument)
{
    for (;;) {
        poll(NULL, 0, 50);
        jobs++;
    }
    return argument;
}

__attribute__((noinline)) static void wait_for_job(int done)
{
    while (jobs <= done)
        usleep(1000);
}

int main(void)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, producer, NULL) != 0)
        planted_fail("pthread_create");
    int done = 0;
    for (double end = planted_now() + 2; planted_now() < end; done++)
        wait_for_job(done);
    return 0;
}
