/* calls_bench.c: ns per call of what libstrong hooks, for scripts/bench to compare bare and preloaded.
 * Output: one line "name ns" each.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench.h"

int main(void)
{
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    int null = open("/dev/null", O_RDWR);
    char byte = 0;
    void *volatile kept;
    BENCH("mutex", 20, 100000, pthread_mutex_lock(&mutex); pthread_mutex_unlock(&mutex));
    BENCH("malloc", 20, 100000, kept = malloc(64); free(kept));
    BENCH("write", 20, 50000, if (write(null, &byte, 1) != 1) abort());
    return 0;
}
