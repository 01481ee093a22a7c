/* One thread makes messages, another one frees them: while one batch is freed the next one is made. */
#include "planted_peer.h"

#include <pthread.h>
#include <stdbool.h>

enum { BATCH = 100000, MESSAGE = 100 };

static void *batches[2][BATCH];
static pthread_barrier_t turn;

__attribute__((noinline)) static void *make_message(unsigned number)
{
    unsigned *message = malloc(MESSAGE + number % 64);
    if (message == NULL)
        planted_fail("malloc");
    *message = number;
    return message;
}

static void *free_messages(void *unused)
{
    (void)unused;
    for (int which = 0;; which = !which) {
        pthread_barrier_wait(&turn);
        if (batches[which][0] == NULL)
            return NULL;
        for (int i = 0; i < BATCH; i++)
            free(batches[which][i]);
    }
}

int main(void)
{
    pthread_t consumer;
    if (pthread_barrier_init(&turn, NULL, 2) != 0 ||
        pthread_create(&consumer, NULL, free_messages, NULL) != 0)
        planted_fail("pthread_create");
    double end = planted_now() + 2;
    bool last = false;
    for (int which = 0; !last; which = !which) {
        last = planted_now() >= end;
        batches[which][0] = NULL;
        for (unsigned i = 0; i < BATCH && !last; i++)
            batches[which][i] = make_message(i);
        pthread_barrier_wait(&turn);
    }
    pthread_join(consumer, NULL);
    return 0;
}
