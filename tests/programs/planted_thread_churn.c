/* A server that starts a thread for every piece of work. */
#include "planted_peer.h"

static volatile unsigned long total;

static void *piece_of_work(void *argument)
{
    for (int i = 0; i < 100; i++)
        total += (unsigned long)i;
    return argument;
}

int main(void)
{
    for (double end = planted_now() + 2; planted_now() < end;) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, piece_of_work, NULL) != 0)
            planted_fail("pthread_create");
        pthread_join(thread, NULL);
    }
    return 0;
}
