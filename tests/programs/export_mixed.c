/* A little of every cost that is sampled: for the exports. Each is in functions of its own; half_inlined is inlined
 * wherever it is called. */
#include "planted_peer.h"

static volatile unsigned long total;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static void *kept[64];

static inline __attribute__((always_inline)) void half_inlined(unsigned long rounds)
{
    for (unsigned long i = 0; i < rounds; i++)
        total += i * i;
}

__attribute__((noinline)) static void burn_hot(void)
{
    half_inlined(200000);
    total++;
}

__attribute__((noinline)) static void burn_cold(void)
{
    half_inlined(20000);
    total++;
}

__attribute__((noinline)) static void burn_both(void)
{
    burn_hot();
    burn_cold();
    total++;
}

__attribute__((noinline)) static void sleep_often(void)
{
    for (int i = 0; i < 20; i++)
        usleep(5000);
    total++;
}

__attribute__((noinline)) static void keep_memory(void)
{
    for (int i = 0; i < 64; i++)
        memset(kept[i] = malloc(64 << 10), 1, 64 << 10);
    total++;
}

__attribute__((noinline)) static void churn_memory(void)
{
    for (int i = 0; i < 2000; i++) {
        char *volatile block = malloc(16 << 10);
        block[0] = 1;
        free(block);
    }
    total++;
}

__attribute__((noinline)) static void hold_lock(void)
{
    pthread_mutex_lock(&lock);
    usleep(3000);
    pthread_mutex_unlock(&lock);
    total++;
}

static void *contend(void *argument)
{
    for (int i = 0; i < 15; i++)
        hold_lock();
    return argument;
}

int main(void)
{
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        if (pthread_create(&threads[i], NULL, contend, NULL) != 0)
            planted_fail("pthread_create");
    keep_memory();
    churn_memory();
    sleep_often();
    while (clock() < CLOCKS_PER_SEC * 4 / 10) /* of CPU time: as much on a busy machine */
        burn_both();
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    return kept[0] == NULL;
}
