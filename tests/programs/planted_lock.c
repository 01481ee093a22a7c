/* Four threads that do their work while they hold the one lock. */
#include "planted_peer.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static volatile unsigned long total;
static double end;

__attribute__((noinline)) static void work_under_lock(void)
{
    pthread_mutex_lock(&lock);
    for (int i = 0; i < 20000; i++)
        total += (unsigned long)i;
    pthread_mutex_unlock(&lock);
}

static void *worker(void *argument)
{
    while (planted_now() < end)
        work_under_lock();
    return argument;
}

int main(void)
{
    pthread_t threads[4];
    end = planted_now() + 2;
    for (int i = 0; i < 4; i++)
        if (pthread_create(&threads[i], NULL, worker, NULL) != 0)
            planted_fail("pthread_create");
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    return total == 0;
}
